"""Damaged documents give a Reading or a FilingError, and nothing else."""

from __future__ import annotations

import io
import random
import zipfile

import pytest

from records.filing import FilingError, Reading, read
from tests.filings import DOCUMENTS
from tests.fuzz import examples

EXAMPLES = examples(2000)
# How many of a hundred; reading a PDF takes longest. The smallest documents of each kind are damaged.
SHARES = {".docx": 20, ".pdf": 10, ".html": 20, ".md": 25, ".txt": 25}
SOURCES = {
    suffix: sorted((path for path in DOCUMENTS if path.suffix == suffix), key=lambda path: path.stat().st_size)[:2]
    for suffix in SHARES
}
PIECES = (
    b"\x00",
    b"\xff\xfe",
    b"<",
    b"</td>",
    b"<table>",
    b"|",
    "：".encode(),
    "时间".encode(),
    b"\n",
    b"]" * 50,
    b"(" * 50,
)


def damaged(data: bytes, rng: random.Random) -> bytes:
    """Cut, flip, repeat or fill in a few places."""
    out = bytearray(data)
    for _ in range(rng.randint(1, 6)):
        if not out:
            break
        start, length = rng.randrange(len(out)), rng.randint(1, 200)
        kind = rng.randrange(6)
        if kind == 0:
            del out[start : start + length]
        elif kind == 1:
            out[start] ^= 1 << rng.randrange(8)
        elif kind == 2:
            out[start:start] = out[start : start + length] * rng.randint(1, 5)
        elif kind == 3:
            out[start:start] = rng.choice(PIECES)
        elif kind == 4:
            out[start : start + length] = rng.randbytes(length)
        elif rng.random() < 0.2:
            del out[start:]
    return bytes(out)


def damaged_package(data: bytes, rng: random.Random) -> bytes:
    """A Word file whose packing is whole and whose parts are damaged."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w") as target:
        for entry in source.infolist():
            part = source.read(entry)
            if entry.filename in ("word/document.xml", "word/numbering.xml", "word/styles.xml") and rng.random() < 0.7:
                part = damaged_markup(part, rng)
            target.writestr(entry.filename, part)
    return out.getvalue()


def damaged_markup(data: bytes, rng: random.Random) -> bytes:
    """Most damage leaves no XML; exchanging tags and values of one length of life does."""
    text = data.decode("utf-8", "replace")
    for _ in range(rng.randint(1, 8)):
        old, new = (
            rng.choice(("w:p", "w:tc", "w:tr", "w:tbl", "w:sdt", "w:numPr", "w:r", "w:val", '"1"', '"0"'))
            for _ in "ab"
        )
        text = text.replace(old + rng.choice((" ", ">", "")), new + " ", rng.choice((1, -1)))
    return text.encode()


@pytest.mark.fuzz
@pytest.mark.parametrize("suffix", SOURCES)
def test_damaged_documents_are_read_or_refused(suffix):
    rng = random.Random(20260312)  # noqa: S311
    originals = [path.read_bytes() for path in SOURCES[suffix]]
    for number in range(EXAMPLES * SHARES[suffix] // 100):
        data = rng.choice(originals)
        packed = suffix == ".docx" and number % 2
        data = damaged_package(data, rng) if packed else damaged(data, rng)
        try:
            assert isinstance(read(data, f"damaged{suffix}"), Reading)
        except FilingError as error:
            assert str(error)  # noqa: PT017
