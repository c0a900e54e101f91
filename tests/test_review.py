"""From the author's form to the reviewer's reading page and back: who sees which buttons, and what they do."""

from __future__ import annotations

import logging
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from records.models import Record

from . import build
from .test_admin_entry import ADD, change, form, new_row
from .test_admin_publish import texts, verb

pytestmark = pytest.mark.django_db

LIST = "/admin/records/record/"
READING_QUERIES = 24


def page_of(record: Record) -> str:
    return reverse("admin:records_record_review", args=[record.pk])


def signed_in(name: str, *permissions: str, **fields: Any) -> Client:
    client = Client()
    client.force_login(build.person(name, *permissions, **fields))
    return client


@pytest.fixture
def author() -> Client:
    return signed_in("author")


@pytest.fixture
def reviewer() -> Client:
    return signed_in("reviewer", *build.REVIEWER)


def submitted(author: Client, **options: Any) -> Record:
    record = build.draft(**options)
    author.post(change(record), form(record, place="公司会议室", _submit="1"))
    record.refresh_from_db()
    assert record.status == "review"
    return record


def buttons(page: str) -> set[str]:
    """The verbs that a page offers."""
    saved_with = set(re.findall(r'name="_(submit|publish)"', page))
    return saved_with | set(re.findall(r'action="[^"]*/verb/(\w+)/"', page))


# The author


def test_a_new_record_is_entered_and_submitted_at_once(author: Client) -> None:
    assert buttons(author.get(ADD).content.decode()) == {"submit"}
    data = form(None, new_row("questions", 0, text="问？", answer="答。"), _submit="1")
    answer = author.post(ADD, data)
    record = Record.objects.get()
    assert (record.status, answer.url) == ("review", page_of(record))


def test_a_draft_may_lack_anything_and_submitting_leads_to_the_first_gap(author: Client) -> None:
    author.post(ADD, form(held_from="", place="会议室"))
    record = Record.objects.get()
    answer = author.post(change(record), form(record, held_from="", activity_types=["其他"], _submit="1"), follow=True)
    record.refresh_from_db()
    assert record.status == "draft"
    assert set(answer.context["adminform"].form.errors) == {"other_activity", "held_from", "introduction"}
    focused = re.findall(r"<[^>]* autofocus[^>]*>", answer.content.decode())
    assert len(focused) == 1
    assert 'name="other_activity"' in focused[0]


def test_while_in_review_the_record_is_read_and_not_edited(author: Client) -> None:
    record = submitted(author)
    assert author.get(change(record)).url == page_of(record)
    assert author.post(change(record), form(record, place="别处")).status_code == 403
    assert author.post(f"{LIST}{record.pk}/delete/", {"post": "yes"}).status_code == 403
    paste = author.post(reverse("admin:record_paste", args=[record.pk]), {"op": "read"}, follow=True)
    assert "复核" in texts(paste) or "review" in texts(paste)
    record.refresh_from_db()
    assert record.place == "公司会议室"


def test_the_author_may_take_it_back(author: Client) -> None:
    record = submitted(author)
    assert buttons(author.get(page_of(record)).content.decode()) == {"recall"}
    assert author.post(verb(record, "recall")).url == change(record)
    assert 'name="place"' in author.get(change(record)).content.decode()


# The reviewer


def test_the_reviewer_reads_the_whole_record(author: Client, reviewer: Client) -> None:
    record = submitted(
        author,
        place="公司会议室",
        asked=[("订单如何？", "充足。"), ("毛利呢？", "平稳。")],
        visitors=["高瓴资本 李四"],
    )
    page = reviewer.get(page_of(record)).content.decode()
    for said in (
        "公司会议室",
        "订单如何？",
        "充足。",
        "毛利呢？",
        "平稳。",
        "高瓴资本",
        "李四",
        "☑ 特定对象调研",
        "□ 路演活动",
    ):
        assert said in page
    assert not re.search(r'<(input|textarea) (?!type="(hidden|search)")[^>]*name="(?!comment)', page)
    assert buttons(page) == {"approve", "send_back"}
    assert "style=" not in page


def test_reading_costs_the_same_for_any_number_of_rows(
    author: Client, reviewer: Client, django_assert_max_num_queries: Any
) -> None:
    rows = range(40)
    record = submitted(
        author,
        asked=[(f"问{n}", "答") for n in rows],
        visitors=[f"机构{n}资本 人{n}" for n in rows],
        topics=["大模型"],
    )
    reviewer.get(page_of(record))
    with django_assert_max_num_queries(READING_QUERIES):
        reviewer.get(page_of(record))


def test_approving_publishes(author: Client, reviewer: Client) -> None:
    record = submitted(author)
    answer = reviewer.post(verb(record, "approve"), {"comment": "同意"}, follow=True)
    assert record in Record.objects.published()
    assert record.get_absolute_url() in texts(answer)
    assert [(step.verb, step.user.username, step.comment) for step in record.steps.all()] == [
        ("submit", "author", ""),
        ("approve", "reviewer", "同意"),
    ]


def test_what_is_returned_lies_before_the_author_with_the_comment_in_sight(author: Client, reviewer: Client) -> None:
    record = submitted(author)
    reviewer.post(verb(record, "send_back"), {"comment": "第二问请补充数据"})
    page = author.get(change(record)).content.decode()
    assert page.index("第二问请补充数据") < page.index('name="number"')
    assert "reviewer" in page
    assert buttons(page) == {"submit"}
    author.post(change(record), form(record, _submit="1"))
    reviewer.post(verb(record, "approve"))
    assert "returned" not in reviewer.get(change(record)).content.decode()


def test_returning_without_a_comment_asks_for_one_and_keeps_the_record_in_review(
    author: Client, reviewer: Client
) -> None:
    record = submitted(author)
    for comment, said in (("", "errorlist"), ("长" * 2001, "长" * 2001), ("\0", "errorlist")):
        answer = reviewer.post(verb(record, "send_back"), {"comment": comment})
        assert answer.status_code == 422
        assert said in answer.content.decode()
    record.refresh_from_db()
    assert record.status == "review"


def test_a_correction_is_read_with_what_it_changes(author: Client, reviewer: Client) -> None:
    old = build.record(number="2024-001", asked=[("订单如何？", "同比增长10%。")])
    answer = author.post(verb(old, "correct"))
    draft = old.correction
    assert answer.url == change(draft)
    question = draft.questions.get()
    question.answer = "同比增长12%。"
    question.save()
    author.post(change(draft), form(draft, _submit="1"))
    page = reviewer.get(page_of(draft)).content.decode()
    assert "<del>10%</del><ins>12%</ins>" in page
    reviewer.post(verb(draft, "approve"))
    assert list(Record.objects.published()) == [draft]
    page = author.get(change(old)).content.decode()
    assert change(draft) in page
    assert buttons(page) == set()


# Who may what


def test_the_submitter_does_not_approve_unless_the_desk_is_one_persons() -> None:
    company = build.company()
    both = signed_in("both", *build.STAFF, *build.REVIEWER)
    record = submitted(both)
    assert buttons(both.get(page_of(record)).content.decode()) == {"recall", "send_back"}
    both.post(verb(record, "approve"))
    assert not Record.objects.published().exists()
    company.one_person_desk = True
    company.save()
    page = both.get(page_of(record)).content.decode()
    assert "approve" in buttons(page)
    assert "单人" in page or "One-person" in page
    both.post(verb(record, "approve"))
    assert Record.objects.published().exists()


def test_buttons_show_only_what_one_may_do_now(author: Client, reviewer: Client) -> None:
    draft, there = build.draft(number="1"), build.record(number="2")
    gone = build.record(number="3")
    gone.withdraw()
    assert buttons(author.get(change(draft)).content.decode()) == {"submit"}
    assert buttons(author.get(change(there)).content.decode()) == {"correct"}
    assert buttons(author.get(change(gone)).content.decode()) == {"reopen"}
    assert buttons(reviewer.get(change(draft)).content.decode()) == set()
    assert buttons(reviewer.get(change(there)).content.decode()) == {"withdraw"}
    assert buttons(reviewer.get(change(gone)).content.decode()) == set()


@pytest.mark.parametrize("name", ["approve", "publish", "withdraw", "send_back"])
def test_a_verb_that_is_not_allowed_is_refused_with_a_sentence_and_logged(
    author: Client, name: str, caplog: Any
) -> None:
    record = submitted(author)
    with caplog.at_level(logging.WARNING, "records.workflow"):
        answer = author.post(verb(record, name), {"comment": "因为"}, follow=True)
    assert len(texts(answer)) > 10
    assert "因为" in texts(answer)
    assert f"{name} of record {record.pk}" in caplog.text
    assert f"by user {author.session['_auth_user_id']}" in caplog.text
    record.refresh_from_db()
    assert record.status == "review"


# Many at once


def test_many_are_submitted_with_a_report_for_each(author: Client) -> None:
    good, empty = build.draft(number="1"), build.draft(number="2", asked=(), held=None)
    there = build.record(number="3")
    data = {"action": "submit_selected", "_selected_action": [good.pk, empty.pk, there.pk]}
    answer = author.post(LIST, data, follow=True)
    assert Record.objects.get(status="review") == good
    told = [str(message) for message in answer.context["messages"]]
    assert len(told) == 3
    for record in (good, empty, there):
        assert any(str(record) in line for line in told)


def test_many_are_returned_with_one_comment_asked_for_in_between(author: Client, reviewer: Client) -> None:
    records = [submitted(author, number=str(n)) for n in range(2)]
    data = {"action": "send_back_selected", "_selected_action": [record.pk for record in records]}
    between = reviewer.post(LIST, data)
    assert Record.objects.filter(status="review").count() == 2
    posted = {}
    for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', between.content.decode()):
        posted.setdefault(name, []).append(value)
    posted.pop("csrfmiddlewaretoken", None)
    assert "errorlist" in reviewer.post(LIST, {**posted, "comment": " "}).content.decode()
    reviewer.post(LIST, {**posted, "comment": "都请补充"})
    assert {record.returned.comment for record in Record.objects.all()} == {"都请补充"}


def test_bulk_verbs_are_offered_to_whom_they_are_open_and_refused_otherwise(
    author: Client, reviewer: Client, caplog: Any
) -> None:
    record = submitted(author)

    def offered(client: Client) -> set[str]:
        return set(re.findall(r'value="(\w+)_selected"', client.get(LIST).content.decode())) - {"delete"}

    assert offered(author) == {"submit", "recall", "correct", "reopen"}
    assert offered(reviewer) == {"send_back", "approve", "withdraw"}
    author.post(LIST, {"action": "approve_selected", "_selected_action": [record.pk]})
    assert not Record.objects.published().exists()
    colleague = signed_in("colleague")
    with caplog.at_level(logging.WARNING, "records.workflow"):
        colleague.post(LIST, {"action": "recall_selected", "_selected_action": [record.pk]})
    assert "recall" in caplog.text
    record.refresh_from_db()
    assert record.status == "review"
