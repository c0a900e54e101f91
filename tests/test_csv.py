"""The CSV of a list: the same records as the page, safe and whole in a spreadsheet."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from records import exports, levels
from records.models import Record
from tests import build

pytestmark = pytest.mark.django_db


def body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def rows(client: Client, query: str = "") -> list[dict[str, str]]:
    text = body(client.get(f"/records.csv?{query}")).decode("utf-8-sig")
    lines = list(csv.reader(io.StringIO(text)))
    keys = [column.name for column in levels.RECORDS.public_columns]
    return [dict(zip(keys, line, strict=True)) for line in lines[1:]]


def test_the_file_holds_the_records_of_the_page_in_its_order(client: Client) -> None:
    build.records(40, topics=["大模型"])
    build.record(build.company("999002"), number="other")
    query = f"company=999001&topic={build.topic('大模型').slug}&date_after=2024-01-10&sort=disclosure"
    first = client.get(f"/records/?{query}").context["listing"].page
    second = client.get(f"/records/?{query}&page=2").context["listing"].page
    assert [row["record_id"] for row in rows(client, query)] == [str(record.pk) for record in [*first, *second]]
    assert first.paginator.count == 32


def test_a_draft_is_not_in_the_file(client: Client) -> None:
    build.record(number="shown")
    build.draft(number="hidden")
    assert [row["number"] for row in rows(client)] == ["shown"]


def test_the_link_on_a_page_gives_what_the_page_shows(client: Client) -> None:
    build.record(number="a", topics=["大模型"])
    build.record(build.company("999002"), number="b", topics=["大模型"])
    build.record(number="c")
    page = client.get(f"/topics/{build.topic('大模型').slug}/?company=999001&institution=x")
    address = str(page.context["downloads"]["csv"])
    assert [row["number"] for row in rows(client, address.partition("?")[2])] == ["a"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_can_run_in_a_spreadsheet(start: str, client: Client) -> None:
    build.record(place=f"{start}1+cmd|' /C calc'!A0")
    place = rows(client)[0]["place"]
    assert place[0] == "'"
    assert "cmd" in place


def test_the_file_opens_in_a_chinese_excel_and_codes_keep_their_zeros(client: Client) -> None:
    build.record(build.company("000001", "长岭"))
    assert body(client.get("/records.csv")).startswith(b"\xef\xbb\xbf")
    row = rows(client)[0]
    assert row["company_code"] == "000001"
    assert row["symbol"] == "000001.SZ"


def test_the_file_is_a_download_named_by_the_day(client: Client) -> None:
    answer = client.get("/records.csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == f'attachment; filename="records-{timezone.localdate()}.csv"'


def test_rows_come_piece_by_piece(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "CHUNK", 5)
    build.records(11)
    answer: Any = client.get("/records.csv")
    assert answer.streaming
    assert len(list(answer.streaming_content)) == 1 + 3


@pytest.mark.parametrize("query", ["date_after=abc", "company=x", "company=999001&company=x", "q=" + "a" * 201])
def test_an_address_that_is_not_understood_whole_is_refused_with_the_reason(query: str, client: Client) -> None:
    build.record()
    answer = client.get(f"/records.csv?{query}")
    assert answer.status_code == 400
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    sentences = client.get(f"/records/?{query}").context["listing"].complaints
    assert answer.content.decode() == "\n".join(f"{label}: {sentence}" for label, sentence in sentences)


def test_no_records_give_the_heading_alone(client: Client) -> None:
    assert not Record.objects.exists()
    assert body(client.get("/records.csv")).count(b"\r\n") == 1
