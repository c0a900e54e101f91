"""Who was at the desk before there were roles goes on seeing the companies that were there."""

from typing import Any

from django.conf import settings
from django.db import migrations


def let_in(apps: Any, schema_editor: Any) -> None:
    database = schema_editor.connection.alias
    companies = apps.get_model("records", "Company").objects.using(database)
    users = apps.get_model(settings.AUTH_USER_MODEL).objects.using(database).filter(is_staff=True, is_superuser=False)
    works_for = apps.get_model("records", "Company").staff.through
    people = list(users.values_list("pk", flat=True))
    works_for.objects.using(database).bulk_create(
        (
            works_for(company_id=company, user_id=user)
            for company in companies.values_list("pk", flat=True)
            for user in people
        ),
        batch_size=1000,
    )


class Migration(migrations.Migration):
    dependencies = [("records", "0011_roles")]

    operations = [migrations.RunPython(let_in, migrations.RunPython.noop, elidable=True)]
