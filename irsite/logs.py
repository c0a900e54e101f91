"""What the site writes down about its own running: never who asked for what.

A line has the path of a request and not its query, in which people search for names; of a failure, in JSON and at
Sentry, it has the kind and the place and not the message, which quotes what was typed. Who did what is told by the
audit log, to those who may read it.
"""

from __future__ import annotations

import contextvars
import datetime
import json
import logging
import re
import time
import traceback
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from django.http import HttpRequest, HttpResponseBase

logger = logging.getLogger("irsite.request")

current: contextvars.ContextVar[str] = contextvars.ContextVar("request_id", default="")
WELL_FORMED = re.compile(r"[A-Za-z0-9_.-]{8,64}")


class RequestIdMiddleware:
    """Gives each request an id: that of a proxy, if it is well-formed. First of all, so that every line has it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        request_id = given if WELL_FORMED.fullmatch(given) else uuid.uuid4().hex
        request.request_id = request_id  # type: ignore[attr-defined]
        token, began = current.set(request_id), time.monotonic()
        try:
            response = self.get_response(request)
            response.headers["X-Request-ID"] = request_id
            told = {
                "method": request.method,
                "path": request.path,
                "status": response.status_code,
                "milliseconds": round((time.monotonic() - began) * 1000),
            }
            logger.info("request", extra=told)
            return response
        finally:
            current.reset(token)


class RequestIdFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        # Of what was not found Django tells after the last middleware.
        request = getattr(record, "request", None)
        record.request_id = current.get() or getattr(request, "request_id", "")
        return True


class JsonFormatter(logging.Formatter):
    """A line for each record. Whoever logs names what it tells in `extra`, out of EXTRA."""

    EXTRA = ("method", "path", "status", "milliseconds")

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.datetime.fromtimestamp(record.created, datetime.UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": getattr(record, "request_id", ""),
        }
        line |= {name: value for name in self.EXTRA if (value := getattr(record, name, None)) is not None}
        if (status := getattr(record, "status_code", None)) is not None:  # as Django calls it
            line["status"] = status
        if record.exc_info and record.exc_info[1]:
            line["failures"] = list(_failures(record.exc_info[1]))
        return json.dumps(line, ensure_ascii=False, default=str)


def _failures(exception: BaseException | None) -> Iterator[dict[str, Any]]:
    """An exception and what led to it: kinds and places, no messages."""
    while exception:
        frames = traceback.extract_tb(exception.__traceback__)
        yield {
            "kind": f"{type(exception).__module__}.{type(exception).__qualname__}",
            "at": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
        }
        exception = exception.__cause__ or (None if exception.__suppress_context__ else exception.__context__)


def configuration(level: str, style: str) -> dict[str, Any]:
    """For Django's LOGGING: text to read, or JSON to collect."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"request_id": {"()": "irsite.logs.RequestIdFilter"}},
        "formatters": {
            "text": {"format": "{levelname} {name}: {message}", "style": "{"},
            "json": {"()": "irsite.logs.JsonFormatter"},
        },
        "handlers": {
            "console": {"class": "logging.StreamHandler", "formatter": style, "filters": ["request_id"]},
        },
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": level, "propagate": True},  # else Django writes lines of its own
            "axes": {"level": "CRITICAL"},  # names who failed to log in: the audit log does
            "irsite.request": {"level": level if style == "json" else "WARNING"},
        },
    }


def report_to(address: str) -> None:
    """Sends failures to Sentry: where, and by which request; not who, nor what was typed."""
    import sentry_sdk

    sentry_sdk.init(
        address,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        before_send=bare,
    )


def bare(event: Any, hint: Any = None) -> Any:
    """The event without what could tell of a person."""
    event.pop("user", None)
    asked = event.get("request", {})
    event["request"] = {"method": asked.get("method"), "url": str(asked.get("url", "")).partition("?")[0]}
    for value in event.get("exception", {}).get("values", ()):
        value["value"] = ""
    event.setdefault("tags", {})["request_id"] = current.get()
    return event
