"""What search engines are told: every public page with the day it changed, no draft, and where not to go."""

from __future__ import annotations

import datetime
from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client

from records import crawlers
from records.models import Record
from tests import build

pytestmark = pytest.mark.django_db

NAMESPACE = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
SECTIONS = list(crawlers.SITEMAPS)
# Each section: how many pages it has, and when it changed.
INDEX_QUERIES = 2 * len(SECTIONS)
# How many rows there are, and those of one page.
SECTION_QUERIES = 2


def told(client: Client, address: str) -> dict[str, str]:
    """What a sitemap names, each with when it changed."""
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/xml"
    root = ElementTree.fromstring(answer.content)  # noqa: S314  # our own
    return {
        str(row.findtext(f"{NAMESPACE}loc")).removeprefix("http://testserver"): row.findtext(f"{NAMESPACE}lastmod")
        or ""
        for row in root
    }


def whole(client: Client) -> dict[str, str]:
    """What all sitemaps name together."""
    return {
        location: day for address in told(client, "/sitemap.xml") for location, day in told(client, address).items()
    }


@pytest.fixture
def published() -> Record:
    record = build.record(topics=["大模型"])
    Record.objects.filter(pk=record.pk).update(published_at=datetime.datetime(2024, 6, 11, 4, tzinfo=datetime.UTC))
    build.draft(build.company("999002"), visitors=["高瓴资本 李四"], topics=["境外业务"])
    return record


def test_every_public_page_is_named_with_the_day_it_changed_and_no_draft(published: Record, client: Client) -> None:
    of = (published, published.company, build.institution("华夏基金"), build.topic("大模型"))
    assert whole(client) == {page.get_absolute_url(): "2024-06-11" for page in of}
    assert all(client.get(address).status_code == 200 for address in whole(client))


def test_a_page_changes_with_the_newest_record_that_names_it(published: Record, client: Client) -> None:
    other = build.record(build.company("999002"), visitors=["中信证券 王五"])
    Record.objects.filter(pk=other.pk).update(published_at=datetime.datetime(2025, 1, 2, 4, tzinfo=datetime.UTC))
    days = whole(client)
    assert days[published.company.get_absolute_url()] == "2024-06-11"
    assert days[other.company.get_absolute_url()] == "2025-01-02"
    both = build.record(build.company("999002"), number="both", visitors=["华夏基金 贾静雯", "华夏基金 李某"])
    Record.objects.filter(pk=both.pk).update(published_at=datetime.datetime(2026, 1, 2, 4, tzinfo=datetime.UTC))
    days = whole(client)
    assert days[build.institution("华夏基金").get_absolute_url()] == "2026-01-02"
    assert set(told(client, "/sitemap.xml").values()) == {"2026-01-02T12:00:00+08:00"}


def test_what_is_withdrawn_is_named_no_more(published: Record, client: Client) -> None:
    published.withdraw()
    assert whole(client) == {}


def test_many_pages_are_named_in_several_files(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crawlers.PublicSitemap, "limit", 2)
    made = build.records(5)
    assert [address for address in told(client, "/sitemap.xml") if "records" in address] == [
        *("/sitemap-records.xml", "/sitemap-records.xml?p=2", "/sitemap-records.xml?p=3")
    ]
    assert [address for address in whole(client) if address.startswith("/records/")] == [
        record.get_absolute_url() for record in made
    ]


@pytest.mark.parametrize(
    "address", ["/sitemap-x.xml", *(f"/sitemap-records.xml?p={p}" for p in ("2", "0", "x", "9" * 5000))]
)
def test_a_file_that_is_not_there_is_not_found(address: str, client: Client) -> None:
    build.record()
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("count", [3, 30])
def test_it_asks_the_database_a_fixed_number_of_times(
    count: int, client: Client, django_assert_num_queries: Any
) -> None:
    build.records(count, topics=["大模型"])
    with django_assert_num_queries(INDEX_QUERIES):
        assert len(told(client, "/sitemap.xml")) == len(SECTIONS)
    for section in SECTIONS:
        with django_assert_num_queries(SECTION_QUERIES):
            assert told(client, f"/sitemap-{section}.xml")


def test_robots_may_go_everywhere_but_to_the_desk_and_are_shown_the_sitemap(client: Client) -> None:
    answer = client.get("/robots.txt")
    assert answer["Content-Type"].startswith("text/plain")
    assert answer.content.decode().splitlines() == [
        *("User-agent: *", "Disallow: /admin/", "Sitemap: http://testserver/sitemap.xml")
    ]


def test_the_icon_is_found_where_browsers_look_for_it(client: Client) -> None:
    answer = client.get("/favicon.ico")
    assert (answer.status_code, answer["Location"]) == (302, "/static/records/icon.svg")
