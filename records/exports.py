"""What leaves as data: the rows of a level as CSV, XLSX and JSON.

Knows no request and no page.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import contextlib
import csv
import datetime
import io
import itertools
import re
import tempfile
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from typing import IO, Any

import xlsxwriter
from defusedcsv.csv import _escape as defused  # its writer asks this of every cell, one after the other
from django.db.models import QuerySet
from django.utils.translation import gettext

from .levels import Column, Level
from .querysets import DAY_OF_ORDER, Place
from .snapshots import TooLongError, snapshot

CHUNK = 5000  # rows fetched at once: what an export holds in memory, whatever its length
PATIENCE = 300  # seconds that a reader may take for what was fetched at once
LONGEST = 3600  # seconds after which no more rows are given: meanwhile nothing is cleared away behind them

# What no formula begins with, beside letters and digits: most cells need no second look.
_HARMLESS = {"", "/", "（", "【", "《", "“"}


def _flat(cells: list[Any]) -> list[Any]:
    """Cells for a table."""
    return [_flat_cell(cell) for cell in cells]


def _flat_cell(cell: Any) -> Any:
    """Lists joined as Chinese readers join them, nothing as an empty cell."""
    return "；".join(cell) if isinstance(cell, list) else "" if cell is None else cell


def _written(cells: Sequence[Any]) -> list[Any]:
    """Cells for CSV: numbers, and text that no spreadsheet runs."""
    # Nearly all are text that begins with a letter or a digit: they are not worth a call.
    return [
        cell if type(cell) is int or (type(cell) is str and cell[:1].isalnum()) else _written_cell(cell)
        for cell in cells
    ]


def _written_cell(cell: Any) -> Any:
    """Text that begins with a tab or a line end is quoted too: defusedcsv lets it pass, and spreadsheets skip that."""
    text = cell.isoformat() if isinstance(cell, datetime.date) else _flat_cell(cell)
    if not isinstance(text, str) or (begin := text[:1]) in _HARMLESS or begin.isalnum():
        return text
    # Spreadsheets of East Asia take ＝ for what it looks like.
    return f"'{text}" if begin in {"\t", "\r", "\n", "＝", "＋", "－", "＠"} else defused(text)


def _chunks(
    level: Level, rows: QuerySet, columns: Sequence[Column], told: Callable[[list[Any]], list[Any]]
) -> Generator[list[tuple[Any, ...]], None, None]:
    """The cells of some rows at a time, all of one moment.

    Outside of a transaction PostgreSQL would write all rows to its disk before it gives the first.
    """
    began = time.monotonic()
    with snapshot(rows.db, PATIENCE):
        loaded = level.load(rows, columns).iterator(chunk_size=CHUNK)
        for size in itertools.chain([-(-CHUNK // 10)], itertools.repeat(CHUNK)):  # the first ones come at once
            if not (chunk := list(itertools.islice(loaded, size))):
                return
            if time.monotonic() - began > LONGEST:
                raise TooLongError
            # Asked for here, so that whatever fails ends the transaction.
            yield list(level.cells(chunk, columns, told))


def csv_lines(level: Level, rows: QuerySet, columns: Sequence[Column] | None = None) -> Iterator[bytes]:
    """The CSV of some rows of a level, piece by piece: of the public columns, unless others are named."""
    columns = columns or level.public_columns
    return _csv([column.heading for column in columns], _chunks(level, rows, columns, _written))


def csv_of(headings: Iterable[Any], chunks: Iterable[Iterable[Sequence[Any]]]) -> Iterator[bytes]:
    """CSV, a piece for each chunk of rows: UTF-8 with the mark that Excel wants.

    Cells that a spreadsheet would run as a formula are quoted. If the database fails on the way, the last
    line says that the file is incomplete.
    """
    return _csv(headings, ([_written(row) for row in chunk] for chunk in chunks))


def _csv(headings: Iterable[Any], chunks: Generator[Iterable[Sequence[Any]], None, None]) -> Iterator[bytes]:
    """What `csv_of` says, of cells as `_written` gives them."""
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
        with contextlib.closing(chunks):
            for chunk in chunks:
                writer.writerows(chunk)
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
            with contextlib.closing(_chunks(level, rows[:SHEET_ROWS], columns, _flat)) as chunks:
                written = itertools.chain.from_iterable(chunks)
                for at, cells in enumerate(written, 1):
                    if at == SHEET_ROWS - 1 and next(written, None):
                        sheet.write_string(at, 0, gettext("CUT: a sheet holds no more rows. Fetch the CSV."))
                        break
                    for place, cell in enumerate(cells):
                        _write_cell(sheet, at, place, cell, day)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


def _write_cell(sheet: Any, row: int, place: int, cell: Any, day: Any) -> None:
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
    # The day by which the list goes is in the cursor.
    day = DAY_OF_ORDER[order] if level.key == "pk" else f"record__{DAY_OF_ORDER[order]}"
    columns = level.public_columns
    found = list(level.load(rows, columns, day)[: limit + 1])
    shown = found[:limit]
    names = [column.name for column in columns]
    results = [dict(zip(names, cells, strict=True)) for cells in level.cells(shown, columns, _plain)]
    if len(found) <= limit:
        return results, ""
    last = shown[-1]
    place = Place(
        *(order, getattr(last, day), getattr(last, level.key)),
        *(getattr(last, "position", 0), getattr(last, "relevance", 0)),
    )
    return results, _cursor(place)


def _plain(cells: list[Any]) -> list[Any]:
    return [cell.isoformat() if isinstance(cell, datetime.date) else cell for cell in cells]


def _cursor(place: Place) -> str:
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
