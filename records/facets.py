"""What one may choose next: values with their counts, what is chosen already, and the addresses of both."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import urlencode

from django.db.models import Count, QuerySet, Sum, TextChoices

from .hits import FIELDS, Hits
from .models import (
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

    def hits(self, *without: str) -> Hits: ...

    def at_hand(self, *without: str) -> bool: ...

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


Ranking = list[tuple[Any, Any, int]]  # value, label and number, the commonest first


@dataclasses.dataclass(frozen=True)
class Subject:
    """Companies, institutions or topics, as a facet offers them.

    `value` and `label` are the fields by which an address and a reader call them. `entries` are the rows of the ledger
    that name them by `field`; `questions` tells of such a row for how many questions it stands.
    """

    directory: Callable[[], QuerySet]
    value: str
    label: str
    entries: Callable[[], QuerySet]
    field: str
    questions: str = ""

    def called(self, numbers: Mapping[int, int]) -> Ranking:
        """Ids with their numbers as a ranking."""
        named = self.directory().filter(pk__in=numbers).order_by().values_list("pk", self.value, self.label)
        return sorted(((value, label, numbers[pk]) for pk, value, label in named), key=lambda row: (-row[2], row[0]))

    def of_all(self, unit: str, besides: Collection[int]) -> Ranking:
        """The commonest of all there are, and some others."""
        number = "question_count" if unit == "questions" else "record_count"
        rows = self.directory().filter(**{f"{number}__gt": 0}).order_by(f"-{number}", self.value)
        triples = rows.values_list(self.value, self.label, number)
        found = list(triples[:SHOWN])
        return [*found, *(row for row in triples.filter(pk__in=besides) if row not in found)] if besides else found

    def of_months(self, unit: str, months: Iterable[str], besides: Collection[int]) -> Ranking:
        """The same of some months."""
        counted = Sum(self.questions) if unit == "questions" else Count("*")
        rows = self.entries().filter(held_within("held_from", map(days_of_month, months)))
        return self.called(_commonest(rows, self.field, counted, besides))


def _commonest(rows: QuerySet, field: str, number: Any, besides: Collection[Any], most: int = SHOWN) -> dict[Any, int]:
    """What most of the rows hold in a field, and some others that are asked for, with their numbers."""
    counted = rows.order_by().values(field).annotate(n=number).order_by("-n", field).values_list(field, "n")
    counted = counted.filter(n__gt=0)  # records without questions have none to choose
    found = dict(counted[:most]) if most else {}
    missing = set(besides) - found.keys()
    return found | dict(counted.filter(**{f"{field}__in": missing})) if missing else found


@dataclasses.dataclass(frozen=True)
class Grouping:
    """How a facet is counted.

    By a `field` of the summaries, which holds ids of a `subject` or else what the tallies know under a name. Where
    `rows` are given, they lead from the keys of what is listed to other rows with such a field, one for each value.
    Where values are not `offered`, only the chosen are shown.
    """

    field: str
    subject: Subject | None = None
    tallied: str = ""
    rows: Callable[[str], QuerySet] | None = None
    offered: bool = True

    @property
    def value(self) -> str:
        """The field by which an address calls what is chosen, where it is of a subject."""
        return self.subject.value if self.subject else ""

    def ahead(self, unit: str, months: Sequence[str] | None, besides: Collection[Any]) -> Ranking:
        """Of all that is published, or of some months, as the ledger has counted it."""
        if not self.subject:
            return _as_ranking(Tally.objects.counts(self.tallied, unit, months))
        if months is None:
            return self.subject.of_all(unit, besides)
        return self.subject.of_months(unit, months, besides)

    def counted(self, hits: Hits, besides: Collection[Any]) -> Ranking:
        """Of what is listed."""
        most = SHOWN if self.offered else 0
        if self.rows:
            found = _commonest(self.rows(hits.joined_keys), self.field, Count("*"), besides, most)
        else:
            found = hits.commonest(self.field, most, besides)
        return self.subject.called(found) if self.subject else _as_ranking(found)


def _as_ranking(numbers: Mapping[Any, int]) -> Ranking:
    """Values that are called as they are."""
    return sorted(((value, value, n) for value, n in numbers.items() if n), key=lambda row: (-row[2], row[0]))


def _topics_of_questions(keys: str) -> QuerySet:
    return Question.topics.through.objects.filter(Among("question", keys))


COMPANIES = Subject(
    Company.objects.public, "code", "short_name", Record.objects.published, "company", "question_count"
)
INSTITUTIONS = Subject(Institution.objects.public, "pk", "name", Visit.objects.all, "institution")
TOPICS = Subject(Topic.objects.public, "slug", "name", Mention.objects.all, "topic", "questions")

GROUPINGS = {
    "activity": Grouping(FIELDS["activity"], tallied="activity"),
    "topic": Grouping(FIELDS["topic"], TOPICS),
    "company": Grouping(FIELDS["company"], COMPANIES),
    "institution": Grouping(FIELDS["institution"], INSTITUTIONS),
    "institution_type": Grouping(FIELDS["institution_type"], tallied="institution_type"),
    "exchange": Grouping(FIELDS["exchange"], tallied="board"),
}
# Of questions. To count them by every institution that was present would set each beside all visitors of its record.
QUESTION_GROUPINGS = {
    **GROUPINGS,
    "topic": Grouping("topic", TOPICS, rows=_topics_of_questions),
    "institution": dataclasses.replace(GROUPINGS["institution"], offered=False),
    "institution_type": dataclasses.replace(GROUPINGS["institution_type"], offered=False),
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
    about: bool = False,
    but: Iterable[str] = (),
    groupings: Mapping[str, Grouping] = GROUPINGS,
) -> list[Facet]:
    """Every facet with its commonest values and the chosen ones.

    `by_month` is how many there are of each month if no year and month were chosen, or `about` how many. Each facet is
    counted without its own selection, so that a second value of it can be chosen. Four queries at most for each,
    however many records.
    """
    found = [_facet(name, grouping, chosen) for name, grouping in groupings.items() if name not in but]
    return [*_times(chosen, by_month, about), *found]


def _times(chosen: Chosen, by_month: Mapping[str, int], about: bool) -> list[Facet]:
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
                Choice(text, text, counts.get(text, 0), text in selected, language(name), about)
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
    about: bool = False  # whether the total is an estimate


def bars(points: Iterable[tuple[str, int]], address: Address, about: bool) -> list[Bar]:
    chosen = set(address.parameters.get("month", ()))
    return [
        Bar(name, total, name in chosen, address.having("month", *([] if name in chosen else [name])), about)
        for name, total in points
    ]


def _facet(name: str, grouping: Grouping, chosen: Chosen) -> Facet:
    selected = chosen.chosen.get(name, {})
    if not grouping.offered and not selected:
        return Facet(name, chosen.label_of(name), [])
    # An exchange is chosen as such and counted by its boards, of which none is left out.
    besides = [] if name == "exchange" else [getattr(thing, "pk", thing) for thing in selected.values()]
    period = chosen.period_but(name)
    if period and grouping.offered and not chosen.at_hand(name):
        step, found = 1, grouping.ahead(chosen.unit, period.months, besides)
    else:
        hits = chosen.hits(name)
        step, found = hits.step, grouping.counted(hits, besides)
    if name == "exchange":
        found = _by_exchange(found)
    # What was merged is chosen by its former address, and counted as what it is part of now.
    by_value = {str(getattr(thing, grouping.value, text)): text for text, thing in selected.items()}
    choices = [
        Choice(by_value.get(value, value), called(name, label), n * step, value in by_value, language(name), step > 1)
        for place, (value, label, n) in enumerate((str(value), label, n) for value, label, n in found)
        if place < SHOWN or value in by_value
    ]
    counted = {choice.value for choice in choices}
    choices += [
        Choice(text, called(name, thing), 0, True, language(name), step > 1)
        for text, thing in selected.items()
        if text not in counted
    ]
    return Facet(name, chosen.label_of(name), choices)


def _by_exchange(boards: Ranking) -> Ranking:
    numbers: dict[str, int] = {}
    for board, _label, n in boards:
        if exchange := Exchange.of(board):
            numbers[exchange.value] = numbers.get(exchange.value, 0) + n
    return _as_ranking(numbers)


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
