"""Nonsense that is posted to a record's page: a message, nothing stored, no error of ours."""

from __future__ import annotations

import pytest
from django.test import Client

from records.models import Record

from . import build
from .test_admin_entry import ADD, change, form, new_row
from .test_edit_conflict import sent

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "typed",
    [
        {"questions-0-id": "abc"},
        {"questions-INITIAL_FORMS": "99", "questions-TOTAL_FORMS": "99"},
        {"questions-TOTAL_FORMS": "999999"},
        {"questions-0-position": "-3"},
        {"questions-0-position": "x"},
        {"participants-0-record": "999"},
        {"questions-TOTAL_FORMS": "-5"},
        {"questions-INITIAL_FORMS": "-1"},
        {"questions-INITIAL_FORMS": ""},
        {"questions-TOTAL_FORMS": "９" * 40},
        {"participants-INITIAL_FORMS": "0"},
        {"participants-0-id": ""},
        {"participants-0-id": "0"},
        {"participants-1-id": "1"},
        {"participants-7-person": "多余的人"},
        {"attachments-0-id": "1", "attachments-TOTAL_FORMS": "1", "attachments-INITIAL_FORMS": "1"},
        {"held_from": "9" * 400},
        {"hosts": "张\0三"},
        {"extra": "【风险\0提示】"},
        {"extra": "没有标签"},
        {"questions-0-text": "\0"},
        {"company": "x"},
        {"company": "9" * 30},
        {"company": ""},
        {"number": "长" * 100},
        {"activity_types": ["没有这一类"]},
        {"stated_people": "99999999999999"},
    ],
)
def test_nonsense_is_a_message_and_stores_nothing(admin_client: Client, typed: dict) -> None:
    record = build.draft()
    answer = admin_client.post(change(record), form(record, place="别处") | typed)
    assert answer.status_code == 200
    record.refresh_from_db()
    assert record.place == ""
    assert (record.participants.count(), record.questions.count()) == (1, 1)


@pytest.mark.parametrize("part", ["participants", "questions", "attachments"])
def test_rows_whose_counts_are_missing_come_back_and_can_be_saved(admin_client: Client, part: str) -> None:
    record = build.draft()
    data = form(record, new_row("questions", 1, text="又一问？"), place="别处")
    del data[f"{part}-TOTAL_FORMS"]
    answer = admin_client.post(change(record), data)
    assert answer.status_code == 200
    assert record.questions.count() == 1
    again = admin_client.post(change(record), sent(answer))
    assert again.status_code == 302
    assert record.questions.count() == 2


def test_rows_of_another_record_come_back_as_new_ones_and_leave_it_alone(admin_client: Client) -> None:
    record, other = build.draft(number="1"), build.draft(number="2")
    theirs = other.questions.get()
    answer = admin_client.post(change(record), form(record) | {"questions-0-id": theirs.pk, "questions-0-text": "偷"})
    assert answer.status_code == 200
    assert admin_client.post(change(record), sent(answer)).status_code == 302
    theirs.refresh_from_db()
    assert (theirs.record_id, theirs.text) == (other.pk, "订单情况如何？")
    assert "偷" in record.questions.values_list("text", flat=True)


def test_a_record_is_not_entered_with_the_rows_of_another(admin_client: Client) -> None:
    other = build.draft()
    data = form(None, new_row("questions", 0, text="偷", id=other.questions.get().pk)) | {"questions-INITIAL_FORMS": 1}
    answer = admin_client.post(ADD, data)
    assert answer.status_code == 200
    assert other.questions.get().text == "订单情况如何？"
    assert Record.objects.get() == other


def test_a_row_that_is_sent_twice_is_not_stored(admin_client: Client) -> None:
    record = build.draft()
    twice = {"questions-1-id": record.questions.get().pk, "questions-1-text": "另一样", "questions-TOTAL_FORMS": 2}
    answer = admin_client.post(change(record), form(record) | twice | {"questions-INITIAL_FORMS": 2})
    assert answer.status_code == 200
    assert record.questions.get().text == "订单情况如何？"
