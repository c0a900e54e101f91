"""Filing -> Word: the official form of the company's board, as a value of bytes.

Every board's form is declared once, as data (`_FORMS`); one routine sets any of them. What stands on the paper is
what `records.filing.read` finds there again: nothing is hidden in the file.
"""

from __future__ import annotations

import dataclasses
import datetime
import io
import itertools
import re
import zipfile
from collections.abc import Callable, Iterable
from typing import Any

from docx import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Length, Pt

from .dates import date_range
from .labels import by_row, kind_of
from .participants import UNATTACHED, read_participants
from .questions.own import ANSWER as ANSWER_SIGN
from .questions.own import CLOSING, question_sign
from .shape import ACTIVITY_TYPES, Attendee, Board, Filing, board_of

TITLE = "投资者关系活动记录表"

# Names of paragraph styles, as a person picks them in Word. By QUESTION and NOTE the reader knows our own form.
LINE, QUESTION, ANSWER, NOTE = "IR Line", "IR Question", "IR Answer", "IR Note"

Line = tuple[str, str]  # style, text; a line feed within the text is a line break within the paragraph
Fill = Callable[[Filing], Iterable[Line]]


def write_docx(filing: Filing, board: Board | None = None) -> bytes:
    """The form as a .docx; `board` defaults to that of the code, else the Shenzhen main board.

    The same filing gives the same bytes. Characters that no XML file may hold are left out.
    """
    form = _FORMS[board or board_of(filing.company_code) or Board.SZSE_MAIN]
    document = _blank()
    if form.announcement:
        _set_announcement(document, form, filing)
    else:
        _set_table(document, form, filing)
    return _packed(document, filing)


# What each row says


def _lines(text: str, style: str = LINE) -> list[Line]:
    return [(style, line) for line in _clean(text).split("\n")] if text else []


def _field(name: str) -> Fill:
    return lambda filing: _lines(getattr(filing, name))


def _activities(boxes: tuple[str, ...]) -> Fill:
    """Two boxes a line. A box that is ticked and that this board's form lacks is printed before 其他."""

    def fill(filing: Filing) -> list[Line]:
        others = [name for name in filing.activity_types if name not in boxes]
        printed = [*boxes[:-1], *others, boxes[-1]]
        *marked, other = [("☑" if name in filing.activity_types else "□") + _inline(name) for name in printed]
        lines = ["\t".join(marked[start : start + 2]) for start in range(0, len(marked), 2)]
        lines.append(f"{other}（{_inline(filing.other_activity) or '请文字说明其他活动内容'}）")
        return [(LINE, line) for line in lines]

    return fill


def _participants(filing: Filing) -> list[Line]:
    """A line an institution, in the order of the filing, then the totals."""
    lines: list[str] = []
    for institution, group in itertools.groupby(filing.attendees, key=lambda attendee: _inline(attendee.institution)):
        for named, run in itertools.groupby(group, key=lambda attendee: bool(attendee.person or attendee.title)):
            if named:
                lines.append(f"{institution or UNATTACHED}：{'、'.join(map(_person, run))}")
            elif institution:
                lines += [_alone(institution) for _ in run]
    return [(LINE, line) for line in [*lines, *_totals(filing)]]


def _beside_visitors(text: str, filing: Filing) -> list[Line]:
    """What names nobody, such as when a session was; where it could be taken for a name a colon stands behind it."""
    own = (filing.company_name, filing.company_short_name)
    lines = _clean(text).split("\n") if text else []
    return [(LINE, f"{line}：" if read_participants(line, own).attendees else line) for line in lines]


def _person(attendee: Attendee) -> str:
    """`姓名（职务）`: a space would not tell a title from a second name."""
    title = _inline(attendee.title)
    return _inline(attendee.person) + (f"（{title}）" if title else "")


def _alone(institution: str) -> str:
    """An institution without a person; one that could be taken for something else has a colon after it."""
    return institution if read_participants(institution).attendees == (Attendee(institution),) else f"{institution}："


def _totals(filing: Filing) -> list[str]:
    """`等31家机构34人` where the named list is a part of the whole, else `共3家机构5人`."""
    institutions, people = filing.stated_institutions, filing.stated_people
    if institutions is None and people is None:
        return []
    named = {attendee.institution for attendee in filing.attendees} - {""}
    persons = [attendee for attendee in filing.attendees if attendee.person]
    partial = filing.attendees and ((institutions or 0) > len(named) or (people or 0) > len(persons))
    counts = f"{institutions}家机构" if institutions is not None else ""
    counts += f"{people}人" if people is not None else ""
    return [("等" if partial else "共") + counts]


def _held(filing: Filing) -> list[Line]:
    """The words of the filing; the dates stand before them where the words name no day."""
    if filing.held_from is None or any(date_range(filing.held_text, filing.held_from.year)):
        return _lines(filing.held_text)
    days = dict.fromkeys((_date(filing.held_from), _date(filing.held_to or filing.held_from)))
    return _lines(f"{'至'.join(days)} {filing.held_text}".strip())


def _hosts(filing: Filing) -> list[Line]:
    lines = []
    for title, group in itertools.groupby(filing.hosts, key=lambda host: host.title):
        names = "、".join(_inline(host.name) for host in group)
        lines.append(f"{_inline(title)}：{names}" if title else names)
    return [(LINE, line) for line in lines]


def _content(filing: Filing) -> list[Line]:
    """The numbers and `答：` are there for every pair, so that points `1、` within an answer mislead nobody."""
    lines = _lines(filing.introduction, NOTE)
    for number, entry in enumerate(filing.questions, 1):
        lines.append((QUESTION, f"{question_sign(number)}{_clean(entry.question)}"))
        lines += _lines(f"{ANSWER_SIGN}{_clean(entry.answer)}", ANSWER)
    if filing.closing:
        lines += [(NOTE, CLOSING), *_lines(filing.closing, NOTE)]
    return lines


def _date(day: datetime.date | None) -> str:
    return f"{day.year}年{day.month}月{day.day}日" if day else ""


# The boards' forms


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """One row of a form. A line feed in the label says where it breaks best in its column.

    Without `fill` the filing has no field for it: it says what the filing's extra row of this label says. A row
    that is not `fixed` is printed only where the filing fills it. In an announcement `section` opens a numbered
    section; a row named as its section stands there without repeating the name.
    """

    label: str
    fill: Fill | None = None
    fixed: bool = True
    section: str = ""

    @property
    def name(self) -> str:
        return self.label.replace("\n", "")


@dataclasses.dataclass(frozen=True, slots=True)
class Form:
    """A board's form: a table, or an announcement with sections."""

    rows: tuple[Row, ...]
    announcement: bool = False


_UNKNOWN = Row("", fixed=False)  # here stand the extra rows that the form does not have

_BOXES = tuple(name for name in ACTIVITY_TYPES if name != "电话会议")
_PARTICIPANTS = Row("参与单位名称\n及人员姓名", _participants)
_HOSTS = Row("上市公司接待\n人员姓名", _hosts)
_CONTENT = Row("投资者关系活动\n主要内容介绍", _content)
_MATERIAL = Row("关于本次活动是否涉及应披露重大信息的说明", _field("material_information"))
_ATTACHMENTS = Row("附件清单（如有）", _field("attachments"))
_SIGNED = Row("日期", lambda filing: _lines(_date(filing.signed_on)))


def _where_filled(row: Row, section: str = "") -> Row:
    return dataclasses.replace(row, fixed=False, section=section)


_STAR = (
    Row("投资者关系活动\n类别", _activities(ACTIVITY_TYPES)),
    _PARTICIPANTS,
    Row("会议时间", _held),
    Row("会议地点", _field("place")),
    _HOSTS,
    _CONTENT,
    _UNKNOWN,
    _where_filled(_MATERIAL),
    _ATTACHMENTS,
    _SIGNED,
)
_SSE_MAIN = (
    Row("投资者关系活动\n类别", _activities(_BOXES)),
    _PARTICIPANTS,
    Row("时间", _held),
    Row("地点", _field("place")),
    Row("方式", fixed=False),
    _HOSTS,
    Row("交流内容", _content),
    Row("风险提示", fixed=False),
    Row("注意事项", fixed=False),
    _UNKNOWN,
    _where_filled(_MATERIAL),
    _ATTACHMENTS,
    _SIGNED,
)
_SZSE = (
    Row("投资者关系活动\n类别", _activities(_BOXES)),
    _PARTICIPANTS,
    Row("时间", _held),
    Row("地点", _field("place")),
    _HOSTS,
    _CONTENT,
    _UNKNOWN,
    _MATERIAL,
    Row("活动过程中所使用的演示文稿、提供的文档等附件（如有，可作为附件）", _field("attachments")),
    _SIGNED,
)
_BSE = (
    Row("投资者关系活动类别", _activities(_BOXES), section="投资者关系活动类别"),
    Row("活动时间", _held, section="投资者关系活动情况"),
    Row("活动地点", _field("place")),
    _PARTICIPANTS,
    _HOSTS,
    Row("投资者关系活动主要内容", _content, section="投资者关系活动主要内容"),
    _UNKNOWN,
    _where_filled(_MATERIAL, section=_MATERIAL.label),
    _where_filled(_ATTACHMENTS, section=_ATTACHMENTS.label),
)

_FORMS = {
    Board.SSE_MAIN: Form(_SSE_MAIN),
    Board.STAR: Form(_STAR),
    Board.SZSE_MAIN: Form(_SZSE),
    Board.CHINEXT: Form(_SZSE),
    Board.BSE: Form(_BSE, announcement=True),
}


def _filled(form: Form, filing: Filing) -> list[tuple[Row, list[Line]]]:
    """The form's rows with what they say. What the filing has for a row beyond its field follows the field."""
    kinds = {row: kind for row in form.rows if row.fill and (kind := kind_of(row.name))}
    beyond, others = by_row(filing.extra, kinds.values())
    named = {row.name for row in form.rows if row.name and not row.fill}
    filled = []
    for row in form.rows:
        if row is _UNKNOWN:
            unknown = ((_inline(label), text) for label, text in others if label not in named)
            filled += [(Row(label, section=label), _lines(text)) for label, text in unknown]
            continue
        if row.fill:
            more = beyond[kinds[row]]
            lines = [*row.fill(filing), *(_beside_visitors(more, filing) if row is _PARTICIPANTS else _lines(more))]
        else:
            lines = [line for label, text in others if label == row.name for line in _lines(text)]
        if lines or row.fixed:
            filled.append((row, lines))
    return filled


# Setting it in type

_TEXT_WIDTH = Cm(16)
_COLUMNS = (Cm(3.4), _TEXT_WIDTH - Cm(3.4))
_SIZE = Pt(10.5)
_TITLE_SIZE = Pt(16)
_SHORT, _FEW = 300, 10  # a row of fewer characters and lines stays whole on its page
_LATIN, _CHINESE = "Times New Roman", "宋体"


def _blank() -> Any:
    """An empty A4 document with our styles; the template of the library is for Letter and Latin text."""
    document = Document()
    page = document.sections[0]
    page.page_width, page.page_height = Cm(21), Cm(29.7)
    page.left_margin = page.right_margin = Cm(2.5)
    page.top_margin = page.bottom_margin = Cm(2.5)
    normal = document.styles["Normal"]
    normal.font.size = _SIZE
    normal.paragraph_format.space_after = Pt(0)
    normal.paragraph_format.line_spacing = Pt(18)  # fixed, so that fonts of other heights give the same pages
    properties = normal.element.get_or_add_rPr()
    fonts = properties.get_or_add_rFonts()
    fonts.attrib.clear()  # the template names theme fonts, which would win
    for script in ("ascii", "hAnsi", "cs"):
        fonts.set(qn(f"w:{script}"), _LATIN)
    fonts.set(qn("w:eastAsia"), _CHINESE)
    properties.append(_element("w:lang", val="en-US", eastAsia="zh-CN"))
    for name in (LINE, QUESTION, ANSWER, NOTE):
        style = document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = normal
        style.quick_style = True
    document.styles[LINE].paragraph_format.tab_stops.add_tab_stop(Cm(5))
    question = document.styles[QUESTION]
    question.font.bold = True
    question.next_paragraph_style = document.styles[ANSWER]
    question.paragraph_format.space_before = Pt(6)
    question.paragraph_format.keep_with_next = True
    for name in (ANSWER, NOTE):
        document.styles[name].paragraph_format.first_line_indent = 2 * _SIZE
    foot = page.footer.paragraphs[0]
    foot.alignment = WD_ALIGN_PARAGRAPH.CENTER
    foot._p.append(_element("w:fldSimple", instr="PAGE"))
    return document


def _set_table(document: Any, form: Form, filing: Filing) -> None:
    _set_codes(document, filing)
    _set_title(document, filing)
    if filing.number:
        _write(document.add_paragraph(), f"编号：{_inline(filing.number)}", align=WD_ALIGN_PARAGRAPH.RIGHT)
    rows = _filled(form, filing)
    table = document.add_table(rows=len(rows), cols=2, style="Table Grid")
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    table._tblPr.find(qn("w:tblLook")).addprevious(_cell_margins())
    table._tblPr.find(qn("w:tblW")).attrib.update({qn("w:type"): "dxa", qn("w:w"): str(_TEXT_WIDTH.twips)})
    table.columns[0].width, table.columns[1].width = _COLUMNS  # what LibreOffice obeys
    for place, (row, lines) in zip(table.rows, rows, strict=True):
        if sum(len(text) for _, text in lines) < _SHORT and len(lines) < _FEW:
            place._tr.get_or_add_trPr().append(_element("w:cantSplit"))
        label, value = place.cells
        label.width, value.width = _COLUMNS  # what Word obeys
        label.vertical_alignment = value.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER
        _write(label.paragraphs[0], row.label, bold=True, align=WD_ALIGN_PARAGRAPH.CENTER)
        for number, (style, text) in enumerate(lines):
            _write(value.add_paragraph() if number else value.paragraphs[0], text, style)


def _set_announcement(document: Any, form: Form, filing: Filing) -> None:
    _set_codes(document, filing, ("公告编号", filing.number))
    _set_title(document, filing)
    sections = 0
    for row, lines in _filled(form, filing):
        if row.section:
            sections += 1
            heading = _write(document.add_paragraph(), f"{_chinese(sections)}、{row.section}", bold=True)
            heading.paragraph_format.space_before = heading.paragraph_format.space_after = Pt(6)
            heading.paragraph_format.keep_with_next = True
        if row.name != row.section:
            # A list stands below its label, a single value beside it.
            beside = len(lines) == 1 and "：" not in lines[0][1]
            paragraph = _write(document.add_paragraph(), f"{row.name}：", LINE, bold=True)
            if beside:
                _write(paragraph, lines.pop()[1])
        for style, text in lines:
            _write(document.add_paragraph(), text, style)
    if filing.signed_on:  # before that nobody has signed
        board = f"{_inline(filing.company_name)}董事会"
        signer = _write(document.add_paragraph(), board, align=WD_ALIGN_PARAGRAPH.RIGHT)
        signer.paragraph_format.space_before = Pt(18)
        signer.paragraph_format.keep_with_next = True
        _write(document.add_paragraph(), _date(filing.signed_on), align=WD_ALIGN_PARAGRAPH.RIGHT)


def _cell_margins() -> Any:
    margins = _element("w:tblCellMar")
    for side, twips in (("top", "40"), ("left", "108"), ("bottom", "40"), ("right", "108")):
        margins.append(_element(f"w:{side}", w=twips, type="dxa"))
    return margins


def _chinese(number: int) -> str:
    """1 to 99 as the headings count: 一, 十, 十二, 二十一."""
    digits = ["", *"一二三四五六七八九"]
    tens, ones = divmod(number, 10)
    return (digits[tens] if tens > 1 else "") + ("十" if tens else "") + digits[ones]


def _set_codes(document: Any, filing: Filing, *more: tuple[str, str]) -> None:
    """`证券代码：…    证券简称：…` on one line, spread over its width."""
    pairs = (("证券代码", filing.company_code), ("证券简称", filing.company_short_name), *more)
    told = [f"{label}：{_inline(value)}" for label, value in pairs if value]
    paragraph = _write(document.add_paragraph(), "\t".join(told))
    stops = paragraph.paragraph_format.tab_stops
    for number in range(1, len(told) - 1):
        stops.add_tab_stop(Length(_TEXT_WIDTH * number // (len(told) - 1)), WD_TAB_ALIGNMENT.CENTER)
    stops.add_tab_stop(_TEXT_WIDTH, WD_TAB_ALIGNMENT.RIGHT)


def _set_title(document: Any, filing: Filing) -> None:
    for text in filter(None, (_inline(filing.company_name), TITLE)):
        paragraph = _write(document.add_paragraph(), text, bold=True, align=WD_ALIGN_PARAGRAPH.CENTER)
        paragraph.runs[0].font.size = _TITLE_SIZE
        paragraph.paragraph_format.line_spacing = Pt(28)
        paragraph.paragraph_format.keep_with_next = True


def _write(paragraph: Any, text: str, style: str = "", *, bold: bool = False, align: Any = None) -> Any:
    if style:
        paragraph._p.style = style.replace(" ", "")  # by its id: the library would go over all styles for its name
    paragraph.alignment = align
    run = paragraph.add_run(text)
    # Quotation marks, ellipses and circled digits stand in both fonts: let the Chinese one set them.
    run._r.get_or_add_rPr().append(_element("w:rFonts", hint="eastAsia"))
    if bold:
        run.bold = True
    return paragraph


def _element(tag: str, **attributes: str) -> Any:
    element = OxmlElement(tag)
    for name, value in attributes.items():
        element.set(qn(f"w:{name}"), value)
    return element


def _clean(text: str) -> str:
    """Line feeds for every kind of line end; what XML cannot hold is left out, so that the file always opens."""
    text = re.sub(r"\r\n?|[\v\f\x85\u2028\u2029]", "\n", text)
    return re.sub(r"[^\t\n -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text)


def _inline(text: str) -> str:
    """The same on one line."""
    return " ".join(_clean(text).split("\n"))


def _packed(document: Any, filing: Filing) -> bytes:
    """The bytes, with no clock in them."""
    properties = document.core_properties
    day = filing.signed_on or filing.held_to or filing.held_from or datetime.date(2000, 1, 1)
    company = _inline(filing.company_name)[:200]  # a property holds 255 characters
    properties.title = f"{company}{TITLE}"
    properties.author = properties.last_modified_by = company
    properties.comments = ""
    properties.language = "zh-CN"
    properties.created = properties.modified = datetime.datetime.combine(day, datetime.time(), datetime.UTC)
    drawn, packed = io.BytesIO(), io.BytesIO()
    document.save(drawn)
    with zipfile.ZipFile(drawn) as source, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(zipfile.ZipInfo(name), source.read(name), zipfile.ZIP_DEFLATED)
    return packed.getvalue()
