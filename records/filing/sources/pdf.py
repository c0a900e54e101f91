"""PDF files with a text layer: words by their place, tables by their lines, soft line breaks joined again."""

from __future__ import annotations

import dataclasses
import io
import itertools
import logging
import re
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import pdfplumber
from pdfminer.pdfdocument import PDFPasswordIncorrect
from pdfplumber.utils.exceptions import PdfminerException

from ..shape import FilingError, gettext_noop
from .blocks import MAX_TEXT, Block, Deadline, clean

MAX_PAGES = 500
MAX_PAGE_OBJECTS = 30_000  # of one page; a drawing with more lines than that holds no form
_MARGIN = 6.5  # points between the text of a cell and its edge; Word's default is 5.4
_PAGE_NUMBER = re.compile(
    r"(?:\w+://\S+\s)?[-—–\s]*(?:第\s*)?\d{1,3}\s*(?:[/／]\s*\d{1,3}|页?(?:\s*[,，/]?\s*共\s*\d{1,3}\s*页)?)?[-—–\s]*"
)
_MARKER = re.compile(
    r"\s*(?:\d{1,2}\s*[、.．)）]|[（(]\s*[\d一二三四五六七八九十]{1,3}\s*[)）]|[一二三四五六七八九十]{1,3}、|第[一二三四五六七八九十]|[①-⑳]|"
    r"问|答|Q\d*[：:.]|A\d*[：:.]|[【•·●□☑]|.{0,12}[：:])"
)

# The library warns of every oddity of a font; a reader can do nothing about them.
logging.getLogger("pdfminer").setLevel(logging.ERROR)


@dataclasses.dataclass(frozen=True, slots=True)
class _Line:
    text: str
    left: float
    right: float
    top: float
    bottom: float

    @property
    def height(self) -> float:
        return self.bottom - self.top


def pdf_blocks(data: bytes, name: str, deadline: Deadline) -> list[Block]:
    """Blocks of all pages, without page numbers and repeated headers; FilingError where there is no text."""
    try:
        document = pdfplumber.open(io.BytesIO(data))
    except (PDFPasswordIncorrect, PdfminerException) as error:
        if isinstance(error, PDFPasswordIncorrect) or any(isinstance(a, PDFPasswordIncorrect) for a in error.args):
            raise FilingError(
                gettext_noop("“%(name)s” is protected by a password: remove it and try again."), name=name
            ) from error
        raise
    with document:
        if len(document.pages) > MAX_PAGES:
            raise FilingError(gettext_noop("“%(name)s” has more than 500 pages: choose the filing itself."), name=name)
        pages = []
        length = 0
        for page in document.pages:
            deadline.check()
            parts = _page_parts(page)
            page.close()  # lets go of its characters
            length += sum(len(line.text) for part in parts for lines in part.cells for line in lines or ())
            if length > MAX_TEXT:
                raise FilingError(
                    gettext_noop("“%(name)s” holds more text than a filing has: choose the filing itself."), name=name
                )
            pages.append(parts)
    if length < 20:
        raise FilingError(
            gettext_noop("“%(name)s” is a scan without text: paste the text, or use a file made from Word."), name=name
        )
    return _blocks(pages)


@dataclasses.dataclass(frozen=True, slots=True)
class _Part:
    """Text outside tables (one cell) or one row; a cell that a merged one covers is None."""

    cells: list[list[_Line] | None]
    widths: list[tuple[float, float]]
    table: int | None


def _page_parts(page: Any) -> list[_Part]:
    words = page.extract_words(x_tolerance=1.5, y_tolerance=3, keep_blank_chars=False, use_text_flow=False)
    tables = []
    if len(page.rects) + len(page.lines) + len(page.curves) < MAX_PAGE_OBJECTS:
        tables = [table for table in page.find_tables() if len(table.cells) > 1]
    tables.sort(key=lambda table: table.bbox[1])
    # A word belongs to the table in which its middle lies.
    outside = [word for word in words if not any(_within(word, table.bbox) for table in tables)]
    edges = (min((word["x0"] for word in words), default=0.0), max((word["x1"] for word in words), default=0.0))
    parts: list[_Part] = []
    for number, table in enumerate(tables):
        above = [word for word in outside if _middle(word) < table.bbox[1]]
        outside = [word for word in outside if _middle(word) >= table.bbox[1]]
        parts += _outside(above, edges)
        inside = [word for word in words if _within(word, table.bbox)]
        for row in table.rows:
            cells: list[list[_Line] | None] = []
            widths = []
            for box in row.cells:
                cells.append(None if box is None else _lines([word for word in inside if _within(word, box)]))
                widths.append((0.0, 0.0) if box is None else (box[0], box[2]))
            if any(cells):
                parts.append(_Part(cells, widths, number))
    return parts + _outside(outside, edges)


def _outside(words: list[dict[str, Any]], edges: tuple[float, float]) -> list[_Part]:
    return [_Part([_lines(words)], [edges], None)] if words else []


def _middle(word: dict[str, Any]) -> float:
    return (float(word["top"]) + float(word["bottom"])) / 2


def _within(word: dict[str, Any], box: Sequence[float]) -> bool:
    across = (word["x0"] + word["x1"]) / 2
    return box[0] - 1 <= across <= box[2] + 1 and box[1] <= _middle(word) < box[3]


def _lines(words: Iterable[dict[str, Any]]) -> list[_Line]:
    """Words whose middles lie at one height make a line; a wide gap between them stays visible."""
    rows: list[list[dict[str, Any]]] = []
    for word in sorted(words, key=lambda word: (_middle(word), word["x0"])):
        if rows and abs(_middle(rows[-1][0]) - _middle(word)) < 0.45 * (word["bottom"] - word["top"]):
            rows[-1].append(word)
        else:
            rows.append([word])
    lines = []
    for row in rows:
        row.sort(key=lambda word: word["x0"])
        text = row[0]["text"]
        for before, word in itertools.pairwise(row):
            size = max(word["bottom"] - word["top"], 1)
            gap = (word["x0"] - before["x1"]) / size
            text += ("   " if gap > 1.8 else " " if gap > 0.12 else "") + word["text"]
        lines.append(
            _Line(
                clean(text),
                min(word["x0"] for word in row),
                max(word["x1"] for word in row),
                min(word["top"] for word in row),
                max(word["bottom"] for word in row),
            )
        )
    return lines


def _blocks(pages: list[list[_Part]]) -> list[Block]:
    furniture = _furniture(pages)
    blocks: list[Block] = []
    table, last_table = 0, None
    seen: set[tuple[str, int]] = set()
    for page_number, parts in enumerate(pages):
        first_row = True
        for place, part in enumerate(parts):
            if part.table is None:
                last_table = None
                edges = _edges(part) if place in (0, len(parts) - 1) else []
                lines = []
                for line in part.cells[0] or []:
                    key, edge = _where(line), line in edges
                    if edge and (_PAGE_NUMBER.fullmatch(line.text.strip()) or key in seen):
                        continue
                    if edge and key in furniture:
                        seen.add(key)  # the first of them stays
                    lines.append(line)
                text = clean(_joined(lines, part.widths[0]))
                blocks += [Block((paragraph,)) for paragraph in text.split("\n") if paragraph]
                continue
            if part.table != last_table:
                # A table that fills the page to its end and the next page from its beginning is one.
                continues = first_row and page_number > 0 and place == 0 and blocks and blocks[-1].table == table
                table += 0 if continues and table else 1
                last_table = part.table
            first_row = False
            cells = tuple(
                clean(_joined(lines, width))
                for lines, width in zip(part.cells, part.widths, strict=True)
                if lines is not None
            )
            if part.cells[0] is None:  # covered by a merged cell from above, so it continues that row
                cells = ("", *cells)
            if any(cells):
                blocks.append(Block(cells, table))
    return blocks


def _edges(part: _Part) -> list[_Line]:
    """The lines among which headers, footers and page numbers stand."""
    lines = part.cells[0] or []
    return [*lines[:3], *lines[-2:]]


def _where(line: _Line) -> tuple[str, int]:
    """A line without its spaces, and its height on the page: an answer that is given twice is no header."""
    return "".join(line.text.split()), round(line.top)


def _furniture(pages: list[list[_Part]]) -> set[tuple[str, int]]:
    """Lines at the top or bottom of several pages, at the same height: running headers and footers."""
    counts: Counter[tuple[str, int]] = Counter()
    for parts in pages:
        ends = [part for part in (parts[:1] + parts[-1:]) if part.table is None]
        counts.update({_where(line) for part in ends for line in _edges(part)})
    return {key for key, count in counts.items() if count > 1 and len(key[0]) < 60}


def _joined(lines: list[_Line], width: tuple[float, float]) -> str:
    """The lines as paragraphs: one that reaches the right edge goes on in the next, if that begins nothing new.

    `width` are the left and right edge of the cell, between which the text keeps a margin, or those of the text.
    """
    if not lines:
        return ""
    size = statistics.median(line.height for line in lines)
    right = max(max(line.right for line in lines), width[1] - _MARGIN)
    left = min(line.left for line in lines)
    text = lines[0].text
    for before, line in itertools.pairwise(lines):
        # A sign that may not begin a line takes the character before it along, so a full line may be two short.
        full = before.right > right - 2.3 * size and right - left > 4 * size
        # A line that begins far to the right is a signature or a title.
        full = full and before.left < left + 0.3 * (right - left)
        # A new paragraph is indented, or begins with a number or a marker, or stands further off.
        indented = line.left > left + 1.2 * size and before.left < left + 1.2 * size
        apart = line.top - before.bottom > 1.5 * size
        marked = _MARKER.match(line.text) and (
            line.left > left + 0.8 * size or re.search(r"[。！？!?；;：:]$", before.text)
        )
        if full and not indented and not apart and not marked:
            text += (" " if re.search(r"[A-Za-z,.]$", text) and re.match(r"[A-Za-z]", line.text) else "") + line.text
        else:
            text += "\n" + line.text
    return text
