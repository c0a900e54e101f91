"""For somebody who lost their device and their backup codes."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils.translation import gettext as _

from records.models import audit


class Command(BaseCommand):
    help = "Forgets the second factor of a user, who sets up a new one at the next log-in."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")

    def handle(self, *, username: str, **options: Any) -> None:
        if not settings.OTP:
            raise CommandError(_("There is no second factor here: django-otp is not installed."))
        from django_otp import devices_for_user

        user = get_user_model().objects.filter(username=username).first()
        if user is None:
            raise CommandError(_("There is no user “%(name)s”.") % {"name": username})
        with transaction.atomic():
            for device in devices_for_user(user, confirmed=None):
                device.delete()
            audit.note("second_factor", user, detail="−")
        self.stdout.write(_("%(name)s sets up a new second factor at the next log-in.") % {"name": username})
