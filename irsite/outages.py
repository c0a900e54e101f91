"""What the site answers while its database or its bucket of files does not, or while there is no room to store
anything: a page that says so, and when to come back.

These are handlers and no middleware, since a middleware hears nothing of what fails in another one, and sessions and
the log-in guard ask the database as well.
"""

from __future__ import annotations

import enum
import errno
import sqlite3
import sys
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import psycopg
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import loader
from django.utils.translation import gettext_lazy
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
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_NOTADB,
}
# What befalls the folder of files, or that of uploads on their way.
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_READ_ONLY = "25006"  # a standby, after the primary has gone
_TOO_MUCH = "54"  # of a statement, not of the server


class Outage(enum.Enum):
    """What is away, and what is told of it in a line."""

    DATABASE = gettext_lazy("The database does not answer. Try again in a moment.")
    FILES = gettext_lazy("The place of the files does not answer. Try again in a moment.")
    ROOM = gettext_lazy("There is no room left to store anything.")


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler of what nobody caught."""
    outage = outage_of(sys.exc_info()[1])
    return _unavailable(request, outage) if outage else defaults.server_error(request)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler of bad requests: it takes a session that could not be stored for one that was deleted."""
    outage = outage_of(exception)
    return _unavailable(request, outage) if outage else bounds.bad_request(request, exception)


def outage_of(error: BaseException | None) -> Outage | None:
    """What an error comes of, if that is no mistake: a database that is stopped, out of reach or locked for longer
    than one waits, a bucket that is out of reach or refuses, a disk without room.
    """
    links = list(_chain(error))
    return next((outage for outage, is_so in _SIGNS.items() if any(map(is_so, links))), None)


def _lacks_room(error: BaseException) -> bool:
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL
    return isinstance(error, psycopg.errors.DiskFull) or (isinstance(error, OSError) and error.errno in _NO_ROOM)


def _lacks_files(error: BaseException) -> bool:
    # The packages of a bucket are an extra, and slow to load: where nothing loaded them nothing of theirs is raised.
    packages: list[Any] = [sys.modules.get(f"{name}.exceptions") for name in ("botocore", "boto3")]
    botocore, boto3 = packages
    if botocore and isinstance(error, botocore.ClientError):
        return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") != HTTPStatus.NOT_FOUND
    return bool(
        (botocore and isinstance(error, botocore.BotoCoreError)) or (boto3 and isinstance(error, boto3.Boto3Error))
    )


def _lacks_database(error: BaseException) -> bool:
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", 0) & 0xFF in _GONE
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return not (error.sqlstate or "").startswith(_TOO_MUCH)
    return isinstance(error, psycopg.Error) and error.sqlstate == _READ_ONLY


# A full disk is also an error of the database: the first that fits is told.
_SIGNS = {Outage.ROOM: _lacks_room, Outage.FILES: _lacks_files, Outage.DATABASE: _lacks_database}


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what it came of."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        yield error
        seen.add(id(error))
        error = error.__cause__ or error.__context__


def _unavailable(request: HttpRequest, outage: Outage) -> HttpResponse:
    if _wants_json(request):
        response: HttpResponse = JsonResponse(
            {"error": str(outage.value)}, status=503, json_dumps_params={"ensure_ascii": False}
        )
    else:
        response = HttpResponse(loader.render_to_string("503.html", {"outage": outage.name}), status=503)
    response["Retry-After"] = str(RETRY_AFTER)
    response["Cache-Control"] = "no-store"
    return response


def _wants_json(request: HttpRequest) -> bool:
    return request.path.endswith(".json") or (request.accepts("application/json") and not request.accepts("text/html"))
