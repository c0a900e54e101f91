"""A selection, or all that a filter shows, as a file: a page between asks for the columns and the kind of file."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Count, Q, QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from records import exports, levels
from records.models import AuditEntry, Record, audit
from records.workflow import UNPUBLISHED

logger = logging.getLogger("records.exports")

REMEMBERED = "exports"  # in the session: by level, the columns and the kind of file that were chosen last
SIGN = "export-begun"  # a cookie by which the page learns that its file is on the way
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class ExportForm(forms.Form):
    """Which columns, and what kind of file."""

    columns = forms.MultipleChoiceField(
        label=_("Columns"),
        error_messages={
            "required": _("Choose at least one column."),
            "invalid_choice": _("There is no column “%(value)s”: choose from those below."),
        },
    )
    kind = forms.ChoiceField(
        label=_("Kind of file"),
        choices=[("csv", _("CSV: for programs, and of any length")), ("xlsx", _("XLSX: for Excel"))],
        error_messages={
            "required": _("Choose the kind of file: CSV or XLSX."),
            "invalid_choice": _("Choose the kind of file: CSV or XLSX."),
        },
    )

    def __init__(self, level: levels.Level, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.level = level
        columns: Any = self.fields["columns"]
        columns.choices = [(column.name, column.heading) for column in level.columns]

    @property
    def lines(self) -> list[tuple[levels.Column, bool]]:
        """Every column, and whether it is ticked."""
        ticked = set(self["columns"].value() or [])
        return [(column, column.name in ticked) for column in self.level.columns]


def export_action(level: levels.Level, description: Any) -> Any:
    """An action that gives the rows of a level, of all that the user selected and may see."""

    @admin.action(description=description, permissions=["view"])
    def action(model_admin: Any, request: HttpRequest, queryset: QuerySet) -> HttpResponseBase:
        rows = level.of(queryset)
        count = rows.count()
        is_asked = "export" in request.POST
        form = ExportForm(level, request.POST if is_asked else None, initial=_remembered(request, level))
        if not is_asked or not form.is_valid():
            return _ask(model_admin, request, form, count)
        names, kind = form.cleaned_data["columns"], form.cleaned_data["kind"]
        request.session[REMEMBERED] = {
            **request.session.get(REMEMBERED, {}),
            level.name: {"columns": names, "kind": kind},
        }
        logger.info("export by user %s: %s, %d rows, %s", request.user.pk, level.name, count, kind)
        if queryset.model is Record:
            _note(level, queryset)
        return _marked(request, FILES[kind](level, rows, level.chosen(names)))

    action.__name__ = f"export_{level.name}"
    return action


def _note(level: levels.Level, selected: QuerySet) -> None:
    """An entry for each company of which something leaves the desk, with how much of it the public does not have."""
    hidden = Count("pk", filter=Q(status__in=UNPUBLISHED))
    counted = selected.order_by().values("company").annotate(records=Count("pk"), hidden=hidden)
    detail = gettext("%(level)s, of %(records)d records; %(hidden)d of them not published")
    AuditEntry.objects.bulk_create(
        audit.entry_of("export", company=row["company"], detail=detail % {"level": level.name, **row})
        for row in counted
    )


def _remembered(request: HttpRequest, level: levels.Level) -> dict[str, Any]:
    """What was chosen last; at first, all there is."""
    last = request.session.get(REMEMBERED, {}).get(level.name, {})
    columns = [column.name for column in level.chosen(last.get("columns", ()))]
    return {"columns": columns or [column.name for column in level.columns], "kind": last.get("kind", "csv")}


def _ask(model_admin: Any, request: HttpRequest, form: ExportForm, count: int) -> HttpResponse:
    """The page between, which posts the same selection again."""
    level = form.level
    kept = [("action", f"export_{level.name}"), ("select_across", request.POST.get("select_across", "0"))]
    kept += [(ACTION_CHECKBOX_NAME, pk) for pk in request.POST.getlist(ACTION_CHECKBOX_NAME)]
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("Export"),
        "opts": model_admin.opts,
        "form": form,
        "level": level,
        "kept": kept,
        "count": count,
        "shown": f"{count:,}",
        "most": exports.SHEET_ROWS - 1,
        "back": request.get_full_path(),
    }
    return render(request, "admin/records/export.html", context, status=422 if form.is_bound else 200)


def _csv(level: levels.Level, rows: QuerySet, columns: list[levels.Column]) -> HttpResponseBase:
    """Streamed: a large selection costs no memory."""
    return StreamingHttpResponse(
        exports.csv_lines(level, rows, columns),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{_file_name(level, "csv")}"'},
    )


def _xlsx(level: levels.Level, rows: QuerySet, columns: list[levels.Column]) -> HttpResponseBase:
    return FileResponse(
        exports.xlsx_file(level, rows, columns),
        as_attachment=True,
        filename=_file_name(level, "xlsx"),
        content_type=XLSX_TYPE,
    )


FILES: dict[str, Callable[[levels.Level, QuerySet, list[levels.Column]], HttpResponseBase]] = {
    "csv": _csv,
    "xlsx": _xlsx,
}


def _file_name(level: levels.Level, kind: str) -> str:
    return f"{level.name}-{timezone.localdate()}.{kind}"


def _marked(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Never kept by a cache; and where a script waits for it, with the sign that the script gave."""
    response.headers["Cache-Control"] = "private, no-store"
    sign = request.POST.get("sign", "")
    if re.fullmatch(r"[0-9a-z]{1,40}", sign):
        response.set_cookie(SIGN, sign, max_age=60, path=request.path, samesite="Strict", secure=request.is_secure())
    return response
