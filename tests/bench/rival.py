"""The same market as somebody would lay it before Datasette: two tables with JSON lists, indexes, a trigram index."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tqdm import tqdm

from records import market
from records.filing.shape import board_of
from records.market import words

from .servers import free_port, running

EXCHANGES = {"sse-main": "SSE", "star": "SSE", "szse-main": "SZSE", "chinext": "SZSE", "bse": "BSE"}
RECORD = """
    id INTEGER PRIMARY KEY, company TEXT, company_name TEXT, exchange TEXT, number TEXT, held_from TEXT, held_to TEXT,
    disclosed_on TEXT, year INTEGER, month TEXT, activities TEXT, place TEXT, hosts TEXT, institution_count INTEGER,
    person_count INTEGER, question_count INTEGER, institutions TEXT, institution_types TEXT, topics TEXT,
    introduction TEXT, closing TEXT
"""
QUESTION = """
    id INTEGER PRIMARY KEY, record INTEGER REFERENCES records(id), company TEXT, company_name TEXT, number TEXT,
    held_from TEXT, held_to TEXT, disclosed_on TEXT, activities TEXT, position INTEGER, text TEXT, answer TEXT,
    topics TEXT, institution_count INTEGER, person_count INTEGER, question_count INTEGER
"""
INDEXED = {
    "records": ("company", "exchange", "held_from", "year", "month"),
    "questions": ("record", "company", "held_from"),
}


def copy(size: int, seed: int, file: Path) -> Path:
    """The market of this size and seed as a SQLite file; one that is there is taken."""
    if file.exists():
        return file
    unfinished = file.with_suffix(".part")
    unfinished.unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(unfinished)) as database:
        database.executescript(
            f"PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; CREATE TABLE records ({RECORD});"
            f"CREATE TABLE questions ({QUESTION});"
        )
        for record, questions in tqdm(rows(size, seed), total=size, unit="record", desc="for Datasette", disable=None):
            database.execute(f"INSERT INTO records VALUES ({places(record)})", record)
            database.executemany(f"INSERT INTO questions VALUES ({places(questions[0])})", questions)
        for table, columns in INDEXED.items():
            for column in columns:
                database.execute(f"CREATE INDEX {table}_{column} ON {table}({column})")
        database.executescript(
            "CREATE VIRTUAL TABLE questions_fts USING fts5(text, answer, content='questions', tokenize='trigram');"
            "INSERT INTO questions_fts(questions_fts) VALUES ('rebuild');"
        )
        database.commit()
        database.execute("ANALYZE")
        database.commit()
    return unfinished.rename(file)


def places(row: tuple[Any, ...]) -> str:
    return ", ".join("?" * len(row))


def rows(size: int, seed: int) -> Iterator[tuple[tuple[Any, ...], list[tuple[Any, ...]]]]:
    """Each record with its questions, with the ids that `make_market` gives."""
    made = market.Market(size, seed)
    question_id = 0
    for pk, told in enumerate(made.records(), 1):
        company = made.companies[told.company]
        houses = list(dict.fromkeys(visitor.institution for visitor in told.visitors))
        held_to = told.held_to or told.held_from
        head = (
            company.code,
            company.short_name,
            f"{told.held_from.year}-{told.serial:03}" if told.serial else "",
            told.held_from.isoformat(),
            held_to.isoformat(),
            told.disclosed_on.isoformat(),
        )
        counts = (len(houses), sum(bool(visitor.person) for visitor in told.visitors), len(told.questions))
        subjects = dict.fromkeys(subject for asked in told.questions for subject in asked.subjects)
        activities = as_list(told.activities)
        record = (
            pk,
            *head[:2],
            EXCHANGES[board_of(company.code) or "bse"],
            *head[2:],
            told.held_from.year,
            head[3][:7],
            activities,
            told.place,
            as_list([f"{host['title']}：{host['name']}" for host in told.hosts]),
            *counts,
            as_list([made.institutions[house].name for house in houses]),
            as_list(list(dict.fromkeys(made.institutions[house].type for house in houses))),
            as_list([words.SUBJECTS[subject][0] for subject in subjects]),
            told.introduction,
            told.closing,
        )
        questions = []
        for position, asked in enumerate(told.questions, 1):
            question_id += 1
            topics = as_list([words.SUBJECTS[subject][0] for subject in asked.subjects])
            questions.append((question_id, pk, *head, activities, position, asked.text, asked.answer, topics, *counts))
        yield record, questions


def as_list(texts: list[str]) -> str:
    return json.dumps(texts, ensure_ascii=False)


def program() -> str | None:
    """Datasette of this virtual environment or of the system."""
    beside = Path(sys.executable).with_name("datasette")
    return str(beside) if beside.exists() else shutil.which("datasette")


@contextlib.contextmanager
def datasette(file: Path) -> Iterator[str | None]:
    """Datasette as it is installed, but that a CSV may be of any size; gives its address, None where there is none.

    The file is opened as one that never changes, in which it counts only once.
    """
    if not (command := program()):
        yield None
        return
    served = file.with_name("market.db")  # a database is called as its file is
    served.unlink(missing_ok=True)
    served.hardlink_to(file)
    port = free_port()
    options = ["--immutable", str(served), "--port", str(port), "--setting", "max_csv_mb", "0"]
    try:
        with running([command, "serve", *options], f"http://127.0.0.1:{port}/-/versions.json", {}, wait=300):
            yield f"http://127.0.0.1:{port}"
    finally:
        served.unlink()
