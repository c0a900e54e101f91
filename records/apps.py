"""The application: signals that keep the form's constants in the database."""

from typing import Any

from django.apps import AppConfig, apps
from django.db import connections
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class RecordsConfig(AppConfig):
    name = "records"
    verbose_name = _("Investor relations records")

    def ready(self) -> None:
        post_migrate.connect(make_activity_types, sender=self)
        # Permissions of ours are there when the turn comes to Django's own application.
        post_migrate.connect(make_roles, sender=apps.get_app_config("auth"))
        post_migrate.connect(install_search, sender=self)
        post_migrate.connect(install_audit, sender=self)
        post_migrate.connect(begin_ledger, sender=self)
        connection_created.connect(register_search_functions)
        from . import signals  # not before the models are there

        signals.connect()


def make_activity_types(using: str, **options: Any) -> None:
    """The nine boxes of the form, in its order; safe to run after each migration and each flush."""
    from .filing.shape import ACTIVITY_TYPES
    from .models import ActivityType

    if ActivityType.objects.using(using).count() < len(ACTIVITY_TYPES):
        ActivityType.objects.using(using).bulk_create(
            [ActivityType(name=name, position=position) for position, name in enumerate(ACTIVITY_TYPES, 1)],
            ignore_conflicts=True,
        )


def make_roles(using: str, **options: Any) -> None:
    """The groups that are missing. One that is there stays as an administrator has made it."""
    from django.contrib.auth.models import Group, Permission

    from .roles import ROLES

    there = set(Group.objects.using(using).filter(name__in=ROLES).values_list("name", flat=True))
    for name in sorted(ROLES.keys() - there):
        given = Permission.objects.using(using).filter(content_type__app_label="records", codename__in=ROLES[name])
        if given.count() == len(ROLES[name]):  # else later migrations bring the others
            Group.objects.using(using).create(name=name).permissions.set(given)


def install_search(using: str, **options: Any) -> None:
    """A migration that rebuilds a table on SQLite drops its triggers: the index is looked after each time."""
    from . import search_index

    if connections[using].introspection.table_names():
        search_index.install(connections[using])


def install_audit(using: str, **options: Any) -> None:
    """The triggers that keep the audit log as it was written, which SQLite loses as well."""
    from .models import AuditEntry, audit

    if AuditEntry._meta.db_table in connections[using].introspection.table_names():
        audit.install(connections[using])


def begin_ledger(using: str, **options: Any) -> None:
    """Records that were published before there was a ledger, or a part of it, are entered into it."""
    from .models import Record, Summary, Tally, ledger

    if Summary._meta.db_table not in connections[using].introspection.table_names():
        return  # a migration back to an earlier version
    published = Record.objects.using(using).published().count()
    if published and not Tally.objects.using(using).exists():
        ledger.renew()
    elif published != Summary.objects.using(using).count():
        ledger.summarize()
        with connections[using].cursor() as cursor:  # which is asked before the database would look at it by itself
            cursor.execute(f"ANALYZE {Summary._meta.db_table}")


def register_search_functions(connection: Any, **options: Any) -> None:
    from . import search_index

    if connection.vendor == "sqlite":
        search_index.register_functions(connection.connection)
