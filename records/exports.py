"""What leaves as data: the rows of a level as CSV, XLSX and JSON.

Knows no request and no page.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import datetime
import io
import itertools
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any

import xlsxwriter
from defusedcsv import csv
from django.db.models import QuerySet
from django.utils.translation import gettext

from .levels import Column, Level
from .querysets import DAY_OF_ORDER, Place

CHUNK = 500  # rows fetched at once: what an export holds in memory, whatever its length


def _flat(cell: Any) -> Any:
    """A cell for a table: lists joined as Chinese readers join them, nothing as an empty cell."""
    if isinstance(cell, list):
        return "；".join(cell)
    return "" if cell is None else cell


def _harmless(cell: Any) -> Any:
    """Quoted where it begins with a tab or a line end, which defusedcsv lets pass and a spreadsheet skips."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in {"\t", "\r", "\n"} else cell


def _chunks(level: Level, rows: QuerySet, columns: Iterable[Column]) -> Iterator[list[Any]]:
    loaded = level.load(rows).iterator(chunk_size=CHUNK)
    while chunk := list(itertools.islice(loaded, CHUNK)):
        _prepare(columns, chunk)
        yield chunk


def _prepare(columns: Iterable[Column], rows: list[Any]) -> None:
    for prepare in {column.prepare for column in columns if column.prepare}:
        prepare(rows)


def csv_lines(level: Level, rows: QuerySet, columns: Sequence[Column] | None = None) -> Iterator[bytes]:
    """The CSV of some rows of a level, piece by piece: of the public columns, unless others are named."""
    columns = columns or level.public_columns
    chunks = ([[column.cell(row) for column in columns] for row in chunk] for chunk in _chunks(level, rows, columns))
    return csv_of([column.heading for column in columns], chunks)


def csv_of(headings: Iterable[Any], chunks: Iterable[Iterable[Sequence[Any]]]) -> Iterator[bytes]:
    """CSV, a piece for each chunk of rows: UTF-8 with the mark that Excel wants.

    Cells that a spreadsheet would run as a formula are quoted. If the database fails on the way, the last
    line says that the file is incomplete.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer)

    def taken() -> bytes:
        text = buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
        return text.encode()

    writer.writerow([str(heading) for heading in headings])
    yield codecs.BOM_UTF8 + taken()
    try:
        for chunk in chunks:
            for row in chunk:
                writer.writerow([_harmless(_flat(cell)) for cell in row])
            yield taken()
    except Exception:
        writer.writerow([gettext("INCOMPLETE: the export broke off here. Fetch it again.")])
        yield taken()
        raise


SHEET_ROWS = 1_048_576  # of a sheet, the heading included
CELL_LENGTH = 32_767  # characters that a cell of a sheet can hold


def xlsx_file(level: Level, rows: QuerySet, columns: Sequence[Column] | None = None) -> IO[bytes]:
    """A workbook of some rows of a level, whole, in a file that vanishes when it is closed.

    Text is written as text whatever it begins with. A sheet has an end: beyond it, the last row says that the
    file is cut, and a text that no cell can hold ends in an ellipsis.
    """
    columns = columns or level.public_columns
    file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    try:
        with xlsxwriter.Workbook(file, {"constant_memory": True}) as book:
            bold, day = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd"})
            sheet = book.add_worksheet(level.name)
            sheet.freeze_panes(1, 0)
            for place, column in enumerate(columns):
                sheet.write_string(0, place, str(column.heading), bold)
            written = itertools.chain.from_iterable(_chunks(level, rows[:SHEET_ROWS], columns))
            for at, row in enumerate(written, 1):
                if at == SHEET_ROWS - 1 and next(written, None):
                    sheet.write_string(at, 0, gettext("CUT: a sheet holds no more rows. Fetch the CSV."))
                    break
                for place, column in enumerate(columns):
                    _write_cell(sheet, at, place, column.cell(row), day)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


def _write_cell(sheet: Any, row: int, place: int, cell: Any, day: Any) -> None:
    cell = _flat(cell)
    if isinstance(cell, datetime.date):
        sheet.write_datetime(row, place, cell, day)
    elif isinstance(cell, int):
        sheet.write_number(row, place, cell)
    elif cell:
        text = str(cell)
        sheet.write_string(row, place, text if len(text) <= CELL_LENGTH else f"{text[: CELL_LENGTH - 1]}…")


class CursorError(ValueError):
    """A cursor that no page gave, or that belongs to another order."""


_PLACE = re.compile(
    r"(visit|disclosure|relevance) ([0-9]{4}-[0-9]{2}-[0-9]{2}) ([0-9]{1,18}) ([0-9]{1,9}) ([0-9]{1,9})"
)


def json_page(level: Level, rows: Any, order: str, limit: int, after: str = "") -> tuple[list[dict[str, Any]], str]:
    """Rows of a level as JSON knows them, by column name, and the cursor of what follows, empty at the end.

    The rows are in this order. The cursor names the last row and not how many there were, so that the last page
    comes as fast as the first and a new record repeats none. Raises CursorError.
    """
    if after:
        rows = rows.beyond(_place(after, order))
    found = list(level.load(rows)[: limit + 1])
    shown = found[:limit]
    columns = level.public_columns
    _prepare(columns, shown)
    results = [{column.name: _plain(column.cell(row)) for column in columns} for row in shown]
    return results, _cursor(level, shown[-1], order) if len(found) > limit else ""


def _plain(cell: Any) -> Any:
    return cell.isoformat() if isinstance(cell, datetime.date) else cell


def _cursor(level: Level, row: Any, order: str) -> str:
    record = level.record(row)
    day = getattr(record, DAY_OF_ORDER[order])
    place = Place(order, day, record.pk, getattr(row, "position", 0), getattr(row, "relevance", 0))
    return base64.urlsafe_b64encode(" ".join(map(str, place)).encode()).decode().rstrip("=")


def _place(cursor: str, order: str) -> Place:
    """What `_cursor` wrote. Raises CursorError."""
    try:
        text = base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)).decode()
        if not (match := _PLACE.fullmatch(text)) or match[1] != order:
            raise CursorError(cursor)
        return Place(match[1], datetime.date.fromisoformat(match[2]), *map(int, match.groups()[2:]))
    except (binascii.Error, ValueError) as error:  # UnicodeError is a ValueError
        raise CursorError(cursor) from error
