"""The answer bank: what was answered to such a question before, of the company first; never what is not theirs to read."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from records import search, similar
from records.models import Question, Record

from . import build

pytestmark = pytest.mark.django_db

ASKED = "请问公司毛利率下降的主要原因是什么？"
LIKE = "今年毛利率为何下降？"
OTHER = "海外业务的收入占比是多少？"


@pytest.fixture(autouse=True)
def no_sample() -> None:
    similar._counted.cache_clear()


def found(text: str = ASKED, company: Any = None) -> tuple[list[str], list[str]]:
    company = company or build.company()
    theirs = Question.objects.public().exclude(record__company=company)
    own, others = similar.answered_before(text, Record.objects.published().filter(company=company), theirs)
    return [row.answer for row in own], [row.answer for row in others]


def bank(client: Client, q: str = ASKED, **parameters: Any) -> str:
    answer = client.get(reverse("admin:records_record_similar", query={"q": q, **parameters}))
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_company_s_own_come_first_and_then_those_of_others() -> None:
    build.record(number="1", asked=[(LIKE, "成本上升。"), (OTHER, "三成。")])
    build.record(build.company("999002"), number="1", asked=[(LIKE, "别家的。"), (OTHER, "一成。")])
    assert found() == (["成本上升。"], ["别家的。"])
    assert found("今年海外收入占比多少？") == (["三成。"], ["一成。"])


def test_the_likest_first_and_of_equals_the_newest() -> None:
    asked = [("毛利率下降主要是什么原因？", "最像。"), ("毛利率未来的变化趋势？", "不太像。")]
    build.record(number="1", held="2023-01-01", asked=asked)
    build.record(number="2", held="2024-01-01", asked=[("毛利率下降主要是什么原因？", "最像，较新。")])
    assert found()[0] == ["最像，较新。", "最像。", "不太像。"]


def test_what_was_not_answered_is_not_offered() -> None:
    build.record(number="1", asked=[(LIKE, "")])
    build.record(build.company("999002"), number="1", asked=[(LIKE, "")])
    assert found() == ([], [])


@pytest.mark.parametrize("text", ["", " ", "请问", "？？", "a", "毛", "ＡＢ%_'\"\\", "𠀀𠀁", "毛利" * 200])
def test_whatever_is_typed_is_answered(text: str) -> None:
    build.record(number="1", asked=[(LIKE, "成本。")])
    found(text)
    found(text, build.company("999002"))


def test_a_gram_that_nobody_ever_used_does_not_hide_what_the_others_find() -> None:
    other = build.company("999002")
    build.record(other, number="1", asked=[("固态电池的研发进展？", "顺利。")])
    assert found("固态电池的量产节奏及研发？")[1] == ["顺利。"]


def test_common_grams_are_looked_for_in_the_newest_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(similar, "_SAMPLE", 10)
    other = build.company("999002")
    build.record(other, number="1", asked=[(f"毛利率下降的原因，第{n}问？", f"答{n}。") for n in range(10)])
    asked: list[Any] = []
    real = similar.recent_holding
    monkeypatch.setattr(similar, "recent_holding", lambda *args: asked.append(args) or real(*args))
    assert len(found()[1]) == similar.SHOWN
    assert asked


def test_the_index_finds_the_newest_that_hold_all() -> None:
    build.record(number="1", asked=[("毛利率一", "甲"), ("净利率二", "乙"), ("毛利率三", "丙"), ("毛利四", "利率")])
    pks = list(Question.objects.order_by("pk").values_list("pk", flat=True))
    assert search.newest_holding(search.QUESTIONS, ["毛利", "利率"], connection) == [pks[3], pks[2], pks[0]]
    sets = [["毛利", "利率", "率三"], ["毛利", "利率"]]
    assert search.recent_holding(search.QUESTIONS, sets, connection) == [pks[2], pks[3], pks[0]]


@pytest.mark.skipif("connection.vendor == 'sqlite'", reason="SQLite goes through its lists from the newest row on")
def test_where_too_many_hold_all_the_newest_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "_FEW", 3)
    asked = [(f"毛利率下降的原因，第{n}问？", f"答{n}。") for n in range(5)]
    build.record(build.company("999002"), number="1", asked=[("海外收入占比？", "三成。")] * 200 + asked)
    assert search.newest_holding(search.QUESTIONS, ["毛利", "利率"], connection) is None
    assert len(found()[1]) == 5


def test_a_draft_is_offered_to_its_company_and_to_no_other(admin_client: Client) -> None:
    mine, theirs = build.company(), build.company("999002")
    build.draft(mine, number="1", asked=[(LIKE, "自家草稿。")])
    build.draft(theirs, number="1", asked=[(LIKE, "别家草稿。")])
    page = bank(admin_client, company=mine.pk)
    assert "自家草稿。" in page
    assert "别家草稿。" not in page
    assert "草稿。" not in bank(admin_client)


def test_a_draft_that_the_user_does_not_see_at_the_desk_is_not_offered(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from records.admin.record import RecordAdmin

    build.draft(number="1", asked=[(LIKE, "自家草稿。")])
    build.record(number="2", asked=[(LIKE, "已发布。")])
    monkeypatch.setattr(RecordAdmin, "get_queryset", lambda self, request: Record.objects.none())
    page = bank(admin_client, company=build.company().pk)
    assert "已发布。" in page
    assert "自家草稿。" not in page


def test_what_was_superseded_or_withdrawn_is_not_offered(admin_client: Client) -> None:
    withdrawn = build.record(number="1", asked=[(LIKE, "撤回了。")])
    withdrawn.withdraw()
    old = build.record(number="2", asked=[(LIKE, "原来的。")])
    new = old.correct()
    new.questions.update(answer="更正后的。")
    new.publish()
    page = bank(admin_client, company=old.company_id)
    assert "更正后的。" in page
    assert "原来的。" not in page
    assert "撤回了。" not in page


def test_date_answer_link_and_button_are_there_and_the_record_itself_is_not(admin_client: Client) -> None:
    record = build.record(number="2024-001", held="2024-06-06", asked=[(LIKE, "<b>成本</b>")])
    page = bank(admin_client, company=record.company_id)
    assert "2024-06-06" in page
    assert "&lt;b&gt;成本" in page
    assert record.questions.get().get_absolute_url() in page
    assert "data-insert" in page
    assert "成本" not in bank(admin_client, company=record.company_id, record=record.pk)


@pytest.mark.parametrize("parameters", [{"company": "x"}, {"company": "9" * 40}, {"record": "٣"}, {"q": "\0毛利率"}])
def test_nonsense_is_answered(admin_client: Client, parameters: dict[str, str]) -> None:
    bank(admin_client, **parameters)


def test_it_is_for_the_desk_alone(client: Client) -> None:
    address = reverse("admin:records_record_similar")
    assert client.get(address).status_code == 302
    client.force_login(build.person("nobody", "view_company"))
    assert client.get(address).status_code == 403


def test_the_cost_does_not_grow_with_the_market(admin_client: Client, django_assert_max_num_queries: Any) -> None:
    for code in range(3, 9):
        build.record(build.company(f"99900{code}"), number="1", asked=[(LIKE, "答。")] * 5)
    bank(admin_client)
    with django_assert_max_num_queries(40):
        bank(admin_client, company=build.company().pk)
