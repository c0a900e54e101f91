"""Blocks of text -> the form's fields. Questions and participants are taken apart by their own readers."""

from __future__ import annotations

import dataclasses
import datetime
import re
from collections.abc import Iterable, Sequence
from typing import Any

from .cells import read_activities, read_hosts
from .dates import date_range, parse_date
from .labels import plain_label
from .participants import read_participants, unspaced
from .questions import read_content
from .questions.own import read_own
from .rows import Row, Value, rows_of
from .shape import Attendee, Content, Doubt, Filing, FilingError, Host, Reading, gettext_noop
from .sources import Block

# The rows by which a form is known; those of its head are found in other papers too.
_BODY = {"activity_types", "participants", "held", "place", "hosts", "content"}
_REMARK = "说明"  # the label under which text without a row of its own is kept
_MAX_HOSTS = 3000  # characters
_TITLE = re.compile(
    r"(?:活动|调研|接待|交流|投资者关系|来访).{0,8}(?:记录表?|登记表|纪要|信息表?|汇总表?)|投资者关系活动"
)
_NUMBER = re.compile(
    r"[（(【\[〔]\s*(?:编号)?[:：]?\s*(?:第)?"
    r"((?:19|20)\d{2}\s*(?:年\s*第?\s*\d{1,4}\s*[号次期]|[-—–－年]?\s*(?:第)?\d{1,4}))\s*[号次期]?\s*[）)】\]〕]"
    r"|编号\s*[:：]\s*([\w—–－-]{1,30})$"
)
_NUMBER_ALONE = re.compile(r"(?:No\.?\s*)?[（(]?\s*((?:19|20)\d{2}-\d{1,4})\s*[）)]?", re.IGNORECASE)
_CODE = re.compile(r"(?<!\d)\d{6}(?!\d)")
_ELSEWHERE = re.compile(r"[见附][^，,。；;\n]{0,8}(?:附件|附表|附录|名单|清单|文末)[^，,。；;\n]{0,12}")
_COMPANY = re.compile(r"[\u3400-\u9fff（）()A-Za-z0-9·]{2,40}?(?:股份有限公司|有限责任公司|有限公司|集团公司)")


def read_filing(blocks: Sequence[Block]) -> Reading:
    """The form that the blocks hold; FilingError where they hold none of its rows."""
    text, rows = rows_of(blocks)
    reader = _Reader(rows, own=any(block.own for block in blocks))
    if not reader.is_filing():
        raise FilingError(
            gettext_noop(
                "No row of the form (投资者关系活动记录表) was found: choose the filing itself, "
                "or paste its text with its labels."
            )
        )
    return Reading(reader.filing(), tuple(reader.doubts), text)


class _Reader:
    """Goes over the rows once for each field, and keeps what no field takes."""

    def __init__(self, rows: list[Row], own: bool = False) -> None:
        self.rows = rows
        self.own = own  # the form is one that we wrote
        self.doubts: list[Doubt] = []
        self.extra: list[tuple[str, str]] = []

    def is_filing(self) -> bool:
        kinds = {row.kind for row in self.rows}
        body = kinds & _BODY
        titled = any(_TITLE.search(row.value.text) for row in self.rows if row.kind in ("head", "title"))
        named = any("投资者关系活动" in row.label for row in self.rows)
        return len(body) >= 2 or bool(body and (titled or named or "company_code" in kinds))

    def filing(self) -> Filing:
        head = self._head()
        self._doubt_several()
        held, content = self._held(), self._content()
        year = held["held_from"].year if held["held_from"] else None
        fields: dict[str, Any] = {
            **head,
            **self._activities(),
            **held,
            **self._hosts(),
            "place": unspaced(self._joined("place")),
            "introduction": content.introduction,
            "questions": content.questions,
            "closing": content.closing,
            "material_information": self._joined("material_information"),
            "attachments": self._joined("attachments"),
            "signed_on": self._signed(year),
            **self._participants(head),
        }
        for row in self.rows:
            if row.kind in ("other", "remark", "section") and (row.value.text or row.kind == "other"):
                self._keep(row.label or _REMARK, row.value.text)
        return Filing(**fields, extra=tuple(self.extra))

    def _doubt_several(self) -> None:
        if all(len(self._of(kind)) > 1 for kind in ("activity_types", "participants", "content")):
            self._doubt(
                [Doubt("number", gettext_noop("The file seems to hold several forms, which are read as one."))]
            )

    def _of(self, kind: str) -> list[Row]:
        return [row for row in self.rows if row.kind == kind]

    def _joined(self, kind: str) -> str:
        texts = [row.value.text for row in self._of(kind) if row.value.text]
        return "\n".join(dict.fromkeys(texts))

    def _keep(self, label: str, text: str) -> None:
        if label == _REMARK and self.extra and self.extra[-1][0] == label:
            self.extra[-1] = (label, f"{self.extra[-1][1]}\n{text}")
        else:
            self.extra.append((label, text))

    def _doubt(self, doubts: Iterable[Doubt], value: Value | None = None) -> None:
        """Doubts whose offsets count from the value's beginning; one without offsets is about all of it."""
        for doubt in doubts:
            if value is None or not value.text:
                self.doubts.append(doubt)
                continue
            start = doubt.start if doubt.start is not None else 0
            end = doubt.end if doubt.end is not None else len(value.text)
            self.doubts.append(dataclasses.replace(doubt, start=value.place(start), end=value.place(end)))

    # The head of the form

    def _head(self) -> dict[str, Any]:
        code = name = number = ""
        several = False
        for row in self._of("company_code"):
            match = _CODE.search(row.value.text)
            code = code or (match[0] if match else "")
            # Those of its other shares; in Hong Kong they have five digits.
            others = bool(code and re.search(r"(?<!\d)\d{5,6}(?!\d)", row.value.text.replace(code, "", 1)))
            several = several or others
            if row.value.text and (others or not match):
                self._keep(plain_label(row.label), row.value.text)
        if not code:
            self._doubt([Doubt("company_code", gettext_noop("No securities code was found."))])
        short = self._first("company_short_name")
        if several and len(names := re.split(r"\s*[、/／,，]\s*", short)) > 1:
            self._keep("证券简称", short)
            short = names[0]
        name = self._first("company_name")
        number = self._first("number")
        title_found = False
        for row in self.rows:
            if row.kind not in ("head", "title"):
                continue
            for line in row.value.text.split("\n"):
                name, number, title_found = self._head_line(line, name, short, number, title_found)
        return {"company_code": code, "company_short_name": short, "company_name": name, "number": number}

    def _first(self, kind: str) -> str:
        """The value of the first such row; one that says something else is kept."""
        values = [" ".join(row.value.text.split()) for row in self._of(kind)]
        values = [re.sub(r"(?<=[\u3400-\u9fff]) (?=[\u3400-\u9fff])", "", value) for value in values if value]
        for row, value in zip([row for row in self._of(kind) if row.value.text], values, strict=True):
            if value != values[0]:
                self._keep(plain_label(row.label), value)
        return values[0] if values else ""

    def _head_line(self, line: str, name: str, short: str, number: str, titled: bool) -> tuple[str, str, bool]:
        """Take the company's name, the title and the number from a line above the form; keep what remains."""
        rest = re.sub(r"(?<=[\u3400-\u9fff]) +(?=[\u3400-\u9fff])", "", line.strip())
        if not rest:
            return name, number, titled
        is_title = bool(_TITLE.search(rest)) and len(rest) < 80
        if match := _NUMBER.search(rest) if is_title else _NUMBER.fullmatch(rest) or _NUMBER_ALONE.fullmatch(rest):
            found = re.sub(r"\s", "", match[match.lastindex or 1])
            if not number or number == found:
                number, rest = found, rest.replace(match[0], "")
        if (is_title or len(rest) < 45) and (match := _COMPANY.match(rest)):
            if not name or name == match[0]:
                name, rest = match[0], rest[match.end() :]
        elif name and rest.startswith(name):
            rest = rest[len(name) :]
        if is_title:
            bare = re.sub(r"^关于|的公告$", "", rest.removeprefix(short) if short else rest)
            if re.fullmatch(r"投资者关系(?:活动|管理)?(?:活动)?(?:记录|登记)表|", re.sub(r"\s", "", bare)):
                return name, number, True
            self._keep("标题", rest.strip())
            return name, number, True
        if rest.strip(" 　"):
            self._keep(_REMARK, rest.strip())
        return name, number, titled

    # The rows of the form

    def _activities(self) -> dict[str, Any]:
        types: list[str] = []
        words: list[str] = []
        rows = self._of("activity_types")
        for row in rows:
            found, other, doubts = read_activities(row.value.text)
            types += found
            words += [other] if other else []
            self._doubt(doubts, row.value)
        if not rows:
            self._doubt([Doubt("activity_types", gettext_noop("The form has no row for the type of activity."))])
        return {"activity_types": tuple(dict.fromkeys(types)), "other_activity": "；".join(dict.fromkeys(words))}

    def _participants(self, head: dict[str, Any]) -> dict[str, Any]:
        attendees: list[Attendee] = []
        institutions: int | None = None
        people: int | None = None
        company = [head["company_name"], head["company_short_name"]]
        label = ""
        for row in self._of("participants"):
            label = label or row.label
            read = read_participants(row.value.text, company)
            if row.appendix:  # names persons of institutions that the cell named alone
                named = {attendee.institution for attendee in read.attendees}
                attendees = [one for one in attendees if one.person or one.title or one.institution not in named]
            attendees += [attendee for attendee in read.attendees if not row.appendix or attendee not in attendees]
            institutions = institutions if read.stated_institutions is None else read.stated_institutions
            people = people if read.stated_people is None else read.stated_people
            if read.rest:
                self._keep(plain_label(label), read.rest)
            self._doubt(read.doubts, row.value)
        self._doubt_visitors(attendees)
        return {"attendees": tuple(attendees), "stated_institutions": institutions, "stated_people": people}

    def _doubt_visitors(self, attendees: Sequence[Attendee]) -> None:
        rows = self._of("participants")
        persons, firms = (any(not getattr(one, name) for one in attendees) for name in ("institution", "person"))
        if len(rows) > 1 and persons and firms:  # 参与单位名称 and 参与人员姓名 are two rows
            self._doubt([Doubt("attendees", gettext_noop("Who came from which institution is not told."))])
        for row in [] if attendees else rows:
            if match := _ELSEWHERE.search(row.value.text):
                message = gettext_noop("The visitors are said to stand in an attachment.")
                self._doubt([Doubt("attendees", message, {}, *match.span())], row.value)

    def _held(self) -> dict[str, Any]:
        rows = [row for row in self._of("held") if row.value.text]
        text = "\n".join(row.value.text for row in rows)
        first, last = date_range(text)
        value = rows[0].value if rows else None
        if not rows and (titles := [text for label, text in self.extra if label == "标题"]):
            first, last = date_range(titles[0])  # a monthly form may say its month in the title only
            if first:
                self._doubt([Doubt("held_from", gettext_noop("The time of the activity is that of the title."))])
        if text and first is None and (signed := self._signed_day()):
            first, last = date_range(text, signed.year)
            if first and first > signed:  # held in December, signed in January
                first, last = date_range(text, signed.year - 1)
            if first:
                message = gettext_noop("The year of the activity is that of the form's date.")
                self._doubt([Doubt("held_from", message)], value)
        if text and first is None:
            self._doubt([Doubt("held_from", gettext_noop("No day was found in the time of the activity."))], value)
        elif first and not re.search(r"[日号]|\d[-/.]\d{1,2}[-/.]\d|\d{8}", text):
            self._doubt([Doubt("held_from", gettext_noop("The form names a month, not a day."))], value)
        meetings = len(rows) > 1 or len(re.findall(r"\d\s*[日号]", text)) > 2
        if meetings and last:
            message = gettext_noop("The form is about several meetings; the first and the last day are taken.")
            self._doubt([Doubt("held_to", message)], value)
        return {"held_text": text, "held_from": first, "held_to": last}

    def _hosts(self) -> dict[str, Any]:
        hosts: list[Host] = []
        for row in self._of("hosts"):
            if len(row.value.text) > _MAX_HOSTS:
                self._keep(plain_label(row.label), row.value.text)
                self._doubt([Doubt("hosts", gettext_noop("The row of the hosts is too long to be names."))], row.value)
            else:
                hosts += read_hosts(row.value.text)
        return {"hosts": tuple(dict.fromkeys(hosts))}

    def _content(self) -> Content:
        rows = [row for row in self._of("content") if row.value.text]
        value = Value()
        for row in rows:
            value.extend(row.value)
        content = (read_own(value.text) if self.own else None) or read_content(value.text)
        self._doubt(content.doubts, value)
        if not value.text:
            self._doubt([Doubt("questions", gettext_noop("The form has no text about the activity."))])
        return content

    def _signed_day(self) -> datetime.date | None:
        days = [date_range(row.value.text)[0] for row in self._of("signed_on")]
        return next(filter(None, days), None)

    def _signed(self, year: int | None) -> datetime.date | None:
        found: datetime.date | None = None
        for row in self._of("signed_on"):
            if not row.value.text:
                continue
            try:
                found = parse_date(row.value.text)
            except ValueError:
                day, last = date_range(row.value.text, year)
                found = found or (day if not last else None)
                self._keep(plain_label(row.label), row.value.text)
                message = gettext_noop("The date of the form is not written as one day.")
                self._doubt([Doubt("signed_on", message)], row.value)
        return found
