"""What can be taken along: the levels, a row for each thing, and the columns of each."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import operator
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db.models import QuerySet, prefetch_related_objects
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .filing.shape import ACTIVITY_TYPES
from .models import (
    AuditEntry,
    Closure,
    Company,
    DeadlineRule,
    Deadlines,
    Institution,
    InstitutionMerge,
    InstitutionType,
    Participant,
    Question,
    QuietPeriod,
    Record,
    Reminder,
    Step,
    ToldApart,
    Topic,
    WatchWord,
    name_of,
    symbol_of,
)
from .querysets import Among, joined
from .workflow import Status


def _as_found(found: Any) -> Any:
    return found


@dataclasses.dataclass(frozen=True)
class Column:
    """One column: its name for programs, its heading for people, and how a row gives its cell.

    `of_many` is given some rows at once and gives by id what `cell` is given then instead of the row, or the cell
    itself. A cell may be a list; what is no text, number, date or list does not belong in one. `staff` columns are not
    for the public; `help` says what the heading does not. Those that are `of_record` are asked of a row's record.
    """

    name: str
    heading: Any
    cell: Callable[[Any], Any] = _as_found
    staff: bool = False
    help: Any = ""
    of_many: Callable[[list[Any]], Mapping[int, Any]] | None = None
    of_record: bool = False


def _readers(columns: Iterable[Column], rows: list[Any]) -> list[Callable[[Any], Any]]:
    """What gives the cell of each of some rows, by column."""
    told = {of_many: of_many(rows) for of_many in {column.of_many for column in columns} if of_many}

    def reader(column: Column) -> Callable[[Any], Any]:
        if not column.of_many:
            return column.cell
        cell, found = column.cell, told[column.of_many]
        if cell is _as_found:
            return lambda row: found.get(row.pk, "")
        return lambda row: cell(found[row.pk]) if row.pk in found else ""

    return [reader(column) for column in columns]


@dataclasses.dataclass(frozen=True)
class Level:
    """One kind of export: a row for each record, participant or question.

    `of` gives the rows of some records. Where its `fields` are named, rows are these and no more, under these names:
    a long export would spend most of its time on making objects of a model. `key` is the one that holds the id of a
    row's record.
    """

    name: str
    label: Any
    columns: tuple[Column, ...]
    of: Callable[[Any], QuerySet] = lambda rows: rows
    fields: tuple[str, ...] = ()
    key: str = "record_id"

    @property
    def public_columns(self) -> list[Column]:
        return [column for column in self.columns if not column.staff]

    def chosen(self, names: Collection[str]) -> list[Column]:
        """The columns of these names, in their own order."""
        return [column for column in self.columns if column.name in names]

    def load(self, rows: QuerySet, *more: str) -> QuerySet:
        """The rows as cells are read of them, with some fields more; where they were weighed, with `relevance`."""
        if not self.fields:
            return rows
        computed = {"relevance"} & rows.query.annotations.keys()
        plain = rows.select_related(None).prefetch_related(None)
        return plain.values_list("pk", *dict.fromkeys([*self.fields, *more, *computed]), named=True)

    def cells(
        self, rows: list[Any], columns: Sequence[Column], told: Callable[[Any], Any] = lambda cell: cell
    ) -> Iterator[tuple[Any, ...]]:
        """The cells of some loaded rows, each as `told` puts it; each record is asked once for all rows it has."""
        own = [column for column in columns if not column.of_record]
        shared = [column for column in columns if column.of_record]
        readers = _readers(own, rows)
        of_record: dict[int, list[Any]] = {}
        if shared:
            records = rows if self.key == "pk" else list(_records_of(rows))
            of_each = _readers(shared, records)
            of_record = {record.pk: [told(read(record)) for read in of_each] for record in records}
        found = [*own, *shared]
        places = [found.index(column) for column in columns]
        # Of one place alone it would give no tuple.
        arranged = operator.itemgetter(*places) if len(places) > 1 else lambda cells: (cells[places[0]],)
        for row in rows:
            cells = [told(read(row)) for read in readers]
            if shared:
                if (told_of_record := of_record.get(getattr(row, self.key))) is None:
                    continue  # deleted a moment ago
                cells += told_of_record
            yield arranged(cells)


def _hosts(record: Record) -> list[str]:
    return ["：".join(part for part in (host["title"], host["name"]) if part) for host in record.hosts]


def _minute(moment: Any) -> str:
    return timezone.localtime(moment).isoformat(timespec="minutes") if moment else ""


def _lists(pairs_of: Callable[[str], Iterable[tuple[int, str]]]) -> Callable[[list[Any]], dict[int, list[str]]]:
    """An `of_many` that gives lists of texts: `pairs_of` some ids gives an id with each text, each text once."""

    def of_many(rows: list[Any]) -> dict[int, list[str]]:
        ids = [row.pk for row in rows]
        found: dict[int, dict[str, None]] = collections.defaultdict(dict)
        for pk, text in pairs_of(joined(ids)):
            found[pk][text] = None
        return {pk: [*found.get(pk, ())] for pk in ids}

    return of_many


def _activities(records: str) -> Iterable[tuple[int, str]]:
    ticks: Any = Record.activity_types.through.objects
    pairs = ticks.filter(Among("record", records)).values_list("record_id", "activitytype_id")
    places = {name: place for place, name in enumerate(ACTIVITY_TYPES)}
    return sorted(pairs, key=lambda pair: places.get(pair[1], len(places)))


def _institutions(records: str) -> Iterable[tuple[int, str]]:
    came = Participant.objects.filter(Among("record", records), institution__isnull=False)
    pairs = list(came.order_by("record_id", "position").values_list("record_id", "institution_id"))
    # Looked up by themselves, the names are read once for all rows.
    called = Institution.objects.filter(Among("pk", {institution for _record, institution in pairs}))
    names = dict(called.order_by().values_list("pk", "name"))
    return [(record, names[institution]) for record, institution in pairs if institution in names]


def _institution_of(participants: list[Any]) -> dict[int, tuple[str, str]]:
    """Name and type of the institution of each; of those that have none, empty texts."""
    labels = {kind.value: str(kind.label) for kind in InstitutionType}
    ids = {row.institution_id for row in participants} - {None}
    named = Institution.objects.filter(Among("pk", ids)).order_by().values_list("pk", "name", "type")
    told = {pk: (name, labels.get(kind, kind)) for pk, name, kind in named}
    return {row.pk: told.get(row.institution_id, ("", "")) for row in participants}


def _topics(questions: str) -> Iterable[tuple[int, str]]:
    links: Any = Question.topics.through.objects
    ordered = links.filter(Among("question", questions)).order_by("topic__pinyin", "topic_id")
    return ordered.values_list("question_id", "topic__name")


def _addresses_of_questions(questions: list[Any]) -> dict[int, str]:
    """To ask for each address by itself takes longer than all the rest of a row."""
    before, _id, after = reverse("records:question", args=[0]).rpartition("0")
    return {question.pk: f"{before}{question.pk}{after}" for question in questions}


def _addresses_of_records(records: list[Any]) -> dict[int, str]:
    """The same; numbers of which something would have to be escaped are left to Django."""
    before, _between, after = reverse("records:record", args=["000000", "0"]).partition("000000/0")
    return {
        record.pk: f"{before}{record.company__code}/{record.slug}{after}"
        if _PLAIN.fullmatch(record.slug)
        else reverse("records:record", args=[record.company__code, record.slug])
        for record in records
    }


_PLAIN = re.compile(r"[\w.-]*\w[\w.-]*", re.ASCII)  # “.” and “..” are steps in a path


def _of_record(*columns: Column) -> tuple[Column, ...]:
    """Columns that are asked of the record of a row, on whatever level."""
    return tuple(dataclasses.replace(column, of_record=True) for column in columns)


_FIELDS_OF_RECORD = (
    *("company__code", "company__board", "company__short_name", "number", "held_from", "held_to", "disclosed_on"),
    *("institution_count", "person_count", "question_count", "status"),
)


def _records_of(rows: list[Any]) -> QuerySet:
    """What the columns of records need of those that some rows belong to."""
    records = Record.objects.filter(Among("pk", {row.record_id for row in rows})).order_by()
    return records.values_list("pk", *_FIELDS_OF_RECORD, named=True)


# Every level begins with what tells whose row it is.
_OF_RECORD = _of_record(
    Column("record_id", _("record id"), lambda record: record.pk, help=_("Never changes and is never used again.")),
    Column(
        "company_code",
        _("securities code"),
        lambda record: record.company__code,
        help=_("Six digits, as text: zeros at the front belong to it."),
    ),
    Column(
        "symbol",
        _("symbol"),
        lambda record: symbol_of(record.company__code, record.company__board),
        help=_("The code with its exchange, such as 000001.SZ."),
    ),
    Column("company", _("company"), lambda record: record.company__short_name),
    Column("number", _("number"), lambda record: record.number, help=_("As filed; may be empty.")),
    Column("held_from", _("held from"), lambda record: record.held_from, help=_("The first day of the activity.")),
    Column(
        "held_to",
        _("held to"),
        lambda record: record.held_to or record.held_from,
        help=_("The last day; the first where it was one."),
    ),
    Column(
        "disclosed_on",
        _("disclosed on"),
        lambda record: record.disclosed_on,
        help=_("The day on which the company published the record."),
    ),
    Column(
        "activity_types",
        _("activity types"),
        help=_("The boxes that are ticked on the form."),
        of_many=_lists(_activities),
    ),
)

# What a record comes to, in words that fit a row of any level.
_COUNTS = _of_record(
    Column(
        "institution_count",
        _("institutions"),
        lambda record: record.institution_count,
        help=_("How many different institutions the record names."),
    ),
    Column(
        "person_count",
        _("people"),
        lambda record: record.person_count,
        help=_("How many visitors it names in person."),
    ),
    Column(
        "question_count",
        _("questions"),
        lambda record: record.question_count,
        help=_("How many questions it answers."),
    ),
)
(_STATUS,) = _of_record(Column("status", _("status"), lambda record: Status(record.status).label, staff=True))


def _with_deadlines(rows: list[Any]) -> dict[int, Record]:
    """The records themselves, which know by when they are due."""
    records = Record.objects.select_related("company").in_bulk([row.pk for row in rows])
    Deadlines.load().attach(list(records.values()))
    return records


def _steps(rows: list[Any]) -> dict[int, list[Step]]:
    found: dict[int, list[Step]] = {row.pk: [] for row in rows}
    for step in Step.objects.filter(record__in=found).select_related("user").order_by("pk"):
        found[step.record_id].append(step)
    return found


def _who(*verbs: str) -> Callable[[list[Step]], str]:
    """Who took one of these steps last."""
    return lambda steps: next((step.who for step in reversed(steps) if step.verb in verbs), "")


def _labelled(model: Any, field: str) -> Callable[[Any], str]:
    """What people call the value that a field of a model has."""
    labels = dict(model._meta.get_field(field).flatchoices)
    return lambda row: str(labels.get(value := getattr(row, field), value))


def _of_related(name: str, told: Callable[[Any], str], *needed: str) -> Callable[[list[Any]], dict[int, list[str]]]:
    """An `of_many` that gives what is told of each thing that a row is joined to; `needed` is fetched for that."""

    def of_many(rows: list[Any]) -> dict[int, list[str]]:
        prefetch_related_objects(rows, name, *needed)
        return {row.pk: [text for one in getattr(row, name).all() if (text := told(one))] for row in rows}

    return of_many


RECORDS = Level(
    "records",
    _("records"),
    (
        *_OF_RECORD,
        Column(
            "other_activity",
            _("other activity"),
            lambda record: record.other_activity,
            help=_("What stands beside the box 其他."),
        ),
        Column(
            "held_text",
            _("time as filed"),
            lambda record: record.held_text,
            help=_("Date and time in the form's own words."),
        ),
        Column("place", _("place"), lambda record: record.place),
        Column("hosts", _("hosts"), _hosts, help=_("Those who received the visitors, each as title：name.")),
        *_COUNTS,
        Column(
            "stated_institutions",
            _("institutions stated"),
            lambda record: record.stated_institutions,
            help=_("Where the form gives a total, such as 等31家机构."),
        ),
        Column(
            "stated_people",
            _("people stated"),
            lambda record: record.stated_people,
            help=_("Where the form gives a total."),
        ),
        Column(
            "institutions",
            _("names of institutions"),
            help=_("Each once, by the name it has in the directory."),
            of_many=_lists(_institutions),
        ),
        Column(
            "introduction",
            _("introduction"),
            lambda record: record.introduction,
            help=_("What stands before the first question."),
        ),
        Column(
            "closing", _("closing text"), lambda record: record.closing, help=_("What stands after the last answer.")
        ),
        Column(
            "material_information", _("statement on material information"), lambda record: record.material_information
        ),
        Column("signed_on", _("date of the form"), lambda record: record.signed_on),
        Column(
            "address",
            _("address"),
            help=_("Its page on this site; it stays."),
            of_many=_addresses_of_records,
        ),
        _STATUS,
        Column(
            "due",
            _("due"),
            lambda record: str(record.due or ""),
            staff=True,
            help=_("By when it is or was to be published."),
            of_many=_with_deadlines,
        ),
        Column(
            "deadline",
            _("deadline"),
            lambda record: str(light.label) if (light := record.light) else "",
            staff=True,
            help=_("How it stands to that: overdue, published in time …"),
            of_many=_with_deadlines,
        ),
        Column(
            "submitted_by",
            _("submitted by"),
            _who("submit"),
            staff=True,
            help=_("Who handed it to a reviewer last."),
            of_many=_steps,
        ),
        Column(
            "published_by",
            _("published by"),
            _who("approve", "publish"),
            staff=True,
            help=_("Who approved it, or published it alone."),
            of_many=_steps,
        ),
        Column("published_at", _("published at"), lambda record: _minute(record.published_at), staff=True),
        Column("updated_at", _("last change"), lambda record: _minute(record.updated_at), staff=True),
    ),
    fields=(
        *_FIELDS_OF_RECORD,
        *("slug", "other_activity", "held_text", "place", "hosts", "stated_institutions", "stated_people"),
        *("introduction", "closing", "material_information", "signed_on", "published_at", "updated_at"),
    ),
    key="pk",
)


def _parts_of(model: Any) -> Callable[[Any], QuerySet]:
    """Rows of the records that a queryset names, newest record first, in the order of the form."""
    return lambda records: model.objects.filter(record__in=records.order_by().values("pk")).newest_first()


PARTICIPANTS = Level(
    "participants",
    _("participants"),
    (
        Column("participant_id", _("participant id"), lambda row: row.pk),
        *_OF_RECORD,
        Column("position", _("order"), lambda row: row.position, help=_("The place on the form, from 1.")),
        Column(
            "institution_id",
            _("institution id"),
            lambda row: row.institution_id,
            help=_("The same for every spelling of an institution; empty for a person without one."),
        ),
        Column(
            "institution",
            _("institution"),
            operator.itemgetter(0),
            help=_("By the name it has in the directory."),
            of_many=_institution_of,
        ),
        Column("institution_type", _("institution type"), operator.itemgetter(1), of_many=_institution_of),
        Column("name_as_filed", _("institution as filed"), lambda row: row.name_as_filed),
        Column("person", _("person"), lambda row: row.person, help=_("Empty where only the institution is named.")),
        Column("title", _("title"), lambda row: row.title),
        *_COUNTS,
        Column("attended", _("attendance"), _labelled(Participant, "attended"), staff=True),
        Column(
            "commitment_letter",
            _("commitment letter"),
            _labelled(Participant, "commitment_letter"),
            staff=True,
        ),
        _STATUS,
    ),
    _parts_of(Participant),
    (
        *("record_id", "position", "institution_id", "name_as_filed", "person", "title"),
        *("attended", "commitment_letter"),
    ),
)

QUESTIONS = Level(
    "questions",
    _("questions"),
    (
        Column(
            "question_id",
            _("question id"),
            lambda row: row.pk,
            help=_("Never changes, whatever becomes of its order and wording."),
        ),
        *_OF_RECORD,
        Column("position", _("order"), lambda row: row.position, help=_("The place on the form, from 1.")),
        Column("question", _("question"), lambda row: row.text, help=_("Empty where the filing lost its words.")),
        Column("answer", _("answer"), lambda row: row.answer),
        Column("topics", _("topics"), of_many=_lists(_topics)),
        *_COUNTS,
        Column(
            "address",
            _("address"),
            help=_("Its place on this site; it stays."),
            of_many=_addresses_of_questions,
        ),
        _STATUS,
    ),
    _parts_of(Question),
    ("record_id", "position", "text", "answer"),
)

# What the public has as data.
LEVELS = {level.name: level for level in (RECORDS, PARTICIPANTS, QUESTIONS)}


def _yes_or_no(value: bool) -> str:
    return gettext("yes") if value else gettext("no")


def _public_address(row: Any) -> str:
    return row.get_absolute_url() if row.record_count else ""


def _recorded(*counts: Column) -> tuple[Column, ...]:
    """What the published records of a company, an institution or a topic come to."""
    return (
        Column("record_count", _("records"), lambda row: row.record_count, help=_("How many published records.")),
        *counts,
        Column("first_held", _("first activity"), lambda row: row.first_held),
        Column("last_held", _("last activity"), lambda row: row.last_held),
        Column(
            "address",
            _("address"),
            _public_address,
            help=_("Its page on this site; empty while no published record names it."),
        ),
        Column("pinyin", _("pinyin"), lambda row: row.pinyin, staff=True),
    )


_QUESTION_COUNT = Column(
    "question_count", _("questions"), lambda row: row.question_count, help=_("How many questions in them.")
)


def _directory(name: str, model: Any, *columns: Column) -> Level:
    """A list of the desk: a row for each row of a model."""
    return Level(
        name,
        model._meta.verbose_name_plural,
        columns,
    )


COMPANIES = _directory(
    "companies",
    Company,
    Column(
        "company_code",
        _("securities code"),
        lambda company: company.code,
        help=_("Six digits, as text: zeros at the front belong to it."),
    ),
    Column(
        "symbol",
        _("symbol"),
        lambda company: company.symbol,
        help=_("The code with its exchange, such as 000001.SZ."),
    ),
    Column("short_name", _("short name"), lambda company: company.short_name),
    Column("full_name", _("full name"), lambda company: company.full_name),
    Column("board", _("board"), lambda company: company.get_board_display()),
    *_recorded(_QUESTION_COUNT),
    Column(
        "one_person_desk",
        _("one-person desk"),
        lambda company: _yes_or_no(company.one_person_desk),
        staff=True,
        help=_("Whether records are published without a second person’s approval."),
    ),
    Column(
        "staff",
        _("who works for it"),
        staff=True,
        of_many=_of_related("staff", name_of),
    ),
)

INSTITUTIONS = _directory(
    "institutions",
    Institution,
    Column("institution_id", _("institution id"), lambda row: row.pk),
    Column("name", _("name"), lambda row: row.name),
    Column("type", _("type"), lambda row: row.get_type_display()),
    Column(
        "aliases",
        _("aliases"),
        of_many=_of_related("aliases", lambda alias: alias.name),
    ),
    Column(
        "alias_dates",
        _("dates of aliases"),
        help=_("From which day until which an alias was used, where that is known: 安信证券 2006-08-22/2023-12-08."),
        of_many=_of_related("aliases", lambda alias: f"{alias.name} {alias.days}" if alias.days else ""),
    ),
    *_recorded(),
    Column(
        "reviewed",
        _("reviewed"),
        lambda row: _yes_or_no(row.reviewed),
        staff=True,
        help=_("Off for names that came in with a filing and that nobody has looked at."),
    ),
)

TOPICS = _directory(
    "topics",
    Topic,
    Column("name", _("name"), lambda topic: topic.name),
    Column("slug", _("address"), lambda topic: topic.slug, help=_("The last part of the topic's address.")),
    Column("keywords", _("keywords"), lambda topic: topic.keywords),
    *_recorded(_QUESTION_COUNT),
)


# Lists that the desk keeps for itself: a column for each field.


def _of_fields(name: str, model: Any, *fields: str, more: tuple[Column, ...] = ()) -> Level:
    related = [field for field in fields if model._meta.get_field(field).is_relation]
    return Level(
        name,
        model._meta.verbose_name_plural,
        (*(_of_field(model, field) for field in fields), *more),
        lambda rows: rows.select_related(*related) if related else rows,
    )


def _of_field(model: Any, name: str) -> Column:
    field = model._meta.get_field(name)

    def cell(row: Any) -> Any:
        if field.choices:
            return getattr(row, f"get_{name}_display")()
        value = getattr(row, name)
        if isinstance(value, bool):
            return _yes_or_no(value)
        if isinstance(value, datetime.datetime):
            return _minute(value)
        return str(value) if field.is_relation and value is not None else value

    return Column(name, field.verbose_name, cell, staff=True, help=field.help_text)


def _listed(name: str, heading: Any, related: str, *needed: str) -> Column:
    """What a row is joined to, as a list; `needed` leads to what its names are made of."""
    return Column(
        name,
        heading,
        staff=True,
        of_many=_of_related(related, str, *needed),
    )


CLOSURES = _of_fields("closures", Closure, "date", "is_open", "note")
DEADLINE_RULES = _of_fields("deadline_rules", DeadlineRule, "effective_from", "board", "kind", "trading_days", "note")
QUIET_PERIODS = _of_fields("quiet_periods", QuietPeriod, "company", "first_day", "last_day", "reason")
REMINDERS = _of_fields("reminders", Reminder, "user", "is_wanted", "language", "sent_on")
WATCH_WORDS = _of_fields("watch_words", WatchWord, "word", "reason", "level")
MERGED_INSTITUTIONS = _of_fields(
    *("merged_institutions", InstitutionMerge),
    *("name", "into_name", "at", "user", "participant_count", "record_count", "undone_at", "undone_by"),
)
TOLD_APART = _of_fields("told_apart", ToldApart, "first", "second", "user", "at")
AUDIT_LOG = _of_fields(
    *("audit_log", AuditEntry, "at"),
    *("who", "kind", "object_id", "name", "company", "detail", "address"),
    more=(Column("act", _("act"), lambda entry: str(entry.act), staff=True),),
)
PEOPLE = _of_fields(
    *("people", get_user_model(), "username", "last_name", "first_name", "email"),
    *("is_active", "is_staff", "is_superuser", "last_login", "date_joined"),
    more=(_listed("groups", _("groups"), "groups"), _listed("companies", _("companies"), "companies")),
)
GROUPS = _of_fields(
    *("groups", Group, "name"),
    more=(_listed("permissions", _("permissions"), "permissions", "permissions__content_type"),),
)
