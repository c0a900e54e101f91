"""Which files are taken beside a record: by what they hold, which must agree with their name. Nothing is unpacked."""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from pathlib import PurePath
from typing import IO, Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

_OFFICE = "application/vnd.openxmlformats-officedocument"
# What is taken, by extension, and what it is served as.
TYPES = {
    "pdf": "application/pdf",
    "docx": f"{_OFFICE}.wordprocessingml.document",
    "pptx": f"{_OFFICE}.presentationml.presentation",
    "xlsx": f"{_OFFICE}.spreadsheetml.sheet",
    "doc": "application/msword",
    "ppt": "application/vnd.ms-powerpoint",
    "xls": "application/vnd.ms-excel",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "txt": "text/plain",
    "md": "text/markdown",
}
_WITH_MACROS = {"docm", "dotm", "pptm", "potm", "ppsm", "xlsm", "xltm", "xlsb"}

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = b"PK\x03\x04"
# Main parts of Office files by their type, and streams of the older ones by their name.
_PARTS = {
    b"wordprocessingml.document.main+xml": "docx",
    b"presentationml.presentation.main+xml": "pptx",
    b"spreadsheetml.sheet.main+xml": "xlsx",
}
_STREAMS = {"WordDocument": "doc", "PowerPoint Document": "ppt", "Workbook": "xls", "Book": "xls"}
_MOST_OF_DIRECTORY = 1 << 20  # bytes of a package's list of parts: some ten thousand of them
_MOST_OF_PART = 1 << 20  # bytes that are read of one part, whatever it says to hold
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_RUNS = re.compile(r"\ufeff?\s*(?:#!|<\s*(?:!doctype|html|svg|script|\?xml|\?php))", re.IGNORECASE)


def extension_of(name: str) -> str:
    return PurePath(name).suffix.lower().removeprefix(".")


def content_type_of(name: str) -> str:
    return TYPES.get(extension_of(name), "application/octet-stream")


def check(file: Any, most_megabytes: int) -> None:
    """Raises ValidationError, with what to do in one sentence, for a file that came in and is not to be taken."""
    name = PurePath(str(file.name)).name
    extension = extension_of(name)
    if file.size > most_megabytes * 1024 * 1024:
        told = {"name": name, "size": -(-file.size // (1024 * 1024)), "limit": most_megabytes}
        raise ValidationError(_("“%(name)s” has %(size)d MB: a file may have %(limit)d MB at most.") % told)
    if not file.size:
        raise ValidationError(_("“%(name)s” is empty: choose it again, or another one.") % {"name": name})
    if extension in _WITH_MACROS:
        raise _macros(name)
    if extension not in TYPES:
        sentence = _("“%(name)s” is not taken: bring PDF, Word, PowerPoint, Excel, JPEG, PNG, text or Markdown.")
        raise ValidationError(sentence % {"name": name})
    file.seek(0)
    try:
        found = _types_of(file, name)
    finally:
        file.seek(0)
    if extension not in found:
        sentence = _("“%(name)s” holds something else than its name says: save it as .%(extension)s and try again.")
        raise ValidationError(sentence % {"name": name, "extension": extension})


def _macros(name: str) -> ValidationError:
    return ValidationError(_("“%(name)s” may hold macros: save it without them and try again.") % {"name": name})


def _types_of(file: IO[bytes], name: str) -> set[str]:
    """The extensions that suit what a file holds; none where it is not known."""
    head = file.read(1024)
    file.seek(0)
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"%PDF-"):
        return {"pdf"}
    if head.startswith(b"\xff\xd8\xff"):
        return {"jpg", "jpeg"}
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return {"png"}
    if head.startswith(_ZIP):
        return _office(file, name)
    data = file.read()
    if head.startswith(_OLE):
        return _older_office(data, name)
    return {"txt", "md"} if _is_text(data) else set()


def _office(file: IO[bytes], name: str) -> set[str]:
    """By the list of its parts and of their types: the parts themselves are not read."""
    try:
        if not _has_short_directory(file):
            return set()
        with zipfile.ZipFile(file) as package:
            names = package.namelist()
            with package.open("[Content_Types].xml") as part:
                types = part.read(_MOST_OF_PART)
    except (zipfile.BadZipFile, zlib.error, KeyError, OSError, EOFError, ValueError, RuntimeError):
        return set()
    if b"macroEnabled" in types or any(part.lower().endswith("vbaproject.bin") for part in names):
        raise _macros(name)
    return {extension for part, extension in _PARTS.items() if part in types}


def _has_short_directory(file: IO[bytes]) -> bool:
    """Whether the list of parts is short enough to be read. It is at the end, before a remark of 64 KB at most."""
    size = file.seek(0, 2)
    file.seek(max(0, size - 66_000))
    tail = file.read()
    file.seek(0)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 22 or b"PK\x06\x07" in tail:  # none, or one of more than 4 GB
        return False
    (length,) = struct.unpack_from("<L", tail, at + 12)
    return bool(length <= _MOST_OF_DIRECTORY)


def _older_office(data: bytes, name: str) -> set[str]:
    if "_VBA_PROJECT".encode("utf-16-le") in data:
        raise _macros(name)
    return {extension for stream, extension in _STREAMS.items() if f"{stream}\0".encode("utf-16-le") in data}


def _is_text(data: bytes) -> bool:
    for encoding in ("utf-8", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return not _CONTROL.search(text) and not _RUNS.match(text)
    return False
