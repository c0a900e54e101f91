"""The index of the search made anew while the site goes on.

Nobody who reads misses a row meanwhile. On SQLite a second index is built beside the first, a batch of rows at a time,
and takes its place with the last batch; its own triggers keep up what it holds already, and the highest row that it
holds tells how far it has come. PostgreSQL builds one beside the old one by itself, as a whole; an empty table says
that this is still to be done.

Whoever goes on where another was killed finds these: they are there as long as an index is under way.
"""

from __future__ import annotations

import abc
import concurrent.futures
import contextlib
import dataclasses
import time
from collections.abc import Generator
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
    connection.validate_no_atomic_block()  # PostgreSQL would wait for its end, and nobody else could write on SQLite
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
    def batches(self) -> Generator[int, None, None]:
        """Do what is left; now and then, how many rows more are done. Closed before its end, it stops."""

    def last(self) -> int:
        """The id of the last row that is done and stays so, or 0."""
        return 0

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

    def batches(self) -> Generator[int, None, None]:
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
        return f"{self.index.name}_due"

    def is_under_way(self) -> bool:
        return self._rows("SELECT to_regclass(%s) IS NOT NULL", [self.mark])[0][0]

    def begin(self) -> None:
        search_index.create_functions(self.connection)
        self._rows(f'DROP TABLE IF EXISTS "{self.mark}"')
        self._rows(f'CREATE TABLE "{self.mark}" ()')

    def batches(self) -> Generator[int, None, None]:
        """It is built in a connection of its own, which this one watches."""
        rows, _done = self.count()
        told = 0
        with (
            contextlib.closing(self.connection.copy()) as builder,
            concurrent.futures.ThreadPoolExecutor(1) as thread,
        ):
            builder.inc_thread_sharing()
            other = dataclasses.replace(self, connection=builder)
            other._rows("SET client_connection_check_interval = '1s'")  # killed, it does not go on alone
            # Whoever waits for a lock of PostgreSQL's would be waited for in turn.
            while not other._rows("SELECT pg_try_advisory_lock(hashtext(%s))", [self.mark])[0][0]:
                yield 0
                time.sleep(PAUSE)
            if not self.is_under_way():
                return  # somebody else was quicker
            work = thread.submit(other._build)
            try:
                while not work.done():
                    done = int(rows * self._share())
                    yield max(done - told, 0)
                    told = max(done, told)
                    concurrent.futures.wait([work], PAUSE)
            finally:
                while not work.done():
                    builder.connection.cancel()
                    concurrent.futures.wait([work], PAUSE)
            work.result()
            search_index.sign(self.index, self.connection)
            self._rows(f'DROP TABLE IF EXISTS "{self.mark}"')
        yield rows - told

    def _build(self) -> None:
        # What is left of an attempt that was killed is of no use and costs whoever writes.
        sql = "SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = to_regclass(%s) AND NOT indisvalid"
        for (name,) in self._rows(sql, [self.index.table]):
            self._rows(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        lacking = search_index.missing_parts(self.index, self.connection)
        if not lacking and not search_index.is_stale(self.index, self.connection):
            self._rows(f'REINDEX INDEX CONCURRENTLY "{self.index.name}"')
        else:  # another version may have made it of something else, which it would keep
            self._rows(f'DROP INDEX CONCURRENTLY IF EXISTS "{self.index.name}"')
            self._rows(search_index.building(self.index, "CONCURRENTLY"))

    def _share(self) -> float:
        """How much of the rows the building has come through; what it does before and after takes no time."""
        sql = """
            SELECT blocks_done::float / nullif(blocks_total, 0) FROM pg_stat_progress_create_index
            WHERE relid = to_regclass(%s) AND phase LIKE 'building index%%'
        """
        return max((share or 0 for (share,) in self._rows(sql, [self.index.table])), default=0)
