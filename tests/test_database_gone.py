"""A database that does not answer: every page says so and when to come back, and the site goes on by itself after it."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg
import pytest
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage
from django.contrib.sessions.backends.db import SessionStore
from django.db import IntegrityError, OperationalError, connection
from django.test import Client
from django.urls import reverse

from irsite import outages
from records import exports
from records.models import Record
from records.urls import urlpatterns

from . import build, gone, served

pytestmark = pytest.mark.django_db(transaction=True)

# What asks the database for nothing.
WITHOUT_DATABASE = {"data", "robots", "favicon"}
SENTENCES = {"zh-hans": "数据库", "en": "Its database does not answer."}


def addresses(record: Record) -> dict[str, str]:
    """Every public address, of this record and what belongs to it."""
    question, topic = record.questions.get(), record.questions.get().topics.get()
    arguments: dict[str, list[Any]] = {
        "official_form": [record.company.code, record.slug],
        "record": [record.company.code, record.slug],
        "changes": [record.company.code, record.slug],
        "question": [question.pk],
        "answers": [question.pk],
        "attachment": [1],
        "company": [record.company.code],
        "company_calendar": [record.company.code],
        "institution": [record.participants.get().institution_id],
        "topic": [topic.slug],
        "sitemap": ["records"],
    }
    names = [pattern.name for pattern in urlpatterns]
    return {name: reverse(f"records:{name}", args=arguments.get(name, [])) for name in names}


@pytest.fixture
def visitor() -> Client:
    return Client(raise_request_exception=False)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_public_address_says_so(visitor: Client, language: str) -> None:
    asked = addresses(build.record(topics=["大模型"]))
    assert len(asked) > 30
    visitor.cookies["django_language"] = language
    with gone.database():
        for name, address in asked.items():
            answer = visitor.get(address)
            if name in WITHOUT_DATABASE:
                assert answer.status_code in {200, 302}, address
                continue
            if answer.streaming:  # the heading was on its way before the database was asked
                with pytest.raises(OperationalError):
                    list(answer.streaming_content)
                continue
            assert answer.status_code == 503, address
            assert answer["Retry-After"] == "30"
            assert answer["Cache-Control"] == "no-store"
            if address.endswith(".json"):
                assert set(answer.json()) == {"error"}
            else:
                assert answer["Content-Type"] == "text/html; charset=utf-8"
    for name, address in asked.items():
        if name not in {"attachment", "changes"}:
            assert visitor.get(address).status_code in {200, 302}, address


def test_the_page_is_in_the_language_of_its_reader(visitor: Client) -> None:
    with gone.database():
        pages = {}
        for language in SENTENCES:
            visitor.cookies["django_language"] = language
            pages[language] = visitor.get("/records/").content.decode()
    assert SENTENCES["en"] in pages["en"]
    assert pages["en"] != pages["zh-hans"]


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/json", "application/json"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html; charset=utf-8"),
        ("*/*", "text/html; charset=utf-8"),
    ],
)
def test_who_asks_for_json_is_told_in_json(visitor: Client, accept: str, kind: str) -> None:
    with gone.database():
        answer = visitor.get("/records/", headers={"accept": accept})
    assert (answer.status_code, answer["Content-Type"]) == (503, kind)


def test_the_desk_says_so(visitor: Client) -> None:
    record = build.draft()
    user = build.person("editor", is_superuser=True)
    user.set_password("correct horse")
    user.save()
    visitor.force_login(user)
    pages = [
        reverse("admin:index"),
        reverse("admin:records_record_changelist"),
        reverse("admin:records_record_add"),
        reverse("admin:records_record_change", args=[record.pk]),
        reverse("admin:records_company_changelist"),
        reverse("admin:auth_user_changelist"),
    ]
    for page in pages:
        assert visitor.get(page).status_code == 200
    with gone.database():
        for page in pages:
            for answer in (visitor.get(page), visitor.post(page, {"number": "1"})):
                assert (answer.status_code, answer["Retry-After"]) == (503, "30"), page
        login = {"username": "editor", "password": "correct horse"}
        assert Client(raise_request_exception=False).post("/admin/login/", login).status_code == 503
    for page in pages:
        assert visitor.get(page).status_code == 200  # who was logged in still is


def test_what_needs_no_database_is_there(visitor: Client) -> None:
    with gone.database():
        assert visitor.get("/no/such/page/").status_code == 404
        assert visitor.get("/admin/login/").status_code == 200
        assert visitor.get("/static/records/site.css").status_code == 200


def test_a_session_that_cannot_be_stored_is_no_bad_request(visitor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Django takes it for one that was deleted meanwhile."""
    visitor.force_login(build.person("editor", is_superuser=True))
    save = SessionStore.save

    def save_later(self: Any, *args: Any, **options: Any) -> None:
        with gone.database():
            save(self, *args, **options)

    record = build.draft()
    monkeypatch.setattr(SessionStore, "save", save_later)
    monkeypatch.setattr(FallbackStorage, "storage_classes", (SessionStorage,))
    address = reverse("admin:records_record_change", args=[record.pk]).replace("change", "verb/submit")
    assert visitor.post(address).status_code == 503


def test_a_mistake_of_the_program_is_no_outage(visitor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def ask_wrongly(*args: Any) -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SELECT nothing FROM nowhere")

    monkeypatch.setattr(Record.objects.all().__class__, "newest_first", ask_wrongly)
    answer = visitor.get("/")
    assert answer.status_code == 500
    assert "Retry-After" not in answer
    assert not outages.outage_of(IntegrityError("x"))
    assert not outages.outage_of(None)


@pytest.mark.parametrize(
    ("state", "is_outage"),
    [
        ("53100", True),  # the disk is full
        ("53300", True),  # too many connections
        ("57P01", True),  # the server was stopped
        ("57P03", True),  # it is starting
        ("55P03", True),  # locked for too long
        ("40P01", True),  # two held up each other
        ("25006", True),  # it only reads
        ("54000", False),  # too much was asked at once
        ("23505", False),
        ("42P01", False),
    ],
)
def test_what_postgresql_calls_it_tells_an_outage(state: str, is_outage: bool) -> None:
    assert bool(outages.outage_of(psycopg.errors.lookup(state)("x"))) is is_outage


def test_a_full_disk_is_an_outage(tmp_path: Path) -> None:
    full = sqlite3.connect(tmp_path / "db.sqlite3")
    full.execute("CREATE TABLE t (x)")
    full.execute("PRAGMA max_page_count = 3")
    with pytest.raises(sqlite3.OperationalError) as raised:
        full.execute("INSERT INTO t VALUES (zeroblob(100000))")
    assert outages.outage_of(raised.value)
    with pytest.raises(sqlite3.OperationalError) as raised:
        full.execute("SELECT * FROM nowhere")
    assert not outages.outage_of(raised.value)
    full.close()


def test_a_stream_that_breaks_off_says_so_in_its_last_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "CHUNK", 1)
    build.records(5)
    answer: Any = Client().get("/records.csv")
    lines = iter(answer.streaming_content)
    found = [next(lines), next(lines)]
    if connection.vendor == "sqlite":
        connection.connection.set_progress_handler(lambda: 1, 1)  # every query is broken off
    else:
        other = connection.copy()
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [connection.connection.info.backend_pid])
        other.close()
    try:
        with pytest.raises(OperationalError):
            found.extend(lines)  # takes what comes before it breaks off
    finally:
        connection.close()
    assert "INCOMPLETE" in found[-1].decode() or "不完整" in found[-1].decode()
    assert Client().get("/records.csv").status_code == 200


# A server of its own


def manage(url: str, *command: str) -> None:
    environment = {**os.environ, **served.ENVIRONMENT, "DATABASE_URL": url}
    subprocess.run([sys.executable, "manage.py", *command, "--verbosity", "0"], env=environment, check=True)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A database in a file of its own."""
    if connection.vendor != "sqlite":
        pytest.skip("a file is what SQLite has")
    path = tmp_path / "db.sqlite3"
    manage(f"sqlite:///{path}", "migrate")
    return path


def is_gone(site: served.Site) -> None:
    for path in ("/", "/records/"):
        answer = site.ask(path)
        assert (answer.status, answer.headers["Retry-After"]) == (503, "30")
    assert site.ask("/records.json").headers["Content-Type"] == "application/json"
    assert site.ask("/healthz").status == 200
    assert site.ask("/readyz").text == '{"database": "failed"}'


def is_back(site: served.Site) -> None:
    site.wait_for("/readyz", 200)
    for path in ("/", "/records/", "/records.json", "/records.csv"):
        assert site.ask(path).status == 200


def test_a_file_that_was_moved_away_is_missed_and_not_made_anew(file: Path) -> None:
    with served.site(f"sqlite:///{file}") as site:
        is_back(site)
        away = file.rename(file.with_name("away.sqlite3"))
        is_gone(site)
        assert not file.exists()
        away.rename(file)
        is_back(site)


def test_a_file_that_is_locked_for_too_long(file: Path) -> None:
    """Readers are not held up by a writer, but by whoever has the file for themselves."""
    with served.site(f"sqlite:///{file}?timeout=1") as site:
        is_back(site)
        holder = sqlite3.connect(file, isolation_level=None)
        holder.execute("PRAGMA locking_mode = EXCLUSIVE")
        holder.execute("BEGIN IMMEDIATE")
        holder.execute("UPDATE records_activitytype SET name = name")
        holder.execute("COMMIT")
        answer = site.ask("/records/")
        holder.close()
        assert (answer.status, answer.headers["Retry-After"]) == (503, "30")
        is_back(site)


@pytest.fixture
def line() -> Iterator[served.Line]:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no line that could be cut")
    host = unquote(str(urlsplit(os.environ["DATABASE_URL"]).netloc.partition("@")[2]))
    made = served.Line(f"{host}/.s.PGSQL.5432")
    yield made
    made.cut()


def test_a_server_that_stops_and_comes_back(line: served.Line) -> None:
    build.record()
    url = f"postgres://irsite@127.0.0.1:{line.port}/{connection.settings_dict['NAME']}"
    with served.site(url) as site:
        is_back(site)
        line.cut()
        is_gone(site)
        line.restore()
        is_back(site)


def test_a_server_that_was_not_there_at_the_start(line: served.Line) -> None:
    line.cut()
    url = f"postgres://irsite@127.0.0.1:{line.port}/{connection.settings_dict['NAME']}"
    with served.site(url) as site:
        is_gone(site)
        line.restore()
        is_back(site)
