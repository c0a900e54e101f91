"""What is written down of a request: its id everywhere, its path and time, and nothing that tells of a person."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from irsite import logs

from . import build
from .test_deploy_settings import started

pytestmark = pytest.mark.django_db


@pytest.fixture
def lines() -> Iterator[Any]:
    """What has been written since, as a site with JSON writes it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.JsonFormatter())
    handler.addFilter(logs.RequestIdFilter())
    root, request = logging.getLogger(), logging.getLogger("irsite.request")
    was = root.level, request.level
    root.addHandler(handler)
    root.setLevel("INFO")
    request.setLevel("INFO")
    yield lambda: [json.loads(line) for line in stream.getvalue().split("\n")[:-1]]
    root.removeHandler(handler)
    root.setLevel(was[0])
    request.setLevel(was[1])


def test_every_answer_has_an_id_of_its_own(client: Client) -> None:
    ids = [client.get(path).headers["X-Request-ID"] for path in ("/", "/", "/no/such/page/", "/records.csv")]
    assert all(re.fullmatch(r"[0-9a-f]{32}", made) for made in ids)
    assert len(set(ids)) == 4


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("a1b2c3d4-e5f6.A_9", True),
        ("x" * 64, True),
        ("x" * 65, False),
        ("short", False),
        ("", False),
        ("a" * 20 + "\n", False),
        ('a" {"level": "ERROR"', False),
        ("编号一二三四五六七八", False),
    ],
)
def test_an_id_that_came_along_is_taken_if_it_is_well_formed(given: str, taken: bool, client: Client) -> None:
    answered = client.get("/", HTTP_X_REQUEST_ID=given).headers["X-Request-ID"]
    assert (answered == given) == taken
    assert logs.WELL_FORMED.fullmatch(answered)


def test_a_request_is_one_line_with_path_status_and_time(client: Client, lines: Any) -> None:
    answer = client.get("/records/")
    [line] = [line for line in lines() if line["logger"] == "irsite.request"]
    assert (line["method"], line["path"], line["status"]) == ("GET", "/records/", 200)
    assert line["request_id"] == answer.headers["X-Request-ID"]
    assert isinstance(line["milliseconds"], int)
    assert line["at"].endswith("+00:00")


def test_all_lines_of_a_request_have_its_id(client: Client, lines: Any) -> None:
    answer = client.get("/no/such/page/")
    found = lines()
    assert {line["logger"] for line in found} == {"django.request", "irsite.request"}
    assert {line["request_id"] for line in found} == {answer.headers["X-Request-ID"]}
    logging.getLogger("x").warning("after it")
    assert lines()[-1]["request_id"] == ""


def test_no_line_tells_who_asked_or_for_what(client: Client, lines: Any) -> None:
    User.objects.create_superuser("zhang-san", password="correct horse battery", first_name="三")
    client.post("/admin/login/", {"username": "zhang-san", "password": "geheim"}, REMOTE_ADDR="203.0.113.77")
    client.post("/admin/login/", {"username": "geheim", "password": "geheim"}, REMOTE_ADDR="203.0.113.77")
    client.post("/admin/login/", {"username": "zhang-san", "password": "correct horse battery"})
    client.get("/records/?q=贾静雯", headers={"user-agent": "Lynx"}, REMOTE_ADDR="203.0.113.77")
    client.get("/no/such/page/?q=贾静雯")
    client.get("/records.csv?year=贾静雯")
    record = build.draft()
    client.post(f"/admin/records/record/{record.pk}/verb/withdraw/")
    written = json.dumps(lines(), ensure_ascii=False)
    assert "/records/" in written
    for personal in ("zhang-san", "geheim", "贾静雯", "203.0.113.77", "Lynx"):
        assert personal not in written


def test_a_failure_tells_its_kind_and_place_and_not_what_was_typed(
    client: Client, lines: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from records import views

    def broken(*_asked: Any, **_options: Any) -> None:
        try:
            int("贾静雯")
        except ValueError as error:
            raise RuntimeError("贾静雯") from error

    monkeypatch.setattr(views, "_browse", broken)
    client.raise_request_exception = False
    assert client.get("/records/").status_code == 500
    [line] = [line for line in lines() if line["level"] == "ERROR"]
    assert [failure["kind"] for failure in line["failures"]] == ["builtins.RuntimeError", "builtins.ValueError"]
    assert any("test_logs.py" in place and place.endswith(" broken") for place in line["failures"][0]["at"])
    assert line["status"] == 500
    assert "贾静雯" not in json.dumps(line, ensure_ascii=False)


def test_a_message_of_several_lines_is_one_line(lines: Any) -> None:
    logging.getLogger("x").warning("first\nsecond \u2028 %s", {"a": 1})
    assert [line["message"] for line in lines()] == ["first\nsecond \u2028 {'a': 1}"]


ASK = (
    "import django; django.setup(); from django.test import Client; "
    "Client().get('/no/such/page/', secure=True, headers={'host': 'ir.example.com'})"
)


def test_a_site_writes_text_or_json_by_its_setting() -> None:
    known = {"DJANGO_SETTINGS_MODULE": "irsite.settings"}
    written = started("-c", ASK, LOG_FORMAT="json", **known).stderr.splitlines()
    assert {json.loads(line)["logger"] for line in written} == {"django.request", "irsite.request"}
    written = started("-c", ASK, LOG_FORMAT="text", **known).stderr.splitlines()
    assert written == ["WARNING django.request: Not Found: /no/such/page/"]


def test_an_unknown_format_stops_the_start() -> None:
    done = started("-c", "import irsite.settings", LOG_FORMAT="xml")
    [line] = done.stderr.strip().splitlines()
    assert '"LOG_FORMAT"' in line


# Sentry


def test_failures_are_reported_nowhere_unless_a_site_says_so() -> None:
    done = started("-c", "import irsite.settings, sys; print('sentry_sdk' in sys.modules)")
    assert done.stdout.strip() == "False", done.stderr


def test_what_is_reported_is_set_up_without_personal_data() -> None:
    code = (
        "import irsite.settings, sentry_sdk; o = sentry_sdk.get_client().options; "
        "print(o['send_default_pii'], o['include_local_variables'], o['max_request_body_size'], o['max_breadcrumbs'])"
    )
    done = started("-c", code, SENTRY_DSN="https://key@sentry.example.com/1")
    assert done.stdout.strip() == "False False never 0", done.stderr


def test_an_event_is_bare() -> None:
    event = {
        "user": {"id": 1, "username": "zhang-san"},
        "request": {
            "method": "GET",
            "url": "https://ir.example.com/records/?q=贾静雯",
            "query_string": "q=贾静雯",
            "headers": {"Cookie": "geheim"},
        },
        "exception": {"values": [{"type": "ValueError", "value": "贾静雯"}]},
    }
    token = logs.current.set("an-id-of-ours")
    sent = logs.bare(event)
    logs.current.reset(token)
    assert sent["request"] == {"method": "GET", "url": "https://ir.example.com/records/"}
    assert sent["tags"] == {"request_id": "an-id-of-ours"}
    for personal in ("zhang-san", "贾静雯", "geheim"):
        assert personal not in str(sent)


@pytest.mark.parametrize(
    ("before", "address"),
    [("", "nonsense"), ("sys.modules['sentry_sdk'] = None; ", "https://key@sentry.example.com/1")],
    ids=["malformed", "not installed"],
)
def test_what_cannot_report_stops_the_start_with_one_line(before: str, address: str) -> None:
    done = started("-c", f"import sys; {before}import irsite.settings", SENTRY_DSN=address)
    assert done.returncode == 1
    [line] = done.stderr.strip().splitlines()
    assert line.startswith("irsite:")
    assert '"SENTRY_DSN"' in line
