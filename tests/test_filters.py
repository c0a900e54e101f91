"""What each parameter of the address narrows, and what becomes of parameters that make no sense."""

from __future__ import annotations

import datetime
import html
import io
from csv import reader
from typing import Any
from urllib.parse import urlencode

import pytest
from django.http import QueryDict
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from records.filters import RecordFilter
from records.models import Record
from tests import build
from tests.fuzz import examples

pytestmark = pytest.mark.django_db


def found(query: str) -> list[str]:
    """Numbers of the records that an address shows, in its order."""
    return [record.number for record in RecordFilter(QueryDict(query), Record.objects.published()).qs]


def ignored(query: str) -> dict[str, list[str]]:
    chosen = RecordFilter(QueryDict(query), Record.objects.published())
    return {name: list(messages) for name, messages in chosen.errors.items()}


def test_without_parameters_all_published_records_are_shown_newest_visit_first() -> None:
    build.record(number="a", held="2024-01-02")
    build.record(number="b", held="2024-03-04")
    build.draft(number="c")
    assert found("") == ["b", "a"]


def test_company_institution_topic_and_activity_each_narrow_the_list() -> None:
    build.record(number="a", visitors=["华夏基金 贾静雯"], topics=["大模型"], activities=["分析师会议"])
    build.record(build.company("999002"), number="b", visitors=["中信证券 王五"], topics=["境外业务"])
    for query in (
        "company=999001",
        f"institution={build.institution('华夏基金').pk}",
        "institution_type=mutual-fund",
        f"topic={build.topic('大模型').slug}",
        "activity=分析师会议",
    ):
        assert found(query) == ["a"], query


def test_parameters_narrow_one_another_and_values_of_one_widen_it() -> None:
    build.record(number="a", held="2024-01-01", topics=["大模型"])
    build.record(number="b", held="2024-01-02", topics=["境外业务"])
    build.record(build.company("999002"), number="c", held="2024-01-03", topics=["大模型"])
    both = f"topic={build.topic('大模型').slug}&topic={build.topic('境外业务').slug}"
    assert found(both) == ["c", "b", "a"]
    assert found(f"{both}&company=999001") == ["b", "a"]
    assert found(f"company=999001&topic={build.topic('大模型').slug}&date_after=2024-01-01&year=2024") == ["a"]


def test_months_and_years_are_those_in_which_the_activity_began() -> None:
    build.record(number="a", held="2023-12-31", held_to="2024-01-02")
    build.record(number="b", held="2024-02-29")
    build.record(number="c", held="2024-03-01")
    assert found("month=2023-12&month=2024-02") == ["b", "a"]
    assert found("year=2024&month=2024-03") == ["c"]
    assert found("year=2023&year=2024") == ["c", "b", "a"]
    assert ignored("month=2024-13").keys() == ignored("month=2024").keys() == {"month"}


def test_a_stock_exchange_is_that_of_all_its_boards() -> None:
    for code in ("600001", "688001", "000001", "300001", "830001"):
        build.record(build.company(code), number=code, held="2024-01-01")
    assert sorted(found("exchange=SSE")) == ["600001", "688001"]
    assert sorted(found("exchange=SZSE&exchange=BSE")) == ["000001", "300001", "830001"]


def test_by_relevance_the_record_that_speaks_of_it_most_comes_first() -> None:
    build.record(number="once", held="2024-03-03", asked=[("订单？", "有境外订单。")])
    build.record(number="asked", held="2024-01-01", asked=[("境外如何？", "平稳。")])
    build.record(
        number="most", held="2024-02-02", asked=[("境外如何？", "境外增长，境外占比高。"), ("境外？", "好。")]
    )
    assert found("q=境外&sort=relevance") == ["most", "asked", "once"]
    assert found("q=境外&sort=visit") == ["once", "most", "asked"]
    assert found("sort=relevance") == ["once", "most", "asked"], "nothing is more relevant than the rest"
    assert found("q=-诉讼&sort=relevance") == ["once", "most", "asked"]


def test_words_are_found_in_questions_answers_and_names() -> None:
    build.record(number="a", asked=[("境外业务如何？", "平稳。")])
    build.record(number="b", asked=[("订单？", "境外充足。")], visitors=["高瓴资本 李四"])
    assert found("q=境外") == ["b", "a"]
    assert found("q=境外 订单") == ["b"]
    assert found("q=高瓴") == ["b"]
    assert found("q=晨光数据") == ["b", "a"]
    assert found("q=不存在") == []


@pytest.mark.parametrize("text", ["2026-03-12", "2026年3月12日", "2026/3/12", "2026.3.12", "20260312"])
def test_a_day_is_understood_as_people_write_it(text: str) -> None:
    build.record(number="before", held="2026-03-11")
    build.record(number="on", held="2026-03-12")
    build.record(number="after", held="2026-03-13")
    assert found(f"date_after={text}") == ["after", "on"]
    assert found(f"date_before={text}") == ["on", "before"]
    assert found(f"date_after={text}&date_before={text}") == ["on"]


def test_an_activity_of_several_days_is_found_by_each_of_them() -> None:
    build.record(held="2026-07-28", held_to=datetime.date(2026, 7, 30), number="a")
    assert found("date_after=2026-07-30") == ["a"]
    assert found("date_after=2026-07-31") == []
    assert found("date_before=2026-07-27") == []


def test_days_in_the_wrong_order_are_obeyed_and_not_said_to_be_ignored(client: Client) -> None:
    build.record(held="2026-03-12")
    query = "date_after=2026-03-13&date_before=2026-03-01"
    answer = client.get(f"/records/?{query}")
    assert answer.context["listing"].page.paginator.count == 0
    assert answer.context["listing"].complaints == []
    page = answer.content.decode()
    assert "结束日期早于开始日期" in page
    assert "忽略" not in page
    assert "结束日期早于开始日期" in client.get(f"/records.csv?{query}").content.decode()


def test_records_can_be_sorted_by_the_day_of_disclosure() -> None:
    build.record(number="early visit", held="2024-01-01", disclosed="2024-09-01")
    build.record(number="late visit", held="2024-02-01", disclosed="2024-02-02")
    assert found("sort=visit") == ["late visit", "early visit"]
    assert found("sort=disclosure") == ["early visit", "late visit"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("date_after=abc", "date_after"),
        ("date_before=2026-13-45", "date_before"),
        ("date_after=%00", "date_after"),
        ("company=12", "company"),
        ("company=999009", "company"),
        ("company=%00", "company"),
        ("institution=x", "institution"),
        ("institution=-1", "institution"),
        ("institution=99999999999999999999", "institution"),
        ("institution=999999999999999999", "institution"),
        ("topic=none", "topic"),
        ("topic=%FF%FE", "topic"),
        ("activity=party", "activity"),
        ("institution_type=party", "institution_type"),
        ("year=20", "year"),
        ("sort=best", "sort"),
        ("q=%00", "q"),
        ("q=" + "数" * 800, "q"),
        ("q=!!!", "q"),
        ("sort=visit&sort=disclosure", "sort"),
        ("date_after=2026-01-02&date_before=2026-01-01", "__all__"),
    ],
)
def test_what_makes_no_sense_is_named_in_one_sentence_and_the_page_still_comes(
    query: str, field: str, client: Client
) -> None:
    build.record(number="a")
    sentences = ignored(query)
    assert [len(messages) for messages in sentences.values()] == [1]
    assert list(sentences) == [field]
    answer = client.get(f"/records/?{query}", headers={"accept-language": "en"})
    assert answer.status_code == 200
    assert sentences[field][0] in _unescaped(answer)


def test_of_several_values_the_sensible_ones_still_count() -> None:
    build.record(number="a")
    build.record(build.company("999002"), number="b")
    assert found("company=999002&company=x") == ["b"]
    assert list(ignored("company=999002&company=x")) == ["company"]


def test_a_company_that_has_only_drafts_is_as_unknown_as_none() -> None:
    build.record(number="a")
    build.draft(
        build.company("999002", "未披露"), visitors=["秘密基金 某人"], topics=["秘密话题"], activities=["其他"]
    )
    secret = build.institution("秘密基金").pk
    for query in ("company=999002", f"institution={secret}", f"topic={build.topic('秘密话题').slug}"):
        assert found(query) == ["a"]
        assert len(ignored(query)) == 1


@pytest.mark.parametrize(
    ("page", "shown"), [("-1", 2), ("0", 2), ("x", 1), ("999999999999", 2), ("9" * 5000, 1), ("", 1), ("%00", 1)]
)
def test_a_page_that_is_not_there_gives_one_that_is_and_says_so(page: str, shown: int, client: Client) -> None:
    build.records(31)
    answer = client.get(f"/records/?page={page}")
    assert answer.status_code == 200
    assert answer.context["listing"].page.number == shown
    assert len(answer.context["listing"].complaints) == 1


def test_fifty_institutions_at_once_are_no_burden(client: Client) -> None:
    visitors = [f"第{n}基金" for n in range(50)]
    build.record(number="a", visitors=visitors)
    query = urlencode([("institution", build.institution(name).pk) for name in visitors])
    answer = client.get(f"/records/?{query}")
    assert answer.status_code == 200
    assert found(query) == ["a"]
    assert ignored(query) == {}


@pytest.mark.parametrize("path", ["/records/", "/questions/", "/insights/", "/records.csv"])
def test_a_hundred_years_at_once_are_no_burden(path: str, client: Client) -> None:
    build.record(number="a", topics=["大模型"])
    every_year = [("year", year) for year in range(1950, 2050)]
    every_other_month = [("month", f"{year}-{month:02}") for year in range(2010, 2026) for month in range(1, 13, 2)]
    for query in (every_year, every_other_month, [*every_year, *every_other_month]):
        answer = client.get(f"{path}?{urlencode(query)}")
        assert answer.status_code == 200
        assert b"INCOMPLETE" not in b"".join(answer)


def test_more_parameters_than_any_form_sends_are_refused(client: Client) -> None:
    assert client.get("/records/?" + "company=1&" * 9000).status_code == 414


NAMES = list(RecordFilter.base_filters)
PLAUSIBLE = [
    "999001",
    "1",
    "2024",
    "2024-06-06",
    "数",
    "-1",
    "分析师会议",
    "damoxing",
    '"',
    "-",
    "\0",
    "\ud800",
    "visit",
    "relevance",
    "2024-06",
    "SZSE",
]
values = st.one_of(st.sampled_from(PLAUSIBLE), st.text(max_size=30), st.integers().map(str), st.dates().map(str))
pairs = st.lists(st.tuples(st.sampled_from([*NAMES, "page", "x"]), values), max_size=8)


@pytest.mark.fuzz
@settings(max_examples=examples(120), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pairs=pairs)
def test_no_address_breaks_the_list_or_the_csv(pairs: list[tuple[str, str]], client: Client) -> None:
    if not Record.objects.exists():
        build.record(topics=["大模型"])
    query = urlencode(pairs, errors="surrogatepass")
    page = client.get(f"/records/?{query}")
    assert page.status_code == 200
    csv = client.get(f"/records.csv?{query}")
    understood = not page.context["listing"].filter.objections()  # a parameter that a page passes over included
    assert csv.status_code == (200 if understood else 400)
    if understood:
        rows = b"".join(csv.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
        assert len(list(reader(io.StringIO(rows)))) - 1 == page.context["listing"].page.paginator.count


def _unescaped(answer: Any) -> str:
    return html.unescape(answer.content.decode())
