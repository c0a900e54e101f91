"""What fits the parameters: in which order, how much, and what of it is looked at."""

from __future__ import annotations

import datetime
import functools
import itertools
import math
import time
from collections.abc import Collection, Generator, Iterable, Mapping
from typing import Any

from django.conf import settings
from django.db import connections
from django.db.models import Max, Min, QuerySet
from django.utils.translation import gettext

from records import search
from records.hits import FIELDS, Hits
from records.models import Summary, Tally
from records.querysets import Among, Named, Period
from records.snapshots import TooLongError, snapshot

from .base import BaseFilter

FEW = 20_000  # rows of a list up to which all of them are counted one by one
PIECE = 5_000  # rows that are added up at once, where all of very many are
SAMPLE = 4_000  # rows of which those that fit are looked at, where more fit
DOUBT = 1.3  # an estimate up to so many times `FEW` is put to the test
# Parameters of which the summaries know which published records fit.
IN_SUMMARIES = {*FIELDS, "year", "month"}


class FittingFilter(BaseFilter):
    """Published records that fit, or rows of such.

    `unit` is what the ledger calls the rows; `counted` are the parameters whose values know how many they have.
    `record` leads from a row to its record. `summarized` is what facets ask of the summaries.
    """

    unit = "records"
    record = ""
    counted: frozenset[str] = frozenset({"company", "institution", "topic"})
    summarized: tuple[str, ...] = tuple(FIELDS.values())

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self._known: dict[frozenset[str], int | None] = {}
        self._hits: dict[frozenset[str], Hits] = {}
        self._samples: dict[frozenset[str], Hits] = {}
        self._vast: dict[frozenset[str], bool] = {}

    @property
    def qs(self) -> QuerySet:
        return self.in_order(self._narrowed(self.queryset.all(), self.chosen.keys()), "sort", self.order)

    @property
    def order(self) -> str:
        """“visit”, “disclosure” or “relevance”; where nothing is looked for, all is equally relevant."""
        order = self.chosen.get("sort", "visit")
        return order if order != "relevance" or (self.words and not self._is_too_much_to_weigh) else "visit"

    @property
    def sentences(self) -> list[tuple[str, str]]:
        if not self._is_too_much_to_weigh:
            return super().sentences
        message = gettext("So many hold these words that the newest stand first: add a word, or choose a filter.")
        return [*super().sentences, (self.label_of("sort"), message)]

    @functools.cached_property
    def _is_too_much_to_weigh(self) -> bool:
        if self.chosen.get("sort") != "relevance" or not self.words:
            return False
        return self._is_vast(frozenset()) or self.hits("sort").is_sample

    @property
    def words(self) -> tuple[str, ...]:
        """What is looked for, folded."""
        return search.parse(self.chosen.get("q", "")).wanted

    def period_but(self, *names: str) -> Period | None:
        """The months that are asked for, if beside these parameters nothing else is asked for; else nothing."""
        others = self.chosen.keys() - {*names, "sort"}
        if others - {"year", "month"}:
            return None
        years = [f"{year}-{month:02}" for year in self.chosen.get("year", ()) for month in range(1, 13)]
        months = list(self.chosen.get("month", ()))
        if "year" in others and "month" in others:
            return Period(tuple(month for month in months if month in years))
        return Period(tuple(years if "year" in others else months) if others else None)

    def known_count(self, *without: str) -> int | None:
        """How many rows fit, as if some parameters had not been given, where the ledger knows it without counting."""
        names = frozenset(without)
        if names not in self._known:
            self._known[names] = self._in_ledger(names)
        return self._known[names]

    def _in_ledger(self, without: Collection[str]) -> int | None:
        period = self.period_but(*without)
        if period:
            counts = Tally.objects.counts("", self.unit, period.months)
            return sum(counts.values())
        asked = self.chosen.keys() - {"sort", *without}
        if len(asked) == 1 and (name := next(iter(asked))) in self.counted and len(self.chosen[name]) == 1:
            (subject,) = self.chosen[name].values()
            return getattr(subject, f"{self.unit.removesuffix('s')}_count")
        return None

    def hits(self, *without: str) -> Hits:
        """What fits as if some parameters had not been given: all of it if it is few, else a sample."""
        names = frozenset(name for name in without if name in self.chosen)
        if names not in self._hits:
            self._hits[names] = self._found(names)
        return self._hits[names]

    @property
    def is_everything(self) -> bool:
        """Whether nothing is asked for but an order."""
        return self.chosen.keys() <= {"sort"}

    def at_hand(self, *without: str) -> bool:
        """Whether that was looked for already."""
        return frozenset(name for name in without if name in self.chosen) in self._hits

    def records(self) -> QuerySet:
        """Those that fit, in no order."""
        few = self._few()
        return self.without().order_by() if few is None else self.queryset.filter(Among("pk", few.joined_keys))

    def pieces(self, *fields: str, since: datetime.date | None = None) -> Generator[Hits]:
        """All that fits, whatever its number, piece by piece; with `since`, what was held earlier may be missing.

        To be closed. Raises TooLongError where it takes longer than a statement may.
        """
        few = self._few() if since is None or self.at_hand() else None
        if few is not None:
            yield few
            return
        rows = self._told((), fields)
        if since is not None:
            rows = rows.filter(held_from__gte=since)
        began, most = time.monotonic(), settings.STATEMENT_TIMEOUT
        with snapshot(rows.db):
            loaded = rows.iterator(chunk_size=PIECE)
            while piece := list(itertools.islice(loaded, PIECE)):
                if most and time.monotonic() - began > most:  # each piece is a statement of its own
                    raise TooLongError
                yield Hits(piece, fields)

    def first_and_last(self) -> tuple[datetime.date | None, datetime.date | None]:
        """The days of the first and the last that fits."""
        few = None if self.period_but() else self._few()  # of a period, an index tells
        if few is not None:
            return min(few.days, default=None), max(few.days, default=None)
        found = self._told((), ()).aggregate(first=Min("held_from"), last=Max("held_from"))
        return found["first"], found["last"]

    def _few(self) -> Hits | None:
        """All that fits, if it is few."""
        if self._is_vast(frozenset()) or (hits := self.hits()).is_sample:
            return None
        return hits

    def _found(self, names: frozenset[str]) -> Hits:
        fields = self._asked_of(names)
        is_page = not names and self.known_count() is None  # which is cut out of them
        rows = self._told(names, fields, self.order if is_page else "")
        if not self._is_vast(names):
            found = list(rows[: FEW + 1])
            if len(found) <= FEW:
                return Hits(found, fields)
        sample = self._sample(names)
        return sample if sample.is_sample else Hits(rows, fields)

    def _asked_of(self, names: Collection[str]) -> tuple[str, ...]:
        """What is asked of the summaries of what fits without these parameters: by their own facets alone."""
        return tuple(field for name, field in FIELDS.items() if name in names) if names else self.summarized

    def _told(self, without: Iterable[str], fields: Iterable[str], order: str = "") -> QuerySet:
        """What `Hits` are made of; where summaries alone can tell what fits, no record is looked at."""
        rows: Any
        asked, summary = self.chosen.keys() - {"sort", *without}, f"{self.record}summary__"
        if not self.record and asked <= IN_SUMMARIES and order in {"", "visit"}:
            rows, summary = self._narrowed(Summary.objects.all(), asked), ""
        else:
            rows = self.without(*without)
        rows = self.in_order(rows, "sort", order) if order else rows.order_by()
        return rows.values_list("pk", f"{self.record}held_from", *(f"{summary}{field}" for field in fields))

    def _is_vast(self, names: frozenset[str]) -> bool:
        """Whether more fits than is counted one by one; a guess, so as not to look for all of it in vain."""
        if names not in self._vast:
            self._vast[names] = self._looks_vast(names)
        return self._vast[names]

    def _looks_vast(self, names: frozenset[str]) -> bool:
        if (known := self.known_count(*names)) is not None:
            return known > FEW
        first, last = self._keys
        if last - first < FEW or self._at_most(names) <= FEW:
            return False
        if "q" not in names and not self.common.issuperset(self.words):
            return False  # what the index finds is found as a whole, whatever is asked of it
        if self._asks_for_common_words(names) and self.without("q", *names).order_by()[: FEW + 1].count() <= FEW:
            return False  # to look for such words in few rows is no work
        return self._sample(names).count > DOUBT * FEW

    def _at_most(self, without: frozenset[str]) -> int | float:
        """About how many could fit, by what the ledger says of each subject and month that is asked for."""
        asked = self.chosen.keys() - without
        number = f"{self.unit.removesuffix('s')}_count"
        counts = [sum(getattr(one, number) for one in self.chosen[name].values()) for name in asked & self.counted]
        if min(counts, default=FEW + 1) > FEW and asked & {"year", "month", "date_after", "date_before"}:
            counts.append(self._at_most_in_time(asked))
        return min(counts, default=math.inf)

    def _at_most_in_time(self, asked: Collection[str]) -> int:
        wanted = {name: self.chosen[name] for name in asked}
        first, last = (str(wanted.get(name, ""))[:7] for name in ("date_after", "date_before"))
        return sum(
            n
            for month, n in self._tallied.items()
            if first <= month
            and month <= (last or month)
            and month[:4] in wanted.get("year", {month[:4]})
            and month in wanted.get("month", {month})
        )

    @functools.cached_property
    def _tallied(self) -> Mapping[str, int]:
        return Tally.objects.by_month(self.unit)

    def _sample(self, names: frozenset[str]) -> Hits:
        """Of keys that are spread evenly, those that fit."""
        if names not in self._samples:
            first, last = self._keys
            fields, step = self._asked_of(names), -(-(last - first + 1) // SAMPLE)
            drawn = self._told(names, fields).filter(Among("pk", range(first, last + 1, step)))
            self._samples[names] = Hits(drawn, fields, step)
        return self._samples[names]

    @functools.cached_property
    def _keys(self) -> tuple[int, int]:
        """The lowest and the highest there are, whatever fits."""
        rows = self.without(*self.chosen).model.objects
        # One by one: asked for both at once, SQLite reads all there are.
        return tuple(rows.aggregate(end=end("pk", default=0))["end"] for end in (Min, Max))

    def _asks_for_common_words(self, without: Iterable[str]) -> bool:
        """Whether nothing but words that many rows hold is searched for."""
        return "q" not in without and bool(self.common) and self.common.issuperset(self.words)

    @functools.cached_property
    def common(self) -> frozenset[str]:
        """Words of the search that many rows hold."""
        return search.common(self.chosen.get("q", ""), connections[self.queryset.db])

    @functools.cached_property
    def named(self) -> Mapping[str, Named]:
        """The same with what is named so."""
        return {word: self.queryset.named(word) for word in sorted(self.common)}

    def in_order(self, rows: Any, _name: str, order: str) -> QuerySet:
        if order == "relevance":
            return rows.most_relevant_first(self.words)
        return rows.newest_disclosed_first() if order == "disclosure" else rows.newest_first()
