"""`manage.py backup` and `restore`: all is lost and all comes back, and what is not whole is refused."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client
from django.utils import translation

from records import backups, search_index
from records.models import Attachment, Company, Intake, Record, stored

from . import build, postgres

pytestmark = pytest.mark.django_db(transaction=True)

EXPORTS = [f"/{level}.{kind}" for level in ("records", "participants", "questions") for kind in ("csv", "json")]


@pytest.fixture(autouse=True)
def programs(monkeypatch: pytest.MonkeyPatch) -> None:
    if connection.vendor == "postgresql":
        monkeypatch.setenv("PATH", f"{postgres.binaries()}:{os.environ['PATH']}")


@pytest.fixture(autouse=True)
def same_tables() -> Iterator[None]:
    """A test that fails on the way back leaves the next ones something to stand on."""
    yield
    connection.close()
    if "records_record" not in connection.introspection.table_names():
        call_command("migrate", verbosity=0)


@pytest.fixture
def site() -> Record:
    """A site with records in several states, and files."""
    record = build.record(build.company("999901"), visitors=["华夏基金 贾静雯"], topics=["大模型"])
    attach(record, b"slides" * 1000)
    record.correct()
    Record.objects.get(corrects=record).publish()
    build.records(3, of=build.company("999902"), visitors=["中信证券 王五", "高瓴资本 李四"])
    build.draft(build.company("999902"))
    Intake.take(build.person("editor"), "a.txt", "投资者关系活动记录表".encode())
    return record


def attach(to: Record, data: bytes) -> Attachment:
    return Attachment.objects.create(record=to, file=ContentFile(data, name="演示.pdf"), is_public=True)


def run(command: str, *args: Any, **options: Any) -> str:
    out = io.StringIO()
    with translation.override("en"):  # a page that was asked for in between has chosen its own
        call_command(command, *args, stdout=out, stderr=out, **options)
    return out.getvalue()


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def everything() -> dict[str, Any]:
    """What the public can take along, every row behind it, and every file."""
    told: dict[str, Any] = {}
    for address in EXPORTS:
        answer = Client().get(address)
        told[address] = b"".join(answer.streaming_content) if answer.streaming else answer.content
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names(cursor)):
            if not table.startswith("records_") or "_grams" in table:
                continue
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608
            told[table] = sorted(map(repr, cursor.fetchall()))
    return {**told, "files": tree(stored.root())}


def lose_everything() -> None:
    connection.close()
    if connection.vendor == "sqlite":
        for path in Path(connection.settings_dict["NAME"]).parent.glob(
            f"{Path(connection.settings_dict['NAME']).name}*"
        ):
            path.unlink()
    else:
        with connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA public CASCADE")
            cursor.execute("CREATE SCHEMA public")
    shutil.rmtree(stored.root())


def test_all_is_lost_and_all_comes_back(site: Record, tmp_path: Path) -> None:
    before = everything()
    assert len(before["files"]) == 2
    assert all(before[address] for address in EXPORTS)
    assert "the database and 2 files" in run("backup", tmp_path / "copy")
    lose_everything()
    assert connection.introspection.table_names() == []
    assert run("restore", tmp_path / "copy", interactive=False).endswith("it is whole.\nRestored.\n")
    assert everything() == before
    assert run("check_integrity") == "Everything agrees.\n"
    again = Record.objects.get(pk=site.pk).correction
    again.withdraw()  # the site goes on
    build.record(build.company("999903"), asked=[("甲乙丙？", "丁。")])
    assert Record.objects.published().matching("甲乙丙").count() == 1


def test_an_index_that_is_not_of_this_version_is_said_and_migrated(site: Record, tmp_path: Path) -> None:
    if connection.vendor == "postgresql":
        build.index_of_another_version()
    else:
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER records_question_grams_update")
    run("backup", tmp_path / "copy")
    told = run("restore", tmp_path / "copy", interactive=False)
    assert told.endswith("The backup is older than this version: run “manage.py migrate” now.\n")
    run("migrate", verbosity=0)
    assert search_index.is_current(connection)
    assert Record.objects.published().matching(site.questions.get().text[:3]).exists()


def test_what_came_afterwards_goes_and_what_went_comes_back(site: Record, tmp_path: Path) -> None:
    before = everything()
    run("backup", tmp_path / "copy")
    attach(build.draft(build.company("999904")), b"new")
    Record.objects.get(pk=site.pk).correction.withdraw()
    Intake.objects.all().delete()
    lost = Path(site.attachments.get().file.path)
    lost.write_bytes(b"damaged")
    assert everything() != before
    run("restore", tmp_path / "copy", interactive=False)
    assert everything() == before


def test_tables_of_a_newer_version_go_too(site: Record, tmp_path: Path) -> None:
    before = everything()
    run("backup", tmp_path / "copy")
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE newer (record_id bigint REFERENCES records_record (id))")
        cursor.execute("INSERT INTO newer VALUES (%s)", [site.pk])
    run("restore", tmp_path / "copy", interactive=False)
    assert "newer" not in connection.introspection.table_names()
    assert everything() == before


def test_the_manifest_says_what_is_there(site: Record, tmp_path: Path) -> None:
    run("backup", tmp_path / "copy")
    told = json.loads((tmp_path / "copy" / "manifest.json").read_text())
    there = tree(tmp_path / "copy")
    assert {row["path"] for row in told["files"]} == there.keys() - {"manifest.json"}
    for row in told["files"]:
        assert row["size"] == len(there[row["path"]])
        assert row["sha256"] == hashlib.sha256(there[row["path"]]).hexdigest()
    assert told["engine"] == connection.vendor
    assert ["records", "0001_initial"] in told["migrations"]
    assert {"django", "python", connection.vendor} == told["versions"].keys()
    assert (tmp_path / "copy").stat().st_mode & 0o077 == 0  # it holds what is hidden from others


def test_no_folder_is_written_over(site: Record, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    run("backup", tmp_path / "empty")
    before = tree(tmp_path)
    for taken in (tmp_path / "empty", tmp_path / "empty" / "manifest.json"):
        with pytest.raises(CommandError, match="is there already"):
            run("backup", taken)
    assert tree(tmp_path) == before


def test_a_backup_that_fails_leaves_nothing(site: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(*args: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setitem(backups._DUMPS, connection.vendor, no_room)
    with pytest.raises(CommandError, match="No space left"):
        run("backup", tmp_path / "copies" / "copy")
    assert list((tmp_path / "copies").iterdir()) == []


def test_a_file_that_is_lost_or_damaged_is_named(site: Record, tmp_path: Path) -> None:
    lost = site.attachments.get().file
    for breaking in (lambda: Path(lost.path).write_bytes(b"x"), lambda: Path(lost.path).unlink()):
        breaking()
        with pytest.raises(CommandError, match=lost.name):
            run("backup", tmp_path / "copy")
        assert not (tmp_path / "copy").exists()
    assert f"{lost.name} is lost" in run("backup", tmp_path / "copy", incomplete=True)
    assert f"{lost.name} was lost" in run("restore", tmp_path / "copy", interactive=False)
    assert Record.objects.filter(pk=site.pk).exists()


# The site goes on meanwhile


def between(
    monkeypatch: pytest.MonkeyPatch, *, copied: Callable[[], Any] = int, read: Callable[[], Any] = int
) -> None:
    """Do something once the files that were there are copied, and once the rows of the snapshot are read."""
    looked: list[int] = []
    snapshot, named = backups.snapshot, stored.named

    @contextlib.contextmanager
    def later() -> Iterator[None]:
        if not looked:
            copied()
        with snapshot():
            yield

    def named_and_on() -> list[stored.Named]:
        rows = named()
        looked.append(1)
        if len(looked) == 1:
            in_another_thread(read)
        return rows

    monkeypatch.setattr(backups, "snapshot", later)
    monkeypatch.setattr(stored, "named", named_and_on)


def in_another_thread(action: Callable[[], Any]) -> None:
    def act() -> None:
        try:
            action()
        finally:
            connection.close()

    thread = threading.Thread(target=act)
    thread.start()
    thread.join()


def is_consistent(folder: Path) -> None:
    run("restore", folder, interactive=False)
    assert run("check_integrity") == "Everything agrees.\n"
    assert {row.name for row in stored.named()} == set(stored.present())


def test_a_file_that_came_before_the_snapshot_is_there(
    site: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    between(monkeypatch, copied=lambda: attach(site, b"late"))
    run("backup", tmp_path / "copy")
    monkeypatch.undo()
    english_path(monkeypatch)
    is_consistent(tmp_path / "copy")
    assert [row.file.read() for row in site.attachments.order_by("pk")][-1] == b"late"


def english_path(monkeypatch: pytest.MonkeyPatch) -> None:
    if connection.vendor == "postgresql":
        monkeypatch.setenv("PATH", f"{postgres.binaries()}:{os.environ['PATH']}")


def test_what_comes_after_the_snapshot_is_not(site: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    between(monkeypatch, read=lambda: attach(site, b"later"))
    run("backup", tmp_path / "copy")
    monkeypatch.undo()
    english_path(monkeypatch)
    is_consistent(tmp_path / "copy")
    assert site.attachments.count() == 1


def test_a_file_that_goes_after_it_was_copied_is_in_or_out_with_its_row(
    site: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = Record.objects.get(number="2024-999")  # what was disclosed is retained
    gone, kept = attach(draft, b"gone"), attach(draft, b"kept")
    between(monkeypatch, copied=gone.delete, read=kept.delete)
    run("backup", tmp_path / "copy")
    monkeypatch.undo()
    english_path(monkeypatch)
    is_consistent(tmp_path / "copy")
    assert [row.file.read() for row in draft.attachments.all()] == [b"kept"]


def test_a_file_that_came_and_went_has_the_snapshot_taken_anew(
    site: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    brief: list[Attachment] = []
    draft = Record.objects.get(number="2024-999")
    holds = backups._Copies.holds

    def too_late(self: Any, row: stored.Named) -> bool:
        if brief and row.pk == brief[0].pk:
            in_another_thread(brief.pop().delete)
        return holds(self, row)

    monkeypatch.setattr(backups._Copies, "holds", too_late)
    between(monkeypatch, copied=lambda: brief.append(attach(draft, b"brief")))
    run("backup", tmp_path / "copy")
    assert brief == []
    monkeypatch.undo()
    english_path(monkeypatch)
    is_consistent(tmp_path / "copy")
    assert not draft.attachments.exists()


def test_a_file_that_was_still_being_written_is_copied_again(
    site: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path(site.attachments.get().file.path)
    whole = path.read_bytes()
    path.write_bytes(whole[:10])
    between(monkeypatch, copied=lambda: path.write_bytes(whole))
    run("backup", tmp_path / "copy")
    assert whole in tree(tmp_path / "copy").values()


def test_writers_go_on_and_what_is_copied_agrees(site: Record, tmp_path: Path) -> None:
    stop = threading.Event()
    failures: list[BaseException] = []

    def write() -> None:
        try:
            number = 0
            while not stop.is_set():
                number += 1
                with transaction.atomic():
                    made = build.record(build.company("999905"), number=str(number))
                attach(made, str(number).encode())
                draft = made.correct()
                attach(draft, f"{number} again".encode())
                draft.delete()
        except BaseException as error:  # told by the test, which runs in another thread
            failures.append(error)
        finally:
            connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(3):
            run("backup", tmp_path / str(number))
    finally:
        stop.set()
        writer.join()
    assert failures == []
    for number in range(3):
        is_consistent(tmp_path / str(number))


# What is refused


def change(path: Path, edit: Callable[[dict[str, Any]], Any]) -> None:
    manifest = json.loads(path.read_text())
    edit(manifest)
    path.write_text(json.dumps(manifest))


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def media(folder: Path) -> Path:
    return next(path for path in (folder / "media" / "attachments").iterdir())


def database(folder: Path) -> Path:
    return next(folder.glob("database.*"))


REFUSED: dict[str, tuple[Callable[[Path], Any], str]] = {
    "database changed": (lambda folder: flip(database(folder)), "is not as it was"),
    "database cut": (lambda folder: os.truncate(database(folder), 100), "is not as it was"),
    "database lost": (lambda folder: database(folder).unlink(), "lacks database"),
    "file changed": (lambda folder: flip(media(folder)), "is not as it was"),
    "file lost": (lambda folder: media(folder).unlink(), "lacks media/attachments/"),
    "file too many": (lambda folder: (folder / "media" / "x.txt").write_text("x"), "holds media/x.txt, which"),
    "file is a link": (
        lambda folder: (media(folder).rename(folder.parent / "elsewhere"), media_link(folder)),
        "holds media/attachments/",
    ),
    "no manifest": (lambda folder: (folder / "manifest.json").unlink(), "is no backup"),
    "manifest cut": (lambda folder: os.truncate(folder / "manifest.json", 50), "manifest.json cannot be read"),
    "manifest of something else": (
        lambda folder: (folder / "manifest.json").write_text("[]"),
        "manifest.json cannot be read",
    ),
    "manifest of another format": (
        lambda folder: change(folder / "manifest.json", lambda told: told.update(format=2)),
        "another version",
    ),
    "database not named": (
        lambda folder: (database(folder).unlink(), forget(folder, "database")),
        "lacks database",
    ),
    "another engine": (
        lambda folder: change(folder / "manifest.json", lambda told: told.update(engine="oracle")),
        "is a backup of oracle, and this site runs on",
    ),
    "a newer version": (
        lambda folder: change(
            folder / "manifest.json", lambda told: told["migrations"].append(["records", "9999_later"])
        ),
        "migration records.9999_later is not known",
    ),
    "out of the folder": (
        lambda folder: change(
            folder / "manifest.json",
            lambda told: told["files"].append({"path": "../outside", "size": 0, "sha256": ""}),
        ),
        "lacks ../outside",
    ),
    "into another place": (
        lambda folder: (
            (folder / "media" / "settings.py").write_bytes(b""),
            change(
                folder / "manifest.json",
                lambda told: told["files"].append(
                    {"path": "media/settings.py", "size": 0, "sha256": hashlib.sha256().hexdigest()}
                ),
            ),
        ),
        "holds media/settings.py, which",
    ),
    "no database at all": (
        lambda folder: (database(folder).write_bytes(b"nonsense" * 1000), restate(folder)),
        "database",
    ),
}


def media_link(folder: Path) -> None:
    name = json.loads((folder / "manifest.json").read_text())["files"][0]["path"]
    (folder / name).symlink_to(folder.parent / "elsewhere")


def forget(folder: Path, begin: str) -> None:
    change(
        folder / "manifest.json",
        lambda told: told.update(files=[row for row in told["files"] if not row["path"].startswith(begin)]),
    )


def restate(folder: Path) -> None:
    """The manifest tells of the database as it is now."""
    data = database(folder).read_bytes()
    row = {"path": database(folder).name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    forget(folder, "database")
    change(folder / "manifest.json", lambda told: told["files"].append(row))


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_not_whole_is_refused_and_nothing_is_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    breaking, sentence = REFUSED[what]
    record = build.record()
    attach(record, b"slides" * 100)
    run("backup", tmp_path / "copy")
    record.withdraw()
    breaking(tmp_path / "copy")
    before, copy = everything(), tree(tmp_path / "copy")
    monkeypatch.setattr("builtins.input", lambda _question: pytest.fail("it was asked for"))
    with pytest.raises(CommandError) as refusal:
        run("restore", tmp_path / "copy")
    assert sentence in str(refusal.value)
    assert len(str(refusal.value).splitlines()) == 1
    assert everything() == before
    assert tree(tmp_path / "copy") == copy


@pytest.mark.parametrize("answer", ["no", "", "y", None])
def test_nothing_is_replaced_unasked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str | None) -> None:
    def reply(_question: str) -> str:
        if answer is None:
            raise EOFError
        return answer

    run("backup", tmp_path / "copy")
    build.record()
    before = everything()
    monkeypatch.setattr("builtins.input", reply)
    with pytest.raises(CommandError, match="Nothing was touched"):
        run("restore", tmp_path / "copy")
    assert everything() == before
    monkeypatch.setattr("builtins.input", lambda _question: "yes")
    run("restore", tmp_path / "copy")
    assert not Record.objects.exists()


def test_a_restore_that_fails_leaves_everything_as_it_was(
    site: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("backup", tmp_path / "copy")
    kept, damaged = attach(site, b"kept"), Path(site.attachments.first().file.path)
    damaged.write_bytes(b"damaged")
    Intake.objects.all().delete()
    before = everything()

    def fail(*args: Any) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setitem(backups._RESTORES, connection.vendor, fail)
    with pytest.raises(CommandError, match="cannot be replaced: disk I/O error"):
        run("restore", tmp_path / "copy", interactive=False)
    assert everything() == before
    assert kept.file.read() == b"kept"


def test_a_restore_waits_for_nobody_who_stays(site: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("backup", tmp_path / "copy")
    Company.objects.filter(code="999901").update(short_name="改")
    before = everything()
    monkeypatch.setattr(backups, "WAIT", 1)
    other = connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("BEGIN IMMEDIATE" if connection.vendor == "sqlite" else "SELECT 1")
            cursor.execute("UPDATE records_company SET full_name = 'x'")
        with pytest.raises(CommandError, match=r"stop the site|lock timeout"):
            run("restore", tmp_path / "copy", interactive=False)
    finally:
        other.rollback()
        other.close()
    assert everything() == before


def test_what_comes_out_of_an_older_version_says_so(tmp_path: Path) -> None:
    run("backup", tmp_path / "copy")
    change(tmp_path / "copy" / "manifest.json", lambda told: told["migrations"].pop())
    assert "manage.py migrate" in run("restore", tmp_path / "copy", interactive=False)


def test_what_postgresql_lacks_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("SQLite needs no programs")
    run("backup", tmp_path / "copy")
    before = tree(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    with pytest.raises(CommandError, match="pg_dump is not installed"):
        run("backup", tmp_path / "other")
    with pytest.raises(CommandError, match="psql is not installed"):
        run("restore", tmp_path / "copy", interactive=False)
    assert tree(tmp_path) == before


def test_what_breaks_off_is_never_committed(site: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pg_restore fails after half of the tables: the transaction that has dropped them all is taken back."""
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has no script that could break off")
    run("backup", tmp_path / "copy")
    before = everything()
    folder = tmp_path / "bin"
    folder.mkdir()
    real = postgres.binaries() / "pg_restore"
    fake = folder / "pg_restore"
    fake.write_text(
        f'#!/bin/sh\ncase "$1" in --list) exec {real} "$@";; esac\n{real} "$@" | head -c 4000\necho "pg_restore: error: broke off" >&2\nexit 1\n'
    )
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    with pytest.raises(CommandError, match="pg_restore failed: pg_restore: error: broke off"):
        run("restore", tmp_path / "copy", interactive=False)
    assert everything() == before
