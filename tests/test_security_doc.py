"""docs/security.md names tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parent
TEXT = (TESTS.parent / "docs" / "security.md").read_text(encoding="utf-8")


def named() -> list[tuple[str, str]]:
    """File and name of each test; a name without a file is of the file before it."""
    found, file = [], ""
    for row in (line for line in TEXT.splitlines() if line.startswith("|")):
        for said in re.findall(r"`(test_\w+(?:::test_\w+)?)`", row.split("|")[-2]):
            first, _, second = said.partition("::")
            if second or (TESTS / f"{first}.py").exists():
                file, name = first, second
            else:
                name = first
            found.append((file, name))
    return found


def test_every_row_names_a_test_that_is_there() -> None:
    rows = [line for line in TEXT.splitlines() if line.startswith("|")][2:]
    assert all("`test_" in row for row in rows)
    assert len(named()) >= len(rows) > 15
    for file, name in named():
        source = (TESTS / f"{file}.py").read_text(encoding="utf-8")
        assert not name or f"def {name}(" in source, (file, name)
