"""Foreign keys whose column begins another index have none of their own.

Dropped by name, which Django makes of table and column: to alter a field makes SQLite write its whole table anew.
"""

from typing import Any, ClassVar

import django.db.models.deletion
from django.db import migrations, models

INDEXES = {
    "records_participant_record_id_16de97d7": ("records_participant", "record_id"),
    "records_participant_institution_id_78bcd99b": ("records_participant", "institution_id"),
    "records_question_record_id_9a45fa83": ("records_question", "record_id"),
    "records_record_company_id_3e466806": ("records_record", "company_id"),
}


def foreign_key(to: str, related_name: str, on_delete: Any, **options: Any) -> models.ForeignKey:
    return models.ForeignKey(to=to, related_name=related_name, on_delete=on_delete, db_index=False, **options)


CASCADE, PROTECT = django.db.models.deletion.CASCADE, django.db.models.deletion.PROTECT
FIELDS: dict[tuple[str, str], models.ForeignKey] = {
    ("participant", "record"): foreign_key("records.record", "participants", CASCADE, verbose_name="record"),
    ("participant", "institution"): foreign_key(
        "records.institution", "participations", PROTECT, blank=True, null=True, verbose_name="institution"
    ),
    ("question", "record"): foreign_key("records.record", "questions", CASCADE, verbose_name="record"),
    ("record", "company"): foreign_key("records.company", "records", PROTECT, verbose_name="company"),
}


class Migration(migrations.Migration):
    dependencies: ClassVar = [("records", "0027_numbers_alike")]

    operations: ClassVar = [
        migrations.RunSQL(
            [f'DROP INDEX IF EXISTS "{name}"' for name in INDEXES],
            [f'CREATE INDEX "{name}" ON "{table}" ("{column}")' for name, (table, column) in INDEXES.items()],
            state_operations=[migrations.AlterField(model, name, field) for (model, name), field in FIELDS.items()],
        )
    ]
