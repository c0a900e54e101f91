"""Published activity as numbers: records or questions in, series and rankings out. Knows no page and no pixel."""

from __future__ import annotations

import calendar
import dataclasses
import datetime
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, Protocol

from django.db.models import Count, Max, Min, QuerySet
from django.utils.translation import gettext_lazy as _

from .models import Company, Institution, Mention, Record, Topic, Visit
from .querysets import held_within

LONGEST = 60  # months that a series shows, the last of them
RANKED = 10  # names that a ranking shows


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
    """A company, institution or topic with its number of records, and the days of the first and the last."""

    key: Any  # as the address of its page has it
    name: str
    count: int
    first: datetime.date
    last: datetime.date


# Of each kind of contact, the fields that hold its key and its name.
CONTACTS: Mapping[str, tuple[Any, str, str]] = {
    "company": (Company, "code", "short_name"),
    "institution": (Institution, "pk", "name"),
    "topic": (Topic, "slug", "name"),
}


def contacts(entries: QuerySet, kind: str, most: int = RANKED) -> list[Contact]:
    """The companies, institutions or topics that most of the entries name, the commonest first. Two queries.

    Entries are published records, or the ledger's rows of records that name what is asked for: visits, mentions.
    """
    model, key, name = CONTACTS[kind]
    # By number: to group by the name as well takes three times as long.
    ranked = entries.order_by().values(kind).annotate(n=Count("*"), first=Min("held_from"), last=Max("held_from"))
    found = list(ranked.order_by("-n", "-last", kind).values_list(kind, "n", "first", "last")[:most])
    called = model.objects.in_bulk([pk for pk, *_figures in found])
    # One that was merged between the two queries is no more.
    there = ((called[pk], figures) for pk, *figures in found if pk in called)
    return [Contact(getattr(subject, key), getattr(subject, name), *figures) for subject, figures in there]


def contacts_of_all(kind: str, most: int = RANKED) -> list[Contact]:
    """What `contacts` gives of everything that is published, from what the ledger says of it. One query."""
    model, key, name = CONTACTS[kind]
    ranked = model.objects.public().order_by("-record_count", "-last_held", "pk")
    return [Contact(*row) for row in ranked.values_list(key, name, "record_count", "first_held", "last_held")[:most]]


def ticks() -> QuerySet:
    """Every box that is ticked on a published record."""
    return Record.activity_types.through.objects.filter(record__in=Record.objects.published())


def months_by_activity(ticked: Iterable[tuple[str, str, int]]) -> dict[str, list[Point]]:
    """By box of the form, its months; the commonest box first, boxes that nobody ticked left out.

    From triples of box, month and number, as `ticked_in_months` gives them, or the tallies.
    """
    found: dict[str, list[Point]] = {}
    for box, name, n in ticked:
        found.setdefault(box, []).append(Point(name, n))
    return dict(sorted(found.items(), key=lambda item: (-sum(point.total for point in item[1]), item[0])))


def ticked_in_months(ticks: QuerySet) -> list[tuple[str, str, int]]:
    """How often each box is ticked in each month: triples, the earliest month first."""
    # Day by day and added up here, as `months` does it.
    counted = ticks.order_by().values("activitytype_id", "record__held_from").annotate(n=Count("*"))
    found: dict[tuple[str, str], int] = {}
    for box, day, n in counted.values_list("activitytype_id", "record__held_from", "n"):
        month = day.isoformat()[:7]
        found[month, box] = found.get((month, box), 0) + n
    return [(box, month, found[month, box]) for month, box in sorted(found)]


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
    def days(self) -> tuple[datetime.date, datetime.date]:
        last_month = self.number * 3
        last_day = calendar.monthrange(self.year, last_month)[1]
        return datetime.date(self.year, last_month - 2, 1), datetime.date(self.year, last_month, last_day)


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


def moves(records: QuerySet, mentions: QuerySet, quarter: Quarter) -> list[Move]:
    """How far each topic rose from the quarter before, those that rose most first. Six queries at most.

    By share and not by number, since April has ten times the records of February.
    """
    totals: list[int] = []
    counts: list[dict[str, int]] = []
    names: dict[str, str] = {}
    for of in (quarter.before, quarter):
        # Before the first quarter of the year 1 there are no days.
        held = held_within("held_from", [of.days] if of.year >= datetime.MINYEAR else [])
        totals.append(records.filter(held).count())
        found = contacts(mentions.filter(held), "topic", most=10_000)
        counts.append({topic.key: topic.count for topic in found})
        names |= {topic.key: topic.name for topic in found}

    def share(place: int, key: str) -> float:
        return round(100 * counts[place].get(key, 0) / totals[place], 1) if totals[place] else 0.0

    moved = [
        Move(key, name, counts[0].get(key, 0), counts[1].get(key, 0), share(0, key), share(1, key))
        for key, name in names.items()
    ]
    return sorted(moved, key=lambda move: (-move.change, -move.count, move.key))


def days(records: QuerySet, year: int) -> dict[datetime.date, int]:
    """How many records began on each day of a year."""
    counted = records.filter(held_from__year=year).order_by().values("held_from").annotate(n=Count("pk"))
    return dict(counted.order_by("held_from").values_list("held_from", "n"))


class Chosen(Protocol):
    """What tables need to know of a filter: the records that fit, and which of some rows are of those."""

    @property
    def qs(self) -> QuerySet: ...

    def entries(self, rows: QuerySet) -> QuerySet: ...

    def first_and_last(self) -> tuple[datetime.date | None, datetime.date | None]: ...


@dataclasses.dataclass(frozen=True)
class Table:
    """Figures to take away: headings for people and how what fits gives the rows."""

    name: str
    headings: tuple[Any, ...]
    rows: Callable[[Chosen], Iterable[tuple[Any, ...]]]


LONGEST_RANKING = 1000  # rows that are taken away


def _activity_rows(chosen: Chosen) -> Iterable[tuple[Any, ...]]:
    found = months_by_activity(ticked_in_months(chosen.entries(ticks())))
    return sorted((point.name, box, point.total) for box, points in found.items() for point in points)


def _contact_rows(kind: str, rows: Callable[[], QuerySet]) -> Callable[[Chosen], Iterable[tuple[Any, ...]]]:
    return lambda chosen: (
        dataclasses.astuple(row) for row in contacts(chosen.entries(rows()), kind, most=LONGEST_RANKING)
    )


def _move_rows(chosen: Chosen) -> Iterable[tuple[Any, ...]]:
    _first, last = chosen.first_and_last()
    if not last:
        return
    quarter = Quarter.of(last)
    records, mentions = chosen.entries(Record.objects.published()), chosen.entries(Mention.objects.all())
    for move in moves(records, mentions, quarter):
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
            _contact_rows("company", Record.objects.published),
        ),
        Table(
            "institutions",
            (_("institution id"), _("institution"), *_SPAN),
            _contact_rows("institution", Visit.objects.all),
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
