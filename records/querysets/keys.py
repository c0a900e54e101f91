"""Keys as the database is sent them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import BooleanField, F, Func, QuerySet, Subquery
from django.db.models.expressions import RawSQL


def joined(keys: Iterable[int]) -> str:
    """Many keys as one text, as `among` and `Among` send it."""
    return ",".join(map(str, keys))


def among(keys: Iterable[int] | str, vendor: str) -> RawSQL:
    """Many keys as one parameter, for `filter(pk__in=…)`."""
    text = keys if isinstance(keys, str) else joined(keys)
    if vendor == "sqlite":
        return RawSQL("SELECT value FROM json_each(%s)", [f"[{text}]"])
    return RawSQL("SELECT unnest(%s::bigint[])", [f"{{{text}}}"])


class Among(Func):
    """That a field holds one of many keys, for `filter(Among("record", keys))`; they may be found by a queryset.

    To PostgreSQL this is one scan of an index. `among` is a join with rows of which it knows nothing; and what it
    believes a subquery to find, often a hundred times too much, decides whether it reads all that is there in order.
    """

    output_field = BooleanField()

    def __init__(self, field: str, keys: Iterable[int] | str | QuerySet) -> None:
        self.keys = ""
        if isinstance(keys, QuerySet):
            super().__init__(F(field), Subquery(keys))
        else:
            self.keys = keys if isinstance(keys, str) else joined(keys)
            super().__init__(F(field))

    def as_sql(self, compiler: Any, connection: Any, **_context: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        (column, params), *found = map(compiler.compile, self.source_expressions)
        if found:
            ((rows, more),) = found
            sql = f"{column} IN {rows}" if connection.vendor == "sqlite" else f"{column} = ANY(ARRAY{rows})"
            return sql, [*params, *more]
        if connection.vendor == "sqlite":
            return f"{column} IN (SELECT value FROM json_each(%s))", [*params, f"[{self.keys}]"]  # noqa: S608
        return f"{column} = ANY(%s::bigint[])", [*params, f"{{{self.keys}}}"]


def id_of(text: str) -> int:
    """The id that an address or a form names; 0, which nothing has, where it is none that a database could hold."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0
