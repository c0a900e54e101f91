"""Blocks of text -> the rows of the form: which label each text stands under, whatever drew the form."""

from __future__ import annotations

import bisect
import dataclasses
import itertools
import re
from collections.abc import Sequence

from .dates import parse_date
from .labels import ROWS, kind_of, label_kind, rejoin_labels, split_label
from .participants import is_list_heading
from .sources import Block

_HEAD = {"company_code", "company_short_name", "company_name", "number", "title"}
# Only these may follow the content in running text: it is full of words that are labels elsewhere.
_AFTER_CONTENT = {"material_information", "attachments", "signed_on"}
_UP_TO_CONTENT = set(ROWS) - _AFTER_CONTENT
_HEAD_LABEL = re.compile(
    r"(?:[ABH]股)?(?:证券|股票|公司)代码|[ABH]股代码|(?:[ABH]股)?(?:证券|股票|公司)简称|[ABH]股简称"
    r"|(?:公告|记录表?)?编号|(?:上市)?公司全称|公司名称|债券代码|债券简称"
)
_ENGLISH = re.compile(r"\s*[A-Za-z][A-Za-z .]*(?=[:：])")  # 证券代码 Stock Code：
_OPTIONS = re.compile(r"\s*[□☑☐☒√✓■]\s*(?:特定对象|分析师会议|媒体采访|业绩说明会|新闻发布会|路演)")
_NAMED = re.compile(r"([\u3400-\u9fffA-Za-z]{2,10})\s*[：:]\s*(?=\S)")
_SIGNER = re.compile(r"(?:公司|董事会|董事会办公室|证券部)$")
_ORDINALS = "一二三四五六七八九十"
_ORDINAL = re.compile(rf"\s*([{_ORDINALS}])\s*、")
_SECTION = re.compile(r"([一二三四五六七八九十])\s*、\s*([^。？！?!，,；;：:]{2,40})")
_SENTENCE_END = re.compile(r"[。！？!?；;：:…”」』）)》.]\s*$")
_NEW_START = re.compile(
    r"\s*(?:\d{1,2}\s*[、.．)）]|[（(]\s*[\d一二三四五六七八九十]{1,3}\s*[)）]|[一二三四五六七八九十]{1,3}、|[①-⑳]|问|答|Q|A[：:]|【|•|·|●)"
)


@dataclasses.dataclass(slots=True)
class Value:
    """Text put together from pieces of the source; `place` leads from it back to the source."""

    text: str = ""
    _here: list[int] = dataclasses.field(default_factory=list)
    _there: list[int] = dataclasses.field(default_factory=list)

    def add(self, text: str, start: int, joint: str = "\n") -> None:
        if not text:
            return
        self.text += joint if self.text else ""
        self._here.append(len(self.text))
        self._there.append(start)
        self.text += text

    def extend(self, other: Value) -> None:
        ends = [*other._here[1:], len(other.text)]
        for here, there, end in zip(other._here, other._there, ends, strict=True):
            joint = "\n" if here == 0 else ""
            self.add(other.text[here:end], there, joint)

    def place(self, offset: int) -> int:
        """Where in the source a character of the text stands."""
        if not self._here:
            return 0
        piece = max(0, bisect.bisect_right(self._here, offset) - 1)
        return self._there[piece] + offset - self._here[piece]


@dataclasses.dataclass(slots=True)
class Row:
    """`kind` is that of `labels`, or "head" (above the form) or "remark" (text under no label)."""

    kind: str
    label: str
    value: Value
    in_table: bool = False
    appendix: bool = False  # a list of visitors behind the form


def rows_of(blocks: Sequence[Block]) -> tuple[str, list[Row]]:
    """The source as plain text, and the rows in their order."""
    blocks = _with_whole_labels(blocks)
    text = "\n".join("\t".join(block.cells) for block in blocks)
    layout = _Layout(blocks)
    offset = 0
    for place, block in enumerate(blocks):
        starts = []
        for cell in block.cells:
            starts.append(offset)
            offset += len(cell) + 1
        layout.read(place, block, starts)
    _take_signature(layout.rows)
    return text, layout.rows


def _with_whole_labels(blocks: Sequence[Block]) -> list[Block]:
    """The same blocks; a label that is spread over paragraphs stands on one line."""
    whole: list[Block] = []
    for outside, group in itertools.groupby(blocks, key=lambda block: block.table is None):
        if outside:
            lines = [line for block in group for line in block.cells[0].split("\n")]
            whole += [Block((line,)) for line in rejoin_labels(lines)]
        else:
            whole += group
    return whole


def _take_signature(rows: list[Row]) -> None:
    """An announcement ends in its company, 董事会 and the date instead of a row for the date."""
    if not rows or rows[-1].in_table or any(row.kind == "signed_on" for row in rows):
        return
    value = rows[-1].value
    lines = value.text.split("\n")
    if len(lines) < 2 or not _is_date(lines[-1]):
        return
    signers = [line for line in lines[-2:-1] if _signs(line)]
    # 董事会 may stand below its company; a line with both is the whole signature, and what is before it was filed.
    if signers and "公司" not in signers[0]:
        signers = [*(line for line in lines[-3:-2] if _signs(line)), *signers]
    if signers or rows[-1].kind != "content":
        cut = len(value.text) - sum(len(line) + 1 for line in [*signers, lines[-1]])
        signed = Value()
        signed.add(lines[-1], value.place(len(value.text) - len(lines[-1])))
        value.text = value.text[: max(0, cut)]
        rows.append(Row("signed_on", "日期", signed))


def _signs(line: str) -> bool:
    return bool(_SIGNER.search("".join(line.split())))


def _is_date(line: str) -> bool:
    try:
        parse_date(line)
    except ValueError:
        return False
    return True


class _Layout:
    def __init__(self, blocks: Sequence[Block]) -> None:
        self.blocks = blocks
        self.rows: list[Row] = []
        self._table: int | None = None  # of the block before
        self._sections = 0  # numbered headings of an announcement so far
        self._grouped = False  # whether the row before stood beside the name of a group of rows
        # Tables in which the form's labels stand: their other rows are the form's too.
        self._forms = {
            block.table
            for block in blocks
            if block.table is not None and len(block.cells) > 1 and label_kind(block.cells[0])
        }

    @property
    def _row(self) -> Row | None:
        return self.rows[-1] if self.rows else None

    @property
    def _body(self) -> bool:
        """Whether the rows behind the head have begun."""
        return any(row.kind not in _HEAD | {"head", "remark", "other"} for row in self.rows)

    def read(self, place: int, block: Block, starts: list[int]) -> None:
        filled = [(cell, start) for cell, start in zip(block.cells, starts, strict=True) if cell]
        if block.table is None or (
            len(filled) == 1 and filled[0][0] is block.cells[0] and not label_kind(filled[0][0])
        ):
            for cell, start in filled:
                self._lines(cell, start, block)
        else:
            self._table_row(place, block, starts, filled)
        self._table = block.table

    # Tables

    def _table_row(self, place: int, block: Block, starts: list[int], filled: list[tuple[str, int]]) -> None:
        if not self._body and all(_HEAD_LABEL.match(cell) and re.search("[:：]", cell) for cell, _ in filled):
            for cell, start in filled:  # 证券代码：… | 证券简称：…
                self._lines(cell, start, block)
            return
        if grouped := self._behind_group(block.cells):
            block, starts = dataclasses.replace(block, cells=grouped), starts[len(starts) - len(grouped) :]
            filled = [(cell, start) for cell, start in zip(block.cells, starts, strict=True) if cell]
        label, kind = block.cells[0], label_kind(block.cells[0])
        row = self._row
        if is_list_heading(block.cells):
            if row is None or row.kind != "participants":
                self._open("participants", "参会投资者清单", in_table=True, appendix=bool(self._find("participants")))
            self._append("\t".join(block.cells), starts[0], "\n")
            return
        in_list = row is not None and row.kind == "participants" and row.in_table
        if kind and len(filled) > 2 and len(filled) % 2 == 0 and all(label_kind(cell) for cell, _ in filled[::2]):
            for (name, _), (value, start) in zip(filled[::2], filled[1::2], strict=True):
                self._open(label_kind(name) or "other", name, in_table=True)
                self._append(value, start)
        elif kind == "content" and len(filled) == 2 and _OPTIONS.match(filled[1][0]):
            self._open("activity_types", label, in_table=True)  # a label clipped to what both have in common
            self._append(*filled[1])
        elif kind and not (in_list and re.fullmatch(r"\d{0,4}", label)):
            self._open(kind, label, in_table=True)
            rest = [(cell, start) for cell, start in filled if start != starts[0]]
            self._cells(rest)
        elif not label or (in_list and (block.table not in self._forms or re.fullmatch(r"\d{1,4}[.、]?", label))):
            self._cells(filled, continues=not label)
        elif block.table in self._forms and len(filled) == 2 and self._looks_like_label(label):
            self._open("other", label, in_table=True)
            self._append(*filled[1])
        else:
            self._cells(filled)

    def _behind_group(self, cells: Sequence[str]) -> tuple[str, ...]:
        """The row without its first column, where that names a group of rows: 会议情况 | 时间 | 2026年3月12日."""
        inside, self._grouped = self._grouped and not cells[0], False
        if len(cells) < 3 or not cells[2]:
            return ()
        group, kind = label_kind(cells[0]), label_kind(cells[1])
        if not (kind in _UP_TO_CONTENT or (kind and inside)) or is_list_heading(cells):
            return ()
        if group in _UP_TO_CONTENT and group == kind:
            return (cells[0], *cells[2:])  # 交流内容 | 主要问题及回复 | …
        if group in (None, "section") and self._looks_like_label(cells[0]):
            if cells[0] and group is None:
                self._open("other", cells[0], in_table=True)
            self._grouped = True
            return tuple(cells[1:])
        return ()

    def _cells(self, cells: list[tuple[str, int]], continues: bool = False) -> None:
        """Append the cells of one row, parted by tabs."""
        for place, (cell, start) in enumerate(cells):
            if place:
                self._append(cell, start, "\t")
            else:
                self._append(cell, start, self._joint(cell) if continues else "\n")

    @staticmethod
    def _looks_like_label(text: str) -> bool:
        return len(text) <= 60 and not re.search(r"[。？！?!]", text)

    # Running text

    def _lines(self, cell: str, start: int, block: Block) -> None:
        offset = start
        for place, line in enumerate(cell.split("\n")):
            self._line(line, offset, block, first=place == 0)
            offset += len(line) + 1

    def _line(self, line: str, start: int, block: Block, first: bool) -> None:
        row = self._row
        body = self._body
        if not body and self._head_line(line, start):
            return
        label = split_label(line)
        if not (label and self._may_begin(label, row, body)):
            label = self._section(line, row)
        if label:
            kind, name, at = label
            if ordinal := _ORDINAL.match(line):
                self._sections = _ORDINALS.index(ordinal[1]) + 1
            self._open(kind, _ORDINAL.sub("", name))
            self._append(line[at:].strip(), start + at + (len(line[at:]) - len(line[at:].lstrip())))
        elif row is None or (not body and row.kind in _HEAD | {"other"} and row.value.text):
            self._open("head", "")
            self._append(line, start)
        elif row.in_table and block.table is None and row.kind not in ("content", "participants"):
            self._open("remark", "")
            self._append(line, start)
        elif row.kind in ("held", "place") and row.value.text and (named := _NAMED.match(line)):
            self._open("other", named[1])  # a row that the form does not know, such as 会议平台：
            self._append(line[named.end() :], start + named.end())
        elif row.kind == "signed_on" and row.value.text:
            self._open("remark", "")
            self._append(line, start)
        else:
            crossed = first and self._table != block.table
            self._append(line, start, self._joint(line) if crossed else "\n")

    def _head_line(self, line: str, start: int) -> bool:
        """Several labels of the head may stand on one line: 证券代码：… 证券简称：…"""
        places = list(_HEAD_LABEL.finditer(line))
        if not places or line[: places[0].start()].strip(" （("):
            return False
        if len(places) == 1 and not re.match(r"\s*[A-Za-z .]*[:：]|\s", line[places[0].end() :]):
            return False
        ends = [match.start() for match in places[1:]] + [len(line)]
        for match, end in zip(places, ends, strict=True):
            begin = english.end() if (english := _ENGLISH.match(line, match.end(), end)) else match.end()
            piece = line[begin:end]
            value = piece.strip(" :：\t，,；;（）()")
            self._open(kind_of(match[0]) or "other", match[0])
            self._append(value, start + begin + piece.find(value))
        return True

    def _section(self, line: str, row: Row | None) -> tuple[str, str, int] | None:
        """A heading that counts on from the sections before it, in an announcement: 四、记录人.

        Where the content has the ordinal before it in a list of its own, it belongs to that list.
        """
        match = _SECTION.fullmatch(line.strip())
        if match is None or row is None or not self._sections or _ORDINALS.index(match[1]) != self._sections:
            return None
        before = rf"^\s*{_ORDINALS[self._sections - 1]}\s*、"
        own = re.search(before, row.value.text, re.MULTILINE) if row.kind == "content" else None
        return None if own else ("other", match[2], len(line))

    def _may_begin(self, label: tuple[str, str, int], row: Row | None, body: bool) -> bool:
        kind, name, _ = label
        if kind in _HEAD:
            return not body
        if row is None or row.kind != "content":
            return not (row is not None and row.kind == "participants" and kind == "participants")
        if row.in_table and kind == "participants":
            return bool(re.search("清单|名单|附件", name))
        return kind in _AFTER_CONTENT

    # Rows

    def _find(self, kind: str) -> Row | None:
        return next((row for row in self.rows if row.kind == kind), None)

    def _open(self, kind: str, label: str, in_table: bool = False, appendix: bool = False) -> None:
        self.rows.append(Row(kind, label.replace("\n", ""), Value(), in_table, appendix))

    @property
    def _last(self) -> Row:
        if not self.rows:  # text, or a table of some other kind, stands before the form
            self._open("head", "")
        return self.rows[-1]

    def _append(self, text: str, start: int, joint: str = "\n") -> None:
        self._last.value.add(text, start, joint)

    def _joint(self, text: str) -> str:
        """Nothing where a sentence goes on behind the end of a table or a page, else a line feed."""
        before = self._last.value.text
        if self._last.kind != "content":
            return "\n"
        return "\n" if not before or _SENTENCE_END.search(before) or _NEW_START.match(text) else ""
