"""Every list as CSV, XLSX and JSON: the rows of the page for the same parameters, whole, safe and never a draft."""

from __future__ import annotations

import base64
import csv
import io
from typing import Any

import openpyxl
import pytest
from django.db import DatabaseError
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from records import exports, levels
from records.snapshots import TooLongError
from tests import build
from tests.fuzz import examples

pytestmark = pytest.mark.django_db

LEVELS = list(levels.LEVELS)
KINDS = ("csv", "xlsx", "json")
# The rows with their company, activity types, and what a level has of its own.
JSON_QUERIES = {"records": 4, "questions": 4, "participants": 4}


def names(level: str) -> list[str]:
    return [column.name for column in levels.LEVELS[level].public_columns]


def body(answer: Any) -> bytes:
    assert answer.status_code == 200, answer.content
    return b"".join(answer.streaming_content)


def sheet(answer: Any) -> list[list[Any]]:
    return [[cell.value for cell in row] for row in openpyxl.load_workbook(io.BytesIO(body(answer))).active.rows]


def rows(client: Client, level: str, kind: str, query: str = "") -> list[dict[str, Any]]:
    answer: Any = client.get(f"/{level}.{kind}?{query}")
    if kind == "json":
        found = answer.json()["results"]
        assert all(list(row) == names(level) for row in found)
        return found
    lines: Any = sheet(answer) if kind == "xlsx" else list(csv.reader(io.StringIO(body(answer).decode("utf-8-sig"))))
    return [dict(zip(names(level), line, strict=True)) for line in lines[1:]]


@pytest.fixture
def market() -> None:
    build.record(
        number="a",
        held="2024-03-01",
        disclosed="2024-03-05",
        topics=["大模型"],
        asked=[("大模型订单？", "充足。"), ("其他？", "没有。")],
        visitors=["华夏基金 贾静雯", "中信证券 王五"],
    )
    build.record(build.company("000001", "长岭"), number="b", held="2024-02-01", disclosed="2024-04-01")
    build.record(number="c", held="2023-01-01", topics=["境外业务"])
    build.draft(number="hidden", asked=[("大模型草稿？", "草稿。")], visitors=["高瓴资本 李四"], topics=["大模型"])


@pytest.mark.usefixtures("market")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("query", ["", "year=2024", "company=000001", "q=订单", "year=2024&sort=disclosure"])
def test_the_records_are_those_of_the_page_in_its_order(kind: str, query: str, client: Client) -> None:
    page = client.get(f"/records/?{query}").context["listing"].page
    assert page.object_list
    assert [int(row["record_id"]) for row in rows(client, "records", kind, query)] == [record.pk for record in page]


@pytest.mark.usefixtures("market")
@pytest.mark.parametrize("kind", KINDS)
def test_participants_are_everybody_of_the_records_that_fit(kind: str, client: Client) -> None:
    found = rows(client, "participants", kind, f"institution={build.institution('中信证券').pk}")
    assert [row["person"] for row in found] == ["贾静雯", "王五"]
    assert [str(row["institution_count"]) for row in found] == ["2", "2"]
    assert {str(row["disclosed_on"])[:10] for row in found} == {"2024-03-05"}


@pytest.mark.usefixtures("market")
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("kind", KINDS)
def test_no_draft_is_in_any_file(level: str, kind: str, client: Client) -> None:
    found = rows(client, level, kind)
    assert {row["number"] for row in found} == {"a", "b", "c"}
    assert "草稿" not in str(found)


@pytest.mark.usefixtures("market")
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("kind", KINDS)
def test_codes_keep_their_zeros_and_rows_have_ids_days_and_counts(level: str, kind: str, client: Client) -> None:
    row = rows(client, level, kind, "company=000001")[0]
    assert row["company_code"] == "000001"
    assert row["record_id"]
    assert str(row["held_from"])[:10] == "2024-02-01"
    assert str(row["disclosed_on"])[:10] == "2024-04-01"
    assert (str(row["institution_count"]), str(row["person_count"]), str(row["question_count"])) == ("1", "1", "1")


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "query",
    ["date_after=abc", "company=999001&company=x", "compny=999001", "page=2", "limit=3x", "q=%00&sort=up", "after=x"],
)
def test_what_is_not_understood_whole_is_refused_with_the_reason(
    level: str, kind: str, query: str, client: Client
) -> None:
    client.cookies["django_language"] = "en"
    build.record()
    answer = client.get(f"/{level}.{kind}?{query}")
    assert answer.status_code == 400
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.content.decode().endswith(".")


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_company_that_is_only_in_drafts_is_unknown(level: str, kind: str, client: Client) -> None:
    build.draft()
    answer = client.get(f"/{level}.{kind}?company=999001")
    assert answer.status_code == 400
    assert answer.content == client.get(f"/{level}.{kind}?company=999099").content.replace(b"999099", b"999001")


# JSON


def test_pages_of_json_follow_one_another_without_gap_or_repeat(client: Client) -> None:
    for n in range(7):
        build.record(
            number=str(n), held="2024-01-01" if n % 2 else f"2024-01-0{n + 1}", visitors=["华夏基金", "中信证券"]
        )
    for level, total in (("records", 7), ("questions", 7), ("participants", 14)):
        whole = client.get(f"/{level}.json").json()
        assert len(whole["results"]) == total
        assert whole["next"] is None
        for query in ("year=2024", "year=2024&sort=disclosure"):
            address, pages = f"/{level}.json?{query}&limit=2", []
            while address:
                page = client.get(address).json()
                pages.append(page["results"])
                address = page["next"]
                assert address is None or address.startswith(f"http://testserver/{level}.json?")
            assert len(pages) == -(-total // 2)
            assert [row for page in pages for row in page] == whole["results"]


def test_a_page_holds_no_more_than_it_may(client: Client) -> None:
    build.record()
    for limit, code in (
        ("1", 200),
        ("1000", 200),
        ("0", 400),
        ("1001", 400),
        ("-1", 400),
        ("١", 400),
        ("9" * 5000, 400),
    ):
        assert client.get("/records.json", {"limit": limit}).status_code == code, limit[:5]


def test_a_new_record_repeats_none_on_the_next_page(client: Client) -> None:
    build.records(3)
    first = client.get("/records.json?limit=2").json()
    build.record(number="new", held="2025-01-01")
    assert [row["number"] for row in client.get(first["next"]).json()["results"]] == ["2024-001"]


def test_a_cursor_of_another_order_is_refused(client: Client) -> None:
    build.records(2)
    following = client.get("/records.json?limit=1").json()["next"]
    assert client.get(f"{following}&sort=disclosure").status_code == 400


def test_json_has_numbers_lists_and_nothing_as_null(client: Client) -> None:
    build.record(activities=["特定对象调研", "现场参观"], signed_on=None, stated_people=31)
    row = client.get("/records.json").json()["results"][0]
    assert row["activity_types"] == ["特定对象调研", "现场参观"]
    assert (row["signed_on"], row["stated_people"], row["held_from"]) == (None, 31, "2024-06-06")
    assert "特定对象调研" in client.get("/records.json").content.decode()


@pytest.mark.fuzz
@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(after=st.text(max_size=40) | st.binary(max_size=40), limit=st.text(max_size=6), level=st.sampled_from(LEVELS))
def test_no_cursor_and_no_limit_breaks_anything(after: Any, limit: str, level: str, client: Client) -> None:
    for parameters in ({"after": after}, {"after": after, "limit": "5"}, {"limit": limit}):
        assert client.get(f"/{level}.json", parameters).status_code in {200, 400}


@pytest.mark.fuzz
@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(day=st.text("0123456789-", max_size=12), pk=st.integers(), position=st.integers(), by=st.text(max_size=12))
def test_no_cursor_of_the_right_make_breaks_anything(
    day: str, pk: int, position: int, by: str, client: Client
) -> None:
    for field in ("held_from", by):
        for text in (f"{field} {day} {pk} {position}", f"{field} 2024-01-01 {abs(pk)} {abs(position)}"):
            cursor = base64.urlsafe_b64encode(text.encode(errors="replace")).decode()
            for level in LEVELS:
                assert client.get(f"/{level}.json", {"after": cursor}).status_code in {200, 400}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("count", [3, 40])
def test_a_page_of_json_asks_the_database_a_fixed_number_of_times(
    level: str, count: int, client: Client, django_assert_num_queries: Any
) -> None:
    build.records(count, topics=["大模型"])
    with django_assert_num_queries(JSON_QUERIES[level]):
        assert len(client.get(f"/{level}.json").json()["results"]) == count


# XLSX


def test_a_workbook_holds_days_as_days_numbers_as_numbers_and_a_frozen_heading(client: Client) -> None:
    build.record(held="2024-06-06")
    book = openpyxl.load_workbook(io.BytesIO(body(client.get("/records.xlsx"))))
    assert book.active.freeze_panes == "A2"
    first = dict(zip(names("records"), next(book.active.iter_rows(min_row=2)), strict=True))
    assert first["held_from"].is_date
    assert first["held_from"].value.isoformat() == "2024-06-06T00:00:00"
    assert first["question_count"].value == 1
    assert first["company_code"].data_type in {"s", "inlineStr"}


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "http://a.example/", "{=1}", "_x0041_"])
def test_text_of_a_workbook_is_text_whatever_it_begins_with(text: str, client: Client) -> None:
    build.record(place=text, introduction="")
    book = openpyxl.load_workbook(io.BytesIO(body(client.get("/records.xlsx"))))
    cell = book.active.cell(2, names("records").index("place") + 1)
    assert cell.data_type in {"s", "inlineStr"}
    assert cell.hyperlink is None
    assert openpyxl.utils.escape.unescape(cell.value).strip("\t") == text.strip("\t")


def test_a_text_longer_than_a_cell_is_cut_where_one_sees_it(client: Client) -> None:
    build.record(asked=[("长？", "长" * 40_000)])
    answer = rows(client, "questions", "xlsx")[0]["answer"]
    assert len(answer) == exports.CELL_LENGTH
    assert answer.endswith("长…")


@pytest.mark.parametrize(("count", "is_cut"), [(3, False), (4, True), (6, True)])
def test_a_sheet_that_cannot_hold_all_rows_says_so_in_its_last(
    count: int, is_cut: bool, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "SHEET_ROWS", 4)
    client.cookies["django_language"] = "en"
    build.records(count)
    lines = sheet(client.get("/records.xlsx"))
    assert len(lines) == 4
    assert str(lines[-1][0]).startswith("CUT") is is_cut
    assert sum(line[1] is not None for line in lines[1:]) == 3 - is_cut


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The database goes away after the first rows."""
    whole = exports._chunks

    def broken(*asked: Any) -> Any:
        yield next(whole(*asked))
        raise DatabaseError("gone")

    monkeypatch.setattr(exports, "_chunks", broken)


@pytest.mark.usefixtures("failing")
def test_a_workbook_that_fails_on_the_way_is_not_sent_at_all() -> None:
    build.records(3)
    answer: Any = Client(raise_request_exception=False).get("/records.xlsx")
    assert answer.status_code == 500
    assert not answer.streaming
    assert b"PK" not in answer.content


def test_whoever_takes_a_table_too_slowly_is_let_go(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    client.cookies["django_language"] = "en"
    build.records(3)
    monkeypatch.setattr(exports, "LONGEST", -1)
    answer: Any = client.get("/records.csv")
    pieces: list[bytes] = []
    with pytest.raises(TooLongError):
        pieces.extend(answer.streaming_content)
    assert b"".join(pieces).decode().splitlines()[-1].startswith("INCOMPLETE")


@pytest.mark.usefixtures("failing")
def test_a_table_that_fails_on_the_way_says_so_in_its_last_line(client: Client) -> None:
    client.cookies["django_language"] = "en"
    build.records(3)
    answer: Any = client.get("/records.csv")
    pieces: list[bytes] = []
    with pytest.raises(DatabaseError):
        pieces.extend(answer.streaming_content)
    assert b"".join(pieces).decode().splitlines()[-1].startswith("INCOMPLETE")
