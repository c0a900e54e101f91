"""The index of the search: how it comes into being, is kept up by the database, and is looked over.

SQLite keeps the grams in FTS5 tables filled by triggers, PostgreSQL in generated columns; on both, the functions
`irsite_fold(text)` and `irsite_grams(text)` do the work, so that no way of writing to a table goes past the index.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from .search import INDEXES, MAX_GRAMS, RUN_CLASS, TOKEN_WIDTH, UPPER, Index, fold, grams, token


def install(connection: BaseDatabaseWrapper) -> None:
    """Bring the index into being, or back after a migration rebuilt a table. Safe to repeat."""
    if connection.vendor == "sqlite":
        for index in INDEXES:
            _install_on_sqlite(connection, index)
        return
    with connection.cursor() as cursor:
        for statement in POSTGRESQL_FUNCTIONS:
            cursor.execute(statement)
        for index in INDEXES:
            _install_on_postgresql(cursor, index)


def register_functions(connection: sqlite3.Connection) -> None:
    """What SQLite's triggers and queries call; for each new connection."""
    connection.create_function("irsite_fold", 1, lambda text: fold(text or ""), deterministic=True)
    connection.create_function("irsite_grams", 1, _tokens, deterministic=True)


def is_installed(connection: BaseDatabaseWrapper) -> bool:
    """Whether every table that is searched has its index, kept up by the database."""
    return not any(missing_parts(index, connection) for index in INDEXES)


def missing_parts(index: Index, connection: BaseDatabaseWrapper) -> list[str]:
    """Names of what makes up an index and is not there: a table with its triggers, or a column with its index."""
    if connection.vendor == "sqlite":
        wanted = [index.name, *(f"{index.name}_{event}" for event in _EVENTS)]
        sql, params = "SELECT name FROM sqlite_master WHERE type IN ('table', 'trigger')", []
    else:
        wanted, params = [f"{index.table}.grams", index.name], [index.table, index.table]
        sql = """
            SELECT table_name || '.' || column_name FROM information_schema.columns
            WHERE table_schema = current_schema() AND table_name = %s AND is_generated = 'ALWAYS'
            UNION ALL
            SELECT indexrelid::regclass::text FROM pg_index
            WHERE indrelid = to_regclass(%s) AND indisvalid
        """
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        there = {name for (name,) in cursor.fetchall()}
    return [name for name in wanted if name not in there]


def is_current(connection: BaseDatabaseWrapper) -> bool:
    """Whether the index is there and holds the newest row of each table: asked in a moment, however many there are."""
    return is_installed(connection) and all(_holds_newest(index, connection) for index in INDEXES)


def _holds_newest(index: Index, connection: BaseDatabaseWrapper) -> bool:
    if connection.vendor == "sqlite":
        sql = f"""
            SELECT (SELECT max(id) FROM "{index.table}") IS NOT (SELECT max(id) FROM "{index.name}_docsize")
        """  # noqa: S608 - names of our own tables
    else:
        sql = f'SELECT {index.is_stale} FROM "{index.table}" ORDER BY id DESC LIMIT 1'  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return not any(is_stale for (is_stale,) in cursor.fetchall())


def misindexed(index: Index, connection: BaseDatabaseWrapper, advance: Callable[[int], Any]) -> Iterator[int]:
    """Ids of rows of which the index holds nothing, or something else, and of rows that it holds and nobody has.

    `advance` is told how many rows were looked at. For an index of which no part is missing.
    """
    held = _sums(index, connection) if connection.vendor == "sqlite" else {}
    known: dict[str, int] = {}
    last = 0
    while rows := _rows_after(index, connection, last):
        for pk, told in rows:
            if connection.vendor == "sqlite":
                true = sum(known.get(gram) or known.setdefault(gram, _digest(token(gram))) for gram in grams(told))
                is_wrong = held.pop(pk, None) != true
            else:
                is_wrong = told
            if is_wrong:
                yield pk
        last = rows[-1][0]
        advance(len(rows))
    yield from sorted(held)


def _rows_after(index: Index, connection: BaseDatabaseWrapper, last: int) -> list[tuple[int, Any]]:
    """Some rows by id: with their text on SQLite, and with whether the index has them wrong on PostgreSQL."""
    told = index.text("source") if connection.vendor == "sqlite" else index.is_stale
    sql = f'SELECT id, {told} FROM "{index.table}" AS source WHERE id > %s ORDER BY id LIMIT 2000'  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sql, [last])
        return cursor.fetchall()


def _sums(index: Index, connection: BaseDatabaseWrapper) -> dict[int, int]:
    """By id of the rows that an index of SQLite holds, the sum of the digests of their grams.

    The index knows which rows have a gram and not which grams a row has: a sum can be put together in its order.
    """
    looked_at = f'temp."{index.name}_instances"'
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT id FROM "{index.name}_docsize"')  # noqa: S608
        sums = dict.fromkeys((pk for (pk,) in cursor.fetchall()), 0)
        cursor.execute(f"CREATE VIRTUAL TABLE {looked_at} USING fts5vocab(main, '{index.name}', 'instance')")
        try:
            cursor.execute(f"SELECT term, json_group_array(doc) FROM {looked_at} GROUP BY term")  # noqa: S608
            for term, pks in cursor:
                digest = _digest(term)
                for pk in json.loads(pks):
                    sums[pk] = sums.get(pk, 0) + digest
        finally:
            cursor.execute(f"DROP TABLE {looked_at}")
    return sums


def _digest(token: str) -> int:
    return int.from_bytes(hashlib.blake2b(token.encode(), digest_size=7).digest())


_EVENTS = ("insert", "update", "delete")


def _tokens(text: str | None) -> str:
    return " ".join(map(token, grams(text or "")))


def _install_on_sqlite(connection: BaseDatabaseWrapper, index: Index) -> None:
    if missing_parts(index, connection):
        drop_on_sqlite(connection, index)
        create_on_sqlite(connection, index)
        fill_on_sqlite(connection, index)


def drop_on_sqlite(connection: BaseDatabaseWrapper, index: Index) -> None:
    """Away with an index, or with what is there of it."""
    with connection.cursor() as cursor:
        drop_triggers(cursor, index)
        cursor.execute(f'DROP TABLE IF EXISTS "{index.name}"')


def create_on_sqlite(connection: BaseDatabaseWrapper, index: Index, reach: str = "") -> None:
    """An empty index, which hears of what is written from now on: see `create_triggers`."""
    options = f"content='', detail=none, prefix='{TOKEN_WIDTH}', tokenize='ascii'"
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE VIRTUAL TABLE "{index.name}" USING fts5(grams, {options})')
        create_triggers(cursor, index, reach)


def fill_on_sqlite(connection: BaseDatabaseWrapper, index: Index, last: int = 0, most: int = -1) -> int:
    """Enter the rows after an id, at most so many; how many they were."""
    sql = f"""
        INSERT INTO "{index.name}"(rowid, grams)
        SELECT id, irsite_grams({index.text("source")}) FROM "{index.table}" AS source
        WHERE id > %s ORDER BY id LIMIT %s
    """  # noqa: S608 - names of our own tables
    with connection.cursor() as cursor:
        cursor.execute(sql, [last, most])
        return cursor.rowcount


def drop_triggers(cursor: Any, index: Index) -> None:
    for event in _EVENTS:
        cursor.execute(f'DROP TRIGGER IF EXISTS "{index.name}_{event}"')


def create_triggers(cursor: Any, index: Index, reach: str = "") -> None:
    """Whatever is written is entered; with a `reach`, SQL for an id, rows up to that one only."""
    name, table = index.name, index.table
    columns = ", ".join(f'"{column}"' for column in index.columns)
    add, remove = (
        f"{statement} irsite_grams({index.text(row)}){f' WHERE {row}.id <= ({reach})' if reach else ''};"
        for row, statement in (
            ("new", f'INSERT INTO "{name}"(rowid, grams) SELECT new.id,'),
            ("old", f"""INSERT INTO "{name}"("{name}", rowid, grams) SELECT 'delete', old.id,"""),
        )
    )
    cursor.execute(f'CREATE TRIGGER "{name}_insert" AFTER INSERT ON "{table}" BEGIN {add} END')
    cursor.execute(f'CREATE TRIGGER "{name}_delete" AFTER DELETE ON "{table}" BEGIN {remove} END')
    cursor.execute(
        f'CREATE TRIGGER "{name}_update" AFTER UPDATE OF id, {columns} ON "{table}" BEGIN {remove} {add} END'
    )


POSTGRESQL_FUNCTIONS = (
    f"""
    CREATE OR REPLACE FUNCTION irsite_fold(value text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURNS NULL ON NULL INPUT
    AS $$ SELECT translate(normalize(value, NFKC), '{UPPER}', '{UPPER.lower()}') $$
    """,
    f"""
    CREATE OR REPLACE FUNCTION irsite_grams(value text) RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    BEGIN ATOMIC  -- knows the other function by itself and not by name: pg_restore looks up no names
      SELECT coalesce((array_agg(DISTINCT substr(run[1], at, 2)))[1:{MAX_GRAMS}], '{{}}')
      FROM regexp_matches(irsite_fold(value), '{RUN_CLASS}', 'g') AS run,
           generate_series(1, char_length(run[1])) AS at;
    END
    """,  # noqa: S608
)


def _install_on_postgresql(cursor: Any, index: Index) -> None:
    cursor.execute(
        f'ALTER TABLE "{index.table}" ADD COLUMN IF NOT EXISTS grams tsvector '
        f"GENERATED ALWAYS AS ({index.vector}) STORED"
    )
    cursor.execute(f'CREATE INDEX IF NOT EXISTS "{index.name}" ON "{index.table}" USING gin (grams)')
