"""`/healthz` and `/readyz`: what those hear who look after the site."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from irsite import health
from records import reindexing
from records.models import Question

from . import build, gone

ALL_RIGHT = {"database": "ok", "migrations": "ok", "search": "ok"}
# The database itself, two to look for the parts of the indexes, two whether these are stale.
READY_QUERIES = 5


@pytest.fixture(autouse=True)
def new_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_migrated", False)


def test_the_process_is_alive_without_its_database(client: Client) -> None:
    """No mark gives this test a database: asking it would fail."""
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok")


@pytest.mark.django_db
def test_a_site_that_can_serve_says_so(client: Client) -> None:
    for number in ("1", "2"):
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()) == (200, ALL_RIGHT)
        build.record(number=number)


@pytest.mark.django_db
def test_it_costs_little_once_it_was_ready(client: Client, django_assert_num_queries: Any) -> None:
    client.get("/readyz")
    with django_assert_num_queries(READY_QUERIES):
        assert client.get("/readyz").status_code == 200


@pytest.mark.django_db
def test_a_migration_that_is_not_applied_is_waited_for(client: Client) -> None:
    name = MigrationRecorder.Migration.objects.filter(app="records").latest("pk")
    name.delete()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"database": "ok", "migrations": "failed"})
    MigrationRecorder.Migration.objects.create(app="records", name=name.name)
    assert client.get("/readyz").json() == ALL_RIGHT


@pytest.fixture
def whole_index() -> Iterator[None]:
    yield
    reindexing.reindex(connection)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("whole_index")
@pytest.mark.parametrize("how", ["part lost", "stale"])
def test_a_search_that_would_miss_something_is_not_ready(client: Client, how: str) -> None:
    record = build.record()
    trigger = "DROP TRIGGER records_question_grams_insert"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql" and how == "part lost":
            cursor.execute("DROP INDEX records_question_grams")
        elif connection.vendor == "postgresql":
            build.index_of_another_version()
        else:
            cursor.execute("SELECT sql FROM sqlite_master WHERE name = 'records_question_grams_insert'")
            ((text,),) = cursor.fetchall()
            cursor.execute(trigger)
        if how == "stale" and connection.vendor == "sqlite":
            Question.objects.create(record=record, position=2, text="甲乙？")
            cursor.execute(text)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"database": "ok", "migrations": "ok", "search": "failed"})
    reindexing.reindex(connection)
    assert client.get("/readyz").json() == ALL_RIGHT


@pytest.mark.django_db(transaction=True)
def test_a_database_that_does_not_answer_is_said_without_its_secrets(client: Client) -> None:
    with gone.database():
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()) == (503, {"database": "failed"})
        assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").json() == ALL_RIGHT


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/healthz", "/readyz"])
def test_it_is_asked_by_any_name_without_https_and_kept_by_nobody(address: str, client: Client, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["ir.example.com"]
    settings.SECURE_SSL_REDIRECT = True
    answer = client.get(address, headers={"host": "10.0.0.7:8000"})
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    assert not answer.cookies
    assert client.head(address).status_code == 200
    assert client.post(address).status_code == 405
    assert client.get("/records/", headers={"host": "10.0.0.7:8000"}).status_code == 400


@pytest.mark.django_db
def test_no_sitemap_names_it(client: Client) -> None:
    build.record()
    for section in ("", "-records", "-companies", "-institutions", "-topics"):
        answer = client.get(f"/sitemap{section}.xml")
        assert answer.status_code == 200
        assert b"healthz" not in answer.content
        assert b"readyz" not in answer.content
