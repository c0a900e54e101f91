"""The source beside its reading: marks in the text, and where in the form each doubt belongs."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from records.filing.shape import Doubt
from records.translate import in_words

from .importing_rows import Rows


@dataclasses.dataclass(frozen=True)
class Note:
    """A doubt as the page shows it: `number` counts from 1; `target` is the id of what to look at in the form."""

    number: int
    words: str
    target: str
    has_place: bool


def notes_on(doubts: Iterable[Doubt], text: str, rows: Rows) -> list[Note]:
    return [
        Note(number, in_words(doubt), target_of(doubt, text, rows), _has_place(doubt, text))
        for number, doubt in enumerate(doubts, 1)
    ]


def _has_place(doubt: Doubt, text: str) -> bool:
    return doubt.start is not None and doubt.end is not None and 0 <= doubt.start <= doubt.end <= len(text)


def target_of(doubt: Doubt, text: str, rows: Rows) -> str:
    """The id of the field, or of the row whose text stands where the doubt points."""
    if doubt.field not in ("questions", "attendees"):
        return f"field-{doubt.field}"
    if _has_place(doubt, text):
        line = text[doubt.start : doubt.end].strip().partition("\n")[0].strip()
        if doubt.field == "questions":
            for number, entry in enumerate(rows.questions, 1):
                if line and _meet(line, f"{entry.question}\n{entry.answer}"):
                    return f"row-question-{number}"
        else:
            for number, row in enumerate(rows.attendees, 1):
                if line and _meet(line, row.institution) and (not row.person or row.person in line):
                    return f"row-attendee-{number}"
    return f"section-{doubt.field}"


def _meet(line: str, text: str) -> bool:
    """Whether the text holds the line, its number left out, or the line holds the text."""
    text = text.strip()
    return bool(text) and (line in text or line.lstrip("0123456789、.．（）() ") in text or text in line)


def marked(text: str, doubts: Sequence[Doubt]) -> SafeString:
    """The text as HTML with what is doubtful marked; doubt 3 begins at `#doubt-3`. Doubts may overlap."""
    placed = [(number, doubt) for number, doubt in enumerate(doubts, 1) if _has_place(doubt, text)]
    spans = [(doubt.start or 0, doubt.end or 0, number) for number, doubt in placed]
    cuts = sorted({0, len(text), *(start for start, _end, _n in spans), *(end for _start, end, _n in spans)})
    parts = []
    for start, end in zip(cuts, [*cuts[1:], len(text)], strict=True):
        beginning = sorted(number for first, _last, number in spans if first == start)
        covered = any(first <= start and end <= last for first, last, _n in spans) and end > start
        piece = escape(text[start:end])
        links = "".join(f'<a class="doubt-sign" href="#note-{number}">{number}</a>' for number in beginning)
        if beginning:
            # A mark has one id; further doubts that begin at the same place have theirs within it.
            others = "".join(f'<span id="doubt-{number}"></span>' for number in beginning[1:])
            content = piece if covered else ""
            parts.append(f'<mark id="doubt-{beginning[0]}">{links}{others}{content}</mark>')
            parts.append("" if covered else piece)
        else:
            parts.append(f"<mark>{piece}</mark>" if covered else piece)
    return mark_safe("".join(parts))  # noqa: S308 - every piece of the text was escaped above
