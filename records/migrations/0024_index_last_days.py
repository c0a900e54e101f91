"""“From a day on” also means records that began before it: those that went on for days are found by their last one."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("records", "0023_newest_first_whatever_status")]

    operations: ClassVar = [
        migrations.AddIndex(
            model_name="record",
            index=models.Index(
                fields=["held_to"], condition=models.Q(held_to__isnull=False), name="record_by_last_day"
            ),
        ),
    ]
