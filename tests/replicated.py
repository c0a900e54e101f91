"""A site with a primary and a replica, as one process of it sees them; `test_replicas.py` runs it.

    python -m tests.replicated

Starts both servers, asks pages, stops and starts the replica in between, and prints what was read where.
"""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import LiteralString

import psycopg

from tests.postgres import cluster


def main() -> None:
    with cluster() as primary, TemporaryDirectory(prefix="rep-") as folder:
        os.chmod(folder, 0o755)  # noqa: S103 - another user goes through it
        replica = contextlib.ExitStack()
        url = replica.enter_context(cluster(Path(folder) / "data", replica_of=primary))
        os.environ |= {"DATABASE_URL": primary, "REPLICA_URLS": url}
        try:
            ask(replica)
        finally:
            replica.close()


def ask(replica: contextlib.ExitStack) -> None:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connections
    from django.test import Client
    from django.test.utils import CaptureQueriesContext, setup_test_environment

    from irsite import replicas
    from records.models import Record

    def reads(client: Client, address: str) -> str:
        with (
            CaptureQueriesContext(connections["default"]) as own,
            CaptureQueriesContext(connections["replica-1"]) if stands else contextlib.nullcontext([]) as copied,
        ):
            answer = client.get(address)
            b"".join(answer.streaming_content) if answer.streaming else answer.content
        where = [name for name, queries in (("primary", own), ("replica", copied)) if len(queries)]
        return f"{answer.status_code} {' and '.join(where)}"

    setup_test_environment()
    stands = True
    call_command("migrate", verbosity=0)
    call_command("load_sample", verbosity=0)
    catch_up()
    stranger, writer = Client(), Client()
    for address in ("/records/", "/records.csv", "/insights/"):
        print("stranger", address, reads(stranger, address))

    from django.contrib.auth.models import User

    boss = User.objects.create_superuser("boss", password="pass-word-1")
    writer.force_login(boss)
    record = Record.objects.published().first()
    assert record
    page = record.get_absolute_url()
    pause_replay(True)
    done = writer.post(f"/admin/records/record/{record.pk}/verb/withdraw/", {"comment": "更正"})
    print("writer writes", done.status_code)
    print("writer", reads(writer, page))
    print("stranger behind", reads(stranger, page))
    pause_replay(False)
    catch_up()
    print("stranger afterwards", reads(stranger, page))

    chosen = replicas._choose

    def choose_and_cut_off() -> str:
        alias = chosen()
        on_replica("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
        return alias

    replicas._choose = choose_and_cut_off
    print("cut off", reads(stranger, "/records/"))
    replicas._choose = chosen
    print("left alone", reads(stranger, "/records/"))
    replicas._failed.clear()
    print("back", reads(stranger, "/records/"))

    replica.close()
    stands = False
    print("stopped", reads(stranger, "/records/"))


def catch_up() -> None:
    """Wait until the replica has all that the primary has."""
    with psycopg.connect(
        os.environ["DATABASE_URL"].replace("postgres://", "postgresql://"), autocommit=True
    ) as primary:
        # The throw-away servers commit before they have written: one commit that waits, and has something to write,
        # takes all before it along.
        primary.execute("SET synchronous_commit = on")
        primary.execute("SELECT pg_logical_emit_message(true, '', '')")
        ((there,),) = primary.execute("SELECT pg_current_wal_flush_lsn()").fetchall()
    with psycopg.connect(os.environ["REPLICA_URLS"].replace("postgres://", "postgresql://")) as copy:
        for _attempt in range(600):
            ((is_there,),) = copy.execute("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", [there]).fetchall()
            if is_there:
                return
            time.sleep(0.05)
    raise SystemExit("the replica does not follow")


def pause_replay(pause: bool) -> None:
    on_replica("SELECT pg_wal_replay_pause()" if pause else "SELECT pg_wal_replay_resume()")


def on_replica(sql: LiteralString) -> None:
    with psycopg.connect(os.environ["REPLICA_URLS"].replace("postgres://", "postgresql://")) as copy:
        copy.execute(sql)


if __name__ == "__main__":
    main()
