"""Readers and people at the desk at once, and gunicorn reloaded in between: no request fails and no write is lost."""

from __future__ import annotations

import subprocess
import sys

import pytest
from django.db import connection

from tests.load import is_flat


def test_no_request_fails_under_load() -> None:
    """The shortest of what `make load` does; how long it takes says something of the machine."""
    engine = "postgres" if connection.vendor == "postgresql" else "sqlite"
    options = ["--busy", "--clients", "12", "--seconds", "8", "--records", "40", "--database", engine]
    done = subprocess.run([sys.executable, "-m", "tests.load", *options], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Failed requests of readers: 0; of people at the desk: 0" in done.stdout
    assert "lost 0; integrity faults 0" in done.stdout
    assert "Acknowledged writes: none" not in done.stdout


@pytest.mark.parametrize(
    ("sizes", "flat"),
    [
        ([60, 80, 90, 91, 90, 92, 91, 92] * 2, True),
        ([60, 80, 90, 140, 150, *[160] * 11], True),
        (list(range(60, 220, 10)), False),
        ([60, 80, 120, 140], True),  # so young that it tells nothing
    ],
)
def test_memory_is_flat_or_it_is_not(sizes: list[float], flat: bool) -> None:
    assert is_flat([{1: size, 2: 90.0} for size in sizes]) is flat
