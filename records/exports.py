"""What leaves as CSV: the columns of each level, declared once, and the stream. Knows no request and no page."""

from __future__ import annotations

import codecs
import dataclasses
import io
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from defusedcsv import csv
from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .models import Participant, Question, Record

CHUNK = 500  # rows fetched at once: what an export holds in memory, whatever its length


@dataclasses.dataclass(frozen=True)
class Column:
    """One column: its name for programs, its heading for people, and how a row gives its cell.

    A cell may be a list; what is no text, number, date or list does not belong in one. `staff` columns are not for
    the public.
    """

    name: str
    heading: Any
    cell: Callable[[Any], Any]
    staff: bool = False


@dataclasses.dataclass(frozen=True)
class Level:
    """One kind of export: a row for each record, participant or question."""

    name: str
    label: Any
    columns: tuple[Column, ...]
    rows: Callable[[QuerySet], QuerySet]

    def columns_for(self, *, staff: bool) -> list[Column]:
        return [column for column in self.columns if staff or not column.staff]


def _names(items: Iterable[Any]) -> list[str]:
    return [str(item) for item in items]


def _hosts(record: Record) -> list[str]:
    return ["：".join(part for part in (host["title"], host["name"]) if part) for host in record.hosts]


def _minute(moment: Any) -> str:
    return timezone.localtime(moment).isoformat(timespec="minutes") if moment else ""


# Every level begins with what tells whose row it is; `of` gives the record of a row.
def _record_columns(of: Callable[[Any], Record]) -> tuple[Column, ...]:
    return (
        Column("record_id", _("record id"), lambda row: of(row).pk),
        Column("company_code", _("securities code"), lambda row: of(row).company.code),
        Column("symbol", _("symbol"), lambda row: of(row).company.symbol),
        Column("company", _("company"), lambda row: of(row).company.short_name),
        Column("number", _("number"), lambda row: of(row).number),
        Column("held_from", _("held from"), lambda row: of(row).held_from),
        Column("held_to", _("held to"), lambda row: of(row).last_day),
        Column("disclosed_on", _("disclosed on"), lambda row: of(row).disclosed_on),
        Column("activity_types", _("activity types"), lambda row: _names(of(row).activity_types.all())),
    )


RECORDS = Level(
    "records",
    _("records"),
    (
        *_record_columns(lambda record: record),
        Column("other_activity", _("other activity"), lambda record: record.other_activity),
        Column("held_text", _("time as filed"), lambda record: record.held_text),
        Column("place", _("place"), lambda record: record.place),
        Column("hosts", _("hosts"), _hosts),
        Column("institution_count", _("institutions"), lambda record: record.institution_count),
        Column("person_count", _("people"), lambda record: record.person_count),
        Column("question_count", _("questions"), lambda record: record.question_count),
        Column("stated_institutions", _("institutions stated"), lambda record: record.stated_institutions),
        Column("stated_people", _("people stated"), lambda record: record.stated_people),
        Column("institutions", _("names of institutions"), lambda record: _institution_names(record)),
        Column("introduction", _("introduction"), lambda record: record.introduction),
        Column("closing", _("closing text"), lambda record: record.closing),
        Column(
            "material_information", _("statement on material information"), lambda record: record.material_information
        ),
        Column("signed_on", _("date of the form"), lambda record: record.signed_on),
        Column("address", _("address"), lambda record: record.get_absolute_url()),
        Column("status", _("status"), lambda record: record.get_status_display(), staff=True),
        Column("published_at", _("published at"), lambda record: _minute(record.published_at), staff=True),
        Column("updated_at", _("last change"), lambda record: _minute(record.updated_at), staff=True),
    ),
    lambda records: records.select_related("company").prefetch_related(
        "activity_types", Prefetch("participants", Participant.objects.select_related("institution"))
    ),
)


def _institution_names(record: Record) -> list[str]:
    return list(dict.fromkeys(row.institution.name for row in record.participants.all() if row.institution))


def _children_in_order(model: Any) -> Callable[[QuerySet], QuerySet]:
    """Rows of the records that a queryset names, newest record first, in the order of the form."""

    def rows(records: QuerySet) -> QuerySet:
        return (
            model.objects.filter(record__in=records.order_by().values("pk"))
            .select_related("record__company")
            .prefetch_related("record__activity_types")
            .order_by("-record__held_from", "-record_id", "position")
        )

    return rows


PARTICIPANTS = Level(
    "participants",
    _("participants"),
    (
        Column("participant_id", _("participant id"), lambda row: row.pk),
        *_record_columns(lambda row: row.record),
        Column("position", _("order"), lambda row: row.position),
        Column("institution_id", _("institution id"), lambda row: row.institution_id),
        Column("institution", _("institution"), lambda row: row.institution.name if row.institution else ""),
        Column(
            "institution_type",
            _("institution type"),
            lambda row: row.institution.get_type_display() if row.institution else "",
        ),
        Column("name_as_filed", _("institution as filed"), lambda row: row.name_as_filed),
        Column("person", _("person"), lambda row: row.person),
        Column("title", _("title"), lambda row: row.title),
        Column("status", _("status"), lambda row: row.record.get_status_display(), staff=True),
    ),
    lambda records: _children_in_order(Participant)(records).select_related("record__company", "institution"),
)

QUESTIONS = Level(
    "questions",
    _("questions"),
    (
        Column("question_id", _("question id"), lambda row: row.pk),
        *_record_columns(lambda row: row.record),
        Column("position", _("order"), lambda row: row.position),
        Column("question", _("question"), lambda row: row.text),
        Column("answer", _("answer"), lambda row: row.answer),
        Column("topics", _("topics"), lambda row: _names(row.topics.all())),
        Column("address", _("address"), lambda row: row.get_absolute_url()),
        Column("status", _("status"), lambda row: row.record.get_status_display(), staff=True),
    ),
    lambda records: _children_in_order(Question)(records).prefetch_related("topics"),
)

LEVELS = {level.name: level for level in (RECORDS, PARTICIPANTS, QUESTIONS)}


def _flat(cell: Any) -> Any:
    """A cell for a table: lists joined as Chinese readers join them, nothing as an empty cell."""
    if isinstance(cell, list):
        return "；".join(cell)
    return "" if cell is None else cell


def _harmless(cell: Any) -> Any:
    """Quoted where it begins with a tab or a line end, which defusedcsv lets pass and a spreadsheet skips."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in {"\t", "\r", "\n"} else cell


def csv_lines(level: Level, records: QuerySet, *, staff: bool = False) -> Iterator[bytes]:
    """The CSV of some records at one level, piece by piece: UTF-8 with the mark that Excel wants.

    Cells that a spreadsheet would run as a formula are quoted. If the database fails on the way, the last
    line says that the file is incomplete.
    """
    columns = level.columns_for(staff=staff)
    buffer = io.StringIO()
    writer = csv.writer(buffer)

    def taken() -> bytes:
        text = buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
        return text.encode()

    writer.writerow([str(column.heading) for column in columns])
    yield codecs.BOM_UTF8 + taken()
    rows = level.rows(records).iterator(chunk_size=CHUNK)
    try:
        while chunk := list(itertools.islice(rows, CHUNK)):
            for row in chunk:
                writer.writerow([_harmless(_flat(column.cell(row))) for column in columns])
            yield taken()
    except Exception:
        writer.writerow([gettext("INCOMPLETE: the export broke off here. Fetch it again.")])
        yield taken()
        raise
