"""The checks beside a record's form: as it is stored, as it is being typed, and who acknowledged what."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from records import checks, levels
from records.models import Participant, Question, Record, WatchWord
from records.querysets import LIFT
from records.workflow import UNPUBLISHED, Status, Verb

from .exporting import export_action
from .lists import DeskAdmin


@admin.register(WatchWord)
class WatchWordAdmin(DeskAdmin):
    list_display = ("word", "reason", "level")
    list_editable = ("reason", "level")
    search_fields = ("word", "reason")
    actions = (export_action(levels.WATCH_WORDS, gettext_lazy("Export")),)


class ChecksAdmin(admin.ModelAdmin):
    """The part of the record's admin that shows checks."""

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(require_POST(self.check_typed))
        return [
            path("check/", view, name="records_record_check"),
            path("<int:pk>/check/", view, name="records_record_check"),
            *super().get_urls(),
        ]

    def check_typed(self, request: HttpRequest, pk: int | None = None) -> HttpResponse:
        """The findings for the form as it stands in the browser. Nothing is stored."""
        record = None if pk is None else self.get_object(request, str(pk))
        if pk is not None and record is None:
            raise Http404
        if not (self.has_change_permission(request, record) if record else self.has_add_permission(request)):
            raise PermissionDenied
        form = self.get_form(request, record, change=record is not None)(request.POST, instance=record)
        form.is_valid()  # what cannot be understood stays as it was, and is said when the form is saved
        activities = [kind.name for kind in form.cleaned_data.get("activity_types", ())]
        found = checks.report(form.instance, typed_rows(request.POST, activities))
        context = {"report": found, "ticked": request.POST.getlist("acknowledge"), "may_acknowledge": True}
        return render(request, "admin/records/record/_findings.html", context)

    def checks_context(self, request: HttpRequest, record: Record | None, verbs: Iterable[Verb]) -> dict[str, Any]:
        """What the rail beside a record shows; of what was published only what was acknowledged."""
        if record and record.status not in UNPUBLISHED:
            return {"acknowledgements": record.acknowledgements.select_related("user")}
        may_change = self.has_change_permission(request, record) if record else self.has_add_permission(request)
        publishing = next((verb.name for verb in verbs if verb.target == Status.PUBLISHED), "")
        typed = request.method == "POST"  # the form comes back with errors: the script will ask anew
        return {
            "report": checks.report(record) if record and not typed else None,
            "check_address": may_change and reverse("admin:records_record_check", args=[record.pk] if record else []),
            # In the form that is being edited the ticks go with it; who only reads sends them with the verb.
            "may_acknowledge": may_change or publishing,
            "acknowledge_form": "" if may_change else publishing,
        }


def typed_rows(data: QueryDict, activities: list[str]) -> checks.Rows:
    """The rows of the form as they stand there, without asking the database for any of them."""
    participants = _typed(data, "participants", ("name_as_filed", "person"), ("attended", "commitment_letter"))
    questions = _typed(data, "questions", ("text", "answer"))
    return checks.Rows(
        activities,
        {prefix: Participant(**row) for prefix, row in participants},
        {prefix: Question(**row) for prefix, row in questions},
    )


def _typed(
    data: QueryDict, part: str, fields: tuple[str, ...], chosen: tuple[str, ...] = ()
) -> list[tuple[str, dict[str, str]]]:
    """Rows that have something in `fields`, with what was chosen beside it."""
    of_row = re.compile(rf"({part}-\d{{1,6}})-(?:{'|'.join(fields)})", re.ASCII)
    prefixes = dict.fromkeys(match[1] for name in data if (match := of_row.fullmatch(name)))
    found = []
    for prefix in prefixes:
        row = {field: data.get(f"{prefix}-{field}", "").strip() for field in fields}
        if any(row.values()) and f"{prefix}-DELETE" not in data:
            place = data.get(f"{prefix}-position", "")
            row |= {field: data.get(f"{prefix}-{field}", "") for field in chosen}
            found.append((int(place) if place.isdecimal() and len(place) < 8 else LIFT, prefix, row))
    return [(prefix, row) for _place, prefix, row in sorted(found, key=lambda entry: entry[0])]
