"""Sets of what the ledger holds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from django.db import models
from django.db.models import Sum

from .records import CountedQuerySet


class SummaryQuerySet(CountedQuerySet):
    board = "board"

    def newest_first(self) -> Self:
        """Each has a day; said of nulls, PostgreSQL would not use the index."""
        return self.order_by("-held_from", "-pk")


class TallyQuerySet(models.QuerySet):
    def counts(self, facet: str, unit: str = "records", months: Iterable[str] | None = None) -> dict[str, int]:
        """By value of a facet, the number of published records or questions: of some months, or of all."""
        rows = self.filter(facet=facet) if months is None else self.filter(facet=facet, month__in=list(months))
        return dict(rows.values("value").annotate(n=Sum(unit)).values_list("value", "n"))

    def by_value(self, facet: str) -> models.QuerySet:
        """Triples of value, month and number of published records, the earliest month first."""
        return self.filter(facet=facet).order_by("month", "value").values_list("value", "month", "records")

    def by_month(self, unit: str = "records") -> dict[str, int]:
        """All published records or questions by month, the earliest first."""
        return dict(self.filter(facet="").order_by("month").values_list("month", unit))
