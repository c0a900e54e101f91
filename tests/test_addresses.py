"""Addresses of records and questions: readable, unique, and unchanged once the public has seen them."""

import pytest

from . import build

pytestmark = pytest.mark.django_db


def test_a_record_is_addressed_by_its_number() -> None:
    assert build.record(number="2024-010").get_absolute_url() == "/records/999001/2024-010/"


def test_a_record_without_a_number_is_addressed_by_its_id() -> None:
    record = build.record(number="")
    assert record.get_absolute_url() == f"/records/999001/id-{record.pk}/"


@pytest.mark.parametrize(
    "number", ["2024/001", "2024 年第1号", "..", "2024?x=1#y", "２０２４－１", "a\\b", "a\nb", "a\tb", "a\r\nb"]
)
def test_any_number_gives_an_address_that_answers(number: str, client) -> None:
    record = build.record(number=number)
    assert client.get(record.get_absolute_url()).status_code == 200


def test_a_draft_address_follows_its_number() -> None:
    record = build.draft(number="2024-01")
    record.number = "2024-001"
    record.save()
    assert record.slug == "2024-001"


def test_a_published_address_outlives_withdrawal_and_a_new_number(client) -> None:
    record = build.record(number="2024-01")
    address = record.get_absolute_url()
    record.withdraw()
    record.number = "2024-001"
    record.save()
    record.reopen()
    record.publish()
    assert record.get_absolute_url() == address
    assert client.get(address).status_code == 200
    moved = client.get("/records/999001/2024-001/")
    assert (moved.status_code, moved.headers["Location"]) == (301, address)


def test_a_number_whose_address_is_taken_gets_one_of_its_own() -> None:
    old = build.record(number="2024-01")
    old.withdraw()
    old.number = "2024-002"
    old.save()
    new = build.draft(number="2024-01")
    assert new.slug == f"2024-01-id-{new.pk}"


def test_the_address_of_a_question_leads_to_its_place(client) -> None:
    record = build.record(asked=[("甲？", "乙"), ("丙？", "丁")])
    question = record.questions.last()
    answer = client.get(question.get_absolute_url())
    assert answer.headers["Location"] == f"{record.get_absolute_url()}#q{question.pk}"
    assert f'id="q{question.pk}"' in client.get(record.get_absolute_url()).content.decode()


def test_the_address_of_a_question_survives_a_new_order() -> None:
    record = build.record(asked=[("甲？", "乙"), ("丙？", "丁")])
    question = record.questions.last()
    record.questions.all().arrange([question.pk])
    assert list(record.questions.values_list("text", "position")) == [("丙？", 1), ("甲？", 2)]
    assert record.questions.first().get_absolute_url() == question.get_absolute_url()
