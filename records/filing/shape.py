"""What the official form says, as plain values: no Django, no files, no database.

Readers make a `Filing`, the writer consumes one, and `records.translate` turns it into database rows and back.
"""

from __future__ import annotations

import dataclasses
import datetime
import enum
from collections.abc import Mapping
from typing import Any

# The nine boxes, in the order in which the forms print them. The form's words are constants in every language.
ACTIVITY_TYPES = (
    "特定对象调研",
    "分析师会议",
    "媒体采访",
    "业绩说明会",
    "新闻发布会",
    "路演活动",
    "现场参观",
    "电话会议",
    "其他",
)
OTHER_ACTIVITY = ACTIVITY_TYPES[-1]


class Board(enum.StrEnum):
    """A listing board; each has its own layout of the form and its own rules."""

    SSE_MAIN = "sse-main"
    STAR = "star"
    SZSE_MAIN = "szse-main"
    CHINEXT = "chinext"
    BSE = "bse"


_BOARD_OF_PREFIX = (
    (("688", "689"), Board.STAR),
    (("6",), Board.SSE_MAIN),
    (("30",), Board.CHINEXT),
    (("00",), Board.SZSE_MAIN),
    (("4", "8", "92"), Board.BSE),
)


def board_of(company_code: str) -> Board | None:
    """The board on which a six-digit securities code trades; None where the code does not tell."""
    for prefixes, board in _BOARD_OF_PREFIX:
        if company_code.startswith(prefixes):
            return board
    return None


def gettext_noop(message: str) -> str:
    """Mark a sentence for the translation catalogue; whoever shows it translates it."""
    return message


class FilingError(Exception):
    """A document that cannot be read or written; says in one sentence what to do.

    `message` is the English sentence with `%(name)s` gaps and `params` fills them, so that a screen can
    translate the one and keep the other.
    """

    def __init__(self, message: str, **params: object) -> None:
        self.message = message
        self.params = params
        super().__init__(message % params if params else message)


@dataclasses.dataclass(frozen=True, slots=True)
class Attendee:
    """One visitor as filed. A person without an institution, or an institution without a person, is allowed."""

    institution: str = ""
    person: str = ""
    title: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Host:
    """One person who received the visitors for the company."""

    title: str = ""
    name: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Question:
    """One question with its answer, both without numbers and markers; lines are separated by a line feed."""

    question: str
    answer: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Filing:
    """One 投资者关系活动记录表. What the form does not say is empty or None.

    `extra` holds (label, value) pairs of rows that no field took; where the label is one of the form's own
    rows, the value is what that row said beyond its field.
    """

    company_code: str = ""
    company_short_name: str = ""
    company_name: str = ""
    number: str = ""
    activity_types: tuple[str, ...] = ()
    other_activity: str = ""
    attendees: tuple[Attendee, ...] = ()
    stated_institutions: int | None = None
    stated_people: int | None = None
    held_text: str = ""
    held_from: datetime.date | None = None
    held_to: datetime.date | None = None
    place: str = ""
    hosts: tuple[Host, ...] = ()
    introduction: str = ""
    questions: tuple[Question, ...] = ()
    closing: str = ""
    material_information: str = ""
    attachments: str = ""
    signed_on: datetime.date | None = None
    extra: tuple[tuple[str, str], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Only JSON types: dates as ISO text, tuples as lists."""

        def plain(value: Any) -> Any:
            if isinstance(value, datetime.date):
                return value.isoformat()
            if isinstance(value, dict):
                return {key: plain(item) for key, item in value.items()}
            if isinstance(value, (list, tuple)):
                return [plain(item) for item in value]
            return value

        return {key: plain(value) for key, value in dataclasses.asdict(self).items()}


@dataclasses.dataclass(frozen=True, slots=True)
class Doubt:
    """Something the reader was not sure of.

    `message` is an English sentence whose `%(name)s` gaps `params` fills (a screen translates the sentence);
    `start` and `end` are character offsets into the text that was read, None where the doubt has no place.
    """

    field: str
    message: str
    params: Mapping[str, object] = dataclasses.field(default_factory=dict)
    start: int | None = None
    end: int | None = None

    def __str__(self) -> str:
        return self.message % self.params if self.params else self.message


@dataclasses.dataclass(frozen=True, slots=True)
class Content:
    """The cell 投资者关系活动主要内容介绍, taken apart. `closing` is what follows the last answer."""

    introduction: str = ""
    questions: tuple[Question, ...] = ()
    closing: str = ""
    doubts: tuple[Doubt, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Reading:
    """A filing together with what is uncertain about it. `text` is the source as text; doubts point into it."""

    filing: Filing
    doubts: tuple[Doubt, ...] = ()
    text: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The filing's fields and `doubts`, only JSON types."""
        doubts = [
            {"field": doubt.field, "message": str(doubt), "start": doubt.start, "end": doubt.end}
            for doubt in self.doubts
        ]
        return {**self.filing.as_dict(), "doubts": doubts}
