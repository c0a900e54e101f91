"""Old uploads that nobody made a draft of: `manage.py clear_intakes [--days 7]`."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import ngettext

from records.models import Intake


class Command(BaseCommand):
    help = "Deletes what was brought to the import desk and became no draft, with its files."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--days", type=int, default=7, help="keep what is younger than this (default: 7)")

    def handle(self, *, days: int, **options: Any) -> None:
        old = list(Intake.objects.older_than(days))
        Intake.objects.filter(pk__in=[intake.pk for intake in old]).delete()
        self.stdout.write(ngettext("%(n)d filing cleared.", "%(n)d filings cleared.", len(old)) % {"n": len(old)})
