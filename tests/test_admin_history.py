"""The history of a record is on one page, with its participants and questions; it is read, never written back."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from records import history
from records.models import Participant, Question, Record

from . import build
from .test_admin_checks import warned
from .test_admin_entry import ADD, change, form, new_row

pytestmark = pytest.mark.django_db

QUERIES = 20


def page_of(record: Record, **parameters: Any) -> str:
    return reverse("admin:records_record_history", args=[record.pk], query=parameters or None)


def read(client: Client, record: Record, **parameters: Any) -> str:
    return client.get(page_of(record, **parameters)).content.decode()


def compared(client: Client, record: Record, old: Any, new: Any, **options: Any) -> Any:
    address = reverse("admin:records_record_compare", args=[record.pk], query={"old": old, "new": new})
    return client.get(address, **options)


def entered(client: Client) -> Record:
    """A record as it is typed in, with a participant and two questions."""
    data = form(
        None,
        new_row("participants", 0, name_as_filed="华夏基金", person="贾静雯"),
        new_row("questions", 0, text="订单如何？", answer="同比增长10%，" + "详见公告。" * 20),
        new_row("questions", 1, text="分红？", answer="有。"),
        place="上海",
    )
    client.post(ADD, data)
    return Record.objects.get()


def let_time_pass(record: Record) -> None:
    """Everything so far was a day earlier."""
    day = datetime.timedelta(days=1)
    for model in (Record.history.model, Participant.history.model, Question.history.model):
        for row in model.objects.all():
            model.objects.filter(history_id=row.history_id).update(history_date=row.history_date - day)
    for model in (record.steps, record.acknowledgements):
        for row in model.all():
            model.filter(pk=row.pk).update(at=row.at - day)


def moments(record: Record) -> list[history.Moment]:
    return list(history.page_of(record.pk, 1).object_list)


def told(moment: history.Moment) -> dict[str, list[tuple[str, str]]]:
    return {change.label: [(piece.kind, piece.text) for piece in change.pieces] for change in moment.changes}


def test_it_tells_who_did_what_with_the_value_before_and_after(admin_client: Client) -> None:
    record = build.draft(place="上海")
    let_time_pass(record)
    admin_client.post(change(record), form(record, place="北京", _publish="1"))
    page = read(admin_client, record)
    assert "<del>上海</del><ins>北京</ins>" in page
    assert "admin" in page
    assert "发布" in page
    assert "style=" not in page


def test_what_was_saved_at_once_is_one_moment_whatever_it_changed(admin_client: Client) -> None:
    record = entered(admin_client)
    assert len(moments(record)) == 1
    let_time_pass(record)
    data = form(record, place="上海", **{"questions-0-answer": "同比增长12%，" + "详见公告。" * 20})
    data |= {"questions-1-DELETE": "on"} | new_row("participants", 1, name_as_filed="中信证券", person="王五")
    data["participants-0-person"] = "白海波"
    admin_client.post(change(record), data)
    latest, first = moments(record)
    assert latest.who == first.who == "admin"
    changes = list(told(latest).items())
    assert len(changes) == 4
    assert any(("old", "贾静雯") in pieces and ("new", "白海波") in pieces for _label, pieces in changes)
    assert any(pieces == [("new", "中信证券 王五")] for _label, pieces in changes)
    assert any(pieces == [("old", "分红？\n有。")] for _label, pieces in changes)
    answer = next(pieces for label, pieces in changes if "订单如何" in label)
    assert ("old", "10%") in answer
    assert ("new", "12%") in answer
    assert sum(len(text) for _kind, text in answer) < 60  # only what changed


def test_two_people_at_once_are_two_moments(admin_client: Client, admin_user: Any) -> None:
    record = entered(admin_client)
    record._history_user = build.person("other")
    record.place = "北京"
    record.save()
    assert {moment.who for moment in moments(record)} == {"admin", "other"}


def test_comments_of_steps_and_acknowledged_warnings_stand_in_it(admin_client: Client, admin_user: Any) -> None:
    record = warned()
    page = admin_client.get(change(record)).content.decode()
    key = page.split('name="acknowledge" value="')[1].split('"')[0]
    admin_client.post(change(record), form(record, acknowledge=key))
    record.submit(build.person("author"))
    record.send_back(admin_user, "请补充<b>境外收入")
    page = read(admin_client, record)
    assert "请补充&lt;b&gt;境外收入" in page
    assert "目标价" in page
    assert "author" in page


def test_any_two_versions_are_compared_and_only_what_changed_is_shown(admin_client: Client) -> None:
    record = entered(admin_client)
    for place, growth in (("北京", "11%"), ("上海", "12%")):
        let_time_pass(record)
        record.refresh_from_db()
        data = form(record, place=place)
        data["questions-0-answer"] = f"同比增长{growth}，" + "详见公告。" * 20
        admin_client.post(change(record), data)
    newest, middle, oldest = moments(record)
    page = compared(admin_client, record, oldest.key, newest.key).content.decode()
    assert "<del>10%</del><ins>12%</ins>" in page
    assert "北京" not in page
    assert "分红" not in page
    turned = compared(admin_client, record, newest.key, oldest.key).content.decode()
    assert "<del>10%</del><ins>12%</ins>" in turned
    assert "<del>北京</del>" in compared(admin_client, record, middle.key, newest.key).content.decode()


def test_rows_that_came_and_went_are_told_in_a_comparison(admin_client: Client) -> None:
    record = entered(admin_client)
    let_time_pass(record)
    data = form(record, place="上海") | {"questions-0-DELETE": "on", "participants-0-DELETE": "on"}
    admin_client.post(change(record), data | new_row("questions", 2, text="产能？", answer="充足。"))
    newest, oldest = moments(record)
    page = compared(admin_client, record, oldest.key, newest.key).content.decode()
    assert "<ins>产能？\n充足。</ins>" in page
    assert "<del>订单如何？" in page
    assert "<del>华夏基金 贾静雯</del>" in page


@pytest.mark.parametrize("pair", [("", ""), ("x", "1"), ("9" * 30, "1"), ("same", "same"), ("٣", "1")])
def test_a_pair_that_is_none_leads_back_to_the_history(admin_client: Client, pair: tuple[str, str]) -> None:
    record = build.draft()
    key = moments(record)[0].key
    old, new = (key if name == "same" else name for name in pair)
    answer = compared(admin_client, record, old, new, follow=True)
    assert answer.redirect_chain[0][0] == page_of(record)
    assert len(list(answer.context["messages"])) == 1


def test_a_record_without_history_says_so_and_is_not_compared(admin_client: Client) -> None:
    record = build.record()
    Record.history.model.objects.all().delete()
    record.steps.update(at=timezone.now() - datetime.timedelta(days=1))
    record.withdraw()
    Record.history.model.objects.all().delete()
    assert admin_client.get(page_of(record)).status_code == 200
    newest, oldest = moments(record)
    assert compared(admin_client, record, oldest.key, newest.key).status_code == 302


@pytest.mark.parametrize("rows", [2, 40])
def test_the_cost_does_not_grow_with_the_rows(
    rows: int, admin_client: Client, django_assert_max_num_queries: Any
) -> None:
    people = [new_row("participants", at, name_as_filed=f"机构{at}", person=f"人{at}") for at in range(rows)]
    questions = [new_row("questions", at, text=f"问{at}？", answer=f"答{at}。") for at in range(rows)]
    admin_client.post(ADD, form(None, *people, *questions))
    record = Record.objects.get()
    for day in range(2):
        let_time_pass(record)
        data = form(record)
        data |= {f"questions-{at}-answer": f"答{at}，第{day}次。" for at in range(rows)}
        admin_client.post(change(record), data)
    with django_assert_max_num_queries(QUERIES):
        read(admin_client, record)
    newest, *_between, oldest = moments(record)
    with django_assert_max_num_queries(QUERIES):
        compared(admin_client, record, oldest.key, newest.key)


def test_a_long_history_is_paged(admin_client: Client) -> None:
    record = build.draft(place="地点0")
    for day in range(1, 25):
        let_time_pass(record)
        record.place = f"地点{day}"
        record.save()
    assert "地点24" in read(admin_client, record)
    assert "地点24" not in read(admin_client, record, p=2)
    assert "<del>地点1</del><ins>地点2</ins>" in read(admin_client, record, p=2)
    assert admin_client.get(page_of(record, p="x")).status_code == 200


def test_only_who_may_see_the_record_reads_it(client: Client) -> None:
    record = build.draft()
    client.force_login(build.person("nobody", "view_company"))
    assert client.get(page_of(record)).status_code == 403
    assert compared(client, record, 1, 2).status_code == 403
    client.force_login(build.person("reader", "view_record"))
    assert client.get(page_of(record)).status_code == 200
    assert client.get("/admin/records/record/99999/history/").status_code == 404
    assert client.get("/admin/records/record/x/history/").status_code == 404


def test_no_version_brings_an_earlier_status_back(admin_client: Client) -> None:
    record = build.record()
    draft = record.history.filter(status="draft").first()
    address = reverse("admin:records_record_simple_history", args=[record.pk, draft.pk])
    assert admin_client.get(address).status_code == 404
    assert admin_client.post(address, form(record)).status_code == 404
    record.refresh_from_db()
    assert record.is_published


def test_a_verb_that_only_follows_from_another_is_not_for_people(admin_client: Client) -> None:
    record = build.record()
    assert admin_client.post(f"/admin/records/record/{record.pk}/verb/supersede/").status_code == 404
