"""Strangers read from a replica, writers from the primary, and everybody where a replica stops."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.db import connection

ENVIRONMENT = {
    "DJANGO_SETTINGS_MODULE": "irsite.settings",
    "SECRET_KEY": "x",
    "ALLOWED_HOSTS": "testserver",
    "HTTPS": "False",
    "LOG_LEVEL": "ERROR",
}


@pytest.mark.django_db
def test_reads_go_to_a_replica_and_on_without_it() -> None:
    """A real primary with a real streaming replica."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no replicas")
    run = subprocess.run(
        [sys.executable, "-m", "tests.replicated"],
        env={**os.environ, **ENVIRONMENT},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[1:] == [
        "stranger /records/ 200 replica",
        "stranger /records.csv 200 replica",
        "stranger /insights/ 200 replica",
        "writer writes 302",
        "writer 404 primary",  # what was withdrawn is gone at once for who withdrew it
        "stranger behind 200 replica",
        "stranger afterwards 404 replica",
        "cut off 200 primary and replica",
        "left alone 200 primary",
        "back 200 replica",
        "stopped 200 primary",
    ]


@pytest.mark.parametrize(
    ("urls", "sentence"),
    [
        ({"REPLICA_URLS": "postgres://a/b"}, "PostgreSQL"),
        ({"REPLICA_URLS": "sqlite:///x", "DATABASE_URL": "postgres://a/b"}, "PostgreSQL"),
        ({"REPLICA_URLS": "nonsense", "DATABASE_URL": "postgres://a/b"}, "not right"),
        ({"REPLICA_URLS": "gopher://a/b", "DATABASE_URL": "postgres://a/b"}, "not right"),
    ],
)
def test_what_is_no_replica_stops_the_start_with_a_sentence(urls: dict[str, str], sentence: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    run = subprocess.run(
        [sys.executable, "-c", "import irsite.settings"],
        env={**environment, **ENVIRONMENT, "DATABASE_URL": "sqlite:///:memory:", **urls},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 1
    assert sentence in run.stderr
    assert "Traceback" not in run.stderr
