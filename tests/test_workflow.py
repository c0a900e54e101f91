"""The verbs of a record: what they do, and that nothing else is allowed."""

from __future__ import annotations

import logging
import threading
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone

from records.models import Record
from records.models.record import STATE
from records.workflow import VERBS, Status, WorkflowError

from . import build


@pytest.mark.django_db
def test_publishing_shows_the_record_and_says_when(django_user_model) -> None:
    editor = django_user_model.objects.create_superuser("editor")
    record = build.draft(disclosed_on=None)
    Record.objects.filter(pk=record.pk).update(disclosed_on=None)
    record.refresh_from_db()
    record.publish(editor)
    assert record in Record.objects.published()
    assert record.disclosed_on == timezone.localdate()
    assert record.published_at is not None
    latest = record.history.first()
    assert (latest.history_user, latest.history_change_reason, latest.status) == (editor, "publish", "published")


@pytest.mark.django_db
def test_a_disclosure_date_that_was_entered_stays() -> None:
    assert str(build.record(disclosed="2024-06-07").disclosed_on) == "2024-06-07"


@pytest.mark.django_db
def test_withdrawing_hides_it_again() -> None:
    record = build.record()
    record.withdraw()
    assert record.status == Status.WITHDRAWN
    assert not Record.objects.published().exists()
    record.reopen()
    assert record.status == Status.DRAFT


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("gap", "options"),
    [
        ("held_from", {"held": None}),
        ("introduction", {"asked": ()}),
        ("other_activity", {"activities": ["其他"]}),
    ],
)
def test_what_is_missing_is_named_and_nothing_is_published(gap: str, options: dict) -> None:
    record = build.draft(**options)
    with pytest.raises(ValidationError) as refusal:
        record.publish()
    assert set(refusal.value.message_dict) == {gap}
    record.refresh_from_db()
    assert record.status == Status.DRAFT


@pytest.mark.django_db
def test_a_verb_from_the_wrong_state_is_refused() -> None:
    with pytest.raises(WorkflowError):
        build.draft(number="1").withdraw()
    with pytest.raises(WorkflowError):
        build.record(number="2").publish()


@pytest.mark.django_db
def test_a_stale_copy_cannot_publish_twice() -> None:
    record = build.draft()
    stale = Record.objects.get(pk=record.pk)
    record.publish()
    with pytest.raises(WorkflowError):
        stale.publish()


@pytest.mark.django_db(transaction=True)
def test_of_two_who_publish_at_once_one_wins() -> None:
    record = build.draft()
    start = threading.Barrier(2)
    outcomes: list[str] = []

    def publish() -> None:
        try:
            mine = Record.objects.get(pk=record.pk)
            start.wait(10)
            mine.publish()
            outcomes.append("published")
        except WorkflowError:
            outcomes.append("refused")
        finally:
            connection.close()

    workers = [threading.Thread(target=publish) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert sorted(outcomes) == ["published", "refused"]
    assert record.history.filter(history_change_reason="publish").count() == 1


# The table, for everybody, in every status: who is not named here for a verb is refused.

EVERYBODY = ("author", "colleague", "reviewer", "both", "alone", "superuser", "onlooker", "command")
ALLOWED = {
    ("submit", "draft"): {"author", "colleague", "both", "alone", "superuser", "command"},
    ("publish", "draft"): {"alone", "superuser", "command"},
    ("recall", "review"): {"author", "both", "alone", "command"},
    ("send_back", "review"): {"reviewer", "both", "alone", "superuser", "command"},
    ("approve", "review"): {"reviewer", "alone", "superuser", "command"},
    ("correct", "published"): {"author", "colleague", "both", "alone", "superuser", "command"},
    ("withdraw", "published"): {"reviewer", "both", "alone", "superuser", "command"},
    ("reopen", "withdrawn"): {"author", "colleague", "both", "alone", "superuser", "command"},
}
LEADS_TO = {
    "submit": "review",
    "publish": "published",
    "recall": "draft",
    "send_back": "draft",
    "approve": "published",
    "correct": "published",
    "withdraw": "withdrawn",
    "reopen": "draft",
}


def cast(role: str) -> Any:
    """Whoever plays this role; author, both and alone are those who submit."""
    if role == "command":
        return None
    if role == "superuser":
        return build.person(role, is_superuser=True)
    permissions = {"reviewer": build.REVIEWER, "onlooker": ("view_record",)}.get(role, build.STAFF)
    return build.person(role, *permissions, *(build.REVIEWER if role in {"both", "alone"} else ()))


def record_in(status: str, submitter: Any) -> Record:
    if status == "draft":
        return build.draft()
    if status == "review":
        made = build.draft()
        made.submit(submitter)
        return made
    made = build.record()
    if status == "withdrawn":
        made.withdraw()
    elif status == "superseded":
        made.correct().publish()
        made.refresh_from_db()
    return made


@pytest.mark.django_db
@pytest.mark.parametrize("status", Status.values)
@pytest.mark.parametrize("role", EVERYBODY)
def test_the_table_holds_for_everybody_in_every_status(role: str, status: str, caplog: Any) -> None:
    user = cast(role)
    build.company(one_person_desk=role == "alone")
    submitter = user if role in {"author", "both", "alone"} else build.person("somebody")
    record = record_in(status, submitter)
    for name in LEADS_TO:
        caplog.clear()
        copy = Record.objects.get(pk=record.pk)
        with transaction.atomic(), caplog.at_level(logging.WARNING, "records.workflow"):
            if role in ALLOWED.get((name, status), set()):
                assert copy.refusal(name, user) == ""
                getattr(copy, name)(user, "because")
                step = Record.objects.get(pk=record.pk).last_step
                assert step
                assert (step.verb, step.user, step.comment) == (name, user, "because")
                assert Record.objects.get(pk=record.pk).status == LEADS_TO[name]
                assert not caplog.records
            else:
                with pytest.raises(WorkflowError) as refusal:
                    getattr(copy, name)(user, "because")
                assert str(refusal.value) == copy.refusal(name, user)
                assert Record.objects.get(pk=record.pk).status == status
                assert name in caplog.text
            transaction.set_rollback(True)


def test_every_verb_that_people_have_stands_in_this_table() -> None:
    assert {name for name, verb in VERBS.items() if verb.by_hand} == set(LEADS_TO)
    assert {(name, status) for name in LEADS_TO for status in VERBS[name].sources} == set(ALLOWED)
    assert {name: VERBS[name].target for name in LEADS_TO} == LEADS_TO


# What single verbs do


@pytest.mark.django_db
@pytest.mark.parametrize("comment", ["", " \n"])
def test_what_is_returned_is_returned_with_a_comment(comment: str) -> None:
    record, reviewer = build.draft(), build.person("reviewer", *build.REVIEWER)
    record.submit()
    with pytest.raises(WorkflowError):
        record.send_back(reviewer, comment)
    assert record.status == Status.REVIEW
    record.send_back(reviewer, "改第二问")
    assert record.returned
    assert record.returned.comment == "改第二问"
    record.submit()
    assert record.returned is None


@pytest.mark.django_db
@pytest.mark.parametrize("comment", ["", " \n"])
def test_people_who_take_back_what_was_published_say_why(comment: str) -> None:
    record, reviewer = build.record(), build.person("reviewer", *build.REVIEWER)
    with pytest.raises(WorkflowError):
        record.withdraw(reviewer, comment)
    assert record.is_published
    record.withdraw(reviewer, "日期有误")
    assert record.last_step
    assert record.last_step.comment == "日期有误"


@pytest.mark.django_db
@pytest.mark.parametrize("step", ["correct", "reopen"])
def test_what_was_published_stays_with_its_company(step: str) -> None:
    record, other = build.record(), build.company("999002")
    if step == "correct":
        draft = record.correct()
    else:
        record.withdraw()
        record.reopen()
        draft = record
    draft.company = other
    with pytest.raises(ValidationError):
        draft.save()
    draft.refresh_from_db()
    draft.place = "会议室"
    draft.save()
    assert (draft.company, draft.place) == (record.company, "会议室")


@pytest.mark.django_db
def test_a_draft_may_become_one_of_another_company() -> None:
    draft = build.draft()
    draft.company = build.company("999002")
    draft.save()
    draft.refresh_from_db()
    assert draft.company.code == "999002"


@pytest.mark.django_db
def test_what_is_incomplete_is_not_submitted() -> None:
    record = build.draft(asked=(), held=None)
    with pytest.raises(ValidationError) as refusal:
        record.submit()
    assert set(refusal.value.message_dict) == {"held_from", "introduction"}
    assert not record.steps.exists()


@pytest.mark.django_db
def test_a_reviewer_does_not_approve_what_became_incomplete() -> None:
    record = build.draft()
    record.submit()
    record.questions.all().delete()
    with pytest.raises(ValidationError):
        record.approve()
    assert Record.objects.get(pk=record.pk).status == Status.REVIEW


@pytest.mark.django_db
def test_who_returned_and_submits_again_is_the_submitter_that_counts() -> None:
    one, other = (build.person(name, *build.STAFF, *build.REVIEWER) for name in ("one", "other"))
    record = build.draft()
    record.submit(one)
    record.send_back(other, "改")
    record.submit(other)
    with pytest.raises(WorkflowError):
        record.approve(other)
    record.approve(one)
    assert record.is_published


@pytest.mark.django_db
def test_an_older_copy_does_not_bring_an_earlier_status_back() -> None:
    record = build.draft()
    stale = Record.objects.get(pk=record.pk)
    record.submit()
    stale.place = "别处"
    stale.save()
    assert Record.objects.get(pk=record.pk).status == Status.REVIEW


@pytest.mark.django_db
def test_a_record_in_review_is_due_and_hidden_like_a_draft(client) -> None:
    record = build.draft(number="2024-001")
    record.submit()
    assert record in Record.objects.unpublished()
    assert client.get("/records/999001/2024-001/").status_code == 404
    record.approve()
    record.withdraw()
    assert record not in Record.objects.unpublished()
    assert record.light is None


@pytest.mark.django_db
def test_a_refusal_says_who_was_first() -> None:
    record = build.draft()
    stale = Record.objects.get(pk=record.pk)
    record.publish(build.person("wang", first_name="五", last_name="王", is_superuser=True))
    with pytest.raises(WorkflowError, match="王五"):
        stale.publish()


@pytest.mark.django_db
def test_a_correction_begins_with_all_that_the_record_has() -> None:
    company = build.company()
    old = build.record(
        company,
        activities=["特定对象调研", "其他"],
        other_activity="策略会",
        visitors=["华夏基金 贾静雯", " 李四"],
        asked=[("甲？", "乙"), ("丙？", "丁")],
        topics=["大模型"],
        place="上海",
        hosts=[{"title": "董秘", "name": "何清和"}],
        extra=[["方式", "现场"]],
        source_digest="0" * 64,
    )
    renamed = build.institution("改名资本")
    old.participants.filter(position=1).update(institution=renamed)
    Record.objects.filter(pk=old.pk).recount()
    old.refresh_from_db()
    draft = old.correct(build.person("author"))
    assert (draft.status, draft.corrects, draft.published_at, draft.disclosed_on) == ("draft", old, None, None)
    unlike = {"id", "slug", "corrects", "disclosed_on", "created_at", "updated_at"} | STATE
    for field in Record._meta.concrete_fields:
        if field.name not in unlike:
            assert getattr(draft, field.name) == getattr(old, field.name), field.name
    assert set(draft.activity_types.all()) == set(old.activity_types.all())
    rows = ("position", "institution", "name_as_filed", "person", "title")
    assert list(draft.participants.values_list(*rows)) == list(old.participants.values_list(*rows))
    rows = ("position", "text", "answer", "topics")
    assert list(draft.questions.values_list(*rows)) == list(old.questions.values_list(*rows))
    assert not set(draft.questions.all()) & set(old.questions.all())
    assert draft.history.latest().history_user.username == "author"


@pytest.mark.django_db
def test_a_correction_takes_the_place_of_the_record_when_it_is_published_and_not_before(client) -> None:
    old = build.record(place="上海")
    address = old.get_absolute_url()
    draft = old.correct()
    draft.place = "北京"
    draft.save()
    assert "上海" in client.get(address).content.decode()
    draft.submit()
    draft.approve()
    old.refresh_from_db()
    assert old.status == Status.SUPERSEDED
    assert draft.get_absolute_url() == address
    assert "北京" in client.get(address).content.decode()
    assert "上海" in client.get(old.get_absolute_url()).content.decode()


@pytest.mark.django_db
def test_one_correction_is_begun_at_a_time() -> None:
    record = build.record()
    draft = record.correct()
    for name in ("correct", "withdraw"):
        with pytest.raises(WorkflowError):
            getattr(Record.objects.get(pk=record.pk), name)()
    draft.delete()
    Record.objects.get(pk=record.pk).correct()
