"""The list of records at the desk: search, filters, and what a page of it costs."""

from __future__ import annotations

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


def test_an_empty_selection_exports_nothing(admin_client: Client) -> None:
    build.record()
    answer = admin_client.post(LIST, {"action": "export_records"}, follow=True)
    assert not answer.streaming
