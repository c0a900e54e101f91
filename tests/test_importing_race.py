"""Two requests at once for one filing: one record, and the other is told."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from records.models import Intake, Record

from . import build
from .test_importing_desk import bring, editor, file, form, page_form

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(posts: list[tuple[Client, str, dict[str, Any]]]) -> list[Any]:
    """The answers to posts that begin together, each in a thread and a connection of its own."""
    barrier = threading.Barrier(len(posts))
    answers: list[Any] = []

    def post(client: Client, path: str, data: dict[str, Any]) -> None:
        try:
            barrier.wait()
            answers.append(client.post(path, data))
        finally:
            connection.close()

    threads = [threading.Thread(target=post, args=one) for one in posts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def signed_in(name: str) -> Client:
    client = Client()
    client.force_login(editor(name))
    return client


def test_a_double_submit_makes_one_record() -> None:
    client = signed_in("editor")
    page = bring(client, file(form()))
    path, data = page.request["PATH_INFO"], {**page_form(page), "op": "create"}
    answers = at_once([(client, path, data)] * 2)
    record = Record.objects.get()
    assert [answer.url for answer in answers] == [f"/admin/records/record/{record.pk}/change/"] * 2
    assert record.attachments.count() == 1
    assert not Intake.objects.exists()


@pytest.mark.parametrize("number", ["2025-003", ""])
def test_two_people_with_one_filing_make_one_record(number: str) -> None:
    build.company("999001")
    posts = []
    for name in ("first", "second"):
        client = signed_in(name)
        page = bring(client, file(form(number)))
        posts.append((client, page.request["PATH_INFO"], {**page_form(page), "op": "create"}))
    assert sorted(answer.status_code for answer in at_once(posts)) == [302, 409]
    assert Record.objects.count() == 1
    assert Intake.objects.count() == 1
