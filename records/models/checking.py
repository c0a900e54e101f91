"""What the desk is warned of before it publishes: words to watch for, and who acknowledged which warning."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from records.search import fold

from .record import Record
from .step import name_of


class Level(models.TextChoices):
    ERROR = "error", _("error")  # stops publishing
    WARNING = "warning", _("warning")  # is acknowledged by name


class WatchWord(models.Model):
    """A word that is looked at again wherever it stands in what a record says."""

    word = models.CharField(
        _("word"), max_length=40, unique=True, help_text=_("Full and half width, A and a are found alike.")
    )
    reason = models.CharField(_("reason"), max_length=200, blank=True, help_text=_("Shown beside each place."))
    level = models.CharField(
        _("level"),
        max_length=8,
        choices=Level,
        default=Level.WARNING,
        help_text=_("An error stops publishing; a warning is acknowledged."),
    )

    class Meta:
        verbose_name = _("watch word")
        verbose_name_plural = _("watch words")
        ordering: ClassVar = ["level", "word"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(word__gt=""), name="watch_word_has_a_word"),
            models.CheckConstraint(condition=Q(level__in=Level.values), name="watch_word_level_is_known"),
        ]

    def __str__(self) -> str:
        return self.word

    def clean(self) -> None:
        same = (word for word in WatchWord.objects.exclude(pk=self.pk) if fold(word.word) == fold(self.word))
        if other := next(same, None):
            raise ValidationError({"word": _("“%(word)s” is on the list already.") % {"word": other.word}})


class Acknowledgement(models.Model):
    """One person's word that a warning was seen. It holds for what was said then: `key` changes with the text."""

    record = models.ForeignKey(Record, on_delete=models.CASCADE, related_name="acknowledgements")
    key = models.CharField(max_length=64)
    sentence = models.TextField()
    user: Any = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("acknowledgement")
        verbose_name_plural = _("acknowledgements")
        ordering: ClassVar = ["at", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["record", "key"], name="warning_is_acknowledged_once")
        ]

    def __str__(self) -> str:
        return self.sentence

    @property
    def who(self) -> str:
        return name_of(self.user)
