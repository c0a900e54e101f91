"""The verbs of a record: what they do, and that nothing else is allowed."""

import threading

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from records.models import Record
from records.workflow import Status, WorkflowError

from . import build


@pytest.mark.django_db
def test_publishing_shows_the_record_and_says_when(django_user_model) -> None:
    editor = django_user_model.objects.create_user("editor")
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
    assert record.status == Status.DRAFT
    assert not Record.objects.published().exists()


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
