"""Every number beside a value, and every bar of a histogram, is what choosing it alone gives, on every list."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client

from records.models import Institution, Record
from tests import build

pytestmark = pytest.mark.django_db

HELD = ("2023-12-31", "2024-01-01", "2024-01-31", "2024-06-06", "2024-06-06", "2025-02-28")
CODES = ("600001", "000001", "999001")
HOUSES = ("华夏基金", "中信证券", "高瓴资本")
BOXES = ("特定对象调研", "分析师会议", "现场参观")
WORDS = ("境外订单如何？", "研发投入多少？", "产能何时释放？")


@pytest.fixture
def market() -> dict[str, Any]:
    """Records in which everything meets everything else, and some that lack what the others have."""
    for n, held in enumerate(HELD):
        made = build.record(
            build.company(CODES[n % 3]),
            number=f"{n}",
            held=held,
            visitors=[f"{house} 甲" for house in HOUSES[: n % 4]],
            activities=BOXES[: (n + 1) % 4],
            asked=[(word, "订单充足。") for word in WORDS[: n % 3]],
            introduction="概况。",
            published=False,
        )
        for place, question in enumerate(made.questions.all()):
            question.topics.set([build.topic("大模型"), build.topic("境外业务")][: place + n % 2])
        made.publish()
    build.draft(asked=[(WORDS[0], "草稿。")], topics=["大模型"])
    return {
        "house": build.institution(HOUSES[0]).pk,
        "other": build.institution(HOUSES[1]).pk,
        "topic": build.topic("大模型").slug,
    }


QUERIES = (
    "",
    "year=2024",
    "month=2024-06",
    "year=2024&month=2024-06",
    "year=2024&month=2023-12",
    "year=2024&month=2024-06&month=2023-12&company=600001",
    "year=2023&year=2024&topic={topic}",
    "institution={house}",
    "institution={house}&institution={other}",
    "institution={other}&institution_type=mutual-fund&year=2024",
    "institution_type=mutual-fund",
    "company=000001&exchange=SZSE",
    "exchange=SSE&exchange=SZSE&month=2024-01",
    "activity=分析师会议&activity=现场参观",
    "activity=分析师会议&year=2024&sort=disclosure",
    "q=订单",
    "q=订单 -研发&sort=relevance&year=2024",
    "q=-研发&topic={topic}&institution={other}",
    "date_after=2024-01-31&date_before=2024-06-06",
    "date_after=2024-01-01&month=2024-01&activity=特定对象调研",
)


@pytest.mark.parametrize("path", ["/records/", "/questions/", "/companies/600001/"])
@pytest.mark.parametrize("query", QUERIES)
def test_a_number_is_what_choosing_the_value_alone_gives(
    path: str, query: str, market: dict[str, Any], client: Client
) -> None:
    asked = QueryDict(query.format(**market))
    page = client.get(f"{path}?{asked.urlencode()}").context
    kind = type(page["listing"].filter)
    told = [(facet.name, choice.value, choice.count) for facet in page["facets"] for choice in facet.choices]
    told += [("month", bar.name, bar.total) for bar in page["months"]]
    for name, value, count in told:
        chosen = asked.copy()
        chosen[name] = value
        if path == "/companies/600001/":
            chosen["company"] = "600001"
        assert kind(chosen, Record.objects.published()).qs.count() == count, (name, value)


@pytest.mark.parametrize("path", ["/records/", "/questions/"])
@pytest.mark.parametrize("query", QUERIES)
def test_a_facet_offers_nothing_that_leads_nowhere(
    path: str, query: str, market: dict[str, Any], client: Client
) -> None:
    asked = QueryDict(query.format(**market))
    for facet in client.get(f"{path}?{asked.urlencode()}").context["facets"]:
        if facet.name not in {"year", "month"}:
            empty = [choice.value for choice in facet.choices if not (choice.count or choice.chosen)]
            assert empty == [], facet.name


def test_a_list_of_questions_names_no_institution_that_was_not_asked_for(
    market: dict[str, Any], client: Client
) -> None:
    for query in ("institution={house}", "institution_type=mutual-fund", "institution={house}&institution={other}"):
        for facet in client.get(f"/questions/?{query.format(**market)}").context["facets"]:
            if facet.name in {"institution", "institution_type"}:
                assert all(choice.chosen for choice in facet.choices), query


@pytest.mark.parametrize("level", ["records", "questions"])
@pytest.mark.parametrize("query", QUERIES)
def test_the_count_is_that_of_the_rows_that_are_taken_away(
    level: str, query: str, market: dict[str, Any], client: Client
) -> None:
    asked = QueryDict(query.format(**market))
    rows = client.get(f"/{level}.json?{asked.urlencode()}").json()["results"]
    page = client.get(f"/{level}/?{asked.urlencode()}").context["listing"].page
    assert page.paginator.count == len(page) == len(rows)


@pytest.mark.parametrize("asked_as", ["{former} {remaining}", "{remaining} {former}"])
def test_what_was_merged_and_what_it_became_are_one_choice(client: Client, asked_as: str) -> None:
    build.record(number="1", visitors=["安信证券 甲"])
    build.record(number="2", visitors=["国投证券 乙"])
    old, new = (Institution.objects.get(name=name) for name in ("安信证券", "国投证券"))
    former = old.pk
    old.merge_into(new)
    asked = asked_as.format(former=former, remaining=new.pk).split()
    (facet,) = (
        one for one in client.get("/records/", {"institution": asked}).context["facets"] if one.name == "institution"
    )
    assert [(choice.value, choice.count, choice.chosen) for choice in facet.choices] == [(asked[0], 2, True)]


@pytest.mark.parametrize("kind", ["institution", "topic"])
def test_what_was_merged_is_chosen_by_its_former_address_and_counted_as_what_remains(
    kind: str, client: Client
) -> None:
    build.record(number="1", visitors=["华夏基金 甲"], topics=["大模型"])
    build.record(number="2", visitors=["中信证券 乙"], topics=["境外业务"])
    if kind == "institution":
        old, new = build.institution("华夏基金"), build.institution("中信证券")
        former, remaining = str(old.pk), new.name
        old.merge_into(new)
    else:
        topic, into = build.topic("大模型"), build.topic("境外业务")
        former, remaining = topic.slug, into.name
        topic.merge_into(into)
    answer = client.get("/records/", {kind: former})
    facet = next(facet for facet in answer.context["facets"] if facet.name == kind)
    assert [(choice.value, choice.label, choice.count, choice.chosen) for choice in facet.choices] == [
        (former, remaining, 2, True)
    ]
