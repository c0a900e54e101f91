"""Documents of fictional companies, one for each way in which filings are written, and what is read from them."""

from __future__ import annotations

import json
from pathlib import Path

from records.filing import read

HERE = Path(__file__).parent
DOCUMENTS = sorted(path for path in HERE.iterdir() if path.suffix in (".docx", ".pdf", ".html", ".md", ".txt"))


def golden(document: Path) -> Path:
    """The file that holds what is read from a document."""
    return document.with_name(f"{document.name}.json")


def reading_of(document: Path) -> str:
    """What is read from a document now, as the golden file has it."""
    reading = read(document.read_bytes(), document.name).as_dict()
    return json.dumps(reading, ensure_ascii=False, indent=1) + "\n"
