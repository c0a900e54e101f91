"""Which types of institutions came to each published record, kept as the other entries of the ledger are."""

import django.db.models.deletion
from django.db import migrations, models

FILL = """
INSERT INTO records_attendance (record_id, type, held_from)
SELECT DISTINCT record.id, institution.type, record.held_from
FROM records_record AS record
JOIN records_participant AS came ON came.record_id = record.id
JOIN records_institution AS institution ON institution.id = came.institution_id
WHERE record.status = 'published'
"""


class Migration(migrations.Migration):
    dependencies = [("records", "0021_newest_first_on_postgresql")]

    operations = [
        migrations.CreateModel(
            name="Attendance",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "record", "type", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("type", models.CharField(max_length=16)),
                ("held_from", models.DateField()),
                (
                    "record",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="attendances",
                        to="records.record",
                    ),
                ),
            ],
            options={"default_permissions": ()},
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="attendance",
            index=models.Index(fields=["type", "-held_from", "-record"], name="attendance_of_type"),
        ),
    ]
