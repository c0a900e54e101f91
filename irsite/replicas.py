"""Reads from replicas of the database, for sites that name some in `REPLICA_URLS`.

A stranger's request reads from one replica from beginning to end. Whoever has a session reads from the primary, so
that what they have just written is there. A replica that does not answer is left alone for a while, and the primary
stands in for it.
"""

from __future__ import annotations

import contextvars
import logging
import random
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.signals import request_finished
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections
from django.http import HttpRequest, HttpResponse

PAUSE = 10.0  # seconds for which a replica that failed is left alone

logger = logging.getLogger(__name__)
_read_from = contextvars.ContextVar("read_from", default=DEFAULT_DB_ALIAS)
_failed: dict[str, float] = {}  # alias -> when, by the monotonic clock


class ReplicaRouter:
    """Where Django reads and writes."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        instance = hints.get("instance")
        return (instance is not None and instance._state.db) or _read_from.get()

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return DEFAULT_DB_ALIAS

    def allow_relation(self, first: Any, second: Any, **hints: Any) -> bool:
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == DEFAULT_DB_ALIAS


class ReplicaMiddleware:
    """Chooses where a request reads. The choice holds until its answer is sent, which may be a long stream."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        is_stranger = request.method in {"GET", "HEAD"} and settings.SESSION_COOKIE_NAME not in request.COOKIES
        _read_from.set(_choose() if is_stranger else DEFAULT_DB_ALIAS)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """A replica that stops in the middle of a request: the primary answers it from the beginning."""
        alias = _read_from.get()
        match = request.resolver_match
        if alias == DEFAULT_DB_ALIAS or match is None or not isinstance(error, OperationalError):
            return None
        _leave_alone(alias, error)
        _read_from.set(DEFAULT_DB_ALIAS)
        return match.func(request, *match.args, **match.kwargs)


def _choose() -> str:
    """One of the replicas that answer, else the primary."""
    now = time.monotonic()
    aliases = [alias for alias in settings.REPLICAS if now - _failed.get(alias, -PAUSE) >= PAUSE]
    for alias in random.sample(aliases, len(aliases)):
        connection = connections[alias]
        try:
            connection.close_if_health_check_failed()
            connection.ensure_connection()
        except OperationalError as error:
            _leave_alone(alias, error)
        else:
            return alias
    return DEFAULT_DB_ALIAS


def _leave_alone(alias: str, error: Exception) -> None:
    logger.warning("%s does not answer, and is left alone for %d s: %s", alias, PAUSE, error)
    _failed[alias] = time.monotonic()
    connections[alias].close()


def _end_choice(**_signal: Any) -> None:
    _read_from.set(DEFAULT_DB_ALIAS)


request_finished.connect(_end_choice)
