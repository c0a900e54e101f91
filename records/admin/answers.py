"""The answer bank: what was answered to a question like the one that is being typed."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_safe

from records import similar
from records.models import Question, Record
from records.querysets import id_of
from records.workflow import UNPUBLISHED, Status

MAX_LENGTH = 500  # of a question, as far as it is compared


class AnswersAdmin(admin.ModelAdmin):
    """The part of the record's admin that finds answers."""

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(require_safe(self.similar))
        return [path("similar/", view, name="records_record_similar"), *super().get_urls()]

    def similar(self, request: HttpRequest) -> HttpResponse:
        """Questions like `q` with their answers: of the `company` first, and not of the `record` that is written."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        text = request.GET.get("q", "").replace("\0", "")[:MAX_LENGTH]
        company, record = (id_of(request.GET.get(name, "")) for name in ("company", "record"))
        # What the public reads, and what the desk has of the company for this user: drafts of nobody else.
        own = self.get_queryset(request).filter(company=company, status__in=UNPUBLISHED).order_by().values("pk")
        readable = Record.objects.filter(company=company).filter(Q(status=Status.PUBLISHED) | Q(pk__in=own))
        groups = similar.answered_before(
            text, readable.exclude(pk=record or 0), Question.objects.public().exclude(record__company=company)
        )
        return render(request, "admin/records/record/_similar.html", {"groups": groups})
