"""Sets of records. What the public sees starts at `RecordQuerySet.published()`."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from django.db import connections, models
from django.db.models import BooleanField, Count, Exists, F, OuterRef, Prefetch, Q, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from records import search
from records.workflow import READABLE, UNPUBLISHED, Status

from .days import days_of_month, held_within
from .keys import Among, joined
from .orders import DAY_OF_ORDER, NEWEST_FIRST, Place, after
from .relations import all_records, related

if TYPE_CHECKING:
    from records.models import Institution, Record

LEADING_QUESTIONS = 5  # of a record in a feed
ASKED_WEIGHT = 3  # so much more it says that a question asks about a word, than that its answer holds it


class Named(NamedTuple):
    """Keys of what bears a name with a word in it, as `Among` takes them."""

    companies: str
    institutions: str


def _has_any(parts: models.QuerySet) -> Coalesce:
    """Whether a record has one of these parts, asked of each record by itself: EXISTS might read them all first."""
    first = parts.filter(record=OuterRef("pk")).order_by().annotate(is_there=Value(True)).values("is_there")[:1]
    return Coalesce(Subquery(first), Value(False), output_field=BooleanField())


class OfCompanyQuerySet(models.QuerySet):
    def for_user(self, user: Any) -> Self:
        """What somebody sees and touches at the desk: rows of the companies that they work for."""
        if user.is_superuser:
            return self
        companies: Any = related(self, "company")
        return self.filter(company__in=companies.for_user(user))


class CountedQuerySet(models.QuerySet):
    """Records or their summaries, which have the same key and the same day. What it takes is asked of the ledger."""

    board = "company__board"

    def newest_first(self) -> Self:
        return self.order_by(*NEWEST_FIRST)

    def held_in_months(self, months: Iterable[str]) -> Self:
        """Those that began in one of these months, written 2026-03."""
        return self.held_within(map(days_of_month, months))

    def held_within(self, spans: Iterable[tuple[datetime.date, datetime.date]]) -> Self:
        """Those that began within one of these spans of days, both ends included."""
        return self.filter(held_within("held_from", spans))

    def listed_on(self, boards: Iterable[str]) -> Self:
        """Those of companies that are listed on any of these boards."""
        return self.filter(**{f"{self.board}__in": list(boards)})

    def of_activity(self, kinds: Iterable[models.Model]) -> Self:
        """Those on which any of these boxes is ticked."""
        boxes: Any = all_records().model._meta.get_field("activity_types").remote_field
        return self._of(boxes.through.objects.filter(activitytype__in=kinds))

    def visited_by(self, institutions: Iterable[Institution]) -> Self:
        """Published ones at which any of these institutions was present."""
        return self._of(related(all_records(), "visits").filter(institution__in=institutions))

    def visited_by_types(self, types: Iterable[str]) -> Self:
        """Published ones at which institutions of any of these types were present."""
        return self._of(related(all_records(), "attendances").filter(type__in=types))

    def about(self, topics: Iterable[models.Model]) -> Self:
        """Published ones with a question on any of these topics."""
        return self._of(related(all_records(), "mentions").filter(topic__in=topics))

    def _of(self, parts: models.QuerySet) -> Self:
        return self.filter(pk__in=parts.values("record_id"))


class RecordQuerySet(OfCompanyQuerySet, CountedQuerySet):  # type: ignore[override]
    def published(self) -> RecordQuerySet:
        return self.filter(status=Status.PUBLISHED)

    def readable(self) -> RecordQuerySet:
        """What has a public page: the published records, and the versions that a correction took the place of."""
        return self.filter(status__in=READABLE)

    def unpublished(self) -> RecordQuerySet:
        return self.filter(status__in=UNPUBLISHED)

    def waiting_for(self, user: Any) -> RecordQuerySet:
        """In review, for this user to approve or return: their own submissions wait for another, if there is one."""
        waiting = self.filter(status=Status.REVIEW).alias(submitter=self._last_step("user", verb="submit"))
        return waiting.filter(Q(submitter=None) | ~Q(submitter=user.pk) | Q(company__one_person_desk=True))

    def returned_to(self, user: Any) -> RecordQuerySet:
        """What a reviewer sent back to whoever began or submitted it, until it is submitted again."""
        drafts = self.filter(status=Status.DRAFT).alias(
            last_verb=self._last_step("verb"), submitter=self._last_step("user", verb="submit")
        )
        return drafts.filter(Q(submitter=user.pk) | self._begun_by(user), last_verb="send_back")

    def drafted_by(self, user: Any) -> RecordQuerySet:
        """Drafts that this user began, by hand, import or correction, but for those that came back."""
        drafts = self.filter(self._begun_by(user), status=Status.DRAFT).alias(last_verb=self._last_step("verb"))
        return drafts.filter(Q(last_verb=None) | ~Q(last_verb="send_back"))

    def _last_step(self, field: str, **of: Any) -> Subquery:
        steps = related(self, "steps").filter(record=OuterRef("pk"), **of)
        return Subquery(steps.order_by("-pk").values(field)[:1])

    def _begun_by(self, user: Any) -> Q:
        record: Any = self.model
        return Q(Exists(record.history.filter(id=OuterRef("pk"), history_type="+", history_user=user.pk)))

    def deletable(self) -> RecordQuerySet:
        """What may be deleted now, as `Record.why_kept` says of one."""
        return self.exclude(
            Q(retain_until__gt=timezone.localdate())
            | Q(status__in=[Status.REVIEW, Status.PUBLISHED])
            | Q(status=Status.SUPERSEDED, correction__isnull=False)
        )

    def newest_disclosed_first(self) -> RecordQuerySet:
        return self.order_by(F("disclosed_on").desc(nulls_last=True), "-pk")

    def newest_published_first(self) -> RecordQuerySet:
        """By the moment of publication: a record disclosed late comes to its followers all the same.

        For published records, all of which have that moment: said of nulls, the index would not be used.
        """
        return self.order_by("-published_at", "-pk")

    def most_relevant_first(self, words: Iterable[str]) -> RecordQuerySet:
        """By how many questions hold one of the words, those that ask about it above all; annotated as `relevance`."""
        words = list(words)
        questions: Any = related(self, "questions")
        asked = questions.filter(record=OuterRef("pk")).saying_any(words).order_by().values("record")
        relevance = asked.annotate(n=Sum(1 + ASKED_WEIGHT * search.held_by(search.ASKED, words))).values("n")
        return self.annotate(relevance=Coalesce(Subquery(relevance), 0)).order_by("-relevance", *NEWEST_FIRST)

    def beyond(self, place: Place) -> RecordQuerySet:
        """What follows a place in the order that the place names."""
        by = DAY_OF_ORDER[place.order]
        older = Q(**{f"{by}__lte": place.day}) & (Q(**{f"{by}__lt": place.day}) | Q(pk__lt=place.record_id))
        return self.filter(after(place, older))

    def held_on_or_after(self, day: datetime.date) -> RecordQuerySet:
        """Records of which at least one day is not before this one."""
        return self.filter(Q(held_from__gte=day) | Q(held_to__gte=day))

    def held_on_or_before(self, day: datetime.date) -> RecordQuerySet:
        return self.filter(held_from__lte=day)

    def neighbours(self, record: Record) -> tuple[Record | None, Record | None]:
        """The record held before this one, and the one held after it, both out of this queryset."""
        earlier = Q(held_from__lt=record.held_from) | Q(held_from=record.held_from, pk__lt=record.pk)
        later = Q(held_from__gt=record.held_from) | Q(held_from=record.held_from, pk__gt=record.pk)
        rows: Any = self
        return (
            rows.filter(earlier).order_by("-held_from", "-pk").first(),
            rows.filter(later).order_by("held_from", "pk").first(),
        )

    def for_page(self) -> RecordQuerySet:
        """With all that a record's own page shows."""
        visitors = related(self, "participants").select_related("institution")
        return self.select_related("company", "corrects", "correction").prefetch_related(
            "activity_types",
            Prefetch("participants", queryset=visitors),
            "questions__topics",
            "attachments",
        )

    def with_participant_of(self, institutions: Iterable[Institution]) -> RecordQuerySet:
        """Records at which any of these institutions was present."""
        participants = related(self, "participants").filter(institution__in=institutions)
        return self.filter(pk__in=participants.values("record_id"))

    def on_topic(self, topics: Iterable[models.Model]) -> RecordQuerySet:
        """Records with a question on any of these topics."""
        questions = related(self, "questions").filter(topics__in=topics)
        return self.filter(pk__in=questions.values("record_id"))

    def matching(self, query: str, common: Mapping[str, Named] | None = None) -> RecordQuerySet:
        """Records in which every word of a search stands somewhere, and none that it rules out.

        `common` words are looked for in the records themselves and not by the index: see `search.common`. With each
        comes what is `named` so.
        """
        return self.filter(self.holding(query, common or {}))

    def holding(self, query: str, common: Mapping[str, Named]) -> Q:
        """The same as a condition."""
        asked = search.parse(query)
        found = Q()
        for word in asked.wanted:
            if word in common:
                found &= self._holding(word, common[word])
        for word in asked.unwanted:
            found &= ~(self._holding(word, common[word]) if word in common else Q(pk__in=self._found(word)))
        # One set of ids: to join several, of which it knows nothing, PostgreSQL compares each with each.
        sets = [self._found(word) for word in asked.wanted if word not in common]
        if sets:
            found &= Q(Among("pk", sets[0].intersection(*sets[1:]) if len(sets) > 1 else sets[0]))
        return found

    def common(self, query: str) -> dict[str, Named]:
        """Words of a search that many rows hold, with what is named so, for `matching`."""
        return {word: self.named(word) for word in sorted(search.common(query, connections[self.db]))}

    def named(self, word: str) -> Named:
        """Companies and institutions whose names hold a word. Two queries."""
        companies: Any = related(self, "company")
        institutions = related(related(self, "participants"), "institution").filter(name__icontains=word)
        ids = (
            rows.order_by().values_list("pk", flat=True)
            for rows in (companies.filter(companies._named(word)), institutions)
        )
        return Named(*map(joined, ids))

    def _holding(self, word: str, named: Named) -> Q:
        """That a word stands in a record's own line, in a question, or in a name of company or visitor."""
        asked = related(self, "questions").filter(search.Holds(search.QUESTIONS, word))
        found = Q(_has_any(asked)) | Q(search.Holds(search.RECORDS, word))
        if named.companies:
            found |= Q(Among("company", named.companies))
        if named.institutions:
            found |= Q(_has_any(related(self, "participants").filter(Among("institution", named.institutions))))
        return found

    def _found(self, word: str) -> models.QuerySet:
        """Ids of all records of which the same is so, by the index."""
        vendor = connections[self.db].vendor
        companies: Any = related(self, "company")
        participants = related(self, "participants")
        institutions = related(participants, "institution").filter(name__icontains=word).order_by()
        records = self.model._base_manager.using(self.db)
        own = records.filter(pk__in=search.ids_holding(search.RECORDS, word, vendor))
        of_company = records.filter(company__in=companies.filter(companies._named(word)).order_by().values("pk"))
        asked = related(self, "questions").filter(pk__in=search.ids_holding(search.QUESTIONS, word, vendor))
        came = participants.filter(institution__in=institutions)
        of_records = [rows.order_by().values("pk") for rows in (own, of_company)]
        of_parts = [rows.order_by().values("record_id") for rows in (asked, came)]
        # One set of ids: of several, each joined by OR, PostgreSQL asks every record.
        return of_records[0].union(of_records[1], *of_parts, all=True)

    def for_list(self) -> RecordQuerySet:
        """With what a line of a list shows; a fixed number of queries whatever its length."""
        leading = related(self, "participants").select_related("institution").order_by("position")[:6]
        return self.select_related("company").prefetch_related(
            "activity_types", Prefetch("participants", queryset=leading, to_attr="leading_participants")
        )

    def for_feed(self) -> RecordQuerySet:
        """With what an entry of a feed tells: its line of a list, and what was asked first."""
        leading = related(self, "questions").order_by("position").defer("answer")[:LEADING_QUESTIONS]
        return self.for_list().prefetch_related(Prefetch("questions", queryset=leading, to_attr="leading_questions"))

    def recount(self) -> None:
        """Bring the counts that lists show in line with the rows they count."""
        self.update(**self._counted())
        self._retell_visitors()

    def _counted(self) -> dict[str, Coalesce]:
        """What the counts that lists show ought to be."""
        participants = related(self, "participants").filter(record=OuterRef("pk")).order_by().values("record")
        questions = related(self, "questions").filter(record=OuterRef("pk")).order_by().values("record")

        def count(rows: models.QuerySet, expression: Count) -> Coalesce:
            return Coalesce(Subquery(rows.annotate(n=expression).values("n")), 0)

        return {
            "institution_count": count(participants, Count("institution", distinct=True)),
            "person_count": count(participants, Count("pk", filter=~Q(person=""))),
            "question_count": count(questions, Count("pk")),
        }

    def miscounted(self) -> list[tuple[int, str, Any, Any]]:
        """What `recount` would change: id of the record, name of the field, what it holds, what it ought to hold."""
        counted = self._counted()
        rows = self.order_by("pk").annotate(**{f"true_{name}": figure for name, figure in counted.items()})
        visitors = self._visitors()
        found = []
        for row in rows.values("pk", *counted, *(f"true_{name}" for name in counted), "visitor_names"):
            true = {**{name: row[f"true_{name}"] for name in counted}, "visitor_names": visitors.get(row["pk"], "")}
            found += [(row["pk"], name, row[name], figure) for name, figure in true.items() if row[name] != figure]
        return found

    def _retell_visitors(self) -> None:
        """Bring the names by which search finds a record in line with its participants."""
        changed = [self.model(pk=pk, visitor_names=names) for pk, names in self._visitors().items()]
        self.model._default_manager.bulk_update(changed, ["visitor_names"], batch_size=200)

    def _visitors(self) -> dict[int, str]:
        names: dict[int, list[str]] = {pk: [] for pk in self.values_list("pk", flat=True)}
        rows = related(self, "participants").filter(record__in=names).order_by("record_id", "position")
        for record_id, institution, person in rows.values_list("record_id", "name_as_filed", "person"):
            names[record_id] += [institution, person]
        return {pk: "\n".join(filter(None, parts)) for pk, parts in names.items()}


class QuietPeriodQuerySet(OfCompanyQuerySet):
    def touching(self, record: Record) -> Self:
        """Those of its company in which at least one of its days lies."""
        if not record.held_from:
            return self.none()
        return self.filter(
            company_id=record.company_id, first_day__lte=record.last_day, last_day__gte=record.held_from
        )
