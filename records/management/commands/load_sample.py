"""The sample data: fictional companies and their filings, read as any filing is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils.translation import gettext as _
from tqdm import tqdm

from records import filing, translate
from records.models import Company, Institution, InstitutionAlias, Topic

SAMPLE = Path(__file__).resolve().parents[2] / "sample"


class Command(BaseCommand):
    help = "Loads the sample data into a database that holds no company yet."

    @transaction.atomic
    def handle(self, **options: Any) -> None:
        if Company.objects.exists():
            raise CommandError(_("There are companies already; sample data goes into an empty database only."))
        load_directory(json.loads((SAMPLE / "directory.json").read_text(encoding="utf-8")))
        paths = sorted((SAMPLE / "filings").iterdir())
        for path in tqdm(paths, disable=None, unit="filing", leave=False):
            reading = filing.read(path.read_bytes(), path.name)
            translate.make_record(reading.filing, publish=True)
        self.stdout.write(_("Loaded %(count)d fictional records.") % {"count": len(paths)})


def load_directory(directory: dict[str, list[dict[str, Any]]]) -> None:
    """Companies, topics with their keywords, and institutions with their types and aliases."""
    for entry in directory["companies"]:
        Company.objects.create(**entry)
    for entry in directory["topics"]:
        Topic.objects.create(name=entry["name"], slug=entry["slug"], keywords="、".join(entry["keywords"]))
    for entry in directory["institutions"]:
        institution = Institution.objects.create(name=entry["name"], type=entry["type"])
        for alias in entry["aliases"]:
            InstitutionAlias.objects.create(institution=institution, name=alias)
