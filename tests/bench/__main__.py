"""`python -m tests.bench [--records N] [--database sqlite|postgres] [--only TEXT] [--seconds S]`.

Builds the markets of N and of N/100 records or takes those of an earlier run (in bench/), serves them as in
production and measures every page of `pages.py` on both, then Datasette on the same data. Prints tables, and writes
bench/result-DATABASE-N.json. Figures of two runs compare only as ratios: machines differ.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import os
import platform
import shutil
import sys
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

import django
from tqdm import tqdm

from tests import postgres

from . import measure, rival, servers
from .table import ratio, shown, table

SEED = 1
LOGIN, PASSWORD = "bench", "only-on-this-machine"


def main() -> None:
    options = arguments()
    sizes = {"default": options.records, "small": max(options.records // 100, 1)}
    with servers.database_server(options.database) as address:
        urls = {alias: servers.make_market(options.database, address, n, SEED) for alias, n in sizes.items()}
        connect(urls)
        try:
            report = run(options, urls, sizes)
        finally:
            disconnect()
    file = servers.FOLDER / f"result-{options.database}-{options.records}.json"
    file.write_text(json.dumps(report, ensure_ascii=False, indent=1))
    print(f"\nAll figures: {file}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--records", type=int, default=20_000, metavar="N")
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--only", default="", metavar="TEXT", help="only pages and exports with this in their name")
    parser.add_argument("--seconds", type=float, default=10, help="for each page (default: 10)")
    parser.add_argument("--export-seconds", type=float, default=60, help="at most for each export (default: 60)")
    parser.add_argument("--alone", action="store_true", help="without Datasette")
    return parser.parse_args()


def connect(urls: dict[str, str]) -> None:
    os.environ |= {**servers.ENVIRONMENT, "DATABASE_URL": urls["default"], "SMALL_DATABASE_URL": urls["small"]}
    django.setup()


def disconnect() -> None:
    from django.db import connections

    connections.close_all()


def run(options: argparse.Namespace, urls: dict[str, str], sizes: dict[str, int]) -> dict[str, Any]:
    from .cast import cast_of
    from .pages import EXPORTS, PAGES

    pages = [page for page in PAGES if options.only in page.name]
    exports = [export for export in EXPORTS if options.only in export.name]
    casts = {alias: cast_of(alias) for alias in sizes}
    found: dict[str, dict[str, measure.Result | None]] = {}
    streams: dict[str, dict[str, Any]] = {}
    for alias, url in urls.items():
        disconnect()
        with servers.site(url) as site:
            cookie = logged_in(site.address, alias)
            found[alias] = {}
            for page in progress(pages, f"{sizes[alias]} records"):
                cookies = cookie if page.name.startswith("admin") else ""
                addresses = [ours for ours, _theirs in page.asks(casts[alias])]
                result = measure.measure(site.address, addresses, options.seconds, cookies)
                found[alias][page.name] = tell(page.name, result)
            peak_of_pages = site.peak()
            if alias == "default":
                streams = {export.name: exported(site, export, options) for export in progress(exports, "exports")}
                memory = peak_of_pages
    if not options.alone:
        file = rival.copy(sizes["default"], SEED, servers.FOLDER / f"datasette-{sizes['default']}-{SEED}.db")
        with rival.datasette(file) as address:
            if address is None:
                print("Datasette is not installed: pip install --group bench", file=sys.stderr)
            else:
                found["datasette"] = {}
                for page in progress(pages, "Datasette"):
                    asked = [theirs for _ours, theirs in page.asks(casts["default"]) if theirs]
                    if asked:
                        result = measure.measure(address, asked, options.seconds)
                        found["datasette"][page.name] = tell(page.name, result)
                for export in progress(exports, "Datasette's exports"):
                    if export.theirs:
                        theirs = measure.download(address, export.theirs, options.export_seconds)
                        streams[export.name]["datasette"] = theirs
    for export in exports:
        if command := own_output(options.database, urls["default"], export.sql):
            streams[export.name]["database"] = measure.output_of(command, options.export_seconds)
    space = sizes_of(options.database, urls["default"])
    print(
        f"\n{sizes['default']} records beside {sizes['small']}; {options.database}; {platform.platform()}, "
        f"{os.cpu_count()} processors\n"
    )
    print(pages_table(pages, found, sizes))
    print()
    print(exports_table(exports, streams))
    print(
        f"\nMost memory of a worker, all pages: {memory:.0f} MB. Database {space['database'] / 1e6:,.0f} MB, "
        f"its text {space['text'] / 1e6:,.0f} MB: {space['database'] / space['text']:.2f} times."
    )
    return {
        "records": sizes,
        "database": options.database,
        "machine": platform.platform(),
        "processors": os.cpu_count(),
        "pages": {
            alias: {name: as_dict(result) for name, result in results.items()} for alias, results in found.items()
        },
        "exports": {name: {by: as_dict(one) for by, one in streams[name].items()} for name in streams},
        "memory_of_pages": memory,
        "space": space,
    }


def progress(things: list[Any], what: str) -> Any:
    bar = tqdm(things, desc=what, disable=None)
    for thing in bar:
        bar.set_postfix_str(thing.name)
        yield thing


def tell(name: str, result: measure.Result | None) -> measure.Result | None:
    """Say at once what came of a page: the tables come at the end only."""
    said = f"{shown(result.p50)} ms, of which SQL {shown(result.sql)}" if result else "absent"
    tqdm.write(f"  {name}: {said}", file=sys.stderr)
    return result


def as_dict(result: Any) -> Any:
    return dataclasses.asdict(result) if dataclasses.is_dataclass(result) else result  # type: ignore[arg-type]


def logged_in(address: str, alias: str) -> str:
    """A cookie of somebody who may do everything at the desk."""
    from django.contrib.auth import get_user_model

    users = get_user_model().objects.db_manager(alias)
    if not users.filter(username=LOGIN).exists():
        users.create_superuser(LOGIN, password=PASSWORD)
    disconnect()
    jar = CookieJar()
    browser = build_opener(HTTPCookieProcessor(jar))
    page = f"{address}/admin/login/"
    browser.open(page).close()
    token = next(cookie.value for cookie in jar if cookie.name == "csrftoken")
    form = {"username": LOGIN, "password": PASSWORD, "csrfmiddlewaretoken": token, "next": "/admin/jsi18n/"}
    browser.open(page, urlencode(form).encode()).close()
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)


def exported(site: servers.Site, export: Any, options: argparse.Namespace) -> dict[str, Any]:
    site.forget_peaks()
    stream = measure.download(site.address, export.ours, options.export_seconds)
    return {"ours": stream, "memory": site.peak()}


def own_output(engine: str, url: str, sql: str) -> list[str] | None:
    """How the database writes these rows as CSV by itself; None where its program is missing."""
    if not sql:
        return None
    query = " ".join(sql.split())
    if engine == "sqlite":
        program = shutil.which("sqlite3")
        file = url.removeprefix("sqlite:///")
        return [program, "-csv", "-header", file, query.format(joined="group_concat")] if program else None
    beside = postgres.binaries() / "psql"
    program = str(beside) if beside.exists() else shutil.which("psql")
    query = query.format(joined="string_agg")
    return [program, url, "-c", f"\\copy ({query}) TO STDOUT CSV HEADER"] if program else None


def sizes_of(engine: str, url: str) -> dict[str, int]:
    """Bytes of the database, and of the text that the filings bring."""
    from django.db import connection

    length = "octet_length" if engine == "postgres" else "length"
    cast = "" if engine == "postgres" else "CAST({} AS BLOB)"
    parts = {
        "records_question": ("text", "answer"),
        "records_record": ("introduction", "closing", "visitor_names", "place"),
    }
    text = 0
    with connection.cursor() as cursor:
        for name, columns in parts.items():
            total = " + ".join(f"{length}({cast.format(column) if cast else column})" for column in columns)
            cursor.execute(f"SELECT sum({total}) FROM {name}")
            text += int(cursor.fetchone()[0])
        if engine == "postgres":
            cursor.execute("SELECT pg_database_size(current_database())")
            return {"database": cursor.fetchone()[0], "text": text}
    return {"database": Path(url.removeprefix("sqlite:///")).stat().st_size, "text": text}


def pages_table(pages: list[Any], found: dict[str, dict[str, Any]], sizes: dict[str, int]) -> str:
    headings = ["page", "p50 ms", "p95 ms", "p95/p50", "4 clients/s", "queries", "SQL ms", "KB", "failed"]
    headings += [f"p50 at {sizes['small']:,}", "times", "Datasette p50", "times faster", "gave up"]
    rows = []
    for page in pages:
        ours, small = found["default"][page.name], found["small"][page.name]
        theirs = found.get("datasette", {}).get(page.name)
        if ours is None:
            rows.append([page.name, "absent", *[""] * (len(headings) - 2)])
            continue
        row = [page.name, ours.p50, ours.p95, ratio(ours.p95, ours.p50), ours.per_second, ours.queries, ours.sql]
        row += [ours.size, f"{ours.failed}/{ours.asked}" if ours.failed else ""]
        row += [small and small.p50, ratio(ours.p50, small and small.p50)]
        row += [theirs and theirs.p50, ratio(theirs and theirs.p50, ours.p50)]
        gave_up = theirs.failed + theirs.partial if theirs else 0
        rows.append([*row, f"{gave_up}/{theirs.asked}" if theirs and gave_up else ""])
    return table(headings, rows)


def exports_table(exports: list[Any], streams: dict[str, dict[str, Any]]) -> str:
    headings = ["export", "rows", "rows/s", "first byte ms", "MB", "cut", "worker MB"]
    headings += ["Datasette rows/s", "times faster", "database rows/s", "share"]
    rows = []
    for export in exports:
        ours, theirs, base = (streams[export.name].get(by) for by in ("ours", "datasette", "database"))
        if ours is None:
            rows.append([export.name, "absent", *[""] * (len(headings) - 2)])
            continue
        lines = export.name.split()[0].endswith(".csv")  # of a workbook, lines say nothing
        row = [export.name, ours.rows if lines else None, ours.pace if lines else None, ours.first_byte, ours.size]
        row += ["cut" if ours.cut else "", streams[export.name]["memory"]]
        row += [theirs and theirs.pace, ratio(ours.pace, theirs and theirs.pace)]
        rows.append([*row, base and base.pace, ratio(ours.pace, base and base.pace)])
    return table(headings, rows)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
