"""The values of parameters: what a text in an address stands for."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from records import search
from records.filing.dates import parse_date
from records.filing.shape import ACTIVITY_TYPES
from records.models import (
    ActivityType,
    Exchange,
    Institution,
    InstitutionMerge,
    InstitutionType,
    MergedTopic,
    Topic,
)

MAX_VALUES = 100  # of one parameter
SHOWN_LENGTH = 30  # of a value that a sentence quotes


class Values(NamedTuple):
    """The values of one repeated parameter: those that stand for something, and the rest."""

    known: dict[str, Any]
    unknown: list[str]


class ValuesField(forms.Field):
    """Several values of one parameter; `find` gives what each stands for, and leaves out what it does not know."""

    widget = forms.SelectMultiple  # it reads every repetition of a parameter

    def __init__(self, *, find: Callable[[list[str]], Mapping[str, Any]], **options: Any) -> None:
        super().__init__(**options)
        self.find = find

    def clean(self, value: Iterable[str] | None) -> Values:
        texts = list(dict.fromkeys(text for item in value or () if (text := item.strip())))
        found = self.find(texts[:MAX_VALUES])
        standing: dict[Any, str] = {}  # what was merged and what it became are one, however they are called
        for text in texts:
            if text in found:
                standing.setdefault(found[text], text)
        return Values(
            known={text: thing for thing, text in standing.items()},
            unknown=[text for text in texts if text not in found],
        )


def rows_by(key: str, pattern: str, rows: Callable[[], QuerySet]) -> Callable[[list[str]], Mapping[str, Any]]:
    """A `find` over rows of the database; only values of the pattern's shape are looked for."""

    def find(texts: list[str]) -> Mapping[str, Any]:
        shaped = [text for text in texts if re.fullmatch(pattern, text)]
        return {str(getattr(row, key)): row for row in rows().filter(**{f"{key}__in": shaped})} if shaped else {}

    return find


def find_topics(texts: list[str]) -> Mapping[str, Topic]:
    """Addresses are promises: that of a topic which was merged stands for what it became part of."""
    found = rows_by("slug", r"[-\w]{1,60}", Topic.objects.public)(texts)
    former = [text for text in texts if text not in found]
    merged = rows_by("slug", r"[-\w]{1,60}", lambda: MergedTopic.objects.standing())(former)
    return {**found, **{slug: row.into for slug, row in merged.items()}}


def find_institutions(texts: list[str]) -> Mapping[str, Institution]:
    """The same of institutions, by their ids."""
    find = rows_by("pk", r"[0-9]{1,18}", lambda: Institution.objects.public())
    found = find(texts)
    former = [int(text) for text in texts if text not in found and re.fullmatch(r"[1-9][0-9]{0,17}", text)]
    leads = InstitutionMerge.objects.led_to(former)
    remaining = find([str(pk) for pk in leads.values()])
    return {**found, **{str(pk): remaining[str(into)] for pk, into in leads.items() if str(into) in remaining}}


def find_activities(texts: list[str]) -> Mapping[str, ActivityType]:
    return {text: ActivityType(name=text) for text in texts if text in ACTIVITY_TYPES}


def find_years(texts: list[str]) -> Mapping[str, int]:
    return {text: int(text) for text in texts if re.fullmatch(r"(19|20)[0-9]{2}", text)}


def find_months(texts: list[str]) -> Mapping[str, str]:
    return {text: text for text in texts if re.fullmatch(r"(19|20)[0-9]{2}-(0[1-9]|1[0-2])", text)}


def find_exchanges(texts: list[str]) -> Mapping[str, Exchange]:
    return {text: Exchange(text) for text in texts if text in Exchange.values}


def find_institution_types(texts: list[str]) -> Mapping[str, InstitutionType]:
    return {text: InstitutionType(text) for text in texts if text in InstitutionType.values}


class DayField(forms.CharField):
    """A day as people write it: 2026-03-12, 2026年3月12日, 2026/3/12, 2026.3.12, 20260312."""

    def clean(self, value: str | None) -> datetime.date | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            return parse_date(text)
        except (ValueError, OverflowError):
            raise ValidationError(
                _("“%(text)s” is no date; write one such as 2026-03-12 or 2026年3月12日."),
                params={"text": shortened(text)},
            ) from None


class SearchField(forms.CharField):
    def clean(self, value: str | None) -> str:
        text = super().clean(value)
        if len(text) > search.MAX_QUERY_LENGTH:
            raise ValidationError(
                _("A search may have %(limit)d characters at most; this one has %(length)d."),
                params={"limit": search.MAX_QUERY_LENGTH, "length": len(text)},
            )
        return text


class WordsField(SearchField):
    """A search in the syntax of `search.parse`."""

    def remarks(self, text: str) -> tuple[str, ...]:
        """What the search asks for that is not done; the rest of it is."""
        return search.parse(text).complaints


class ValuesFilter(django_filters.Filter):
    field_class = ValuesField


class DayFilter(django_filters.Filter):
    field_class = DayField


class SearchFilter(django_filters.Filter):
    field_class = SearchField


class WordsFilter(django_filters.Filter):
    field_class = WordsField


def shortened(text: str) -> str:
    """A value that came with the address, short enough to stand in a sentence."""
    plain = "".join(sign for sign in text if sign.isprintable())
    return plain if len(plain) <= SHOWN_LENGTH else f"{plain[:SHOWN_LENGTH]}…"
