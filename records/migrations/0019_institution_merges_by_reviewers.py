"""Reviewers merge institutions, and keep their aliases. A group that is not there yet is made with these rights."""

from typing import Any

from django.db import migrations

CODENAMES = (
    "change_institution",
    "delete_institution",
    "add_institutionalias",
    "change_institutionalias",
    "delete_institutionalias",
)


def give(apps: Any, schema_editor: Any) -> None:
    database = schema_editor.connection.alias
    groups = apps.get_model("auth", "Group").objects.using(database)
    permissions = apps.get_model("auth", "Permission").objects.using(database)
    for group in groups.filter(name="IR reviewer"):
        group.permissions.add(*permissions.filter(content_type__app_label="records", codename__in=CODENAMES))


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0019_institution_merges"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [migrations.RunPython(give, migrations.RunPython.noop, elidable=True)]
