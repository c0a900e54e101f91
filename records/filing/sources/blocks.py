"""What every format becomes: paragraphs and table rows as plain text, ticks as ☑ and □."""

from __future__ import annotations

import dataclasses
import itertools
import re
import time
import unicodedata
from collections.abc import Iterator

from ..shape import FilingError, gettext_noop

MAX_CELL = 100_000  # characters
MAX_TEXT = 5_000_000  # characters of a whole document
MAX_SECONDS = 20.0
MAX_NESTING = 8  # tables within tables; what lies deeper is read as lines

TICKED, UNTICKED = "☑", "□"
# Characters of the Wingdings fonts that forms use for their boxes, by code point; a program that has lost the
# font shows them at U+F000 + code.
_WINGDINGS_TICKED = (0xFE, 0xFD, 0xFC, 0x52, 0x54, 0x6E)
_WINGDINGS_UNTICKED = (0xA8, 0x6F, 0xA3, 0x71, 0x72, 0x2A)
# Radicals that a PDF names where its font draws a whole character the same. NFKC leaves these, and takes ⼾ for 戶.
_RADICALS = str.maketrans(
    "⺁⺠⻁⻄⻅⻆⻉⻋⻑⻓⻔⻘⻙⻚⻛⻜⻝⻢⻣⻤⻥⻦⻧⻨⻩⻬⻮⻰⻱⼾",
    "厂民虎西见角贝车长长门青韦页风飞食马骨鬼鱼鸟卤麦黄齐齿龙龟户",
)


@dataclasses.dataclass(frozen=True, slots=True)
class Block:
    """A paragraph outside any table (`table` is None, one cell), or one row of the table with that number.

    Lines within a cell are separated by line feeds, columns of a table within a cell by tabs. `own` says that the
    document bears the styles of our own form, so that its lines are whole paragraphs.
    """

    cells: tuple[str, ...]
    table: int | None = None
    own: bool = False


class Deadline:
    """Raises FilingError from `check` once a document has taken too long."""

    def __init__(self, seconds: float = MAX_SECONDS) -> None:
        self.ends = time.monotonic() + seconds

    def check(self) -> None:
        if time.monotonic() > self.ends:
            raise FilingError(gettext_noop("It takes too long to read: split the file, or paste its text."))


def symbol(code: int, font: str = "Wingdings") -> str:
    """The box that a character of a symbol font shows, by its code with or without U+F000; empty for others."""
    if not font.lower().startswith("wingdings"):
        return ""
    code &= 0xFF
    return TICKED if code in _WINGDINGS_TICKED else UNTICKED if code in _WINGDINGS_UNTICKED else ""


def _folded(character: str) -> str:
    code = ord(character)
    if 0xF000 <= code <= 0xF0FF:
        return symbol(code)
    if 0x2E80 <= code <= 0x2FDF:
        return unicodedata.normalize("NFKC", character.translate(_RADICALS))
    if character in "\u00a0\u2002\u2003\u2009\u202f\u3000\x0b\x0c":
        return " "
    return character


_SPECIAL = re.compile(r"[\u00a0\u2002\u2003\u2009\u202f\u3000\x0b\x0c\u2e80-\u2fdf\uf000-\uf0ff]")
_DROPPED = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufe0e\ufe0f\ufeff\ufff9-\ufffb]")


def clean(text: str) -> str:
    """Lines trimmed and none empty, plain spaces, no invisible characters, ticks of symbol fonts as boxes."""
    text = _DROPPED.sub("", text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n"))
    text = _SPECIAL.sub(lambda match: _folded(match[0]), text)
    text = text.encode("utf-8", "ignore").decode()  # half of a character pair, from a damaged file
    return "\n".join(line for line in map(_trim, text.split("\n")) if line)


def _trim(line: str) -> str:
    # A tab at the start of a line is an empty first column, so it stays.
    return ("\t" if line[:1] == "\t" and line.strip() else "") + line.strip()


@dataclasses.dataclass(slots=True)
class _Cell:
    items: list[str | _Table] = dataclasses.field(default_factory=list)

    def pieces(self) -> Iterator[str | _Table]:
        """Its text, put together, and its tables in turn."""
        for is_text, group in itertools.groupby(self.items, key=lambda item: isinstance(item, str)):
            if is_text:
                yield "".join(item for item in group if isinstance(item, str))
            else:
                yield from group


@dataclasses.dataclass(slots=True)
class _Table:
    rows: list[list[_Cell]] = dataclasses.field(default_factory=list)
    spans: dict[int, int] = dataclasses.field(default_factory=dict)  # column -> rows still covered from above


class Flow:
    """Collects what a format's walker meets, in order, and gives it as blocks.

    Cells that span rows leave an empty cell in the rows below. A row of one cell that holds a table is a frame
    for layout: what it holds is given as if it stood outside. Any other table within a cell becomes lines.
    """

    def __init__(self) -> None:
        self._outside = _Cell()
        self._open: list[_Table] = []
        self._cells: list[_Cell] = [self._outside]  # innermost open cell last
        self._length = 0

    def text(self, text: str) -> None:
        self._cells[-1].items.append(text)
        self._length += len(text)
        if self._length > MAX_TEXT:
            raise FilingError(gettext_noop("It holds more text than a filing has: choose the filing itself."))

    def line_break(self) -> None:
        self.text("\n")

    def open_table(self) -> None:
        if len(self._open) < MAX_NESTING:
            table = _Table()
            self._cells[-1].items.append(table)
            self._open.append(table)

    def open_row(self) -> None:
        if self._open:
            self._open[-1].rows.append([])
            self._pass_spans()

    def open_cell(self, rowspan: int = 1) -> None:
        if not self._open:
            self.line_break()
            return
        table = self._open[-1]
        if not table.rows:
            table.rows.append([])
        row = table.rows[-1]
        if rowspan > 1:
            table.spans[len(row)] = min(rowspan, 1000)
        cell = _Cell()
        row.append(cell)
        self._cells.append(cell)

    def close_cell(self) -> None:
        if len(self._cells) > 1 and self._open:
            self._cells.pop()
            self._pass_spans()

    def close_table(self) -> None:
        if self._open:
            self._open.pop()

    def _pass_spans(self) -> None:
        """Add the empty cells at which a cell of a row above still stands."""
        table = self._open[-1]
        if not table.rows:
            return
        row = table.rows[-1]
        while table.spans.get(len(row), 0) > 0 and len(table.rows) > 1 and len(row) < 1000:
            table.spans[len(row)] -= 1
            if table.spans[len(row)] == 0:
                break
            row.append(_Cell())

    def blocks(self) -> list[Block]:
        found: list[Block] = []
        tables = 0

        def emit(cell: _Cell) -> None:
            nonlocal tables
            for item in cell.pieces():
                if isinstance(item, str):
                    found.extend(Block((line,)) for line in clean(item).split("\n") if line)
                    continue
                tables += 1
                number = tables
                for row in item.rows:
                    if len(row) == 1 and any(isinstance(inner, _Table) for inner in row[0].items):
                        emit(row[0])
                    elif any(texts := [_flat(inner) for inner in row]):
                        found.append(Block(tuple(texts), number))

        emit(self._outside)
        return found


def _flat(cell: _Cell) -> str:
    parts = []
    for item in cell.pieces():
        if isinstance(item, str):
            parts.append(clean(item))
        else:
            for row in item.rows:
                cells = [_flat(inner).replace("\n", " ") for inner in row]
                parts.append("\t".join(cells) if any(cells) else "")
    return "\n".join(part for part in parts if part)
