"""What fits a filter: rows with their day, and what their records are counted under."""

from __future__ import annotations

import collections
import datetime
import functools
import heapq
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from .querysets import joined

# What a record is counted under: the fields of its summary, by the parameter that asks for each.
FIELDS = {
    "company": "company",
    "exchange": "board",
    "activity": "activities",
    "institution_type": "institution_types",
    "topic": "topics",
    "institution": "institutions",
}
SINGLE = {"company", "board"}  # of which a record has one; of the others a text holds them all
IDS = {"company", "topics", "institutions"}  # which are numbers; the others are words
AT_ONCE = 1_000  # texts that are split as one


class Hits:
    """The rows that fit: all of them in their order, or a sample, of which each stands for `step`.

    `rows` have a key, a day, and what the summary of the record holds in the `fields`.
    """

    def __init__(self, rows: Iterable[tuple[Any, ...]], fields: tuple[str, ...], step: int = 1) -> None:
        names = ("key", "day", *fields)
        columns = list(zip(*rows, strict=True)) or [()] * len(names)
        self.step = step
        self._columns: dict[str, Sequence[Any]] = dict(zip(names, columns, strict=True))
        self._numbers: dict[str, Mapping[Any, int]] = {}

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def keys(self) -> Sequence[int]:
        return self._columns["key"]

    @property
    def days(self) -> Sequence[datetime.date]:
        return self._columns["day"]

    @functools.cached_property
    def joined_keys(self) -> str:
        """For `Among`."""
        return joined(self.keys)

    @property
    def is_sample(self) -> bool:
        return self.step > 1

    @property
    def count(self) -> int:
        """How many fit; by a sample to two figures, since it is no better known."""
        number = len(self) * self.step
        return round(number, 2 - len(str(number))) if self.is_sample else number

    def column(self, field: str) -> Sequence[Any]:
        """What stands in a field, row by row; None where a record has no summary."""
        return self._columns[field]

    def of_days(self, days: Collection[datetime.date], field: str) -> Hits:
        """Those of some days, with one field."""
        rows = zip(self.keys, self.days, self.column(field), strict=True)
        return Hits([row for row in rows if row[1] in days], (field,), self.step)

    def numbers(self, field: str) -> Mapping[str, int]:
        """How many of the rows have each value of a field, which is text here, an id too."""
        if field not in self._numbers:
            there = (value for value in self.column(field) if value is not None)  # what has no summary has None
            self._numbers[field] = (
                collections.Counter(map(str, there)) if field in SINGLE else _numbers_in(collections.Counter(there))
            )
        return self._numbers[field]

    def commonest(self, field: str, most: int, besides: Iterable[Any] = ()) -> dict[Any, int]:
        """The values that most of the rows have, and some others that are asked for; ids are numbers."""
        numbers, kind = self.numbers(field), int if field in IDS else str
        first = heapq.nsmallest(most, numbers, key=lambda value: (-numbers[value], kind(value)))
        return {kind(value): numbers[value] for value in (*first, *(numbers.keys() & set(map(str, besides))))}


def _numbers_in(texts: Mapping[str, int]) -> Mapping[str, int]:
    """How often each value comes, by texts of several values and how often those come."""
    numbers: collections.Counter[str] = collections.Counter()
    # Many as one text: to split and count each by itself takes three times as long, and all at once much memory.
    once = [text for text, n in texts.items() if n == 1]
    for at in range(0, len(once), AT_ONCE):
        numbers.update(" ".join(once[at : at + AT_ONCE]).split())
    for text, n in texts.items():
        if n > 1:
            for value in text.split():
                numbers[value] += n
    return numbers
