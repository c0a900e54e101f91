"""A table of a list at the desk: a file -> what it would change, row by row -> all of it stored, or nothing."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from records import tables
from records.directory_tables import TABLES, DirectoryTable, Outcome, carry_out
from records.models import Intake, StaleError
from records.tables import TableError

ON_PAGE = 100  # rows of a preview


def reason(refusal: TableError) -> str:
    return _(refusal.message) % refusal.params


class TableAdmin(admin.ModelAdmin):
    """A list into which tables are imported."""

    change_list_template = "admin/records/table/change_list.html"

    @property
    def _kind(self) -> str:
        return str(self.opts.model_name)

    @property
    def _table(self) -> type[DirectoryTable]:
        return TABLES[self._kind]

    def get_urls(self) -> list[URLPattern]:
        def page(route: str, view: Any, name: str, *methods: str) -> URLPattern:
            guarded = self.admin_site.admin_view(require_http_methods(methods)(view))
            return path(route, guarded, name=f"records_{self._kind}_{name}")

        return [
            page("import/", self.import_view, "import", "GET", "HEAD", "POST"),
            page("import/template.csv", self.template_view, "import_template", "GET", "HEAD"),
            page("import/<int:pk>/", self.preview_view, "import_preview", "GET", "HEAD", "POST"),
            *super().get_urls(),
        ]

    def has_import_permission(self, request: HttpRequest) -> bool:
        """Which of the rows somebody may import, is told of each."""
        return self.has_add_permission(request) or self.has_change_permission(request)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        found = {
            "may_import": self.has_import_permission(request),
            "import_address": f"admin:records_{self._kind}_import",
        }
        return super().changelist_view(request, {**(extra_context or {}), **found})

    def _require_permission(self, request: HttpRequest) -> None:
        if not self.has_import_permission(request):
            raise PermissionDenied

    def _context(self, request: HttpRequest, **more: Any) -> dict[str, Any]:
        title = _("Import a table of %(things)s") % {"things": self.opts.verbose_name_plural}
        return {**self.admin_site.each_context(request), "title": title, "opts": self.opts, "kind": self._kind, **more}

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """Takes a file, and lists what waits."""
        self._require_permission(request)
        if request.method == "POST" and (intake := self._take(request)):
            return redirect(f"admin:records_{self._kind}_import_preview", intake.pk)
        columns = [
            (self._table.heading(column.name), column.required, self._about(column.name))
            for column in self._table.columns
        ]
        context = self._context(
            request,
            columns=columns,
            waiting=self._waiting(request).select_related("user")[:50],
            max_rows=tables.MAX_ROWS,
        )
        return render(request, "admin/records/table/import.html", context)

    def _about(self, name: str) -> str:
        """What a column may hold."""
        if name == "aliases":
            return _("Other names; separate with 、 or a comma. They take the place of those that are stored.")
        field: Any = self.model._meta.get_field(name)
        if field.choices:
            return _("one of: %(names)s") % {"names": "、".join(str(label) for _value, label in field.flatchoices)}
        return str(field.help_text)

    def _take(self, request: HttpRequest) -> Intake | None:
        file = request.FILES.get("file")
        if not file:
            messages.error(request, _("Choose a file."))
            return None
        data = file.read(tables.MAX_BYTES + 1)  # one more, to be refused
        try:
            tables.read(data, self._table.columns)
        except TableError as refusal:
            messages.error(request, reason(refusal))
            return None
        return Intake.take(request.user, str(file.name), data, self._kind)

    def _waiting(self, request: HttpRequest) -> Any:
        return Intake.objects.visible_to(request.user).of_kind(self._kind)

    def template_view(self, request: HttpRequest) -> HttpResponse:
        self._require_permission(request)
        response = HttpResponse(self._table.template(), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{self._kind}.csv"'
        return response

    # Preview

    def preview_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What each row comes to. Posted, that is stored; where it is not so any more, it is shown anew."""
        self._require_permission(request)
        intake = self._waiting(request).filter(pk=pk).first()
        if intake is None:
            return self._gone(request)
        op = request.POST.get("op")
        if op == "drop":
            intake.delete()
            messages.success(request, _("“%(name)s” was dropped.") % {"name": intake.name})
            return redirect(f"admin:records_{self._kind}_import")
        try:
            if op == "import":
                return self._import(request, intake)
            return self._show(request, intake)
        except (TableError, FileNotFoundError):  # it was read before: the file is not there any more
            messages.error(request, _("“%(name)s” cannot be read any more: choose the file anew.") % {"name": intake})
            return redirect(f"admin:records_{self._kind}_import")

    def _import(self, request: HttpRequest, intake: Intake) -> HttpResponse:
        try:
            with transaction.atomic():
                held = Intake.objects.select_for_update(of=("self",)).filter(pk=intake.pk).first()
                if held is None:
                    return self._gone(request)
                done = carry_out(self._table, held.data(), request.user, request.POST.get("seen", ""))
                self._log(request, done)
                held.delete()
        except (StaleError, IntegrityError):
            return self._show(
                request, intake, _("The list has changed meanwhile and nothing was stored: look at it once more.")
            )
        told = "，".join(f"{outcome.label} {n}" for outcome, n in done.counts.items() if n)
        messages.success(request, _("Imported “%(name)s”: %(counts)s.") % {"name": intake.name, "counts": told})
        return redirect(f"admin:records_{self._kind}_changelist")

    def _log(self, request: HttpRequest, done: DirectoryTable) -> None:
        """A line in the history of each row, as if it had been saved on its own page."""
        user: Any = request.user
        kind = ContentType.objects.get_for_model(self.model)
        entries = []
        for line in done.lines:
            if line.outcome not in (Outcome.NEW, Outcome.CHANGED):
                continue
            is_new = line.outcome == Outcome.NEW
            with translation.override(None):  # as Django keeps them, which translates them when they are shown
                fields = [done.label(name) for name in line.changes]
            entries.append(
                LogEntry(
                    user_id=user.pk,
                    content_type=kind,
                    object_id=str(line.subject.pk),
                    object_repr=str(line.subject)[:200],
                    action_flag=ADDITION if is_new else CHANGE,
                    change_message=json.dumps([{"added": {}} if is_new else {"changed": {"fields": fields}}]),
                )
            )
        LogEntry.objects.bulk_create(entries, batch_size=500)

    def _show(self, request: HttpRequest, intake: Intake, problem: str = "") -> HttpResponse:
        table = self._table.of(intake.data(), request.user)
        counts = table.counts
        chosen = next((one for one in Outcome if one == request.GET.get("show")), None)
        if chosen is None and counts[Outcome.WRONG] and "show" not in request.GET:
            chosen = Outcome.WRONG
        lines = [line for line in table.lines if chosen in (None, line.outcome)]
        page = Paginator(lines, ON_PAGE).get_page(request.GET.get("p"))
        shown = [
            {
                "line": line,
                "changes": [(table.heading(name), *texts) for name, texts in line.changes.items() if any(texts)],
                "problems": [(table.heading(name), sentence) for name, sentence in line.problems],
            }
            for line in page
        ]
        wrong = counts[Outcome.WRONG]
        context = self._context(
            request,
            title=intake.name,
            intake=intake,
            table=table,
            outcomes=[(one, one.label, n) for one, n in counts.items()],
            chosen=chosen,
            show=chosen or "all",
            total=len(table.lines),
            shown=shown,
            page=page,
            page_range=page.paginator.get_elided_page_range(page.number),
            ellipsis=Paginator.ELLIPSIS,
            problem=problem,
            wrong=ngettext(
                "%(n)d row is wrong: correct it in the file and choose the file anew. Nothing was stored.",
                "%(n)d rows are wrong: correct them in the file and choose the file anew. Nothing was stored.",
                wrong,
            )
            % {"n": wrong}
            if wrong
            else "",
        )
        return render(request, "admin/records/table/preview.html", context, status=409 if problem else 200)

    def _gone(self, request: HttpRequest) -> HttpResponse:
        messages.warning(request, _("This table does not wait any more: it was imported, or dropped."))
        return redirect(f"admin:records_{self._kind}_import")
