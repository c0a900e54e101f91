"""Insights: figures that are true, for the same filters as the list, on the page and as CSV."""

from __future__ import annotations

import csv
import datetime
import io
import itertools
import re
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client

from records import filters, insights
from records.filters import fitting
from records.models import Institution, Record, Tally
from records.querysets import RecordQuerySet
from tests import build

pytestmark = pytest.mark.django_db

# Count; first and last day; what is of the last year; two rankings; boxes; names of topics; months and six facets.
PAGE_QUERIES = 1 + 1 + 1 + 2 + 1 + 1 + 1 + 6


@pytest.fixture
def market() -> None:
    build.record(number="a", held="2024-02-01", topics=["大模型"], visitors=["华夏基金 甲", "中信证券 乙"])
    build.record(number="b", held="2024-05-01", topics=["大模型", "境外业务"], activities=["路演活动", "现场参观"])
    build.record(
        build.company("999002"),
        number="c",
        held="2024-05-02",
        topics=["境外业务"],
        visitors=["华夏基金 甲", "华夏基金 丙"],
    )
    build.draft(held="2024-05-03", topics=["大模型"])


def table(client: Client, name: str, query: str = "") -> list[list[str]]:
    answer: Any = client.get(f"/insights/{name}.csv?{query}")
    assert answer.status_code == 200
    return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))[1:]


@pytest.fixture(params=["few", "vast"])
def number(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether what fits is few enough to be looked at as a whole, or comes two rows at a time."""
    if request.param == "vast":
        monkeypatch.setattr(fitting, "FEW", 1)
        monkeypatch.setattr(fitting, "PIECE", 2)


def chosen(query: str = "") -> filters.RecordFilter:
    return filters.RecordFilter(QueryDict(query), Record.objects.published())


def institutions(query: str = "", but: int | None = None) -> list[insights.Contact]:
    return insights.Institutions.of(chosen(query).pieces("institutions"), but).ranked()


@pytest.mark.usefixtures("market", "number")
def test_institutions_are_counted_once_for_each_record_with_their_first_and_last_day() -> None:
    day = datetime.date
    assert [(row.name, row.count, row.first, row.last) for row in institutions()] == [
        ("华夏基金", 3, day(2024, 2, 1), day(2024, 5, 2)),
        ("中信证券", 1, day(2024, 2, 1), day(2024, 2, 1)),
    ]
    assert [row.name for row in institutions(but=build.institution("华夏基金").pk)] == ["中信证券"]


@pytest.mark.usefixtures("market", "number")
def test_companies_come_with_their_first_and_last_day() -> None:
    day = datetime.date
    met = ("晨光数据", 2, day(2024, 2, 1), day(2024, 5, 1)), ("远山医药", 1, day(2024, 5, 2), day(2024, 5, 2))
    # Of as many, the last one first.
    on_topic = ("远山医药", 1, day(2024, 5, 2), day(2024, 5, 2)), ("晨光数据", 1, day(2024, 5, 1), day(2024, 5, 1))
    for query, wanted in (("", met), (f"topic={build.topic('境外业务').slug}", on_topic)):
        companies = insights.companies(chosen(query).records())
        assert [(row.name, row.count, row.first, row.last) for row in companies] == [*wanted]


@pytest.mark.usefixtures("market")
def test_what_a_sample_stands_for_is_added_up_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    exact = institutions("company=999001&company=999002")
    for name, number in (("FEW", 1), ("SAMPLE", 1), ("DOUBT", 0), ("PIECE", 1)):
        monkeypatch.setattr(fitting, name, number)
    monkeypatch.setattr(insights, "KEPT", 1)
    assert institutions("company=999001&company=999002") == exact
    assert [row.count for row in exact] == [3, 1]


@pytest.mark.usefixtures("market")
def test_what_takes_longer_than_a_statement_may_is_given_up(
    client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each piece is a statement of its own, and all of them together have the time of one."""
    settings.STATEMENT_TIMEOUT = 15
    monkeypatch.setattr(fitting, "FEW", 1)
    moments = itertools.count(0, 20)
    monkeypatch.setattr(fitting.time, "monotonic", lambda: next(moments))
    assert client.get("/insights/?company=999001&company=999002").status_code == 503
    assert client.get("/insights/?company=999002&topic=none").status_code == 200


def test_where_nothing_fits_the_search_is_made_once(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    build.record()
    asked: list[str] = []
    matching = RecordQuerySet.matching

    def watched(records: Any, query: str, common: Any = None) -> Any:
        asked.append(query)
        return matching(records, query, common)

    monkeypatch.setattr(RecordQuerySet, "matching", watched)
    assert client.get("/insights/?q=无处可寻").status_code == 200
    # Once for the page's rows, which are not asked for then, and once for what fits.
    assert len(asked) <= 2


@pytest.mark.usefixtures("market")
def test_an_institution_that_is_merged_meanwhile_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    ask = type(Institution.objects).in_bulk

    def ask_late(manager: Any, ids: Any) -> Any:
        build.institution("华夏基金").merge_into(build.institution("高瓴资本"))
        return ask(manager, ids)

    monkeypatch.setattr(type(Institution.objects), "in_bulk", ask_late)
    assert [row.name for row in institutions()] == ["中信证券"]


@pytest.mark.parametrize("kind", ["company", "institution"])
def test_the_ledger_says_of_all_records_what_a_count_says(kind: str) -> None:
    build.records(7, visitors=["华夏基金 甲", "中信证券 乙"])
    build.record(build.company("999003"), number="x", held="2020-01-01", visitors=["高瓴资本 丙", "中信证券 乙"])
    build.draft(build.company("999004"), visitors=["草稿资本 丁"])
    counted = insights.companies(chosen().records()) if kind == "company" else institutions()
    assert insights.contacts_of_all(kind) == counted
    assert insights.contacts_of_all(kind, most=1) == counted[:1]


@pytest.mark.usefixtures("market", "number")
def test_the_ledger_says_of_boxes_what_a_count_of_them_says() -> None:
    counted = insights.months_by_activity(insights.Ticks.of(chosen().pieces("activities")))
    assert counted
    assert insights.months_by_activity(Tally.objects.by_value("activity")) == counted


@pytest.mark.usefixtures("market", "number")
def test_a_topic_moves_by_its_share_of_the_records_of_a_quarter() -> None:
    quarter = insights.Quarter(2024, 2)
    for pieces in (chosen().pieces("topics"), chosen().pieces("topics", since=quarter.needed_since)):
        moved = insights.Topics.of(pieces, quarter).moves()
        assert [(row.name, row.count_before, row.count, row.before, row.now, row.signed) for row in moved] == [
            ("境外业务", 0, 2, 0.0, 100.0, "+100.0"),
            ("大模型", 1, 1, 100.0, 50.0, "−50.0"),
        ]


@pytest.mark.parametrize(
    ("day", "quarter", "before", "needed_since"),
    [
        ("2024-01-01", "2024Q1", "2023Q4", "2023-10-01"),
        ("2024-12-31", "2024Q4", "2024Q3", "2024-01-01"),
        ("2024-05-15", "2024Q2", "2024Q1", "2024-01-01"),
        ("0001-02-01", "1Q1", "0Q4", "0001-01-01"),
    ],
)
def test_a_quarter_knows_the_one_before(day: str, quarter: str, before: str, needed_since: str) -> None:
    found = insights.Quarter.of(datetime.date.fromisoformat(day))
    assert (str(found), str(found.before), str(found.needed_since)) == (quarter, before, needed_since)


@pytest.mark.usefixtures("market", "number")
@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("months", [["2024-02", "1"], ["2024-05", "2"]]),
        (
            "activities",
            [
                ["2024-02", "特定对象调研", "1"],
                ["2024-05", "特定对象调研", "1"],
                ["2024-05", "现场参观", "1"],
                ["2024-05", "路演活动", "1"],
            ],
        ),
        (
            "companies",
            [
                ["999001", "晨光数据", "2", "2024-02-01", "2024-05-01"],
                ["999002", "远山医药", "1", "2024-05-02", "2024-05-02"],
            ],
        ),
        ("days", [["2024-02-01", "1"], ["2024-05-01", "1"], ["2024-05-02", "1"]]),
    ],
)
def test_the_figures_can_be_taken_away(name: str, rows: list[list[str]], client: Client) -> None:
    assert sorted(table(client, name)) == sorted(rows)


@pytest.mark.usefixtures("market", "number")
def test_every_table_obeys_the_filters(client: Client) -> None:
    assert table(client, "months", "company=999002") == [["2024-05", "1"]]
    assert [row[1] for row in table(client, "institutions", "month=2024-02")] == ["华夏基金", "中信证券"]
    assert [row[1:5] for row in table(client, "topics", "company=999001")] == [
        ["境外业务", "2024Q2", "0", "1"],
        ["大模型", "2024Q2", "1", "1"],
    ]
    assert client.get("/insights/days.csv?company=x").status_code == 400


@pytest.mark.usefixtures("market", "number")
def test_the_page_shows_the_figures_of_the_records_that_fit(client: Client) -> None:
    page = client.get("/insights/?year=2024&company=999001")
    assert {row[0]: row[2] for row in page.context["activities"]} == {"特定对象调研": 1, "现场参观": 1, "路演活动": 1}
    assert [bar.total for bar in page.context["months"]] == [1, 0, 0, 1]
    assert page.context["days"] == {datetime.date(2024, 2, 1): 1, datetime.date(2024, 5, 1): 1}
    body = page.content.decode()
    pictures = re.findall(r"<svg class=.(?:histogram|calendar|sparkline).*?</svg>", body, re.DOTALL)
    assert len(pictures) == 2 + 3
    for picture in pictures:
        assert "<title" in picture
        assert "<desc" in picture
    assert page.context["month_table"][0][0] == "2024-02"
    assert sum(sum(totals) for _month, totals in page.context["month_table"]) == 3
    assert "/insights/days.csv?company=999001&amp;year=2024" in body


@pytest.mark.usefixtures("market")
def test_a_quarter_without_a_quarter_before_and_an_empty_list_are_no_trouble(client: Client) -> None:
    assert client.get("/insights/?month=2024-02").status_code == 200
    client.cookies["django_language"] = "en"
    assert "No record fits all of this." in client.get("/insights/?year=1999").content.decode()


def test_a_series_has_no_gaps() -> None:
    points = [insights.Point("2023-11", 2), insights.Point("2024-02", 1)]
    assert [tuple(point) for point in insights.series(points)] == [
        ("2023-11", 2),
        ("2023-12", 0),
        ("2024-01", 0),
        ("2024-02", 1),
    ]
    assert [point.name for point in insights.series(points, longest=2)] == ["2024-01", "2024-02"]


@pytest.mark.parametrize("count", [3, 60])
def test_the_page_asks_the_database_a_fixed_number_of_times(
    count: int, client: Client, django_assert_num_queries: Any
) -> None:
    build.records(count, topics=["大模型", "境外业务"])
    with django_assert_num_queries(PAGE_QUERIES):
        assert len(client.get("/insights/").content) < 60_000


@pytest.mark.parametrize("day", ["0001-01-01", "0001-12-31", "9999-01-01", "9999-12-31"])
def test_the_first_and_the_last_quarter_of_all_are_quarters(day: str, client: Client) -> None:
    build.record(held=day, topics=["大模型"])
    page = client.get("/insights/")
    assert page.context["days"] == {datetime.date.fromisoformat(day): 1}
    assert [move.name for move in page.context["rising"]] == ["大模型"]
    assert len(table(client, "topics")) == 1
