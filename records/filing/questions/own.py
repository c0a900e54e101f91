"""The content cell of a Word file that we wrote: its paragraphs are whole, and its signs say all."""

from __future__ import annotations

import re

from ..shape import Content, Question

ANSWER = "答："
CLOSING = "其他说明："  # the line between the last answer and what follows it
_QUESTION = re.compile(r"问题(\d{1,3})：")
_MARKER = re.compile(r"\s*(?:[\d、.（()）]*)(?:问|答|Q\d*[：:])")


def question_sign(number: int) -> str:
    return f"问题{number}："


def read_own(text: str) -> Content | None:
    """The cell taken apart by these signs alone; None where they are not whole, as a person may have edited it."""
    introduction: list[str] = []
    pairs: list[tuple[list[str], list[str]]] = []
    closing: list[str] | None = None
    lines = introduction
    for line in text.split("\n"):
        sign = _QUESTION.match(line)
        if sign and int(sign[1]) == len(pairs) + 1 and (not pairs or pairs[-1][1]):
            pairs.append(([line[sign.end() :]], []))
            lines, closing = pairs[-1][0], None
        elif line.startswith(ANSWER) and pairs and not pairs[-1][1]:
            lines = pairs[-1][1]
            lines.append(line.removeprefix(ANSWER))
        elif line == CLOSING and pairs and pairs[-1][1] and closing is None:
            lines = closing = []
        else:
            lines.append(line)
    if not pairs:
        return None if any(_MARKER.match(line) for line in introduction) else Content(text)
    if not pairs[-1][1] or any(_QUESTION.match(line) for pair in pairs for line in pair[1]):
        return None
    questions = tuple(Question("\n".join(asked).strip(), "\n".join(said).strip()) for asked, said in pairs)
    return Content("\n".join(introduction), questions, "\n".join(closing or []))
