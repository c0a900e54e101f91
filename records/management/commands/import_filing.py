"""Filings from files: `manage.py import_filing PATH... [--publish] [--dry-run]`."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from tqdm import tqdm

from records import filing, translate
from records.filing.sources import MAX_BYTES


class Command(BaseCommand):
    help = (
        "Reads filings and makes a draft record of each, all of a file or nothing; a line a file says what came of it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
        parser.add_argument("--publish", action="store_true", help="publish the records as well")
        parser.add_argument("--dry-run", action="store_true", help="say what would be made, and store nothing")

    def handle(self, *, paths: list[Path], publish: bool, dry_run: bool, **options: Any) -> None:
        failed = 0
        for path in tqdm(paths, disable=None if len(paths) > 1 else True, unit="file", leave=False):
            try:
                line = self._one(path, publish=publish, dry_run=dry_run)
            except translate.REFUSALS as refusal:
                failed += 1
                self.stderr.write(f"{path}: {translate.reason(refusal)}")
            else:
                self.stdout.write(f"{path}: {line}")
        if failed:
            raise CommandError(
                ngettext("%(failed)d of %(all)d file failed.", "%(failed)d of %(all)d files failed.", len(paths))
                % {"failed": failed, "all": len(paths)}
            )

    def _one(self, path: Path, *, publish: bool, dry_run: bool) -> str:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)  # one more than is allowed, for the reader to refuse
        reading = filing.read(data, path.name)
        # What was tried is taken back with everything it made; only then is there no file to leave behind.
        source = None if dry_run else (path.name, data)
        with transaction.atomic():
            made = translate.make_record(reading.filing, source=source, publish=publish)
            line = describe(made, len(reading.doubts))
            if dry_run:
                transaction.set_rollback(True)
                return f"{line} {_('(nothing stored)')}"
        return f"{line} → {made.record.get_absolute_url()}"


def describe(made: translate.Made, doubts: int) -> str:
    """What a filing became, in counts."""
    return "，".join(
        [
            str(made.record),
            *made.counts(),
            ngettext("%(n)d doubt", "%(n)d doubts", doubts) % {"n": doubts},
        ]
    )
