"""Named rules about sets of rows. What the public sees starts at `RecordQuerySet.published()`."""

from __future__ import annotations

import calendar
import datetime
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from django.apps import apps
from django.db import connections, models, transaction
from django.db.models import (
    BooleanField,
    Count,
    Exists,
    F,
    Func,
    Max,
    Min,
    OuterRef,
    Prefetch,
    Q,
    Subquery,
    Sum,
    Value,
)
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce
from django.utils import timezone

from . import search
from .names import institution_key, pinyin_index
from .workflow import READABLE, UNPUBLISHED, Status

if TYPE_CHECKING:
    from .models import Institution, Record

# Positions are unique within a record and no row can take a place before another has left it: rows that move
# are first lifted above every real position.
LIFT = 1_000_000
LEADING_QUESTIONS = 5  # of a record in a feed

NEWEST_FIRST = (F("held_from").desc(nulls_last=True), "-pk")
# That a question asks about a word says so much more than that its answer holds it.
ASKED_WEIGHT = 3


# The orders of the public lists, and the day of a record that each goes by, newest first.
DAY_OF_ORDER = {"visit": "held_from", "disclosure": "disclosed_on", "relevance": "held_from"}


def days_of_month(month: str) -> tuple[datetime.date, datetime.date]:
    """The first and the last day of a month, written 2026-03."""
    first = datetime.date.fromisoformat(f"{month}-01")
    return first, first.replace(day=calendar.monthrange(first.year, first.month)[1])


def held_within(day: str, spans: Iterable[tuple[datetime.date, datetime.date]]) -> Q:
    """That a day lies within one of these spans, both ends included."""
    found = Q(pk__in=[])
    for span in _joined(spans):
        found |= Q(**{f"{day}__range": span})
    return found


def _joined(spans: Iterable[tuple[datetime.date, datetime.date]]) -> list[tuple[datetime.date, datetime.date]]:
    """The same days in as few spans as can be: SQLite allows a condition no thousand alternatives."""
    joined: list[tuple[datetime.date, datetime.date]] = []
    for first, last in sorted(spans):
        if joined and first.toordinal() <= joined[-1][1].toordinal() + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return joined


def _has_any(parts: models.QuerySet) -> Coalesce:
    """Whether a record has one of these parts, asked of each record by itself: EXISTS might read them all first."""
    first = parts.filter(record=OuterRef("pk")).order_by().annotate(is_there=Value(True)).values("is_there")[:1]
    return Coalesce(Subquery(first), Value(False), output_field=BooleanField())


def joined(keys: Iterable[int]) -> str:
    """Many keys as one text, as `among` and `Among` send it."""
    return ",".join(map(str, keys))


def among(keys: Iterable[int] | str, vendor: str) -> RawSQL:
    """Many keys as one parameter, for `filter(pk__in=…)`."""
    text = keys if isinstance(keys, str) else joined(keys)
    if vendor == "sqlite":
        return RawSQL("SELECT value FROM json_each(%s)", [f"[{text}]"])
    return RawSQL("SELECT unnest(%s::bigint[])", [f"{{{text}}}"])


class Among(Func):
    """That a field holds one of many keys, for `filter(Among("record", keys))`.

    To PostgreSQL this is one scan of an index; `among` is a join with rows of which it knows nothing.
    """

    output_field = BooleanField()

    def __init__(self, field: str, keys: Iterable[int] | str) -> None:
        self.keys = keys if isinstance(keys, str) else joined(keys)
        super().__init__(F(field))

    def as_sql(self, compiler: Any, connection: Any, **_context: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        column, params = compiler.compile(self.source_expressions[0])
        if connection.vendor == "sqlite":
            return f"{column} IN (SELECT value FROM json_each(%s))", [*params, f"[{self.keys}]"]  # noqa: S608
        return f"{column} = ANY(%s::bigint[])", [*params, f"{{{self.keys}}}"]


def id_of(text: str) -> int:
    """The id that an address or a form names; 0, which nothing has, where it is none that a database could hold."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0


class Period(NamedTuple):
    """Some months, written 2026-03; all there are where it has none."""

    months: tuple[str, ...] | None


class Named(NamedTuple):
    """Keys of what bears a name with a word in it, as `Among` takes them."""

    companies: str
    institutions: str


class Place(NamedTuple):
    """Where a row stands in a list; `relevance` counts in the order of that name alone."""

    order: str
    day: datetime.date
    record_id: int
    position: int = 0
    relevance: int = 0


def _after(place: Place, older: Q) -> Q:
    if place.order != "relevance":
        return older
    return Q(relevance__lt=place.relevance) | Q(relevance=place.relevance) & older


def _related(rows: models.QuerySet, relation: str) -> models.QuerySet:
    """All rows of the model at the other end of a relation, which cannot be imported here."""
    model: Any = rows.model._meta.get_field(relation).related_model
    return model.objects.all()


def _records() -> models.QuerySet:
    """All records, whose model cannot be imported here either."""
    model: Any = apps.get_model("records", "Record")
    return model.objects.all()


class DirectoryQuerySet(models.QuerySet):
    """Companies, institutions or topics: what published records are about. `path` leads from here to those."""

    path = "records"

    def public(self) -> Self:
        """Those that a published record names; of the others the public learns nothing, not even the name."""
        return self.filter(record_count__gt=0)

    def with_last_publication(self) -> Self:
        """The public ones with `last_published`, when a record that names them was last published."""
        return self.public().annotate(
            last_published=Max(f"{self.path}__published_at", filter=Q(**{f"{self.path}__status": Status.PUBLISHED}))
        )

    def most_recorded_first(self) -> Self:
        return self.order_by("-record_count", "pinyin", "pk")

    def last_visited_first(self) -> Self:
        return self.order_by("-last_held", "pinyin", "pk")

    def found_by(self, text: str) -> Self:
        """Those whose name holds the text, or whose pinyin begins with it."""
        return self.filter(self._named(text) | Q(pinyin__istartswith=text) | Q(pinyin__icontains=f" {text}"))

    def _named(self, text: str) -> Q:
        return Q(name__icontains=text)


class CompanyQuerySet(DirectoryQuerySet):
    def for_user(self, user: Any) -> Self:
        """Those that somebody works for; a superuser sees all."""
        if user.is_superuser:
            return self
        return self.filter(staff=user.pk) if user.is_authenticated else self.none()

    def _named(self, text: str) -> Q:
        return Q(code__startswith=text) | Q(short_name__icontains=text) | Q(full_name__icontains=text)


class TopicQuerySet(DirectoryQuerySet):
    path = "mentions__record"


class MergedTopicQuerySet(models.QuerySet):
    def standing(self) -> Self:
        """Those that lead to a topic which the public sees."""
        return self.filter(into__record_count__gt=0).select_related("into")


class InstitutionQuerySet(DirectoryQuerySet):
    path = "visits__record"

    def resolve(self, names: Iterable[str], *, create: bool = True) -> dict[str, Institution]:
        """The institution that each name as filed stands for: by its own name or an alias, never by likeness.

        With `create`, an unknown name becomes a new institution that waits for review. Four queries at most,
        however many names.
        """
        keys = {name: key for name in names if (key := institution_key(name))}  # “—” names nobody
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

    def new(self) -> Self:
        """Names that came in with a filing or were typed, and that nobody has looked at; the last one first."""
        return self.filter(reviewed=False).order_by("-pk")

    def _by_key(self, keys: set[str]) -> dict[str, Institution]:
        aliases: Any = _related(self, "aliases").select_related("institution")
        found = {alias.key: alias.institution for alias in aliases.filter(key__in=keys)}
        institutions: Iterable[Any] = self.filter(key__in=keys)
        return found | {institution.key: institution for institution in institutions}


class InstitutionMergeQuerySet(models.QuerySet):
    def standing(self) -> Self:
        """Those that were not undone."""
        return self.filter(undone_at=None)

    def led_to(self, ids: Iterable[int]) -> dict[int, int]:
        """By the id of an institution that was merged, the id of the one that it is part of now. Others are left out.

        A query for each merge that one has to follow, however many ids.
        """
        leads: dict[int, int] = {}
        asked = {pk: pk for pk in ids if pk < 2**63}  # how far each has been followed
        while asked:
            found = dict(self.standing().filter(former_id__in=asked.values()).values_list("former_id", "into_id"))
            asked = {pk: found[at] for pk, at in asked.items() if at in found}
            leads |= asked
        return leads


class SimilarNamesQuerySet(models.QuerySet):
    def waiting(self) -> Self:
        """Pairs that are there, and that nobody has told apart."""
        institutions = _related(self, "first")
        told: Any = apps.get_model("records", "ToldApart")._default_manager
        return self.filter(
            Exists(institutions.filter(pk=OuterRef("first"))),
            Exists(institutions.filter(pk=OuterRef("second"))),
            ~Exists(told.filter(first=OuterRef("first"), second=OuterRef("second"))),
        )

    def of(self, ids: Iterable[int]) -> Self:
        """With one of these institutions."""
        ids = list(ids)
        return self.filter(Q(first__in=ids) | Q(second__in=ids))

    def of_reviewed(self) -> Self:
        """Without those of new names, which are shown with the new name."""
        return self.filter(first__reviewed=True, second__reviewed=True)


class OfCompanyQuerySet(models.QuerySet):
    def for_user(self, user: Any) -> Self:
        """What somebody sees and touches at the desk: rows of the companies that they work for."""
        if user.is_superuser:
            return self
        companies: Any = _related(self, "company")
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
        boxes: Any = _records().model._meta.get_field("activity_types").remote_field
        return self._of(boxes.through.objects.filter(activitytype__in=kinds))

    def visited_by(self, institutions: Iterable[Institution]) -> Self:
        """Published ones at which any of these institutions was present."""
        return self._of(_related(_records(), "visits").filter(institution__in=institutions))

    def visited_by_types(self, types: Iterable[str]) -> Self:
        """Published ones at which institutions of any of these types were present."""
        return self._of(_related(_records(), "attendances").filter(type__in=types))

    def about(self, topics: Iterable[models.Model]) -> Self:
        """Published ones with a question on any of these topics."""
        return self._of(_related(_records(), "mentions").filter(topic__in=topics))

    def _of(self, parts: models.QuerySet) -> Self:
        return self.filter(pk__in=parts.values("record_id"))


class SummaryQuerySet(CountedQuerySet):
    board = "board"


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
        steps = _related(self, "steps").filter(record=OuterRef("pk"), **of)
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
        questions: Any = _related(self, "questions")
        asked = questions.filter(record=OuterRef("pk")).saying_any(words).order_by().values("record")
        relevance = asked.annotate(n=Sum(1 + ASKED_WEIGHT * search.held_by("text", words))).values("n")
        return self.annotate(relevance=Coalesce(Subquery(relevance), 0)).order_by("-relevance", *NEWEST_FIRST)

    def beyond(self, place: Place) -> RecordQuerySet:
        """What follows a place in the order that the place names."""
        by = DAY_OF_ORDER[place.order]
        older = Q(**{f"{by}__lte": place.day}) & (Q(**{f"{by}__lt": place.day}) | Q(pk__lt=place.record_id))
        return self.filter(_after(place, older))

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
        visitors = _related(self, "participants").select_related("institution")
        return self.select_related("company", "corrects", "correction").prefetch_related(
            "activity_types",
            Prefetch("participants", queryset=visitors),
            "questions__topics",
            "attachments",
        )

    def with_participant_of(self, institutions: Iterable[Institution]) -> RecordQuerySet:
        """Records at which any of these institutions was present."""
        participants = _related(self, "participants").filter(institution__in=institutions)
        return self.filter(pk__in=participants.values("record_id"))

    def on_topic(self, topics: Iterable[models.Model]) -> RecordQuerySet:
        """Records with a question on any of these topics."""
        questions = _related(self, "questions").filter(topics__in=topics)
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
            found &= Q(pk__in=sets[0].intersection(*sets[1:]) if len(sets) > 1 else sets[0])
        return found

    def common(self, query: str) -> dict[str, Named]:
        """Words of a search that many rows hold, with what is named so, for `matching`."""
        return {word: self.named(word) for word in sorted(search.common(query, connections[self.db]))}

    def named(self, word: str) -> Named:
        """Companies and institutions whose names hold a word. Two queries."""
        companies: Any = _related(self, "company")
        institutions = _related(_related(self, "participants"), "institution").filter(name__icontains=word)
        ids = (
            rows.order_by().values_list("pk", flat=True)
            for rows in (companies.filter(companies._named(word)), institutions)
        )
        return Named(*map(joined, ids))

    def _holding(self, word: str, named: Named) -> Q:
        """That a word stands in a record's own line, in a question, or in a name of company or visitor."""
        asked = _related(self, "questions").filter(search.Holds(search.QUESTIONS, word))
        found = Q(_has_any(asked)) | Q(search.Holds(search.RECORDS, word))
        if named.companies:
            found |= Q(Among("company", named.companies))
        if named.institutions:
            found |= Q(_has_any(_related(self, "participants").filter(Among("institution", named.institutions))))
        return found

    def _found(self, word: str) -> models.QuerySet:
        """Ids of all records of which the same is so, by the index."""
        vendor = connections[self.db].vendor
        companies: Any = _related(self, "company")
        participants = _related(self, "participants")
        institutions = _related(participants, "institution").filter(name__icontains=word).order_by()
        records = self.model._base_manager.using(self.db)
        own = records.filter(pk__in=search.ids_holding(search.RECORDS, word, vendor))
        of_company = records.filter(company__in=companies.filter(companies._named(word)).order_by().values("pk"))
        asked = _related(self, "questions").filter(pk__in=search.ids_holding(search.QUESTIONS, word, vendor))
        came = participants.filter(institution__in=institutions)
        of_records = [rows.order_by().values("pk") for rows in (own, of_company)]
        of_parts = [rows.order_by().values("record_id") for rows in (asked, came)]
        # One set of ids: of several, each joined by OR, PostgreSQL asks every record.
        return of_records[0].union(of_records[1], *of_parts, all=True)

    def for_list(self) -> RecordQuerySet:
        """With what a line of a list shows; a fixed number of queries whatever its length."""
        leading = _related(self, "participants").select_related("institution").order_by("position")[:6]
        return self.select_related("company").prefetch_related(
            "activity_types", Prefetch("participants", queryset=leading, to_attr="leading_participants")
        )

    def for_feed(self) -> RecordQuerySet:
        """With what an entry of a feed tells: its line of a list, and what was asked first."""
        leading = _related(self, "questions").order_by("position").defer("answer")[:LEADING_QUESTIONS]
        return self.for_list().prefetch_related(Prefetch("questions", queryset=leading, to_attr="leading_questions"))

    def recount(self) -> None:
        """Bring the counts that lists show in line with the rows they count."""
        self.update(**self._counted())
        self._retell_visitors()

    def _counted(self) -> dict[str, Coalesce]:
        """What the counts that lists show ought to be."""
        participants = _related(self, "participants").filter(record=OuterRef("pk")).order_by().values("record")
        questions = _related(self, "questions").filter(record=OuterRef("pk")).order_by().values("record")

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
        rows = _related(self, "participants").filter(record__in=names).order_by("record_id", "position")
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
        companies: Any = _related(_related(self, "record"), "company")
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
        return self.annotate(relevance=search.held_by("text", list(words))).order_by("-relevance", *newest_first)

    def beyond(self, place: Place) -> PositionedQuerySet:
        """What follows a place in the order that the place names."""
        by = f"record__{DAY_OF_ORDER[place.order]}"
        later = Q(record_id__lt=place.record_id) | Q(record_id=place.record_id, position__gt=place.position)
        older = Q(**{f"{by}__lte": place.day}) & (Q(**{f"{by}__lt": place.day}) | later)
        return self.filter(_after(place, older))

    def for_list(self) -> PositionedQuerySet:
        """Questions with what a line of a list shows."""
        return self.select_related("record__company").prefetch_related("topics")

    def public(self) -> PositionedQuerySet:
        return self.filter(record__status=Status.PUBLISHED)


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
