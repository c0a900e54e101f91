"""Looks whether what is stored agrees with itself: `manage.py check_integrity [--repair]`."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from tqdm import tqdm

from records.integrity import CHECKS, Check


class Command(BaseCommand):
    help = (
        "Compares everything that is kept twice, ordered, chained or beside the database, and names what is wrong, "
        "a line each. The exit code is 1 if anything is."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--repair",
            action="store_true",
            help="make anew what is only derived: counts, ledger, search index. Nothing else is touched",
        )

    def handle(self, *, repair: bool, **options: Any) -> None:
        wrong = 0
        for check in CHECKS:  # in this order: the ledger counts by what records say of themselves
            found = self._look(check)
            if found and repair and check.repair:
                check.repair()
                self.stdout.write(_("%(part)s: made anew") % {"part": check.label})
                found = self._look(check)
            wrong += found
        if wrong:
            raise CommandError(ngettext("%(n)d thing is wrong.", "%(n)d things are wrong.", wrong) % {"n": wrong})
        self.stdout.write(_("Everything agrees."))

    def _look(self, check: Check) -> int:
        """How many faults there are; each is printed."""
        found = 0
        with tqdm(total=check.total(), desc=str(check.label), disable=None, leave=False) as progress:
            for fault in check.faults(progress.update):
                found += 1
                with progress.external_write_mode():
                    self.stdout.write(f"{check.label}: {fault}")
        return found
