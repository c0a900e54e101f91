"""What one may choose next: values with their counts, what is chosen already, and the addresses of both."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import urlencode

from django.db.models import Case, Count, QuerySet, TextChoices, Value, When

from .models import Exchange, InstitutionType, Participant, Question, Record

SHOWN = 12  # values of a facet, besides those that are chosen


class Chosen(Protocol):
    """What facets need to know of a filter."""

    chosen: dict[str, Any]
    parameters: dict[str, list[str]]

    def without(self, name: str) -> QuerySet: ...

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


@dataclasses.dataclass(frozen=True)
class Facet:
    name: str
    label: str
    choices: list[Choice]

    @property
    def any_chosen(self) -> bool:
        return any(choice.chosen for choice in self.choices)


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
    """How a facet is counted: rows that lead to what is listed, grouped by `key` and called by `label`.

    `listed` is the id of what is listed. Where values are not `offered`, only those that are chosen are shown.
    """

    key: str
    label: str
    rows: Callable[[QuerySet], QuerySet] = lambda listed: listed
    listed: str = "pk"
    order: tuple[str, ...] = ("-n",)
    offered: bool = True

    def counts(self, listed: QuerySet) -> QuerySet:
        """Triples of value, label and number of what is listed, the commonest first."""
        rows = self.rows(listed).order_by().values(self.key)
        counted = rows.annotate(n=Count(self.listed, distinct=True)).order_by(*self.order, self.key)
        return counted.values_list(self.key, self.label, "n")


def _participants(records: QuerySet) -> QuerySet:
    return Participant.objects.filter(record__in=records.order_by().values("pk"), institution__isnull=False)


def _questions(records: QuerySet) -> QuerySet:
    return Question.objects.filter(record__in=records.order_by().values("pk"), topics__isnull=False)


def _ticks(records: QuerySet) -> QuerySet:
    return Record.activity_types.through.objects.filter(record__in=records.order_by().values("pk"))


def _with_topics(questions: QuerySet) -> QuerySet:
    return questions.filter(topics__isnull=False)


def _ticked(questions: QuerySet) -> QuerySet:
    return questions.filter(record__activity_types__isnull=False)


def _with_exchange(path: str = "") -> Callable[[QuerySet], QuerySet]:
    """Rows with the stock exchange of their company, those without one left out; `path` leads to a record."""
    boards = f"{path}company__board"
    case = Case(*(When(**{f"{boards}__in": exchange.boards}, then=Value(exchange.value)) for exchange in Exchange))
    return lambda listed: listed.annotate(exchange=case).filter(exchange__isnull=False)


GROUPINGS = {
    "year": Grouping("held_from__year", "held_from__year", order=("-held_from__year",)),
    "activity": Grouping("activitytype_id", "activitytype__name", _ticks, "record_id"),
    "topic": Grouping("topics__slug", "topics__name", _questions, "record_id"),
    "company": Grouping("company__code", "company__short_name"),
    "institution": Grouping("institution_id", "institution__name", _participants, "record_id"),
    "institution_type": Grouping("institution__type", "institution__type", _participants, "record_id"),
    "exchange": Grouping("exchange", "exchange", _with_exchange()),
}
# Of questions. To count them by every institution that was present would set each beside all visitors of its record.
QUESTION_GROUPINGS = {
    "year": Grouping("record__held_from__year", "record__held_from__year", order=("-record__held_from__year",)),
    "activity": Grouping("record__activity_types", "record__activity_types", _ticked),
    "topic": Grouping("topics__slug", "topics__name", _with_topics),
    "company": Grouping("record__company__code", "record__company__short_name"),
    "institution": Grouping(
        "record__participants__institution_id", "record__participants__institution__name", offered=False
    ),
    "institution_type": Grouping(
        "record__participants__institution__type", "record__participants__institution__type", offered=False
    ),
    "exchange": Grouping("exchange", "exchange", _with_exchange("record__")),
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
    """Every facet with its commonest values and the chosen ones; `by_month` are the counts of months.

    Each is counted without its own selection, so that a second value of it can be chosen. Two queries at most
    for each, however many records.
    """
    found = [_facet(name, grouping, chosen) for name, grouping in groupings.items() if name not in but]
    return [found[0], _months(chosen, by_month), *found[1:]]


def _months(chosen: Chosen, counts: Mapping[str, int]) -> Facet:
    """The facet of months: the newest of them and the chosen ones."""
    selected = chosen.chosen.get("month", {})
    shown = sorted({*sorted(counts, reverse=True)[:SHOWN], *selected}, reverse=True)
    choices = [_choice("month", month, month, counts.get(month, 0), month in selected) for month in shown]
    return Facet("month", chosen.label_of("month"), choices)


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
    counts = grouping.counts(chosen.without(name))
    rows = list(counts[:SHOWN]) if grouping.offered else []
    if missing := set(selected) - {str(value) for value, _label, _n in rows}:
        rows += counts.filter(**{f"{grouping.key}__in": missing})
    choices = [_choice(name, str(value), label, n, str(value) in selected) for value, label, n in rows]
    counted = {choice.value for choice in choices}
    choices += [_choice(name, text, thing, 0, True) for text, thing in selected.items() if text not in counted]
    return Facet(name, chosen.label_of(name), choices)


def _choice(name: str, value: str, thing: Any, count: int, chosen: bool) -> Choice:
    return Choice(value, called(name, thing), count, chosen, language(name))


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
