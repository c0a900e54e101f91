"""Models that cannot be imported here, by what leads to them."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db import models


def related(rows: models.QuerySet, relation: str) -> models.QuerySet:
    """All rows of the model at the other end of a relation, which cannot be imported here."""
    model: Any = rows.model._meta.get_field(relation).related_model
    return model.objects.all()


def all_records() -> models.QuerySet:
    """All records, whose model cannot be imported here either."""
    model: Any = apps.get_model("records", "Record")
    return model.objects.all()
