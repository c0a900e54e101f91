"""Entries of the ledger are written without a look at their record, which somebody may hold who waits for the ledger."""

from typing import Any, ClassVar

import django.db.models.deletion
from django.db import migrations, models


def of_record(name: str) -> Any:
    return models.ForeignKey(
        db_constraint=False,
        db_index=False,
        on_delete=django.db.models.deletion.CASCADE,
        related_name=name,
        to="records.record",
    )


class Migration(migrations.Migration):
    dependencies: ClassVar = [("records", "0025_summaries")]

    operations: ClassVar = [
        migrations.AlterField(model_name="mention", name="record", field=of_record("mentions")),
        migrations.AlterField(model_name="visit", name="record", field=of_record("visits")),
    ]
