"""`manage.py reindex`: the index of the search is made anew while the site goes on, and goes on where it was killed."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import translation

from records import reindexing, search, search_index
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
    monkeypatch.setattr(reindexing, "PAUSE", 0)
    monkeypatch.setattr(reindexing, "BATCH", 2)
    with translation.override("en"):
        yield
    reindexing.reindex(connection)


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
        blind = "CREATE OR REPLACE FUNCTION irsite_grams(value text) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$ SELECT ARRAY['错'] $$"
        sql(blind)
        Question.objects.update(text=Question.objects.values("text")[:1])
        sql("UPDATE records_question SET text = '问' || position || '号？'")
        search_index.install(connection)  # the function is right again, and what was written stays


def wrong() -> list[int]:
    return [pk for index in search.INDEXES for pk in search_index.misindexed(index, connection, lambda _n: None)]


def under_way() -> list[str]:
    """What an index that is under way leaves in the database."""
    names = connection.introspection.table_names()
    return [name for name in names if "_new" in name or name.endswith("_done")]


def run(
    monkeypatch: pytest.MonkeyPatch, each: Callable[[int], Any] = lambda _rows: None, **options: Any
) -> tuple[str, list[list[int]]]:
    """What the command says, and what its bars went through: the rows at the start of each, then of each batch.

    `each` is called after each batch, with the rows that this call has done.
    """
    bars: list[list[int]] = []

    class Bar(command.tqdm):  # type: ignore[misc, name-defined]
        def __init__(self, **given: Any) -> None:
            bars.append([given["initial"]])
            super().__init__(**given)

        def update(self, rows: int = 1) -> None:
            bars[-1].append(rows)
            each(sum(sum(bar[1:]) for bar in bars))

    out = io.StringIO()
    with monkeypatch.context() as patch:
        patch.setattr(command, "tqdm", Bar)
        call_command("reindex", stdout=out, **options)
    return out.getvalue(), bars


def kill_at(wanted: int) -> Callable[[int], None]:
    def each(rows: int) -> None:
        if rows >= wanted:
            raise Killed

    return each


def asked(word: str) -> list[int]:
    return list(Question.objects.matching(word).order_by("position").values_list("position", flat=True))


def test_what_was_damaged_is_found_again(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    damage()
    assert asked("订单") == []
    assert len(wrong()) == 7
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
    assert out == f"records_question: going on after 2 of 7 rows\n{DONE}"
    assert bars[0][0] == 2
    assert sum(bars[0][1:]) == 5
    assert asked("订单") == [1, 2, 3, 4, 5, 6, 7]
    assert wrong() == []
    assert under_way() == []


def test_an_index_that_was_done_before_the_kill_is_not_done_again(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(4):
        build.draft(number=f"{n}", asked=())
    with pytest.raises(Killed):
        run(monkeypatch, kill_at(7 + 2))
    out, bars = run(monkeypatch)
    assert out == f"records_record: going on after 2 of 5 rows\n{DONE}"
    assert [(bar[0], sum(bar[1:])) for bar in bars] == [(2, 3)]
    assert wrong() == []


def test_killed_when_all_rows_are_done_it_still_comes_to_its_end(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    damage()
    kind = reindexing.OnSQLite if connection.vendor == "sqlite" else reindexing.OnPostgreSQL
    last_step = "_take_its_place" if connection.vendor == "sqlite" else "_build_anew"
    with monkeypatch.context() as patch:
        patch.setattr(kind, last_step, lambda _self: kill_at(0)(0))
        with pytest.raises(Killed):
            run(monkeypatch)
    assert under_way()
    assert run(monkeypatch)[0].endswith(DONE)
    assert asked("订单") == [1, 2, 3, 4, 5, 6, 7]
    assert under_way() == []


def test_from_the_start_if_one_wants(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Killed):
        run(monkeypatch, kill_at(4))
    out, bars = run(monkeypatch, from_start=True)
    assert out == DONE
    assert [(bar[0], sum(bar[1:])) for bar in bars] == [(0, 7), (0, 1)]


def test_what_is_written_meanwhile_is_in_the_new_index(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the place that it has come to, behind it, and while nobody goes on with it."""
    rows = list(record.questions.order_by("position"))

    def write(_rows: int) -> None:
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

    def search_elsewhere(_rows: int) -> None:
        for db in (connection, other):
            with db.cursor() as cursor:
                cursor.execute(sought.sql, sought.params)
                found.append(len(cursor.fetchall()))

    try:
        search_elsewhere(0)
        run(monkeypatch, search_elsewhere)
        search_elsewhere(0)
    finally:
        other.close()
    assert len(found) > 8
    assert set(found) == {7}


def test_it_takes_the_place_of_an_index_that_is_not_there(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    if connection.vendor == "sqlite":
        sql("DROP TABLE records_question_grams")
        sql("DROP TRIGGER records_record_grams_update")
    else:
        sql("ALTER TABLE records_question DROP COLUMN grams")
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
    assert run(monkeypatch)[1][0][0] == 4


def test_rows_that_somebody_holds_are_waited_for(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without holding others that they may want: both would wait for ever."""
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    damage()
    holder = connection.copy()
    left: list[list[int]] = []

    def go_on(_seconds: float) -> None:
        left.append(wrong())
        holder.rollback()

    monkeypatch.setattr(reindexing.time, "sleep", go_on)
    try:
        holder.set_autocommit(False)
        with holder.cursor() as cursor:
            cursor.execute("SELECT id FROM records_question ORDER BY id LIMIT 1 FOR UPDATE")
            held = cursor.fetchall()[0][0]
        run(monkeypatch)
    finally:
        holder.close()
    assert left[0][0] == held
    assert len(left[0]) == 6
    assert wrong() == []
