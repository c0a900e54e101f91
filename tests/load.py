"""A hundred readers at once, while people save at the desk and filings come in: `make load`, and `make soak` for long.

    python -m tests.load [--clients 100] [--seconds 60] [--pause 0] [--database sqlite|postgres] [--records 2000]

The site runs as in use: gunicorn with two workers, behind a proxy as far as it can tell, so that each client is a visitor
of its own to the bounds on searches and exports. In the middle gunicorn is told to reload. Prints what each page took,
what failed, what each worker held. Exit code 1 if a request failed, a write was lost, `check_integrity` found
anything, p99 was twenty times p50 or more, or memory grew.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import http.client
import itertools
import os
import random
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from tqdm import tqdm

from tests import postgres, served
from tests.bench.measure import percentile
from tests.bench.table import table
from tests.browser import Browser
from tests.crash import Stored, Work, disagreements, hire, manage

PAGES = (
    "home",
    "list",
    "by company",
    "by institution",
    "by topic",
    "date + institution + topic",
    "search, 2 characters",
    "record",
    "institution",
    "company",
    "topic",
    "insights of a year",
    "search of questions",
    "similar questions",
    "feed",
    "records.json",
)
SAMPLE = 10  # seconds between looks at memory, at most
MOST_RATIO = 20
WARM_UP = 30  # seconds at most before anything is timed: each worker loads what it had not needed before
SLACK = 1.15  # of memory, from half of a worker's life to its end
YOUNG = 16  # looks at memory below which a worker tells nothing
EDITORS = 2


class Reader(threading.Thread):
    """Opens one page after another, each of them by chance."""

    def __init__(self, number: int, load: Load) -> None:
        super().__init__(daemon=True)
        self.load = load
        self.random = random.Random(f"reader {number}")  # noqa: S311
        self.browser = Browser(load.port, f"198.51.{number // 250}.{number % 250 + 1}")
        self.took: dict[str, list[float]] = collections.defaultdict(list)
        self.failed: list[str] = []

    def run(self) -> None:
        while not self.load.is_over.is_set():
            name = self.random.choice(list(self.load.addresses))
            address = self.random.choice(self.load.addresses[name])
            began = time.perf_counter()
            try:
                status = self.browser.get(address).status
                if status != 200:
                    self.failed.append(f"{status} {address}")
            except (OSError, http.client.HTTPException) as error:
                self.failed.append(f"{error!r} {address}")
            if self.load.is_timed.is_set():
                self.took[name].append(time.perf_counter() - began)
            if self.load.pause:
                self.load.is_over.wait(self.random.expovariate(1 / self.load.pause))


class Load:
    def __init__(self, port: int, addresses: dict[str, list[str]], clients: int, pause: float) -> None:
        self.port, self.addresses, self.pause = port, addresses, pause
        self.is_over, self.is_timed = threading.Event(), threading.Event()
        self.readers = [Reader(number, self) for number in range(clients)]

    def took(self) -> dict[str, list[float]]:
        names = self.addresses
        return {name: [one for reader in self.readers for one in reader.took.get(name, [])] for name in names}

    def failed(self) -> list[str]:
        return [failure for reader in self.readers for failure in reader.failed]


def addresses() -> dict[str, list[str]]:
    """What the readers ask, by the name of the page."""
    from django.db import connection

    from tests.bench.cast import cast_of
    from tests.bench.pages import PAGES as ALL

    cast = cast_of("default")
    found = {page.name: [ours for ours, _theirs in itertools.islice(page.asks(cast), 40)] for page in ALL}
    connection.close()
    return {name: found[name] for name in PAGES if found[name]}


def run(options: argparse.Namespace, url: str, folder: Path) -> bool:
    os.environ |= {
        **served.ENVIRONMENT,
        "DATABASE_URL": url,
        "MEDIA_ROOT": str(folder / "media"),
        "TRUSTED_PROXIES": "1",
    }
    manage("migrate")
    manage("make_market", "--records", str(options.records))
    import django

    django.setup()
    hire(EDITORS)
    asked = addresses()
    held: list[dict[int, float]] = []
    with served.site(url, workers=2) as site:
        work = Work(site, 1, EDITORS, dies=False)
        load = Load(site.port, asked, options.clients, options.pause)
        work.open.set()
        for reader in load.readers:
            reader.start()
        warm_up = min(WARM_UP, options.seconds / 2)
        began, reloaded = time.monotonic(), False
        with tqdm(total=round(warm_up + options.seconds), disable=None, unit="s", desc=options.database) as bar:
            while (spent := time.monotonic() - began) < warm_up + options.seconds or not reloaded:
                if work.failures:
                    break
                bar.update(round(spent) - bar.n)
                if spent > len(held) * min(SAMPLE, options.seconds / 24):
                    held.append(site.memory())
                if spent > warm_up:
                    load.is_timed.set()
                if not reloaded and spent > warm_up + options.seconds / 2:
                    site.reload()
                    reloaded = True
                time.sleep(0.2)
        held.append(site.memory())
        load.is_over.set()
        work.end()
        for reader in load.readers:
            reader.join()
        now = Stored.now()
        lost, faults = work.memory.lost(now), [*work.memory.halves(now), *disagreements()]
    return tell(options, load, work, held, lost, faults)


def tell(
    options: argparse.Namespace,
    load: Load,
    work: Work,
    held: list[dict[int, float]],
    lost: list[str],
    faults: list[str],
) -> bool:
    took = load.took()
    everything = [one for times in took.values() for one in times]
    rows = [_row(name, times) for name, times in took.items() if times]
    print(table(["page", "asked", "p50 ms", "p95 ms", "p99 ms"], [*rows, _row("all", everything)]))
    failed = load.failed()
    ratio = percentile(everything, 0.99) / percentile(everything, 0.5)
    flat = is_flat(held)
    print(
        f"\n{options.database}, {options.clients} clients, pause {options.pause} s, {options.seconds:.0f} s, "
        f"{options.records:,} records, {os.cpu_count()} processors: {len(everything) / options.seconds:.0f} pages/s; "
        f"p99 is {ratio:.1f} times p50"
    )
    written = ", ".join(f"{kind} {n}" for kind, n in sorted(work.memory.acknowledged.items()))
    print(f"Acknowledged writes: {written or 'none'}; lost {len(lost)}; integrity faults {len(faults)}")
    print(f"Failed requests of readers: {len(failed)}; of people at the desk: {len(work.failures)}")
    for sentence in [*failed[:10], *map(repr, work.failures), *lost[:10], *faults[:10]]:
        print(f"  {sentence}")
    print("Memory of the workers in MB: " + " · ".join("+".join(f"{mb:.0f}" for mb in one.values()) for one in held))
    print("Memory is flat." if flat else "Memory has grown.")
    good = options.busy or (flat and ratio < MOST_RATIO)
    return good and not (failed or work.failures or lost or faults)


def is_flat(held: list[dict[int, float]]) -> bool:
    """Whether no worker held clearly more at the end of its life than until half of it; a young one tells nothing."""
    for worker in {pid for one in held for pid in one}:
        sizes = [one[worker] for one in held if worker in one]
        if len(sizes) >= YOUNG and max(sizes[-2:]) > SLACK * max(sizes[: len(sizes) // 2 + 1]):
            return False
    return True


def _row(name: str, times: list[float]) -> list[Any]:
    return [name, len(times), *(percentile(times, share) * 1000 for share in (0.5, 0.95, 0.99))]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--pause", type=float, default=0, help="seconds that a reader reads, on average")
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--records", type=int, default=2000)
    parser.add_argument("--busy", action="store_true", help="tell times and memory, and do not judge by them")
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="load-")))
        url = f"sqlite:///{folder}/db.sqlite3"
        if options.database == "postgres":
            url = stack.enter_context(postgres.server(settings=postgres.DURABLE)).url
        return 0 if run(options, url, folder) else 1


if __name__ == "__main__":
    sys.exit(main())
