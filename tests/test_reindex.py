"""`manage.py reindex`: the index of the search is made anew while the site goes on, and goes on where it was killed.

On SQLite that is at a row; on PostgreSQL, which builds an index as a whole, at one of the indexes. There a test is in
the midst of it while somebody else has a table in use, whom PostgreSQL waits for.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.db.transaction import TransactionManagementError
from django.utils import translation

from records import integrity, reindexing, search, search_index
from records.management.commands import reindex as command
from records.models import Question, Record

from . import build

pytestmark = pytest.mark.django_db(transaction=True)

DONE = "The index of the search is made anew.\n"


class Killed(BaseException):
    pass


@pytest.fixture(autouse=True)
def in_small_batches(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two rows a batch; what a test breaks of the index outlives its rows."""
    monkeypatch.setattr(reindexing, "PAUSE", 0.001)
    monkeypatch.setattr(reindexing, "BATCH", 2)
    if connection.vendor == "postgresql":
        sql("SET enable_seqscan = off")  # the planner takes an index for many rows
    with translation.override("en"):
        yield
    reindexing.reindex(connection)
    if connection.vendor == "postgresql":
        sql("RESET enable_seqscan")


@pytest.fixture
def record() -> Record:
    return build.draft(asked=[(f"问{n}号？", f"订单第{n}批。") for n in range(1, 8)])


def sql(statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else []


def damage() -> None:
    """The index holds something else of every question."""
    if connection.vendor == "sqlite":
        sql("INSERT INTO records_question_grams(records_question_grams) VALUES ('delete-all')")
        sql("INSERT INTO records_question_grams(rowid, grams) SELECT id, irsite_grams('错') FROM records_question")
    else:
        build.index_of_another_version()


def wrong() -> list[str]:
    return list(integrity.check_search(lambda _n: None))


def under_way() -> list[str]:
    """What an index that is under way leaves in the database."""
    names = connection.introspection.table_names()
    left = [name for name in names if "_new" in name or name.endswith("_due")]
    if connection.vendor == "postgresql":
        left += [name for (name,) in sql("SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid")]
    return left


def identity(index: search.Index) -> Any:
    """Of what was built: it changes when PostgreSQL builds an index anew."""
    return sql("SELECT to_regclass(%s)::oid", index.name)[0][0]


Bars = list[list[int]]


def run(
    monkeypatch: pytest.MonkeyPatch,
    each: Callable[[Bars], Any] | None = None,
    table: str = "records_question",
    ticks: int = 1,
    **options: Any,
) -> tuple[str, Bars]:
    """What the command says, and what its bars went through: the rows at the start of each, then of each batch.

    `each` is called with these after each batch. On PostgreSQL `table` is in use until that was done `ticks` times for
    its index.
    """
    bars: Bars = []
    holder = connection.copy()

    class Bar(command.tqdm):  # type: ignore[misc, name-defined]
        def __init__(self, **given: Any) -> None:
            bars.append([given["initial"]])
            self.table = given["desc"]
            super().__init__(**given)

        def update(self, rows: int = 1) -> None:
            bars[-1].append(rows)
            if each:
                each(bars)
            if self.table == table and len(bars[-1]) > ticks and holder.connection:
                holder.rollback()

    out = io.StringIO()
    try:
        if each and connection.vendor == "postgresql":
            holder.set_autocommit(False)
            with holder.cursor() as cursor:
                cursor.execute(f"LOCK TABLE {table} IN ROW EXCLUSIVE MODE")
        with monkeypatch.context() as patch:
            patch.setattr(command, "tqdm", Bar)
            call_command("reindex", stdout=out, **options)
    finally:
        holder.close()
    return out.getvalue(), bars


def kill_at(*wanted: int) -> Callable[[Bars], None]:
    """When so many rows of each index are done; on PostgreSQL in the midst of the last of these."""

    def each(bars: Bars) -> None:
        if len(bars) != len(wanted):
            return
        if connection.vendor == "postgresql":
            deadline = time.monotonic() + 30
            while all(name.endswith("_due") for name in under_way()) and time.monotonic() < deadline:
                time.sleep(0.01)  # it has not begun yet, and cannot end while the table is in use
            raise Killed
        if sum(bars[-1][1:]) >= wanted[-1]:
            raise Killed

    return each


def asked(word: str) -> list[int]:
    return list(Question.objects.matching(word).order_by("position").values_list("position", flat=True))


def test_what_was_damaged_is_found_again(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    damage()
    assert asked("订单") == []
    assert len(wrong()) == (7 if connection.vendor == "sqlite" else 2)
    out, bars = run(monkeypatch)
    assert out == DONE
    assert [sum(bar) for bar in bars] == [7, 1]
    assert asked("订单") == [1, 2, 3, 4, 5, 6, 7]
    assert asked("5号") == [5]
    assert wrong() == []
    assert under_way() == []


def test_a_whole_index_stays_so_and_is_kept_up_afterwards(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    for _again in range(2):
        assert run(monkeypatch)[0] == DONE
        assert wrong() == []
        assert search_index.is_current(connection)
    Question.objects.filter(position=1).update(answer="产能利用率。")
    Question.objects.filter(position=7).delete()
    build.add_questions(build.draft(number="2", asked=()), [("产能？", "")])
    assert Question.objects.matching("产能利用").count() == 1
    assert Question.objects.matching("产能").count() == 2
    assert asked("订单") == [2, 3, 4, 5, 6]
    assert wrong() == []


def test_killed_half_way_it_does_the_rest(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    damage()
    with pytest.raises(Killed):
        run(monkeypatch, kill_at(2))
    assert under_way()
    out, bars = run(monkeypatch)
    if connection.vendor == "sqlite":
        assert out == f"records_question: going on after 2 of 7 rows\n{DONE}"
        assert [(bar[0], sum(bar[1:])) for bar in bars] == [(2, 5), (0, 1)]
    else:
        assert out == DONE
        assert [(bar[0], sum(bar[1:])) for bar in bars] == [(0, 7), (0, 1)]
    assert asked("订单") == [1, 2, 3, 4, 5, 6, 7]
    assert wrong() == []
    assert under_way() == []


def test_an_index_that_was_done_before_the_kill_is_not_done_again(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(4):
        build.draft(number=f"{n}", asked=())
    with pytest.raises(Killed):
        run(monkeypatch, kill_at(7, 2), table="records_record")
    if connection.vendor == "postgresql":
        assert under_way() == ["records_record_grams_due", "records_record_grams_ccnew"]
        before = [identity(index) for index in search.INDEXES]
    out, bars = run(monkeypatch)
    if connection.vendor == "sqlite":
        assert out == f"records_record: going on after 2 of 5 rows\n{DONE}"
        assert [(bar[0], sum(bar[1:])) for bar in bars] == [(2, 3)]
    else:
        assert [(bar[0], sum(bar[1:])) for bar in bars] == [(0, 5)]
        assert [identity(index) == old for index, old in zip(search.INDEXES, before, strict=True)] == [True, False]
    assert wrong() == []
    assert under_way() == []


def test_killed_when_all_rows_are_done_it_still_comes_to_its_end(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    damage()

    def die(*_given: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        if connection.vendor == "sqlite":
            patch.setattr(reindexing.OnSQLite, "_take_its_place", die)
        else:
            patch.setattr(search_index, "sign", die)
        with pytest.raises(Killed):
            run(monkeypatch)
    assert under_way()
    assert run(monkeypatch)[0].endswith(DONE)
    assert asked("订单") == [1, 2, 3, 4, 5, 6, 7]
    assert under_way() == []


def test_from_the_start_if_one_wants(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    killed = (4,) if connection.vendor == "sqlite" else (7, 0)  # else the first would be begun anew in any case
    with pytest.raises(Killed):
        run(monkeypatch, kill_at(*killed), table="records_record")
    out, bars = run(monkeypatch, from_start=True)
    assert out == DONE
    assert [(bar[0], sum(bar[1:])) for bar in bars] == [(0, 7), (0, 1)]


def test_what_is_written_meanwhile_is_in_the_new_index(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the place that it has come to, behind it, and while nobody goes on with it."""
    rows = list(record.questions.order_by("position"))

    def write(_bars: Bars) -> None:
        Question.objects.filter(pk=rows[0].pk).update(text="改前甲？")
        Question.objects.filter(pk=rows[1].pk).delete()
        Question.objects.filter(pk=rows[5].pk).update(text="改后甲？")
        Question.objects.filter(pk=rows[6].pk).delete()
        raise Killed

    with pytest.raises(Killed):
        run(monkeypatch, write)
    build.draft(number="2", asked=[("新甲？", "")])
    Question.objects.filter(pk=rows[0].pk).update(text="再改甲？")
    run(monkeypatch)
    assert {row.text for row in Question.objects.matching("甲")} == {"再改甲？", "改后甲？", "新甲？"}
    assert wrong() == []


def test_who_searches_meanwhile_finds_everything(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    other = connection.copy()
    found: list[int] = []

    sought = search.ids_holding(search.QUESTIONS, "订单", connection.vendor)

    def search_elsewhere(_bars: Bars) -> None:
        for db in (connection, other):
            with db.cursor() as cursor:
                cursor.execute(sought.sql, sought.params)
                found.append(len(cursor.fetchall()))

    try:
        search_elsewhere([])
        run(monkeypatch, search_elsewhere, ticks=5)
        search_elsewhere([])
    finally:
        other.close()
    assert len(found) > 8
    assert set(found) == {7}


def test_it_takes_the_place_of_an_index_that_is_not_there(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    if connection.vendor == "sqlite":
        sql("DROP TABLE records_question_grams")
        sql("DROP TRIGGER records_record_grams_update")
    else:
        sql("DROP INDEX records_question_grams")
        sql("DROP INDEX records_record_grams")
    assert not search_index.is_installed(connection)
    run(monkeypatch)
    assert search_index.is_installed(connection)
    assert asked("订单") == [1, 2, 3, 4, 5, 6, 7]
    assert wrong() == []


def test_a_table_that_was_rebuilt_meanwhile_is_begun_anew(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    if connection.vendor == "postgresql":
        pytest.skip("PostgreSQL rebuilds no table for a migration")
    with pytest.raises(Killed):
        run(monkeypatch, kill_at(4))
    for event in ("insert", "update", "delete"):
        sql(f"DROP TRIGGER records_question_grams_new_{event}")
    Question.objects.filter(position=1).update(text="子丑？")
    search_index.install(connection)
    run(monkeypatch)
    assert asked("子丑") == [1]
    assert wrong() == []


def test_migrating_meanwhile_leaves_both_indexes_alone(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    """That of old still counts as whole, though there is a second one beside it."""
    with pytest.raises(Killed):
        run(monkeypatch, kill_at(4))
    before = under_way()
    search_index.install(connection)
    assert asked("订单") == [1, 2, 3, 4, 5, 6, 7]
    assert under_way() == before
    assert run(monkeypatch)[1][0][0] == (4 if connection.vendor == "sqlite" else 0)


@pytest.mark.parametrize("which", [0, 1], ids=["the first", "the second"])
def test_two_at_once_do_it_once(record: Record, monkeypatch: pytest.MonkeyPatch, which: int) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has one writer at a time: each goes on where the other has come to")
    index = search.INDEXES[which]
    link = connection.copy()
    other = reindexing.OnPostgreSQL(index, link).batches()
    waited: list[int] = []

    def both(bars: Bars) -> None:
        if len(bars) == which + 1 and len(waited) < 5:
            waited.append(next(other))

    try:
        run(monkeypatch, both, table=index.table, ticks=5)
        before = identity(index)
        assert [rows for rows in other if rows] == []
    finally:
        other.close()
        link.close()
    assert waited == [0] * 5
    assert identity(index) == before
    assert wrong() == []


def test_within_a_transaction_it_would_wait_for_ever(record: Record) -> None:
    with transaction.atomic(), pytest.raises(TransactionManagementError):
        reindexing.reindex(connection)
    assert under_way() == []
