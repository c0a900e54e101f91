"""Asks addresses of a site over HTTP and keeps what came of it."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import http.client
import itertools
import math
import re
import subprocess
import time
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

LONGEST = 30  # seconds that an answer may take
CLIENTS = 4
FEWEST = 5  # requests, unless they take very long
HOPELESS = 2  # failures after which a page is not asked further: what it began still weighs on the server
PATIENCE = 3  # times that which a page is given
PIECE = 1 << 16


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of all do not exceed (nearest rank)."""
    return sorted(values)[max(math.ceil(share * len(values)), 1) - 1]


@dataclasses.dataclass
class Answer:
    status: int
    seconds: float
    size: int
    queries: int = 0
    sql: float = 0.0  # seconds
    partial: bool = False  # something was left out for lack of time


@dataclasses.dataclass
class Result:
    """What a page came to; times in milliseconds, sizes in kilobytes as they were sent."""

    asked: int
    p50: float
    p95: float
    per_second: float | None  # not asked where some failed
    queries: int
    sql: float
    size: float
    slowest: str
    failed: int  # refused, broken off, or not in time
    partial: int


class Client:
    """One connection that is kept open, as a browser does."""

    def __init__(self, site: str, cookie: str = "") -> None:
        self.connection = http.client.HTTPConnection(urlsplit(site).netloc, timeout=LONGEST)
        self.headers = {"Accept-Encoding": "gzip", **({"Cookie": cookie} if cookie else {})}

    def get(self, address: str) -> Answer:
        began = time.perf_counter()
        try:
            self.connection.request("GET", address, headers=self.headers)
            response = self.connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException):
            self.connection.close()
            return Answer(0, time.perf_counter() - began, 0)
        seconds = time.perf_counter() - began
        timing = re.fullmatch(r'sql;dur=([\d.]+);desc="(\d+)"', response.headers.get("Server-Timing", ""))
        return Answer(
            response.status,
            seconds,
            len(body),
            queries=int(timing[2]) if timing else 0,
            sql=float(timing[1]) / 1000 if timing else 0.0,
            partial=b'class="facets-timed-out"' in body,
        )


def measure(site: str, addresses: Sequence[str], seconds: float, cookie: str = "") -> Result | None:
    """Each address once by one client, then again by several at once, for so long each; None where there is no page."""
    client = Client(site, cookie)
    warming, measured = (addresses[-2:], addresses[:-2]) if len(addresses) > 2 * FEWEST else (addresses[:1], addresses)
    answers: list[tuple[Answer, str]] = []
    for address in warming:
        answer = client.get(address)
        if answer.status == 404:
            return None
        if answer.status != 200:
            answers.append((answer, address))
    began = time.perf_counter()
    for address in measured:
        if sum(answer.status != 200 for answer, _address in answers) >= HOPELESS:
            break
        spent = time.perf_counter() - began
        if spent > (seconds if len(answers) >= FEWEST else PATIENCE * seconds):
            break
        answers.append((client.get(address), address))
    good = [answer for answer, _address in answers if answer.status == 200]
    counted = good or [answer for answer, _address in answers]
    times = [answer.seconds * 1000 for answer in counted]
    return Result(
        asked=len(answers),
        p50=percentile(times, 0.5),
        p95=percentile(times, 0.95),
        per_second=throughput(site, measured, seconds / 2, cookie) if len(good) == len(answers) else None,
        queries=round(percentile([answer.queries for answer in counted], 0.5)),
        sql=percentile([answer.sql * 1000 for answer in counted], 0.5),
        size=percentile([answer.size / 1000 for answer in counted], 0.5),
        slowest=max(answers, key=lambda pair: pair[0].seconds)[1],
        failed=len(answers) - len(good),
        partial=sum(answer.partial for answer in good),
    )


def throughput(site: str, addresses: Sequence[str], seconds: float, cookie: str = "") -> float:
    """Answers a second to several clients; each asks on until the time is over."""
    began = time.perf_counter()

    def ask(first: int) -> int:
        client, answered = Client(site, cookie), 0
        for address in itertools.islice(itertools.cycle(addresses), first, None, CLIENTS):
            client.get(address)
            client.connection.close()  # a connection stays with one worker, and four may meet at the same
            answered += 1
            if time.perf_counter() - began > seconds:
                break
        return answered

    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
        answered = sum(pool.map(ask, range(CLIENTS)))
    return answered / (time.perf_counter() - began)


@dataclasses.dataclass
class Stream:
    """A download; `rows` are lines after the first. One that took too long is cut, and its pace is that until then."""

    rows: int
    seconds: float
    first_byte: float  # milliseconds
    size: float  # megabytes
    cut: bool

    @property
    def pace(self) -> float:
        return self.rows / self.seconds


def _stream(pieces: Iterable[bytes], began: float, longest: float) -> Stream:
    first, size, lines, cut = 0.0, 0, 0, False
    for piece in pieces:
        first = first or (time.perf_counter() - began) * 1000
        size += len(piece)
        lines += piece.count(b"\n")
        if time.perf_counter() - began > longest:
            cut = True
            break
    return Stream(max(lines - 1, 0), time.perf_counter() - began, first, size / 1e6, cut)


def download(site: str, address: str, longest: float) -> Stream | None:
    """None where there is no such download, or where nothing came in time."""
    connection = http.client.HTTPConnection(urlsplit(site).netloc, timeout=LONGEST)
    began = time.perf_counter()
    try:
        connection.request("GET", address)
        response = connection.getresponse()
        if response.status != 200:
            return None
        return _stream(iter(lambda: response.read1(PIECE), b""), began, longest)
    except OSError:
        return None
    finally:
        connection.close()


def output_of(command: list[str], longest: float) -> Stream:
    """What a program writes, taken as a download."""
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE) as program:
        assert program.stdout
        try:
            return _stream(iter(lambda: program.stdout.read1(PIECE), b""), began, longest)  # type: ignore[union-attr]
        finally:
            program.kill()
