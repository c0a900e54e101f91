"""The orders of lists, and where a row stands in one."""

from __future__ import annotations

import datetime
from typing import NamedTuple

from django.db.models import F, Q

NEWEST_FIRST = (F("held_from").desc(nulls_last=True), "-pk")
# The orders of the public lists, and the day of a record that each goes by, newest first.
DAY_OF_ORDER = {"visit": "held_from", "disclosure": "disclosed_on", "relevance": "held_from"}


class Place(NamedTuple):
    """Where a row stands in a list; `relevance` counts in the order of that name alone."""

    order: str
    day: datetime.date
    record_id: int
    position: int = 0
    relevance: int = 0


def after(place: Place, older: Q) -> Q:
    """That a row follows a place, where `older` says so of its day."""
    if place.order != "relevance":
        return older
    return Q(relevance__lt=place.relevance) | Q(relevance=place.relevance) & older
