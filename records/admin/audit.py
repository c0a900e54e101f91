"""The audit log at the desk: read, filtered, and never written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from records import levels
from records.models import AuditEntry, audit

from .access import OfCompanyAdmin, ReadOnly
from .exporting import export_action
from .filters import CompanyFilter, TextFilter


class ActFilter(admin.SimpleListFilter):
    title = gettext_lazy("act")
    parameter_name = "act"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        return audit.ACTS.items()

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(what=self.value()) if self.value() else queryset


class WhoFilter(TextFilter):
    title = gettext_lazy("who")
    parameter_name = "who"

    def matching(self, records: Any, text: str) -> QuerySet:
        return records.filter(who=text)


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnly, OfCompanyAdmin):
    """Superusers see all; others, with the permission to view it, what is of their companies."""

    list_display = ("at", "shown_act", "who", "company", "name", "detail", "address")
    list_filter = (ActFilter, WhoFilter, CompanyFilter, "at")
    list_per_page = 100
    show_full_result_count = False
    fields = ("at", "shown_act", "who", "kind", "object_id", "name", "company", "detail", "address")
    actions = (export_action(levels.AUDIT_LOG, gettext_lazy("Export")),)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("company")

    @admin.display(description=gettext_lazy("act"), ordering="what")
    def shown_act(self, entry: AuditEntry) -> str:
        return str(entry.act)
