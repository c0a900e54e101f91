"""Nothing is published without a day until which it is kept."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("records", "0016_retention_of_earlier_records")]

    operations = [
        migrations.AddConstraint(
            model_name="record",
            constraint=models.CheckConstraint(
                condition=models.Q(published_at__isnull=True) | models.Q(retain_until__isnull=False),
                name="what_was_published_is_retained",
            ),
        ),
    ]
