"""A database that does not answer, for as long as a block lasts."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

from django.db import connection


@contextlib.contextmanager
def database() -> Iterator[None]:
    """This thread's connection leads nowhere: to a port where nobody listens, or to a file that is not there."""
    kept = dict(connection.settings_dict)
    connection.close()
    if connection.vendor == "sqlite":
        connection.settings_dict["NAME"] = "file:/nowhere/db.sqlite3?mode=rw"
    else:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            connection.settings_dict |= {"HOST": "127.0.0.1", "PORT": free.getsockname()[1]}
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(kept)
