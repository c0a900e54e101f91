"""How many queries an answer took, and how long the database worked on them, fetching included."""

from __future__ import annotations

import contextvars
import dataclasses
import time
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.http import HttpRequest, HttpResponse


@dataclasses.dataclass
class Spent:
    queries: int = 0
    seconds: float = 0.0


_spent: contextvars.ContextVar[Spent | None] = contextvars.ContextVar("spent", default=None)


class TimedCursor(CursorWrapper):
    """Fetching counts too: SQLite works while rows are fetched, PostgreSQL before. Errors come as Django's own."""

    def _timed(self, queries: int, run: Callable[..., Any], *args: Any) -> Any:
        spent, began = _spent.get(), time.perf_counter()
        try:
            return run(*args)
        finally:
            if spent is not None:
                spent.queries += queries
                spent.seconds += time.perf_counter() - began

    def execute(self, sql: str, params: Any = None) -> Any:
        return self._timed(1, super().execute, sql, params)

    def fetchone(self) -> Any:
        return self._timed(0, self.__getattr__("fetchone"))

    def fetchmany(self, *args: Any) -> Any:
        return self._timed(0, self.__getattr__("fetchmany"), *args)

    def fetchall(self) -> Any:
        return self._timed(0, self.__getattr__("fetchall"))


def sql_timing(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware. What a stream asks for after its first byte is not counted."""

    def respond(request: HttpRequest) -> HttpResponse:
        connection.make_cursor = lambda cursor: TimedCursor(cursor, connection)
        spent = Spent()
        token = _spent.set(spent)
        try:
            response = get_response(request)
        finally:
            _spent.reset(token)
            del connection.make_cursor
        response.headers["Server-Timing"] = f'sql;dur={spent.seconds * 1000:.2f};desc="{spent.queries}"'
        return response

    return respond
