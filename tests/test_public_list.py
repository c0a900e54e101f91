"""The list: facets that count true, a sentence with ways out, swapping in place, and a fixed number of queries."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from records.models import Record, Summary
from tests import build

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true", "HX-Target": "results"}

# Keys and lines of a page, with the activities and visitors of the lines.
PAGE_QUERIES = 4
# Count and months, and one query for each other facet.
LIST_QUERIES = PAGE_QUERIES + 2 + 6
# Where the ledger does not count ahead, what fits is read once and counted here; then what is commonest is named.
FOUND_QUERIES = 1 + 2
# The subject, which the filter looks up once more, and those met: institutions named, companies counted and named.
COMPANY_QUERIES = 2 + PAGE_QUERIES + FOUND_QUERIES + 1
INSTITUTION_QUERIES = 2 + 1 + PAGE_QUERIES + FOUND_QUERIES + 2  # its other names; nobody came along here
TOPIC_QUERIES = 2 + PAGE_QUERIES + FOUND_QUERIES + 2
# The record, its boxes, visitors, questions, topics and files, its two neighbours, and what the company was asked.
RECORD_QUERIES = 8 + 1


def choices(client: Client, address: str, name: str) -> dict[str, int]:
    facets = client.get(address).context["facets"]
    found = next(facet for facet in facets if facet.name == name)
    return {choice.label: choice.count for choice in found.choices}


@pytest.fixture
def market() -> None:
    build.record(number="a", held="2023-01-01", topics=["大模型"], visitors=["华夏基金 贾静雯", "华夏基金 李某"])
    build.record(number="b", held="2024-01-01", topics=["大模型"], visitors=["华夏基金 贾静雯", "中信证券 王五"])
    build.record(
        build.company("999002"), number="c", held="2024-02-01", topics=["境外业务"], visitors=["中信证券 王五"]
    )
    build.draft(number="d", topics=["大模型"], visitors=["华夏基金 贾静雯"])


@pytest.mark.usefixtures("market")
@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("company", {"晨光数据": 2, "远山医药": 1}),
        ("institution", {"华夏基金": 2, "中信证券": 2}),
        ("topic", {"大模型": 2, "境外业务": 1}),
        ("activity", {"特定对象调研": 3}),
        ("year", {"2024": 2, "2023": 1}),
        ("month", {"2024-02": 1, "2024-01": 1, "2023-01": 1}),
        ("exchange", {}),
    ],
)
def test_each_value_is_counted_once_for_each_published_record(name: str, counts: dict, client: Client) -> None:
    assert choices(client, "/records/", name) == counts


@pytest.mark.usefixtures("market")
def test_a_count_is_what_choosing_the_value_gives(client: Client) -> None:
    for facet in client.get("/records/?year=2024").context["facets"]:
        for choice in facet.choices:
            if facet.name != "year":
                page = client.get("/records/", {"year": "2024", facet.name: choice.value}).context["listing"].page
                assert page.paginator.count == choice.count, (facet.name, choice.value)


@pytest.mark.usefixtures("market")
def test_a_facet_is_counted_without_its_own_choice_and_with_all_others(client: Client) -> None:
    address = "/records/?company=999001&year=2024"
    assert choices(client, address, "company") == {"晨光数据": 1, "远山医药": 1}
    assert choices(client, address, "year") == {"2024": 1, "2023": 1}
    assert choices(client, address, "topic") == {"大模型": 1}


def test_a_chosen_value_stays_in_its_facet_however_rare(client: Client) -> None:
    for n in range(13):
        build.record(number=f"{n}a", visitors=[f"第{n}基金"])
        build.record(number=f"{n}b", visitors=[f"第{n}基金"])
    build.record(build.company("999002"), number="rare", visitors=["罕见基金"])
    rare = build.institution("罕见基金").pk
    assert "罕见基金" not in choices(client, "/records/", "institution")
    assert choices(client, f"/records/?institution={rare}", "institution")["罕见基金"] == 1
    counts = choices(client, f"/records/?institution={rare}&company=999001", "institution")
    assert counts["罕见基金"] == 0
    assert len(counts) == 13


@pytest.mark.parametrize("path", ["/records/", "/questions/"])
@pytest.mark.parametrize("kind", ["company", "institution", "topic"])
def test_a_chosen_value_that_is_not_among_the_commonest_has_its_number(kind: str, path: str, client: Client) -> None:
    """Counted in what another parameter leaves, so that the ledger does not know it."""
    for n in range(15):
        for twice in range(1 if n == 14 else 2):
            build.record(
                build.company(f"9990{n:02}"),
                number=f"{n}-{twice}",
                visitors=[f"第{n}基金 甲"],
                topics=[f"题目{n}"],
            )
    rare = {"company": "999014", "institution": build.institution("第14基金").pk, "topic": build.topic("题目14").slug}
    page = client.get(path, {kind: rare[kind], "activity": "特定对象调研"})
    facet = next(facet for facet in page.context["facets"] if facet.name == kind)
    assert [choice.count for choice in facet.choices if choice.chosen] == [1]


@pytest.mark.parametrize("address", ["/records/?q=订单", "/questions/?q=订单&company=999001", "/insights/?q=订单"])
def test_a_record_that_has_no_summary_is_found_by_a_search_all_the_same(address: str, client: Client) -> None:
    """As one that an older version of the site published while a newer one began."""
    build.record(number="1", topics=["大模型"])
    build.record(number="2", topics=["大模型"])
    Summary.objects.filter(record__number="2").delete()
    page = client.get(address)
    assert page.status_code == 200
    assert page.context["listing"].page.paginator.count == 2
    for facet in page.context["facets"]:
        assert "None" not in [choice.value for choice in facet.choices]


@pytest.mark.usefixtures("market")
def test_each_chip_takes_away_its_own_value_and_nothing_else(client: Client) -> None:
    address = "/records/?company=999001&company=999002&year=2024&date_after=2023年1月1日&institution=x"
    conditions = client.get(address).context["conditions"]
    assert {str(chip.label): str(chip.address) for condition in conditions for chip in condition.chips} == {
        "晨光数据": "/records/?company=999002&year=2024&date_after=2023-01-01",
        "远山医药": "/records/?company=999001&year=2024&date_after=2023-01-01",
        "2024": "/records/?company=999001&company=999002&date_after=2023-01-01",
        "2023-01-01": "/records/?company=999001&company=999002&year=2024",
    }


@pytest.mark.usefixtures("market")
def test_the_page_of_a_company_filters_its_own_records(client: Client) -> None:
    answer = client.get("/companies/999001/?year=2024&company=999002")
    assert [record.number for record in answer.context["listing"].page] == ["b"]
    assert [facet.name for facet in answer.context["facets"]] == [
        *("year", "month", "activity", "topic", "institution", "institution_type", "exchange")
    ]
    assert str(answer.context["listing"].address) == "/companies/999001/?year=2024"
    assert str(answer.context["downloads"]["csv"]) == "/records.csv?company=999001&year=2024"


@pytest.mark.usefixtures("market")
def test_a_script_gets_list_and_filters_alone_and_the_address_of_what_was_understood(client: Client) -> None:
    answer = client.get("/records/?q=&company=999001&date_after=&institution=x", headers=HTMX)
    body = answer.content.decode()
    assert "<html" not in body
    assert 'id="results"' in body
    assert 'id="choices" hx-swap-oob="true"' in body
    assert answer["HX-Push-Url"] == "/records/?company=999001"
    assert "HX-Request" in answer["Vary"]
    assert "<html" in client.get("/records/?company=999001").content.decode()


def test_page_two_begins_where_page_one_ends_and_is_kept_in_the_address(client: Client) -> None:
    build.records(31)
    first, second = (client.get(f"/records/?year=2024&page={n}") for n in (1, 2))
    assert [record.number for record in first.context["listing"].page][-1] == "2024-002"
    assert [record.number for record in second.context["listing"].page] == ["2024-001"]
    assert 'href="/records/?year=2024&amp;page=2"' in first.content.decode()
    assert 'href="/records/?year=2024"' in second.content.decode()


def test_choosing_something_leads_back_to_the_first_page(client: Client) -> None:
    build.records(31)
    answer = client.get("/records/?year=2024&page=2")
    chip = answer.context["conditions"][0].chips[0]
    assert str(chip.address) == "/records/"


def test_an_empty_result_says_what_to_do(client: Client) -> None:
    client.cookies["django_language"] = "en"
    build.record()
    page = client.get("/records/?q=不存在的词").content.decode()
    assert "Take away one of the conditions above" in page
    assert 'href="/records/"' in page


def test_a_line_names_the_first_institutions_and_how_many_came(client: Client) -> None:
    client.cookies["django_language"] = "en"
    build.record(visitors=["华夏基金 甲", "华夏基金 乙", "中信证券 丙"], stated_institutions=31)
    page = client.get("/records/").content.decode()
    assert "华夏基金、中信证券" in page
    assert "31 institutions" in page


def test_a_search_shows_the_questions_that_hold_a_word_and_leads_to_them(client: Client) -> None:
    asked = [("订单？", "充足。"), ("如何看<境外>业务？", "稳。"), *[("境外？", "稳。")] * 4]
    made = build.record(asked=asked)
    second = made.questions.get(position=2)
    client.cookies["django_language"] = "en"
    page = client.get("/records/?q=境外").content.decode()
    assert f'href="/records/999001/2024-001/#{second.anchor}"' in page
    assert "如何看&lt;<mark>境外</mark>&gt;业务？" in page
    assert page.count("<mark>") == 3
    assert "and 2 more questions" in page
    assert "<mark>" not in client.get("/records/?q=晨光数据").content.decode()


def test_each_bar_chooses_its_month_and_the_chosen_one_lets_go_of_it(client: Client) -> None:
    build.record(number="a", held="2023-11-03")
    build.record(number="b", held="2024-02-01")
    build.record(number="c", held="2024-02-02")

    def drawn(address: str) -> list[tuple[str, int, str]]:
        return [(bar.name, bar.total, str(bar.address)) for bar in client.get(address).context["months"]]

    assert drawn("/records/?sort=disclosure") == [
        ("2023-11", 1, "/records/?sort=disclosure&month=2023-11"),
        ("2023-12", 0, "/records/?sort=disclosure&month=2023-12"),
        ("2024-01", 0, "/records/?sort=disclosure&month=2024-01"),
        ("2024-02", 2, "/records/?sort=disclosure&month=2024-02"),
    ]
    chosen = client.get("/records/?month=2024-02")
    assert [record.number for record in chosen.context["listing"].page] == ["c", "b"]
    assert [bar.name for bar in chosen.context["months"] if bar.chosen] == ["2024-02"]
    assert drawn("/records/?month=2024-02")[-1] == ("2024-02", 2, "/records/")
    assert "<title>2024-02: 2</title>" in chosen.content.decode()


def test_a_histogram_shows_the_last_five_years(client: Client) -> None:
    build.record(number="a", held="1999-01-01")
    build.record(number="b", held="2024-02-01")
    bars = client.get("/records/").context["months"]
    assert (len(bars), bars[0].name, bars[-1].name) == (60, "2019-03", "2024-02")


def test_showing_what_was_found_costs_one_query_for_a_page(client: Client, django_assert_num_queries: Any) -> None:
    build.records(20)
    # What fits is found once, and tells count, keys and months. Before that it is asked how common the words are, and
    # how large the market, from its first key to its last.
    with django_assert_num_queries(3 + PAGE_QUERIES - 1 + FOUND_QUERIES + 1):
        assert client.get("/records/?q=订单").content.decode().count("<mark>") == 20


@pytest.mark.parametrize("count", [3, 60])
@pytest.mark.parametrize(
    ("address", "queries"),
    [
        ("/records/", LIST_QUERIES),
        ("/companies/999001/", COMPANY_QUERIES),
        ("institution", INSTITUTION_QUERIES),
        ("topic", TOPIC_QUERIES),
        ("record", RECORD_QUERIES),
    ],
)
def test_a_page_asks_the_database_as_often_for_sixty_as_for_three(
    address: str, queries: int, count: int, client: Client, django_assert_num_queries: Any
) -> None:
    visitors = [f"第{n}基金 某人" for n in range(count)]
    asked = [(f"问题{n}？", "答案") for n in range(count)]
    build.records(count, topics=["大模型", "境外业务"])
    shown = build.record(number="last", held="2023-01-01", visitors=visitors, asked=asked, topics=["大模型"])
    places = {
        "institution": build.institution("华夏基金").get_absolute_url(),
        "topic": build.topic("大模型").get_absolute_url(),
        "record": shown.get_absolute_url(),
    }
    with django_assert_num_queries(queries):
        assert client.get(places.get(address, address)).status_code == 200


def test_pages_stay_light(client: Client) -> None:
    build.records(60, topics=["大模型", "境外业务"])
    for address in ("/", "/records/", "/companies/999001/", "/institutions/", "/topics/"):
        assert len(client.get(address).content) < 60_000
    assert Record.objects.published().count() == 60
