"""How a record stands to its deadline, by the rules and the calendar that staff keep."""

from __future__ import annotations

import datetime
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from records.models import Closure, DeadlineRule, Deadlines, Light, QuietPeriod, Record

from . import build

pytestmark = pytest.mark.django_db


def rule(day: str, trading_days: int | None, board: str = "") -> DeadlineRule:
    kind = DeadlineRule.Kind.TRADING_DAYS if trading_days else DeadlineRule.Kind.BEFORE_OPENING
    return DeadlineRule.objects.create(
        effective_from=datetime.date.fromisoformat(day), kind=kind, trading_days=trading_days, board=board
    )


@pytest.fixture(autouse=True)
def rules(db: None) -> None:
    """Two trading days; on the board of 000001, from mid-2024, before the next one opens."""
    Closure.objects.all().delete()
    DeadlineRule.objects.all().delete()
    rule("2012-01-01", 2)
    rule("2024-07-01", None, "szse-main")


def at(text: str) -> datetime.datetime:
    return timezone.make_aware(datetime.datetime.fromisoformat(text))


def light(record: Record, now: str) -> Light | None:
    return Deadlines.load().light_of(record, at(now))


def test_the_first_rows_are_there() -> None:
    DeadlineRule.objects.all().delete()
    migration = import_module("records.migrations.0009_deadlines_first_rows")
    migration.add_rows(apps, connection.schema_editor())
    assert build.draft(held="2024-06-06").due.day == datetime.date(2024, 6, 11)
    assert build.draft(build.company("000001"), held="2024-06-06").due.time is None
    late = build.draft(build.company("300001"), held="2026-03-12").due
    assert (late.day, late.time) == (datetime.date(2026, 3, 13), datetime.time(9, 30))
    assert build.draft(build.company("688001"), held="2024-02-08").due.day == datetime.date(2024, 2, 20)


def test_a_closure_moves_what_is_due() -> None:
    record = build.draft(held="2024-02-07")
    assert record.due.day == datetime.date(2024, 2, 9)
    Closure.objects.create(date="2024-02-09")
    assert Record.objects.get().due.day == datetime.date(2024, 2, 19)
    Closure.objects.create(date="2024-02-11", is_open=True)
    assert Record.objects.get().due.day == datetime.date(2024, 2, 11)


def test_the_last_day_counts() -> None:
    record = build.draft(held="2024-06-05", held_to=datetime.date(2024, 6, 6))
    assert record.due.day == datetime.date(2024, 6, 11)


@pytest.mark.parametrize(
    ("now", "wanted"),
    [
        ("2024-06-06T18:00", Light.IN_TIME),
        ("2024-06-07T18:00", Light.DUE_SOON),  # a Friday before a long weekend
        ("2024-06-11T23:59", Light.DUE_SOON),
        ("2024-06-12T00:00", Light.OVERDUE),
    ],
)
def test_a_draft_turns_amber_then_red(now: str, wanted: Light) -> None:
    # Held on a Thursday, due on the Tuesday after a long weekend: from Friday on, the next trading day is the last.
    assert light(build.draft(held="2024-06-06"), now) == wanted


@pytest.mark.parametrize(("now", "wanted"), [("2024-07-05T09:29", "due-soon"), ("2024-07-05T09:30", "overdue")])
def test_before_opening_means_to_the_minute(now: str, wanted: str) -> None:
    assert light(build.draft(build.company("000001"), held="2024-07-04"), now) == wanted


@pytest.mark.parametrize(
    ("disclosed", "wanted"), [("2024-06-11", Light.PUBLISHED_IN_TIME), ("2024-06-12", Light.PUBLISHED_LATE)]
)
def test_what_is_published_was_in_time_or_late(disclosed: str, wanted: Light) -> None:
    record = build.record(held="2024-06-06", disclosed=disclosed)
    assert light(record, "2030-01-01T00:00") == wanted


@pytest.mark.parametrize(
    ("published_at", "wanted"),
    [
        ("2024-07-05T09:29", Light.PUBLISHED_IN_TIME),
        ("2024-07-05T09:30", Light.PUBLISHED_LATE),
        ("2024-08-01T12:00", Light.PUBLISHED_IN_TIME),  # brought in later: of its disclosure only the day is known
    ],
)
def test_on_the_day_itself_the_minute_counts_where_it_is_known(published_at: str, wanted: Light) -> None:
    record = build.record(build.company("000001"), held="2024-07-04", disclosed="2024-07-05")
    Record.objects.update(published_at=at(published_at))
    record.refresh_from_db()
    assert light(record, "2030-01-01T00:00") == wanted


def test_without_day_or_rule_nothing_is_due() -> None:
    assert build.draft(number="1", held=None).due is None
    assert build.draft(number="2", held="2011-06-06").light is None
    assert build.draft(number="3", held="9999-12-31").light is None
    first = build.record(number="4")
    assert build.draft(number="4", corrects=first).due is None


def test_the_records_of_a_list_share_two_queries(django_assert_num_queries: Any) -> None:
    build.records(5)
    rows = list(Record.objects.for_list())
    with django_assert_num_queries(2):
        Deadlines.load().attach(rows)
        assert all(record.light for record in rows)


def test_due_and_overdue_are_found() -> None:
    overdue = build.draft(number="1", held="2024-06-03")
    soon = build.draft(number="2", held="2024-06-06")
    build.draft(number="3", held="2024-06-12")
    build.draft(number="4", held=None)
    build.record(number="5", held="2024-06-03")
    deadlines, now = Deadlines.load(), at("2024-06-11T10:00")
    assert list(deadlines.overdue(Record.objects.all(), now)) == [overdue]
    assert list(deadlines.due_soon(Record.objects.all(), now)) == [soon]


FIRST = datetime.date(2024, 6, 20)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    held=st.lists(st.tuples(st.integers(0, 20), st.integers(0, 3), st.booleans()), min_size=1, max_size=6),
    now=st.datetimes(datetime.datetime.fromisoformat("2024-06-18"), datetime.datetime.fromisoformat("2024-07-20")),
)
def test_the_database_finds_what_the_light_says(held: list[tuple[int, int, bool]], now: datetime.datetime) -> None:
    Record.objects.all().delete()
    for number, (offset, length, in_shenzhen) in enumerate(held):
        day = FIRST + datetime.timedelta(days=offset)
        Record.objects.create(
            company=build.company("000001" if in_shenzhen else "999001"),
            number=str(number),
            held_from=day,
            held_to=day + datetime.timedelta(days=length) if length else None,
        )
    deadlines, moment = Deadlines.load(), timezone.make_aware(now)
    lights = {record.pk: deadlines.light_of(record, moment) for record in Record.objects.select_related("company")}
    for found, wanted in ((deadlines.overdue, Light.OVERDUE), (deadlines.due_soon, Light.DUE_SOON)):
        assert set(found(Record.objects.all(), moment).values_list("pk", flat=True)) == {
            pk for pk, each in lights.items() if each == wanted
        }


def test_a_rule_says_how_soon_and_stands_once() -> None:
    for fields in (
        {"kind": "trading-days", "trading_days": None},
        {"kind": "trading-days", "trading_days": 0},
        {"kind": "trading-days", "trading_days": 31},
        {"kind": "before-opening", "trading_days": 1},
        {"kind": "nonsense", "trading_days": 1},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            DeadlineRule.objects.create(effective_from="2025-01-01", **fields)
    with pytest.raises(IntegrityError), transaction.atomic():
        rule("2012-01-01", 3)
    rule("2012-01-01", 3, "star")


def test_a_quiet_period_touches_the_days_of_its_company() -> None:
    period = QuietPeriod.objects.create(
        company=build.company(), first_day="2024-03-20", last_day="2024-04-18", reason="年报"
    )
    for number, (held_from, held_to, touched) in enumerate(
        [
            ("2024-03-19", None, False),
            ("2024-03-19", "2024-03-20", True),
            ("2024-04-18", None, True),
            ("2024-04-19", None, False),
            ("2024-03-01", "2024-05-01", True),
        ]
    ):
        last = datetime.date.fromisoformat(held_to) if held_to else None
        record = build.draft(number=str(number), held=held_from, held_to=last)
        assert list(record.quiet_periods) == [period] * touched
    assert not build.draft(build.company("999002"), held="2024-04-01").quiet_periods
    assert not build.draft(number="x", held=None).quiet_periods


def test_a_quiet_period_is_in_order() -> None:
    day = datetime.date(2024, 3, 20)
    QuietPeriod.objects.create(company=build.company(), first_day=day, last_day=day)
    with pytest.raises(IntegrityError), transaction.atomic():
        QuietPeriod.objects.create(company=build.company(), first_day=day, last_day=day - datetime.timedelta(days=1))
