"""Two people decide about one record at the same moment: one wins, the other reads why."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.db import connection, transaction
from django.test import Client

from records.admin.record import RecordAdmin
from records.models import Record

from . import build
from .test_admin_entry import change, form
from .test_admin_publish import verb
from .test_importing_race import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def signed_in(name: str, *permissions: str) -> Client:
    client = Client()
    client.force_login(build.person(name, *permissions))
    return client


def in_review() -> Record:
    record = build.draft()
    record.submit(build.person("author"))
    return record


def told(answer: Any) -> str:
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


def test_of_two_who_approve_one_wins_and_the_other_reads_who_was_first() -> None:
    record = in_review()
    clients = {name: signed_in(name, *build.REVIEWER) for name in ("first", "second")}
    answers = at_once([(client, verb(record, "approve"), {}) for client in clients.values()])
    winner = record.steps.get(verb="approve").user.username
    assert record.history.filter(history_change_reason="approve").count() == 1
    refused = [answer for answer in answers if answer.wsgi_request.user.username != winner]
    assert winner in told(refused[0])


def test_of_approving_and_returning_one_happens_and_no_comment_is_lost() -> None:
    record = in_review()
    one, other = (signed_in(name, *build.REVIEWER) for name in ("first", "second"))
    answers = at_once(
        [(one, verb(record, "approve"), {}), (other, verb(record, "send_back"), {"comment": "请补充第三问"})]
    )
    record.refresh_from_db()
    assert record.steps.exclude(verb="submit").count() == 1
    if record.status == "draft":
        assert record.returned
        assert record.returned.comment == "请补充第三问"
    else:
        assert record.is_published
        assert any("请补充第三问" in told(answer) for answer in answers)


def test_two_who_correct_begin_one_new_version() -> None:
    record = build.record()
    clients = [signed_in(name) for name in ("first", "second")]
    at_once([(client, verb(record, "correct"), {}) for client in clients])
    assert Record.objects.filter(corrects=record).count() == 1
    assert Record.objects.count() == 2


def test_what_is_saved_while_another_submits_is_saved_before_or_not_at_all() -> None:
    record = build.draft(place="上海")
    one, other = signed_in("first"), signed_in("second")
    typed = form(record, place="北京")
    at_once([(one, change(record), typed), (other, verb(record, "submit"), {})])
    record.refresh_from_db()
    assert record.status == "review"
    assert record.history.get(history_change_reason="submit").place == record.place


def test_a_save_that_begins_while_another_submits_waits_and_finds_the_record_locked(monkeypatch: Any) -> None:
    record = build.draft(place="上海")
    client = signed_in("first")
    typed = form(record, place="北京")
    held, asked = threading.Event(), threading.Event()
    looked_up = RecordAdmin.get_object

    def get_object(self: Any, *args: Any) -> Any:
        asked.set()
        return looked_up(self, *args)

    def submit() -> None:
        try:
            with transaction.atomic():
                Record.objects.select_for_update(of=("self",)).get(pk=record.pk)
                held.set()
                asked.wait(1)  # SQLite lets nobody ask before this ends
                time.sleep(0.3)  # for the other to look at the row
                Record.objects.get(pk=record.pk).submit()
        finally:
            connection.close()

    monkeypatch.setattr(RecordAdmin, "get_object", get_object)
    other = threading.Thread(target=submit)
    other.start()
    held.wait(10)
    answer = client.post(change(record), typed)
    other.join(30)
    assert answer.status_code == 403
    record.refresh_from_db()
    assert (record.status, record.place) == ("review", "上海")


@pytest.mark.parametrize("name", ["submit", "publish"])
def test_a_verb_for_a_record_that_was_deleted_meanwhile_says_so(
    name: str, admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, client = build.draft(), admin_client
    found = RecordAdmin.get_object

    def found_and_then_deleted(*args: Any) -> Any:
        there = found(*args)
        Record.objects.filter(pk=record.pk).delete()
        return there

    monkeypatch.setattr(RecordAdmin, "get_object", found_and_then_deleted)
    answer = client.post(verb(record, name), {"comment": "请补充", "acknowledge": ["x"]}, follow=True)
    assert answer.redirect_chain[-1][0] == "/admin/records/record/"
    assert str(record) in told(answer)


def test_many_of_which_one_is_deleted_meanwhile_are_done_all_the_same(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from records.admin import actions

    records = [build.draft(number=number) for number in ("1", "2")]
    carried_out = actions.carry_out

    def carry_out(record: Record, *args: Any) -> Any:
        Record.objects.filter(pk=records[0].pk).delete()
        return carried_out(record, *args)

    monkeypatch.setattr(actions, "carry_out", carry_out)
    chosen = {"action": "publish_selected", "_selected_action": [record.pk for record in records]}
    answer = admin_client.post("/admin/records/record/", chosen, follow=True)
    assert answer.status_code == 200
    assert [record.number for record in Record.objects.published()] == ["2"]
