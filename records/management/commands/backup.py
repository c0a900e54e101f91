"""A copy of database and files, while the site runs: `manage.py backup DIR`. See docs/operations.md."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from tqdm import tqdm

from records import backups


class Command(BaseCommand):
    help = "Copies the database and all files into a new folder, all of it or nothing. The site may go on meanwhile."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR", help="a folder that is not there yet")
        parser.add_argument(
            "--incomplete", action="store_true", help="leave out files that are lost or damaged already"
        )

    def handle(self, *, folder: Path, incomplete: bool, **options: Any) -> None:
        try:
            size = backups.size_of_site()
            with tqdm(total=size, unit="B", unit_scale=True, disable=None, leave=False) as progress:
                manifest = backups.make(folder, progress.update, incomplete=incomplete)
        except backups.BackupError as error:
            raise CommandError(str(error)) from error
        for name in manifest.missing:
            self.stderr.write(_("%(name)s is lost or damaged, and was left out.") % {"name": name})
        self.stdout.write(
            _("%(folder)s: the database and %(count)d files, %(size)d bytes.")
            % {"folder": folder, "count": len(manifest.media), "size": manifest.size}
        )
