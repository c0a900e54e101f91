"""Asked before: on the record's page, and how the answer changed."""

from __future__ import annotations

import pytest
from django.test import Client

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
