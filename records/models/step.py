"""The steps by which a record came to where it is: the report that is still asked for years later."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from records.workflow import VERBS


def name_of(user: Any) -> str:
    """What a person is called at the desk: a Chinese name without a space, family name first."""
    if user is None:
        return _("a command")
    chinese = f"{user.last_name}{user.first_name}"
    return (user.get_full_name() if chinese.isascii() else chinese) or user.get_username()


class Step(models.Model):
    """One verb that was carried out on a record. A user who took a step is deactivated, not deleted."""

    record = models.ForeignKey(
        "records.Record", on_delete=models.CASCADE, related_name="steps", verbose_name=gettext_lazy("record")
    )
    verb = models.CharField(gettext_lazy("verb"), max_length=12)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="steps",
        null=True,  # a command did it
        verbose_name=gettext_lazy("user"),
    )
    at = models.DateTimeField(gettext_lazy("moment"), auto_now_add=True)
    comment = models.TextField(gettext_lazy("comment"), blank=True)

    class Meta:
        verbose_name = gettext_lazy("step")
        verbose_name_plural = gettext_lazy("steps")
        ordering: ClassVar = ["pk"]
        default_permissions = ()  # who may see a record sees its steps; nobody writes them by hand

    def __str__(self) -> str:
        return f"{self.label} {self.who}"

    @property
    def label(self) -> Any:
        return VERBS[self.verb].label if self.verb in VERBS else self.verb

    @property
    def who(self) -> str:
        return name_of(self.user)
