"""A disk without room: whoever writes is told so, nothing is half-written, and all goes on once there is room again."""

from __future__ import annotations

import errno
import os
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import connection
from django.test import Client

from irsite import outages

from . import build, served
from .browser import Desk, added
from .crash import filing
from .test_admin_entry import change
from .test_database_gone import manage

ROOM = 256 * 1024  # bytes that a file may have; the index of SQLite's log has 32 KB
LARGE = b"%PDF-1.4\n" + os.urandom(2 * ROOM)


def make_room(site: served.Site, most: int) -> None:
    for worker in site.workers():
        resource.prlimit(worker, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """A database that the site and this test share."""
    if connection.vendor == "sqlite":
        url = f"sqlite:///{tmp_path}/db.sqlite3"
        manage(url, "migrate")
        kept = connection.settings_dict["NAME"]
        connection.close()
        connection.settings_dict["NAME"] = str(tmp_path / "db.sqlite3")
        yield url
        connection.close()
        connection.settings_dict["NAME"] = kept
    else:
        host = os.environ["DATABASE_URL"].rpartition("/")[0]
        yield f"{host}/{connection.settings_dict['NAME']}"


@pytest.mark.django_db(transaction=True)
def test_whoever_writes_is_told_and_goes_on_later(url: str, settings: Any) -> None:
    # As the site makes hashes: tests have one of their own.
    password = PBKDF2PasswordHasher().encode("gongzuotai-2026", "salt")
    get_user_model().objects.create(username="desk", password=password, is_staff=True, is_superuser=True)
    record = build.draft(build.company("999001"))
    large = {"attachments-0-file": ("大.pdf", LARGE)}
    with served.site(url, MEDIA_ROOT=str(settings.MEDIA_ROOT)) as site:
        desk = Desk(site.port)
        desk.cookies["django_language"] = "en"
        desk.log_in("desk", "gongzuotai-2026")
        typed = added(desk.open(record.pk), "attachments", kind="other") | {"place": ["上海"]}
        make_room(site, ROOM)
        refusals = [desk.post(change(record), typed, large)]
        if connection.vendor == "sqlite":  # PostgreSQL's files are not the site's
            refusals.append(desk.post(change(record), desk.open(record.pk) | {"introduction": ["字" * ROOM]}))
        for refusal in refusals:
            assert (refusal.status, refusal.headers["Retry-After"]) == (503, "30")
            assert "database" in refusal.text or "no room" in refusal.text
        for page in ("/records/", "/healthz", "/admin/records/record/"):
            assert desk.get(page).status == 200
        record.refresh_from_db()
        assert (record.place, record.introduction, record.attachments.count()) == ("", "", 0)
        assert not [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]
        make_room(site, resource.RLIM_INFINITY)
        desk.save(record.pk, typed, large)
    record.refresh_from_db()
    assert record.place == "上海"
    with record.attachments.get().file.open() as file:
        assert file.read() == LARGE
    call_command("check_integrity")


@pytest.mark.django_db
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_its_page_says_what_is_the_matter(number: int, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    desk = Client(raise_request_exception=False)
    desk.force_login(build.person("editor", is_superuser=True))

    def fail(*args: Any) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("irsite.files.flush", fail)
    pages = {}
    for language in ("en", "zh-hans"):
        desk.cookies["django_language"] = language
        answer = desk.post("/admin/import/", {"text": filing(1, "2026-1001")})
        assert (answer.status_code, answer["Retry-After"]) == (503, "30")
        pages[language] = answer.content.decode()
    assert not [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]
    assert "There is no room left" in pages["en"]


def test_what_is_cut_off_while_it_is_written_leaves_nothing(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    default_storage.save("attachments/there.txt", ContentFile(b"1"))

    class Cut(ContentFile):
        def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
            yield b"begun"
            raise OSError(errno.ENOSPC, "No space left on device")

    for name in ("attachments/new.txt", "attachments/there.txt"):
        with pytest.raises(OSError, match="No space") as raised:
            default_storage.save(name, Cut(b"begun and ended"))
        assert outages.outage_of(raised.value)
    assert not default_storage.exists("attachments/new.txt")
    with default_storage.open("attachments/there.txt") as file:
        assert file.read() == b"1"


def test_another_failure_of_the_disk_is_no_lack_of_room() -> None:
    assert not outages.outage_of(FileNotFoundError(errno.ENOENT, "x"))
