"""The cell's text as paragraphs: lines are cut where a marker stands inside them, and wrapped lines put together."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from itertools import zip_longest

from .marks import Mark, Role, read_mark

_LINE = re.compile(r"[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
_COLON = "[：:﹕︰∶]"
# Behind a sentence or a gap, a marker inside a line is a marker; a number only where a question follows it soon.
_INSIDE = re.compile(
    rf"""
    (?<=[。？?！!；;）)”\s])(?=
        (?:\d{{1,3}}\s{{0,9}}[、.．])?\s{{0,9}}(?:回?答复?|回复|问题?|提问)\s{{0,9}}(?:\d{{1,3}}|[一二三四五六七八九十]{{1,3}})?\s{{0,9}}{_COLON}
        | [【\[]\s{{0,9}}(?:回?答复?|回复|问题?|提问)\s{{0,9}}\d{{0,3}}[】\]]
        | [QqAa]\s{{0,9}}\d{{0,3}}\s{{0,9}}{_COLON}(?!\s{{0,9}}(?:问题|回?答))
        | (?:\d{{1,3}}\s{{0,9}}[、.．](?!\d)|[（(]\s{{0,9}}\d{{1,3}}\s{{0,9}}[）)])[^。！；;\d][^。！；;]{{2,120}}[？?]
    )
    """,
    re.VERBOSE,
)
# A table of questions and answers within the cell, its columns parted by tabs: `1⇥订单如何？⇥充足。`
_COLUMNS = re.compile(
    r"\s{0,9}(?:(?:序号|编号)?\t)?(?:投资者)?(?:问题?|提问)(?:内容)?\t(?:公司)?(?:回?答复?|回复)(?:内容)?\s{0,9}"
)
_ROW = re.compile(
    r"\s{0,9}(?:\d{1,3}[ 、.．]{0,9}\t)?\s{0,9}(?P<asked>[^\t\s][^\t]*)\t\s{0,9}(?P<said>[^\t\s][^\t]*?)[\t ]{0,9}"
)
_ONLY_NUMBER = re.compile(r"[\s（(]{0,9}(?:\d{0,3}|[一二三四五六七八九十]{1,3})[\s、.．：:）)]{0,9}")
_BEFORE_LAST_QUESTION = re.compile(r".+[。！!；;](?=[^。！!；;])", re.DOTALL)
_BEFORE_ANNOUNCED = re.compile(r"[^？?]+如下[：:](?=.)", re.DOTALL)
_LONG_LINE = 160
_ENDS = "。？！；：?!;:…"
_CLOSERS = "”\"'’）)】]》」 \t\u3000"


@dataclasses.dataclass(slots=True)
class Paragraph:
    """Lines that belong together, as one. `start` and `end` are offsets into the cell's text.

    `text` is what stands there, marker included; `inside` says that it begins in the middle of a line.
    """

    text: str
    mark: Mark
    start: int
    end: int
    inside: bool = False
    role: Role | None = None

    @property
    def body(self) -> str:
        """The words behind the marker."""
        return self.text[self.mark.length :].strip()

    @property
    def ends_asking(self) -> bool:
        """Whether the last sentence is a question."""
        return bool(_ENDS_ASKING.search(self.text[-80:]))

    @property
    def ends_sentence(self) -> bool:
        """Whether it closes with a full stop or its like."""
        return ends_sentence(self.text)


_ENDS_ASKING = re.compile(r"[？?][\s”\"'’）)】\]。.！!；;…]*(?:谢谢[\w\s]{0,4}[。.！!]*\s*)?$")


def ends_sentence(text: str) -> bool:
    """Whether a line closes with a sign that ends a sentence, quotes and brackets aside."""
    return text.rstrip(_CLOSERS)[-1:] in _ENDS and bool(text.strip())


def read_paragraphs(text: str) -> list[Paragraph]:
    """The paragraphs of a cell, in order; empty lines separate and are not kept."""
    pieces = list(_numbers_joined(_pieces(text)))
    wrap = _wrap_width([piece.text for piece in pieces if not piece.inside])
    paragraphs: list[Paragraph] = []
    parts: list[str] = []
    last = ""
    for piece in pieces:
        if paragraphs and _goes_on(last, piece, wrap, _may_be_question(paragraphs[-1], parts)):
            parts.append(piece.text)
            paragraphs[-1].end = piece.end
        else:
            if paragraphs:
                paragraphs[-1].text = _joined(parts)
            paragraphs.append(piece)
            parts = [piece.text]
        last = piece.text
    if paragraphs:
        paragraphs[-1].text = _joined(parts)
    return list(_glued_questions_cut(paragraphs))


def _glued_questions_cut(paragraphs: list[Paragraph]) -> Iterator[Paragraph]:
    """Where an answer's marker follows, set apart the question that stands at the end of another text."""
    for paragraph, following in zip_longest(paragraphs, paragraphs[1:]):
        cut = None
        if following and following.role is Role.ANSWER and paragraph.ends_asking and paragraph.role is not Role.ASK:
            cut = (_BEFORE_LAST_QUESTION if paragraph.role else _BEFORE_ANNOUNCED).match(paragraph.text)
        if not cut:
            yield paragraph
            continue
        rest = paragraph.text[cut.end() :]
        start = max(paragraph.start, paragraph.end - len(rest))
        yield dataclasses.replace(paragraph, text=cut[0], end=start)
        yield Paragraph(rest, read_mark(rest), start, paragraph.end)


def _rows(text: str) -> dict[int, re.Match[str] | None]:
    """Rows of a table of questions by where their line starts, None for the names of its columns."""
    rows: dict[int, re.Match[str] | None] = {}
    asking: dict[int, re.Match[str] | None] = {}
    named = False
    for line in _LINE.finditer(text):
        row = _ROW.fullmatch(text, *line.span())
        if _COLUMNS.fullmatch(line[0]):
            named, rows[line.start()] = True, None
        elif row and named:
            rows[line.start()] = row
        elif "\t" in line[0]:
            named = False
        if row and _ENDS_ASKING.search(row["asked"]):
            asking[line.start()] = row
    return rows | (asking if len(asking) > 1 else {})  # one alone may be anything


def _cell(row: re.Match[str], column: str, role: Role) -> Paragraph:
    """What its column says it is, whether or not a marker says so too."""
    mark = read_mark(row[column])
    return Paragraph(row[column], mark if mark.role is role else Mark(role=role), *row.span(column), role=role)


def _pieces(text: str) -> Iterator[Paragraph]:
    """Every line, every part of a line that begins with a marker, and the cells of a table of questions."""
    rows = _rows(text)
    for line in _LINE.finditer(text):
        if line.start() in rows:
            if row := rows[line.start()]:
                yield _cell(row, "asked", Role.ASK)
                yield _cell(row, "said", Role.ANSWER)
            continue
        cuts = [0]
        for found in _INSIDE.finditer(line[0]):
            if not _ONLY_NUMBER.fullmatch(line[0], cuts[-1], found.start()):
                cuts.append(found.start())
        for begin, end in zip(cuts, [*cuts[1:], len(line[0])], strict=True):
            raw = line[0][begin:end]
            words = raw.strip()
            if not words:
                continue
            start = line.start() + begin + raw.index(words)
            mark = read_mark(words)
            yield Paragraph(words, mark, start, start + len(words), begin > 0, mark.role)


def _numbers_joined(pieces: Iterator[Paragraph]) -> Iterator[Paragraph]:
    """Put a number that stands on a line of its own before the line that it counts."""
    held: Paragraph | None = None
    for piece in pieces:
        if held:
            if piece.text[0] in "、.．：:" or piece.role is Role.ASK:
                words = held.text + piece.text
                mark = read_mark(words)
                piece = Paragraph(words, mark, held.start, piece.end, held.inside, mark.role)
            else:
                yield held
            held = None
        if _ONLY_NUMBER.fullmatch(piece.text) and piece.text[-1] in "0123456789、.．）)":
            held = piece
        else:
            yield piece
    if held:
        yield held


def _wrap_width(lines: list[str]) -> int:
    """The width at which the text was wrapped by a page; 0 where its lines are whole paragraphs."""
    open_widths = sorted(width(line) for line in lines if not ends_sentence(line))
    if len(open_widths) < 3:
        return 0
    wrap = open_widths[len(open_widths) * 4 // 5]
    near = sum(wrap - 12 <= each <= wrap + 12 for each in open_widths)
    wider = sum(width(line) > wrap + 16 for line in lines)
    if not 36 <= wrap <= 140 or near < 3 or near < len(open_widths) * 0.5 or wider > 0.1 * len(lines):
        return 0
    return wrap


def width(line: str) -> int:
    """Columns a line takes: a full-width sign takes two."""
    return len(line) + sum(sign > "\u2e7f" for sign in line)


def _goes_on(last: str, piece: Paragraph, wrap: int, headline: bool) -> bool:
    """Whether a line only continues the one before it; a numbered headline has to be nearly full for that."""
    if piece.inside or piece.role or piece.mark.number or piece.mark.visitor or ends_sentence(last):
        return False
    if _ONLY_NUMBER.fullmatch(last):
        return False
    if last.rstrip()[-1:] in "，、,":
        return True
    if not headline and width(last) > _LONG_LINE and last[-1:].isalpha() and not piece.ends_asking:
        return True  # cut by the end of a table or of a page
    return bool(wrap) and width(last) >= wrap - (8 if headline and not piece.ends_asking else 14)


def _may_be_question(paragraph: Paragraph, parts: list[str]) -> bool:
    return len(parts) == 1 and (paragraph.mark.number is not None or paragraph.role is Role.ASK)


def _joined(parts: list[str]) -> str:
    """Wrapped lines as one; only between Latin letters or digits a wrap stood for a space."""
    whole = parts[0]
    pieces = [whole]
    for part in parts[1:]:
        if pieces[-1][-1:].isascii() and pieces[-1][-1:].isalnum() and part[:1].isascii() and part[:1].isalpha():
            pieces.append(" ")
        pieces.append(part)
    return "".join(pieces)
