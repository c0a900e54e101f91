"""The way back from a backup: `manage.py restore DIR [--no-input]`. See docs/operations.md."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils.translation import gettext as _
from tqdm import tqdm

from records import backups, search_index


class Command(BaseCommand):
    help = "Puts the database and the files of a backup in the place of what the site holds. Stop the site before."
    requires_system_checks = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR", help="what `backup` wrote")
        parser.add_argument("--no-input", action="store_false", dest="interactive", help="ask nothing")

    def handle(self, *, folder: Path, interactive: bool, **options: Any) -> None:
        try:
            with self._bar(None) as progress:
                manifest = backups.check(folder, progress.update)
            told = {"made": manifest.made_at, "count": len(manifest.media)}
            self.stdout.write(_("A backup of %(made)s with %(count)d files; it is whole.") % told)
            if interactive and not self._is_wanted():
                raise CommandError(_("Nothing was touched."))
            with self._bar(manifest.size) as progress:
                backups.restore(folder, manifest, progress.update)
        except backups.BackupError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(_("Restored."))
        for name in manifest.missing:
            self.stderr.write(_("%(name)s was lost before the backup was made.") % {"name": name})
        if manifest.unapplied or not search_index.is_current(connection):
            self.stdout.write(_("The backup is older than this version: run “manage.py migrate” now."))

    def _bar(self, total: int | None) -> Any:
        return tqdm(total=total, unit="B", unit_scale=True, disable=None, leave=False)

    def _is_wanted(self) -> bool:
        question = _("All records, users and files of this site are replaced. Type “yes” to go on: ")
        try:
            return input(question).strip().lower() == "yes"
        except EOFError:
            return False
