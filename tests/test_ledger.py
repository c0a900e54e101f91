"""The ledger: what is counted ahead is what a count would give, whatever happens to a record."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

import pytest
from django.db import connection, models, transaction
from django.db.models import ProtectedError
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from records import apps
from records.models import (
    Attendance,
    Company,
    Institution,
    InstitutionType,
    Mention,
    Record,
    Summary,
    Tally,
    Topic,
    Visit,
    ledger,
)
from tests import build

NAMES = ["华夏基金", "中信证券", "高瓴资本", "无名"]
TOPICS = ["大模型", "境外业务"]


SUMMARIZED = ("held_from", "board", "activities", "institution_types", "topics", "institutions")


def counted() -> dict[str, Any]:
    """What the ledger ought to say, counted from the records themselves."""
    told: dict[str, Any] = {
        "attendances": set(),
        "visits": set(),
        "mentions": Counter(),
        "tallies": Counter(),
        "subjects": {},
        "summaries": {},
    }
    for record in Record.objects.published():
        month, day = str(record.held_from)[:7], record.held_from
        told["tallies"][month, "", ""] += 1
        told["tallies"][month, "board", record.company.board] += 1
        for kind in record.activity_types.all():
            told["tallies"][month, "activity", kind.name] += 1
        visitors = {row.institution for row in record.participants.all() if row.institution}
        for institution in visitors:
            told["visits"].add((record.pk, institution.pk, day))
        for kind_of in {institution.type for institution in visitors}:
            told["tallies"][month, "institution_type", kind_of] += 1
            told["attendances"].add((record.pk, kind_of, day))
        topics = Counter(topic for question in record.questions.all() for topic in question.topics.all())
        for topic, count in topics.items():
            told["mentions"][record.pk, topic.pk, day] += count
        told["summaries"][record.pk] = {
            "held_from": day,
            "company": record.company_id,
            "board": record.company.board,
            "activities": " ".join(kind.name for kind in record.activity_types.all()),
            "institution_types": " ".join(sorted({institution.type for institution in visitors})),
            "topics": " ".join(map(str, sorted(topic.pk for topic in topics))),
            "institutions": " ".join(map(str, sorted(institution.pk for institution in visitors))),
        }
        for subject in [record.company, *visitors, *topics]:
            told["subjects"].setdefault(subject, []).append(day)
    return told


def kept() -> dict[str, Any]:
    """What it says."""
    subjects: list[Any] = [*Company.objects.all(), *Institution.objects.all(), *Topic.objects.all()]
    return {
        "attendances": set(Attendance.objects.values_list("record", "type", "held_from")),
        "visits": set(Visit.objects.values_list("record", "institution", "held_from")),
        "mentions": Counter(
            {row[:3]: row[3] for row in Mention.objects.values_list("record", "topic", "held_from", "questions")}
        ),
        "tallies": Counter(
            {row[:3]: row[3] for row in Tally.objects.values_list("month", "facet", "value", "records")}
        ),
        "summaries": {row.pop("record"): row for row in Summary.objects.values("record", "company", *SUMMARIZED)},
        "subjects": {row: (row.record_count, row.first_held, row.last_held) for row in subjects if row.record_count},
    }


def assert_exact() -> None:
    wanted, found = counted(), kept()
    wanted["subjects"] = {row: (len(days), min(days), max(days)) for row, days in wanted["subjects"].items()}
    assert found == wanted
    for month, questions in Tally.objects.filter(facet="").values_list("month", "questions"):
        held = Record.objects.published().held_in_months([month])
        assert questions == held.aggregate(n=models.Sum("question_count"))["n"]


def some_record(number: int, seed: int) -> Record:
    return build.record(
        build.company(("999001", "688001", "000001")[seed % 3]),
        number=str(number),
        held=f"2024-0{seed % 3 + 1}-0{seed % 7 + 1}",
        visitors=[f"{name} 某人" for place, name in enumerate(NAMES) if seed >> place & 1] * 2,
        topics=[name for place, name in enumerate(TOPICS) if seed >> place & 1],
        activities=["现场参观", "路演活动"] if seed % 3 else ["电话会议", "分析师会议", "现场参观"],
        asked=[("问？", "答。")] * (seed % 4),
        introduction="说明",
        published=False,
    )


STEPS = ["publish", "withdraw", "correct", "type", "board", "merge topics", "delete a topic", "merge institutions"]


class AnySequence(TestCase):
    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        steps=st.lists(
            st.tuples(st.sampled_from(STEPS), st.integers(0, 15)),
            max_size=8,
        )
    )
    def test_the_ledger_is_exact_after_each(self, steps: list[tuple[str, int]]) -> None:
        for number, (step, seed) in enumerate(steps):
            published = list(Record.objects.published().filter(correction=None).order_by("pk"))
            if step == "publish":
                some_record(number, seed).publish()
            elif published and step == "withdraw":
                published[seed % len(published)].withdraw()
            elif published and step == "correct":
                corrected = some_record(number, seed)
                former = published[seed % len(published)]
                Record.objects.filter(pk=corrected.pk).update(corrects=former, company=former.company)
                corrected.refresh_from_db()
                corrected.publish()
            elif step == "type":
                institution = build.institution(NAMES[seed % 4])
                institution.type = InstitutionType.values[seed % len(InstitutionType)]
                institution.save()
            elif step == "board":
                company = build.company("999001")
                company.board = Company.BoardChoices.values[seed % 5]
                company.save()
            elif step == "merge topics":
                build.topic(TOPICS[seed % 2]).merge_into(build.topic(TOPICS[1 - seed % 2]))
            elif step == "delete a topic":
                build.topic(TOPICS[seed % 2])
                Topic.objects.filter(name=TOPICS[seed % 2]).delete()
            elif step == "merge institutions":
                former, into = build.institution(NAMES[seed % 3]), build.institution("无名")
                if former != into:  # by now
                    former.merge_into(into)
            assert_exact()
        before = kept()
        ledger.renew()
        assert kept() == before


@pytest.mark.django_db
def test_after_an_upgrade_what_the_ledger_lacks_is_entered() -> None:
    for number in range(4):
        some_record(number, 15 - number).publish()
    for lost in ([Summary], [Summary, Tally]):
        for model in lost:
            model.objects.all().delete()
        apps.begin_ledger(using="default")
        assert_exact()
    Summary.objects.filter(record=Record.objects.first()).delete()
    apps.begin_ledger(using="default")
    assert_exact()


@pytest.mark.django_db
def test_a_migration_back_to_before_there_were_summaries_is_no_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    some_record(1, 15).publish()
    Summary.objects.all().delete()
    there = connection.introspection.table_names()
    monkeypatch.setattr(
        connection.introspection, "table_names", lambda: [name for name in there if name != Summary._meta.db_table]
    )
    apps.begin_ledger(using="default")
    assert not Summary.objects.exists()


@pytest.mark.django_db
def test_a_topic_that_is_deleted_is_in_no_summary(admin_client: Client) -> None:
    """On its page and in bulk."""
    for number in range(2):
        some_record(number, 15).publish()
    first, second = (build.topic(name) for name in TOPICS)
    build.topic("旧主题").merge_into(first)
    asked = admin_client.get(f"/admin/records/topic/{first.pk}/delete/").content.decode()
    assert f"{TOPICS[0]}（{first.questions.count()} 个问题）" in asked
    assert "已并入其中的“旧主题”的网址" in asked
    assert admin_client.post(f"/admin/records/topic/{first.pk}/delete/", {"post": "yes"}).status_code == 302
    assert_exact()
    chosen = {"action": "delete_selected", "_selected_action": [second.pk], "post": "yes"}
    assert admin_client.post("/admin/records/topic/", chosen).status_code == 302
    assert not Topic.objects.exists()
    assert_exact()


@pytest.mark.django_db
def test_an_older_copy_of_a_company_does_not_bring_back_old_counts() -> None:
    stale = build.company()
    build.record()
    stale.full_name = "新名称"
    stale.save()
    stale.refresh_from_db()
    assert (stale.record_count, stale.full_name) == (1, "新名称")


@pytest.mark.django_db
def test_a_published_record_is_not_lost_from_under_the_ledger() -> None:
    made = build.record()
    for delete in (made.delete, Record.objects.all().delete):
        with pytest.raises(ProtectedError), transaction.atomic():
            delete()
    made.withdraw()
    build.long_ago(made).delete()
    assert_exact()


@pytest.mark.django_db(transaction=True)
def test_publishing_at_the_same_moment_counts_everything_once() -> None:
    drafts = [some_record(number, 15 - number % 3) for number in range(6)]
    start = threading.Barrier(len(drafts))
    failures: list[BaseException] = []

    def publish(record: Record) -> None:
        try:
            start.wait()
            record.publish()
        except BaseException as error:  # told by the test, which runs in another thread
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=publish, args=[record]) for record in drafts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert Record.objects.published().count() == 6
    assert_exact()
