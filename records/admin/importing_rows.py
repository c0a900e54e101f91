"""Participants and questions as they are corrected before they are stored: values in, values out.

A page posts its rows as lists that run side by side (`institution`, `person`, `title`; `question`, `answer`); a
button posts what to do as `op`, such as `question-join-3`, and the page is shown again with the rows that come of it.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Sequence
from typing import TypeVar

from records.filing.shape import Attendee, Question, gettext_noop

NOT_WHOLE = gettext_noop("The page did not come whole, so nothing was done. Wait until it is there, and try again.")
SEPARATOR = re.compile(r"^[ \t]*-{3,}[ \t]*$", re.MULTILINE)
# What a question is numbered or marked with, such as `3、`, `（3）`, `问：`, `Q3:`; 2.5 is no number of a question.
_MARK = re.compile(r"^\s*(?:[（(]?\d{1,3}[）)]?\s*[、.．:：）)](?!\d)|(?:问题?|提问|Q)\s*\d*\s*[、.．:：])\s*")

Row = TypeVar("Row")


class RowsError(Exception):
    """What was asked for cannot be done to these rows; `message` is an English sentence to be translated."""

    def __init__(self, message: str) -> None:
        self.message = message
        super().__init__(message)


@dataclasses.dataclass(frozen=True, slots=True)
class Rows:
    """The participants cell and the content cell, taken apart. Rows may be blank while they are being written."""

    attendees: tuple[Attendee, ...] = ()
    introduction: str = ""
    questions: tuple[Question, ...] = ()
    closing: str = ""

    def filled(self) -> Rows:
        """Without blank rows and without white space around texts."""
        attendees = [Attendee(*(part.strip() for part in dataclasses.astuple(row))) for row in self.attendees]
        questions = [Question(row.question.strip(), row.answer.strip()) for row in self.questions]
        return Rows(
            tuple(row for row in attendees if row != Attendee()),
            self.introduction.strip(),
            tuple(row for row in questions if row.question or row.answer),
            self.closing.strip(),
        )

    def complaints(self) -> dict[str, str]:
        """What keeps rows from being stored: the field's id -> an English sentence to be translated."""
        found = {}
        for number, row in enumerate(self.attendees, 1):
            if row.title.strip() and not row.institution.strip() and not row.person.strip():
                found[f"institution-{number}"] = gettext_noop("Enter an institution or a person.")
        for number, entry in enumerate(self.questions, 1):
            if entry.answer.strip() and not entry.question.strip():
                found[f"question-{number}"] = gettext_noop(
                    "An answer without a question: enter the question, or join it with the one before."
                )
        return found


def posted(lists: Callable[[str], Sequence[str]]) -> Rows:
    """The rows of a form; `lists` gives all values of a name. RowsError where the form did not come whole.

    A button may be pressed before the rest of a long page has arrived: its last field, `end`, is missing then.
    """

    def column(name: str) -> list[str]:
        return [text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "") for text in lists(name)]

    def one(name: str) -> str:
        return "\n".join(column(name))

    attendees = (column("institution"), column("person"), column("title"))
    questions = (column("question"), column("answer"))
    if not lists("end") or len({*map(len, attendees)}) > 1 or len({*map(len, questions)}) > 1:
        raise RowsError(NOT_WHOLE)
    return Rows(
        tuple(Attendee(*parts) for parts in zip(*attendees, strict=True)),
        one("introduction"),
        tuple(Question(*parts) for parts in zip(*questions, strict=True)),
        one("closing"),
    )


def changed(rows: Rows, op: str, cursor: str = "") -> tuple[Rows, str]:
    """The rows after one operation, and the id of the field to go on in.

    `cursor` is the field and the place in it, `answer:57`, where the browser can tell; otherwise a line of three
    hyphens says where to split. RowsError where the operation makes no sense, ValueError for no operation at all.
    """
    match = re.fullmatch(r"(attendee|question)-([a-z]+)-(\d{1,5})", op)
    if not match:
        raise ValueError(f"no operation: {op!r}")
    section, verb, number = match[1], match[2], int(match[3])
    if section == "attendee":
        attendees, place = _moved(rows.attendees, verb, number, Attendee())
        return dataclasses.replace(rows, attendees=tuple(attendees)), f"institution-{place}"
    if verb in _ACTS:
        count = len(rows.questions)
        if not 0 <= number <= count or (number == 0 and verb != "split"):
            raise ValueError(f"no such row: {op!r}")
        return _ACTS[verb](rows, number, cursor)
    questions, place = _moved(rows.questions, verb, number, Question(""))
    return dataclasses.replace(rows, questions=tuple(questions)), f"question-{place}"


def _moved(rows: Sequence[Row], verb: str, number: int, blank: Row) -> tuple[list[Row], int]:
    """The rows with one of them moved, dropped, or a blank one added after it; and the number to go on at."""
    rows, at = list(rows), number - 1
    if not (0 <= number <= len(rows)) or (number == 0 and verb != "add"):
        raise ValueError(f"no such row: {number}")
    if verb == "add":
        return [*rows[:number], blank, *rows[number:]], number + 1
    if verb == "drop":
        return rows[:at] + rows[number:], max(1, min(number, len(rows) - 1))
    if verb not in ("up", "down"):
        raise ValueError(f"no operation: {verb!r}")
    to = max(0, at - 1) if verb == "up" else min(len(rows) - 1, at + 1)
    rows.insert(to, rows.pop(at))
    return rows, to + 1


# Questions


def _with(rows: Rows, number: int, *entries: Question, instead_of: int = 1) -> Rows:
    """The rows with these questions in the place of so many from this number on."""
    at = number - 1
    return dataclasses.replace(rows, questions=(*rows.questions[:at], *entries, *rows.questions[at + instead_of :]))


def _split(rows: Rows, number: int, cursor: str) -> tuple[Rows, str]:
    if number == 0:
        before, after = _parted(rows.introduction, cursor, "introduction")
        entries = _in_pieces(_opening(after))
        parted = dataclasses.replace(rows, introduction=before, questions=(*entries, *rows.questions))
        return parted, "question-1"
    entry = rows.questions[number - 1]
    in_question = cursor.startswith("question:") and not SEPARATOR.search(entry.answer)
    if in_question or SEPARATOR.search(entry.question):
        before, after = _parted(entry.question, cursor, "question")
        if not before:
            raise RowsError(_NOWHERE)
        pieces = [Question(before), *_in_pieces(Question(_unmarked(after), entry.answer))]
    else:
        before, after = _parted(entry.answer, cursor, "answer")
        pieces = [Question(entry.question, before), *_in_pieces(_opening(after))]
    return _with(rows, number, *pieces), f"question-{number + 1}"


_NOWHERE = gettext_noop("Put the cursor where the next question begins, or a line of three hyphens (---) above it.")


def _parted(text: str, cursor: str, field: str) -> tuple[str, str]:
    """What stands before the first line of hyphens, or before the cursor, and what stands after it: something."""
    at = re.fullmatch(rf"{field}:(\d{{1,7}})", cursor)
    if line := SEPARATOR.search(text):
        before, after = text[: line.start()], text[line.end() :]
    elif at:
        before, after = text[: int(at[1])], text[int(at[1]) :]
    else:
        raise RowsError(_NOWHERE)
    if not after.strip():
        raise RowsError(_NOWHERE)
    return before.strip(), after.strip()


def _opening(text: str) -> Question:
    """A question in its first line, and what follows as its answer."""
    question, _line, answer = text.partition("\n")
    return Question(_unmarked(question), answer.strip())


def _unmarked(question: str) -> str:
    return _MARK.sub("", question) or question


def _in_pieces(entry: Question) -> list[Question]:
    """Further lines of hyphens in the answer split it again."""
    before, *others = (part.strip() for part in SEPARATOR.split(entry.answer))
    return [Question(entry.question, before), *(_opening(part) for part in others if part)]


def _join(rows: Rows, number: int, cursor: str) -> tuple[Rows, str]:
    """With the one after it, whose question becomes part of the answer; where there is none yet, of the question."""
    if number == len(rows.questions):
        raise RowsError(gettext_noop("There is no question after this one to join it with."))
    one, other = rows.questions[number - 1 : number + 1]
    if one.answer.strip():
        joined = Question(one.question, _lines(one.answer, other.question, other.answer))
    else:
        joined = Question(_lines(one.question, other.question), other.answer)
    return _with(rows, number, joined, instead_of=2), f"answer-{number}"


def _lines(*parts: str) -> str:
    return "\n".join(part.strip() for part in parts if part.strip())


def _raise(rows: Rows, number: int, cursor: str) -> tuple[Rows, str]:
    """The first line of the answer goes to the end of the question."""
    entry = rows.questions[number - 1]
    line, _end, rest = entry.answer.strip().partition("\n")
    if not line:
        raise RowsError(gettext_noop("The answer has no line to move to the question."))
    return _with(rows, number, Question(_lines(entry.question, line), rest.strip())), f"question-{number}"


def _lower(rows: Rows, number: int, cursor: str) -> tuple[Rows, str]:
    """The last line of the question goes to the beginning of the answer."""
    entry = rows.questions[number - 1]
    rest, _end, line = entry.question.strip().rpartition("\n")
    if not rest:
        raise RowsError(gettext_noop("The question has only one line: join it with the one before instead."))
    return _with(rows, number, Question(rest.strip(), _lines(line, entry.answer))), f"answer-{number}"


def _introduce(rows: Rows, number: int, cursor: str) -> tuple[Rows, str]:
    """The first question was none: it belongs to the introduction."""
    if number != 1:
        raise RowsError(gettext_noop("Only the first question can become part of the introduction."))
    entry = rows.questions[0]
    introduction = _lines(rows.introduction, entry.question, entry.answer)
    return dataclasses.replace(rows, introduction=introduction, questions=rows.questions[1:]), "introduction"


def _close(rows: Rows, number: int, cursor: str) -> tuple[Rows, str]:
    """The last question was none: it belongs to the closing text."""
    if number != len(rows.questions):
        raise RowsError(gettext_noop("Only the last question can become part of the closing text."))
    entry = rows.questions[-1]
    closing = _lines(entry.question, entry.answer, rows.closing)
    return dataclasses.replace(rows, closing=closing, questions=rows.questions[:-1]), "closing"


_ACTS: dict[str, Callable[[Rows, int, str], tuple[Rows, str]]] = {
    "split": _split,
    "join": _join,
    "raise": _raise,
    "lower": _lower,
    "introduce": _introduce,
    "close": _close,
}
