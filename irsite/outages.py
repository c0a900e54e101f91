"""What the site answers while its database does not, or while there is no room to store anything: a page that says so,
and when to come back.

These are handlers and no middleware, since a middleware hears nothing of what fails in another one, and sessions and
the log-in guard ask the database as well.
"""

from __future__ import annotations

import errno
import sqlite3
import sys
from collections.abc import Iterator

import psycopg
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import loader
from django.utils.translation import gettext
from django.views import defaults

from . import bounds

RETRY_AFTER = 30  # seconds

# What befalls SQLite's file; its other errors are mistakes in what it is asked.
_GONE = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_NOTADB,
}
# What befalls the folder of files, or that of uploads on their way.
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_READ_ONLY = "25006"  # a standby, after the primary has gone
_TOO_MUCH = "54"  # of a statement, not of the server


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler of what nobody caught."""
    error = sys.exc_info()[1]
    return _unavailable(request, error) if is_outage(error) else defaults.server_error(request)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler of bad requests: it takes a session that could not be stored for one that was deleted."""
    return _unavailable(request, exception) if is_outage(exception) else bounds.bad_request(request, exception)


def is_outage(error: BaseException | None) -> bool:
    """Whether it comes of a database that is stopped, out of reach, full or locked for longer than one waits, or of
    a disk without room.
    """
    return any(_is_outage(link) or _lacks_room(link) for link in _chain(error))


def _is_outage(error: BaseException) -> bool:
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", 0) & 0xFF in _GONE
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return not (error.sqlstate or "").startswith(_TOO_MUCH)
    return isinstance(error, psycopg.Error) and error.sqlstate == _READ_ONLY


def _lacks_room(error: BaseException) -> bool:
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL
    return isinstance(error, psycopg.errors.DiskFull) or (isinstance(error, OSError) and error.errno in _NO_ROOM)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what it came of."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        yield error
        seen.add(id(error))
        error = error.__cause__ or error.__context__


def _unavailable(request: HttpRequest, error: BaseException | None) -> HttpResponse:
    lacks_room = any(_lacks_room(link) for link in _chain(error))
    if _wants_json(request):
        told = gettext("There is no room left to store anything.")
        response: HttpResponse = JsonResponse(
            {"error": told if lacks_room else gettext("The database does not answer. Try again in a moment.")},
            status=503,
            json_dumps_params={"ensure_ascii": False},
        )
    else:
        response = HttpResponse(loader.render_to_string("503.html", {"lacks_room": lacks_room}), status=503)
    response["Retry-After"] = str(RETRY_AFTER)
    response["Cache-Control"] = "no-store"
    return response


def _wants_json(request: HttpRequest) -> bool:
    return request.path.endswith(".json") or (request.accepts("application/json") and not request.accepts("text/html"))
