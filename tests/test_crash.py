"""The site is killed while people work: all that was acknowledged is there afterwards, and everything agrees."""

from __future__ import annotations

import subprocess
import sys

import pytest
from django.db import connection

from records.models import Record

from . import build
from .crash import Memory, Stored, disagreements


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


@pytest.mark.django_db(transaction=True)
def test_what_is_lost_is_seen() -> None:
    memory, record = Memory(), build.draft()
    memory.told("save", "a record", lambda now: record.pk in now.records)
    memory.sent("its parts", lambda now: ("贾静雯" in now.people) == (record.pk in now.records))
    assert (memory.lost(Stored.now()), memory.halves(Stored.now()), disagreements()) == ([], [], [])
    Record.objects.filter(pk=record.pk).update(question_count=7)
    assert len(disagreements()) == 1
    record.participants.all().delete()
    assert memory.halves(Stored.now()) == ["its parts: by halves"]
    record.delete()
    assert memory.lost(Stored.now()) == ["a record"]
