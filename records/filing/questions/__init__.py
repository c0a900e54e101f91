"""The cell 投资者关系活动主要内容介绍, taken apart: introduction, questions with answers, closing.

Each pass has one job: `marks` reads the beginning of a line, `lines` makes paragraphs, `speakers` tells who asks in
a dialogue, `starts` finds where questions begin, `pairs` puts questions and answers together.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..shape import Content
from .lines import read_paragraphs
from .pairs import build_content
from .speakers import resolve_speakers
from .starts import find_starts

__all__ = ["content_lines", "content_record", "read_content"]


def read_content(text: str) -> Content:
    """The parts of a cell. Nothing is dropped but numbers and markers of questions and answers, and empty lines."""
    paragraphs = read_paragraphs(text)
    resolve_speakers(paragraphs)
    return build_content(paragraphs, find_starts(paragraphs), text)


def content_record(document: Mapping[str, Any]) -> dict[str, Any]:
    """{"doc", "text"} as {"doc", "qa": [[question, answer], ...], "rest": the text in no pair}."""
    content = read_content(document["text"])
    return {
        "doc": document["doc"],
        "qa": [[question.question, question.answer] for question in content.questions],
        "rest": "\n".join(part for part in (content.introduction, content.closing) if part),
    }


def content_lines(lines: Iterable[str]) -> Iterator[str]:
    """`content_record` over JSON lines."""
    for line in lines:
        if line.strip():
            yield json.dumps(content_record(json.loads(line)), ensure_ascii=False)
