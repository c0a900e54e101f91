"""Whether the site is alive and whether it can serve: `/healthz` and `/readyz`, for those who look after it.

They are asked by number and port, without a name that `ALLOWED_HOSTS` knows and without https, many times a minute: so
they are answered before anything else looks at the request.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse

from records import search_index

logger = logging.getLogger(__name__)


class HealthMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = ANSWERS.get(request.path_info)
        if answer is None:
            return self.get_response(request)
        response = answer() if request.method in {"GET", "HEAD"} else HttpResponseNotAllowed(["GET", "HEAD"])
        response["Cache-Control"] = "no-store"
        return response


def live() -> HttpResponse:
    """The process answers; the database is not asked, since to start the site anew would not bring it back."""
    return HttpResponse("ok", content_type="text/plain; charset=utf-8")


def ready() -> HttpResponse:
    """The site can serve: 200, else 503, with the parts that were looked at until the first that fails."""
    parts: dict[str, str] = {}
    for name, is_right in PARTS.items():
        try:
            parts[name] = "ok" if is_right() else "failed"
        except Error as error:  # its words may tell of hosts and users
            logger.warning("not ready: %s: %s", name, error)
            parts[name] = "failed"
        if parts[name] == "failed":
            break
    return JsonResponse(parts, status=200 if set(parts.values()) == {"ok"} else 503)


def _database_answers() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return True


_migrated = False  # what this process has seen once stays so: a newer version begins with new processes


def _is_migrated() -> bool:
    global _migrated
    if not _migrated:
        executor = MigrationExecutor(connection)
        _migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return _migrated


# In this order: none can be looked at without the one before.
PARTS: dict[str, Callable[[], bool]] = {
    "database": _database_answers,
    "migrations": _is_migrated,
    "search": lambda: search_index.is_current(connection),
}
ANSWERS: dict[str, Callable[[], HttpResponse]] = {"/healthz": live, "/readyz": ready}
