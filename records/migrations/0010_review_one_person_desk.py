"""At a one-person desk nobody else approves."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("records", "0010_review")]

    operations = [
        migrations.AddField(
            model_name="company",
            name="one_person_desk",
            field=models.BooleanField(
                default=False,
                help_text=(
                    "On, records are published without a second person’s approval; this is shown on each record."
                ),
                verbose_name="one-person desk",
            ),
        ),
    ]
