"""Tables as people keep them in a spreadsheet: the bytes of a CSV file -> rows of text, by the columns one asks for.

What a row means is for others to say; nothing here knows Django or the database.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import re
import unicodedata
from collections.abc import Iterator, Sequence

from .filing.shape import gettext_noop

MAX_BYTES = 2 * 1024 * 1024
MAX_ROWS = 20_000
SEPARATORS = (",", "\t", ";")

_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_IGNORED_IN_HEADINGS = re.compile(r"[\s_\-:：*]+")


class TableError(Exception):
    """A file that is not such a table; `message` has gaps for `params`, and says in a sentence what to do."""

    def __init__(self, message: str, **params: object) -> None:
        self.message = message
        self.params = params
        super().__init__(message % params if params else message)


@dataclasses.dataclass(frozen=True)
class Column:
    """What a table may tell of a thing. It is known by any of its headings: the English first, then the Chinese."""

    name: str
    headings: tuple[str, ...]
    max_length: int
    required: bool = False  # as a column, and in each row


@dataclasses.dataclass
class Row:
    """A row by the names of the columns that the table has; `line` is where it begins in the file.

    `problems` are sentences with gaps, each with what fills them and the column that it is about, or "".
    """

    line: int
    values: dict[str, str]
    problems: list[tuple[str, dict[str, object], str]] = dataclasses.field(default_factory=list)

    def object(self, message: str, column: str = "", **params: object) -> None:
        self.problems.append((message, params, column))


def read(data: bytes, columns: Sequence[Column]) -> list[Row]:
    """The rows in the order of the file, blank ones left out. Raises TableError."""
    text = _decoded(data)
    lines = _lines(text)
    try:
        _line, heading = next(lines)
    except StopIteration:
        raise TableError(gettext_noop("The file is empty: choose another one.")) from None
    named = _named(heading, columns)
    rows: list[Row] = []
    for line, cells in lines:
        if len(rows) == MAX_ROWS:
            raise TableError(
                gettext_noop("The table has more than %(limit)d rows: import it in several parts."), limit=MAX_ROWS
            )
        rows.append(_row(line, cells, named))
    if not rows:
        raise TableError(gettext_noop("Under its headings the table has no row."))
    return rows


def _decoded(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise TableError(gettext_noop("The file is larger than 2 MB: import it in several parts."))
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise TableError(gettext_noop("This is a workbook: save the sheet as “CSV UTF-8” and choose that file."))
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise TableError(gettext_noop("The file is in UTF-16: save the sheet as “CSV UTF-8” and choose that file."))
    if b"\0" in data:
        raise TableError(gettext_noop("The file holds NUL bytes and is no table: save the sheet as “CSV UTF-8”."))
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise TableError(gettext_noop("The file is neither in UTF-8 nor in GB18030: save the sheet as “CSV UTF-8”."))


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """The lines that hold something, each with its number in the file and its cells."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, [cell.strip() for cell in cells]
            line = reader.line_num + 1
    except csv.Error as error:
        if "field larger" in str(error):
            message = gettext_noop(
                "Line %(line)d: a cell is longer than any table has; look for a torn quotation mark."
            )
        else:
            message = gettext_noop("Line %(line)d: a quotation mark is not closed, or stands within a cell unpaired.")
        raise TableError(message, line=line) from None


def _separator(text: str) -> str:
    """What stands between the headings most often."""
    heading = next((line for line in text.split("\n") if line.strip()), "")
    return max(SEPARATORS, key=heading.count)


def _folded(heading: str) -> str:
    return _IGNORED_IN_HEADINGS.sub("", unicodedata.normalize("NFKC", heading)).lower()


def _named(heading: list[str], columns: Sequence[Column]) -> list[Column]:
    """The column of each heading."""
    known = {_folded(text): column for column in columns for text in (column.name, *column.headings)}
    found = [known.get(_folded(text)) for text in heading]
    if not any(found):
        raise TableError(
            gettext_noop("The first line must name the columns, such as “%(names)s”: begin with the template."),
            names="，".join(column.headings[-1] for column in columns if column.required),
        )
    if None in found:
        text = next(text for text, column in zip(heading, found, strict=True) if column is None)
        raise TableError(
            gettext_noop("There is no column “%(name)s”: rename it as in the template, or leave it out."),
            name=text[:40],
        )
    named = [column for column in found if column]
    for at, column in enumerate(named):
        if column in named[:at]:
            raise TableError(gettext_noop("The column “%(name)s” is there twice: leave one out."), name=heading[at])
    for column in columns:
        if column.required and column not in named:
            raise TableError(
                gettext_noop("The column “%(name)s” is missing: add it, as in the template."),
                name=column.headings[-1],
            )
    return named


def _row(line: int, cells: list[str], named: list[Column]) -> Row:
    row = Row(line, {column.name: cell for column, cell in zip(named, cells, strict=False)})
    if len(cells) != len(named):
        row.object(
            gettext_noop("The row has %(cells)d cells, but there are %(columns)d headings."),
            cells=len(cells),
            columns=len(named),
        )
        return row
    for column in named:
        value = row.values[column.name]
        if column.required and not value:
            row.object(gettext_noop("This cell must not be empty."), column.name)
        elif len(value) > column.max_length:
            row.object(
                gettext_noop("“%(start)s…” has %(length)d characters; %(limit)d are allowed."),
                column.name,
                start=value[:20],
                length=len(value),
                limit=column.max_length,
            )
        elif _CONTROLS.search(value):
            row.object(gettext_noop("The cell holds a control character: type it anew."), column.name)
    return row


def write(columns: Sequence[Column], heading: int, rows: Sequence[Sequence[str]] = ()) -> bytes:
    """A CSV file that spreadsheets open as it is meant; `heading` 0 writes the English ones, 1 the Chinese."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([column.headings[heading] for column in columns])
    writer.writerows(rows)
    return out.getvalue().encode("utf-8-sig")
