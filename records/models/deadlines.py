"""By when a record is to be published: the days and rules that staff keep, and how a record stands to them."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Case, F, Q, When
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from records import calendar
from records.querysets import QuietPeriodQuerySet, RecordQuerySet
from records.workflow import READABLE, UNPUBLISHED

from .directory import Company

if TYPE_CHECKING:
    from .record import Record


class Closure(models.Model):
    """A day on which the exchanges did otherwise than the calendar of public holidays has it."""

    date = models.DateField(_("date"), unique=True)
    is_open = models.BooleanField(
        _("trading takes place"),
        default=False,
        help_text=_("Off for a day without trading, such as a closure before a holiday; on for a day with trading."),
    )
    note = models.CharField(
        _("note"), max_length=200, blank=True, help_text=_("Where it was announced, for whoever wonders later.")
    )

    class Meta:
        verbose_name = _("exception of the trading calendar")
        verbose_name_plural = _("exceptions of the trading calendar")
        ordering: ClassVar = ["-date"]

    def __str__(self) -> str:
        return date_format(self.date, "Y-m-d")


class DeadlineRule(models.Model):
    """How soon records of a board are to be published, from a day on."""

    class Kind(models.TextChoices):
        TRADING_DAYS = "trading-days", _("within a number of trading days")
        BEFORE_OPENING = "before-opening", _("before the next trading day opens")

    board = models.CharField(
        _("board"),
        max_length=12,
        choices=Company.BoardChoices,
        blank=True,
        help_text=_(
            "Empty for every board. The rule that took effect last counts; of two that took effect on the same day, "
            "the one that names the board."
        ),
    )
    effective_from = models.DateField(
        _("effective from"), help_text=_("The first day, by the last day of the activity, to which the rule applies.")
    )
    kind = models.CharField(_("rule"), max_length=16, choices=Kind, default=Kind.TRADING_DAYS)
    trading_days = models.PositiveSmallIntegerField(
        _("trading days"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(30)],
        help_text=_(
            "Counted from the day after the activity: with 2, an activity on a Thursday is due by the end of Monday. "
            "Empty for a rule “before the next trading day opens”, which is due at 09:30."
        ),
    )
    note = models.CharField(_("note"), max_length=200, blank=True, help_text=_("Where the rule is written."))

    class Meta:
        verbose_name = _("deadline rule")
        verbose_name_plural = _("deadline rules")
        ordering: ClassVar = ["-effective_from", "board"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["board", "effective_from"],
                name="deadline_rule_is_unique",
                violation_error_message=_("There is a rule for this board from this day on: change that one."),
            ),
            models.CheckConstraint(
                condition=Q(kind="trading-days", trading_days__isnull=False, trading_days__range=(1, 30))
                | Q(kind="before-opening", trading_days__isnull=True),
                name="deadline_rule_says_how_soon",
                violation_error_message=_(
                    "Say within how many trading days, from 1 to 30; leave it empty for “before the next trading day "
                    "opens”."
                ),
            ),
        ]

    def __str__(self) -> str:
        board = self.get_board_display() if self.board else _("every board")
        return f"{board}, {self.effective_from}"


class QuietPeriod(models.Model):
    """Days before a report on which a company receives no investors."""

    company = models.ForeignKey(
        Company, on_delete=models.CASCADE, related_name="quiet_periods", verbose_name=_("company")
    )
    first_day = models.DateField(
        _("first day"),
        help_text=_("Usually 30 days before the annual or half-year report is published; some companies take 15."),
    )
    last_day = models.DateField(_("last day"), help_text=_("The day before the report is published."))
    reason = models.CharField(
        _("reason"), max_length=120, help_text=_("Shown beside the form, such as 2025年年度报告披露前30日.")
    )

    objects = QuietPeriodQuerySet.as_manager()

    class Meta:
        verbose_name = _("quiet period")
        verbose_name_plural = _("quiet periods")
        ordering: ClassVar = ["-first_day", "company"]
        indexes: ClassVar = [models.Index(fields=["company", "first_day", "last_day"], name="quiet_period_of_company")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(last_day__gte=F("first_day")),
                name="quiet_period_is_in_order",
                violation_error_message=_("The last day is before the first."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.company}, {self.first_day} – {self.last_day}"


class Light(models.TextChoices):
    """How a record stands to its deadline; `shape` tells it where colours do not."""

    IN_TIME = "in-time", _("in time")
    DUE_SOON = "due-soon", _("due soon")
    OVERDUE = "overdue", _("overdue")
    PUBLISHED_IN_TIME = "published-in-time", _("published in time")
    PUBLISHED_LATE = "published-late", _("published late")

    @property
    def is_settled(self) -> bool:
        """Whether nothing can change it any more."""
        return self in {Light.PUBLISHED_IN_TIME, Light.PUBLISHED_LATE}

    @property
    def shape(self) -> str:
        return {"in-time": "○", "due-soon": "▲", "overdue": "■", "published-in-time": "✓", "published-late": "✗"}[
            self.value
        ]


BOARDS = ("", *Company.BoardChoices.values)


class Deadlines(calendar.Schedule):
    """The trading calendar and the rules as they are now: two queries, for however many records."""

    @classmethod
    def load(cls) -> Deadlines:
        days = dict(Closure.objects.values_list("date", "is_open"))
        rules = DeadlineRule.objects.values_list("effective_from", "trading_days", "board")
        return cls(
            calendar.Calendar(
                closed=frozenset(day for day, is_open in days.items() if not is_open),
                opened=frozenset(day for day, is_open in days.items() if is_open),
            ),
            tuple(calendar.Rule(day, number or 0, board) for day, number, board in rules),
        )

    def attach(self, records: Any) -> None:
        """Let these records, with their companies at hand, tell what is due without a query each."""
        for record in records:
            record.deadlines = self

    def due_of(self, record: Record) -> calendar.Due | None:
        """None without a day or a rule. A correction has no deadline: what it corrects had one."""
        if record.corrects_id or not record.last_day:
            return None
        return self.due(record.company.board, record.last_day)

    def light_of(self, record: Record, now: datetime.datetime | None = None) -> Light | None:
        due = self.due_of(record)
        if not due:
            return None
        moment = exchange_time(now)
        if record.status in UNPUBLISHED:
            if moment >= due.moment:
                return Light.OVERDUE
            return Light.DUE_SOON if due.moment <= self.soon(moment) else Light.IN_TIME
        if record.status in READABLE and record.disclosed_on:
            return Light.PUBLISHED_LATE if _was_late(record, due) else Light.PUBLISHED_IN_TIME
        return None

    def overdue(self, records: RecordQuerySet, now: datetime.datetime | None = None) -> RecordQuerySet:
        return _with_final_day(records).filter(self._falling_due(until=exchange_time(now)))

    def due_soon(self, records: RecordQuerySet, now: datetime.datetime | None = None) -> RecordQuerySet:
        """Due on this or the next trading day, and not overdue."""
        moment = exchange_time(now)
        return _with_final_day(records).filter(self._falling_due(until=self.soon(moment), after=moment))

    def outstanding(self, records: RecordQuerySet, now: datetime.datetime | None = None) -> RecordQuerySet:
        """All that have a deadline and are not published yet: overdue ones first, then those that are due soon."""
        moment = exchange_time(now)
        urgency = Case(
            When(self._falling_due(until=moment), then=0),
            When(self._falling_due(until=self.soon(moment), after=moment), then=1),
            default=2,
        )
        found = _with_final_day(records).filter(self._having_rules())
        return found.order_by(urgency, "final_day", "pk")

    def _falling_due(self, until: datetime.datetime, after: datetime.datetime | None = None) -> Q:
        found = Q(pk__in=[])
        for board in BOARDS:
            for span in self.last_days_due(board, until, after):
                found |= Q(company__board=board, final_day__range=span)
        return found

    def _having_rules(self) -> Q:
        found = Q(pk__in=[])
        for board in BOARDS:
            if rules := self._rules_of(board):
                first = min(rule.effective_from for rule in rules)
                found |= Q(company__board=board, final_day__gte=first)
        return found


def _with_final_day(records: RecordQuerySet) -> RecordQuerySet:
    """What has still to be published and has a deadline of its own, with the day from which that is counted."""
    return records.unpublished().filter(corrects=None).alias(final_day=Coalesce("held_to", "held_from"))


def exchange_time(now: datetime.datetime | None = None) -> datetime.datetime:
    """This moment, or another, as the clocks of the exchanges show it."""
    return timezone.make_naive(now or timezone.now(), timezone.get_default_timezone())


def _was_late(record: Record, due: calendar.Due) -> bool:
    """By the day of disclosure; by the minute where it was published here on that day."""
    day = record.disclosed_on
    shown = exchange_time(record.published_at) if record.published_at else None
    if day == due.day and shown and shown.date() == day:
        return shown >= due.moment
    return bool(day and day > due.day)


class Reminder(models.Model):
    """Whether and how one of the staff is told by mail what is due. Who has none is told, in the site's language."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="reminder", verbose_name=_("user")
    )
    is_wanted = models.BooleanField(_("send reminders"), default=True)
    language = models.CharField(
        _("language"), max_length=10, choices=settings.LANGUAGES, default=settings.LANGUAGE_CODE
    )
    sent_on = models.DateField(_("last sent on"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("reminder")
        verbose_name_plural = _("reminders")
        ordering: ClassVar = ["user"]

    def __str__(self) -> str:
        return str(self.user)
