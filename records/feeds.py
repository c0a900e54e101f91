"""What one follows instead of coming back: an Atom feed of any filter, and a company's activities as a calendar."""

from __future__ import annotations

import datetime
import html
import re
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.http import http_date
from django.utils.translation import get_language, gettext, to_locale
from django.views.decorators.http import conditional_page, require_safe

from .facets import Address, conditions
from .filters import RecordFilter
from .models import Company, Record

ENTRIES = 50
EVENTS = 200  # of a company in its calendar, the newest: years, for most
LINE_OCTETS = 75  # of iCalendar
TAG = re.compile("<[^>]*>")
# What XML or iCalendar cannot carry, whatever a filing or an address holds.
UNWRITABLE = re.compile("[^\t\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@require_safe
@conditional_page
def records_atom(request: HttpRequest) -> HttpResponse:
    """The newest records that fit, by the moment of publication, whatever `sort` says.

    An address that is not understood whole is refused: whoever follows it would wait for the wrong records.
    """
    chosen = RecordFilter(request.GET, Record.objects.published())
    if objections := chosen.objections():
        return HttpResponse("\n".join(objections), status=400, content_type="text/plain; charset=utf-8")
    address = Address(reverse("records:record_list"), chosen.parameters)
    feed = Atom1Feed(
        title=_written(_title(chosen, address)),
        link=request.build_absolute_uri(str(address)),
        description="",
        language=to_locale(get_language() or "").replace("_", "-"),
        feed_url=request.build_absolute_uri(str(address.elsewhere(request.path))),
    )
    rows: Any = chosen.without("sort")
    for record in rows.newest_published_first().for_feed()[:ENTRIES]:
        link = request.build_absolute_uri(record.get_absolute_url())
        feed.add_item(
            title=_written(_entry_title(record)),
            link=link,
            description=_written(_summary(record)),
            author_name=_written(record.company.short_name),
            pubdate=record.published_at,
            updateddate=record.published_at,
            # A correction is a record of its own, so that followers are told of it.
            unique_id=f"tag:{urlsplit(link).hostname},{record.created_at.year}:record/{record.pk}",
        )
    response = HttpResponse(feed.writeString("utf-8"), content_type=feed.content_type)
    if feed.num_items():
        response["Last-Modified"] = http_date(feed.latest_post_date().timestamp())
    return response


@require_safe
@conditional_page
def company_calendar(request: HttpRequest, code: str) -> HttpResponse:
    """A company's newest published records as events of whole days."""
    company = get_object_or_404(Company.objects.public(), code=code)
    records = Record.objects.published().filter(company=company).newest_first().for_feed()[:EVENTS]
    name = f"{company.short_name} {gettext('Investor relations records')}"
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//irsite//records//EN",
        f"NAME:{_escaped(name)}",
        f"X-WR-CALNAME:{_escaped(name)}",  # what NAME was called before it was a standard
        "REFRESH-INTERVAL;VALUE=DURATION:PT12H",
        *(line for record in records for line in _event(record, request)),
        "END:VCALENDAR",
    ]
    return HttpResponse("".join(map(_folded, lines)), content_type="text/calendar; charset=utf-8")


def _event(record: Record, request: HttpRequest) -> Iterator[str]:
    link = request.build_absolute_uri(record.get_absolute_url())
    first: Any = record.held_from
    changed = f"{record.published_at:%Y%m%dT%H%M%SZ}"  # the database gives UTC
    yield "BEGIN:VEVENT"
    # By the address, which a correction takes over: an activity stays one event.
    yield f"UID:{uuid.uuid5(uuid.NAMESPACE_URL, link)}"
    yield f"DTSTAMP:{changed}"
    yield f"LAST-MODIFIED:{changed}"
    yield f"DTSTART;VALUE=DATE:{_date(first)}"
    if record.last_day < datetime.date.max:
        yield f"DTEND;VALUE=DATE:{_date(record.last_day + datetime.timedelta(days=1))}"  # the day it is over
    yield f"SUMMARY:{_escaped(f'{record.company.short_name} {_activities(record)}')}"
    yield f"DESCRIPTION:{_escaped(_plain(_summary(record)))}"
    if record.place:
        yield f"LOCATION:{_escaped(record.place)}"
    yield f"URL:{link}"
    yield "TRANSP:TRANSPARENT"  # it takes nobody's time
    yield "END:VEVENT"


def _title(chosen: RecordFilter, address: Address) -> str:
    """What is followed, in words."""
    either = f" {gettext('or')} "
    parts = [
        f"{condition.label} {either.join(str(chip.label) for chip in condition.chips)}"
        for condition in conditions(chosen, address)
    ]
    return " · ".join([gettext("Investor relations records"), *parts])


def _entry_title(record: Record) -> str:
    days = " – ".join(str(day) for day in dict.fromkeys([record.held_from, record.last_day]))
    title = f"{record.company.short_name} {days} {_activities(record)}".strip()
    return gettext("%(title)s (corrected)") % {"title": title} if record.corrects_id else title


def _activities(record: Record) -> str:
    names = "、".join(kind.name for kind in record.activity_types.all())
    return f"{names}（{record.other_activity}）" if record.other_activity else names


def _summary(record: Record) -> str:
    """HTML: who came and what was asked first."""
    return render_to_string("_entry.html", {"record": record})


def _plain(markup: str) -> str:
    """The text of a summary, a line for each paragraph. In markup of ours a < begins a tag, and nothing else does."""
    lines = (" ".join(html.unescape(TAG.sub("", part)).split()) for part in re.split("</p>|</li>", markup))
    return "\n".join(filter(None, lines))


def _written(text: str) -> str:
    return UNWRITABLE.sub("", text)


def _escaped(text: str) -> str:
    """A value of iCalendar's type TEXT."""
    return re.sub(r"([\\;,])", r"\\\1", _written(text)).replace("\n", "\\n")


def _folded(line: str) -> str:
    """A line of iCalendar in pieces of at most 75 octets; the space that a piece begins with is none of the text."""
    told, start = line.encode(), 0
    pieces: list[bytes] = []
    while len(told) - start > (room := LINE_OCTETS - bool(pieces)):
        end = start + room
        while told[end] & 0xC0 == 0x80:  # within a character
            end -= 1
        pieces.append(told[start:end])
        start = end
    return b"\r\n ".join([*pieces, told[start:]]).decode() + "\r\n"


def _date(day: datetime.date) -> str:
    return day.isoformat().replace("-", "")
