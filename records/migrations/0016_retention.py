"""What was disclosed is kept until a day that is known."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("records", "0015_tables_brought_in")]

    operations = [
        migrations.AddField(
            model_name=name,
            name="retain_until",
            field=models.DateField(editable=False, null=True, verbose_name="kept until"),
        )
        for name in ("record", "historicalrecord")
    ]
