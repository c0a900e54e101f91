"""The site is killed while people work: all that was acknowledged is there afterwards, and everything agrees."""

from __future__ import annotations

import subprocess
import sys

from django.db import connection


def test_nothing_acknowledged_is_lost() -> None:
    """The shortest of what `make crash` does: a kill of each kind."""
    engine = "postgres" if connection.vendor == "postgresql" else "sqlite"
    done = subprocess.run(
        [sys.executable, "-m", "tests.crash", "--kills", "1", "--database", engine], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    last = next(line for line in done.stdout.splitlines() if line.startswith("| all"))
    kills, _midst, acknowledged, lost, faults, _seconds = (
        int(cell.replace(",", "")) for cell in last.split("|")[2:-1]
    )
    assert kills == {"sqlite": 5, "postgres": 6}[engine]
    assert acknowledged
    assert (lost, faults) == (0, 0)
