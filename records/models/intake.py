"""What was brought in and waits to become a draft."""

from __future__ import annotations

import datetime
import hashlib
import uuid
from pathlib import PurePath
from typing import Any, ClassVar, Self

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import IntegrityError, models, transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .record import Attachment


def intake_path(intake: Intake, name: str) -> str:
    """A name that nobody can guess and that says nothing: the file's own name is kept in the row."""
    return f"{Intake.FOLDER}/{uuid.uuid4().hex}{PurePath(name).suffix.lower()[:10]}"


class IntakeQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> Self:
        """One's own; a superuser sees everybody's."""
        return self if user.is_superuser else self.filter(user=user)

    def older_than(self, days: int) -> Self:
        return self.filter(created_at__lt=timezone.now() - datetime.timedelta(days=days))


class Intake(models.Model):
    """A file or a pasted text as it came, before a draft is made of it: nothing of what it says is stored.

    Its bytes go with the row, by whatever way the row is deleted.
    """

    FOLDER = "intakes"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="intakes", verbose_name=_("user")
    )
    name = models.CharField(_("file name"), max_length=200)
    file = models.FileField(_("file"), upload_to=intake_path)
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    objects = IntakeQuerySet.as_manager()

    class Meta:
        verbose_name = _("filing to import")
        verbose_name_plural = _("filings to import")
        ordering: ClassVar = ["-pk"]
        default_permissions = ()  # who may add records may bring filings in
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "sha256"], name="intake_is_brought_once"),
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def take(cls, user: Any, name: str, data: bytes) -> Intake:
        """The intake of these bytes; of a user who brings the same twice, the one that is there."""
        digest = hashlib.sha256(data).hexdigest()
        mine = cls.objects.filter(user=user, sha256=digest)
        if known := mine.first():
            return known
        intake = cls(user=user, name=name[-200:], sha256=digest, file=ContentFile(data, name=name))
        try:
            with transaction.atomic():
                intake.save()
        except IntegrityError:  # the same file in two requests at once
            intake.file.delete(save=False)
            return mine.get()
        return intake

    def data(self) -> bytes:
        with self.file.open("rb") as file:
            return file.read()


@receiver(post_delete, sender=Intake)
@receiver(post_delete, sender=Attachment)
def forget_bytes(instance: Intake | Attachment, **options: Any) -> None:
    """Once the row is gone for good, and no other names the file: a transaction that fails keeps both."""
    storage, name, rows = instance.file.storage, instance.file.name, type(instance)._default_manager

    def forget() -> None:
        if name and not rows.filter(file=name).exists():
            storage.delete(name)

    if name:
        transaction.on_commit(forget)
