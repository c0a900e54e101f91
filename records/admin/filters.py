"""Filters of the record list that do not load every institution to offer them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from records.models import Company, Deadlines, Institution, Topic


class TextFilter(admin.SimpleListFilter):
    """A box to type a name into; `suggest` is the relation whose names are offered."""

    template = "admin/records/text_filter.html"
    suggest = ""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("", "")]  # without one, Django leaves the filter out

    def choices(self, changelist: Any) -> Iterator[Any]:
        others = changelist.get_filters_params()
        others.pop(self.parameter_name, None)
        yield {
            "value": self.value() or "",
            "others": [(name, value) for name, values in others.items() for value in values],
            "clear": changelist.get_query_string(remove=[self.parameter_name]),
        }

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        text = (self.value() or "").strip()
        if len(text) > 100 or "\0" in text:
            raise IncorrectLookupParameters
        return self.matching(queryset, text) if text else queryset

    def matching(self, records: Any, text: str) -> QuerySet:
        raise AssertionError("each filter says what it matches")


class CompanyFilter(TextFilter):
    title = _("company")
    parameter_name = "of"
    suggest = "record.company"

    def matching(self, records: Any, text: str) -> QuerySet:
        # A name that was chosen from the offered ones reads “999001 晨光数据”.
        return records.filter(company__in=Company.objects.found_by(text.split()[0]))


class InstitutionFilter(TextFilter):
    title = _("institution")
    parameter_name = "visitor"
    suggest = "participant.institution"

    def matching(self, records: Any, text: str) -> QuerySet:
        return records.with_participant_of(Institution.objects.found_by(text))


class TopicFilter(TextFilter):
    title = _("topic")
    parameter_name = "about"
    suggest = "question.topics"

    def matching(self, records: Any, text: str) -> QuerySet:
        return records.on_topic(Topic.objects.found_by(text))


class RetentionFilter(admin.SimpleListFilter):
    """What need not be kept: drafts that were never shown, and what was withdrawn long after its disclosure."""

    title = _("retention")
    parameter_name = "retention"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("over", _("may be deleted now"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        return queryset.deletable() if self.value() == "over" else queryset


class DeadlineFilter(admin.SimpleListFilter):
    """What has still to be published, by how soon."""

    title = _("deadline")
    parameter_name = "due"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("overdue", _("overdue")),
            ("soon", _("due today or on the next trading day")),
            ("outstanding", _("all that is due")),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        deadlines = Deadlines.load() if self.value() else None
        if deadlines and self.value() == "overdue":
            return deadlines.overdue(queryset)
        if deadlines and self.value() == "soon":
            return deadlines.due_soon(queryset)
        if deadlines and self.value() == "outstanding":
            return deadlines.outstanding(queryset)
        return queryset


class MineFilter(admin.SimpleListFilter):
    """What is this user's to do: the whole of what the first page of the desk begins to list."""

    title = _("at my desk")
    parameter_name = "mine"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        waiting = [("waiting", _("waits for me"))] if model_admin.has_publish_permission(request) else []
        return [*waiting, ("returned", _("came back to me")), ("drafts", _("my drafts"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        if self.value() == "waiting":
            return queryset.waiting_for(request.user)
        if self.value() == "returned":
            return queryset.returned_to(request.user)
        if self.value() == "drafts":
            return queryset.drafted_by(request.user)
        return queryset
