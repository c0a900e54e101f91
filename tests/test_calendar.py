"""Trading days and due moments, without a database."""

from __future__ import annotations

import datetime
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.calendar import OPENING, Calendar, Due, Rule, Schedule

CALENDAR = Calendar()
OLD = Rule(datetime.date(2012, 1, 1), trading_days=2)
NEW = Rule(datetime.date(2024, 7, 1), trading_days=0, board="chinext")


def day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


def moment(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("text", "open_"),
    [
        ("2024-06-07", True),
        ("2024-06-08", False),  # Saturday
        ("2024-06-10", False),  # 端午, a Monday
        ("2024-05-11", False),  # a Saturday that was worked in place of a holiday
        ("2024-02-18", False),  # a Sunday that was
        ("2024-10-01", False),
        ("2026-02-24", True),
    ],
)
def test_trading_days_are_weekdays_without_holidays(text: str, open_: bool) -> None:
    assert CALENDAR.is_trading_day(day(text)) == open_


def test_what_an_exchange_did_otherwise_comes_first() -> None:
    eve, sunday = day("2024-02-09"), day("2024-03-03")
    assert CALENDAR.is_trading_day(eve)
    changed = Calendar(closed=frozenset({eve}), opened=frozenset({sunday, day("2024-10-01")}))
    assert not changed.is_trading_day(eve)
    assert changed.is_trading_day(sunday)
    assert changed.is_trading_day(day("2024-10-01"))
    assert changed.next_trading_day(day("2024-02-08")) == day("2024-02-19")


@pytest.mark.parametrize("text", ["1999-12-31", "2999-06-03", "9999-12-31"])
def test_years_without_known_holidays_are_counted_by_weekdays_and_said_to_be(text: str) -> None:
    assert not CALENDAR.covers(day(text))
    assert CALENDAR.is_trading_day(day(text)) == (day(text).weekday() < 5)


def test_the_example_of_the_rule() -> None:
    assert CALENDAR.add_trading_days(day("2024-06-06"), 2) == day("2024-06-11")
    assert Schedule(CALENDAR, (OLD,)).due("star", day("2024-06-06")) == Due(day("2024-06-11"))


@pytest.mark.parametrize(
    ("board", "held", "due"),
    [
        ("star", "2024-06-08", Due(day("2024-06-12"))),  # on a Saturday before 端午
        ("chinext", "2024-06-28", Due(day("2024-07-02"))),  # the last day of the older rule
        ("chinext", "2024-07-01", Due(day("2024-07-02"), OPENING)),
        ("chinext", "2024-09-30", Due(day("2024-10-08"), OPENING)),
        ("star", "2024-09-30", Due(day("2024-10-09"))),
        ("", "2024-09-30", Due(day("2024-10-09"))),  # of an unknown board
        ("star", "2011-12-30", None),
        ("star", "9999-12-30", None),
        ("star", "9999-12-31", None),
    ],
)
def test_a_record_is_due_by_the_rule_of_its_board_and_day(board: str, held: str, due: Due | None) -> None:
    found = Schedule(CALENDAR, (NEW, OLD)).due(board, day(held))
    assert (found and (found.day, found.time)) == (due and (due.day, due.time))


def test_a_due_day_counted_through_an_unknown_year_is_marked() -> None:
    schedule = Schedule(CALENDAR, (OLD,))
    sure = schedule.due("star", day("2024-12-30"))
    unsure = schedule.due("star", day("2999-06-03"))
    assert sure
    assert sure.is_sure
    assert unsure
    assert not unsure.is_sure


def test_the_moment_is_the_end_of_the_day_or_the_opening() -> None:
    assert Due(day("2024-06-11")).moment == moment("2024-06-12T00:00")
    assert [str(Due(day("2024-06-11"), time)) for time in (None, OPENING)] == ["2024-06-11", "2024-06-11 09:30"]
    assert Due(day("2024-06-11"), OPENING).moment == moment("2024-06-11T09:30")


def test_of_two_rules_of_one_day_the_one_that_names_the_board_counts() -> None:
    general = Rule(NEW.effective_from, trading_days=3)
    for rules in itertools.permutations((OLD, NEW, general)):
        assert Schedule(CALENDAR, rules).rule_for("chinext", day("2025-01-02")) == NEW
        assert Schedule(CALENDAR, rules).rule_for("star", day("2025-01-02")) == general


def test_soon_reaches_over_a_weekend() -> None:
    friday = moment("2024-06-07T15:00")
    assert Schedule(CALENDAR, ()).soon(friday) == moment("2024-06-12T00:00")


days = st.dates(day("2012-01-01"), day("2028-12-31"))
moments = st.datetimes(moment("2012-02-01"), moment("2028-12-31"))
calendars = st.builds(Calendar, closed=st.frozensets(days, max_size=5), opened=st.frozensets(days, max_size=5))
rule_tables = st.lists(
    st.builds(Rule, days, st.integers(0, 5), st.sampled_from(["", "star", "chinext"])),
    max_size=4,
    unique_by=lambda rule: (rule.effective_from, rule.board),
)


@given(calendars, days, st.integers(1, 6))
def test_trading_days_add_up(calendar: Calendar, start: datetime.date, count: int) -> None:
    end = calendar.add_trading_days(start, count)
    between = [start + datetime.timedelta(days=n) for n in range(1, (end - start).days + 1)]
    assert calendar.is_trading_day(end)
    assert sum(calendar.is_trading_day(each) for each in between) == count


@given(calendars, days, st.integers(0, 5))
def test_a_later_day_is_never_due_earlier(calendar: Calendar, held: datetime.date, count: int) -> None:
    schedule = Schedule(calendar, (Rule(day("2012-01-01"), count),))
    one, next_ = schedule.due("star", held), schedule.due("star", held + datetime.timedelta(days=1))
    assert one
    assert next_
    assert one.moment <= next_.moment


@given(calendars, rule_tables, moments, st.timedeltas(datetime.timedelta(0), datetime.timedelta(days=9)))
def test_the_days_that_fall_due_are_those_whose_due_moment_does(
    calendar: Calendar, rules: list[Rule], after: datetime.datetime, length: datetime.timedelta
) -> None:
    """Around every place where something changes, each day is in a span exactly where its due moment is."""
    schedule, until = Schedule(calendar, tuple(rules)), after + length
    for lower in (None, after):
        spans = list(schedule.last_days_due("star", until, lower))
        for centre in {after.date(), until.date(), *(rule.effective_from for rule in rules)}:
            for offset in range(-20, 10):
                held = centre + datetime.timedelta(days=offset)
                due = schedule.due("star", held)
                wanted = due is not None and due.moment <= until and (lower is None or due.moment > lower)
                assert any(first <= held <= last for first, last in spans) == wanted
