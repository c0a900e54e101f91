"""How much may be asked for: what goes beyond is one sentence, and nothing is stored; what stays within just works."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connection
from django.test import Client

from irsite import bounds, middleware

from . import build
from .test_admin_entry import change, form

pytestmark = pytest.mark.django_db

LIST = "/admin/records/record/"


@pytest.fixture(autouse=True)
def own_counts(settings: Any) -> Iterator[None]:
    bounds._limiter.cache_clear()
    yield
    bounds._limiter.cache_clear()


def chinese_and_english(client: Client, ask: Any) -> tuple[Any, Any]:
    answers = []
    for language in ("zh-hans", "en"):
        client.cookies["django_language"] = language
        answers.append(ask())
        # That each sentence has its translation is checked with the catalogue.
        assert answers[-1].headers["Content-Language"] == language
    return answers[0], answers[1]


# The address


def test_an_address_that_is_too_long_is_414_with_a_sentence_in_either_language(client: Client) -> None:
    for path in ("/records/", "/records.csv", LIST):
        chinese, english = chinese_and_english(client, lambda path=path: client.get(f"{path}?q={'x' * 8192}"))
        assert (chinese.status_code, english.status_code) == (414, 414)
        assert "8192" in english.content.decode()
        assert "longer than" in english.content.decode()


def test_an_address_just_short_enough_is_understood(client: Client) -> None:
    query = "/records/?year=2024&q="
    assert client.get(query + "x" * (bounds.MAX_ADDRESS - len(query))).status_code == 200
    assert client.get(query + "x" * (bounds.MAX_ADDRESS - len(query) + 1)).status_code == 414


def test_a_page_far_out_is_the_last_one(client: Client) -> None:
    build.records(31)
    answer = client.get("/records/?page=999999")
    assert answer.context["listing"].page.number == 2


# The body


def test_a_body_that_is_too_large_is_refused_before_it_is_read(admin_client: Client, settings: Any) -> None:
    settings.UPLOAD_MEGABYTES = 1
    data = {"files": SimpleUploadedFile("a.md", b"x" * (2 * 2**20))}
    answer = admin_client.post("/admin/import/", data)
    assert answer.status_code == 413
    assert "1 MB" in answer.content.decode()
    assert admin_client.post("/admin/import/", {"text": "x"}).status_code == 302


@pytest.mark.parametrize("said", ["x", "-1", "9" * 40, ""])
def test_a_length_that_is_none_is_no_error_of_ours(said: str, client: Client) -> None:
    assert client.get("/records/", CONTENT_LENGTH=said).status_code == 200


def test_a_form_with_too_much_text_or_too_many_fields_is_413(admin_client: Client, settings: Any) -> None:
    record = build.draft(place="会议室")
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 2**20
    answer = admin_client.post(change(record), form(record, introduction="长" * 2**19))
    assert (answer.status_code, "1 MB" in answer.content.decode()) == (413, True)
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 20
    answer = admin_client.post(change(record), form(record, place="别处"))
    assert (answer.status_code, "20" in answer.content.decode()) == (413, True)
    record.refresh_from_db()
    assert (record.place, record.introduction) == ("会议室", "")


def test_too_many_files_at_once_are_413(admin_client: Client, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FILES = 3
    answer = admin_client.post("/admin/import/", {"files": [SimpleUploadedFile(f"{n}.md", b"x") for n in range(4)]})
    assert answer.status_code == 413


def test_the_longest_record_that_is_known_fits(admin_client: Client) -> None:
    record = build.draft(
        visitors=[f"基金{n} 张{n}" for n in range(250)], asked=[(f"问题{n}？", "答。" * 50) for n in range(87)]
    )
    answer = admin_client.post(change(record), form(record, place="别处"))
    assert answer.status_code == 302
    record.refresh_from_db()
    assert (record.place, record.question_count) == ("别处", 87)


# How often


def rated(settings: Any, **rates: str) -> None:
    settings.RATES = dict.fromkeys(("search", "export", "login"), "") | rates


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("search", "/records/?q=订单"),
        ("search", "/questions/?q=订单"),
        ("search", "/companies/?q=晨光"),
        ("search", "/insights/?year=2024"),
        ("export", "/records.csv"),
        ("export", "/questions.xlsx"),
        ("export", "/participants.json"),
        ("export", "/insights/months.csv"),
    ],
)
def test_who_asks_too_often_is_told_when_to_come_back(kind: str, path: str, client: Client, settings: Any) -> None:
    build.record()
    rated(settings, **{kind: "2/minute"})
    for _time in range(2):
        assert client.get(path).status_code in {200, 404}
    chinese, english = chinese_and_english(client, lambda: client.get(path))
    for answer in (chinese, english):
        assert answer.status_code == 429
        assert 1 <= int(answer.headers["Retry-After"]) <= 60
        assert "no-store" in answer.headers["Cache-Control"]
    assert "try again in" in english.content.decode()


def test_others_and_other_pages_are_not_counted_along(client: Client, settings: Any) -> None:
    build.record()
    rated(settings, search="1/minute")
    assert client.get("/records/?q=a").status_code == 200
    assert client.get("/records/?q=a").status_code == 429
    assert client.get("/records/?q=a", REMOTE_ADDR="203.0.113.9").status_code == 200
    for path in ("/", "/records/", "/records/?q=", "/records/?year=2024", "/records.csv?q=a"):
        assert client.get(path).status_code == 200, path


def test_an_office_is_one_network_of_ipv6_addresses(client: Client, settings: Any) -> None:
    rated(settings, search="1/minute")
    ask = "/records/?q=a"
    assert client.get(ask, REMOTE_ADDR="2001:db8::1").status_code == 200
    assert client.get(ask, REMOTE_ADDR="2001:db8::2").status_code == 429
    assert client.get(ask, REMOTE_ADDR="2001:db8:0:1::1").status_code == 200


def test_a_header_that_nobody_of_ours_wrote_buys_no_more(client: Client, settings: Any) -> None:
    rated(settings, search="1/minute")
    answers = [
        client.get("/records/?q=a", HTTP_X_FORWARDED_FOR=f"203.0.113.{n}", REMOTE_ADDR="192.0.2.1").status_code
        for n in range(3)
    ]
    assert answers == [200, 429, 429]


def test_guessing_passwords_is_bounded_whatever_the_name(client: Client, settings: Any) -> None:
    rated(settings, login="3/minute")
    answers = [client.post("/admin/login/", {"username": f"name{n}", "password": "x"}).status_code for n in range(5)]
    assert answers == [200, 200, 200, 429, 429]
    assert client.get("/admin/login/").status_code == 200


def test_an_export_at_the_desk_is_counted_and_saving_is_not(admin_client: Client, settings: Any) -> None:
    record = build.draft()
    rated(settings, export="1/minute")
    data = {"action": "export_records", "_selected_action": [record.pk]}
    assert admin_client.post(LIST, data).status_code == 200
    assert admin_client.post(LIST, data).status_code == 429
    assert admin_client.post(change(record), form(record, place="别处")).status_code == 302
    assert admin_client.get(f"{LIST}?q=a").status_code == 200


@pytest.mark.parametrize(("actions", "index"), [(["export_records", "x"], "0"), (["x", "export_records"], "1")])
def test_an_export_beside_another_action_is_counted_and_has_a_place(
    actions: list[str], index: str, admin_client: Client, settings: Any
) -> None:
    record = build.draft()
    data = {"action": actions, "index": index, "_selected_action": [record.pk]}
    rated(settings)
    settings.EXPORTS_AT_ONCE = 0
    assert admin_client.post(LIST, data).status_code == 429
    settings.EXPORTS_AT_ONCE = 2 + bounds.SLOTS.taken
    rated(settings, export="1/minute")
    assert [admin_client.post(LIST, data).status_code for _time in range(2)] == [200, 429]


def test_a_counter_that_is_down_keeps_nobody_out(client: Client, settings: Any, monkeypatch: Any) -> None:
    rated(settings, search="1/minute")

    def fail(*_asked: Any) -> bool:
        raise bounds.StorageError(ConnectionError("gone"))

    monkeypatch.setattr(bounds.FixedWindowRateLimiter, "hit", fail)
    assert [client.get("/records/?q=a").status_code for _time in range(3)] == [200] * 3


def test_counting_asks_the_database_nothing(client: Client, settings: Any, django_assert_num_queries: Any) -> None:
    rated(settings)
    client.get("/records/?q=a")
    with django_assert_num_queries(0):
        assert bounds.wait("search", "192.0.2.1") == 0
    rated(settings, search="9/minute")
    with django_assert_num_queries(0):
        assert bounds.wait("search", "192.0.2.1") == 0


# How many at once


def test_of_many_exports_at_once_some_are_asked_to_come_back(client: Client, settings: Any) -> None:
    build.record()
    settings.EXPORTS_AT_ONCE = 2
    taken = bounds.SLOTS.taken
    settings.EXPORTS_AT_ONCE += taken
    running = [client.get("/records.csv") for _time in range(2)]
    refused = client.get("/questions.csv")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, str(bounds.RETRY_EXPORT))
    assert client.get("/records.json").status_code == 200
    assert client.get("/records/").status_code == 200
    assert b"".join(running[0].streaming_content)
    again = client.get("/questions.csv")
    assert again.status_code == 200
    for answer in (running[1], again):
        answer.close()
    assert bounds.SLOTS.taken == taken


def test_an_export_that_fails_or_is_refused_gives_its_place_back(client: Client, settings: Any) -> None:
    taken = bounds.SLOTS.taken
    assert client.get("/records.csv?year=nonsense").status_code == 400
    assert client.get("/records/999001/none.docx").status_code == 404
    assert bounds.SLOTS.taken == taken


def test_places_are_counted_right_by_many_threads(settings: Any) -> None:
    settings.EXPORTS_AT_ONCE = 5
    slots, got = bounds.Slots(), []
    threads = [threading.Thread(target=lambda: got.append(slots.take())) for _n in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(got) == slots.taken == 5


def test_a_place_is_given_back_in_the_midst_of_taking_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the garbage collector does it, which comes whenever it likes."""
    slots = bounds.Slots()

    def read(_settings: Any) -> int:
        slots.free()
        return 5

    assert slots.take()
    monkeypatch.setattr(bounds, "settings", type("Settings", (), {"EXPORTS_AT_ONCE": property(read)})())
    taking = threading.Thread(target=slots.take, daemon=True)
    taking.start()
    taking.join(timeout=20)
    assert not taking.is_alive()
    assert slots.taken == 1


# How long


@pytest.mark.django_db(transaction=True)
def test_a_statement_that_takes_too_long_is_given_up_and_said_so(
    client: Client, settings: Any, monkeypatch: Any
) -> None:
    """On SQLite, which has no such bound, the failure is made; on PostgreSQL the server itself gives up."""
    from records import views

    def slow(*_asked: Any, **_options: Any) -> Any:
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("SELECT pg_sleep(30)")
            raise OperationalError("database is locked")

    settings.STATEMENT_TIMEOUT = 1
    bounds.bound_statements(connection)
    monkeypatch.setattr(views, "_browse", slow)
    try:
        chinese, english = chinese_and_english(client, lambda: client.get("/records/"))
    finally:
        connection.close()
    for answer in (chinese, english):
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, str(bounds.RETRY_BUSY))
    assert "in time" in english.content.decode()


def test_other_failures_of_the_database_are_not_explained_away(client: Client, monkeypatch: Any) -> None:
    from records import views

    def broken(*_asked: Any, **_options: Any) -> Any:
        raise OperationalError("no such table: records_record")

    monkeypatch.setattr(views, "_browse", broken)
    client.raise_request_exception = False
    assert client.get("/records/").status_code == 500


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has no such bound")
def test_only_a_server_bounds_its_statements(settings: Any) -> None:
    def timeout() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SHOW statement_timeout")
            return cursor.fetchone()[0]

    assert timeout() == "0"  # as in a command
    settings.STATEMENT_TIMEOUT = 15
    bounds.bound_statements(connection)
    assert timeout() == "15s"
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")


def test_the_server_bounds_each_connection() -> None:
    """In a process of its own: here it would bound the tests."""
    import os
    import subprocess
    import sys

    code = (
        "import irsite.wsgi; from django.db.backends.signals import connection_created as made; "
        "from irsite.bounds import bound_statements; print(any(r[1]() is bound_statements for r in made.receivers))"
    )
    known = {**os.environ, "DJANGO_SETTINGS_MODULE": "irsite.settings", "SECRET_KEY": "x", "ALLOWED_HOSTS": "x"}
    done = subprocess.run([sys.executable, "-c", code], env=known, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"


def test_the_address_is_settled_before_it_is_counted(settings: Any) -> None:
    order = settings.MIDDLEWARE
    first = f"{middleware.__name__}.ClientAddressMiddleware"
    assert order.index(first) < order.index(f"{bounds.__name__}.BoundsMiddleware")
