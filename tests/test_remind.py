"""`manage.py remind`: who is told by mail what is due, how often, and what the command says."""

from __future__ import annotations

import datetime
import os
import subprocess
import sys
import threading
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone, translation
from django.utils.translation import gettext

from records.models import Closure, Company, DeadlineRule, Record, Reminder

from . import build

pytestmark = pytest.mark.django_db

SUBJECT = "Records to publish: %(overdue)d overdue, %(soon)d due soon"


def prepare() -> None:
    """One record overdue and one due soon on 2024-06-11, one in time, one published; and one who is told."""
    Closure.objects.all().delete()
    DeadlineRule.objects.all().delete()
    DeadlineRule.objects.create(effective_from="2012-01-01", trading_days=2)
    build.draft(number="late", held="2024-06-03")
    build.draft(number="soon", held="2024-06-06")
    build.draft(number="later", held="2024-06-11")
    build.record(number="done", held="2024-06-03")
    staff("amy", "publish_record")


def staff(name: str, *permissions: str, **fields: Any) -> User:
    user = User.objects.create_user(name, **{"email": f"{name}@example.com", "is_staff": True, **fields})
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    user.companies.set(Company.objects.all())
    return user


@pytest.fixture
def cases(db: None) -> None:
    prepare()


@pytest.fixture(autouse=True)
def tuesday(monkeypatch: pytest.MonkeyPatch) -> None:
    be(monkeypatch, "2024-06-11T10:00")


def be(monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    now = timezone.make_aware(datetime.datetime.fromisoformat(moment))
    monkeypatch.setattr(timezone, "now", lambda: now)


@pytest.mark.usefixtures("cases")
def test_what_is_due_and_overdue_is_told(capsys: pytest.CaptureFixture[str], settings: Any) -> None:
    settings.SITE_URL = "https://ir.example.com"
    call_command("remind")
    (message,) = mail.outbox
    assert message.to == ["amy@example.com"]
    late = Record.objects.get(number="late")
    assert f"https://ir.example.com/admin/records/record/{late.pk}/change/" in message.body
    assert message.body.index(" late ") < message.body.index(" soon ")
    assert "2024-06-05" in message.body
    assert " later " not in message.body
    assert " done " not in message.body
    assert "amy@example.com" in capsys.readouterr().out


@pytest.mark.usefixtures("cases")
def test_without_an_address_of_the_site_a_mail_has_no_links() -> None:
    call_command("remind")
    assert "/admin/" not in mail.outbox[0].body
    assert "&" not in build.company().short_name
    Record.objects.filter(number="late").update(number="A&B")
    call_command("remind", again=True)
    assert "A&B" in mail.outbox[1].body


@pytest.mark.usefixtures("cases")
def test_only_staff_who_can_do_something_are_told() -> None:
    staff("ben", "change_record")
    staff("boss", is_superuser=True)
    staff("reader", "view_record")
    staff("outsider", "change_record", is_staff=False)
    staff("gone", "change_record", is_active=False)
    staff("nobody", "change_record", email="")
    Reminder.objects.create(user=staff("tired", "change_record"), is_wanted=False)
    call_command("remind")
    assert [message.to[0].partition("@")[0] for message in mail.outbox] == ["amy", "ben", "boss"]


@pytest.mark.usefixtures("cases")
def test_each_is_told_in_their_language() -> None:
    Reminder.objects.create(user=staff("ben", "change_record"), language="en")
    call_command("remind")
    amy, ben = mail.outbox
    for message, language in ((amy, "zh-hans"), (ben, "en")):
        with translation.override(language):
            assert message.subject == gettext(SUBJECT) % {"overdue": 1, "soon": 1}
            assert gettext("Overdue:") in message.body


@pytest.mark.usefixtures("cases")
def test_nobody_is_told_twice_a_day_unless_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    call_command("remind")
    call_command("remind")
    assert len(mail.outbox) == 1
    call_command("remind", again=True)
    assert len(mail.outbox) == 2
    be(monkeypatch, "2024-06-12T00:30")
    call_command("remind")
    assert len(mail.outbox) == 3


@pytest.mark.usefixtures("cases")
def test_a_dry_run_sends_and_stores_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("remind", dry_run=True)
    assert "amy@example.com" in capsys.readouterr().out
    assert not mail.outbox
    assert not Reminder.objects.exists()


@pytest.mark.usefixtures("cases")
def test_where_nothing_is_due_nobody_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    be(monkeypatch, "2024-06-03T10:00")
    call_command("remind")
    assert not mail.outbox
    assert not Reminder.objects.exists()


@pytest.mark.usefixtures("cases")
def test_a_mail_that_fails_is_said_and_tried_again(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    staff("ben", "change_record")

    def refuse_amy(self: EmailBackend, messages: Any) -> int:
        if messages[0].to == ["amy@example.com"]:
            raise ConnectionRefusedError("no server")
        mail.outbox.extend(messages)
        return 1

    with monkeypatch.context() as broken:
        broken.setattr(EmailBackend, "send_messages", refuse_amy)
        with pytest.raises(CommandError):
            call_command("remind")
    assert [message.to for message in mail.outbox] == [["ben@example.com"]]
    assert "no server" in capsys.readouterr().err
    call_command("remind")
    assert [message.to for message in mail.outbox] == [["ben@example.com"], ["amy@example.com"]]


def test_a_long_list_is_cut_and_counted(monkeypatch: pytest.MonkeyPatch, cases: None) -> None:
    monkeypatch.setattr("records.management.commands.remind.LISTED", 2)
    for number in range(3):
        build.draft(number=f"more-{number}", held="2024-06-03")
    Reminder.objects.create(user=User.objects.get(), language="en")
    call_command("remind")
    assert mail.outbox[0].subject.startswith("Records to publish: 4 overdue")
    assert "… and 2 more" in mail.outbox[0].body
    assert mail.outbox[0].body.count("999001 晨光数据") == 3


def test_a_year_without_known_holidays_is_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    call_command("remind")
    assert not capsys.readouterr().err
    be(monkeypatch, "2999-06-03T10:00")
    call_command("remind")
    assert "2999" in capsys.readouterr().err


@pytest.mark.django_db(transaction=True)
def test_of_two_runs_at_once_one_tells() -> None:
    prepare()
    Reminder.objects.create(user=User.objects.get())
    together = threading.Barrier(2)

    def run() -> None:
        try:
            together.wait(10)
            call_command("remind", stdout=open(os.devnull, "w"))  # noqa: SIM115
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(mail.outbox) == 1


@pytest.mark.parametrize(
    "wrong", [{"EMAIL_URL": "nonsense"}, {"EMAIL_URL": "smtp://host:port"}, {"SITE_URL": "ir.example.com"}]
)
def test_a_malformed_address_stops_the_start(wrong: dict[str, str]) -> None:
    environment = {**os.environ, **wrong}
    run = subprocess.run(
        [sys.executable, "-c", "import irsite.settings"], env=environment, capture_output=True, text=True
    )
    assert run.returncode == 1
    assert next(iter(wrong)) in run.stderr
    assert "Traceback" not in run.stderr
