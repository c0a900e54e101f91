"""Who works for which companies."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0010_review_one_person_desk"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="company",
            name="staff",
            field=models.ManyToManyField(
                blank=True,
                help_text="At the desk they alone see its records; superusers see all.",
                related_name="companies",
                to=settings.AUTH_USER_MODEL,
                verbose_name="who works for it",
            ),
        ),
    ]
