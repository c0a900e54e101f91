"""One moment of the database: what is read bit by bit, while the site goes on writing, agrees with itself."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from django.db import DEFAULT_DB_ALIAS, connections, transaction


class TooLongError(Exception):
    """What is read bit by bit takes longer than it may."""


@contextlib.contextmanager
def snapshot(using: str = DEFAULT_DB_ALIAS, patience: int = 0) -> Iterator[None]:
    """Everything read within is of one moment; nothing may be written.

    PostgreSQL clears nothing away meanwhile. With `patience` it ends, and the connection with it, when nothing is
    asked for so many seconds.
    """
    connection = connections[using]
    if connection.in_atomic_block:  # who began a transaction has its own view
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic(using=using):
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
                cursor.execute("SELECT set_config('idle_in_transaction_session_timeout', %s, true)", [f"{patience}s"])
            yield
    else:
        with connection.cursor() as cursor:
            cursor.execute("BEGIN")  # Django's own begins by taking the right to write
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")
