"""The list of records at the desk: search, filters, and what a page of it costs."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from records.admin.record import SearchPaginator
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
    assert admin_client.get(f"{LIST}?{query}").status_code in {200, 302, 400}


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


# A search that finds very much


@pytest.fixture
def few_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SearchPaginator, "most", 5)


@pytest.mark.usefixtures("few_are_listed")
@pytest.mark.parametrize(("count", "is_cut"), [(5, False), (6, True)])
def test_a_search_that_finds_very_much_lists_the_newest_and_says_so(
    count: int, is_cut: bool, admin_client: Client
) -> None:
    build.records(count)
    answer = admin_client.get(f"{LIST}?q=订单")
    newest = list(Record.objects.newest_first()[:5])
    assert list(answer.context["cl"].result_list)[:5] == newest
    assert answer.context["cl"].result_count == 5
    assert [str(message) for message in answer.context["messages"]] == (
        ["找到的比列出的前 5 条多：请再加一个词，或选择筛选条件。"] if is_cut else []
    )
    assert admin_client.get(LIST).context["cl"].result_count == count


@pytest.mark.usefixtures("few_are_listed")
@pytest.mark.parametrize(("count", "is_offered"), [(4, True), (6, False)])
def test_years_to_choose_from_are_offered_where_few_records_are_listed(
    count: int, is_offered: bool, admin_client: Client
) -> None:
    build.records(count)
    build.record(build.company("999002"), number="x", held="2023-01-01")
    page = admin_client.get(f"{LIST}?of=999001").content.decode()
    assert ("date_hierarchy" in page or "toplinks" in page) == is_offered


@pytest.mark.usefixtures("few_are_listed")
@pytest.mark.parametrize(("count", "is_cut"), [(5, False), (6, True)])
def test_nothing_is_done_to_more_than_the_list_shows(count: int, is_cut: bool, admin_client: Client) -> None:
    first = build.records(count)[0]
    data = {"action": "export_records", "_selected_action": [first.pk], "index": "0", "select_across": "1"}
    answer = admin_client.post(f"{LIST}?q=%E8%AE%A2%E5%8D%95", data, follow=True)
    said = [str(message) for message in answer.context["messages"]]
    if is_cut:
        assert said[0] == "找到的比列出的多：请先加一个词，或选择筛选条件。"
        assert answer.redirect_chain == [(f"{LIST}?q=%E8%AE%A2%E5%8D%95", 302)]
    else:
        assert answer.context["count"] == count
    one = admin_client.post(f"{LIST}?q=订单", {**data, "select_across": "0"})
    assert one.context["count"] == 1
