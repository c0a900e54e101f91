"""Days, and months as the ledger writes them."""

from __future__ import annotations

import calendar
import datetime
from collections.abc import Iterable
from typing import NamedTuple

from django.db.models import Q


def days_of_month(month: str) -> tuple[datetime.date, datetime.date]:
    """The first and the last day of a month, written 2026-03."""
    first = datetime.date.fromisoformat(f"{month}-01")
    return first, first.replace(day=calendar.monthrange(first.year, first.month)[1])


def held_within(day: str, spans: Iterable[tuple[datetime.date, datetime.date]]) -> Q:
    """That a day lies within one of these spans, both ends included."""
    found = Q(pk__in=[])
    for span in merged(spans):
        found |= Q(**{f"{day}__range": span})
    return found


def merged(spans: Iterable[tuple[datetime.date, datetime.date]]) -> list[tuple[datetime.date, datetime.date]]:
    """The same days in as few spans as can be: SQLite allows a condition no thousand alternatives."""
    joined: list[tuple[datetime.date, datetime.date]] = []
    for first, last in sorted(spans):
        if joined and first.toordinal() <= joined[-1][1].toordinal() + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return joined


class Period(NamedTuple):
    """Some months, written 2026-03; all there are where it has none."""

    months: tuple[str, ...] | None
