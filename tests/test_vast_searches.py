"""A search that very many rows fit is answered from the newest and from a sample, and says so."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from records import search
from records.filters import fitting
from records.hits import Hits
from records.models import Question, Record, ledger
from tests import build

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def market(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve records that hold a common word, of two years and two companies, and three that do not."""
    for n in range(15):
        build.record(
            build.company("999001" if n % 2 else "999002"),
            number=f"{n}",
            held=f"{2023 + n % 2}-0{1 + n % 6}-05",
            asked=[("订单如何？" if n < 12 else "产能如何？", f"答复{n}"), ("毛利率呢？", "上升")],
            visitors=["华夏基金 贾静雯"],
        )
    rare = {"毛利率", "答复3"}
    monkeypatch.setattr(search, "common", lambda query, _connection: frozenset(search.parse(query).wanted) - rare)
    monkeypatch.setattr(fitting, "FEW", 5)


def shown(client: Client, address: str) -> Any:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.context


def counts(context: Any, name: str) -> dict[str, int]:
    return {
        choice.value: choice.count for facet in context["facets"] if facet.name == name for choice in facet.choices
    }


@pytest.mark.parametrize("path", ["/records/", "/questions/"])
def test_a_sample_of_everything_counts_right(client: Client, path: str) -> None:
    context = shown(client, f"{path}?q=订单")
    assert context["listing"].page.paginator.count == 12
    assert counts(context, "company") == {"999001": 6, "999002": 6}
    assert counts(context, "year") == {"2023": 6, "2024": 6}
    assert sum(bar.total for bar in context["months"]) == 12
    held = [getattr(row, "record", row).held_from for row in context["listing"].page]
    assert held == sorted(held, reverse=True)
    assert len(held) == 12


def test_what_few_fit_is_counted_exactly(client: Client) -> None:
    for query, count in (("q=订单 毛利率", 12), ("q=订单 答复3", 1)):
        context = shown(client, f"/records/?{query}")
        assert context["listing"].page.paginator.count == count
        assert not context["listing"].page.paginator.is_about
    context = shown(client, "/records/?q=订单&date_after=2024-06-01")
    assert context["listing"].page.paginator.count == 2
    assert not context["listing"].page.paginator.is_about


def test_a_facet_is_counted_without_its_own_value(client: Client) -> None:
    context = shown(client, "/records/?q=订单&company=999001&year=2024")
    assert counts(context, "company") == {"999001": 6}
    context = shown(client, "/records/?q=订单&year=2024")
    assert counts(context, "year") == {"2023": 6, "2024": 6}
    assert context["listing"].page.paginator.count == 6


def test_each_of_a_sample_stands_for_many(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    pks = list(Record.objects.order_by("pk").values_list("pk", flat=True))
    monkeypatch.setattr(fitting, "SAMPLE", (pks[-1] - pks[0]) // 3 + 1)
    context = shown(client, "/records/?q=订单")
    hits = context["listing"].filter.hits()
    assert hits.step == 3
    assert set(hits.keys) == {pk for pk in range(pks[0], pks[-1] + 1, 3) if pk in pks[:12]}
    assert context["listing"].page.paginator.count == hits.count == 12
    assert counts(context, "institution_type") == {"mutual-fund": 12}
    told = re.search(r'<p role="status">(.*?)</p>', client.get("/records/?q=订单").content.decode(), re.DOTALL)
    assert told
    assert re.sub(r"<[^>]+>|\s", "", told[1]).startswith("共约12")
    estimated = [choice for facet in context["facets"] for choice in facet.choices]
    assert {facet.name for facet in context["facets"] if facet.choices} >= {"year", "month", "company", "institution"}
    assert all(choice.about for choice in estimated)
    assert all(bar.about for bar in context["months"])
    page = re.sub(r"<[^>]+>|\s", "", client.get("/records/?q=订单").content.decode())
    assert page.count("约") > len(estimated)


def test_of_a_chosen_value_that_no_sample_holds_no_number_is_told(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    rare = build.record(build.company("999009"), number="rare", asked=[("订单？", "答")], visitors=["华夏基金 甲"])
    monkeypatch.setattr(fitting, "SAMPLE", 2)
    context = shown(client, "/records/?q=订单&company=999009")
    (chosen,) = [choice for facet in context["facets"] for choice in facet.choices if choice.chosen]
    assert rare in context["listing"].page
    told = client.get("/records/?q=订单&company=999009").content.decode()
    assert chosen.count > 0 or "约 0" not in told


def test_of_a_topic_with_very_many_records_the_institutions_are_estimates(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the topic's own page too, above the list."""
    monkeypatch.setattr(fitting, "SAMPLE", 5)
    topic = build.topic("大模型")
    for record in Record.objects.all():
        record.questions.first().topics.add(topic)
    ledger.renew()
    body = client.get(topic.get_absolute_url()).content.decode()
    told = re.search(r'华夏基金</a> <span class="count">([^<]*)</span>', body)
    assert told
    assert told[1].startswith("约")


@pytest.mark.parametrize(
    ("found", "step", "told"), [(999, 1, 999), (999, 2, 2000), (1234, 25, 31000), (7, 3, 21), (0, 25, 0)]
)
def test_no_more_is_said_than_is_known(found: int, step: int, told: int) -> None:
    assert Hits([(0, None)] * found, (), step).count == told


def test_relevance_is_not_measured_of_very_many(client: Client) -> None:
    answer = client.get("/records/?q=订单&sort=relevance")
    assert "最新的排在前面" in answer.content.decode()
    assert [row.number for row in answer.context["listing"].page] == [
        row.number for row in shown(client, "/records/?q=订单")["listing"].page
    ]
    assert client.get("/records.json?q=订单&sort=relevance").status_code == 400
    assert client.get("/records.json?q=订单 答复3&sort=relevance").status_code == 200


@pytest.mark.parametrize("level", ["records", "questions", "participants"])
def test_exports_hold_every_row_all_the_same(client: Client, level: str) -> None:
    answer: Any = client.get(f"/{level}.csv?q=订单")
    assert len(b"".join(answer.streaming_content).decode().strip().splitlines()) == 12 + 1


@pytest.mark.parametrize("path", ["/insights/", "/companies/999001/", "/records.atom"])
def test_other_pages_take_such_words(client: Client, path: str) -> None:
    assert client.get(f"{path}?q=订单").status_code == 200


def test_a_deep_page_is_there(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("records.views.PAGE_SIZE", 5)
    assert [len(shown(client, f"/records/?q=订单&page={n}")["listing"].page) for n in (1, 2, 3)] == [5, 5, 2]
    assert Question.objects.count() == 30
