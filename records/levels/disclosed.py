"""What the public has as data: records, and the participants and questions of records."""

from __future__ import annotations

import collections
import dataclasses
import operator
import re
from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from records.filing.shape import ACTIVITY_TYPES
from records.models import (
    Deadlines,
    Institution,
    InstitutionType,
    Participant,
    Question,
    Record,
    Step,
    host_line,
    symbol_of,
)
from records.querysets import Among, joined
from records.workflow import Status

from .level import FIELDS_OF_RECORD, Column, Level, minute


def _hosts(record: Record) -> list[str]:
    return list(map(host_line, record.hosts))


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


_OF_VERSION = _("Belongs to this version of the record: a correction has another. Never used again.")

# Every level begins with what tells whose row it is.
_OF_RECORD = _of_record(
    Column("record_id", _("record id"), lambda record: record.pk, help=_OF_VERSION),
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
        _("number of institutions"),
        lambda record: record.institution_count,
        help=_("How many different institutions the record names."),
    ),
    Column(
        "person_count",
        _("number of people"),
        lambda record: record.person_count,
        help=_("How many visitors it names in person."),
    ),
    Column(
        "question_count",
        _("number of questions"),
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
            help=_(
                "Its page on this site. It stays: once the record was corrected, the present version stands there."
            ),
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
        Column("published_at", _("published at"), lambda record: minute(record.published_at), staff=True),
        Column("updated_at", _("last change"), lambda record: minute(record.updated_at), staff=True),
    ),
    fields=(
        *FIELDS_OF_RECORD,
        *("slug", "other_activity", "held_text", "place", "hosts", "stated_institutions", "stated_people"),
        *("introduction", "closing", "material_information", "signed_on"),
    ),
    staff_fields=("published_at", "updated_at"),
    key="pk",
)


def _parts_of(model: Any) -> Callable[[Any], QuerySet]:
    """Rows of the records that a queryset names, newest record first, in the order of the form."""
    return lambda records: model.objects.filter(record__in=records.order_by().values("pk")).newest_first()


PARTICIPANTS = Level(
    "participants",
    _("participants"),
    (
        Column("participant_id", _("participant id"), lambda row: row.pk, help=_OF_VERSION),
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
    ("record_id", "position", "institution_id", "name_as_filed", "person", "title"),
    ("attended", "commitment_letter"),
)

QUESTIONS = Level(
    "questions",
    _("questions"),
    (
        Column("question_id", _("question id"), lambda row: row.pk, help=_OF_VERSION),
        *_OF_RECORD,
        Column("position", _("order"), lambda row: row.position, help=_("The place on the form, from 1.")),
        Column("question", _("question"), lambda row: row.text, help=_("Empty where the filing lost its words.")),
        Column("answer", _("answer"), lambda row: row.answer),
        Column("topics", _("topics"), of_many=_lists(_topics)),
        *_COUNTS,
        Column(
            "address",
            _("address"),
            help=_("Its place on this site, in this version of the record. It stays."),
            of_many=_addresses_of_questions,
        ),
        _STATUS,
    ),
    _parts_of(Question),
    ("record_id", "position", "text", "answer"),
)

# What the public has as data.
LEVELS = {level.name: level for level in (RECORDS, PARTICIPANTS, QUESTIONS)}
