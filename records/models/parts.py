"""What belongs to a record: its participants, its questions with answers, its files."""

from __future__ import annotations

import hashlib
from pathlib import PurePath
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from records.querysets import PositionedQuerySet

from .directory import Institution, Topic
from .files import forget, unguessable


class Participant(models.Model):
    """One visitor of a record: a person of an institution, or an institution whose people are not named.

    Whether they came and signed is the desk's own: it is no part of the form, and nothing of it is public.
    """

    class Attendance(models.TextChoices):
        UNKNOWN = "", _("unknown")
        YES = "yes", _("came")
        NO = "no", _("absent")

    class CommitmentLetter(models.TextChoices):
        UNKNOWN = "", _("unknown")
        SIGNED = "signed", _("signed")
        UNSIGNED = "unsigned", _("unsigned")
        NOT_NEEDED = "not_needed", _("exempt")

    # Neither has an index of its own: others begin with it.
    record = models.ForeignKey(
        "records.Record",
        on_delete=models.CASCADE,
        related_name="participants",
        db_index=False,
        verbose_name=_("record"),
    )
    position = models.PositiveIntegerField(_("order"), default=0)
    institution = models.ForeignKey(
        Institution,
        on_delete=models.PROTECT,
        related_name="participations",
        db_index=False,
        null=True,
        blank=True,
        verbose_name=_("institution"),
    )
    name_as_filed = models.CharField(_("institution as filed"), max_length=120, blank=True)
    person = models.CharField(_("person"), max_length=80, blank=True)
    title = models.CharField(_("title"), max_length=80, blank=True)
    attended = models.CharField(_("attendance"), max_length=3, choices=Attendance, blank=True)
    commitment_letter = models.CharField(_("commitment letter"), max_length=10, choices=CommitmentLetter, blank=True)

    history = HistoricalRecords(excluded_fields=["position"])

    objects = PositionedQuerySet.as_manager()

    class Meta:
        verbose_name = _("participant")
        verbose_name_plural = _("participants")
        ordering: ClassVar = ["position", "pk"]
        indexes: ClassVar = [models.Index(fields=["institution", "record"], name="participant_institution")]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["record", "position"], name="participant_position_is_unique"),
            models.CheckConstraint(
                condition=Q(name_as_filed__gt="") | Q(person__gt=""),
                name="participant_is_somebody",
                violation_error_message=_("Enter an institution or a person."),
            ),
            models.CheckConstraint(
                condition=Q(attended__in=["", "yes", "no"])
                & Q(commitment_letter__in=["", "signed", "unsigned", "not_needed"]),
                name="participant_follow_up_is_known",
            ),
        ]

    def __str__(self) -> str:
        return " ".join(part for part in (self.name_as_filed, self.person) if part)


class Question(models.Model):
    """One question with its answer. Its address is its id: of a version, whatever becomes of its order and wording."""

    record = models.ForeignKey(  # its place begins an index
        "records.Record", on_delete=models.CASCADE, related_name="questions", db_index=False, verbose_name=_("record")
    )
    position = models.PositiveIntegerField(_("order"), default=0)
    text = models.TextField(_("question"))
    answer = models.TextField(_("answer"), blank=True)
    topics = models.ManyToManyField(Topic, related_name="questions", blank=True, verbose_name=_("topics"))

    history = HistoricalRecords(excluded_fields=["position"])

    objects = PositionedQuerySet.as_manager()

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        ordering: ClassVar = ["position", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["record", "position"], name="question_position_is_unique"),
            # A filing may have lost the words of a question; its answer is kept all the same.
            models.CheckConstraint(condition=Q(text__gt="") | Q(answer__gt=""), name="question_says_something"),
        ]

    def __str__(self) -> str:
        text = self.text or self.answer
        return text if len(text) <= 60 else f"{text[:60]}…"

    def get_absolute_url(self) -> str:
        return reverse("records:question", args=[self.pk])

    @property
    def anchor(self) -> str:
        return f"q{self.pk}"


def attachment_path(attachment: Attachment, name: str) -> str:
    return unguessable(Attachment.FOLDER, name)


class Attachment(models.Model):
    """A file that belongs to a record: what it was read from, slides, the signed scan."""

    FOLDER = "attachments"

    class Kind(models.TextChoices):
        SOURCE = "source", _("the filing itself")
        SLIDES = "slides", _("slides or documents handed out")
        SIGNED = "signed", _("signed scan")
        OTHER = "other", _("other")

    record = models.ForeignKey(
        "records.Record", on_delete=models.CASCADE, related_name="attachments", verbose_name=_("record")
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.OTHER)
    file = models.FileField(_("file"), upload_to=attachment_path)
    name = models.CharField(_("file name"), max_length=200, blank=True)
    sha256 = models.CharField(max_length=64, editable=False, db_index=True)
    is_public = models.BooleanField(
        _("shown to the public"), default=False, help_text=_("Offered for download once the record is published.")
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **options: Any) -> None:
        """Raises ValidationError where other bytes would take the place of those that are to be kept."""
        is_new_file = self.file and not self.file._committed  # type: ignore[attr-defined]
        former = None
        if is_new_file:
            former = Attachment.objects.select_related("record").filter(pk=self.pk).first() if self.pk else None
            if former and (reason := former.record.why_files_kept):
                raise ValidationError({"file": gettext("%(reason)s Add another file.") % {"reason": reason}})
            self.name = (self.name or PurePath(str(self.file.name)).name)[-200:]
            digest = hashlib.sha256()
            for chunk in self.file.chunks():
                digest.update(chunk)
            self.sha256 = digest.hexdigest()
        super().save(*args, **options)
        if former:
            forget(self, former.file.name)

    def get_absolute_url(self) -> str:
        return reverse("records:attachment", args=[self.pk])
