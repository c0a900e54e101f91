"""Finds names of institutions that look alike: `manage.py compare_names [--all]`. The desk shows them as a queue."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import ngettext
from tqdm import tqdm

from records.models import Institution, changed_names, compare_names


class Command(BaseCommand):
    help = "Compares the names of institutions that are new or changed with all others; nothing is merged."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--all", action="store_true", help="compare all names anew, by how rare their parts are now"
        )

    def handle(self, *, all: bool, **options: Any) -> None:
        chosen = changed_names()
        if all:
            chosen |= set(Institution.objects.values_list("pk", flat=True))
        compare_names(chosen, lambda names: tqdm(names, disable=None, unit="name", leave=False))
        n = len(chosen)
        told = ngettext(
            "The name of %(n)d institution was compared.", "The names of %(n)d institutions were compared.", n
        )
        self.stdout.write(told % {"n": n})
