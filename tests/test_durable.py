"""What was acknowledged has reached the disk: commits, and the files that rows name."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection

from . import build, served

pytestmark = pytest.mark.django_db


def test_a_commit_of_the_site_waits_for_the_disk(tmp_path: Path) -> None:
    """With the settings in use: those of the tests do not wait."""
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL waits unless its own settings say otherwise")
    asked = "from django.db import connection as c; k = c.cursor(); print(*(k.execute(f'PRAGMA {p}').fetchone()[0] for p in ('journal_mode', 'synchronous')))"
    told = subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", asked],
        env={**os.environ, **served.ENVIRONMENT, "DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.split() == ["wal", "2"]


def test_a_file_is_on_the_disk_before_its_row_is_written(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    record = build.draft()
    done: list[str] = []
    fsync = os.fsync

    def sync(descriptor: int) -> None:
        done.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", sync)
    with connection.execute_wrapper(lambda execute, sql, *rest: (done.append(sql[:32]), execute(sql, *rest))[1]):
        made = record.attachments.create(file=ContentFile(b"%PDF-1.4", name="a.pdf"))
    root = str(settings.MEDIA_ROOT)
    assert done[:3] == [f"{root}/{made.file.name}", f"{root}/attachments", root]
    assert [line for line in done if line.startswith("INSERT")]


def test_a_folder_that_was_there_is_not_flushed_into_its_own(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    default_storage.save("attachments/a.txt", ContentFile(b"a"))
    done: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: done.append(os.readlink(f"/proc/self/fd/{descriptor}")))
    default_storage.save("attachments/b.txt", ContentFile(b"b"))
    assert done == [f"{settings.MEDIA_ROOT}/attachments/b.txt", f"{settings.MEDIA_ROOT}/attachments"]
