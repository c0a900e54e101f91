"""What the audit log is told of by itself: log-ins, rights, deletions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from axes.signals import user_locked_out
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db.models import Model
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_save
from django.http import HttpRequest

from .models import (
    Attachment,
    AuditEntry,
    Closure,
    Company,
    DeadlineRule,
    Institution,
    InstitutionAlias,
    QuietPeriod,
    Record,
    Topic,
    WatchWord,
    audit,
)

User: Any = get_user_model()

# Rows whose deletion is noted. Participants and questions are told by their record's own history.
NOTED = (
    Record,
    Attachment,
    Company,
    Institution,
    InstitutionAlias,
    Topic,
    QuietPeriod,
    Closure,
    DeadlineRule,
    WatchWord,
    User,
    Group,
)
# Columns that say what somebody may do.
RIGHTS = {User: ("is_active", "is_staff", "is_superuser"), Company: ("one_person_desk",)}
LINKS = (User.groups.through, User.user_permissions.through, Group.permissions.through, Company.staff.through)


def connect() -> None:
    user_logged_in.connect(note_login)
    user_logged_out.connect(note_logout)
    user_login_failed.connect(note_failed_login)
    user_locked_out.connect(note_lock)
    for model in NOTED:
        post_delete.connect(note_deletion, sender=model)
    for model in RIGHTS:
        pre_save.connect(look_at_rights, sender=model)
        post_save.connect(note_rights, sender=model)
    for through in LINKS:
        m2m_changed.connect(note_links, sender=through)


def note_login(request: HttpRequest, user: Any, **options: Any) -> None:
    audit.note("login", user, user=user, request=request)


def note_logout(request: HttpRequest, user: Any, **options: Any) -> None:
    if user is not None:
        audit.note("logout", user, user=user, request=request)


def note_failed_login(credentials: dict[str, Any], request: HttpRequest | None = None, **options: Any) -> None:
    """Only a name that is somebody's is kept: people type their password into the wrong box."""
    known = _named(credentials.get(User.USERNAME_FIELD))
    audit.note("login_failed", known, request=request, detail="" if known else "?")


def _named(name: str | None) -> Any:
    return User.objects.filter(**{User.USERNAME_FIELD: str(name or "").replace("\0", "")}).first()


def note_lock(request: HttpRequest, username: str | None, **options: Any) -> None:
    """The failure that was one too many; the attempts after it are failures as well."""
    audit.note("locked_out", _named(username), request=request)


def note_deletion(instance: Model, origin: Any, **options: Any) -> None:
    """Of what was deleted itself, not of what went with it."""
    of_many = getattr(origin, "model", None) is type(instance)
    if origin is instance or of_many:
        audit.note("delete", instance)


def look_at_rights(instance: Any, sender: Any, update_fields: Iterable[str] | None = None, **options: Any) -> None:
    instance._rights = None  # nothing to compare
    watched = {*RIGHTS[sender], "password"} if sender is User else {*RIGHTS[sender]}
    if update_fields is None or watched & set(update_fields):
        stored = sender._base_manager.filter(pk=instance.pk).values(*RIGHTS[sender]).first() if instance.pk else None
        instance._rights = stored or dict.fromkeys(RIGHTS[sender], False)


def note_rights(instance: Any, sender: Any, created: bool, **options: Any) -> None:
    if instance._rights is None:
        return
    changed = [
        f"{'+' if getattr(instance, name) else '−'} {name}"
        for name, was in instance._rights.items()
        if getattr(instance, name) != was
    ]
    if changed:
        audit.note("rights", instance, detail="，".join(changed))
    # Set while a password is new, and not while Django hashes an old one anew.
    if sender is User and not created and getattr(instance, "_password", None) is not None:
        audit.note("password", instance)


def note_links(
    instance: Any, action: str, model: Any, pk_set: Any, reverse: bool, sender: Any, **options: Any
) -> None:
    """Groups, permissions and companies that somebody was given, or lost."""
    if action == "pre_clear":
        here, there = _ends(sender, type(instance))
        pk_set = sender._base_manager.filter(**{here: instance.pk}).values_list(there, flat=True)
    if action in {"post_add", "post_remove", "pre_clear"} and pk_set:
        others = model._base_manager.filter(pk__in=list(pk_set))
        note_links_of(instance, others, gained=action == "post_add", reverse=reverse)


def note_links_of(instance: Any, others: Iterable[Any], *, gained: bool, reverse: bool) -> None:
    """An entry for each who gained or lost, or each company; `reverse` where `others` are those."""
    others = list(others)
    sign = "+" if gained else "−"
    if not others:
        return
    if isinstance(instance, Company) or isinstance(others[0], Company):
        entries = []
        for other in others:
            user, company = (other, instance) if isinstance(instance, Company) else (instance, other)
            entries.append(audit.entry_of("rights", user, company=company, detail=f"{sign} {company}"))
    elif reverse:
        entries = [audit.entry_of("rights", other, detail=f"{sign} {_called(instance)}") for other in others]
    else:
        given = "，".join(_called(other) for other in others)
        entries = [audit.entry_of("rights", instance, detail=f"{sign} {given}")]
    AuditEntry.objects.bulk_create(entries)


def _called(right: Any) -> str:
    """A permission by its code name, which asks the database nothing more."""
    return getattr(right, "codename", None) or str(right)


def _ends(through: Any, model: Any) -> tuple[str, str]:
    """Names of the two columns of a link, that of this model first."""
    columns = {field.related_model: field.attname for field in through._meta.fields if field.is_relation}
    here = columns.pop(model)
    return here, next(iter(columns.values()))
