"""Deadlines at the desk: the days and rules that staff keep, and how a record shows how it stands to them."""

from __future__ import annotations

import datetime

from django.contrib import admin
from django.db import models
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from records import levels
from records.calendar import Due
from records.models import Closure, DeadlineRule, QuietPeriod, Record, Reminder

from .access import OfCompanyAdmin
from .exporting import export_action
from .forms import DayField
from .lists import DeskAdmin
from .widgets import DayWidget


class DaysAdmin(DeskAdmin):
    """Days are typed here as people write them, as on the record's form."""

    formfield_overrides = {models.DateField: {"form_class": DayField, "widget": DayWidget}}


@admin.register(Closure)
class ClosureAdmin(DaysAdmin):
    list_display = ("date", "is_open", "note")
    list_filter = ("is_open",)
    date_hierarchy = "date"
    actions = (export_action(levels.CLOSURES, gettext_lazy("Export")),)


@admin.register(DeadlineRule)
class DeadlineRuleAdmin(DaysAdmin):
    list_display = ("effective_from", "board", "kind", "trading_days", "note")
    list_filter = ("board", "kind")
    fields = ("board", "effective_from", "kind", "trading_days", "note")
    actions = (export_action(levels.DEADLINE_RULES, gettext_lazy("Export")),)


@admin.register(QuietPeriod)
class QuietPeriodAdmin(OfCompanyAdmin, DaysAdmin):
    list_display = ("company", "first_day", "last_day", "reason")
    list_select_related = ("company",)
    search_fields = ("company__code", "company__short_name", "company__pinyin", "reason")
    autocomplete_fields = ("company",)
    fields = ("company", ("first_day", "last_day"), "reason")
    actions = (export_action(levels.QUIET_PERIODS, gettext_lazy("Export")),)


@admin.register(Reminder)
class ReminderAdmin(DeskAdmin):
    list_display = ("user", "is_wanted", "language", "sent_on")
    list_filter = ("is_wanted", "language")
    list_select_related = ("user",)
    search_fields = ("user__username", "user__email")
    actions = (export_action(levels.REMINDERS, gettext_lazy("Export")),)


def light_of(record: Record) -> SafeString | None:
    """How a record stands to its deadline: shape and word, and the due day where it still matters."""
    light, due = record.light, record.due
    if not light or not due:
        return None
    day = "" if light.is_settled else format_html(' <span class="due">{}</span>', due)
    return format_html(
        '<span class="light {}"><span aria-hidden="true">{}</span> {}</span>{}',
        light.value,
        light.shape,
        light.label,
        day,
    )


def caution(record: Record) -> str:
    """What to know of how the due day was counted; mostly nothing."""
    due = record.due
    if not due or due.is_sure:
        return ""
    return _(
        "The trading calendar does not know the holidays of %(year)s: the due day was counted by weekdays. "
        "Check it, and enter the days without trading under “Exceptions of the trading calendar”."
    ) % {"year": _unknown_year(record, due)}


def _unknown_year(record: Record, due: Due) -> int:
    days: list[datetime.date] = [record.last_day, due.day]
    return next(day.year for day in days if not record.deadlines.calendar.covers(day))
