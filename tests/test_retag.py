"""Questions are found by a topic's keywords: what would change is shown first, and exactly that is done."""

from __future__ import annotations

import re
import threading
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.db import connection, transaction
from django.test import Client

from records.models import Question, Record, Topic, ledger
from records.models.directory import MAX_KEYWORD, MAX_KEYWORDS
from records.models.tagging import Retagging, StaleError, retag

from . import build
from .test_admin_publish import texts
from .test_importing_race import at_once
from .test_ledger import assert_exact

pytestmark = pytest.mark.django_db

TOPICS = "/admin/records/topic/"


@pytest.fixture(autouse=True)
def in_english(settings: Any) -> None:
    """Sentences are told as the source has them."""
    settings.LANGUAGE_CODE = "en"


def page(*topics: Topic) -> str:
    return f"{TOPICS}{','.join(str(topic.pk) for topic in topics)}/questions/"


def seen(answer: Any) -> list[str]:
    return re.findall(r'name="seen" value="(\w+)"', answer.content.decode())


def desk_user(name: str = "clerk", *permissions: str) -> tuple[User, Client]:
    user = User.objects.create_user(name, is_staff=True)
    codenames = permissions or ("view_topic", "change_question", "view_record")
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client = Client()
    client.force_login(user)
    return user, client


def asked_about(topic: Topic) -> set[str]:
    return set(topic.questions.values_list("text", flat=True))


@pytest.mark.parametrize(
    ("keywords", "found"),
    [
        ("LLM", {"LLM如何？", "Ｌｌｍ呢？"}),
        ("云", {"云业务？", "答在后？", "上云"}),
        ("data center", {"Data  Center".replace("  ", " ")}),
        ("没有这个词", set()),
    ],
)
def test_keywords_of_any_script_and_length_find_their_questions(
    keywords: str, found: set[str], admin_user: User
) -> None:
    asked = [("LLM如何？", "好。"), ("Ｌｌｍ呢？", ""), ("云业务？", "增长。"), ("答在后？", "云。"), ("上云", "")]
    build.record(asked=[*asked, ("Data Center", "x"), ("data，center", "x")])
    topic = build.topic("无关主题", keywords=keywords)
    change = Retagging(topic, admin_user)
    assert set(Question.objects.filter(pk__in=change.gaining).values_list("text", flat=True)) == found
    for question in Question.objects.all():
        assert topic.holds(f"{question.text}\n{question.answer}") == (question.pk in change.gaining)


def test_the_preview_counts_all_shows_fifty_and_stores_nothing(admin_client: Client) -> None:
    build.record(asked=[(f"订单<b>{n}？", "算力充足。") for n in range(60)])
    topic = build.topic("算力", keywords="订单")
    answer = admin_client.get(page(topic))
    body = answer.content.decode()
    assert "60" in body
    assert body.count('class="asked"') == 50
    assert "<mark>订单</mark>&lt;b&gt;" in body
    assert "<mark>算力</mark>" in body
    assert not topic.questions.exists()


def test_what_was_shown_is_done_and_the_ledger_is_exact(admin_client: Client) -> None:
    record = build.record(asked=[("大模型？", "有。"), ("订单？", "有。")])
    build.draft(asked=[("大模型呢？", "没有。")])
    topic = build.topic("大模型")
    before = Record.objects.get(pk=record.pk)
    told = admin_client.post(page(topic), {"seen": seen(admin_client.get(page(topic)))}, follow=True)
    assert asked_about(topic) == {"大模型？", "大模型呢？"}
    topic.refresh_from_db()
    assert (topic.record_count, topic.question_count) == (1, 1)
    assert_exact()
    assert "2" in texts(told)
    entry = LogEntry.objects.get(object_id=str(topic.pk))
    assert "2" in entry.get_change_message()
    after = Record.objects.get(pk=record.pk)
    assert (after.status, after.updated_at) == ("published", before.updated_at)
    assert after.history.count() == before.history.count()
    assert "大模型" in Client().get(f"/topics/{topic.slug}/").content.decode()


def test_a_topic_is_taken_away_only_where_that_is_chosen(admin_client: Client) -> None:
    build.record(asked=[("订单？", "有。"), ("人手？", "有。")], topics=["订单"])
    topic = build.topic("订单")
    answer = admin_client.get(page(topic))
    assert "also_take" in answer.content.decode()
    admin_client.post(page(topic), {"seen": seen(answer)})
    assert topic.questions.count() == 2
    admin_client.post(page(topic), {"seen": seen(answer), "also_take": "on"})
    assert asked_about(topic) == {"订单？"}
    assert_exact()


def test_several_topics_are_found_at_once_by_the_action(admin_client: Client) -> None:
    build.record(asked=[("订单与算力？", "有。")])
    topics = [build.topic("订单"), build.topic("算力")]
    data = {"action": "find_questions", "_selected_action": [topic.pk for topic in topics]}
    answer = admin_client.post(TOPICS, data, follow=True)
    assert answer.redirect_chain == [(page(*topics), 302)]
    admin_client.post(page(*topics), {"seen": seen(answer)})
    assert all(topic.questions.count() == 1 for topic in topics)
    assert_exact()


def test_too_many_topics_at_once_are_refused(admin_client: Client) -> None:
    topics = [build.topic(f"主题{n}") for n in range(21)]
    data = {"action": "find_questions", "_selected_action": [topic.pk for topic in topics]}
    assert "20" in texts(admin_client.post(TOPICS, data, follow=True))
    assert admin_client.get(page(*topics)).status_code == 302


def test_what_changed_since_the_preview_is_shown_once_more(admin_client: Client) -> None:
    build.record(asked=[("订单？", "有。")])
    topic = build.topic("订单")
    answer = admin_client.get(page(topic))
    build.record(number="2", asked=[("订单多吗？", "多。")])
    late = admin_client.post(page(topic), {"seen": seen(answer)})
    assert late.status_code == 409
    assert not topic.questions.exists()
    assert admin_client.post(page(topic), {"seen": seen(late)}).status_code == 302
    assert topic.questions.count() == 2


@pytest.mark.parametrize("forged", [[], ["x"], ["x", "y"]])
def test_a_post_without_a_preview_changes_nothing(forged: list[str], admin_client: Client) -> None:
    build.record(asked=[("订单？", "有。")])
    topic = build.topic("订单")
    assert admin_client.post(page(topic), {"seen": forged}).status_code == 409
    assert not topic.questions.exists()


def test_staff_see_and_change_questions_of_their_own_companies_alone() -> None:
    build.record(build.company("999001"), asked=[("晨光订单？", "有。")])
    build.record(build.company("999002"), asked=[("远山订单？", "有。"), ("远山人手？", "有。")], topics=["人手"])
    user, client = desk_user()
    user.companies.set([build.company("999001")])
    order, hands = build.topic("订单"), build.topic("人手", keywords="没有")
    Question.objects.get(text="远山人手？").topics.set([order])
    answer = client.get(page(order, hands))
    assert "晨光" in answer.content.decode()
    assert "远山" not in answer.content.decode()
    client.post(page(order, hands), {"seen": seen(answer), "also_take": "on"})
    assert asked_about(order) == {"晨光订单？", "远山人手？"}
    assert asked_about(hands) == {"远山订单？"}


@pytest.mark.parametrize("permissions", [("view_topic",), ("change_question",)])
def test_without_the_permissions_nothing_is_found(permissions: tuple[str, ...]) -> None:
    _user, client = desk_user("reader", *permissions)
    assert client.get(page(build.topic())).status_code == 403
    assert client.post(page(build.topic())).status_code == 403


@pytest.mark.parametrize("ids", ["0", "x", "1,,2", "9" * 40, "１"])
def test_nonsense_leads_back_to_the_list(ids: str, admin_client: Client) -> None:
    answer = admin_client.get(f"{TOPICS}{ids}/questions/", follow=True)
    assert answer.redirect_chain == [(TOPICS, 302)]
    assert texts(answer)


@pytest.mark.parametrize(
    "keywords", ["大模型、——", "字" * (MAX_KEYWORD + 1), "、".join(map(str, range(MAX_KEYWORDS + 1)))]
)
def test_keywords_that_search_cannot_look_for_are_refused(keywords: str, admin_client: Client) -> None:
    answer = admin_client.post(f"{TOPICS}add/", {"name": "主题", "keywords": keywords})
    assert len(answer.context["errors"]) == 1
    assert not Topic.objects.exists()


def test_the_longest_and_most_keywords_are_looked_for(admin_user: User) -> None:
    words = [f"{n:02}" + "长" * (MAX_KEYWORD - 2) for n in range(MAX_KEYWORDS)]
    build.record(asked=[(words[-1], "有。")])
    assert len(Retagging(build.topic("主题", keywords="\n".join(words)), admin_user).gaining) == 1


def test_questions_are_found_by_the_index(admin_user: User) -> None:
    build.record()
    found = Question.objects.holding_any(build.topic("订单").words).values("pk")
    assert "records_question_grams" in str(found.query) or "irsite_grams(" in str(found.query)


@pytest.mark.django_db(transaction=True)
def test_two_at_once_do_it_once_and_the_other_is_told(admin_client: Client) -> None:
    build.record(asked=[(f"订单{n}？", "有。") for n in range(20)])
    topic = build.topic("订单")
    post = (admin_client, page(topic), {"seen": seen(admin_client.get(page(topic)))})
    assert {answer.status_code for answer in at_once([post, post])} <= {302, 409}
    assert topic.questions.count() == 20
    assert_exact()


@pytest.mark.django_db(transaction=True)
def test_what_is_published_meanwhile_is_counted(admin_user: User) -> None:
    records = [build.draft(number=str(n), asked=[("订单？", "有。")]) for n in range(6)]
    topic = build.topic("订单")
    prints = [Retagging(topic, admin_user).print]
    barrier = threading.Barrier(2)

    def publish() -> None:
        try:
            barrier.wait()
            for record in records:
                record.publish()
        finally:
            connection.close()

    other = threading.Thread(target=publish)
    other.start()
    barrier.wait()
    retag([topic], admin_user, seen=prints)
    other.join()
    topic.refresh_from_db()
    assert topic.record_count == 6
    assert_exact()


@pytest.mark.skipif("connection.vendor == 'sqlite'", reason="SQLite has one writer at a time anyway")
@pytest.mark.django_db(transaction=True)
def test_it_waits_for_nobody_who_holds_a_record(admin_user: Any) -> None:
    """Who withdraws one holds it and waits for the ledger, which is held here."""
    made = build.record(asked=[("订单如何？", "充足")])
    topic = build.topic("订单")
    prints = [Retagging(topic, admin_user).print]

    def give() -> None:
        try:
            retag([topic], admin_user, seen=prints)
        finally:
            connection.close()

    giving = threading.Thread(target=give)
    with transaction.atomic():
        Record.objects.select_for_update().get(pk=made.pk)
        giving.start()
        giving.join(timeout=20)
        assert not giving.is_alive()
    assert topic.questions.count() == 1
    assert_exact()


@pytest.mark.skipif("connection.vendor == 'sqlite'", reason="SQLite has one writer at a time anyway")
@pytest.mark.django_db(transaction=True)
def test_of_two_who_do_the_same_at_one_moment_one_is_told(admin_user: User) -> None:
    for number in range(20):
        build.record(number=str(number), asked=[("订单如何？", "充足")])
    topic = build.topic("订单")
    prints, barrier, told = [Retagging(topic, admin_user).print], threading.Barrier(2), []

    def give() -> None:
        try:
            barrier.wait()
            retag([topic], admin_user, seen=prints)
            told.append("done")
        except StaleError:
            told.append("stale")
        finally:
            connection.close()

    both = [threading.Thread(target=give) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert sorted(told) == ["done", "stale"]


def test_a_stale_preview_raises(admin_user: User) -> None:
    build.record()
    with pytest.raises(StaleError):
        retag([build.topic("订单")], admin_user, seen=["x"])


def test_renewing_a_topic_gives_what_counting_anew_gives(admin_user: User) -> None:
    for n in range(3):
        build.record(number=str(n), asked=[("订单？", "有。")] * (n + 1), topics=["人手"])
    topic = build.topic("订单")
    retag([topic], admin_user, seen=[Retagging(topic, admin_user).print])
    topic.refresh_from_db()
    told = (topic.record_count, topic.question_count, topic.first_held)
    ledger.renew()
    topic.refresh_from_db()
    assert told == (topic.record_count, topic.question_count, topic.first_held)
    assert told[:2] == (3, 6)
