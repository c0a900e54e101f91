"""When an institution bore another name."""

from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [("records", "0017_history_of_attachments")]

    operations = [
        migrations.AddField(
            model_name="institutionalias",
            name="used_from",
            field=models.DateField(blank=True, null=True, verbose_name="used from"),
        ),
        migrations.AddField(
            model_name="institutionalias",
            name="used_until",
            field=models.DateField(blank=True, null=True, verbose_name="used until"),
        ),
        migrations.AddConstraint(
            model_name="institutionalias",
            constraint=models.CheckConstraint(
                condition=Q(used_from__isnull=True) | Q(used_until__isnull=True) | Q(used_until__gte=F("used_from")),
                name="alias_dates_are_in_order",
                violation_error_message="The last day is before the first.",
            ),
        ),
    ]
