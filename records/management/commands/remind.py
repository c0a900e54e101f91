"""Mails to the staff what is due or overdue: `manage.py remind`, once a day. See docs/deadlines.md."""

from __future__ import annotations

import dataclasses
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.mail import EmailMessage
from django.core.management.base import BaseCommand, CommandError
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext, ngettext

from records.models import Deadlines, Record, Reminder

PERMISSIONS = ("records.publish_record", "records.change_record")
LISTED = 100  # records that one part of a mail names; of the others it says how many there are


@dataclasses.dataclass(frozen=True)
class Part:
    """The overdue records or those due soon: how many, and the first of them by the day they were held."""

    count: int
    records: list[Record]

    @property
    def unnamed(self) -> int:
        return self.count - len(self.records)


class Command(BaseCommand):
    help = "Mails to everyone who may edit or publish records what is overdue or due by the next trading day."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say who would be told of what, and send nothing")
        parser.add_argument("--again", action="store_true", help="also to those who were told today")

    def handle(self, *, dry_run: bool, again: bool, **options: Any) -> None:
        deadlines = Deadlines.load()
        today = timezone.localdate()
        if not deadlines.calendar.covers(today):
            self.stderr.write(
                gettext("The trading calendar does not know the holidays of %(year)s: days are counted by weekdays.")
                % {"year": today.year}
            )
        sent = failed = 0
        for user, reminder in self._recipients():
            parts = {
                "overdue": self._part(deadlines, deadlines.overdue(self._records_of(user))),
                "soon": self._part(deadlines, deadlines.due_soon(self._records_of(user))),
            }
            if not any(part.count for part in parts.values()):
                continue
            if not user.email:
                self.stderr.write(gettext("%(user)s has no mail address.") % {"user": user})
                continue
            told = reminder.sent_on == today and not again if dry_run else not self._claim(reminder, again)
            if told:
                self.stdout.write(gettext("%(user)s was told today already.") % {"user": user})
                continue
            message = self._message(user, reminder.language, parts)
            try:
                if not dry_run:
                    message.send()
            except (OSError, ValueError) as error:  # no such server, no such address
                Reminder.objects.filter(user=user).update(sent_on=reminder.sent_on)  # the next run tries again
                self.stderr.write(f"{user.email}: {error}")
                failed += 1
                continue
            sent += 1
            self.stdout.write(f"{user.email}: {message.subject}")
        self._conclude(dry_run, sent, failed)

    def _recipients(self) -> Iterator[tuple[Any, Reminder]]:
        """Active staff who may change or publish records and have not declined, each with how they are told."""
        users = get_user_model().objects.filter(is_active=True, is_staff=True).exclude(reminder__is_wanted=False)
        for user in users.select_related("reminder").order_by("pk"):
            if any(user.has_perm(permission) for permission in PERMISSIONS):
                yield user, getattr(user, "reminder", None) or Reminder(user=user)

    def _records_of(self, user: Any) -> Any:
        """What this person is told of."""
        return Record.objects.for_user(user).select_related("company").order_by("held_from", "pk")

    def _part(self, deadlines: Deadlines, records: Any) -> Part:
        first = list(records[:LISTED])
        deadlines.attach(first)
        return Part(records.count() if len(first) == LISTED else len(first), first)

    def _claim(self, reminder: Reminder, again: bool) -> bool:
        """Whether it is this run that tells the user today: of two at once, one does."""
        today = timezone.localdate()
        kept, _made = Reminder.objects.get_or_create(user=reminder.user)
        rows = Reminder.objects.filter(pk=kept.pk)
        return bool((rows if again else rows.exclude(sent_on=today)).update(sent_on=today))

    def _message(self, user: Any, language: str, parts: dict[str, Part]) -> EmailMessage:
        with translation.override(language):
            subject = gettext("Records to publish: %(overdue)d overdue, %(soon)d due soon") % {
                name: part.count for name, part in parts.items()
            }
            body = render_to_string("mail/reminder.txt", {**parts, "site": settings.SITE_URL})
        return EmailMessage(subject, body, to=[user.email])

    def _conclude(self, dry_run: bool, sent: int, failed: int) -> None:
        if dry_run:
            done = ngettext("%(n)d mail would be sent.", "%(n)d mails would be sent.", sent)
        else:
            done = ngettext("%(n)d mail was sent.", "%(n)d mails were sent.", sent)
        self.stdout.write(done % {"n": sent})
        if failed:
            raise CommandError(
                ngettext("%(n)d mail could not be sent.", "%(n)d mails could not be sent.", failed) % {"n": failed}
            )
