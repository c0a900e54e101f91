"""What a reader's connection has to carry: the page, its style sheet and its scripts, compressed, as served."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from tests import build

pytestmark = pytest.mark.django_db

HEAVIEST = 60_000  # bytes of a page with all that it links to, fonts left out
STYLE_SHEET = 12_000


def carried(client: Client, address: str) -> int:
    page = client.get(address, headers={"Accept-Encoding": "gzip"})
    assert page.status_code == 200
    assert page["Content-Encoding"] == "gzip"
    body = gzip.decompress(page.content).decode()
    linked = set(re.findall(r'(?:href|src)="/static/([^"]+\.(?:css|js|svg))"', body))
    assert "records/site.css" in linked
    return len(page.content) + sum(weight(name) for name in linked)


def weight(name: str) -> int:
    found = finders.find(name)
    assert isinstance(found, str)
    return len(gzip.compress(Path(found).read_bytes()))


def test_the_style_sheet_is_small() -> None:
    assert weight("records/site.css") < STYLE_SHEET


def test_no_page_weighs_more_than_a_photograph(client: Client) -> None:
    answer = "公司生产经营情况正常，具体请关注公司披露的定期报告。" * 4
    asked = [(f"第{n}个问题：公司境外业务的进展如何？", f"{n}、{answer}{n * 7919}") for n in range(87)]
    visitors = [f"第{n}号投资管理有限公司 张{n}" for n in range(250)]
    build.records(40, topics=["大模型", "境外业务"])
    held = {"asked": asked, "visitors": visitors, "topics": ["大模型", "境外业务"]}
    build.record(number="former", held="2023-02-01", **held)
    longest = build.record(number="longest", held="2025-02-01", **held)
    for address in (
        "/",
        "/records/?q=境外",
        "/questions/?q=境外",
        "/insights/",
        "/data/",
        "/institutions/",
        build.institution("第1号投资管理有限公司").get_absolute_url(),
        build.topic("大模型").get_absolute_url(),
        longest.company.get_absolute_url(),
        longest.get_absolute_url(),
    ):
        assert carried(client, address) < HEAVIEST, address
