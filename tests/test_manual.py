"""The page about the data: every column and parameter, and examples that run as they stand."""

from __future__ import annotations

import html
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone, translation
from pytest_django.live_server_helper import LiveServer

from records.downloads import EXAMPLES
from records.filters import RecordFilter
from records.levels import LEVELS
from records.models import Record
from tests import build


def example(body: str, name: str) -> str:
    found = re.search(rf'<code id="{name}">(.*?)</code>', body, re.DOTALL)
    assert found
    return html.unescape(found[1])


@pytest.mark.django_db
def test_every_public_column_and_every_parameter_is_told(client: Client) -> None:
    body = html.unescape(client.get("/data/").content.decode())
    for level in LEVELS.values():
        for column in level.columns:
            assert (f"<code>{column.name}</code>" in body) or column.staff
    assert EXAMPLES.keys() == RecordFilter.base_filters.keys()
    assert all(f"<code>{name}</code>" in body for name in EXAMPLES)


@pytest.mark.django_db
def test_no_column_that_is_for_staff_is_told(client: Client) -> None:
    public = {column.name for level in LEVELS.values() for column in level.public_columns}
    body = client.get("/data/").content.decode()
    for level in LEVELS.values():
        for column in level.columns:
            assert column.name in public or f"<code>{column.name}</code>" not in body


@pytest.mark.django_db
@pytest.mark.parametrize("stored", [False, True])
def test_every_example_of_a_parameter_is_understood(stored: bool, client: Client) -> None:
    if stored:
        build.record(topics=["大模型"])
    body = html.unescape(client.get("/data/").content.decode())
    row = r'<code>(\w+)</code></th><td>[^<]*</td><td>(?:<code lang="zh-Hans">(.*?)</code>)?</td>'
    examples = dict(re.findall(row, body.partition('id="curl"')[0]))
    assert examples.keys() == EXAMPLES.keys()
    for name, example in examples.items():
        assert example or not stored, name
        answer = client.get("/records.csv", {name: example})
        assert answer.status_code == 200, (name, example)
        assert list(answer.streaming_content)  # type: ignore[attr-defined]


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_columns_go_by_their_headings(language: str, client: Client) -> None:
    client.cookies["django_language"] = language
    body = html.unescape(client.get("/data/").content.decode())
    with translation.override(language):
        headings = {column.name: column.heading for column in LEVELS["records"].columns}
        assert f"“{headings['symbol']}”" in body
        assert f"“{headings['address']}”" in body


@pytest.mark.django_db
def test_of_a_correction_only_the_address_is_the_same_and_the_page_says_so(client: Client) -> None:
    def rows(level: str) -> list[dict[str, Any]]:
        return client.get(f"/{level}.json").json()["results"]

    build.record(number="1")
    before = {level: rows(level) for level in LEVELS}
    correction = Record.objects.get().correct()
    correction.publish()
    for level, (then,) in before.items():
        (now,) = rows(level)
        ids = [name for name in then if name in {"record_id", f"{level.removesuffix('s')}_id"}]
        assert all(then[name] != now[name] for name in ids), level
    assert before["records"][0]["address"] == rows("records")[0]["address"]
    client.cookies["django_language"] = "en"
    body = client.get("/data/").content.decode()
    assert "never change" not in body.lower()
    assert body.count("a correction has another") == 5  # the record's id on each level, and those of its rows


@pytest.mark.django_db(transaction=True)
def test_the_examples_run(live_server: LiveServer, client: Client, tmp_path: Path) -> None:
    this_year = build.record(number="now", held=str(timezone.localdate()))
    build.records(3, asked=[("订单？", "足。"), ("分红？", "有。")])
    body = client.get(
        f"{live_server.url}/data/", headers={"Host": live_server.url.partition("//")[2]}
    ).content.decode()
    known: dict[str, Any] = {}
    exec(example(body, "python").replace("limit=1000", "limit=2"), known)  # noqa: S102 - what the page tells people to run
    assert len(known["questions"]) == 7
    if curl := shutil.which("curl"):
        command = shlex.split(example(body, "curl"))
        subprocess.run([curl, "--silent", *command[1:]], check=True, cwd=tmp_path)
        rows = (tmp_path / "records.csv").read_text(encoding="utf-8-sig").splitlines()
        assert len(rows) == 2
        assert f"{this_year.pk}," in rows[1]
        # pandas is told the heading of the code, so that 000001 stays what it is.
        heading = re.search(r'dtype=\{"(.+)": str\}', example(body, "pandas"))
        assert heading
        assert heading[1] in rows[0].split(",")
