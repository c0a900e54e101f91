"""Markets in databases that are kept, and the servers that show them."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

from tests import postgres

FOLDER = Path("bench")
ENVIRONMENT = {
    "DJANGO_SETTINGS_MODULE": "tests.bench.settings",
    "SECRET_KEY": "bench",
    "ALLOWED_HOSTS": "127.0.0.1",
    "HTTPS": "False",
    "DEBUG": "False",
    "LOG_LEVEL": "ERROR",
    # How long an answer takes is what is to be seen.
    "SEARCH_RATE": "",
    "EXPORT_RATE": "",
    "EXPORTS_AT_ONCE": "1000",
    "STATEMENT_TIMEOUT": "0",
}

# What docs/operations.md has set for PostgreSQL.
TUNED = ("random_page_cost=1.1", "work_mem=32MB", "shared_buffers=1GB")


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextlib.contextmanager
def running(command: list[str], address: str, more: Mapping[str, str], wait: int = 60) -> Iterator[subprocess.Popen]:
    """A server for as long as the block lasts, from when it answers at an address."""
    FOLDER.mkdir(exist_ok=True)
    with open(FOLDER / f"{Path(command[0]).name}.log", "wb") as log:
        server = subprocess.Popen(command, env={**os.environ, **more}, stdout=log, stderr=log)
        try:
            _wait_for(address, server, wait)
            yield server
        finally:
            server.terminate()
            try:
                server.wait(30)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _wait_for(address: str, server: subprocess.Popen, seconds: int) -> None:
    for _attempt in range(seconds * 10):
        if server.poll() is not None:
            break
        with contextlib.suppress(OSError):
            with contextlib.suppress(HTTPError):
                urlopen(address).close()  # noqa: S310 - our own server
            return
        time.sleep(0.1)
    raise SystemExit(f"{' '.join(map(str, server.args))} does not answer; see the logs in {FOLDER}/")  # type: ignore[arg-type]


@contextlib.contextmanager
def database_server(engine: str) -> Iterator[str]:
    """The address of a database by the name that stands for `{name}`: PostgreSQL with data that stay, or SQLite files."""
    FOLDER.mkdir(exist_ok=True)
    if engine == "sqlite":
        yield f"sqlite:///{FOLDER.resolve()}/{{name}}.sqlite3"
        return
    with postgres.cluster((FOLDER / "postgres").resolve(), settings=(*postgres.SETTINGS, *TUNED)) as url:
        yield f"{url.removesuffix('/postgres')}/{{name}}"


def make_market(engine: str, address: str, size: int, seed: int) -> str:
    """The URL of the database that holds the market, made where it is not there yet."""
    name = f"market_{size}_{seed}"
    url = address.format(name=name)
    if engine == "postgres":
        import psycopg

        with psycopg.connect(address.format(name="postgres"), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                connection.execute(f'CREATE DATABASE "{name}"')
    for command in (["migrate", "--verbosity", "0"], ["make_market", "--records", str(size), "--seed", str(seed)]):
        manage = [sys.executable, "manage.py", *command]
        subprocess.run(manage, env={**os.environ, **ENVIRONMENT, "DATABASE_URL": url}, check=True)
    if engine == "postgres":
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM (ANALYZE)")  # what autovacuum does some minutes later
    return url


class Site:
    """gunicorn as `make run` starts it: its address and its workers."""

    def __init__(self, address: str, pid: int) -> None:
        self.address = address
        self.pid = pid

    def workers(self) -> list[int]:
        return [int(pid) for pid in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]

    def forget_peaks(self) -> None:
        for worker in self.workers():
            Path(f"/proc/{worker}/clear_refs").write_text("5")

    def peak(self) -> float:
        """The most memory that a worker has had, in MB."""
        lines = [Path(f"/proc/{worker}/status").read_text().splitlines() for worker in self.workers()]
        return max(int(line.split()[1]) for status in lines for line in status if line.startswith("VmHWM")) / 1024


@contextlib.contextmanager
def site(url: str) -> Iterator[Site]:
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "irsite.wsgi", "--bind", f"127.0.0.1:{port}"]
    command += ["--workers", "2", "--threads", "4", "--limit-request-line", "0", "--log-level", "warning"]
    # An answer may take longer than gunicorn waits: how long is what is to be seen.
    command += ["--timeout", "600"]
    with running(command, f"http://127.0.0.1:{port}/data/", {**ENVIRONMENT, "DATABASE_URL": url}) as server:
        yield Site(f"http://127.0.0.1:{port}", server.pid)
