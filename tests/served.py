"""The site as a server of its own, and a way to the database that can be cut."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import NamedTuple

ENVIRONMENT = {
    "DJANGO_SETTINGS_MODULE": "irsite.settings",
    "SECRET_KEY": "served",
    "ALLOWED_HOSTS": "ir.example.com",
    "HTTPS": "False",
    "DEBUG": "False",
    "LOG_LEVEL": "CRITICAL",
}


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    text: str


class Site:
    """gunicorn with its workers, in a process group of its own."""

    def __init__(self, port: int, command: list[str], environment: dict[str, str]) -> None:
        self.port, self.command, self.environment = port, command, environment
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(self.command, env=self.environment, start_new_session=True)

    def kill(self) -> None:
        """The whole group at once, without a word."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def reload(self) -> None:
        self.process.send_signal(signal.SIGHUP)

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.kill()

    def workers(self) -> list[int]:
        pid = self.process.pid
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def memory(self) -> dict[int, float]:
        """What each worker holds now, in MB."""
        held = {}
        for worker in self.workers():
            with contextlib.suppress(OSError, StopIteration):
                lines = Path(f"/proc/{worker}/status").read_text().splitlines()
                held[worker] = int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024
        return held

    def ask(self, path: str, *, host: str = "ir.example.com", **headers: str) -> Answer:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", path, headers={"Host": host, **headers})
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.getheaders()), answer.read().decode())
        finally:
            connection.close()

    def wait_for(self, path: str, status: int) -> Answer:
        """Until it answers so; the test that asks in vain fails."""
        for _attempt in range(300):
            with contextlib.suppress(OSError):
                if (answer := self.ask(path)).status == status:
                    return answer
            time.sleep(0.1)
        raise AssertionError(f"{path} never answered {status}")


@contextlib.contextmanager
def site(url: str, *, workers: int = 1, **environment: str) -> Iterator[Site]:
    """gunicorn as in use, but for the number of its workers, for as long as the block lasts."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "irsite.wsgi", "--bind", f"127.0.0.1:{port}"]
    command += ["--workers", str(workers), "--threads", "4", "--limit-request-line", "0", "--log-level", "critical"]
    served = Site(port, command, {**os.environ, **ENVIRONMENT, "DATABASE_URL": url, **environment})
    try:
        served.wait_for("/healthz", 200)
        yield served
    finally:
        served.stop()


class Line:
    """A port that leads to a socket of PostgreSQL until it is cut."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.port = 0
        self.listener: socket.socket | None = None
        self.ends: list[socket.socket] = []
        self.restore()

    def restore(self) -> None:
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", self.port))
        self.listener.listen()
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, args=[self.listener], daemon=True).start()

    def cut(self) -> None:
        """Whoever was connected is so no longer, and whoever asks is refused."""
        assert self.listener
        ends, self.ends = [self.listener, *self.ends], []
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                here, _address = listener.accept()
                there = socket.socket(socket.AF_UNIX)
                there.connect(self.target)
                self.ends += [here, there]
                for source, target in ((here, there), (there, here)):
                    threading.Thread(target=self._pass_on, args=[source, target], daemon=True).start()

    @staticmethod
    def _pass_on(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_RDWR)
