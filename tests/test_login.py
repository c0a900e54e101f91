"""Logging in: how long it lasts, what it gives away, and the second factor of those who publish."""

from __future__ import annotations

import io
import re
import time
from typing import Any
from unittest import mock

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from records.models import Attachment, AuditEntry

from . import build
from .test_deploy_settings import started

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"  # noqa: S105
LIST = "/admin/records/record/"
FACTOR = "/admin/second-factor/"


def log_in(client: Client, name: str = "somebody", password: str = PASSWORD, **options: Any) -> Any:
    return client.post("/admin/login/?next=/admin/", {"username": name, "password": password}, **options)


def somebody(*permissions: str, **fields: Any) -> User:
    user = build.person("somebody", *permissions, **fields)
    user.set_password(PASSWORD)
    user.save()
    return user


# How long


def test_a_login_ends_with_the_browser_and_after_hours_without_a_page(client: Client, settings: Any) -> None:
    somebody()
    log_in(client)
    cookie = client.cookies["sessionid"]
    assert (cookie["max-age"], cookie["expires"]) == ("", "")
    left = (Session.objects.get().expire_date - timezone.now()).total_seconds()
    assert settings.SESSION_COOKIE_AGE - 60 < left <= settings.SESSION_COOKIE_AGE == 8 * 3600
    Session.objects.update(expire_date=timezone.now())
    assert client.get("/admin/").status_code == 302


def test_whoever_is_at_work_stays_logged_in(client: Client) -> None:
    somebody()
    log_in(client)
    first = Session.objects.get().expire_date
    with mock.patch("time.time", return_value=time.time() + 3600):
        client.get("/admin/")
    assert Session.objects.get().expire_date > first  # it was stored anew, for as long again


def test_a_page_does_not_write_the_session_each_time(client: Client, django_assert_max_num_queries: Any) -> None:
    somebody()
    log_in(client)
    client.get("/admin/")
    with django_assert_max_num_queries(20) as queries:
        client.get("/admin/")
    assert not [query for query in queries if "django_session" in query["sql"] and "UPDATE" in query["sql"]]


# What it gives away


def complaint(answer: Any) -> list[str]:
    return [str(error) for error in answer.context["form"].non_field_errors()]


@pytest.mark.parametrize(
    "fields", [{}, {"is_active": False}, {"is_staff": False}], ids=["known", "deactivated", "not at the desk"]
)
def test_a_refusal_does_not_tell_whether_there_is_such_a_user(fields: dict[str, Any], client: Client) -> None:
    somebody(**fields)
    wrong = "wrong" if not fields else PASSWORD
    known, unknown = log_in(client, password=wrong), log_in(client, "nobody", wrong)
    assert known.status_code == unknown.status_code == 200
    assert complaint(known) == complaint(unknown) != []


def test_an_unknown_name_costs_as_much_work_as_a_known_one(client: Client) -> None:
    """Work is counted in hashed passwords, of which all the time goes into."""
    somebody()
    hashed = []
    for name in ("somebody", "nobody"):
        with mock.patch.object(
            MD5PasswordHasher, "encode", autospec=True, side_effect=MD5PasswordHasher.encode
        ) as work:
            log_in(client, name, "wrong")
        hashed.append(work.call_count)
    assert hashed[0] == hashed[1] > 0


def test_who_guesses_is_locked_out_with_a_page_of_ours(client: Client, settings: Any) -> None:
    settings.AXES_ENABLED = True
    settings.AXES_FAILURE_LIMIT = 3
    somebody()
    for name in ("somebody", "nobody"):
        for _time in range(3):
            answer = log_in(client, name, "wrong")
        for language, word in (("zh-hans", "登录"), ("en", "Too many failed attempts")):
            client.cookies["django_language"] = language
            answer = log_in(client, name, PASSWORD)
            assert answer.status_code == 429
            assert word in answer.content.decode()
    assert log_in(client, password=PASSWORD, REMOTE_ADDR="203.0.113.5").status_code == 302
    assert [entry.name for entry in AuditEntry.objects.filter(what="locked_out").order_by("pk")[:1]] == ["somebody"]


@pytest.mark.parametrize("elsewhere", ["//evil.example.com", "https://evil.example.com/", "javascript:alert(1)", ""])
def test_whoever_is_led_elsewhere_ends_at_the_desk(elsewhere: str, client: Client) -> None:
    somebody()
    answer = client.post(
        "/admin/login/", {"username": "somebody", "password": PASSWORD, "next": elsewhere}, follow=True
    )
    assert answer.redirect_chain == [("/admin/", 302)]
    assert answer.status_code == 200


@pytest.mark.parametrize("weak", ["short", "password12", "1234567890123", "somebody99"])
def test_a_weak_password_is_refused(weak: str, client: Client) -> None:
    somebody()
    log_in(client)
    data = {"old_password": PASSWORD, "new_password1": weak, "new_password2": weak}
    answer = client.post("/admin/password_change/", data)
    assert answer.status_code == 200
    assert answer.context["form"].errors


# The second factor


@pytest.fixture
def asked(settings: Any) -> None:
    settings.REQUIRE_OTP_FOR_REVIEWERS = True


def code_of(device: TOTPDevice, steps: int = 0) -> str:
    """The code that an app shows, so many half minutes from now."""
    totp = TOTP(device.bin_key, device.step, device.t0, device.digits)
    totp.time = time.time() + steps * device.step
    return f"{totp.token():06d}"


def set_up(client: Client) -> list[str]:
    """Logs in and sets up the second factor; gives the backup codes."""
    log_in(client)
    client.get(FACTOR)
    answer = client.post(FACTOR, {"token": code_of(TOTPDevice.objects.get())})
    assert answer.status_code == 200
    return answer.context["codes"]


def test_a_reviewer_sets_up_a_second_factor_before_anything_else(asked: None, client: Client) -> None:
    somebody(*build.REVIEWER)
    answer = log_in(client, follow=True)
    assert answer.redirect_chain[-1][0] == f"{FACTOR}?next=/admin/"
    page = answer.content.decode()
    assert 'src="data:image/svg+xml' in page
    secret = re.search(r"<code>([A-Z2-7 ]+)</code>", page)
    assert secret
    assert client.get(LIST).status_code == 302
    wrong = client.post(FACTOR, {"token": "000000"})
    assert wrong.status_code == 422
    assert client.get(LIST).status_code == 302
    TOTPDevice.objects.update(throttling_failure_count=0)  # who was wrong has to wait
    done = client.post(FACTOR, {"token": code_of(TOTPDevice.objects.get())})
    assert len(set(done.context["codes"])) == 10
    assert client.get(LIST).status_code == 200
    assert [entry.detail for entry in AuditEntry.objects.filter(what="second_factor")] == ["+"]


def test_the_next_login_asks_for_a_code_and_shows_no_secret(asked: None, client: Client) -> None:
    somebody(*build.REVIEWER)
    set_up(client)
    client.logout()
    page = log_in(client, follow=True).content.decode()
    assert "data:image/svg" not in page
    assert client.get(LIST).status_code == 302
    code = code_of(TOTPDevice.objects.get(), steps=1)
    assert client.post(FACTOR, {"token": f"{code[:3]} {code[3:]}", "next": LIST}).headers["Location"] == LIST
    assert client.get(LIST).status_code == 200


def test_a_code_works_once_and_so_does_a_backup_code(asked: None, client: Client) -> None:
    somebody(*build.REVIEWER)
    backup = set_up(client)[0]
    used = code_of(TOTPDevice.objects.get())
    for token, lets_in in ((used, False), (backup, True), (backup, False)):
        client.logout()
        for kind in (TOTPDevice, StaticDevice):
            kind.objects.update(throttling_failure_count=0)
        log_in(client)
        client.post(FACTOR, {"token": token})
        assert (client.get(LIST).status_code == 200) == lets_in, token
    assert StaticToken.objects.count() == 9


def test_who_guesses_codes_has_to_wait(asked: None, client: Client) -> None:
    somebody(*build.REVIEWER)
    set_up(client)
    client.logout()
    log_in(client)
    client.post(FACTOR, {"token": "000000"})
    assert client.post(FACTOR, {"token": code_of(TOTPDevice.objects.get(), steps=1)}).status_code == 422
    assert client.get(LIST).status_code == 302


def test_half_logged_in_is_nobody_everywhere(asked: None, client: Client) -> None:
    somebody(*build.REVIEWER)
    hidden = Attachment.objects.create(record=build.draft(), file=ContentFile(b"x", name="a.pdf"))
    log_in(client)
    assert client.get(hidden.get_absolute_url()).status_code == 404
    for path in (LIST, "/admin/import/", "/admin/password_change/", "/admin/autocomplete/"):
        assert client.get(path).status_code == 302, path
    set_up(client)
    assert client.get(hidden.get_absolute_url()).status_code == 200


def test_who_publishes_nothing_is_not_asked(asked: None, client: Client) -> None:
    somebody()
    assert log_in(client, follow=True).redirect_chain == [("/admin/", 302)]
    assert client.get(FACTOR).status_code == 302


def test_a_superuser_is_asked(asked: None, client: Client) -> None:
    User.objects.create_superuser("somebody", password=PASSWORD)
    log_in(client)
    assert client.get("/admin/").status_code == 302


def test_nobody_is_asked_unless_the_site_says_so(client: Client) -> None:
    somebody(*build.REVIEWER)
    log_in(client)
    assert client.get(LIST).status_code == 200


def test_one_can_leave_without_a_second_factor(asked: None, client: Client) -> None:
    somebody(*build.REVIEWER)
    log_in(client)
    client.post(FACTOR, {"leave": "1"})
    assert "_auth_user_id" not in client.session
    assert AuditEntry.objects.filter(what="logout", who="somebody").count() == 1


def test_it_leads_to_no_other_site(asked: None, client: Client) -> None:
    somebody(*build.REVIEWER)
    set_up(client)
    client.logout()
    log_in(client)
    token = code_of(TOTPDevice.objects.get(), steps=1)
    answer = client.post(FACTOR, {"token": token, "next": "https://elsewhere.example.com/"})
    assert answer.headers["Location"] == "/admin/"


def test_a_lost_device_is_forgotten_by_a_command(asked: None, client: Client) -> None:
    somebody(*build.REVIEWER)
    set_up(client)
    call_command("reset_second_factor", "somebody", stdout=io.StringIO())
    assert not TOTPDevice.objects.exists()
    assert client.get(LIST).status_code == 302
    assert [entry.detail for entry in AuditEntry.objects.filter(what="second_factor").order_by("pk")] == ["+", "−"]
    with pytest.raises(CommandError, match="nobody"):
        call_command("reset_second_factor", "nobody")


@pytest.mark.parametrize("module", ["django_otp", "segno"])
def test_asked_for_and_not_installed_stops_the_start_with_one_line(module: str) -> None:
    hide = f"import importlib.util as u; was = u.find_spec; u.find_spec = lambda n, *a: n != {module!r} and was(n, *a)"
    done = started("-c", f"{hide}\nimport irsite.settings", REQUIRE_OTP_FOR_REVIEWERS="True")
    assert done.returncode == 1
    [line] = done.stderr.strip().splitlines()
    assert '"REQUIRE_OTP_FOR_REVIEWERS"' in line
    assert "pip install" in line


def test_without_the_extra_a_site_runs_without_it() -> None:
    hide = (
        "import importlib.util as u; was = u.find_spec; u.find_spec = lambda n, *a: n != 'django_otp' and was(n, *a)"
    )
    code = f"{hide}\nimport django; django.setup()\nfrom django.core.management import call_command; call_command('check')"
    done = started("-c", code, DJANGO_SETTINGS_MODULE="irsite.settings")
    assert done.returncode == 0, done.stderr
