"""The official form on paper: read it from a document, write it as one. No Django, no database."""

from __future__ import annotations

from .shape import (
    ACTIVITY_TYPES,
    OTHER_ACTIVITY,
    Attendee,
    Board,
    Content,
    Doubt,
    Filing,
    FilingError,
    Host,
    Question,
    Reading,
    board_of,
)

__all__ = [
    "ACTIVITY_TYPES",
    "OTHER_ACTIVITY",
    "Attendee",
    "Board",
    "Content",
    "Doubt",
    "Filing",
    "FilingError",
    "Host",
    "Question",
    "Reading",
    "board_of",
    "read",
    "read_content",
    "write_docx",
]

# The readers and the writer load lxml, pdfplumber and python-docx, so each door opens them only when it is used.


def read(data: bytes, name: str) -> Reading:
    """The filing in a document, told by its bytes; `name` is only for messages. Raises FilingError."""
    from .fields import read_filing
    from .sources import read_blocks

    return read_filing(read_blocks(data, name))


def read_content(text: str) -> Content:
    """The cell 投资者关系活动主要内容介绍, taken apart."""
    from . import questions

    return questions.read_content(text)


def write_docx(filing: Filing, board: Board | None = None) -> bytes:
    """The form as a Word file; `board` defaults to that of the company's code. Raises FilingError."""
    from . import docx

    return docx.write_docx(filing, board)
