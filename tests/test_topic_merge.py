"""Two topics become one: its questions, keywords, name and address lead to the one that remains."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.exceptions import ValidationError
from django.test import Client

from records.models import AuditEntry, MergedTopic, Question, Topic, ledger

from . import build
from .test_admin_entry import form
from .test_admin_publish import texts
from .test_importing_race import at_once
from .test_ledger import assert_exact, kept
from .test_retag import TOPICS, desk_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def in_english(settings: Any) -> None:
    """Sentences are told as the source has them."""
    settings.LANGUAGE_CODE = "en"


def page(topic: Topic) -> str:
    return f"{TOPICS}{topic.pk}/merge/"


@pytest.fixture
def two() -> tuple[Topic, Topic]:
    """LLM and 大模型: one question each, one with both, one of them in a draft."""
    llm, model = build.topic("LLM", keywords="GPT、大模型"), build.topic("大模型", keywords="模型训练")
    build.record(number="1", asked=[("甲？", "是。")], topics=["LLM"])
    build.record(number="2", asked=[("乙？", "是。")], topics=["大模型"])
    build.record(number="3", asked=[("丙？", "是。")], topics=["LLM", "大模型"])
    build.draft(number="4", asked=[("丁？", "是。")], topics=["LLM"])
    return llm, model


def test_the_preview_tells_what_merging_comes_to_and_stores_nothing(two: Any, admin_client: Client) -> None:
    llm, model = two
    answer = admin_client.get(page(llm), {"into": model.pk})
    assert answer.context["merged"] == {"into": model, "both": 1, "moved": 2, "keywords": "模型训练、LLM、GPT"}
    assert Topic.objects.count() == 2
    assert llm.questions.count() == 3


def test_questions_move_and_the_ledger_is_exact(two: Any, admin_client: Client) -> None:
    llm, model = two
    answer = admin_client.post(page(llm), {"into": model.pk}, follow=True)
    assert answer.redirect_chain == [(f"{TOPICS}{model.pk}/change/", 302)]
    model.refresh_from_db()
    assert model.keywords == "模型训练、LLM、GPT"
    assert (model.questions.count(), model.record_count, model.question_count) == (4, 3, 3)
    assert not Topic.objects.filter(name="LLM").exists()
    assert_exact()
    before = kept()
    ledger.renew()
    assert kept() == before
    assert "LLM" in LogEntry.objects.get(object_id=str(model.pk)).get_change_message()
    assert "LLM" in AuditEntry.objects.get(what="merge", object_id=str(model.pk)).detail


def test_the_old_address_leads_to_the_topic_that_remains(two: Any, client: Client) -> None:
    llm, model = two
    old = llm.get_absolute_url()
    assert client.get(old).status_code == 200
    llm.merge_into(model)
    answer = client.get(old, {"company": "999001"})
    assert (answer.status_code, answer.url) == (301, f"{model.get_absolute_url()}?company=999001")
    assert client.get("/records.csv", {"topic": llm.slug}).status_code == 200
    by_old, by_new = (list(client.get("/questions.csv", {"topic": slug})) for slug in (llm.slug, model.slug))
    assert len(b"".join(by_old).splitlines()) == 4
    assert by_old == by_new


def test_addresses_lead_on_after_a_second_merge(two: Any, client: Client) -> None:
    llm, model = two
    last = build.topic("人工智能")
    llm.merge_into(model)
    model.merge_into(last)
    for former in (llm, model):
        assert client.get(former.get_absolute_url()).url == last.get_absolute_url()
    last.refresh_from_db()
    assert last.questions.count() == 4
    assert_exact()


def test_an_address_that_leads_to_nothing_public_is_not_found(client: Client) -> None:
    former = build.topic("空")
    former.merge_into(build.topic("无"))
    assert client.get(former.get_absolute_url()).status_code == 404


def test_a_topic_is_not_merged_with_itself(two: Any, admin_client: Client) -> None:
    answer = admin_client.post(page(two[0]), {"into": two[0].pk}, follow=True)
    assert texts(answer) == "A topic cannot be merged with itself: choose another one."
    assert Topic.objects.count() == 2
    assert admin_client.get(page(two[0]), {"into": two[0].pk}).context["merged"] is False


def test_what_was_merged_already_is_told(two: Any, admin_client: Client) -> None:
    llm, model = two
    other = build.topic("其他主题")
    admin_client.post(page(llm), {"into": model.pk})
    for answer in (
        admin_client.get(page(llm), follow=True),
        admin_client.post(page(llm), {"into": other.pk}, follow=True),
        admin_client.post(page(other), {"into": llm.pk}, follow=True),
    ):
        assert "“LLM” was merged into “大模型” already" in texts(answer)
    with pytest.raises(ValidationError, match="LLM"):
        llm.merge_into(other)
    assert MergedTopic.objects.count() == 1


@pytest.mark.parametrize("into", ["", "x", "9" * 30, "0", "1,2"])
def test_nonsense_is_refused_in_a_sentence(into: str, two: Any, admin_client: Client) -> None:
    assert admin_client.get(page(two[0]), {"into": into}).status_code == 200
    assert texts(admin_client.post(page(two[0]), {"into": into}, follow=True))
    assert Topic.objects.count() == 2


def test_merging_needs_the_permission_to_delete(two: Any) -> None:
    _user, client = desk_user("clerk", "view_topic", "change_topic", "change_question")
    assert client.get(page(two[0])).status_code == 403
    assert client.post(page(two[0]), {"into": two[1].pk}).status_code == 403
    _user, client = desk_user("chief", "view_topic", "change_topic", "delete_topic")
    assert client.post(page(two[0]), {"into": two[1].pk}).status_code == 302


def test_too_many_keywords_together_are_refused_and_nothing_is_moved(two: Any, admin_client: Client) -> None:
    llm, model = two
    for topic, sign in ((llm, "a"), (model, "b")):
        topic.keywords = "、".join(f"{sign}{n}" for n in range(60))
        topic.save()
    assert "100" in texts(admin_client.post(page(llm), {"into": model.pk}, follow=True))
    assert llm.questions.count() == 3


def test_a_name_that_reads_as_a_list_becomes_no_keyword() -> None:
    former, remaining = build.topic("人,车"), build.topic("交通")
    assert former.merge_into(remaining).keywords == ""


def test_the_merged_name_stands_for_the_topic_that_remains(two: Any, admin_client: Client) -> None:
    llm, model = two
    llm.merge_into(model)
    draft = build.draft(number="5")
    data = form(draft)
    data["questions-0-topic_names"] = "llm"
    admin_client.post(f"/admin/records/record/{draft.pk}/change/", data)
    assert list(draft.questions.get().topics.all()) == [model]
    answer = admin_client.post(f"{TOPICS}add/", {"name": "LLM", "keywords": ""})
    assert "大模型" in str(answer.context["errors"])
    answer = admin_client.post(f"{TOPICS}add/", {"name": "新的", "slug": llm.slug, "keywords": ""})
    assert "大模型" in str(answer.context["errors"])


def test_a_free_address_is_none_that_leads_elsewhere() -> None:
    former = build.topic("算力")
    former.merge_into(build.topic("云"))
    assert build.topic("蒜粒").slug != former.slug


@pytest.mark.django_db(transaction=True)
def test_of_two_merges_at_once_one_is_done(two: Any, admin_client: Client) -> None:
    llm, model = two
    answers = at_once([(admin_client, page(llm), {"into": model.pk}), (admin_client, page(model), {"into": llm.pk})])
    assert [answer.status_code for answer in answers] == [302, 302]
    assert Topic.objects.count() == 1
    assert Topic.objects.get().questions.count() == 4
    assert_exact()


@pytest.mark.django_db(transaction=True)
def test_a_topic_given_while_it_is_merged_is_given_as_the_one_that_remains(two: Any, admin_client: Client) -> None:
    llm, model = two
    drafts = [build.draft(number=str(n), asked=[("戊？", "是。")]) for n in range(10, 14)]
    posts = []
    for draft in drafts:
        data = form(draft)
        data["questions-0-topic_names"] = "LLM"
        posts.append((admin_client, f"/admin/records/record/{draft.pk}/change/", data))
    answers = at_once([*posts, (admin_client, page(llm), {"into": model.pk})])
    assert {answer.status_code for answer in answers} == {302}
    given = Question.objects.filter(record__in=drafts)
    assert all(list(question.topics.all()) == [model] for question in given)
    assert_exact()


def test_every_other_topic_is_offered(two: Any, admin_client: Client) -> None:
    body = admin_client.get(page(two[0])).content.decode()
    assert f'value="{two[1].pk}"' in body
    assert f'value="{two[0].pk}"' not in body
