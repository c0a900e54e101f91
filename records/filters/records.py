"""Records, and what belongs to them, by what the address asks for: what each parameter means."""

from __future__ import annotations

import datetime
from collections.abc import Generator, Iterable, Mapping
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from records.hits import Hits
from records.models import (
    ActivityType,
    Company,
    Exchange,
    Institution,
    InstitutionType,
    Participant,
    Question,
    Record,
    Topic,
)

from .base import BaseFilter
from .fitting import FittingFilter
from .values import (
    DayFilter,
    ValuesFilter,
    WordsFilter,
    find_activities,
    find_exchanges,
    find_institution_types,
    find_institutions,
    find_months,
    find_topics,
    find_years,
    rows_by,
)


class RecordFilter(FittingFilter):
    """Records by what the address asks for; parameters narrow one another, values of one parameter widen it."""

    q = WordsFilter(label=_("Search"), method="by_words")
    company = ValuesFilter(
        label=_("Company"),
        method="by_company",
        find=rows_by("code", r"[0-9]{6}", lambda: Company.objects.public()),
    )
    institution = ValuesFilter(
        label=_("Institution"),
        method="by_institution",
        find=find_institutions,
    )
    institution_type = ValuesFilter(
        label=_("Institution type"),
        method="by_institution_type",
        find=find_institution_types,
    )
    topic = ValuesFilter(
        label=_("Topic"),
        method="by_topic",
        find=find_topics,
    )
    activity = ValuesFilter(label=_("Activity"), method="by_activity", find=find_activities)
    exchange = ValuesFilter(label=_("Stock exchange"), method="by_exchange", find=find_exchanges)
    year = ValuesFilter(label=_("Year"), method="by_year", find=find_years)
    month = ValuesFilter(label=_("Month"), method="by_month", find=find_months)
    date_after = DayFilter(label=_("From"), method="from_day")
    date_before = DayFilter(label=_("To"), method="to_day")
    sort = django_filters.ChoiceFilter(
        label=_("Order"),
        method="in_order",
        choices=[
            ("visit", _("newest visit first")),
            ("disclosure", _("newest disclosure first")),
            ("relevance", _("most relevant first")),
        ],
        error_messages={"invalid_choice": _("The order is “visit”, “disclosure” or, for a search, “relevance”.")},
    )

    def by_words(self, records: Any, _name: str, query: str) -> QuerySet:
        return records.matching(query, self.named)

    def by_company(self, records: Any, _name: str, companies: Mapping[str, Company]) -> QuerySet:
        return records.filter(company__in=companies.values())

    def by_institution(self, records: Any, _name: str, institutions: Mapping[str, Institution]) -> QuerySet:
        return records.visited_by(institutions.values())

    def by_institution_type(self, records: Any, _name: str, types: Mapping[str, InstitutionType]) -> QuerySet:
        return records.visited_by_types(types.values())

    def by_topic(self, rows: Any, _name: str, topics: Mapping[str, Topic]) -> QuerySet:
        return rows.about(topics.values())

    def by_activity(self, records: Any, _name: str, kinds: Mapping[str, ActivityType]) -> QuerySet:
        return records.of_activity(kinds.values())

    def by_year(self, records: Any, _name: str, years: Mapping[str, int]) -> QuerySet:
        return records.held_within((datetime.date(year, 1, 1), datetime.date(year, 12, 31)) for year in years.values())

    def by_month(self, records: Any, _name: str, months: Mapping[str, str]) -> QuerySet:
        return records.held_in_months(months)

    def by_exchange(self, records: Any, _name: str, exchanges: Mapping[str, Exchange]) -> QuerySet:
        return records.listed_on(board for exchange in exchanges.values() for board in exchange.boards)

    def from_day(self, records: Any, _name: str, day: datetime.date) -> QuerySet:
        return records.held_on_or_after(day)

    def to_day(self, records: Any, _name: str, day: datetime.date) -> QuerySet:
        return records.held_on_or_before(day)

    class Meta(BaseFilter.Meta):
        model = Record


class PartFilter(RecordFilter):
    """Rows of the records that fit: made like `RecordFilter`, from all published records.

    `own` are the parameters that are asked of the row itself and not of its record.
    """

    model: Any
    own: frozenset[str] = frozenset()
    record = "record__"

    @property
    def qs(self) -> QuerySet:
        return self.in_order(self._parts(self.chosen.keys()), "sort", self.order)

    def without(self, *names: str) -> QuerySet:
        return self._parts(self.chosen.keys() - set(names))

    def records(self) -> QuerySet:
        raise TypeError("rows that belong to records are no records")

    def pieces(self, *fields: str, since: datetime.date | None = None) -> Generator[Hits]:
        raise TypeError("rows that belong to records are no records")

    def _parts(self, names: Iterable[str]) -> QuerySet:
        """Published is said of the row's own record: the list goes through the index that holds its order."""
        asked = set(names) - {"sort"}
        rows: Any = self.model.objects.public()
        if asked - self.own:
            records = self._narrowed(self.queryset.all(), asked - self.own)
            rows = rows.filter(record__in=records.order_by().values("pk"))
        return self._narrowed(rows, asked & self.own)

    class Meta(RecordFilter.Meta):
        pass


class ParticipantFilter(PartFilter):
    """Everybody who was present at the records that fit."""

    model = Participant
    summarized = ()

    @property
    def order(self) -> str:
        """Nobody is more relevant than those who sat beside them."""
        return "visit" if super().order == "relevance" else super().order


class QuestionFilter(PartFilter):
    """Questions of the records that fit, which hold the words and are on the topics themselves."""

    model = Question
    unit = "questions"
    counted = frozenset({"company", "topic"})
    own = frozenset({"q", "topic"})
    summarized = ("company", "board", "activities")  # topics are its own, and no visitors are offered

    def by_words(self, questions: Any, _name: str, query: str) -> QuerySet:
        return questions.matching(query, self.common)
