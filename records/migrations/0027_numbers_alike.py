"""Numbers that were told apart by a dash alone are written in one way."""

from typing import Any, ClassVar

from django.db import migrations

from records.names import plain_number


def write_alike(apps: Any, schema_editor: Any) -> None:
    """Where two of a company would come to be the same, both stay as they are, for people to look at."""
    records = apps.get_model("records", "Record").objects.using(schema_editor.connection.alias)
    numbered = list(records.exclude(number="").values_list("pk", "company", "corrects", "number"))
    for pk, company, corrects, number in numbered:
        plain = plain_number(number)
        if plain == number:
            continue
        if corrects or not records.filter(company=company, number=plain, corrects=None).exists():
            records.filter(pk=pk).update(number=plain)


class Migration(migrations.Migration):
    dependencies: ClassVar = [("records", "0026_ledger_waits_for_no_record")]

    operations: ClassVar = [migrations.RunPython(write_alike, migrations.RunPython.noop)]
