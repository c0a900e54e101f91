"""python -m records.filing: the doors of this package for the command line."""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import gzip
import json
import signal
import sys
from pathlib import Path
from typing import Any

from . import FilingError, read, write_docx
from .shape import Attendee, Filing, Host, Question


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0, or 1 where a file could not be read."""
    parser = argparse.ArgumentParser(prog="python -m records.filing", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    reading = commands.add_parser("read", help="print each filing as one JSON line")
    reading.add_argument("paths", nargs="+", metavar="PATH", type=Path)
    content = commands.add_parser("content", help="take apart content cells: lines with doc and text")
    content.add_argument("path", metavar="CELLS.jsonl[.gz]", type=Path)
    writing = commands.add_parser("write", help="write a reading, as `read` prints it, as a Word file")
    writing.add_argument("path", metavar="READING.json", type=Path)
    writing.add_argument("-o", "--output", metavar="FILE.docx", type=Path)
    options = parser.parse_args(arguments)
    if options.command == "read":
        return _read(options.paths)
    try:
        if options.command == "content":
            return _content(options.path)
        return _write(options.path, options.output or options.path.with_suffix(".docx"))
    except (OSError, ValueError, KeyError, TypeError, FilingError) as error:
        print(f"{options.path}: {error}", file=sys.stderr)
        return 1


def _read(paths: list[Path]) -> int:
    status = 0
    for path in paths:
        try:
            line = json.dumps(read(path.read_bytes(), path.name).as_dict(), ensure_ascii=False)
        except (OSError, FilingError) as error:
            print(f"{path}: {error}", file=sys.stderr)
            status = 1
        else:
            print(line)
    return status


def _content(path: Path) -> int:
    from .questions import content_record

    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                print(json.dumps(content_record(json.loads(line)), ensure_ascii=False))
    return 0


def _write(path: Path, output: Path) -> int:
    output.write_bytes(write_docx(_filing(json.loads(path.read_text("utf-8")))))
    return 0


def _filing(values: dict[str, Any]) -> Filing:
    """The filing of a line that `read` printed."""
    shapes = {"attendees": Attendee, "hosts": Host, "questions": Question}
    fields: dict[str, Any] = {}
    for field in dataclasses.fields(Filing):
        value = values.get(field.name, field.default)
        if field.name in shapes:
            value = tuple(shapes[field.name](**item) for item in value)
        elif field.name in ("held_from", "held_to", "signed_on"):
            value = datetime.date.fromisoformat(value) if value else None
        elif field.name == "extra":
            value = tuple((label, text) for label, text in value)
        elif isinstance(value, list):
            value = tuple(value)
        fields[field.name] = value
    return Filing(**fields)


if __name__ == "__main__":
    if hasattr(signal, "SIGPIPE"):  # whoever reads the lines may have enough of them, as `head` does
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.exit(main())
