"""An export is a stream: it begins at once, shows one moment, and stands in nobody's way, however long it takes."""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from defusedcsv import csv as defusedcsv
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from records import exports, levels
from records.models import Institution, Question, Record
from tests import build
from tests.fuzz import examples

LEVELS = ["records", "participants", "questions"]


def stream(level: str) -> Iterator[bytes]:
    kind = levels.LEVELS[level]
    return exports.csv_lines(kind, kind.of(Record.objects.published().newest_first()))


def read(pieces: Iterator[bytes]) -> list[list[str]]:
    return list(csv.reader(io.StringIO(b"".join(pieces).decode("utf-8-sig"))))


def elsewhere(act: Any) -> None:
    """Done on another connection, and waited for."""
    failed: list[BaseException] = []

    def run() -> None:
        try:
            act()
        except BaseException as error:  # told to whoever waits
            failed.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(30)
    assert not thread.is_alive(), "it waits for the export"
    assert not failed


@pytest.fixture
def in_small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "CHUNK", 20)  # of which the first are two


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("in_small_chunks")
@pytest.mark.parametrize("level", LEVELS)
def test_what_is_written_meanwhile_is_not_in_it_and_does_not_wait(level: str) -> None:
    build.records(25, visitors=["华夏基金 甲"], asked=[("产能？", "满产。")], topics=["产能"])
    before = read(stream(level))
    pieces = stream(level)
    begun = [next(pieces), next(pieces)]

    def act() -> None:
        Question.objects.update(answer="停产。")
        Institution.objects.update(name="改名基金")
        Record.objects.update(place="别处")

    elsewhere(act)
    assert read(iter([*begun, *pieces])) == before  # also what is fetched beside the rows
    assert len(before) == 26
    assert read(stream(level)) != before or level == "participants"


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("in_small_chunks")
@pytest.mark.parametrize("level", LEVELS)
def test_postgresql_does_not_lay_by_all_rows_before_it_gives_the_first(level: str) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite reads on from where it is and lays nothing by")
    build.records(3)
    pieces = stream(level)
    next(pieces), next(pieces)
    with connection.cursor() as cursor:
        cursor.execute("SELECT is_holdable FROM pg_cursors WHERE name LIKE '_django_curs_%'")
        assert cursor.fetchall() == [(False,)]
        cursor.execute("SHOW idle_in_transaction_session_timeout")  # whoever takes too long is left
        assert cursor.fetchall() == [("5min",)]
    list(pieces)
    with connection.cursor() as cursor:
        cursor.execute("SHOW idle_in_transaction_session_timeout")
        assert cursor.fetchall() == [("0",)]
    assert not connection.in_atomic_block


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("in_small_chunks")
def test_an_export_that_is_left_half_way_leaves_no_transaction_open() -> None:
    build.records(3)
    pieces = stream("records")
    next(pieces), next(pieces)
    pieces.close()  # type: ignore[attr-defined]
    assert not connection.in_atomic_block
    assert len(read(stream("records"))) == 4


@pytest.mark.django_db
@pytest.mark.parametrize(
    "number", ["2026-001", "", "第1号", "a b", "100%", "x?y#z", "a+b&c", "50:1@home", "..", "（一）"]
)
def test_an_address_is_that_of_the_page(number: str) -> None:
    made = build.record(number=number, asked=[("产能？", "满产。")])
    rows = {level: read(stream(level)) for level in ("records", "questions")}
    column = {level: [one.name for one in levels.LEVELS[level].public_columns].index("address") for level in rows}
    assert rows["records"][1][column["records"]] == made.get_absolute_url()
    assert rows["questions"][1][column["questions"]] == made.questions.get().get_absolute_url()


CELLS = st.one_of(
    st.text(max_size=12),
    st.text("=+-@|%＝＋－＠\t\r\n\"',；/（“a1中 ", max_size=6),
    st.integers(-9999, 9999),
    st.none(),
)


@pytest.mark.fuzz
@settings(max_examples=examples(200), suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.lists(CELLS, min_size=1, max_size=5), max_size=4))
def test_rows_that_need_no_second_look_are_written_as_the_library_would(table: list[list[Any]]) -> None:
    """Which rows are looked at twice is a matter of speed; a few signs more than the library's are taken for formulas."""
    plain = io.StringIO()
    writer = defusedcsv.writer(plain)
    writer.writerow(["x"])
    for row in table:
        writer.writerow(
            [f"'{cell}" if isinstance(cell, str) and cell[:1] in {*"\t\r\n＝＋－＠"} else cell for cell in row]
        )
    wanted = plain.getvalue()
    assert b"".join(exports.csv_of(["x"], [table])).decode("utf-8-sig") == wanted
