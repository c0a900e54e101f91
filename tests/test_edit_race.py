"""Saves of one page at the same moment: one is stored, and the others are told so."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from records.models import Record

from . import build
from .test_admin_entry import ADD, change, form, new_row
from .test_importing_race import at_once

pytestmark = pytest.mark.django_db(transaction=True)

SAVES = 8


@pytest.fixture
def user() -> Any:
    return get_user_model().objects.create_superuser("desk")


def signed_in(user: Any) -> Client:
    client = Client(raise_request_exception=True)
    client.force_login(user)
    return client


def test_one_of_eight_saves_that_are_the_same_is_stored(user: Any) -> None:
    record = build.draft()
    data = form(
        record,
        new_row("participants", 1, name_as_filed="新来资本", person="新"),
        new_row("questions", 1, text="新问？", answer="新答。", topic_names="境外业务"),
    )
    answers = at_once([(signed_in(user), change(record), data) for _n in range(SAVES)])
    assert sorted(answer.status_code for answer in answers) == [302] + [409] * (SAVES - 1)
    assert all(answer.context["late"].is_twice for answer in answers if answer.status_code == 409)
    assert list(record.participants.values_list("person", flat=True)) == ["贾静雯", "新"]
    assert list(record.questions.values_list("text", flat=True)) == ["订单情况如何？", "新问？"]
    record.refresh_from_db()
    assert (record.institution_count, record.question_count) == (2, 2)


def test_of_two_people_who_change_one_field_the_second_is_asked(user: Any) -> None:
    record = build.draft(place="北京")
    other = get_user_model().objects.create_superuser("other")
    posts = [
        (signed_in(one), change(record), form(record, place=place)) for one, place in ((user, "上海"), (other, "深圳"))
    ]
    first, second = sorted(at_once(posts), key=lambda answer: answer.status_code)
    assert (first.status_code, second.status_code) == (302, 409)
    (item,) = second.context["late"].items
    record.refresh_from_db()
    assert {item.old, item.new} == {"上海", "深圳"}
    assert record.place == item.new


def test_one_of_eight_entries_that_are_the_same_is_stored(user: Any) -> None:
    page = signed_in(user).get(ADD)
    data = form(None, new_row("questions", 0, text="问？"), number="", _work=page.context["editing"]["work"])
    answers = at_once([(signed_in(user), ADD, data) for _n in range(SAVES)])
    assert sorted(answer.status_code for answer in answers) == [302] + [409] * (SAVES - 1)
    assert Record.objects.get().questions.count() == 1
