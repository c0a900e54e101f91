"""Named rules about sets of rows. What the public sees starts at `RecordQuerySet.published()`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Count, F, OuterRef, Prefetch, Q, Subquery
from django.db.models.functions import Coalesce

from . import search
from .names import institution_key, pinyin_index
from .workflow import Status

if TYPE_CHECKING:
    from .models import Institution

# Positions are unique within a record and no row can take a place before another has left it: rows that move
# are first lifted above every real position.
_LIFT = 1_000_000


def _related(rows: models.QuerySet, relation: str) -> models.QuerySet:
    """All rows of the model at the other end of a relation, which cannot be imported here."""
    model: Any = rows.model._meta.get_field(relation).related_model
    return model.objects.all()


class InstitutionQuerySet(models.QuerySet):
    def resolve(self, names: Iterable[str], *, create: bool = True) -> dict[str, Institution]:
        """The institution that each name as filed stands for: by its own name or an alias, never by likeness.

        With `create`, an unknown name becomes a new institution that waits for review. Four queries at most,
        however many names.
        """
        keys = {name: institution_key(name) for name in names if name.strip()}
        found = self._by_key(set(keys.values()))
        missing = {key: name for name, key in reversed(keys.items()) if key not in found}
        if create and missing:
            self.bulk_create(
                [
                    self.model(name=name, key=key, pinyin=pinyin_index(name), reviewed=False)
                    for key, name in reversed(missing.items())
                ],
                ignore_conflicts=True,  # someone else may be adding the same name
            )
            found |= self._by_key(set(missing))
        return {name: found[key] for name, key in keys.items() if key in found}

    def _by_key(self, keys: set[str]) -> dict[str, Institution]:
        aliases: Any = _related(self, "aliases").select_related("institution")
        found = {alias.key: alias.institution for alias in aliases.filter(key__in=keys)}
        institutions: Iterable[Any] = self.filter(key__in=keys)
        return found | {institution.key: institution for institution in institutions}


class RecordQuerySet(models.QuerySet):
    def published(self) -> RecordQuerySet:
        return self.filter(status=Status.PUBLISHED)

    def newest_first(self) -> RecordQuerySet:
        return self.order_by(F("held_from").desc(nulls_last=True), "-pk")

    def with_participant_of(self, institutions: Iterable[Institution]) -> RecordQuerySet:
        """Records at which any of these institutions was present."""
        participants = _related(self, "participants").filter(institution__in=institutions)
        return self.filter(pk__in=participants.values("record_id"))

    def on_topic(self, topics: Iterable[models.Model]) -> RecordQuerySet:
        """Records with a question on any of these topics."""
        questions = _related(self, "questions").filter(topics__in=topics)
        return self.filter(pk__in=questions.values("record_id"))

    def matching(self, query: str) -> RecordQuerySet:
        """Records in which every word of a search stands somewhere."""
        found = self
        for word in search.words(query):
            found = found.filter(
                search.record_condition(
                    word, questions=_related(self, "questions"), participants=_related(self, "participants")
                )
            )
        return found

    def for_list(self) -> RecordQuerySet:
        """With what a line of a list shows; a fixed number of queries whatever its length."""
        leading = _related(self, "participants").select_related("institution").order_by("position")[:6]
        return self.select_related("company").prefetch_related(
            "activity_types", Prefetch("participants", queryset=leading, to_attr="leading_participants")
        )

    def recount(self) -> None:
        """Bring the counts that lists show in line with the rows they count."""
        participants = _related(self, "participants").filter(record=OuterRef("pk")).order_by().values("record")
        questions = _related(self, "questions").filter(record=OuterRef("pk")).order_by().values("record")

        def count(rows: models.QuerySet, expression: Count) -> Coalesce:
            return Coalesce(Subquery(rows.annotate(n=expression).values("n")), 0)

        self.update(
            institution_count=count(participants, Count("institution", distinct=True)),
            person_count=count(participants, Count("pk", filter=~Q(person=""))),
            question_count=count(questions, Count("pk")),
        )


class PositionedQuerySet(models.QuerySet):
    """Rows of one record that stand in an order: `position` 1, 2, 3 …"""

    def lift(self) -> None:
        """Make room: until `settle` is called, every position from 1 on is free."""
        self.filter(position__lt=_LIFT).update(position=F("position") + _LIFT)

    def settle(self) -> None:
        """Number the rows 1, 2, 3 … by position; a row still lifted stands where it stood before."""
        rows = sorted(self.values_list("position", "pk"), key=lambda row: (row[0] % _LIFT, row[0]))
        if [position for position, _pk in rows] == list(range(1, len(rows) + 1)):
            return
        self.filter(position__lt=_LIFT).update(position=F("position") + 2 * _LIFT)
        ordered = [self.model(pk=pk, position=place) for place, (_position, pk) in enumerate(rows, 1)]
        self.bulk_update(ordered, ["position"], batch_size=200)

    def public(self) -> PositionedQuerySet:
        return self.filter(record__status=Status.PUBLISHED)
