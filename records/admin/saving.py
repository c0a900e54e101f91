"""Saving a record's page: never over what somebody else has stored meanwhile, and never twice."""

from __future__ import annotations

import hashlib
import re
import uuid
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.contrib.auth import get_user_model
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from simple_history.admin import SimpleHistoryAdmin

from records.models import Record
from records.querysets import id_of

from . import editing

WORK_ID = re.compile(r"[0-9a-f]{32}")


class CarefulSaving(SimpleHistoryAdmin):
    """For the admin of records; see `editing` for what is compared."""

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """The page, or a save of it; of two saves at once the second waits here, and finds the first one stored."""
        if request.method != "POST":
            return super().changeform_view(request, object_id, form_url, extra_context)
        found: dict[str, Any] = {}
        with transaction.atomic():
            if object_id is None:
                late = self._late_entry(request)
            elif record := self._held(request, object_id):
                if record.is_locked and self.has_change_permission(request):
                    return self._answer_for_locked(request, record)
                parts, only_added = self._parts(request, record)
                late = editing.late_save(record, parts, request.POST, request.FILES, only_added=only_added)
            elif (deletion := self._deletion(object_id)) and self.has_add_permission(request):
                # What was typed about it can be entered as another one.
                late = editing.late_entry(editing.UNITS, request.POST, request.FILES, is_known_late=True)
                found["deletion"] = deletion
                object_id, form_url = None, reverse("admin:records_record_add")
            else:
                return super().changeform_view(request, object_id, form_url, extra_context)
            if late:
                found |= {"late": late, "files": list(request.FILES.values())}
                request.POST = late.data  # type: ignore[assignment]
                request._files = MultiValueDict()  # type: ignore[attr-defined]
            request.is_late = bool(late)  # type: ignore[attr-defined]
            answer = super().changeform_view(request, object_id, form_url, {**(extra_context or {}), **found})
        if late:
            answer.status_code = 200 if late.broken else 409
        is_stored = late.is_twice if late else isinstance(answer, HttpResponseRedirect)
        if is_stored and (work := self._work(request)):
            # For the script that keeps a copy of what is unsaved: this is so no longer.
            secure = settings.SESSION_COOKIE_SECURE
            answer.set_cookie("desk_saved", work, max_age=3600, samesite="Lax", secure=secure)
        return answer

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any) -> Any:
        form: Any = super().get_form(request, obj, change, **options)
        form.is_late = getattr(request, "is_late", False)
        return form

    def save_model(self, request: HttpRequest, obj: Record, form: Any, change: bool) -> None:
        if not change:
            obj.source_digest = self._digest(request)
        super().save_model(request, obj, form, change)

    def about_editing(self, request: HttpRequest, context: Any, record: Record | None) -> dict[str, Any]:
        """What a page carries about itself: what it was opened with, and for which piece of work."""
        late = context.get("late")
        about = {
            "work": self._work(request) or uuid.uuid4().hex,
            "again": uuid.uuid4().hex,
            "is_unsaved": request.method == "POST" and not (late and late.is_twice),
        }
        if not record:
            return about
        if late:
            return about | {"opened": late.now if late.is_twice else late.base or ""}
        if request.method == "POST":
            return about | {"opened": request.POST.get(editing.SEEN) or request.POST.get(editing.OPENED, "")}
        rows = {
            editing.PART_OF[inline.opts.model]: [form.instance for form in inline.formset.initial_forms]
            for inline in context["inline_admin_formsets"]
            if inline.opts.has_change_permission(request, record)
        }
        shown = editing.State(
            editing.fields_shown(context["adminform"].form),
            {part: editing.rows_shown(part, there) for part, there in rows.items()},
        )
        return about | {"opened": editing.Opened.of(shown, editing.last_version(record.pk))}

    def _held(self, request: HttpRequest, object_id: str) -> Record | None:
        """The record as it is stored now, which nobody else can save until this request is over."""
        record = self.get_object(request, unquote(object_id))
        return Record.objects.select_for_update(of=("self",)).filter(pk=record.pk).first() if record else None

    def _parts(self, request: HttpRequest, record: Record | None) -> tuple[list[str], bool]:
        """The parts whose rows this user edits, and whether there are some to which rows are only added."""
        edited, only_added = [], False
        for inline in self.get_inline_instances(request, record):
            if not record or inline.has_change_permission(request, record):
                edited.append(editing.PART_OF[inline.model])
            elif inline.has_add_permission(request, record):
                only_added = True
        return edited, only_added

    def _late_entry(self, request: HttpRequest) -> editing.Late | None:
        parts, _only_added = self._parts(request, None)
        # Saves of one user queue here: of a button that was pressed twice, the second finds what the first entered.
        get_user_model()._default_manager.select_for_update(no_key=True).get(pk=request.user.pk)  # type: ignore[misc]
        digest = self._digest(request)
        first = Record.objects.filter(source_digest=digest).first() if digest else None
        late = editing.late_entry(parts, request.POST, request.FILES, is_known_late=bool(first))
        if late:
            late.record = first
        return late

    @staticmethod
    def _work(request: HttpRequest) -> str:
        """The id of the piece of work that a page was opened for: a new one where it is to be entered once more."""
        sent = [request.POST.get(name, "") for name in (editing.SEEN, editing.WORK)]
        return next((work for work in sent if WORK_ID.fullmatch(work)), "")

    def _digest(self, request: HttpRequest) -> str:
        """What a record is known by that was entered on a page."""
        work = self._work(request)
        return hashlib.sha256(f"{request.user.pk} {work}".encode()).hexdigest() if work else ""

    def _deletion(self, object_id: str) -> Any:
        pk = id_of(unquote(object_id))
        return Record.history.filter(id=pk, history_type="-").select_related("history_user").first()

    def _answer_for_locked(self, request: HttpRequest, record: Record) -> HttpResponse:
        """It was published while somebody edited it: what was typed is shown, to be copied, and not stored."""
        parts = [editing.PART_OF[inline.model] for inline in self.inlines]
        late = editing.beside_stored(record, parts, request.POST, request.FILES)
        page = reverse("admin:records_record_change", args=[record.pk])
        if late.adds_nothing:
            messages.info(request, _("All that was sent is stored already; nothing was stored a second time."))
            return HttpResponseRedirect(page)
        context = {
            **self.admin_site.each_context(request),
            "title": str(record),
            "late": late,
            "opts": self.opts,
            "original": record,
        }
        return TemplateResponse(request, "admin/records/record/locked.html", context, status=403)
