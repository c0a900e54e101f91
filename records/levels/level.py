"""A level of what can be taken along, and a column of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from records.models import Record
from records.querysets import Among


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
    a long export would spend most of its time on making objects of a model. `staff_fields` are what only columns for
    staff need. `key` is the one that holds the id of a row's record.
    """

    name: str
    label: Any
    columns: tuple[Column, ...]
    of: Callable[[Any], QuerySet] = lambda rows: rows
    fields: tuple[str, ...] = ()
    staff_fields: tuple[str, ...] = ()
    key: str = "record_id"

    @property
    def public_columns(self) -> list[Column]:
        return [column for column in self.columns if not column.staff]

    def chosen(self, names: Collection[str]) -> list[Column]:
        """The columns of these names, in their own order."""
        return [column for column in self.columns if column.name in names]

    def load(self, rows: QuerySet, columns: Iterable[Column], *more: str) -> QuerySet:
        """The rows as these columns read them, with some fields more; where they were weighed, with `relevance`."""
        if not self.fields:
            return rows
        fields = self.fields + (self.staff_fields if any(column.staff for column in columns) else ())
        computed = {"relevance"} & rows.query.annotations.keys()
        plain = rows.select_related(None).prefetch_related(None)
        return plain.values_list("pk", *dict.fromkeys([*fields, *more, *computed]), named=True)

    def cells(
        self, rows: list[Any], columns: Sequence[Column], told: Callable[[list[Any]], list[Any]] = list
    ) -> Iterator[tuple[Any, ...]]:
        """The cells of some loaded rows, each column of them as `told` puts it.

        Each record is asked once for all rows it has; what belongs to one that was deleted a moment ago is left out.
        """
        is_shared = self.key != "pk"
        shared = [column for column in columns if is_shared and column.of_record]
        own = [column for column in columns if not (is_shared and column.of_record)]
        found: dict[str, list[Any]] = {}
        if shared:
            records = list(_records_of(rows))
            at = {record.pk: place for place, record in enumerate(records)}
            rows = [row for row in rows if getattr(row, self.key) in at]
            places = [at[getattr(row, self.key)] for row in rows]
            for column, read in zip(shared, _readers(shared, records), strict=True):
                of_each = told([read(record) for record in records])
                found[column.name] = [of_each[place] for place in places]
        for column, read in zip(own, _readers(own, rows), strict=True):
            found[column.name] = told([read(row) for row in rows])
        return zip(*(found[column.name] for column in columns), strict=True)


FIELDS_OF_RECORD = (
    *("company__code", "company__board", "company__short_name", "number", "held_from", "held_to", "disclosed_on"),
    *("institution_count", "person_count", "question_count", "status"),
)


def _records_of(rows: list[Any]) -> QuerySet:
    """What the columns of records need of those that some rows belong to."""
    records = Record.objects.filter(Among("pk", {row.record_id for row in rows})).order_by()
    return records.values_list("pk", *FIELDS_OF_RECORD, named=True)


def minute(moment: Any) -> str:
    return timezone.localtime(moment).isoformat(timespec="minutes") if moment else ""
