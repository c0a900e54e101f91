"""Makes the index of the search anew while the site goes on: `manage.py reindex [--from-start]`."""

from __future__ import annotations

import contextlib
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection
from django.utils.translation import gettext as _
from tqdm import tqdm

from records import reindexing


class Command(BaseCommand):
    help = (
        "Makes the index of the search anew from the texts, while the site goes on. "
        "Killed half-way, it goes on when it is called again: on SQLite at the row where it stopped, "
        "on PostgreSQL with the index that was not finished, from its start."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--from-start", action="store_true", help="also where an earlier call was not finished")

    def handle(self, *, from_start: bool, **options: Any) -> None:
        for work in reindexing.begin(connection, from_start=from_start):
            rows, done = work.count()
            if done:
                told = {"table": work.index.table, "done": done, "rows": rows}
                self.stdout.write(_("%(table)s: going on after %(done)d of %(rows)d rows") % told)
            with (
                tqdm(total=rows, initial=done, desc=work.index.table, disable=None, leave=False) as progress,
                contextlib.closing(work.batches()) as batches,
            ):
                for batch in batches:
                    progress.update(batch)
        self.stdout.write(_("The index of the search is made anew."))
