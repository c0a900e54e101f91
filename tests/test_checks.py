"""What is to be looked at before a record is published: each check finds its thing, and is silent where all is well."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from records.checks import WITH_LETTERS, acknowledge, check, next_number, report
from records.filing.shape import ACTIVITY_TYPES
from records.models import DeadlineRule, Level, QuietPeriod, Record, WatchWord

from . import build

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def words() -> None:
    WatchWord.objects.all().delete()
    WatchWord.objects.create(word="目标价", reason="不得预测股价")


def found(record: Record) -> dict[str, Any]:
    return {finding.code: finding for finding in check(record)}


def test_a_record_that_is_as_it_should_be_gives_nothing() -> None:
    build.record(number="2024-009")
    assert check(build.draft(number="2024-010")) == []


def test_the_statement_on_material_information_is_an_error() -> None:
    finding = found(build.draft(material_information=" "))["material_information"]
    assert (finding.level, finding.places[0].field) == (Level.ERROR, "material_information")


def test_what_keeps_the_record_itself_from_being_published_is_an_error_too() -> None:
    findings = found(build.draft(held=None, asked=(), activities=["其他"]))
    assert set(findings) == {"gap_held_from", "gap_introduction", "gap_other_activity"}
    assert {finding.level for finding in findings.values()} == {Level.ERROR}


def test_questions_without_answers_and_people_without_institution_are_named() -> None:
    record = build.draft(asked=[("甲？", "答。"), ("乙？", ""), ("丙？", " ")], visitors=["华夏基金 贾静雯", " 张三"])
    findings = found(record)
    assert [place.field for place in findings["no_answer"].places] == ["questions-1-answer", "questions-2-answer"]
    assert [(place.field, place.label) for place in findings["no_institution"].places] == [
        ("participants-1-name_as_filed", "张三")
    ]
    assert {finding.level for finding in findings.values()} == {Level.WARNING}


@pytest.mark.parametrize(
    ("days", "code"),
    [
        ({"held": "2024-06-06", "disclosed": "2024-06-05"}, "disclosed_before_held"),
        (
            {"held": "2024-06-06", "held_to": datetime.date(2024, 6, 8), "disclosed": "2024-06-07"},
            "disclosed_before_held",
        ),
        ({"held": "2024-06-06", "signed_on": datetime.date(2024, 6, 5)}, "signed_before_held"),
        (
            {"held": "2024-06-06", "signed_on": datetime.date(2024, 6, 8), "disclosed": "2024-06-07"},
            "disclosed_before_signed",
        ),
        ({"held": "2024-06-06", "signed_on": datetime.date(2024, 6, 6), "disclosed": "2024-06-06"}, None),
    ],
)
def test_days_are_in_their_order(days: dict[str, Any], code: str | None) -> None:
    assert set(found(build.draft(**days))) == ({code} if code else set())


@pytest.mark.parametrize(
    ("numbers", "offered"),
    [
        (["2024-009", "2024-008"], "2024-010"),
        (["2024-1", "2023-31"], "2024-2"),
        (["2023-031"], "2024-001"),
        (["2024009"], "2024010"),
        (["IR2024-09号"], "IR2024-10号"),
        ([], "2024-001"),
        (["20240102"], ""),
        (["一"], ""),
    ],
)
def test_the_next_number_follows_the_company_s_own_style(numbers: list[str], offered: str) -> None:
    assert next_number(numbers, 2024) == offered


def test_a_missing_number_is_a_warning_with_the_next_one() -> None:
    build.record(number="2024-009")
    build.record(build.company("999002"), number="2024-077")
    finding = found(build.draft(number=""))["number"]
    assert (finding.level, finding.offer) == (Level.WARNING, "2024-010")


def test_a_company_that_numbers_nothing_is_not_asked_to() -> None:
    build.record(number="")
    assert found(build.draft(number="")) == {}


@pytest.mark.parametrize(
    ("number", "complains"),
    [
        ("2024-012", True),
        ("2024-010", False),
        ("2024-002", False),
        ("2025-001", False),
        ("2025-002", True),
        ("十", True),
    ],
)
def test_a_number_out_of_sequence(number: str, complains: bool) -> None:
    for there in ("2024-001", "2024-009"):
        build.record(number=there)
    assert ("number" in found(build.draft(number=number))) == complains


def test_watched_words_are_found_with_their_place_folded_alike() -> None:
    WatchWord.objects.create(word="EPS", level=Level.ERROR)
    record = build.draft(
        asked=[("订单？", "充足。"), ("股价？", "券商给出的目标价是三十元，我们不予置评。")], introduction="ｅps"
    )
    findings = [finding for finding in check(record) if finding.code == "watch_word"]
    assert [(finding.level, finding.places[0].field) for finding in findings] == [
        (Level.ERROR, "introduction"),
        (Level.WARNING, "questions-1-answer"),
    ]
    assert "券商给出的目标价是三十元" in findings[1].text
    assert "不得预测股价" in findings[1].text


def test_the_statement_may_name_what_it_denies() -> None:
    assert found(build.draft(material_information="未涉及目标价")) == {}


@pytest.mark.parametrize(
    ("said", "is_watched"),
    [
        ("本次活动没有泄露目标价等未公开信息。", False),
        ("公司未透露有关的目标价。", False),
        ("会议不涉及目标价", False),
        ("目标价没有泄露。", True),
        ("没有泄露信息，目标价为三十元。", True),
        ("没有人提问。目标价为三十元。", True),
        ("没有泄露目标价。后来说目标价为三十元。", True),
    ],
)
def test_a_sentence_that_denies_it_was_told_is_no_telling(said: str, is_watched: bool) -> None:
    assert ("watch_word" in found(build.draft(closing=said))) == is_watched


@pytest.mark.parametrize(
    ("visitor", "field"),
    [
        ("华夏基金、沐岚基金 张三", "name_as_filed"),
        ("华夏基金 张三、李四", "person"),
        ("华夏基金；沐岚基金", "name_as_filed"),
        ("华夏基金 张三", ""),
        ("参与公司2025年度、2026年第一季度业绩说明会的投资者", ""),
        ("线上投资者、股东代表", ""),
    ],
)
def test_a_row_is_for_one_institution_and_one_person(visitor: str, field: str) -> None:
    finding = found(build.draft(visitors=[visitor])).get("several_names")
    assert [place.field for place in (finding.places if finding else ())] == (
        [f"participants-0-{field}"] if field else []
    )


def test_an_acknowledgement_holds_while_the_place_stays_as_it_was(django_user_model) -> None:
    user = django_user_model.objects.create_user("何清和")
    record = build.draft(asked=[("股价？", "目标价由市场决定。")])
    (warning,) = check(record)
    acknowledge(record, [warning.key, "of something else"], user)
    acknowledge(record, [warning.key], user)
    assert [seen.user for _finding, seen in report(record).lines] == [user]
    assert record.acknowledgements.count() == 1
    build.add_questions(record, [])
    question = record.questions.get()
    question.answer = "目标价由市场决定。后来补充了许多别的话，与此无关。"
    question.position = 7
    question.save()
    question.answer = "目标价由市场决定。"
    question.save()
    assert report(record).open_warnings == []
    question.answer = "目标价是四十元。"
    question.save()
    assert len(report(record).open_warnings) == 1


@pytest.mark.parametrize(
    ("changes", "is_overdue"),
    [({"disclosed_on": None}, True), ({}, False), ({"disclosed_on": "2024-07-01"}, True), ({"held": None}, False)],
)
def test_a_record_that_is_late_is_pointed_out(changes: dict[str, Any], is_overdue: bool) -> None:
    DeadlineRule.objects.get_or_create(board="", effective_from="2020-01-01", trading_days=2)
    record = build.draft(**changes)
    record.refresh_from_db()
    assert ("overdue" in found(record)) == is_overdue


def test_a_day_in_a_quiet_period_is_pointed_out_to_be_acknowledged() -> None:
    days = {"first_day": "2024-06-01", "last_day": "2024-06-30"}
    QuietPeriod.objects.create(company=build.company(), reason="半年报", **days)
    QuietPeriod.objects.create(company=build.company("999002"), reason="别家", **days)
    finding = found(build.draft(number="1", held="2024-06-06"))["quiet_period"]
    assert finding.level == Level.WARNING
    assert "半年报" in finding.sentence
    assert "quiet_period" not in found(build.draft(number="2", held="2024-07-01"))


def test_errors_are_not_to_be_acknowledged(django_user_model) -> None:
    record = build.draft(material_information="")
    (error,) = check(record)
    acknowledge(record, [error.key], django_user_model.objects.create_user("a"))
    assert not record.acknowledgements.exists()


def test_the_cost_does_not_grow_with_the_rows(django_assert_max_num_queries) -> None:
    people = [f"机构{n} 人{n}" for n in range(30)]
    record = build.draft(visitors=people, asked=[(f"问{n}？", "") for n in range(30)])
    with django_assert_max_num_queries(10):
        report(record)


def test_visitors_who_have_not_signed_are_named() -> None:
    record = build.draft(number="2024-001", visitors=["华夏基金 贾静雯", "中信证券 王五", "高瓴资本 李四", "仁桥资产"])
    rows = list(record.participants.all())
    for row, letter, attended in zip(
        rows, ("signed", "unsigned", "", "not_needed"), ("yes", "yes", "", "yes"), strict=True
    ):
        type(row).objects.filter(pk=row.pk).update(commitment_letter=letter, attended=attended)
    finding = found(record)["commitment_letter"]
    assert finding.level == Level.WARNING
    assert [(place.field, place.label) for place in finding.places] == [
        ("participants-1-commitment_letter", "中信证券 王五"),
        ("participants-2-commitment_letter", "高瓴资本 李四"),
    ]
    record.participants.filter(commitment_letter__in=["", "unsigned"]).update(attended="no")
    assert "commitment_letter" not in found(record)


@pytest.mark.parametrize(
    ("activities", "asked_for"),
    [
        (["特定对象调研"], True),
        (["媒体采访"], True),
        (["现场参观", "其他"], True),
        (["业绩说明会"], False),
        (["分析师会议", "路演活动"], False),
        ([], False),
    ],
)
def test_letters_are_asked_for_where_visitors_are_received(activities: list[str], asked_for: bool) -> None:
    assert set(ACTIVITY_TYPES) > WITH_LETTERS
    record = build.draft(number="2024-001", activities=activities)
    assert "commitment_letter" not in found(record)
    record.participants.update(commitment_letter="")
    assert ("commitment_letter" in found(record)) == asked_for


def test_of_many_who_have_not_signed_some_are_named_and_all_counted() -> None:
    record = build.draft(number="2024-001", visitors=[f"机构{n}资本" for n in range(30)])
    record.participants.update(commitment_letter="unsigned")
    finding = found(record)["commitment_letter"]
    assert "30" in finding.sentence
    assert [place.label for place in finding.places][-2:] == ["机构9资本", "+20"]
    before = finding.key
    row = record.participants.last()
    row.commitment_letter = "signed"
    row.save()
    assert found(record)["commitment_letter"].key != before
