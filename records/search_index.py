"""The index of the search: how it comes into being, is kept up by the database, and is looked over.

SQLite keeps the grams in FTS5 tables filled by triggers, PostgreSQL in indexes of an expression; on both, the
functions `irsite_fold(text)` and `irsite_grams(text)` do the work, so that no way of writing goes past the index.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from .search import INDEXES, MAX_GRAMS, RUN_CLASS, TOKEN_WIDTH, Index, fold, grams, token


def install(connection: BaseDatabaseWrapper) -> None:
    """Bring the index into being, or back after a migration rebuilt a table. Safe to repeat."""
    if connection.vendor == "sqlite":
        for index in INDEXES:
            _install_on_sqlite(connection, index)
        return
    with transaction.atomic(using=connection.alias):  # nobody asks an index for what other functions put into it
        create_functions(connection)
        for index in INDEXES:
            _install_on_postgresql(connection, index)


def register_functions(connection: sqlite3.Connection) -> None:
    """What SQLite's triggers and queries call; for each new connection."""
    connection.create_function("irsite_fold", 1, lambda text: fold(text or ""), deterministic=True)
    connection.create_function("irsite_grams", 1, _tokens, deterministic=True)


def is_installed(connection: BaseDatabaseWrapper) -> bool:
    """Whether every table that is searched has its index, kept up by the database."""
    return not any(missing_parts(index, connection) for index in INDEXES)


def missing_parts(index: Index, connection: BaseDatabaseWrapper) -> list[str]:
    """Names of what makes up an index and is not there: on SQLite a table with its triggers."""
    if connection.vendor == "sqlite":
        wanted = [index.name, *(f"{index.name}_{event}" for event in _EVENTS)]
        sql, params = "SELECT name FROM sqlite_master WHERE type IN ('table', 'trigger')", []
    else:
        wanted, params = [index.name], [index.table]
        sql = """
            SELECT relname FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
            WHERE indrelid = to_regclass(%s) AND indisvalid
        """
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        there = {name for (name,) in cursor.fetchall()}
    return [name for name in wanted if name not in there]


def is_current(connection: BaseDatabaseWrapper) -> bool:
    """Whether the index is there and not known to be stale: asked in a moment, however many rows there are."""
    return is_installed(connection) and not any(is_stale(index, connection) for index in INDEXES)


def is_stale(index: Index, connection: BaseDatabaseWrapper) -> bool:
    """Whether an index lacks the newest row, on SQLite, or was made by another version, on PostgreSQL."""
    if connection.vendor == "sqlite":
        sql, params = (
            f'SELECT (SELECT max(id) FROM "{index.table}") IS NOT (SELECT max(id) FROM "{index.name}_docsize")',  # noqa: S608
            [],
        )
    else:
        sql = "SELECT obj_description(to_regclass(%s), 'pg_class') IS DISTINCT FROM %s"
        params = [index.name, _maker_of(index)]
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()[0][0]


def misindexed(index: Index, connection: BaseDatabaseWrapper, advance: Callable[[int], Any]) -> Iterator[int]:
    """Ids of rows of which SQLite's index holds nothing, or something else, and of rows that it holds and nobody has.

    `advance` is told how many rows were looked at. For an index of which no part is missing.
    """
    held = _sums(index, connection)
    known: dict[str, int] = {}
    last = 0
    while rows := _rows_after(index, connection, last):
        for pk, text in rows:
            true = sum(known.get(gram) or known.setdefault(gram, _digest(token(gram))) for gram in grams(text))
            if held.pop(pk, None) != true:
                yield pk
        last = rows[-1][0]
        advance(len(rows))
    yield from sorted(held)


def _rows_after(index: Index, connection: BaseDatabaseWrapper, last: int) -> list[tuple[int, str]]:
    """Some rows by id, with their text."""
    text = index.text("source")
    sql = f'SELECT id, {text} FROM "{index.table}" AS source WHERE id > %s ORDER BY id LIMIT 2000'  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sql, [last])
        return cursor.fetchall()


def _sums(index: Index, connection: BaseDatabaseWrapper) -> dict[int, int]:
    """By id of the rows that an index holds, the sum of the digests of their grams.

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


# The planner is told what the grams of a row cost, and may not share the work out: it takes the index.
POSTGRESQL_FUNCTIONS = (
    """
    CREATE OR REPLACE FUNCTION irsite_fold(value text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURNS NULL ON NULL INPUT
    AS $$ SELECT lower(normalize(value, NFKC) COLLATE "C") $$  -- changes A to Z and nothing else
    """,
    f"""
    CREATE OR REPLACE FUNCTION irsite_grams(value text) RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL RESTRICTED COST 10000
    BEGIN ATOMIC  -- knows the other function by itself and not by name: pg_restore looks up no names
      SELECT coalesce((array_agg(DISTINCT substr(run[1], at, 2) COLLATE "C"))[1:{MAX_GRAMS}], '{{}}')
      FROM regexp_matches(irsite_fold(value), '{RUN_CLASS}', 'g') AS run,
           generate_series(1, char_length(run[1])) AS at;
    END
    """,  # noqa: S608
)


def create_functions(connection: BaseDatabaseWrapper) -> None:
    """PostgreSQL's. An index that others made is stale until it is built anew."""
    with connection.cursor() as cursor:
        for statement in POSTGRESQL_FUNCTIONS:
            cursor.execute(statement)


def building(index: Index, how: str = "") -> str:
    """SQL that builds PostgreSQL's index where there is none."""
    vector = index.vector(f'"{index.table}"')
    return f'CREATE INDEX {how} "{index.name}" ON "{index.table}" USING gin ({vector})'


def sign(index: Index, connection: BaseDatabaseWrapper) -> None:
    """Put down what made PostgreSQL's index that is there, and have the planner learn which grams are common."""
    with connection.cursor() as cursor:
        cursor.execute(f"COMMENT ON INDEX \"{index.name}\" IS '{_maker_of(index)}'")
        cursor.execute(f'ANALYZE "{index.table}"')


def _maker_of(index: Index) -> str:
    return hashlib.blake2b("".join([*POSTGRESQL_FUNCTIONS, building(index)]).encode(), digest_size=8).hexdigest()


def _install_on_postgresql(connection: BaseDatabaseWrapper, index: Index) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attname = 'grams' AND NOT attisdropped",
            [index.table],
        )
        if cursor.fetchall():  # earlier versions had the grams stored in each row
            cursor.execute(f'ALTER TABLE "{index.table}" DROP COLUMN grams')
        if missing_parts(index, connection) or is_stale(index, connection):
            cursor.execute(f'DROP INDEX IF EXISTS "{index.name}"')
            cursor.execute(building(index))
            sign(index, connection)
