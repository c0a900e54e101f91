"""The audit log: who did what, when, to what of which company. Written once; the database refuses every change."""

from __future__ import annotations

import ipaddress
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from records.querysets import OfCompanyQuerySet
from records.workflow import VERBS

from .directory import Company

# What is noted, beside the verbs of the workflow.
ACTS: dict[str, Any] = {
    "login": _("log-in"),
    "login_failed": _("failed log-in"),
    "locked_out": _("locked out"),
    "logout": _("log-out"),
    "second_factor": _("second factor"),
    "password": _("new password"),
    "rights": _("change of rights"),
    "import": _("import"),
    "export": _("export"),
    "merge": _("merge"),
    "unmerge": _("merge undone"),
    "delete": _("deletion"),
    **{verb.name: verb.label for verb in VERBS.values()},
}
LONGEST = 300  # characters of what a row is called, and of the detail


class AuditEntry(models.Model):
    """One act. It names its user, company and row without holding on to them: they may be deleted, it stays."""

    at = models.DateTimeField(_("moment"), auto_now_add=True, db_index=True)
    what = models.CharField(_("act"), max_length=20)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        null=True,  # a command, or somebody whom nobody knows
        related_name="+",
        verbose_name=_("user"),
    )
    who = models.CharField(_("who"), max_length=150, blank=True)
    kind = models.CharField(_("kind of row"), max_length=60, blank=True)
    object_id = models.CharField(_("id"), max_length=40, blank=True)
    name = models.CharField(_("row"), max_length=LONGEST, blank=True)
    company = models.ForeignKey(
        Company,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        null=True,
        related_name="+",
        verbose_name=_("company"),
    )
    detail = models.CharField(_("detail"), max_length=LONGEST, blank=True)
    address = models.CharField(_("network"), max_length=50, blank=True)

    objects = OfCompanyQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit log")
        ordering: ClassVar = ["-pk"]
        default_permissions = ("view",)

    def __str__(self) -> str:
        return " ".join(filter(None, (str(self.act), self.who, self.name)))

    @property
    def act(self) -> Any:
        return ACTS.get(self.what, self.what)


def note(
    what: str,
    row: models.Model | None = None,
    *,
    user: Any = None,
    company: Company | int | None = None,
    detail: str = "",
    request: Any = None,
) -> AuditEntry:
    """Enter an act into the log, in the transaction of the act: what is rolled back did not happen.

    `what` is a key of ACTS. Who did it, and from where, is taken from the request that is being answered, unless it
    is said; so is the company, from the row.
    """
    entry = entry_of(what, row, user=user, company=company, detail=detail, request=request)
    entry.save(force_insert=True)
    return entry


def entry_of(
    what: str,
    row: Any = None,
    *,
    user: Any = None,
    company: Company | int | None = None,
    detail: str = "",
    request: Any = None,
) -> AuditEntry:
    """An entry that is not stored yet, for those who note many at once."""
    request = request or getattr(HistoricalRecords.context, "request", None)
    user = user or getattr(request, "user", None)
    known = user is not None and user.is_authenticated
    company_id = company.pk if isinstance(company, Company) else company or _company_of(row)
    return AuditEntry(
        what=what,
        user_id=user.pk if known else None,
        who=user.get_username() if known else "",
        kind=row._meta.label_lower if row is not None else "",
        object_id=str(row.pk)[:40] if row is not None else "",
        name=str(row)[:LONGEST] if row is not None else "",
        company_id=company_id,
        detail=detail[:LONGEST],
        address=network_of(request.META.get("REMOTE_ADDR", "")) if request else "",
    )


def _company_of(row: Any) -> int | None:
    if isinstance(row, Company):
        return row.pk
    of = getattr(row, "record", None) or row  # a question is its record's company's
    return getattr(of, "company_id", None)


def network_of(address: str) -> str:
    """The network that an address is in: enough to tell the office from elsewhere, too little to tell a person."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:  # a socket of this machine has none
        return ""
    known = getattr(known, "ipv4_mapped", None) or known
    return str(ipaddress.ip_network((int(known), 24) if known.version == 4 else (int(known), 48), strict=False))


# Held by the database

TABLE = AuditEntry._meta.db_table
REFUSAL = "the audit log is append-only"
_SQLITE = {
    "update": f'BEFORE UPDATE ON "{TABLE}"',
    "delete": f'BEFORE DELETE ON "{TABLE}"',
    # INSERT OR REPLACE deletes without asking the trigger above.
    "replace": f'BEFORE INSERT ON "{TABLE}" WHEN EXISTS (SELECT 1 FROM "{TABLE}" WHERE id = NEW.id)',  # noqa: S608
}
_POSTGRESQL = {
    "update": "BEFORE UPDATE ON {table} FOR EACH ROW",
    "delete": "BEFORE DELETE ON {table} FOR EACH ROW",
    "truncate": "BEFORE TRUNCATE ON {table} FOR EACH STATEMENT",
}


def install(connection: BaseDatabaseWrapper) -> None:
    """Let the database refuse changes. Safe to repeat, and to be repeated: SQLite loses triggers in migrations."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            for event, when in _SQLITE.items():
                cursor.execute(
                    f'CREATE TRIGGER IF NOT EXISTS "{TABLE}_{event}" {when} '
                    f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
                )
            return
        cursor.execute(
            "CREATE OR REPLACE FUNCTION irsite_refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'restrict_violation'; END $$"
        )
        for event, when in _POSTGRESQL.items():
            cursor.execute(
                f'CREATE OR REPLACE TRIGGER "{TABLE}_{event}" {when.format(table=TABLE)} '
                "EXECUTE FUNCTION irsite_refuse_change()"
            )


def uninstall(connection: BaseDatabaseWrapper) -> None:
    """For who empties a whole database on purpose, as tests do between one another. No page leads here."""
    with connection.cursor() as cursor:
        for event in _SQLITE if connection.vendor == "sqlite" else _POSTGRESQL:
            on = "" if connection.vendor == "sqlite" else f' ON "{TABLE}"'
            cursor.execute(f'DROP TRIGGER IF EXISTS "{TABLE}_{event}"{on}')
