"""How much one request, and one visitor, may ask for. What goes beyond is answered with one sentence."""

from __future__ import annotations

import functools
import ipaddress
import logging
import math
import queue
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from limits import RateLimitItem, parse
from limits.errors import StorageError
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter

from records.snapshots import TooLongError

logger = logging.getLogger("irsite.bounds")

MAX_ADDRESS = 8192  # characters of path and query, as most servers have it
FILES = (".csv", ".xlsx", ".json", ".docx")
RETRY_EXPORT = 15  # seconds
RETRY_BUSY = 30


def refuse(request: HttpRequest, status: int, sentence: str, retry_after: int = 0) -> HttpResponse:
    """The sentence, as a page to a reader and as plain text to whoever asked for data."""
    if request.path.endswith(FILES):
        response = HttpResponse(sentence, status=status, content_type="text/plain; charset=utf-8")
    else:
        response = render(request, "refused.html", {"sentence": sentence}, status=status)
    if retry_after:
        response.headers["Retry-After"] = str(retry_after)
    response.headers["Cache-Control"] = "no-store"
    return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's, which says the same of every request that it does not take, and that the address was at fault."""
    limits: dict[type[Exception], tuple[str, int]] = {
        RequestDataTooBig: (
            _("This form holds more than %(most)d MB of text: enter it in parts. Nothing was stored."),
            settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 2**20,
        ),
        TooManyFieldsSent: (
            _("This form has more than %(most)d fields: enter it in parts. Nothing was stored."),
            settings.DATA_UPLOAD_MAX_NUMBER_FIELDS,
        ),
        TooManyFilesSent: (
            _("These are more than %(most)d files: send them in parts. Nothing was stored."),
            settings.DATA_UPLOAD_MAX_NUMBER_FILES,
        ),
    }
    if type(exception) in limits:
        sentence, most = limits[type(exception)]
        return refuse(request, 413, sentence % {"most": most})
    return render(request, "400.html", status=400)


class BoundsMiddleware:
    """The address, the body, how often, how many at once, and how long the database may take."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        asked = f"{request.META.get('PATH_INFO', '')}?{request.META.get('QUERY_STRING', '')}"  # as it was sent
        if len(asked) > MAX_ADDRESS:
            sentence = _("This address is longer than %(most)d characters: choose fewer filters, or shorter words.")
            return refuse(request, 414, sentence % {"most": MAX_ADDRESS})
        if _length(request) > settings.UPLOAD_MEGABYTES * 2**20:
            sentence = _("This is more than %(most)d MB at once: send fewer or smaller files. Nothing was stored.")
            return refuse(request, 413, sentence % {"most": settings.UPLOAD_MEGABYTES})
        response = self.get_response(request)
        if slot := getattr(request, "export_slot", None):
            # Held until the last line has left; if the server never gets to it, until the answer is forgotten.
            free = weakref.finalize(response, slot.free)
            response._resource_closers.append(free)  # type: ignore[attr-defined]
            if not response.streaming:
                free()
        return response

    def process_view(self, request: HttpRequest, *_view: Any) -> HttpResponse | None:
        kind = kind_of(request)
        if kind and (seconds := wait(kind, request.META.get("REMOTE_ADDR", ""))):
            sentence = ngettext(
                "Too many requests came from your network: try again in %(n)d second.",
                "Too many requests came from your network: try again in %(n)d seconds.",
                seconds,
            )
            return refuse(request, 429, sentence % {"n": seconds}, seconds)
        if kind == "export" and not request.path.endswith(".json"):
            if not SLOTS.take():
                sentence = _("Other exports are being made just now: try again in %(n)d seconds.")
                return refuse(request, 429, sentence % {"n": RETRY_EXPORT}, RETRY_EXPORT)
            request.export_slot = SLOTS  # type: ignore[attr-defined]
        return None

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not took_too_long(exception):
            return None
        logger.error("the database did not answer in time: %s", request.path)
        sentence = _("The database could not answer in time: ask for less at once, or try again in a moment.")
        return refuse(request, 503, sentence, RETRY_BUSY)


def _length(request: HttpRequest) -> int:
    """What the client says; Django reads no further than that."""
    said = request.META.get("CONTENT_LENGTH") or "0"
    return int(said) if said.isdecimal() and len(said) < 19 else 0


def kind_of(request: HttpRequest) -> str:
    """Which bound counts a request: most are not counted at all."""
    match = request.resolver_match
    at_desk = bool(match and "admin" in match.namespaces)
    if request.method == "POST":
        if match and match.view_name in {"admin:login", "admin:second_factor"}:
            return "login"
        # A form may name several actions; which of them is carried out is told elsewhere in it.
        is_export = at_desk and any(action.startswith("export_") for action in request.POST.getlist("action"))
        return "export" if is_export else ""
    if request.path.endswith(FILES):
        return "export"
    is_insight = bool(match and match.view_name == "records:insights" and request.GET)
    return "search" if is_insight or (not at_desk and request.GET.get("q", "").strip()) else ""


# How often


def wait(kind: str, address: str) -> int:
    """Counts one more request; seconds until this address may ask again, 0 where it may now."""
    if not (rate := settings.RATES[kind]):
        return 0
    limit, limiter = _limit(rate), _limiter(settings.RATE_STORAGE)
    try:
        if limiter.hit(limit, kind, counted_as(address)):
            return 0
        return max(1, math.ceil(limiter.get_window_stats(limit, kind, counted_as(address)).reset_time - time.time()))
    except StorageError:  # a counter that is down keeps nobody out
        logger.exception("requests are not counted")
        return 0


def counted_as(address: str) -> str:
    """One visitor, as far as rates are concerned: a household or office has a whole network of IPv6 addresses."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(known) if known.version == 4 else str(ipaddress.ip_network((int(known), 64), strict=False))


@functools.lru_cache
def _limit(rate: str) -> RateLimitItem:
    return parse(rate)


@functools.lru_cache
def _limiter(storage: str) -> FixedWindowRateLimiter:
    return FixedWindowRateLimiter(storage_from_string(storage, wrap_exceptions=True))


# How many at once


class Slots:
    """Exports that run in this process: while a thread writes one, it answers nobody else."""

    def __init__(self) -> None:
        self._given = 0
        self._back: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._lock = threading.Lock()

    @property
    def taken(self) -> int:
        return self._given - self._back.qsize()

    def take(self) -> bool:
        with self._lock:
            while not self._back.empty():
                self._back.get_nowait()
                self._given -= 1
            if self._given >= settings.EXPORTS_AT_ONCE:
                return False
            self._given += 1
            return True

    def free(self) -> None:
        # The garbage collector may call this at any moment, in the midst of `take` too: it must not ask for the lock.
        self._back.put(None)


SLOTS = Slots()


# How long


def took_too_long(exception: Exception) -> bool:
    """Whether the database gave up on a statement, or on waiting for another writer; or we on many statements."""
    canceled = getattr(exception.__cause__, "sqlstate", None) in {"57014", "40P01"}
    gave_up = isinstance(exception, OperationalError) and (canceled or "database is locked" in str(exception))
    return gave_up or isinstance(exception, TooLongError)


def bound_statements(connection: Any, **options: Any) -> None:
    """For each new connection of a server; commands may take their time."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # To compile a statement takes longer than any page's statement runs.
            cursor.execute(
                "SELECT set_config('statement_timeout', %s, false), set_config('jit', 'off', false)",
                [f"{settings.STATEMENT_TIMEOUT}s"],
            )
