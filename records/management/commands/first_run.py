"""What a fresh local site needs once: sample data, and somebody who may log in."""

from __future__ import annotations

import secrets
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from records.models import Company

LOGIN = "desk"


class Command(BaseCommand):
    help = "On an empty database, loads the sample data and creates a staff login; otherwise does nothing."

    def handle(self, **options: Any) -> None:
        users = get_user_model().objects
        if not Company.objects.exists() and not users.exists():
            call_command("load_sample", stdout=self.stdout)
        if not users.exists():
            password = secrets.token_urlsafe(12)
            users.create_superuser(LOGIN, password=password)
            self.stdout.write(
                _("Staff login: %(login)s, password: %(password)s (shown this once)")
                % {"login": LOGIN, "password": password}
            )
