"""What a published record is counted under, in one row of the ledger, which is filled after the migration."""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("records", "0024_index_last_days")]

    operations: ClassVar = [
        migrations.CreateModel(
            name="Summary",
            fields=[
                (
                    "record",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="summary",
                        serialize=False,
                        to="records.record",
                    ),
                ),
                ("held_from", models.DateField()),
                (
                    "company",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="records.company",
                    ),
                ),
                ("board", models.CharField(blank=True, max_length=16)),
                ("activities", models.TextField(blank=True)),
                ("institution_types", models.TextField(blank=True)),
                ("topics", models.TextField(blank=True)),
                ("institutions", models.TextField(blank=True)),
            ],
            options={"default_permissions": ()},
        ),
        migrations.AddIndex(
            model_name="summary",
            index=models.Index(fields=["-held_from", "-record"], name="summary_newest_first"),
        ),
        migrations.AddIndex(
            model_name="summary", index=models.Index(fields=["company"], name="summary_of_company")
        ),
    ]
