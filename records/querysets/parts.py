"""Sets of participants and questions, which have a place within a record."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.db import connections, models, transaction
from django.db.models import Count, F, Max, Min, Q

from records import search
from records.workflow import Status

from .orders import DAY_OF_ORDER, Place, after
from .relations import related

# Positions are unique within a record and no row can take a place before another has left it: rows that move
# are first lifted above every real position.
LIFT = 1_000_000


class PositionedQuerySet(models.QuerySet):
    """Rows of one record that stand in an order: `position` 1, 2, 3 …"""

    def arrange(self, pks: Iterable[int]) -> None:
        """Number the rows 1, 2, 3 … in this order; rows that are not named follow in the order they have."""
        places = dict(self.values_list("pk", "position"))
        named = [pk for pk in dict.fromkeys(pks) if pk in places]
        rest = sorted(places.keys() - set(named), key=lambda pk: (places[pk], pk))
        wanted = {pk: place for place, pk in enumerate([*named, *rest], 1)}
        if wanted == places:
            return
        with transaction.atomic(using=self.db):
            self.update(position=F("position") + LIFT)
            self.bulk_update([self.model(pk=pk, position=place) for pk, place in wanted.items()], ["position"], 200)

    def out_of_order(self) -> list[int]:
        """Ids of the records whose rows do not stand at 1, 2, 3 …"""
        # A place is given once: n rows from the first to the nth place fill them all.
        of_record = (
            self.order_by().values("record").annotate(n=Count("pk"), first=Min("position"), last=Max("position"))
        )
        return sorted(of_record.exclude(first=1, last=F("n")).values_list("record", flat=True))

    def for_user(self, user: Any) -> PositionedQuerySet:
        """What somebody touches at the desk: rows of records of the companies that they work for."""
        if user.is_superuser:
            return self
        companies: Any = related(related(self, "record"), "company")
        return self.filter(record__company__in=companies.for_user(user))

    def holding_any(self, words: Iterable[str]) -> PositionedQuerySet:
        """Questions in which one of these words stands, folded as `search.parse` gives them."""
        vendor = connections[self.db].vendor
        found = Q(pk__in=[])
        for word in words:
            found |= Q(pk__in=search.ids_holding(search.QUESTIONS, word, vendor))
        return self.filter(found)

    def saying_any(self, words: Iterable[str]) -> PositionedQuerySet:
        """The same, looked at row by row: for the questions of some records, whatever the market holds."""
        found = Q(pk__in=[])
        for word in words:
            found |= Q(search.Holds(search.QUESTIONS, word))
        return self.filter(found)

    def matching(self, query: str, common: Collection[str] = ()) -> PositionedQuerySet:
        """Questions that hold every word of a search themselves, and none that it rules out."""
        asked = search.parse(query)
        found = self
        for word in asked.wanted:
            found = found.filter(self._holding(word, word in common))
        for word in asked.unwanted:
            found = found.exclude(self._holding(word, word in common))
        return found

    def _holding(self, word: str, is_common: bool) -> Q:
        if is_common:
            return Q(search.Holds(search.QUESTIONS, word))
        return Q(pk__in=search.ids_holding(search.QUESTIONS, word, connections[self.db].vendor))

    def about(self, topics: Iterable[models.Model]) -> PositionedQuerySet:
        """Questions on any of these topics."""
        topic_links: Any = self.model._meta.get_field("topics").remote_field
        return self.filter(pk__in=topic_links.through.objects.filter(topic__in=topics).values("question_id"))

    def newest_first(self) -> PositionedQuerySet:
        """The rows of the newest record first, each record's in the order of the form."""
        return self.order_by(F("record__held_from").desc(nulls_last=True), "-record_id", "position")

    def newest_disclosed_first(self) -> PositionedQuerySet:
        return self.order_by(F("record__disclosed_on").desc(nulls_last=True), "-record_id", "position")

    def most_relevant_first(self, words: Iterable[str]) -> PositionedQuerySet:
        """Questions that ask about more of the words before those that only answer so; annotated as `relevance`."""
        newest_first = (F("record__held_from").desc(nulls_last=True), "-record_id", "position")
        return self.annotate(relevance=search.held_by(search.ASKED, words)).order_by("-relevance", *newest_first)

    def beyond(self, place: Place) -> PositionedQuerySet:
        """What follows a place in the order that the place names."""
        by = f"record__{DAY_OF_ORDER[place.order]}"
        later = Q(record_id__lt=place.record_id) | Q(record_id=place.record_id, position__gt=place.position)
        older = Q(**{f"{by}__lte": place.day}) & (Q(**{f"{by}__lt": place.day}) | later)
        return self.filter(after(place, older))

    def for_list(self) -> PositionedQuerySet:
        """Questions with what a line of a list shows."""
        return self.select_related("record__company").prefetch_related("topics")

    def public(self) -> PositionedQuerySet:
        return self.filter(record__status=Status.PUBLISHED)
