"""What one may choose next: values with their counts, what is chosen already, and the addresses of both."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import urlencode

from django.db.models import Count, QuerySet, Sum, TextChoices

from .models import (
    Attendance,
    Company,
    Exchange,
    Institution,
    InstitutionType,
    Mention,
    Question,
    Record,
    Tally,
    Topic,
    Visit,
)
from .querysets import Among, Period, days_of_month, held_within

SHOWN = 12  # values of a facet, besides those that are chosen


class Chosen(Protocol):
    """What facets need to know of a filter."""

    chosen: dict[str, Any]
    parameters: dict[str, list[str]]
    unit: str

    def period_but(self, name: str) -> Period | None: ...

    def hits(self, *without: str) -> Any: ...

    def label_of(self, name: str) -> str: ...


@dataclasses.dataclass(frozen=True)
class Address:
    """A path with parameters. `fixed` are parameters that the path itself stands for: /topics/x/ says topic=x."""

    path: str
    parameters: Mapping[str, Sequence[str]]
    fixed: frozenset[str] = frozenset()

    def __str__(self) -> str:
        query = urlencode([(name, value) for name, values in self._open() for value in values])
        return f"{self.path}?{query}" if query else self.path

    def having(self, name: str, *values: object) -> Address:
        """With these values of a parameter instead of those it had."""
        return dataclasses.replace(self, parameters={**self.parameters, name: [str(value) for value in values]})

    def but(self, name: str, value: str) -> Address:
        """Without one value of a parameter."""
        return self.having(name, *(other for other in self.parameters.get(name, ()) if other != value))

    def elsewhere(self, path: str) -> Address:
        """The same rows at another path, such as that of the CSV, with every parameter spelt out."""
        return Address(path, self.parameters)

    def bare(self) -> Address:
        """Nothing chosen but the order."""
        return dataclasses.replace(self, parameters={name: self.parameters.get(name, []) for name in ("sort",)})

    def _open(self) -> Iterator[tuple[str, Sequence[str]]]:
        return ((name, values) for name, values in self.parameters.items() if name not in self.fixed)


@dataclasses.dataclass(frozen=True)
class Choice:
    """One value of a facet. `lang` is set where the label is Chinese in every language."""

    value: str
    label: Any
    count: int
    chosen: bool = False
    lang: str = "zh-Hans"
    about: bool = False  # whether the count is an estimate


@dataclasses.dataclass(frozen=True)
class Facet:
    name: str
    label: str
    choices: list[Choice]


@dataclasses.dataclass(frozen=True)
class Chip:
    """A chosen value with the address that no longer holds it."""

    label: Any
    address: Address
    lang: str = "zh-Hans"


@dataclasses.dataclass(frozen=True)
class Condition:
    """One parameter of the sentence above a list; its chips are joined by “or”."""

    label: str
    chips: list[Chip]


@dataclasses.dataclass(frozen=True)
class Grouping:
    """How a facet is counted.

    `rows` leads from the keys of what is listed to rows grouped by `key` and called by `label`, one for each that is
    listed and each of its values. Where values are not `offered`, only the chosen are shown. `ledger` says where the
    counts of all that is published stand.
    """

    key: str
    label: str
    rows: Callable[[str], QuerySet]
    offered: bool = True
    ledger: Ledger | None = None

    def counts(self, keys: Any) -> QuerySet:
        """Triples of value, label and number of what is listed, the commonest first."""
        return _ranked(self.rows(keys).order_by(), self.key, self.label, Count("*"))


def _ranked(rows: QuerySet, key: str, label: str, number: Any) -> QuerySet:
    return rows.values(key).annotate(n=number).order_by("-n", key).values_list(key, label, "n")


@dataclasses.dataclass(frozen=True)
class Ledger:
    """Where a facet is counted ahead: as a facet of the tallies, or with each company, institution or topic.

    `entries` are the rows that name these by day; `path` leads from there to them. `questions` is the number of
    questions of an entry.
    """

    facet: str = ""
    subjects: Callable[[], Any] | None = None
    key: str = ""
    label: str = ""
    entries: Callable[[], QuerySet] | None = None
    path: str = ""
    questions: str = ""

    def counts(self, unit: str, months: Sequence[str] | None) -> Any:
        """Triples as `Grouping.counts` gives them, of all records or questions, or of those of some months."""
        if self.subjects is None or self.entries is None:
            found = Tally.objects.counts(self.facet, unit, months)
            return sorted(((value, value, n) for value, n in found.items() if n), key=lambda row: (-row[2], row[0]))
        if months is None:
            number = "question_count" if unit == "questions" else "record_count"
            rows = self.subjects().filter(**{f"{number}__gt": 0}).order_by(f"-{number}", self.key)
            return rows.values_list(self.key, self.label, number)
        counted = Sum(self.questions) if unit == "questions" else Count("*")
        rows = self.entries().filter(held_within("held_from", map(days_of_month, months)))
        # Records without questions have none to choose.
        return _ranked(rows.order_by(), self.path + self.key, self.path + self.label, counted).filter(n__gt=0)


def _records(keys: str) -> QuerySet:
    return Record.objects.filter(Among("pk", keys))


def _visits(keys: str) -> QuerySet:
    return Visit.objects.filter(Among("record", keys))


def _attendances(keys: str) -> QuerySet:
    return Attendance.objects.filter(Among("record", keys))


def _mentions(keys: str) -> QuerySet:
    return Mention.objects.filter(Among("record", keys))


def _ticks(keys: str) -> QuerySet:
    return Record.activity_types.through.objects.filter(Among("record", keys))


def _questions(keys: str) -> QuerySet:
    return Question.objects.filter(Among("pk", keys))


def _visits_to(keys: str) -> QuerySet:
    """Visits to the records of some questions, once for each question."""
    return Visit.objects.filter(Among("record__questions", keys))


def _attendances_at(keys: str) -> QuerySet:
    """Of the records of some questions, once for each question."""
    return Attendance.objects.filter(Among("record__questions", keys))


def _with_topics(keys: str) -> QuerySet:
    return Question.topics.through.objects.filter(Among("question", keys))


def _ticked(keys: str) -> QuerySet:
    return _questions(keys).filter(record__activity_types__isnull=False)


ACTIVITIES, TYPES, BOARDS = Ledger("activity"), Ledger("institution_type"), Ledger("board")
COMPANIES = Ledger(
    "", Company.objects.public, "code", "short_name", Record.objects.published, "company__", "question_count"
)
INSTITUTIONS = Ledger("", Institution.objects.public, "pk", "name", Visit.objects.all, "institution__")
TOPICS = Ledger("", Topic.objects.public, "slug", "name", Mention.objects.all, "topic__", "questions")

GROUPINGS = {
    "activity": Grouping("activitytype_id", "activitytype_id", _ticks, ledger=ACTIVITIES),
    "topic": Grouping("topic__slug", "topic__name", _mentions, ledger=TOPICS),
    "company": Grouping("company__code", "company__short_name", _records, ledger=COMPANIES),
    "institution": Grouping("institution__pk", "institution__name", _visits, ledger=INSTITUTIONS),
    "institution_type": Grouping("type", "type", _attendances, ledger=TYPES),
    "exchange": Grouping("company__board", "company__board", _records, ledger=BOARDS),
}
# Of questions. To count them by every institution that was present would set each beside all visitors of its record.
QUESTION_GROUPINGS = {
    "activity": Grouping("record__activity_types", "record__activity_types", _ticked, ledger=ACTIVITIES),
    "topic": Grouping("topic__slug", "topic__name", _with_topics, ledger=TOPICS),
    "company": Grouping("record__company__code", "record__company__short_name", _questions, ledger=COMPANIES),
    "institution": Grouping("institution__pk", "institution__name", _visits_to, offered=False),
    "institution_type": Grouping("type", "type", _attendances_at, offered=False),
    "exchange": Grouping("record__company__board", "record__company__board", _questions, ledger=BOARDS),
}
CALLED: dict[str, type[TextChoices]] = {"institution_type": InstitutionType, "exchange": Exchange}
CHINESE = {"activity", "topic", "company", "institution"}  # what is called so in every language
CHIPS = (
    *("q", "company", "exchange", "institution", "institution_type", "topic", "activity"),
    *("year", "month", "date_after", "date_before"),
)


def facets(
    chosen: Chosen,
    by_month: Mapping[str, int],
    *,
    but: Iterable[str] = (),
    groupings: Mapping[str, Grouping] = GROUPINGS,
) -> list[Facet]:
    """Every facet with its commonest values and the chosen ones.

    `by_month` is how many there are of each month if no year and month were chosen. Each facet is counted without
    its own selection, so that a second value of it can be chosen. Four queries at most for each, however many
    records.
    """
    found = [_facet(name, grouping, chosen) for name, grouping in groupings.items() if name not in but]
    return [*_times(chosen, by_month), *found]


def _times(chosen: Chosen, by_month: Mapping[str, int]) -> list[Facet]:
    """The facets of years and of months: the newest of them and the chosen ones."""
    years, months = chosen.chosen.get("year", {}), chosen.chosen.get("month", {})
    in_years: dict[str, int] = {}
    for month, count in by_month.items():
        if not months or month in months:
            in_years[month[:4]] = in_years.get(month[:4], 0) + count
    in_months = within_years(by_month, years)
    return [
        Facet(
            name,
            chosen.label_of(name),
            [
                Choice(text, text, counts.get(text, 0), text in selected, language(name))
                for text in sorted({*sorted(counts, reverse=True)[:SHOWN], *selected}, reverse=True)
            ],
        )
        for name, counts, selected in (("year", in_years, years), ("month", in_months, months))
    ]


def within_years(by_month: Mapping[str, int], years: Iterable[str]) -> dict[str, int]:
    """The months of these years, or all if there are none."""
    wanted = set(years)
    return {month: count for month, count in by_month.items() if not wanted or month[:4] in wanted}


@dataclasses.dataclass(frozen=True)
class Bar:
    """A month of a histogram; its address chooses it alone, or no longer if it was chosen."""

    name: str
    total: int
    chosen: bool
    address: Address


def bars(points: Iterable[tuple[str, int]], address: Address) -> list[Bar]:
    chosen = set(address.parameters.get("month", ()))
    return [
        Bar(name, total, name in chosen, address.having("month", *([] if name in chosen else [name])))
        for name, total in points
    ]


def _facet(name: str, grouping: Grouping, chosen: Chosen) -> Facet:
    selected = chosen.chosen.get(name, {})
    period = chosen.period_but(name)
    step, key = 1, grouping.key
    if not grouping.offered and not selected:
        return Facet(name, chosen.label_of(name), [])
    if period and grouping.ledger and grouping.offered:
        counts = grouping.ledger.counts(chosen.unit, period.months)
        key = grouping.ledger.key if period.months is None else grouping.ledger.path + grouping.ledger.key
    else:
        hits = chosen.hits(name)
        step, counts = hits.step, grouping.counts(hits.keys)
    if name == "exchange":
        counts = _by_exchange(counts)
    rows = list(counts[:SHOWN]) if grouping.offered else []
    if isinstance(counts, QuerySet) and (missing := set(selected) - {str(value) for value, _label, _n in rows}):
        rows += counts.filter(**{f"{key}__in": missing})
    choices = [
        Choice(str(value), called(name, label), n * step, str(value) in selected, language(name), step > 1)
        for value, label, n in rows
    ]
    counted = {choice.value for choice in choices}
    choices += [
        Choice(text, called(name, thing), 0, True, language(name))
        for text, thing in selected.items()
        if text not in counted
    ]
    return Facet(name, chosen.label_of(name), choices)


def _by_exchange(boards: Iterable[tuple[str, str, int]]) -> list[tuple[str, str, int]]:
    counts = {board: n for board, _label, n in boards}
    found = [
        (exchange.value, exchange.value, sum(counts.get(board, 0) for board in exchange.boards))
        for exchange in Exchange
    ]
    return sorted((row for row in found if row[2]), key=lambda row: -row[2])


def called(name: str, thing: Any) -> Any:
    """What readers call a value."""
    if name in CALLED:
        return CALLED[name](thing).label
    return getattr(thing, "short_name", None) or str(thing)


def language(name: str) -> str:
    """The language of a parameter's values; empty where it is the reader's own."""
    return "zh-Hans" if name in CHINESE else ""


def conditions(chosen: Chosen, address: Address) -> list[Condition]:
    """What narrows the list, in words, each with the address that takes it away."""
    return [
        Condition(
            chosen.label_of(name),
            [
                Chip(called(name, thing), address.but(name, text), language(name))
                for text, thing in _values(chosen.chosen[name])
            ],
        )
        for name in CHIPS
        if name in chosen.chosen and name not in address.fixed
    ]


def _values(value: Any) -> Iterable[tuple[str, Any]]:
    return value.items() if isinstance(value, dict) else [(str(value), value)]
