"""The cell 投资者关系活动主要内容介绍, taken apart: introduction, questions with answers, closing.

Each pass has one job: `marks` reads the beginning of a line, `lines` makes paragraphs, `speakers` tells who asks in
a dialogue, `starts` finds where questions begin, `pairs` puts questions and answers together.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..shape import Content
from .lines import Paragraph, read_paragraphs
from .pairs import build_content, named_turns
from .speakers import resolve_speakers
from .starts import find_starts

__all__ = ["content_lines", "content_record", "read_content"]


_FIRST_WORDS = 12


def read_content(text: str) -> Content:
    """The parts of a cell. Nothing is dropped but numbers, markers and speakers' names, and empty lines."""
    return build_content(*_paragraphs_and_starts(text), text)


def content_record(document: Mapping[str, Any]) -> dict[str, Any]:
    """{"doc", "text"} as {"doc", "qa": [[question, answer], ...], "rest": the text in no pair}.

    The names of who spoke are in no pair: the rest tells them, each with the first words of the turn.
    """
    paragraphs, starts = _paragraphs_and_starts(document["text"])
    turns = [
        turn.text[: turn.mark.speaker_length + _FIRST_WORDS] for turn in (named_turns(paragraphs) if starts else ())
    ]
    content = build_content(paragraphs, starts, document["text"])
    return {
        "doc": document["doc"],
        "qa": [[question.question, question.answer] for question in content.questions],
        "rest": "\n".join(part for part in (content.introduction, content.closing, *turns) if part),
    }


def _paragraphs_and_starts(text: str) -> tuple[list[Paragraph], list[int]]:
    paragraphs = read_paragraphs(text)
    resolve_speakers(paragraphs)
    return paragraphs, find_starts(paragraphs)


def content_lines(lines: Iterable[str]) -> Iterator[str]:
    """`content_record` over JSON lines."""
    for line in lines:
        if line.strip():
            yield json.dumps(content_record(json.loads(line)), ensure_ascii=False)
