"""Published activity as numbers: records or questions in, series and rankings out. Knows no page and no pixel."""

from __future__ import annotations

import abc
import collections
import contextlib
import dataclasses
import datetime
import heapq
import operator
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, Protocol, Self

from django.db.models import Count, Max, Min, QuerySet
from django.utils.translation import gettext_lazy as _

from .hits import Hits
from .models import Company, Institution, Topic

LONGEST = 60  # months that a series shows, the last of them
RANKED = 10  # names that a ranking shows
KEPT = 100_000  # rows that are kept for the days they name


class Point(NamedTuple):
    """A month, such as 2026-03, with how many records or questions fall into it."""

    name: str
    total: int


def months(rows: QuerySet, day: str = "held_from") -> list[Point]:
    """Every month in which something was held, the earliest first. `day` leads from a row to the day."""
    # Day by day, which an index can answer, and added up here.
    counted = rows.order_by().values(day).annotate(n=Count("*")).values_list(day, "n")
    return by_month(dict(counted))


def by_month(days_held: Mapping[datetime.date, int]) -> list[Point]:
    """The months of days with their numbers, the earliest first."""
    found: dict[str, int] = {}
    for day, n in sorted(days_held.items()):
        name = day.isoformat()[:7]
        found[name] = found.get(name, 0) + n
    return [Point(*pair) for pair in found.items()]


def series(points: Iterable[Point], longest: int = LONGEST) -> list[Point]:
    """The last months without a gap: those in which nothing was held come with 0."""
    counts = dict(points)
    if not counts:
        return []
    names = [max(counts)]
    while names[-1] > min(counts) and len(names) < longest:
        first = datetime.date.fromisoformat(f"{names[-1]}-01")
        names.append((first - datetime.timedelta(days=1)).isoformat()[:7])
    return [Point(name, counts.get(name, 0)) for name in reversed(names)]


@dataclasses.dataclass(frozen=True)
class Contact:
    """A company or institution with its number of records, and the days of the first and the last."""

    key: Any  # as the address of its page has it
    name: str
    count: int
    first: datetime.date
    last: datetime.date


# Of each kind of contact, the fields that hold its key and its name.
CONTACTS: Mapping[str, tuple[Any, str, str]] = {
    "company": (Company, "code", "short_name"),
    "institution": (Institution, "pk", "name"),
}


def _named(kind: str, figures: Collection[tuple[Any, ...]]) -> list[Contact]:
    """Contacts of ids, each with its number of records, the first day and the last. One query."""
    model, key, name = CONTACTS[kind]
    called = model.objects.in_bulk([pk for pk, *_rest in figures])
    # One that was merged since they were counted is no more.
    there = ((called[pk], figures) for pk, *figures in figures if pk in called)
    return [Contact(getattr(subject, key), getattr(subject, name), *figures) for subject, figures in there]


def companies(records: QuerySet, most: int = RANKED) -> list[Contact]:
    """The companies of most records, the commonest first, and of as many the last one first. Two queries."""
    # By number: to group by the name as well takes three times as long.
    ranked = records.order_by().values("company").annotate(n=Count("*"), first=Min("held_from"), last=Max("held_from"))
    figures: Any = ranked.order_by("-n", "-last", "company").values_list("company", "n", "first", "last")
    return _named("company", list(figures[:most]))


# The fields of summaries that charts are made of.
CHARTED = ("activities", "topics", "institutions")


class Total(abc.ABC):
    """What records come to, added up piece by piece."""

    @classmethod
    def of(cls, pieces: Generator[Hits], *given: Any) -> Self:
        total = cls(*given)
        with contextlib.closing(pieces):
            for hits in pieces:
                total.add(hits)
        return total

    @abc.abstractmethod
    def add(self, hits: Hits) -> None:
        """Take one more piece in."""


class Institutions(Total):
    """Institutions that came, each with the number of records and the days of the first and the last."""

    def __init__(self, but: int | None = None) -> None:
        self.but = but
        self.numbers: collections.Counter[str] = collections.Counter()
        self.rows: list[tuple[datetime.date, str | None]] = []
        self.first: dict[str, datetime.date] = {}  # of rows that were too many to be kept
        self.last: dict[str, datetime.date] = {}

    def add(self, hits: Hits) -> None:
        self.numbers.update(hits.numbers("institutions"))
        self.rows += zip(hits.days, hits.column("institutions"), strict=True)
        if len(self.rows) > KEPT:
            self._note(self.numbers)
            self.rows = []

    def ranked(self, most: int = RANKED) -> list[Contact]:
        """Those of most records, the commonest first, and of as many the last one first. One query."""
        numbers = self.numbers
        least = min(heapq.nlargest(most + 1, numbers.values()), default=0)
        candidates = {pk for pk, n in numbers.items() if n >= least} - {str(self.but)}
        self._note(candidates)
        order = sorted(candidates, key=lambda pk: (-numbers[pk], -self.last[pk].toordinal(), int(pk)))[:most]
        return _named("institution", [(int(pk), numbers[pk], self.first[pk], self.last[pk]) for pk in order])

    def _note(self, ids: Collection[str]) -> None:
        """The days of the first and the last of the rows that name these."""
        newest_first = sorted(self.rows, key=operator.itemgetter(0), reverse=True)
        for pk, day in _seen(newest_first, ids).items():
            self.last[pk] = max(day, self.last.get(pk, day))
        for pk, day in _seen(newest_first[::-1], ids).items():
            self.first[pk] = min(day, self.first.get(pk, day))


def _seen(rows: Iterable[tuple[datetime.date, str | None]], wanted: Collection[str]) -> dict[str, datetime.date]:
    """The day of the first of the rows that names each of some ids: no more rows are read than that takes."""
    seen: dict[str, datetime.date] = {}
    missing = set(wanted)
    for day, names in rows:
        if not missing:
            break
        found = missing.intersection((names or "").split())
        seen.update(dict.fromkeys(found, day))
        missing -= found
    return seen


def contacts_of_all(kind: str, most: int = RANKED) -> list[Contact]:
    """What `companies` and `Institutions` give of everything that is published, as the ledger has it. One query."""
    model, key, name = CONTACTS[kind]
    ranked = model.objects.public().order_by("-record_count", "-last_held", "pk")
    return [Contact(*row) for row in ranked.values_list(key, name, "record_count", "first_held", "last_held")[:most]]


def months_by_activity(ticked: Iterable[tuple[str, str, int]]) -> dict[str, list[Point]]:
    """By box of the form, its months; the commonest box first, boxes that nobody ticked left out.

    From triples of box, month and number, as `Ticks` give them, or the tallies.
    """
    found: dict[str, list[Point]] = {}
    for box, name, n in ticked:
        found.setdefault(box, []).append(Point(name, n))
    return dict(sorted(found.items(), key=lambda item: (-sum(point.total for point in item[1]), item[0])))


class Ticks(Total):
    """How often each box is ticked in each month."""

    def __init__(self) -> None:
        self.numbers: collections.Counter[tuple[str, str]] = collections.Counter()

    def add(self, hits: Hits) -> None:
        # As it stands in the summary first: there are few different days and combinations of boxes.
        for (day, boxes), n in collections.Counter(zip(hits.days, hits.column("activities"), strict=True)).items():
            for box in (boxes or "").split():
                self.numbers[day.isoformat()[:7], box] += n

    def __iter__(self) -> Iterator[tuple[str, str, int]]:
        """Triples, the earliest month first."""
        return ((box, month, self.numbers[month, box]) for month, box in sorted(self.numbers))


@dataclasses.dataclass(frozen=True)
class Quarter:
    """Three months of a year."""

    year: int
    number: int

    @classmethod
    def of(cls, day: datetime.date) -> Quarter:
        return cls(day.year, (day.month + 2) // 3)

    def __str__(self) -> str:
        return f"{self.year}Q{self.number}"

    @property
    def before(self) -> Quarter:
        return Quarter(self.year, self.number - 1) if self.number > 1 else Quarter(self.year - 1, 4)

    @property
    def needed_since(self) -> datetime.date:
        """The first day that it takes to tell of its year and of the quarter before."""
        is_first = self.number == 1 and self.year > datetime.MINYEAR
        return datetime.date(self.year - 1, 10, 1) if is_first else datetime.date(self.year, 1, 1)


@dataclasses.dataclass(frozen=True)
class Move:
    """A topic with its share of the records of two quarters, in per cent."""

    key: str
    name: str
    count_before: int
    count: int
    before: float
    now: float

    @property
    def change(self) -> float:
        """In percentage points."""
        return round(self.now - self.before, 1)

    @property
    def signed(self) -> str:
        return f"{self.change:+.1f}".replace("-", "−")


class Topics(Total):
    """Topics of the records of a quarter, and of the one before."""

    def __init__(self, quarter: Quarter) -> None:
        self.quarters = (quarter.before, quarter)
        self.records = [0, 0]
        self.numbers: list[collections.Counter[str]] = [collections.Counter(), collections.Counter()]

    def add(self, hits: Hits) -> None:
        quarters = {day: Quarter.of(day) for day in set(hits.days)}
        for place, quarter in enumerate(self.quarters):
            held = hits.of_days({day for day, its_own in quarters.items() if its_own == quarter}, "topics")
            self.records[place] += len(held)
            self.numbers[place].update(held.numbers("topics"))

    def moves(self) -> list[Move]:
        """How far each topic rose from the quarter before, those that rose most first. One query.

        By share and not by number, since April has ten times the records of February.
        """
        before, now = self.numbers

        def share(place: int, pk: str) -> float:
            return round(100 * self.numbers[place][pk] / self.records[place], 1) if self.records[place] else 0.0

        topics = Topic.objects.filter(pk__in=before.keys() | now.keys()).values_list("pk", "slug", "name")
        moved = [
            Move(slug, name, before[pk], now[pk], share(0, pk), share(1, pk))
            for pk, slug, name in ((str(pk), slug, name) for pk, slug, name in topics)
        ]
        return sorted(moved, key=lambda move: (-move.change, -move.count, move.key))


class Chosen(Protocol):
    """What tables need to know of a filter: the records that fit."""

    @property
    def qs(self) -> QuerySet: ...

    def records(self) -> QuerySet: ...

    def pieces(self, *fields: str, since: datetime.date | None = None) -> Generator[Hits]: ...

    @property
    def is_everything(self) -> bool: ...

    def first_and_last(self) -> tuple[datetime.date | None, datetime.date | None]: ...


@dataclasses.dataclass(frozen=True)
class Table:
    """Figures to take away: headings for people and how what fits gives the rows."""

    name: str
    headings: tuple[Any, ...]
    rows: Callable[[Chosen], Iterable[tuple[Any, ...]]]


LONGEST_RANKING = 1000  # rows that are taken away


def _activity_rows(chosen: Chosen) -> Iterable[tuple[Any, ...]]:
    found = months_by_activity(Ticks.of(chosen.pieces("activities")))
    return sorted((point.name, box, point.total) for box, points in found.items() for point in points)


def _company_rows(chosen: Chosen) -> Iterable[tuple[Any, ...]]:
    return map(dataclasses.astuple, companies(chosen.records(), LONGEST_RANKING))


def _institution_rows(chosen: Chosen) -> Iterable[tuple[Any, ...]]:
    if chosen.is_everything:
        return map(dataclasses.astuple, contacts_of_all("institution", LONGEST_RANKING))
    return map(dataclasses.astuple, Institutions.of(chosen.pieces("institutions")).ranked(LONGEST_RANKING))


def _move_rows(chosen: Chosen) -> Iterable[tuple[Any, ...]]:
    _first, last = chosen.first_and_last()
    if not last:
        return
    quarter = Quarter.of(last)
    for move in Topics.of(chosen.pieces("topics", since=quarter.needed_since), quarter).moves():
        yield (move.key, move.name, str(quarter), move.count_before, move.count, move.before, move.now, move.change)


def _day_rows(chosen: Chosen) -> Iterable[tuple[Any, ...]]:
    counted = chosen.qs.order_by().values("held_from").annotate(n=Count("pk")).order_by("held_from")
    return counted.values_list("held_from", "n").iterator()


_SPAN = (_("records"), _("first"), _("last"))
TABLES = {
    table.name: table
    for table in (
        Table("months", (_("month"), _("records")), lambda chosen: months(chosen.qs)),
        Table("activities", (_("month"), _("activity"), _("records")), _activity_rows),
        Table(
            "companies",
            (_("securities code"), _("company"), *_SPAN),
            _company_rows,
        ),
        Table(
            "institutions",
            (_("institution id"), _("institution"), *_SPAN),
            _institution_rows,
        ),
        Table(
            "topics",
            (
                *(_("address"), _("topic"), _("quarter"), _("records the quarter before"), _("records")),
                *(_("share the quarter before, %"), _("share, %"), _("change in percentage points")),
            ),
            _move_rows,
        ),
        Table("days", (_("day"), _("records")), _day_rows),
    )
}
