"""Asked before: on the record's page, and how the answer changed."""

from __future__ import annotations

import pytest
from django.test import Client

from records.compare import difference, is_rewritten
from records.models import Question, Record
from tests import build

pytestmark = pytest.mark.django_db


@pytest.fixture
def times() -> list[Record]:
    """A question of three years."""
    return [
        build.record(number=str(year), held=f"{year}-05-05", asked=[(f"{year}年境外收入占比？", f"境外占{share}%。")])
        for year, share in ((2022, 11), (2023, 18), (2024, 24))
    ]


def question_of(record: Record) -> Question:
    return record.questions.get()


def test_a_question_names_the_other_times_newest_first(times: list[Record], client: Client) -> None:
    shown = client.get(times[1].get_absolute_url())
    question = question_of(times[1])
    others = shown.context["asked_before"][question.pk]
    assert [other.record.number for other in others] == ["2024", "2022"]
    assert f"/questions/{question.pk}/answers/" in shown.content.decode()


def test_a_question_that_was_asked_once_says_nothing_of_it(client: Client) -> None:
    made = build.record()
    assert "/answers/" not in client.get(made.get_absolute_url()).content.decode()


def test_each_answer_is_set_against_the_one_before(times: list[Record], client: Client) -> None:
    page = client.get(f"/questions/{question_of(times[0]).pk}/answers/")
    assert [answer.question.record.number for answer in page.context["answers"]] == ["2024", "2023", "2022"]
    assert [answer.is_shown for answer in page.context["answers"]] == [False, False, True]
    body = page.content.decode()
    assert "境外占<del>18%</del><ins>24%</ins>。" in body
    assert "境外占<del>11%</del><ins>18%</ins>。" in body
    assert "境外占11%。" in body


def test_an_answer_that_was_written_anew_stands_whole_above_the_one_before(client: Client) -> None:
    question = "公司毛利率如何？"
    answers = (
        "2024年公司综合毛利率为59.8%，较上年提高3.6个百分点，原因是产品授权收入同比增长41%，单位人工成本下降。",
        "2025年公司综合毛利率为61.3%，较上年提高1.5个百分点，原因是产品授权收入同比增长26%，单位人工成本下降。",
        "今年一季度为55.6%，主要是十余个历史定制项目集中验收，这批项目在手余额已不足2,000万元。",
    )
    made = [
        build.record(number=str(year), held=f"{year}-05-05", asked=[(question, answer)])
        for year, answer in zip((2024, 2025, 2026), answers, strict=True)
    ]
    page = client.get(f"/questions/{question_of(made[0]).pk}/answers/")
    assert [answer.is_rewritten for answer in page.context["answers"]] == [True, False, False]
    body = page.content.decode()
    assert f">{answers[2]}</p>" in body
    assert body.count('class="rewritten"') == 1
    assert "<del>59.8%</del><ins>61.3%</ins>" in body


def test_an_answer_that_holds_the_one_before_is_marked_however_long_it_became() -> None:
    old = "公司境外收入占比为18%。"
    assert not is_rewritten(difference(old, f"{old}{'主要来自东南亚和欧洲市场，订单充足。' * 9}"))
    assert not is_rewritten(difference(old, old))
    assert not is_rewritten(difference("", old))


def test_a_script_is_given_the_answers_alone(times: list[Record], client: Client) -> None:
    address = f"/questions/{question_of(times[0]).pk}/answers/"
    assert "<html" not in client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "HX-Request" in client.get(address)["Vary"]


def test_drafts_and_other_companies_are_left_out(times: list[Record], client: Client) -> None:
    build.draft(held="2025-05-05", asked=[("2025年境外收入占比？", "机密。")])
    build.record(build.company("999002"), held="2025-05-05", asked=[("2025年境外收入占比？", "别家。")])
    body = client.get(f"/questions/{question_of(times[2]).pk}/answers/").content.decode()
    assert "机密" not in body
    assert "别家" not in body


def test_a_question_of_a_draft_has_no_such_page(client: Client) -> None:
    made = build.draft(asked=[("境外？", "有。")])
    assert client.get(f"/questions/{question_of(made).pk}/answers/").status_code == 404
    assert client.get("/questions/999999999999999999/answers/").status_code == 404
