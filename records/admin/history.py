"""The history of a record on one page, and any two of its versions side by side."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from simple_history.admin import SimpleHistoryAdmin

from records import history
from records.models import Record
from records.querysets import id_of


class HistoryAdmin(SimpleHistoryAdmin):
    """The part of the record's admin that shows what became of it. No version is written back: its status would come
    with it, past every verb.
    """

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(require_safe(self.compare_view))
        return [path("<int:pk>/history/compare/", view, name="records_record_compare"), *super().get_urls()]

    def history_form_view(self, *args: Any, **options: Any) -> HttpResponse:
        raise Http404

    def revert_disabled(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        record = self._to_be_shown(request, unquote(object_id))
        page = history.page_of(record.pk, request.GET.get("p"))
        shown: Any = page.paginator.get_elided_page_range(page.number)
        context = {"page": page, "page_range": list(shown), "ellipsis": page.paginator.ELLIPSIS}
        return self._render(request, record, "history", context | (extra_context or {}))

    def compare_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        record = self._to_be_shown(request, str(pk))
        entries = history.entries_of(pk)
        told = history.moments(entries)
        two = [history.moment_at(told, request.GET.get(name, "")) for name in ("old", "new")]
        old, new = sorted(filter(None, two), key=lambda moment: moment.at) if all(two) else (None, None)
        try:
            if old is None or new is None or old is new:
                raise LookupError
            changes = history.compared(pk, entries, old, new)
        except LookupError:
            messages.warning(request, _("Choose two different moments to compare."))
            return redirect(reverse("admin:records_record_history", args=[pk]))
        history.name_doers([old, new])
        return self._render(request, record, "versions", {"old": old, "new": new, "changes": changes})

    def _to_be_shown(self, request: HttpRequest, object_id: str) -> Record:
        """The record; of one that was deleted, what it was last."""
        record: Any = self.get_object(request, object_id)
        if record is None:
            last = Record.history.filter(id=id_of(object_id), history_type="-").select_related("company").first()
            record = last and last.instance
        if record is None:
            raise Http404
        if not self.has_view_or_change_permission(request, record):
            raise PermissionDenied
        return record

    def _render(self, request: HttpRequest, record: Record, template: str, context: dict[str, Any]) -> HttpResponse:
        own = {"title": _("History of %(record)s") % {"record": record}, "original": record, "opts": self.opts}
        own["deleted"] = not Record.objects.filter(pk=record.pk).exists()
        context = {**self.admin_site.each_context(request), **own, **context}
        return render(request, f"admin/records/record/{template}.html", context)
