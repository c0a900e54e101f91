"""How a site starts: with what it needs or not at all, and with headers that hold on every page."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from . import build
from .test_admin_entry import ADD, change

ROOT = Path(__file__).resolve().parent.parent
PRODUCTION = {
    "SECRET_KEY": secrets.token_urlsafe(50),
    "ALLOWED_HOSTS": "ir.example.com, .example.org,[::1]",
    "CSRF_TRUSTED_ORIGINS": "https://ir.example.com, https://ir.example.org:8443",
    "DEBUG": "False",
    "HTTPS": "True",
}


def started(*command: str, **environment: str | None) -> subprocess.CompletedProcess:
    """A command of a site that is set up for production, but for what is said; None is a name that is not set."""
    known = {name: os.environ[name] for name in ("PATH", "HOME", "DATABASE_URL") if name in os.environ}
    known |= {name: value for name, value in (PRODUCTION | environment).items() if value is not None}
    return subprocess.run(
        [sys.executable, *(command or ("manage.py", "check"))], cwd=ROOT, env=known, capture_output=True, text=True
    )


def test_a_production_site_has_nothing_that_django_warns_of() -> None:
    done = started("manage.py", "check", "--deploy", "--fail-level", "WARNING")
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", ""),
        ("ALLOWED_HOSTS", ""),
        ("ALLOWED_HOSTS", "https://ir.example.com"),
        ("ALLOWED_HOSTS", "ir.example.com:8000"),
        ("ALLOWED_HOSTS", "ir.example.com;other.example.com"),
        ("CSRF_TRUSTED_ORIGINS", "ir.example.com"),
        ("CSRF_TRUSTED_ORIGINS", "https://ir.example.com/desk"),
        ("DATABASE_URL", "nonsense"),
        ("DATABASE_URL", ""),
        ("DATABASE_URL", "postgres://"),
        ("DATABASE_URL", "postgres://user:geheim@host:port/name"),
        ("DATABASE_URL", "mysql://user:geheim@host/name"),
        ("DEBUG", "perhaps"),
        ("HTTPS", "2"),
        ("TRUSTED_PROXIES", "x"),
        ("TRUSTED_PROXIES", "-1"),
        ("UPLOAD_MEGABYTES", "0"),
        ("STATEMENT_TIMEOUT", "15s"),
        ("EXPORTS_AT_ONCE", "0"),
        ("SEARCH_RATE", "often"),
        ("EXPORT_RATE", "0.5/minute"),
        ("RATE_STORAGE", "nonsense"),
        ("LOG_LEVEL", "LOUD"),
        ("SITE_URL", "nonsense"),
        ("EMAIL_URL", "nonsense"),
        ("DEFAULT_FROM_EMAIL", "nobody"),
        ("MEDIA_ROOT", ""),
        ("STATIC_ROOT", " "),
    ],
)
def test_a_malformed_value_stops_the_start_with_one_line_that_names_it(name: str, value: str) -> None:
    done = started("-c", "import irsite.settings", **{name: value})
    assert done.returncode == 1
    [line] = done.stderr.strip().splitlines()
    assert line.startswith("irsite: the environment is not right:")
    assert f'"{name}"' in line
    assert "geheim" not in line


@pytest.mark.parametrize("name", ["SECRET_KEY", "ALLOWED_HOSTS"])
def test_what_a_site_must_have_is_asked_for_in_one_line(name: str, tmp_path: Path) -> None:
    """In a folder without a .env, which would have it."""
    for part in ("irsite",):
        (tmp_path / part).symlink_to(ROOT / part)
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from pathlib import Path; "
    code += "Path.resolve = lambda self: self; import irsite.settings"
    done = started("-c", code, **{name: None})
    assert done.returncode == 1
    [line] = done.stderr.strip().splitlines()
    assert f'"{name}" not set' in line


def test_a_site_that_is_set_up_right_starts() -> None:
    code = "import irsite.settings as s; print(s.ALLOWED_HOSTS, s.CSRF_TRUSTED_ORIGINS)"
    done = started("-c", code)
    assert "'.example.org', '[::1]'" in done.stdout, done.stderr
    assert "'https://ir.example.org:8443'" in done.stdout


# Headers


def test_over_https_everything_says_so() -> None:
    code = (
        "import django; django.setup(); from django.conf import settings; from django.test import Client; "
        "plain = Client().get('/robots.txt', headers={'host': 'ir.example.com'}); "
        "safe = Client().get('/robots.txt', secure=True, headers={'host': 'ir.example.com'}); "
        "print(plain.status_code, plain['Location'], safe['Strict-Transport-Security'], "
        "settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE, settings.LANGUAGE_COOKIE_SECURE, "
        "settings.SESSION_COOKIE_HTTPONLY, settings.SESSION_COOKIE_SAMESITE)"
    )
    done = started("-c", code, DJANGO_SETTINGS_MODULE="irsite.settings")
    assert done.stdout.split("\n")[0] == (
        "301 https://ir.example.com/robots.txt max-age=31536000; includeSubDomains; preload True True True True Lax"
    ), done.stderr


EXECUTED = re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/(?:ld\+)?json\")", re.IGNORECASE)
STYLED = re.compile(r"<style\b|<[^>]*\sstyle=", re.IGNORECASE)
HANDLED = re.compile(r"<[^>]*\son[a-z]+=|href=[\"']javascript:", re.IGNORECASE)


@pytest.mark.django_db
def test_every_page_forbids_what_is_inline_and_has_nothing_inline(admin_client: Client, admin_user: Any) -> None:
    record, draft = build.record(), build.draft(number="2")
    build.person("new")
    pages = [
        "/",
        "/records/",
        "/records/?q=订单",
        "/questions/",
        "/insights/",
        "/companies/",
        "/institutions/",
        "/topics/",
        "/data/",
        "/no/such/page/",
        record.get_absolute_url(),
        "/admin/",
        "/admin/login/",
        "/admin/password_change/",
        "/admin/import/",
        "/admin/records/record/",
        ADD,
        change(draft),
        change(record),
        f"{change(draft)}?_popup=1",
        reverse("admin:records_record_history", args=[draft.pk]),
        reverse("admin:records_record_delete", args=[draft.pk]),
        "/admin/records/auditentry/",
        "/admin/records/company/add/",
        "/admin/auth/user/add/",
        f"/admin/auth/user/{admin_user.pk}/change/",
        "/admin/auth/group/add/",
    ]
    for path in pages:
        answer = admin_client.get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy, path
        assert "unsafe" not in policy, path
        for directive in ("object-src 'none'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'"):
            assert directive in policy, path
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "camera=()" in answer.headers["Permissions-Policy"]
        page = answer.content.decode()
        for inline in (EXECUTED, STYLED, HANDLED):
            assert not inline.findall(page), (path, inline.search(page))


def test_what_is_inline_would_be_found() -> None:
    assert EXECUTED.search("<script>alert()</script>")
    assert not EXECUTED.search('<script src="/a.js"></script><script type="application/json">')
    assert STYLED.search('<p style="color: red">')
    assert HANDLED.search('<p onclick="x()">')
