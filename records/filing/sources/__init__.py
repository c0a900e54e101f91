"""Bytes and a name -> blocks of text, whatever the format. What the text means is for others to say."""

from __future__ import annotations

import re

from ..shape import FilingError, gettext_noop
from .blocks import MAX_CELL, MAX_TEXT, TICKED, UNTICKED, Block, Deadline

__all__ = ["TICKED", "UNTICKED", "Block", "read_blocks"]

MAX_BYTES = 20 * 1024 * 1024

_OTHER_FORMATS = (
    (
        (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\x00", b"MM\x00*", b"RIFF"),
        gettext_noop("“%(name)s” is a picture: choose a Word, PDF, HTML, Markdown or text file."),
    ),
    (
        (b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"BZh"),
        gettext_noop("“%(name)s” is an archive: unpack it and choose the filing itself."),
    ),
    ((b"{\\rtf",), gettext_noop("“%(name)s” is an RTF file: save it as .docx and try again.")),
)
_HTML = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype|html|head|body|meta|table|div|p|span|h\d|center|section)\b",
    re.IGNORECASE | re.DOTALL,
)


def read_blocks(data: bytes, name: str) -> list[Block]:
    """The text of a document by what its bytes are; FilingError says what to do where there is none to be had."""
    if not data.strip():
        raise FilingError(gettext_noop("“%(name)s” is empty: choose another file."), name=name)
    if len(data) > MAX_BYTES:
        raise FilingError(gettext_noop("“%(name)s” is larger than 20 MB: choose the filing itself."), name=name)
    try:
        blocks = _blocks(data, name, Deadline())
    except FilingError:
        raise
    except Exception as error:  # whatever a library meets in a damaged file
        raise FilingError(
            gettext_noop("“%(name)s” is damaged and cannot be read: open and save it anew, or paste its text."),
            name=name,
        ) from error
    for block in blocks:
        if any(len(cell) > MAX_CELL for cell in block.cells):
            raise FilingError(
                gettext_noop("“%(name)s” has a cell of more than 100,000 characters: choose the filing itself."),
                name=name,
            )
    return blocks


def _blocks(data: bytes, name: str, deadline: Deadline) -> list[Block]:
    # The readers of Word and PDF load large libraries, so each is imported where it is needed.
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        from .word import docx_blocks

        return docx_blocks(data, name, deadline)
    if b"%PDF-" in data[:1024]:
        from .pdf import pdf_blocks

        return pdf_blocks(data, name, deadline)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise FilingError(
                gettext_noop("“%(name)s” is protected by a password: remove it in Word and try again."), name=name
            )
        raise FilingError(
            gettext_noop("“%(name)s” is in the old Word format: save it as .docx and try again."), name=name
        )
    for starts, sentence in _OTHER_FORMATS:
        if data.startswith(starts):
            raise FilingError(sentence, name=name)
    from .markup import html_blocks, text_blocks

    text = _decoded(data, name)
    return html_blocks(text, deadline) if _HTML.match(text) else text_blocks(text, deadline)


def _decoded(data: bytes, name: str) -> str:
    """The text of a file without a format: UTF-8, UTF-16 with its mark, or GB18030."""
    text = None
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = data.decode("utf-16", "replace")
    else:
        for encoding in ("utf-8-sig", "gb18030"):
            try:
                text = data.decode(encoding)
                break
            except UnicodeDecodeError:
                continue
    if text is None:  # a few bytes damaged: take the encoding that loses less
        text = min(
            (data.decode(encoding, "replace") for encoding in ("utf-8-sig", "gb18030")),
            key=lambda candidate: candidate.count("\ufffd"),
        )
    if len(text) > MAX_TEXT:
        raise FilingError(
            gettext_noop("“%(name)s” holds more text than a filing has: choose the filing itself."), name=name
        )
    strange = sum(character == "\ufffd" or (character < " " and character not in "\t\r\n\f") for character in text)
    if strange > max(3, len(text) // 50):
        raise FilingError(
            gettext_noop("“%(name)s” is not text: choose a Word, PDF, HTML, Markdown or text file."), name=name
        )
    return text.replace("\r\n", "\n").replace("\r", "\n")
