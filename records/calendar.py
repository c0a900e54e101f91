"""Trading days of the mainland exchanges, and the moment by which a record must be published. No database.

Days and times are those of the exchanges (Asia/Shanghai) and carry no zone.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterator

import chinese_calendar

DAY = datetime.timedelta(days=1)
OPENING = datetime.time(9, 30)


@dataclasses.dataclass(frozen=True)
class Calendar:
    """Monday to Friday without the public holidays: days that are worked instead, on weekends, are no trading days.

    `closed` and `opened` are days on which an exchange did otherwise.
    """

    closed: frozenset[datetime.date] = frozenset()
    opened: frozenset[datetime.date] = frozenset()

    def covers(self, day: datetime.date) -> bool:
        """Whether the holidays of its year are known. Of other years only the weekdays are."""
        try:
            chinese_calendar.is_holiday(day)
        except NotImplementedError:
            return False
        return True

    def is_trading_day(self, day: datetime.date) -> bool:
        if day in self.opened or day in self.closed:
            return day in self.opened
        return day.weekday() < 5 and not (self.covers(day) and chinese_calendar.is_holiday(day))

    def next_trading_day(self, after: datetime.date) -> datetime.date:
        return self.add_trading_days(after, 1)

    def add_trading_days(self, day: datetime.date, count: int) -> datetime.date:
        """The trading day that is number `count`, counted from the day after. OverflowError at the end of time."""
        while count:
            day += DAY
            count -= self.is_trading_day(day)
        return day


@dataclasses.dataclass(frozen=True, slots=True)
class Rule:
    """How soon activities held from a day on are to be published."""

    effective_from: datetime.date
    trading_days: int  # by the end of this one after the activity; 0: before the next one opens
    board: str = ""  # a value of `Board`; empty: every board


@dataclasses.dataclass(frozen=True, slots=True)
class Due:
    """The day by whose end a record must be published; where there is a time, by that time of the day."""

    day: datetime.date
    time: datetime.time | None = None
    is_sure: bool = True  # not so where it was counted through a year whose holidays are unknown

    def __str__(self) -> str:
        """“2024-06-11”, or “2024-06-11 09:30” where it is due by a time."""
        return f"{self.day} {self.time:%H:%M}" if self.time else str(self.day)

    @property
    def moment(self) -> datetime.datetime:
        """From here on it is late."""
        return datetime.datetime.combine(self.day, self.time) if self.time else _midnight(self.day + DAY)


@dataclasses.dataclass(frozen=True)
class Schedule:
    """A calendar with the rules that are counted on it."""

    calendar: Calendar
    rules: tuple[Rule, ...]

    def rule_for(self, board: str, last_day: datetime.date) -> Rule | None:
        """The one that took effect last; of two of one day, the one that names the board."""
        started = [rule for rule in self._rules_of(board) if rule.effective_from <= last_day]
        return max(started, key=_precedence, default=None)

    def due(self, board: str, last_day: datetime.date) -> Due | None:
        """When an activity that ended on a day is to be published; None where no rule was in force."""
        rule = self.rule_for(board, last_day)
        try:
            return self._due(rule, last_day) if rule else None
        except OverflowError:
            return None

    def soon(self, now: datetime.datetime) -> datetime.datetime:
        """What falls due before this moment is due on this day or the next trading day."""
        return _midnight(self.calendar.next_trading_day(now.date()) + DAY)

    def last_days_due(
        self, board: str, until: datetime.datetime, after: datetime.datetime | None = None
    ) -> Iterator[tuple[datetime.date, datetime.date]]:
        """Spans of days, first and last: what ended on one of them falls due after the one moment, until the other.

        `due` turned round, so that a database can be asked for what is late.
        """
        rules = sorted(self._rules_of(board), key=_precedence)
        for number, rule in enumerate(rules):
            first, last = rule.effective_from, self._last_day_due(rule, until)
            if number + 1 < len(rules):
                following = rules[number + 1].effective_from
                if following == first:
                    continue
                last = min(last, following - DAY)
            if after is not None:
                first = max(first, self._last_day_due(rule, after) + DAY)
            if first <= last:
                yield first, last

    def _rules_of(self, board: str) -> list[Rule]:
        return [rule for rule in self.rules if rule.board in {"", board}]

    def _due(self, rule: Rule, last_day: datetime.date) -> Due:
        day = self.calendar.add_trading_days(last_day, rule.trading_days or 1)
        is_sure = self.calendar.covers(last_day) and self.calendar.covers(day)
        return Due(day, None if rule.trading_days else OPENING, is_sure)

    def _last_day_due(self, rule: Rule, until: datetime.datetime) -> datetime.date:
        """The latest day of which what ended on it falls due by a moment; later days never fall due earlier."""
        day = until.date()
        while self._due(rule, day).moment > until:
            day -= DAY
        return day


def _precedence(rule: Rule) -> tuple[datetime.date, bool]:
    return rule.effective_from, bool(rule.board)


def _midnight(day: datetime.date) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time.min)
