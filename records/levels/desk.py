"""What leaves the lists of the desk."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db.models import prefetch_related_objects
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from records.models import (
    AuditEntry,
    Closure,
    Company,
    DeadlineRule,
    Institution,
    InstitutionMerge,
    QuietPeriod,
    Reminder,
    ToldApart,
    Topic,
    WatchWord,
    name_of,
)
from records.roles import permission_label

from .level import Column, Level, minute


def _of_related(name: str, told: Callable[[Any], str], *needed: str) -> Callable[[list[Any]], dict[int, list[str]]]:
    """An `of_many` that gives what is told of each thing that a row is joined to; `needed` is fetched for that."""

    def of_many(rows: list[Any]) -> dict[int, list[str]]:
        prefetch_related_objects(rows, name, *needed)
        return {row.pk: [text for one in getattr(row, name).all() if (text := told(one))] for row in rows}

    return of_many


def _yes_or_no(value: bool) -> str:
    return gettext("yes") if value else gettext("no")


def _public_address(row: Any) -> str:
    return row.get_absolute_url() if row.record_count else ""


def _recorded(*counts: Column) -> tuple[Column, ...]:
    """What the published records of a company, an institution or a topic come to."""
    return (
        Column(
            "record_count", _("number of records"), lambda row: row.record_count, help=_("How many published records.")
        ),
        *counts,
        Column("first_held", _("first activity"), lambda row: row.first_held),
        Column("last_held", _("last activity"), lambda row: row.last_held),
        Column(
            "address",
            _("address"),
            _public_address,
            help=_("Its page on this site; empty while no published record names it."),
        ),
        Column("pinyin", _("pinyin"), lambda row: row.pinyin, staff=True),
    )


_QUESTION_COUNT = Column(
    "question_count", _("number of questions"), lambda row: row.question_count, help=_("How many questions in them.")
)


def _directory(name: str, model: Any, *columns: Column) -> Level:
    """A list of the desk: a row for each row of a model."""
    return Level(
        name,
        model._meta.verbose_name_plural,
        columns,
    )


COMPANIES = _directory(
    "companies",
    Company,
    Column(
        "company_code",
        _("securities code"),
        lambda company: company.code,
        help=_("Six digits, as text: zeros at the front belong to it."),
    ),
    Column(
        "symbol",
        _("symbol"),
        lambda company: company.symbol,
        help=_("The code with its exchange, such as 000001.SZ."),
    ),
    Column("short_name", _("short name"), lambda company: company.short_name),
    Column("full_name", _("full name"), lambda company: company.full_name),
    Column("board", _("board"), lambda company: company.get_board_display()),
    *_recorded(_QUESTION_COUNT),
    Column(
        "one_person_desk",
        _("one-person desk"),
        lambda company: _yes_or_no(company.one_person_desk),
        staff=True,
        help=_("Whether records are published without a second person’s approval."),
    ),
    Column(
        "staff",
        _("who works for it"),
        staff=True,
        of_many=_of_related("staff", name_of),
    ),
)

INSTITUTIONS = _directory(
    "institutions",
    Institution,
    Column("institution_id", _("institution id"), lambda row: row.pk),
    Column("name", _("name"), lambda row: row.name),
    Column("type", _("type"), lambda row: row.get_type_display()),
    Column(
        "aliases",
        _("aliases"),
        of_many=_of_related("aliases", lambda alias: alias.name),
    ),
    Column(
        "alias_dates",
        _("dates of aliases"),
        help=_("From which day until which an alias was used, where that is known: 安信证券 2006-08-22/2023-12-08."),
        of_many=_of_related("aliases", lambda alias: f"{alias.name} {alias.days}" if alias.days else ""),
    ),
    *_recorded(),
    Column(
        "reviewed",
        _("reviewed"),
        lambda row: _yes_or_no(row.reviewed),
        staff=True,
        help=_("Off for names that came in with a filing and that nobody has looked at."),
    ),
)

TOPICS = _directory(
    "topics",
    Topic,
    Column("name", _("name"), lambda topic: topic.name),
    Column("slug", _("end of the address"), lambda topic: topic.slug, help=_("The last part of the topic's address.")),
    Column("keywords", _("keywords"), lambda topic: topic.keywords),
    *_recorded(_QUESTION_COUNT),
)


# Lists that the desk keeps for itself: a column for each field.


def _of_fields(name: str, model: Any, *fields: str, more: tuple[Column, ...] = ()) -> Level:
    related = [field for field in fields if model._meta.get_field(field).is_relation]
    return Level(
        name,
        model._meta.verbose_name_plural,
        (*(_of_field(model, field) for field in fields), *more),
        lambda rows: rows.select_related(*related) if related else rows,
    )


def _of_field(model: Any, name: str) -> Column:
    field = model._meta.get_field(name)

    def cell(row: Any) -> Any:
        if field.choices:
            return getattr(row, f"get_{name}_display")()
        value = getattr(row, name)
        if isinstance(value, bool):
            return _yes_or_no(value)
        if isinstance(value, datetime.datetime):
            return minute(value)
        return str(value) if field.is_relation and value is not None else value

    return Column(name, field.verbose_name, cell, staff=True, help=field.help_text)


def _listed(name: str, heading: Any, related: str, *needed: str, told: Callable[[Any], str] = str) -> Column:
    """What a row is joined to, as a list; `needed` leads to what its names are made of."""
    return Column(
        name,
        heading,
        staff=True,
        of_many=_of_related(related, told, *needed),
    )


CLOSURES = _of_fields("closures", Closure, "date", "is_open", "note")

DEADLINE_RULES = _of_fields("deadline_rules", DeadlineRule, "effective_from", "board", "kind", "trading_days", "note")

QUIET_PERIODS = _of_fields("quiet_periods", QuietPeriod, "company", "first_day", "last_day", "reason")

REMINDERS = _of_fields("reminders", Reminder, "user", "is_wanted", "language", "sent_on")

WATCH_WORDS = _of_fields("watch_words", WatchWord, "word", "reason", "level")

MERGED_INSTITUTIONS = _of_fields(
    *("merged_institutions", InstitutionMerge),
    *("name", "into_name", "at", "user", "participant_count", "record_count", "undone_at", "undone_by"),
)

TOLD_APART = _of_fields("told_apart", ToldApart, "first", "second", "user", "at")

AUDIT_LOG = _of_fields(
    *("audit_log", AuditEntry, "at"),
    *("who", "kind", "object_id", "name", "company", "detail", "address"),
    more=(Column("act", _("act"), lambda entry: str(entry.act), staff=True),),
)

PEOPLE = _of_fields(
    *("people", get_user_model(), "username", "last_name", "first_name", "email"),
    *("is_active", "is_staff", "is_superuser", "last_login", "date_joined"),
    more=(_listed("groups", _("groups"), "groups"), _listed("companies", _("companies"), "companies")),
)

GROUPS = _of_fields(
    *("groups", Group, "name"),
    more=(
        _listed(*("permissions", _("permissions"), "permissions", "permissions__content_type"), told=permission_label),
    ),
)
