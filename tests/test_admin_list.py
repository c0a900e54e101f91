"""The list of records at the desk: search, filters, exports, and what a page of it costs."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.test import Client

from records.models import Record

from . import build

pytestmark = pytest.mark.django_db

LIST = "/admin/records/record/"
LIST_QUERIES = 16


@pytest.fixture
def two(db: None) -> tuple[Record, Record]:
    one = build.record(number="1", held="2024-06-06", asked=[("境外收入如何？", "增长。")], topics=["境外业务"])
    other = build.draft(
        build.company("999002"), number="2", held="2025-05-05", visitors=["中信证券 王五"], activities=["路演活动"]
    )
    return one, other


@pytest.mark.parametrize(
    "query",
    [
        "q=境外",
        "q=贾静雯",
        "q=cgsj",
        "q=hxjj",
        "q=999001",
        "of=999001",
        "of=999001 晨光数据",
        "of=晨光",
        "visitor=华夏基金",
        "visitor=hxjj",
        "about=境外业务",
        "status__exact=published",
        "activity_types__name__exact=特定对象调研",
        "held_from__year=2024&held_from__month=6",
        "about=境外&visitor=华夏&of=晨光&q=增长",
    ],
)
def test_the_list_narrows(admin_client: Client, two: tuple[Record, Record], query: str) -> None:
    answer = admin_client.get(f"{LIST}?{query}")
    assert answer.status_code == 200
    assert list(answer.context["cl"].result_list) == [two[0]]


@pytest.mark.parametrize(
    "query",
    [
        "q=%00",
        "q=" + "长" * 800,
        "visitor=" + "x" * 500,
        "of=%00",
        "about=%20",
        "p=-1",
        "company=" + "9" * 40,
        "held_from__year=" + "9" * 30,
        "p=abc",
    ],
)
def test_nonsense_is_no_error_of_ours(admin_client: Client, two: tuple[Record, Record], query: str) -> None:
    assert admin_client.get(f"{LIST}?{query}").status_code in {200, 302}


def test_a_page_of_the_list_costs_the_same_for_any_number_of_rows(
    admin_client: Client, django_assert_max_num_queries: Any
) -> None:
    for code, count in (("999001", 2), ("999002", 40)):
        build.records(count, of=build.company(code))
        admin_client.get(LIST)
        with django_assert_max_num_queries(LIST_QUERIES):
            assert admin_client.get(LIST).status_code == 200


def rows_of(answer: Any) -> list[dict[str, str]]:
    data = b"".join(answer.streaming_content)
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))


@pytest.mark.parametrize(("level", "count"), [("records", 2), ("participants", 3), ("questions", 4)])
def test_a_selection_leaves_at_each_level(admin_client: Client, level: str, count: int) -> None:
    one = build.record(number="1", visitors=["华夏基金 贾静雯", "中信证券 王五"], asked=[("甲？", "乙")] * 3)
    two = build.draft(number="2", visitors=["高瓴资本 李四"], asked=[("丙？", "=1+1")])
    build.draft(number="3")
    data = {"action": f"export_{level}", "_selected_action": [one.pk, two.pk]}
    answer = admin_client.post(LIST, data)
    assert answer.streaming
    assert "no-store" in answer.headers["Cache-Control"]
    rows = rows_of(answer)
    assert len(rows) == count
    assert {row["编号"] for row in rows} == {"1", "2"}
    assert {row["状态"] for row in rows} == {"已发布", "草稿"}
    assert all(not cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())


def test_an_empty_selection_exports_nothing(admin_client: Client) -> None:
    build.record()
    answer = admin_client.post(LIST, {"action": "export_records"}, follow=True)
    assert not answer.streaming


def test_all_that_a_filter_shows_leaves_across_pages(admin_client: Client) -> None:
    records = build.records(60)
    build.record(build.company("999002"), number="x", held="2020-01-01")
    data = {"action": "export_records", "_selected_action": [records[0].pk], "select_across": "1"}
    assert len(rows_of(admin_client.post(f"{LIST}?of=999001", data))) == 60
