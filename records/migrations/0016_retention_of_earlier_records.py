"""What was published before is kept for three years after its disclosure too."""

import datetime
from typing import Any

from django.db import migrations

BATCH = 1000


def retain(apps: Any, schema_editor: Any) -> None:
    """Of a record that was opened again the day of its disclosure may be gone; that of its publication is not."""
    records = apps.get_model("records", "Record").objects.using(schema_editor.connection.alias)
    published = records.filter(published_at__isnull=False, retain_until__isnull=True).order_by("pk")
    while batch := list(published.only("disclosed_on", "published_at")[:BATCH]):
        for record in batch:
            record.retain_until = three_years_after(record.disclosed_on or record.published_at.date())
        records.bulk_update(batch, ["retain_until"])


def three_years_after(day: datetime.date) -> datetime.date:
    year = min(day.year + 3, datetime.MAXYEAR)
    try:
        return day.replace(year=year)
    except ValueError:  # 29 February
        return datetime.date(year, 3, 1)


class Migration(migrations.Migration):
    dependencies = [("records", "0016_retention")]

    operations = [migrations.RunPython(retain, migrations.RunPython.noop, elidable=True)]
