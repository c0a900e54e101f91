"""The index of the search made anew, a batch of rows at a time, while the site goes on.

Nobody who reads misses a row meanwhile. On SQLite a second index is built beside the first and takes its place with
the last batch; its own triggers keep up what it holds already, and the highest row that it holds tells how far it has
come. PostgreSQL keeps the grams in the rows: those that are not what they ought to be are written again, and then the
index of them all is built anew beside the old one; a table with one row tells how far it has come.

Whoever goes on where another was killed finds these: they are there as long as an index is under way.
"""

from __future__ import annotations

import abc
import dataclasses
import time
from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from . import search, search_index

BATCH = 500  # rows; SQLite lets nobody else write while they are entered
PAUSE = 0.1  # seconds between batches, in which whoever waits to write comes first


def reindex(connection: BaseDatabaseWrapper) -> None:
    """From the start to the end, outside of a transaction."""
    for work in begin(connection, from_start=True):
        for _rows in work.batches():
            pass


def begin(connection: BaseDatabaseWrapper, *, from_start: bool = False) -> list[Reindexing]:
    """What is still to be done: all indexes, or what was left of them the last time."""
    kind = OnSQLite if connection.vendor == "sqlite" else OnPostgreSQL
    works: list[Reindexing] = [kind(index, connection) for index in search.INDEXES]
    left = [] if from_start else [work for work in works if work.is_under_way()]
    if not left:
        with transaction.atomic(using=connection.alias):  # together: the one that is missing later is done
            for work in works:
                work.begin()
    return left or works


@dataclasses.dataclass(frozen=True)
class Reindexing(abc.ABC):
    """An index that is made anew."""

    index: search.Index
    connection: BaseDatabaseWrapper

    @abc.abstractmethod
    def is_under_way(self) -> bool: ...

    @abc.abstractmethod
    def begin(self) -> None: ...

    @abc.abstractmethod
    def last(self) -> int:
        """The id of the last row that is done, or 0."""

    @abc.abstractmethod
    def batches(self) -> Iterator[int]:
        """Do what is left; after each batch, how many rows it had. Each is kept, whatever becomes of the next."""

    def count(self) -> tuple[int, int]:
        """How many rows there are, and how many of them are done."""
        sql = f'SELECT count(*), count(CASE WHEN id <= %s THEN 1 END) FROM "{self.index.table}"'  # noqa: S608
        ((rows, done),) = self._rows(sql, [self.last()])
        return rows, done

    def _rows(self, sql: str, parameters: list[Any] | None = None) -> list[tuple[Any, ...]]:
        with self.connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.fetchall() if cursor.description else []


class OnSQLite(Reindexing):
    @property
    def new(self) -> search.Index:
        return dataclasses.replace(self.index, suffix="grams_new")

    @property
    def _highest(self) -> str:
        return f'SELECT max(id) FROM "{self.new.name}_docsize"'  # noqa: S608 - names of our own tables

    def is_under_way(self) -> bool:
        return self.new.name not in search_index.missing_parts(self.new, self.connection)

    def begin(self) -> None:
        search_index.drop_on_sqlite(self.connection, self.new)
        search_index.create_on_sqlite(self.connection, self.new, reach=self._highest)

    def last(self) -> int:
        return self._rows(self._highest)[0][0] or 0

    def batches(self) -> Iterator[int]:
        is_over = False
        while not is_over:
            with transaction.atomic(using=self.connection.alias):
                if not self.is_under_way():
                    return  # somebody else was quicker
                if search_index.missing_parts(self.new, self.connection):
                    self.begin()  # a migration rebuilt the table, and what was written since was told to nobody
                done = search_index.fill_on_sqlite(self.connection, self.new, self.last(), BATCH)
                is_over = done < BATCH
                if is_over:
                    self._take_its_place()
            yield done
            if not is_over:
                time.sleep(PAUSE)

    def _take_its_place(self) -> None:
        search_index.drop_on_sqlite(self.connection, self.index)
        with self.connection.cursor() as cursor:
            search_index.drop_triggers(cursor, self.new)
            cursor.execute(f'ALTER TABLE "{self.new.name}" RENAME TO "{self.index.name}"')
            search_index.create_triggers(cursor, self.index)


class OnPostgreSQL(Reindexing):
    @property
    def mark(self) -> str:
        return f"{self.index.name}_done"

    def is_under_way(self) -> bool:
        return self._rows("SELECT to_regclass(%s) IS NOT NULL", [self.mark])[0][0]

    def begin(self) -> None:
        if search_index.missing_parts(self.index, self.connection):
            search_index.install(self.connection)  # waits for all who use the table, and they for it
        self._rows(f'DROP TABLE IF EXISTS "{self.mark}"')
        self._rows(f'CREATE TABLE "{self.mark}" AS SELECT 0::bigint AS id')

    def last(self) -> int:
        return self._rows(f'SELECT id FROM "{self.mark}"')[0][0]  # noqa: S608

    def batches(self) -> Iterator[int]:
        table = self.index.table
        some = f'SELECT id FROM "{table}" WHERE id > %s ORDER BY id LIMIT %s'  # noqa: S608
        wrong = f'SELECT id FROM "{table}" WHERE id = ANY(%s) AND {self.index.is_stale}'  # noqa: S608
        while self.is_under_way():  # or somebody else was quicker
            ids = [pk for (pk,) in self._rows(some, [self.last(), BATCH])]
            if not ids:
                self._build_anew()
                self._rows(f'DROP TABLE IF EXISTS "{self.mark}"')
                return
            left = self._rows(wrong, [ids])
            while left:
                self._write_again([pk for (pk,) in left])
                if left := self._rows(wrong, [[pk for (pk,) in left]]):
                    time.sleep(PAUSE)
            self._rows(f'UPDATE "{self.mark}" SET id = %s', [ids[-1]])  # noqa: S608
            yield len(ids)

    def _write_again(self, ids: list[int]) -> None:
        """Have the grams of rows made from their texts, but for rows that somebody else holds.

        Whoever holds rows and waits for nobody stands in nobody's way.
        """
        column = self.index.columns[0]
        self._rows(
            f"""
            UPDATE "{self.index.table}" SET "{column}" = "{column}" WHERE id IN (
                SELECT id FROM "{self.index.table}" WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
            )
            """,  # noqa: S608
            [ids],
        )

    def _build_anew(self) -> None:
        """Beside the old one. What is left of an attempt that was killed is of no use and costs whoever writes."""
        sql = "SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = to_regclass(%s) AND NOT indisvalid"
        for (name,) in self._rows(sql, [self.index.table]):
            if name != self.index.name:
                self._rows(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        self._rows(f'REINDEX INDEX CONCURRENTLY "{self.index.name}"')
