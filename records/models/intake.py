"""What was brought in and waits to become a draft."""

from __future__ import annotations

import datetime
import hashlib
from typing import Any, ClassVar, Self

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .files import unguessable


def intake_path(intake: Intake, name: str) -> str:
    return unguessable(Intake.FOLDER, name)


class IntakeQuerySet(models.QuerySet):
    def of_kind(self, kind: str) -> Self:
        return self.filter(kind=kind)

    def visible_to(self, user: Any) -> Self:
        """One's own; a superuser sees everybody's."""
        return self if user.is_superuser else self.filter(user=user)

    def older_than(self, days: int) -> Self:
        return self.filter(created_at__lt=timezone.now() - datetime.timedelta(days=days))


class Intake(models.Model):
    """A file or a pasted text as it came, before a draft is made of it, or before a table is imported: nothing of what
    it says is stored.

    Its bytes go with the row, by whatever way the row is deleted.
    """

    FOLDER = "intakes"

    class Kind(models.TextChoices):
        FILING = "filing", _("filing")
        COMPANY = "company", _("table of companies")
        INSTITUTION = "institution", _("table of institutions")
        TOPIC = "topic", _("table of topics")

    kind = models.CharField(_("kind"), max_length=12, choices=Kind, default=Kind.FILING)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="intakes", verbose_name=_("user")
    )
    name = models.CharField(_("file name"), max_length=200)
    file = models.FileField(_("file"), upload_to=intake_path)
    sha256 = models.CharField(max_length=64)
    # None until it was read: a long file is read when its preview is opened.
    doubt_count = models.PositiveIntegerField(_("doubts"), null=True, editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    objects = IntakeQuerySet.as_manager()

    class Meta:
        verbose_name = _("file to import")
        verbose_name_plural = _("files to import")
        ordering: ClassVar = ["-pk"]
        default_permissions = ()  # who may add records may bring filings in
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "kind", "sha256"], name="intake_is_brought_once"),
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def take(
        cls, user: Any, name: str, data: bytes, kind: str = Kind.FILING, doubt_count: int | None = None
    ) -> Intake:
        """The intake of these bytes; of a user who brings the same twice, the one that is there."""
        digest = hashlib.sha256(data).hexdigest()
        mine = cls.objects.filter(user=user, kind=kind, sha256=digest)
        if known := mine.first():
            return known
        file = ContentFile(data, name=name)
        intake = cls(kind=kind, user=user, name=name[-200:], sha256=digest, file=file, doubt_count=doubt_count)
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
