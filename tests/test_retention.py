"""What was disclosed is kept for its time: nothing of it is deleted before, by whatever way."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Callable
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.core.files.base import ContentFile
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError
from django.test import Client
from django.utils import timezone

from records.models import Attachment, Participant, Question, Record, end_of_retention, ledger
from records.workflow import Status, WorkflowError

from . import build
from .test_admin_entry import change, form
from .test_admin_publish import texts

LIST = "/admin/records/record/"


@pytest.fixture(autouse=True)
def _in_english(settings: Any) -> None:
    settings.LANGUAGE_CODE = "en"


def attach(record: Record) -> Attachment:
    attachment = Attachment(record=record, file=ContentFile(b"slides", name="演示文稿.pdf"))
    attachment.save()
    return attachment


def today(**options: Any) -> Record:
    """A record that was disclosed today, with a file."""
    made = build.record(disclosed=str(timezone.localdate()), **options)
    attach(made)
    return made


def withdrawn(**options: Any) -> Record:
    made = today(**options)
    made.withdraw()
    return made


def reopened(**options: Any) -> Record:
    made = withdrawn(**options)
    made.reopen()
    return made


def in_review(**options: Any) -> Record:
    made = build.draft(**options)
    made.submit()
    return made


def superseded(**options: Any) -> Record:
    made = today(**options)
    made.correct().publish()
    return Record.objects.get(pk=made.pk)


STATES: dict[str, Callable[..., Record]] = {
    "draft": build.draft,
    "in review": in_review,
    "published": today,
    "withdrawn": withdrawn,
    "reopened": reopened,
    "superseded": superseded,
}


def refused(delete: Callable[[], Any]) -> str:
    """The sentence with which a deletion is refused."""
    with pytest.raises(ProtectedError) as refusal, transaction.atomic():
        delete()
    return str(refusal.value.args[0])


def taken_back(verb: Callable[[], Any]) -> None:
    """Done in a transaction that fails afterwards."""
    with transaction.atomic():
        verb()
        transaction.set_rollback(True)


# By when


@pytest.mark.django_db
@pytest.mark.parametrize(("disclosed", "until"), [("2024-06-07", "2027-06-07"), ("2024-02-29", "2027-03-01")])
def test_a_record_is_kept_for_three_years_after_its_disclosure(disclosed: str, until: str) -> None:
    assert str(build.record(disclosed=disclosed).retain_until) == until


@pytest.mark.django_db
def test_the_day_is_given_by_publishing_and_never_becomes_an_earlier_one() -> None:
    record = build.draft(disclosed="2026-06-07")
    assert record.retain_until is None
    record.publish()
    assert str(record.retain_until) == "2029-06-07"
    record.withdraw()
    record.reopen()
    record.disclosed_on = datetime.date(2024, 6, 7)
    record.retain_until = datetime.date(2020, 1, 1)
    record.save()
    record = Record.objects.get(pk=record.pk)
    record.publish()
    assert (str(record.disclosed_on), str(record.retain_until)) == ("2024-06-07", "2029-06-07")


@pytest.mark.django_db
def test_it_is_made_later_and_not_earlier_and_not_for_ever() -> None:
    user = build.person("archivist")
    record = build.record(disclosed="2026-06-07")
    record.retain(datetime.date(2031, 1, 1), user)
    assert str(record.retain_until) == "2031-01-01"
    last = record.history.first()
    assert (str(last.retain_until), last.history_user, last.history_change_reason) == ("2031-01-01", user, "retain")
    stale = Record.objects.get(pk=record.pk)
    record.retain(datetime.date(2032, 1, 1))
    for day in ("2030-12-31", "2031-06-01", "2206-01-01"):
        with pytest.raises(ValidationError):
            stale.retain(datetime.date.fromisoformat(day))
    assert str(Record.objects.get(pk=record.pk).retain_until) == "2032-01-01"
    with pytest.raises(ValidationError):
        build.draft().retain(datetime.date(2031, 1, 1))


@pytest.mark.django_db
def test_making_it_later_tells_the_public_nothing() -> None:
    record = today()
    before = Record.objects.get(pk=record.pk).updated_at
    record.retain(record.retain_until + datetime.timedelta(days=1))
    assert Record.objects.get(pk=record.pk).updated_at == before


@pytest.mark.django_db
def test_nothing_is_published_without_it() -> None:
    record = today()
    with pytest.raises(IntegrityError), transaction.atomic():
        Record.objects.filter(pk=record.pk).update(retain_until=None)


WITHOUT_RULES = {
    "sqlite": "PRAGMA ignore_check_constraints = ON",
    "postgresql": "SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE records_record DROP CONSTRAINT what_was_published_is_retained",
}


@pytest.mark.django_db
def test_what_was_published_before_there_was_such_a_day_is_given_one() -> None:
    migration = import_module("records.migrations.0016_retention_of_earlier_records")
    for day in ("2024-06-07", "2024-02-29", "9998-01-01"):
        moment = datetime.date.fromisoformat(day)
        assert migration.three_years_after(moment) == end_of_retention(moment)
    record, draft = build.record(disclosed="2024-06-07"), build.draft()
    with connection.cursor() as cursor:
        cursor.execute(WITHOUT_RULES[connection.vendor])
        Record.objects.update(retain_until=None)
        migration.retain(apps, SimpleNamespace(connection=connection))
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA ignore_check_constraints = OFF")
    assert [str(Record.objects.get(pk=row.pk).retain_until) for row in (record, draft)] == ["2027-06-07", "None"]


# No deletion before


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(STATES.keys() - {"draft"}))
def test_no_way_leads_to_the_deletion_of_a_record_that_is_kept(name: str) -> None:
    record = STATES[name]()
    other = build.draft(number="2024-998")
    stale = Record(pk=record.pk, company=record.company, status=Status.DRAFT)
    for delete in (
        record.delete,
        stale.delete,
        Record.objects.filter(pk=record.pk).delete,
        Record.objects.filter(pk__in=[record.pk, other.pk]).delete,
        record.company.records.all().delete,
    ):
        assert refused(delete)
        assert {record.pk, other.pk} <= set(Record.objects.values_list("pk", flat=True))
    assert not record.company.records.deletable().filter(pk=record.pk).exists()


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["published", "withdrawn", "superseded"])
@pytest.mark.parametrize("model", [Participant, Question, Attachment])
def test_rows_of_what_was_disclosed_are_not_deleted(name: str, model: Any) -> None:
    record = STATES[name]()
    rows = model.objects.filter(record=record)
    assert rows.exists()
    for delete in (rows.delete, rows.first().delete, model.objects.all().delete):
        assert str(record.retain_until) in refused(delete)
    assert rows.exists()


@pytest.mark.django_db
def test_what_is_opened_again_is_edited_and_keeps_its_files() -> None:
    record = reopened()
    record.participants.all().delete()
    record.questions.get().delete()
    assert str(record.retain_until) in refused(record.attachments.get().delete)
    assert str(record.retain_until) in refused(record.delete)


@pytest.mark.django_db(transaction=True)
def test_a_file_that_is_kept_is_not_replaced_and_that_of_a_draft_is() -> None:
    kept, free = attach(reopened()), attach(build.draft(number="2024-998"))
    for row in (kept, free):
        row.file = ContentFile(b"other", name="x.pdf")
    with pytest.raises(ValidationError):
        kept.save()
    kept.refresh_from_db()
    assert kept.file.open("rb").read() == b"slides"
    storage, former = free.file.storage, Attachment.objects.get(pk=free.pk).file.name
    taken_back(free.save)
    assert storage.exists(former)
    free.file = ContentFile(b"other", name="x.pdf")
    free.save()
    assert not storage.exists(former)
    assert free.file.open("rb").read() == b"other"


@pytest.mark.django_db
def test_asking_whether_rows_are_kept_costs_the_same_for_any_number(django_assert_max_num_queries: Any) -> None:
    record = today(visitors=[f"机构{n}资本 人{n}" for n in range(250)])
    with django_assert_max_num_queries(8):
        refused(record.participants.all().delete)


# Deletion afterwards


@pytest.mark.django_db(transaction=True)
def test_a_draft_that_was_never_published_is_deleted_as_before() -> None:
    record = build.draft()
    file = attach(record).file
    record.delete()
    assert not Record.objects.exists()
    assert not file.storage.exists(file.name)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["withdrawn", "reopened"])
def test_once_its_time_is_over_a_record_that_is_not_public_is_deleted_with_its_files(name: str) -> None:
    record = build.long_ago(STATES[name]())
    files = [row.file for row in record.attachments.all()]
    assert files
    record.delete()
    assert not Record.objects.exists()
    assert not any(file.storage.exists(file.name) for file in files)


@pytest.mark.django_db(transaction=True)
def test_a_deletion_that_is_taken_back_keeps_the_files() -> None:
    record = build.draft()
    file = attach(record).file
    taken_back(record.delete)
    assert Record.objects.exists()
    assert file.storage.exists(file.name)


@pytest.mark.django_db
def test_the_last_day_belongs_to_those_on_which_it_is_kept_no_longer() -> None:
    record = withdrawn()
    Record.objects.filter(pk=record.pk).update(retain_until=timezone.localdate() + datetime.timedelta(days=1))
    refused(Record.objects.get(pk=record.pk).delete)
    Record.objects.filter(pk=record.pk).update(retain_until=timezone.localdate())
    Record.objects.get(pk=record.pk).delete()
    assert not Record.objects.exists()


@pytest.mark.django_db
def test_what_is_public_and_what_has_a_new_version_are_kept_however_old_they_are() -> None:
    old = build.long_ago(superseded())
    present = build.long_ago(Record.objects.published().get())
    assert "new version" in old.why_kept
    refused(old.delete)
    assert "withdraw" in refused(present.delete)
    present.withdraw()
    present.delete()
    Record.objects.get(pk=old.pk).delete()
    assert not Record.objects.exists()
    ledger.renew()


@pytest.mark.django_db
def test_the_database_finds_what_the_record_says() -> None:
    for number, (_name, made) in enumerate(sorted(STATES.items())):
        made(number=f"2024-10{number}")
        build.long_ago(made(number=f"2023-10{number}"))
    found = set(Record.objects.deletable())
    assert found == {record for record in Record.objects.all() if not record.why_kept}
    assert {record.status for record in found} == {"draft", "withdrawn"}
    assert found


@pytest.mark.django_db(transaction=True)
def test_of_a_record_that_is_published_and_deleted_at_once_one_of_both_happens() -> None:
    drafts = [build.draft(number=f"2024-{n}") for n in range(4)]
    start = threading.Barrier(2 * len(drafts))
    told: list[type] = []

    def run(verb: Callable[[], Any]) -> None:
        try:
            start.wait()
            verb()
        except (ProtectedError, ObjectDoesNotExist, WorkflowError) as refusal:
            told.append(type(refusal))
        finally:
            connection.close()

    verbs = [verb for draft in drafts for verb in (draft.publish, Record.objects.get(pk=draft.pk).delete)]
    threads = [threading.Thread(target=run, args=[verb]) for verb in verbs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(told) == len(drafts)
    assert Record.objects.count() == Record.objects.published().count() == told.count(ProtectedError)


# At the desk


def delete_page(record: Record) -> str:
    return f"{LIST}{record.pk}/delete/"


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(STATES.keys() - {"draft"}))
def test_the_desk_deletes_nothing_that_is_kept(name: str, admin_client: Client) -> None:
    record = STATES[name]()
    other = build.draft(number="2024-998")
    assert admin_client.post(delete_page(record), {"post": "yes"}).status_code == 403
    assert delete_page(record) not in admin_client.get(change(record), follow=True).content.decode()
    chosen = {"action": "delete_selected", "_selected_action": [record.pk, other.pk]}
    for data in (chosen, chosen | {"post": "yes"}):
        answer = admin_client.post(LIST, data)
        assert answer.status_code == 200
        assert record.why_kept in answer.content.decode()
    assert Record.objects.filter(pk__in=[record.pk, other.pk]).count() == 2


@pytest.mark.django_db
def test_the_desk_deletes_what_need_not_be_kept(admin_client: Client) -> None:
    old = build.long_ago(withdrawn())
    assert delete_page(old) in admin_client.get(change(old)).content.decode()
    admin_client.post(delete_page(old), {"post": "yes"})
    two = [build.draft(number="1"), build.long_ago(withdrawn(number="2"))]
    admin_client.post(LIST, {"action": "delete_selected", "_selected_action": [row.pk for row in two], "post": "yes"})
    assert not Record.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("many", [True, False])
def test_what_was_published_between_the_question_and_the_answer_is_named(
    many: bool, admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = today()
    monkeypatch.setattr("records.admin.record.RecordAdmin.has_delete_permission", lambda *arguments: True)
    monkeypatch.setattr("records.admin.record.RecordAdmin.get_deleted_objects", lambda *arguments: ([], {}, set(), []))
    data = {"action": "delete_selected", "_selected_action": [record.pk], "post": "yes"}
    answer = admin_client.post(LIST if many else delete_page(record), data, follow=True)
    assert answer.status_code == 200
    assert record.why_kept in texts(answer)
    assert Record.objects.exists()


@pytest.mark.django_db
def test_the_list_is_filtered_by_what_may_be_deleted_now(admin_client: Client) -> None:
    draft, old, kept = build.draft(number="1"), build.long_ago(withdrawn(number="2")), withdrawn(number="3")
    shown = set(admin_client.get(LIST, {"retention": "over"}).context["cl"].result_list)
    assert shown == {draft, old}
    assert kept in set(admin_client.get(LIST).context["cl"].result_list)


@pytest.mark.django_db
def test_files_of_what_is_opened_again_have_no_box_to_delete_them(admin_client: Client) -> None:
    again, draft = reopened(number="1"), build.draft(number="2")
    attach(draft)
    pages = [admin_client.get(change(record)).content.decode() for record in (again, draft)]
    assert ["attachments-0-DELETE" in page for page in pages] == [False, True]
    data = form(again) | {
        "attachments-TOTAL_FORMS": 1,
        "attachments-INITIAL_FORMS": 1,
        "attachments-0-id": again.attachments.get().pk,
        "attachments-0-kind": "other",
        "attachments-0-name": "讲稿.pdf",
        "attachments-0-DELETE": "on",
    }
    admin_client.post(change(again), data)
    assert again.attachments.count() == 1
