"""The desk lists records of every status: what PostgreSQL sorted anew for each page stands in order in an index."""

from typing import ClassVar

from django.db import migrations, models

from records.models.indexes import NewestFirstIndex


class Migration(migrations.Migration):
    dependencies: ClassVar = [("records", "0022_attendances")]

    operations: ClassVar = [
        migrations.AlterModelOptions(
            name="record",
            options={
                "ordering": (models.OrderBy(models.F("held_from"), descending=True, nulls_last=True), "-pk"),
                "permissions": [("publish_record", "Can publish records")],
                "verbose_name": "record",
                "verbose_name_plural": "records",
            },
        ),
        migrations.AddIndex(
            model_name="record",
            index=NewestFirstIndex(fields=["-held_from", "-id", "status"], name="record_newest_first"),
        ),
    ]
