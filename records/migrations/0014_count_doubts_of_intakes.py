from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("records", "0013_audit_log")]

    operations: ClassVar = [
        migrations.AddField(
            model_name="intake",
            name="doubt_count",
            field=models.PositiveIntegerField(editable=False, null=True, verbose_name="doubts"),
        ),
    ]
