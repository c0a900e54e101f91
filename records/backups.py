"""Copies of everything that a site holds, database and files, and the way back.

A copy is of one moment, that of the database's snapshot, though the site goes on meanwhile. Files have names that are
never given twice, and their bytes never change. So whatever was copied of them before that moment is still right; what
came just before it is copied while the snapshot is held; and what nobody named at that moment is left out. A file that
was taken away in between, because its last row went, shows as one that the snapshot names and that is not there: then
a newer snapshot is taken. The sha256 in its row tells a whole file from one that was still being written.

On the way back it is the same: files are put in place before the rows that name them, and what is no longer named goes
after the rows have gone. At no moment does a row lack its file.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import platform
import shutil
import sqlite3
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import django
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from django.utils.translation import gettext as _

from .models import stored
from .snapshots import snapshot

FORMAT = 1
MANIFEST = "manifest.json"
MEDIA = "media"
DATABASE = {"sqlite": "database.sqlite3", "postgresql": "database.dump"}
WAIT = 20  # seconds for which a restore waits for others to leave the database
SNAPSHOTS = 10  # at most, of a site that takes away files all the time
PIECE = 1 << 20

Advance = Callable[[int], Any]


class BackupError(Exception):
    """Why there is no backup, or why it is not taken back; the message is for whoever asked."""


@dataclasses.dataclass(frozen=True)
class Kept:
    """A file of a backup, by its path within."""

    path: str
    size: int
    sha256: str


@dataclasses.dataclass(frozen=True)
class Manifest:
    """What a backup holds. `missing` are files that rows name and that were lost before it was made."""

    format: int
    made_at: str
    engine: str
    versions: dict[str, str]
    migrations: list[tuple[str, str]]
    files: list[Kept]
    missing: list[str]

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        try:
            told = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            told["files"] = [Kept(str(row["path"]), int(row["size"]), str(row["sha256"])) for row in told["files"]]
            told["migrations"] = [(str(app), str(name)) for app, name in told["migrations"]]
            return cls(**told)
        except FileNotFoundError:
            raise BackupError(_("%(folder)s is no backup: it has no manifest.json.") % {"folder": folder}) from None
        except (OSError, ValueError, TypeError, KeyError):
            raise BackupError(_("%(folder)s: its manifest.json cannot be read.") % {"folder": folder}) from None

    def write(self, folder: Path) -> None:
        text = json.dumps(dataclasses.asdict(self), ensure_ascii=False, indent=1)
        (folder / MANIFEST).write_text(text, encoding="utf-8")

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)

    @property
    def media(self) -> dict[str, str]:
        """By name of the files that rows name, their sha256."""
        return {
            file.path.removeprefix(f"{MEDIA}/"): file.sha256
            for file in self.files
            if file.path.startswith(f"{MEDIA}/")
        }

    @property
    def unapplied(self) -> list[tuple[str, str]]:
        """Migrations of this code that came after the backup."""
        return sorted(MigrationLoader(None).disk_migrations.keys() - set(self.migrations))


# Making one


def size_of_site() -> int:
    """About how many bytes a backup goes through."""
    sql = "SELECT pg_database_size(current_database())"
    if connection.vendor == "sqlite":
        sql = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
    with connection.cursor() as cursor:
        cursor.execute(sql)
        ((size,),) = cursor.fetchall()
    for name in stored.present():
        with contextlib.suppress(FileNotFoundError):
            size += default_storage.size(name)
    return int(size)


def make(folder: Path, advance: Advance, *, incomplete: bool = False) -> Manifest:
    """Write a backup into a folder that is not there yet or is empty: all of it or nothing.

    With `incomplete`, files that are lost or damaged already do not prevent it. Raises BackupError.
    """
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise BackupError(_("%(folder)s is there already: name a folder that is not.") % {"folder": folder})
    folder = folder.absolute()
    beside = folder.with_name(f"{folder.name}.tmp-{uuid.uuid4().hex[:8]}")
    try:
        beside.mkdir(mode=0o700, parents=True)  # it holds what nobody else may read
        try:
            manifest = _fill(beside, advance, incomplete)
            _settle(beside)
            beside.rename(folder)
            _settle_folder(folder.parent)
        except BaseException:
            shutil.rmtree(beside, ignore_errors=True)
            raise
    except OSError as error:
        raise BackupError(_("%(folder)s: %(error)s") % {"folder": folder, "error": error}) from error
    except (DatabaseError, sqlite3.Error) as error:
        raise BackupError(_("The database cannot be read: %(error)s") % {"error": error}) from error
    return manifest


def _fill(folder: Path, advance: Advance, incomplete: bool) -> Manifest:
    copies = _Copies(folder / MEDIA)
    for name in stored.present():
        advance(copies.take(name))
    accepted: set[str] = set()
    for _attempt in range(SNAPSHOTS):
        with snapshot():
            rows = stored.named()
            wrong = [row for row in rows if not copies.holds(row)]
            if {row.name for row in wrong} <= accepted:
                database = folder / DATABASE[connection.vendor]
                _DUMPS[connection.vendor](database)
                migrations = sorted(MigrationRecorder(connection).applied_migrations())
                break
        accepted = {row.name for row in wrong if row.is_still_there}  # the others went meanwhile
        if accepted and not incomplete:
            raise BackupError(
                _("Files are lost or damaged: %(names)s. See check_integrity; --incomplete leaves them out.")
                % {"names": ", ".join(sorted(accepted)[:10])}
            )
    else:
        raise BackupError(_("Files went faster than they could be copied. Try again when less is going on."))
    copies.keep_only({row.name for row in rows} - accepted)
    kept = [Kept(f"{MEDIA}/{name}", size, digest) for name, (size, digest) in sorted(copies.taken.items())]
    advance(database.stat().st_size)
    kept.append(Kept(database.name, database.stat().st_size, _digest_of(database)))
    manifest = Manifest(
        format=FORMAT,
        made_at=timezone.localtime().isoformat(timespec="seconds"),
        engine=connection.vendor,
        versions={
            "django": django.get_version(),
            "python": platform.python_version(),
            connection.vendor: ".".join(map(str, connection.get_database_version())),
        },
        migrations=migrations,
        files=kept,
        missing=sorted(accepted),
    )
    manifest.write(folder)
    return manifest


class _Copies:
    """The files that were copied so far: their size and sha256 by name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.taken: dict[str, tuple[int, str]] = {}

    def take(self, name: str) -> int:
        """Copy a file as it is now; gives its size. One that is gone leaves nothing."""
        target = self.folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            _fetch(name, target)
        except FileNotFoundError:
            self.taken.pop(name, None)
            target.unlink(missing_ok=True)
            return 0
        self.taken[name] = target.stat().st_size, _digest_of(target)
        return self.taken[name][0]

    def holds(self, row: stored.Named) -> bool:
        """Whether the copy of a row's file is whole; what is missing or was not yet whole is copied now."""
        if self._is_whole(row):
            return True
        self.take(row.name)
        return self._is_whole(row)

    def _is_whole(self, row: stored.Named) -> bool:
        return row.name in self.taken and self.taken[row.name][1] == row.sha256

    def keep_only(self, names: set[str]) -> None:
        for name in self.taken.keys() - names:
            (self.folder / name).unlink()
            del self.taken[name]


def _fetch(name: str, target: Path) -> None:
    with default_storage.open(name) as source, target.open("wb") as copy:
        shutil.copyfileobj(source, copy, PIECE)


def _digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _dump_sqlite(target: Path) -> None:
    """In the connection that holds the snapshot, of which it is the copy."""
    with contextlib.closing(sqlite3.connect(target)) as copy:
        connection.connection.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, with nothing beside it
        if (told := _fault_of(copy)) != "ok":
            raise BackupError(_("The database is damaged: %(fault)s. See check_integrity.") % {"fault": told})


def _fault_of(database: sqlite3.Connection) -> str:
    database.execute("PRAGMA ignore_check_constraints = ON")  # they call functions that Django brings
    return str(database.execute("PRAGMA quick_check(1)").fetchone()[0])


def _dump_postgresql(target: Path) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_export_snapshot()")
        ((exported,),) = cursor.fetchall()
    command, environment = _client("pg_dump")
    command += ["--format=custom", "--no-owner", "--no-privileges", f"--snapshot={exported}", f"--file={target}"]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, errors="replace")  # noqa: S603
    if run.returncode:
        raise BackupError(_reason("pg_dump", run.stderr))


_DUMPS = {"sqlite": _dump_sqlite, "postgresql": _dump_postgresql}


def _client(program: str) -> tuple[list[str], dict[str, str]]:
    """A program of PostgreSQL's with what leads it to this database, and its environment, which has the password."""
    if not (found := shutil.which(program)):
        raise BackupError(
            _("%(program)s is not installed: install PostgreSQL's client programs (postgresql-client).")
            % {"program": program}
        )
    from django.db.backends.postgresql.client import DatabaseClient

    arguments, environment = DatabaseClient.settings_to_cmd_args_env(connection.settings_dict, [])
    leading, name = arguments[1:-1], arguments[-1]
    return [found, *leading, f"--dbname={name}"], {**os.environ, **(environment or {})}


def _reason(program: str, told: str) -> str:
    """The first line that tells of an error."""
    lines = told.strip().splitlines()
    errors = [line for line in lines if "error" in line.lower() or "fatal" in line.lower()]
    return _("%(program)s failed: %(error)s") % {"program": program, "error": (errors or lines or ["?"])[0]}


def _settle(folder: Path) -> None:
    """Have it all on the disk before it gets its name."""
    for path in folder.rglob("*"):
        if path.is_dir():
            _settle_folder(path)
        else:
            with path.open("rb") as file:
                os.fsync(file.fileno())
    _settle_folder(folder)


def _settle_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# Taking one back


def check(folder: Path, advance: Advance) -> Manifest:
    """The manifest of a backup that is whole and fits this site. Raises BackupError; nothing is touched."""
    manifest = Manifest.read(folder)
    if manifest.format != FORMAT:
        raise BackupError(_("%(folder)s was made by another version of irsite.") % {"folder": folder})
    if manifest.engine != connection.vendor:
        raise BackupError(
            _("%(folder)s is a backup of %(theirs)s, and this site runs on %(ours)s.")
            % {"folder": folder, "theirs": manifest.engine, "ours": connection.vendor}
        )
    if unknown := sorted(set(manifest.migrations) - MigrationLoader(None).disk_migrations.keys()):
        raise BackupError(
            _("%(folder)s was made by a newer version of irsite: migration %(name)s is not known here.")
            % {"folder": folder, "name": ".".join(unknown[0])}
        )
    _check_names(folder, manifest)
    for kept in manifest.files:
        path = folder / kept.path
        if path.stat().st_size != kept.size or _digest_of(path) != kept.sha256:
            raise BackupError(_("%(path)s is not as it was when the backup was made.") % {"path": path})
        advance(kept.size)
    _CHECKS[manifest.engine](folder / DATABASE[manifest.engine])
    return manifest


def _check_names(folder: Path, manifest: Manifest) -> None:
    wanted = {kept.path for kept in manifest.files}
    homes = {(MEDIA, model.FOLDER) for model in stored.KEEPERS}
    there = set()
    for path in folder.rglob("*"):
        if path.is_symlink() or not path.is_dir():
            there.add(path.relative_to(folder).as_posix())
    if lost := sorted((wanted | {DATABASE[manifest.engine]}) - there):
        raise BackupError(_("%(folder)s lacks %(name)s.") % {"folder": folder, "name": lost[0]})
    strange = there - wanted - {MANIFEST}
    strange |= {name for name in wanted if (folder / name).is_symlink()}
    strange |= {name for name in wanted - {DATABASE[manifest.engine]} if PurePosixPath(name).parts[:2] not in homes}
    if strange:
        raise BackupError(
            _("%(folder)s holds %(name)s, which does not belong to it.") % {"folder": folder, "name": min(strange)}
        )


def _check_sqlite(database: Path) -> None:
    try:
        with _opened(database) as copy:
            fault = _fault_of(copy)
    except sqlite3.Error as error:
        fault = str(error)
    if fault != "ok":
        raise BackupError(_("%(path)s: %(error)s") % {"path": database, "error": fault})


@contextlib.contextmanager
def _opened(database: Path) -> Iterator[sqlite3.Connection]:
    """For reading alone: not a byte of a backup changes."""
    with contextlib.closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as copy:
        yield copy


def _check_postgresql(database: Path) -> None:
    _client("psql")
    restorer = _client("pg_restore")[0][0]
    run = subprocess.run([restorer, "--list", database], capture_output=True, text=True, errors="replace")  # noqa: S603
    if run.returncode:
        reason = _reason("pg_restore", run.stderr)
        raise BackupError(_("%(path)s: %(error)s") % {"path": database, "error": reason})


_CHECKS = {"sqlite": _check_sqlite, "postgresql": _check_postgresql}


def restore(folder: Path, manifest: Manifest, advance: Advance) -> None:
    """Put database and files of a backup that was checked in the place of what is there. Raises BackupError.

    Whatever fails, the database and its files are as they were before.
    """
    try:
        with _exchange(folder / MEDIA, manifest.media) as media:
            media.put_in_place(advance)
            _RESTORES[manifest.engine](folder / DATABASE[manifest.engine])
            media.settle()
    except OSError as error:
        raise BackupError(str(error)) from error
    except (DatabaseError, sqlite3.Error) as error:
        raise BackupError(_("The database cannot be replaced: %(error)s") % {"error": error}) from error


def _exchange(source: Path, wanted: dict[str, str]) -> _InFolder | _InBucket:
    try:
        root = stored.root()
    except NotImplementedError:
        return _InBucket(source, wanted)
    return _InFolder(source, wanted, root)


class _InFolder:
    """The files of a site while they are exchanged. What is replaced lies aside until the end, and comes back if the
    exchange fails.
    """

    def __init__(self, source: Path, wanted: dict[str, str], root: Path) -> None:
        self.source = source
        self.wanted = wanted
        self.root = root
        self.work = self.root / f".restore-{uuid.uuid4().hex[:8]}"  # on the same disk: nothing but names changes
        self.placed: list[str] = []
        self.aside: list[str] = []

    def __enter__(self) -> _InFolder:
        self.work.mkdir(parents=True)
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if error is not None:
            for name in self.placed:
                (self.root / name).unlink()
            for name in self.aside:
                self._move(self.work / "old" / name, self.root / name)
        shutil.rmtree(self.work, ignore_errors=True)

    def put_in_place(self, advance: Advance) -> None:
        """All copies first: a full disk is met before anything has changed."""
        new = _differing(self.wanted)
        for name in new:
            target = self.work / "new" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.source / name, target)
            advance(target.stat().st_size)
        for name in new:
            if (self.root / name).exists():
                self._set_aside(name)
            self._move(self.work / "new" / name, self.root / name)
            self.placed.append(name)

    def settle(self) -> None:
        """The rows have been exchanged: from here on nothing comes back, and what they do not name goes."""
        self.placed, self.aside = [], []
        for name in list(stored.present()):
            if name not in self.wanted:
                self._move(self.root / name, self.work / "old" / name)

    def _set_aside(self, name: str) -> None:
        self._move(self.root / name, self.work / "old" / name)
        self.aside.append(name)

    def _move(self, source: Path, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        source.replace(target)


class _InBucket:
    """The same where nothing can be renamed: what is replaced is kept on this machine until the end."""

    def __init__(self, source: Path, wanted: dict[str, str]) -> None:
        self.source = source
        self.wanted = wanted
        self.placed: list[str] = []
        self.aside: list[str] = []

    def __enter__(self) -> _InBucket:
        self.work = tempfile.TemporaryDirectory(prefix="irsite-restore-")
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if error is not None:
            for name in self.placed:
                default_storage.delete(name)
            for name in self.aside:
                self._put(name, self._aside(name))
        self.work.cleanup()

    def put_in_place(self, advance: Advance) -> None:
        for name in _differing(self.wanted):
            if default_storage.exists(name):
                self._aside(name).parent.mkdir(parents=True, exist_ok=True)
                _fetch(name, self._aside(name))
                self.aside.append(name)
                default_storage.delete(name)  # a name that is taken would be changed
            self._put(name, self.source / name)
            self.placed.append(name)
            advance((self.source / name).stat().st_size)

    def settle(self) -> None:
        self.placed, self.aside = [], []
        for name in list(stored.present()):
            if name not in self.wanted:
                default_storage.delete(name)

    def _aside(self, name: str) -> Path:
        return Path(self.work.name) / name

    @staticmethod
    def _put(name: str, path: Path) -> None:
        with path.open("rb") as file:
            default_storage.save(name, File(file))


def _differing(wanted: dict[str, str]) -> list[str]:
    """Names of the files that a backup has and the site has not, or has otherwise."""
    return [name for name, digest in wanted.items() if stored.digest_of(name) != digest]


def _restore_sqlite(database: Path) -> None:
    """Into the file in use, as one transaction: whoever has it open sees the one or the other."""

    def give_up(status: int, _remaining: int, _total: int) -> None:
        if status in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            raise BackupError(_("Somebody else is writing to the database: stop the site, and try again."))

    connection.ensure_connection()
    try:
        connection.connection.execute(f"PRAGMA busy_timeout = {WAIT * 1000}")
        with _opened(database) as copy:
            copy.backup(connection.connection, progress=give_up)
    finally:
        connection.close()


def _restore_postgresql(database: Path) -> None:
    """In one transaction, with what stands in the way: tables that only a newer version has lead to the others."""
    tables = ", ".join(connection.ops.quote_name(name) for name in connection.introspection.table_names())
    connection.close()  # it would wait for itself
    begin = f"BEGIN; SET LOCAL lock_timeout = '{WAIT}s'; SET LOCAL client_min_messages = warning;\n"
    if tables:
        begin += f"DROP TABLE {tables} CASCADE;\n"
    reader, environment = _client("psql")
    reader += ["--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", "--output=/dev/null"]
    writer = [_client("pg_restore")[0][0], "--clean", "--if-exists", "--no-owner", "--no-privileges", "--file=-"]
    with (
        tempfile.TemporaryFile() as complaints,
        tempfile.TemporaryFile() as reasons,
        subprocess.Popen([*writer, database], stdout=subprocess.PIPE, stderr=complaints) as script,  # noqa: S603
        subprocess.Popen(reader, stdin=subprocess.PIPE, stderr=reasons, env=environment) as target,  # noqa: S603
    ):
        assert script.stdout  # noqa: S101
        assert target.stdin  # noqa: S101
        broke_off = False
        with contextlib.suppress(BrokenPipeError):  # the reader has its reason
            target.stdin.write(begin.encode())
            shutil.copyfileobj(script.stdout, target.stdin, PIECE)
            broke_off = bool(script.wait())
            if not broke_off:  # what breaks off is never committed
                target.stdin.write(b"\nCOMMIT;\n")
        with contextlib.suppress(BrokenPipeError):
            target.stdin.close()
        script.stdout.close()
        if target.wait() and not broke_off:
            raise BackupError(_reason("psql", _told(reasons)))
        if broke_off:
            raise BackupError(_reason("pg_restore", _told(complaints)))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _told(file: Any) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


_RESTORES = {"sqlite": _restore_sqlite, "postgresql": _restore_postgresql}
