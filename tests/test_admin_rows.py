"""Participants and questions of a record's page: what a save costs, what it writes, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from records.models import Institution, Participant, Question, Record, Topic

from . import build
from .test_admin_entry import ADD, change, form, new_row

pytestmark = pytest.mark.django_db

SAVING_QUERIES = 75  # of 250 participants and 87 questions, all new or all changed


def many(participants: int, questions: int) -> list[dict[str, Any]]:
    return [
        *(new_row("participants", n, name_as_filed=f"机构{n}资本", person=f"人{n}") for n in range(participants)),
        *(new_row("questions", n, text=f"问{n}？", answer="答。", topic_names="大模型") for n in range(questions)),
    ]


def saved(desk: Client, address: str, data: dict[str, Any]) -> int:
    """Posts, and gives the number of queries."""
    with CaptureQueriesContext(connection) as queries:
        answer = desk.post(address, data)
    assert answer.status_code == 302, answer.context["errors"]
    return len(queries)


def test_saving_costs_the_same_for_any_number_of_rows(admin_client: Client) -> None:
    saved(admin_client, ADD, form(None, *many(1, 1), number="0"))
    few = saved(admin_client, ADD, form(None, *many(3, 3), number="1"))
    more = saved(admin_client, ADD, form(None, *many(90, 60), number="2"))
    assert abs(more - few) <= 1  # the institutions of the first three were there
    costs = saved(admin_client, ADD, form(None, *many(250, 87), number="3"))
    assert costs <= SAVING_QUERIES
    record = Record.objects.get(number="3")
    assert (record.institution_count, record.person_count, record.question_count) == (250, 250, 87)
    data = {
        name: f"{value}改" if name.endswith(("-person", "-text")) else value for name, value in form(record).items()
    }
    assert saved(admin_client, change(record), data) <= SAVING_QUERIES
    assert record.participants.filter(person__endswith="改").count() == 250


def test_each_row_that_changed_leaves_its_history_and_no_other(admin_client: Client) -> None:
    record = build.draft(visitors=["华夏基金 贾静雯", "中信证券 王五"], asked=[("甲？", "1"), ("乙？", "2")])
    data = form(record) | {"participants-1-person": "赵六", "questions-0-position": 2, "questions-1-position": 1}
    saved(admin_client, change(record), data | {"questions-1-topic_names": "大模型"})
    assert [(row.person, row.history_user.username) for row in Participant.history.all()] == [("赵六", "admin")]
    assert not Question.history.exists()
    assert list(record.questions.values_list("text", flat=True)) == ["乙？", "甲？"]


def test_a_row_that_goes_leaves_its_last_state(admin_client: Client) -> None:
    record = build.draft(visitors=["华夏基金 贾静雯", "中信证券 王五"])
    saved(admin_client, change(record), form(record) | {"participants-0-DELETE": "on"})
    assert [(row.person, row.history_type) for row in Participant.history.all()] == [("贾静雯", "-")]
    record.refresh_from_db()
    assert (record.institution_count, record.person_count) == (1, 1)


def test_a_row_of_another_record_is_not_taken_over(admin_client: Client) -> None:
    record, other = build.draft(number="1"), build.draft(number="2")
    theirs = other.questions.get()
    answer = admin_client.post(change(record), form(record) | {"questions-0-id": theirs.pk, "questions-0-text": "偷"})
    assert answer.status_code == 200
    theirs.refresh_from_db()
    assert (theirs.record_id, theirs.text) == (other.pk, "订单情况如何？")


def test_place_nought_is_the_first(admin_client: Client) -> None:
    record = build.draft(asked=[("甲", ""), ("乙", "")])
    saved(admin_client, change(record), form(record) | {"questions-1-position": 0})
    assert list(record.questions.values_list("text", "position")) == [("乙", 1), ("甲", 2)]


@pytest.mark.parametrize("name", ["—", "/", " - "])
def test_a_dash_is_no_institution(admin_client: Client, name: str) -> None:
    saved(admin_client, ADD, form(None, new_row("participants", 0, name_as_filed=name, person="李四")))
    row = Participant.objects.get()
    assert (row.name_as_filed, row.institution) == (name.strip(), None)
    assert not Institution.objects.exists()


def test_names_of_topics_are_matched_whatever_their_width_and_case(admin_client: Client) -> None:
    topic = build.topic("AI 应用")
    saved(admin_client, ADD, form(None, new_row("questions", 0, text="问？", topic_names="ａｉ应用、Ai 应用")))
    assert list(Question.objects.get().topics.all()) == [topic]
    assert Topic.objects.count() == 1


def test_a_new_question_is_given_the_topics_whose_words_it_holds(admin_client: Client) -> None:
    """As those of a filing are; what is taken away from it, or typed beside it, is for people to say."""
    orders = build.topic("订单")
    Topic.objects.filter(pk=orders.pk).update(keywords="在手合同、交付")
    build.topic("大模型")
    rows = [
        new_row("questions", 0, text="交付顺利吗？", answer="顺利。"),
        new_row("questions", 1, text="交付顺利吗？", answer="顺利。", topic_names="大模型"),
        new_row("questions", 2, text="还有吗？", answer="没有。"),
    ]
    saved(admin_client, ADD, form(None, *rows))
    first, second, third = Question.objects.order_by("position")
    assert [[topic.name for topic in row.topics.all()] for row in (first, second, third)] == [["订单"], ["大模型"], []]
    record = Record.objects.get()
    saved(admin_client, change(record), form(record) | {"questions-0-topic_names": ""})
    saved(admin_client, change(record), form(record) | {"questions-0-answer": "交付顺利。"})
    assert not first.topics.exists()


def test_a_new_topic_is_named_in_a_message(admin_client: Client) -> None:
    data = form(None, new_row("questions", 0, text="问？", topic_names="打模型"))
    answer = admin_client.post(ADD, data, follow=True)
    assert any("打模型" in str(message) for message in answer.context["messages"])


def test_who_may_not_add_topics_is_told_beside_the_field(client: Client, django_user_model: Any) -> None:
    user = django_user_model.objects.create_user("typist", is_staff=True)
    codenames = r"^(add|change|view)_(record|participant|question|company)$"
    user.user_permissions.set(Permission.objects.filter(codename__regex=codenames))
    client.force_login(user)
    build.topic("大模型")
    answer = client.post(ADD, form(None, new_row("questions", 0, text="问？", topic_names="大模型、打模型")))
    assert answer.status_code == 200
    rows = answer.context["inline_admin_formsets"][1].formset.forms
    assert "打模型" in str(rows[0].errors["topic_names"])
    assert 'value="大模型、打模型"' in answer.content.decode()
    assert not Record.objects.exists()
    saved(client, ADD, form(None, new_row("questions", 0, text="问？", topic_names="大模型")))
    assert Topic.objects.count() == 1


@pytest.mark.parametrize(
    ("typed", "field"), [({"held_to": "2026-03-11"}, "held_to"), ({"number": "2024-999"}, "number")]
)
def test_what_the_table_refuses_is_said_beside_its_field(admin_client: Client, typed: dict, field: str) -> None:
    build.draft()
    answer = admin_client.post(ADD, form(**typed))
    assert list(answer.context["adminform"].form.errors) == [field]
