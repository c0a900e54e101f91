"""Deadlines at the desk: the column and the filter of the list, the record's page, and the tables that staff keep."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from records.models import Closure, DeadlineRule, Light, QuietPeriod, Record

from . import build
from .test_admin_entry import change

pytestmark = pytest.mark.django_db

LIST = "/admin/records/record/"
LIST_QUERIES = 18  # with a filter by deadline, which reads the rules once more


@pytest.fixture(autouse=True)
def rules(db: None) -> None:
    Closure.objects.all().delete()
    DeadlineRule.objects.all().delete()
    DeadlineRule.objects.create(effective_from="2012-01-01", trading_days=2)


@pytest.fixture
def desk(admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> Client:
    """The desk on Tuesday 2024-06-11 at ten."""
    now = timezone.make_aware(datetime.datetime(2024, 6, 11, 10))  # noqa: DTZ001
    monkeypatch.setattr(timezone, "now", lambda: now)
    return admin_client


@pytest.mark.parametrize(
    ("held", "published", "light", "shape"),
    [
        ("2024-06-03", False, Light.OVERDUE, "■"),
        ("2024-06-06", False, Light.DUE_SOON, "▲"),
        ("2024-06-11", False, Light.IN_TIME, "○"),
        ("2024-06-06", True, Light.PUBLISHED_IN_TIME, "✓"),
        ("2024-06-03", True, Light.PUBLISHED_LATE, "✗"),
    ],
)
def test_the_light_is_a_word_and_a_shape(desk: Client, held: str, published: bool, light: Light, shape: str) -> None:
    record = build.record(held=held, disclosed="2024-06-11", published=published)
    for page in (LIST, change(record)):
        text = desk.get(page).content.decode()
        assert f"{shape}</span> {light.label}" in text
        assert text.count('class="light ') == 1


def test_the_due_day_is_told_while_it_matters(desk: Client) -> None:
    record = build.draft(held="2024-06-06")
    assert "2024-06-11" in desk.get(change(record)).content.decode()
    DeadlineRule.objects.update(kind="before-opening", trading_days=None)
    assert "2024-06-07 09:30" in desk.get(LIST).content.decode()


def test_what_has_no_deadline_shows_none(desk: Client) -> None:
    record = build.draft(held=None)
    for page in (LIST, change(record)):
        assert 'class="light ' not in desk.get(page).content.decode()


@pytest.mark.parametrize(("value", "number"), [("overdue", "1"), ("soon", "2")])
def test_the_list_narrows_to_what_is_due(
    desk: Client, value: str, number: str, django_assert_max_num_queries: Any
) -> None:
    build.draft(number="1", held="2024-06-03")
    build.draft(number="2", held="2024-06-06")
    build.draft(number="3", held="2024-06-11")
    build.record(number="4", held="2024-06-03")
    with django_assert_max_num_queries(LIST_QUERIES):
        answer = desk.get(f"{LIST}?due={value}")
    assert [record.number for record in answer.context["cl"].result_list] == [number]


def test_a_filter_that_is_not_there_is_no_error(desk: Client) -> None:
    build.draft()
    assert desk.get(f"{LIST}?due=%00").status_code in {200, 302}
    assert desk.get(f"{LIST}?due=nonsense").status_code in {200, 302}


def test_a_day_in_a_quiet_period_is_pointed_out(desk: Client) -> None:
    QuietPeriod.objects.create(
        company=build.company(), first_day="2024-06-01", last_day="2024-06-30", reason="半年报<前>"
    )
    inside, outside = build.draft(number="1", held="2024-06-06"), build.draft(number="2", held="2024-07-01")
    page = desk.get(change(inside)).content.decode()
    assert "半年报&lt;前&gt;" in page
    assert "半年报" not in desk.get(change(outside)).content.decode()


def test_a_year_without_known_holidays_is_pointed_out(desk: Client) -> None:
    known, unknown = build.draft(number="1", held="2024-06-06"), build.draft(number="2", held="2999-12-28")
    page = desk.get(change(unknown)).content.decode()
    assert "2999" in page
    assert 'class="caution"' in page
    assert 'class="caution"' not in desk.get(change(known)).content.decode()


def test_staff_keep_the_tables(desk: Client) -> None:
    company = build.company()
    for model, data in (
        ("closure", {"date": "2026年2月24日", "note": "公告"}),
        ("deadlinerule", {"board": "star", "effective_from": "20260101", "kind": "before-opening"}),
        (
            "quietperiod",
            {"company": company.pk, "first_day": "2026.3.1", "last_day": "2026.3.30", "reason": "年报"},
        ),
    ):
        assert desk.post(f"/admin/records/{model}/add/", data).status_code == 302, model
        assert desk.get(f"/admin/records/{model}/").status_code == 200
    assert Closure.objects.get().date == datetime.date(2026, 2, 24)
    assert Record(company=build.company("688001"), held_from=datetime.date(2026, 2, 2)).due.time is not None
    assert QuietPeriod.objects.get().last_day == datetime.date(2026, 3, 30)


@pytest.mark.parametrize(
    ("model", "data"),
    [
        ("closure", {"date": "昨天"}),
        ("closure", {"date": "2024-02-09"}),  # there already
        ("deadlinerule", {"effective_from": "2026-01-01", "kind": "trading-days"}),
        ("deadlinerule", {"effective_from": "2026-01-01", "kind": "before-opening", "trading_days": "2"}),
        ("deadlinerule", {"effective_from": "2026-01-01", "kind": "trading-days", "trading_days": "99999999999"}),
        ("deadlinerule", {"effective_from": "2012-01-01", "kind": "trading-days", "trading_days": "3"}),
        ("quietperiod", {"company": "x", "first_day": "2026-03-01", "last_day": "2026-03-30", "reason": "年报"}),
        ("quietperiod", {"company": "1", "first_day": "2026-03-30", "last_day": "2026-03-01", "reason": "年报"}),
    ],
)
def test_nonsense_in_the_tables_is_answered_beside_the_field(desk: Client, model: str, data: dict[str, str]) -> None:
    Closure.objects.create(date="2024-02-09")
    before = [Closure.objects.count(), DeadlineRule.objects.count(), QuietPeriod.objects.count()]
    answer = desk.post(f"/admin/records/{model}/add/", data)
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors
    assert before == [Closure.objects.count(), DeadlineRule.objects.count(), QuietPeriod.objects.count()]


def test_a_rule_from_the_first_day_of_all_calendars_does_no_harm(desk: Client) -> None:
    build.draft(held="2024-06-03")
    for board in ("", "star", "szse-main"):
        DeadlineRule.objects.create(effective_from="0001-01-01", trading_days=30, board=board)
    assert desk.get(f"{LIST}?due=overdue").status_code == 200
