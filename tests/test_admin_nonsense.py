"""Nonsense that is posted to a record's page: a message, nothing stored, no error of ours."""

from __future__ import annotations

import pytest
from django.test import Client

from . import build
from .test_admin_entry import change, form

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
