"""The list of questions: the filters of records, words and topics asked of the question itself."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import build
from tests.fuzz import examples

pytestmark = pytest.mark.django_db

# Count, keys and lines, their topics, and the facets of months, activity, topic, company and exchange.
LIST_QUERIES = 4 + 5


@pytest.fixture
def market() -> None:
    asked = [("订单多吗？", "充足。"), ("<海外>如何？", "订单来自境外。")]
    held = build.record(number="a", held="2024-03-01", asked=asked, published=False)
    held.questions.get(position=2).topics.add(build.topic("境外业务"))
    held.publish()
    build.record(build.company("999002"), number="b", held="2023-01-01", asked=[("研发？", "投入大。")])
    build.draft(asked=[("订单草稿？", "境外草稿。")], topics=["大模型"])


def asked(client: Client, query: str = "") -> list[str]:
    return [line.question.text for line in client.get(f"/questions/?{query}").context["found"]]


@pytest.mark.usefixtures("market")
@pytest.mark.parametrize(
    ("query", "texts"),
    [
        ("", ["订单多吗？", "<海外>如何？", "研发？"]),
        ("q=订单", ["订单多吗？", "<海外>如何？"]),
        ("q=订单 境外", ["<海外>如何？"]),
        ("q=订单 -境外", ["订单多吗？"]),
        ("q=草稿", []),
        ("company=999002", ["研发？"]),
        ("year=2024", ["订单多吗？", "<海外>如何？"]),
    ],
)
def test_it_holds_the_questions_that_fit_newest_first(query: str, texts: list[str], client: Client) -> None:
    assert asked(client, query) == texts


@pytest.mark.usefixtures("market")
def test_a_topic_is_that_of_the_question_and_not_of_its_record(client: Client) -> None:
    slug = build.topic("境外业务").slug
    assert asked(client, f"topic={slug}") == ["<海外>如何？"]
    assert [row["question"] for row in client.get(f"/questions.json?topic={slug}").json()["results"]] == [
        "<海外>如何？"
    ]


@pytest.mark.usefixtures("market")
def test_a_line_leads_to_the_question_and_marks_what_was_sought(client: Client) -> None:
    page = client.get("/questions/?q=海外")
    question = page.context["found"][0].question
    body = page.content.decode()
    assert f'href="/questions/{question.pk}/"' in body
    assert "&lt;<mark>海外</mark>&gt;如何？" in body
    assert "2024-03-01" in body


@pytest.mark.usefixtures("market")
@pytest.mark.parametrize("query", ["", "q=订单", "year=2024", "q=订单 -境外", "sort=disclosure"])
def test_its_data_holds_the_questions_of_the_page(query: str, client: Client) -> None:
    found = client.get(f"/questions/?{query}").context
    address = str(found["downloads"]["json"])
    wanted = [line.question.pk for line in found["found"]]
    assert [row["question_id"] for row in client.get(address).json()["results"]] == wanted


@pytest.mark.usefixtures("market")
def test_a_count_is_what_choosing_the_value_gives(client: Client) -> None:
    for facet in client.get("/questions/").context["facets"]:
        for choice in facet.choices:
            assert len(asked(client, f"{facet.name}={choice.value}")) == choice.count, (facet.name, choice.value)


@pytest.mark.usefixtures("market")
def test_a_chosen_institution_stays_in_its_facet(client: Client) -> None:
    chosen = build.institution("华夏基金").pk
    facets = {facet.name: facet for facet in client.get(f"/questions/?institution={chosen}").context["facets"]}
    assert [(choice.label, choice.count, choice.chosen) for choice in facets["institution"].choices] == [
        ("华夏基金", 3, True)
    ]


def test_a_script_gets_the_list_and_the_filters_alone(client: Client) -> None:
    build.record()
    body = client.get("/questions/?year=2024", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in body
    assert 'id="results"' in body


def test_an_empty_result_says_so(client: Client) -> None:
    client.cookies["django_language"] = "en"
    assert "No question fits all of this." in client.get("/questions/").content.decode()


@pytest.mark.parametrize("count", [3, 60])
def test_a_page_asks_the_database_a_fixed_number_of_times(
    count: int, client: Client, django_assert_num_queries: Any
) -> None:
    build.records(count, topics=["大模型", "境外业务"])
    with django_assert_num_queries(LIST_QUERIES):
        assert len(client.get("/questions/").content) < 60_000


@pytest.mark.fuzz
@settings(max_examples=examples(50), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(
        ["q", "company", "institution", "institution_type", "topic", "year", "sort", "page", "date_after"]
    ),
    value=st.text(max_size=20),
)
def test_no_parameter_breaks_the_list(name: str, value: str, client: Client) -> None:
    assert client.get("/questions/", {name: value}).status_code == 200
