"""Topics given to questions in bulk, by their keywords: classification, which touches no word that was disclosed."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import heapq
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from records.querysets import among
from records.workflow import Status

from .directory import Topic, topics_held
from .ledger import renew_topics
from .parts import Question
from .record import Record

BATCH = 2000  # of links that are written at once
_none: frozenset[int] = frozenset()


class StaleError(Exception):
    """What was looked at is not what would be done now."""


@dataclasses.dataclass(frozen=True)
class Retagging:
    """What finding a topic's questions by its keywords changes, among the records that a user works with.

    Ids are compared here and not by the database, whose planners go astray between the two sets.
    """

    topic: Topic
    user: Any
    also_take: bool = False  # from questions in which no keyword occurs, whoever gave it to them

    @functools.cached_property
    def found(self) -> dict[str, frozenset[int]]:
        """By word, the questions that hold it."""
        questions = Question.objects.for_user(self.user)
        return {word: _ids(questions.holding_any([word])) for word in self.topic.words}

    @functools.cached_property
    def _about(self) -> frozenset[int]:
        return _ids(Question.objects.for_user(self.user).about([self.topic]))

    @functools.cached_property
    def gaining(self) -> frozenset[int]:
        return _none.union(*self.found.values()) - self._about

    @functools.cached_property
    def without_words(self) -> frozenset[int]:
        """Questions that have the topic, and none of its words."""
        return self._about.difference(*self.found.values())

    @property
    def losing(self) -> frozenset[int]:
        return self.without_words if self.also_take else _none

    @property
    def gained_by_word(self) -> dict[str, int]:
        return {word: len(ids - self._about) for word, ids in self.found.items()}

    @property
    def print(self) -> str:
        """What tells this change, with what might be taken, from any other."""
        told = repr((self.topic.pk, sorted(self.gaining), sorted(self.without_words)))
        return hashlib.sha256(told.encode()).hexdigest()


def _ids(questions: QuerySet) -> frozenset[int]:
    return frozenset(questions.order_by().values_list("pk", flat=True))


def newest(ids: Collection[int], most: int) -> list[Question]:
    """The questions of these that were entered last, the last one first."""
    chosen = heapq.nlargest(most, ids)
    return list(Question.objects.filter(pk__in=chosen).select_related("record__company").order_by("-pk"))


def retag(topics: Collection[Topic], user: Any, *, also_take: bool = False, seen: Sequence[str]) -> list[Retagging]:
    """Give the topics to the questions that hold their keywords; `seen` are the prints of what the user looked at.

    All of it or nothing: raises StaleError where anything has changed since.
    """
    with transaction.atomic():
        _hold_drafts(Retagging(topic, user, also_take) for topic in topics)
        with topics_held(alone=True):  # of two who saw the same, one is told that it has changed
            return _carried_out(topics, user, also_take, seen)


def give_by_words(questions: Iterable[Question]) -> int:
    """Give new questions of a draft, within `topics_held`, the topics whose words they hold; how many were given."""
    links: Any = Question.topics.through
    topics = list(Topic.objects.all())
    given = [
        links(question_id=row.pk, topic_id=topic.pk)
        for row in questions
        for topic in topics
        if topic.holds(f"{row.text}\n{row.answer}")
    ]
    links.objects.bulk_create(given)
    return len(given)


def _carried_out(topics: Collection[Topic], user: Any, also_take: bool, seen: Sequence[str]) -> list[Retagging]:
    present = Topic.objects.filter(pk__in=[topic.pk for topic in topics]).order_by("pk")
    changes = [Retagging(topic, user, also_take) for topic in present]
    if sorted(change.print for change in changes) != sorted(seen):
        raise StaleError
    links: Any = Question.topics.through._default_manager
    for change in changes:
        for batch in _batches(change.gaining):
            rows = [links.model(question_id=pk, topic_id=change.topic.pk) for pk in batch]
            links.bulk_create(rows, ignore_conflicts=True)
        for batch in _batches(change.losing):
            taken = links.filter(topic=change.topic, question__in=among(batch, connection.vendor))
            taken._raw_delete(links.db)
    if changes:
        renew_topics([change.topic.pk for change in changes])
    return changes


def _batches(ids: Iterable[int]) -> Iterator[list[int]]:
    rest = sorted(ids)
    return (rest[at : at + BATCH] for at in range(0, len(rest), BATCH))


def _hold_drafts(changes: Iterable[Retagging]) -> None:
    """Whoever is saving a draft has finished, or begins afterwards: only drafts can lose questions meanwhile.

    Drafts are held before topics, as whoever saves one does it.
    """
    ids = _none.union(*(change.gaining | change.losing for change in changes))
    concerned = Question.objects.filter(pk__in=among(ids, connection.vendor)).values("record_id")
    drafts = Record.objects.filter(status=Status.DRAFT, pk__in=concerned).order_by("pk")
    list(drafts.select_for_update(of=("self",)).values_list("pk", flat=True))
