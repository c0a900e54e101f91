"""How the form's texts, days and names are set for reading."""

from __future__ import annotations

import datetime
from typing import Any

from django import template
from django.urls import reverse
from django.utils.formats import localize
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from records.facets import Address
from records.models import Record, name_of

register = template.Library()
register.filter(name_of)


@register.filter
def paragraphs(text: str) -> SafeString:
    """Each line of a text of the form as a paragraph of its own; empty lines go."""
    lines = [(line,) for part in text.splitlines() if (line := part.strip())]
    return format_html_join("\n", "<p>{}</p>", lines)


@register.filter
def then(text: str, more: str) -> str:
    """A text of the form, and below it what was filed of the same row beside it."""
    return "\n".join(filter(None, (text, more)))


def _day(day: datetime.date, text: str | None = None) -> SafeString:
    return format_html('<time datetime="{}">{}</time>', day.isoformat(), text or day.isoformat())


@register.filter
def days(record: Record) -> SafeString:
    """The day or days of an activity, as short as is clear: 2026-07-28, 2026-07-28 – 30."""
    if not record.held_from:
        return format_html("")
    first, last = record.held_from, record.held_to
    if not last or last == first:
        return _day(first)
    text = last.isoformat()
    if last.year == first.year:
        text = text[8:] if last.month == first.month else text[5:]
    return format_html("{} – {}", _day(first), _day(last, text))


@register.filter
def shortened(text: str, most: int) -> str:
    """The first characters of a long text; to look at each, as `truncatechars` does, takes longer than all else."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


@register.filter
def leading_names(record: Record) -> list[str]:
    """The first institutions of a record that came with `for_list`, each once; persons where no house is named."""
    rows: list[Any] = getattr(record, "leading_participants", [])
    names = (row.institution.name if row.institution else row.name_as_filed or row.person for row in rows)
    return list(dict.fromkeys(names))[:3]


@register.filter
def institution_total(record: Record) -> int:
    """How many institutions came: what the form states, or what it names if that is more."""
    return max(record.institution_count, record.stated_institutions or 0)


@register.filter
def of(values: dict[Any, Any] | None, record: Record) -> Any:
    """What a mapping by id holds for a record."""
    return (values or {}).get(record.pk)


@register.simple_tag
def on_page(address: Address, number: int) -> str:
    """The address of another page of the same list."""
    return str(address.having("page", *([number] if number > 1 else [])))


@register.simple_tag
def page_of(kind: str, key: Any) -> str:
    """The address of a company by code, an institution by id, or a topic by slug."""
    return reverse(f"records:{kind}", args=[key])


@register.simple_tag
def page_in(addresses: dict[str, Any], name: str) -> Any:
    """One of several addresses, by name."""
    return addresses[name]


@register.simple_tag
def number(count: int, is_about: bool) -> str:
    """A count as the reader's language writes it, which says so if it is an estimate."""
    if is_about and not count:
        return ""  # a sample that holds none says little
    told = localize(count)
    return gettext("about %(count)s") % {"count": told} if is_about else str(told)
