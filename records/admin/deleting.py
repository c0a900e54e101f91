"""Deleting at the desk: what is to be kept is named with the reason, and nothing of the rest is deleted halfway."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import ProtectedError, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from records.models import Record


class RetentionAdmin(admin.ModelAdmin):
    """The part of the record's admin that deletes. What may be deleted is the record's to say."""

    def has_delete_permission(self, request: HttpRequest, obj: Record | None = None) -> bool:
        return not (obj and obj.why_kept) and super().has_delete_permission(request, obj)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        pks = [record.pk for record in objs]
        chosen = list(Record.objects.filter(pk__in=pks).select_related("company", "correction"))
        to_delete, counts, lacking, protected = super().get_deleted_objects(chosen, request)
        if reasons := [record.why_kept for record in chosen if record.why_kept]:
            # Django takes it for a permission that the account lacks.
            if self.has_delete_permission(request):
                lacking = set(lacking) - {self.opts.verbose_name}
            protected = [*reasons, *protected]
        return to_delete, counts, lacking, protected

    # Between the question and the answer it may have been published.

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        try:
            return super().delete_view(request, object_id, extra_context)
        except ProtectedError as error:
            messages.error(request, error.args[0])
            return redirect(reverse("admin:records_record_change", args=[object_id]))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        with transaction.atomic():  # all or none, whatever else the request does
            super().delete_queryset(request, queryset)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        try:
            return super().changelist_view(request, extra_context)
        except ProtectedError as error:
            messages.error(request, error.args[0])
            return redirect(request.get_full_path())
