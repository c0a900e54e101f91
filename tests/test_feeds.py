"""Following: an Atom feed holds the records of the page of the same address, a calendar those of a company."""

from __future__ import annotations

import datetime
import re
from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from records import feeds
from records.models import Record
from tests import build
from tests.fuzz import examples

pytestmark = pytest.mark.django_db

ATOM = "{http://www.w3.org/2005/Atom}"
# The records with their company, activity types, leading visitors and first questions.
FEED_QUERIES = 4
CALENDAR_QUERIES = 1 + FEED_QUERIES
# Signs that a filing may hold and XML may not, beside those that mean something in XML and in iCalendar.
HOSTILE = "a\x00\x01\x0b\ufffe<b>&amp;</b>,;\\\n]]>一".replace("\x00", "")


def feed(client: Client, query: str = "") -> ElementTree.Element:
    answer = client.get(f"/records.atom?{query}")
    assert answer.status_code == 200, answer.content.decode()
    assert answer["Content-Type"] == "application/atom+xml; charset=utf-8"
    return ElementTree.fromstring(answer.content)  # noqa: S314  # our own


def text(element: ElementTree.Element, name: str) -> str:
    return element.findtext(f"{ATOM}{name}") or ""


def links(element: ElementTree.Element) -> dict[str, str]:
    return {link.attrib["rel"]: link.attrib["href"] for link in element.findall(f"{ATOM}link")}


def followed(client: Client, query: str = "") -> list[str]:
    """Paths of the records of a feed."""
    return [
        links(entry)["alternate"].removeprefix("http://testserver")
        for entry in feed(client, query).iter(f"{ATOM}entry")
    ]


def calendar(client: Client, code: str = "999001") -> list[dict[str, str]]:
    """Events as readers of iCalendar understand them."""
    answer = client.get(f"/companies/{code}.ics")
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer.content.endswith(b"END:VCALENDAR\r\n")
    assert all(len(line) <= 75 for line in answer.content.split(b"\r\n"))
    assert b"\n" not in answer.content.replace(b"\r\n", b"")
    lines = answer.content.decode().replace("\r\n ", "").split("\r\n")
    events: list[dict[str, str]] = []
    for name, _colon, value in (line.partition(":") for line in lines):
        if (name, value) == ("BEGIN", "VEVENT"):
            events.append({})
        elif events:
            events[-1][name] = re.sub(r"\\(.)", lambda sign: "\n" if sign[1] == "n" else sign[1], value)
    return events


@pytest.fixture
def market() -> None:
    build.record(number="a", held="2024-03-01", topics=["大模型"], visitors=["华夏基金 贾静雯", "中信证券 王五"])
    build.record(build.company("999002"), number="b", held="2025-02-01", disclosed="2025-02-03")
    build.record(number="c", held="2023-01-01", topics=["境外业务"])
    build.draft(number="hidden", topics=["大模型"], asked=[("草稿？", "草稿。")], visitors=["高瓴资本 李四"])


@pytest.mark.usefixtures("market")
@pytest.mark.parametrize(
    "query",
    ["", "year=2024", "company=999001", "q=订单", "q=订单 -海外&company=999002", "sort=disclosure", "year=2001"],
)
def test_a_feed_holds_the_records_of_the_page_the_last_published_first(query: str, client: Client) -> None:
    page = client.get(f"/records/?{query}").context["listing"].page
    newest = sorted(page, key=lambda record: record.published_at, reverse=True)
    assert followed(client, query) == [record.get_absolute_url() for record in newest]


@pytest.mark.usefixtures("market")
@pytest.mark.parametrize(
    "path", ["/records/?q=订单&year=2024&sort=disclosure&institution=x", "/companies/999001/?year=2024"]
)
def test_a_page_leads_to_the_feed_of_its_records(path: str, client: Client) -> None:
    answer = client.get(path)
    wanted = str(answer.context["feed"])
    body = answer.content.decode()
    head = body[: body.index("</head>")]
    assert re.search(
        rf'<link rel="alternate" type="application/atom\+xml"[^>]* href="{re.escape(wanted.replace("&", "&amp;"))}"',
        head,
    )
    assert f'<a href="{wanted.replace("&", "&amp;")}"' in body
    paths = [record.get_absolute_url() for record in answer.context["listing"].page]
    assert followed(client, wanted.partition("?")[2]) == paths == ["/records/999001/a/"]


@pytest.mark.usefixtures("market")
def test_no_draft_is_followed(client: Client) -> None:
    assert "草稿" not in client.get("/records.atom").content.decode()
    assert "草稿" not in client.get("/companies/999001.ics").content.decode()
    assert [event["URL"][-3:] for event in calendar(client)] == ["/a/", "/c/"]


def test_a_calendar_holds_the_newest(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "EVENTS", 2)
    for day in ("2024-03-02", "2024-03-03", "2024-03-01"):
        build.record(number=day, held=day)
    assert [event["URL"][-11:] for event in calendar(client)] == ["2024-03-03/", "2024-03-02/"]


def test_a_feed_says_what_it_is(client: Client) -> None:
    record = build.record(stated_institutions=31)
    root = feed(client, "company=999001&year=2024")
    assert root.attrib["{http://www.w3.org/XML/1998/namespace}lang"] == "zh-Hans"
    assert text(root, "title").endswith("晨光数据 · 年份 2024")
    assert links(root) == {
        "alternate": "http://testserver/records/?company=999001&year=2024",
        "self": "http://testserver/records.atom?company=999001&year=2024",
    }
    entry = root.find(f"{ATOM}entry")
    assert entry is not None
    assert text(entry, "title") == "晨光数据 2024-06-06 特定对象调研"
    assert entry.findtext(f"{ATOM}author/{ATOM}name") == "晨光数据"
    published = text(entry, "updated")
    assert datetime.datetime.fromisoformat(published) == record.published_at
    assert text(root, "updated") == published
    assert "31" in text(entry, "summary")
    assert "<li>订单情况如何？</li>" in text(entry, "summary")


def test_an_entry_keeps_its_id_through_withdrawal_and_a_new_number(client: Client) -> None:
    record = build.record()
    first = text(feed(client)[-1], "id")
    record.withdraw()
    record.number = "2024-077"
    record.save()
    record.reopen()
    record.publish()
    assert text(feed(client)[-1], "id") == first
    assert re.fullmatch(rf"tag:testserver,[0-9]{{4}}:record/{record.pk}", first)


def test_a_correction_comes_to_followers_as_news_and_to_the_calendar_as_the_same_event(client: Client) -> None:
    old = build.record()
    before, event = text(feed(client)[-1], "id"), calendar(client)[0]["UID"]
    build.draft(number="2024-001", held="2024-06-06", corrects=old, asked=[("新？", "答")]).publish()
    entries = feed(client).findall(f"{ATOM}entry")
    assert len(entries) == 1
    assert text(entries[0], "id") != before
    assert text(entries[0], "title").startswith("晨光数据 2024-06-06 特定对象调研")
    assert text(entries[0], "title") != "晨光数据 2024-06-06 特定对象调研"
    assert [found["UID"] for found in calendar(client)] == [event]


def test_a_feed_ends_at_the_newest(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "ENTRIES", 2)
    build.records(3)
    assert followed(client) == ["/records/999001/2024-003/", "/records/999001/2024-002/"]


@pytest.mark.parametrize("query", ["date_after=abc", "company=x", "company=999001&company=x", "compny=1", "page=2"])
def test_what_is_not_understood_whole_is_refused_with_the_reason(query: str, client: Client) -> None:
    client.cookies["django_language"] = "en"
    build.record()
    answer = client.get(f"/records.atom?{query}")
    assert answer.status_code == 400
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.content.decode().endswith(".")


@pytest.mark.parametrize("address", ["/records.atom", "/companies/999001.ics"])
def test_who_has_it_already_is_told_that_nothing_is_new(address: str, client: Client) -> None:
    build.record()
    tag = client.get(address)["ETag"]
    assert client.get(address, headers={"If-None-Match": tag}).status_code == 304
    build.record(number="2024-002")
    assert client.get(address, headers={"If-None-Match": tag}).status_code == 200


def test_a_feed_says_when_it_last_changed(client: Client) -> None:
    build.record()
    day = client.get("/records.atom")["Last-Modified"]
    assert client.get("/records.atom", headers={"If-Modified-Since": day}).status_code == 304
    Record.objects.update(published_at=datetime.datetime(2100, 1, 1, tzinfo=datetime.UTC))
    assert client.get("/records.atom", headers={"If-Modified-Since": day}).status_code == 200


def test_whatever_a_record_holds_can_be_followed(client: Client) -> None:
    build.record(
        build.company("999001", HOSTILE),
        other_activity=HOSTILE,
        place=HOSTILE,
        asked=[(HOSTILE, "答")],
        visitors=[f"{HOSTILE} 某"],
    )
    clean = "a<b>&amp;</b>,;\\\n]]>一"
    entry = feed(client).find(f"{ATOM}entry")
    assert entry is not None
    assert entry.findtext(f"{ATOM}author/{ATOM}name") == clean
    assert "&lt;b&gt;&amp;amp;&lt;/b&gt;" in text(entry, "summary")
    event = calendar(client)[0]
    assert event["LOCATION"] == clean
    assert "<b>&amp;</b>,;\\ ]]>一" in event["DESCRIPTION"]


def test_an_event_is_of_whole_days_and_ends_before_the_day_it_names(client: Client) -> None:
    build.record(number="one", held="2024-02-29")
    build.record(
        number="many", held="2023-12-30", held_to=datetime.date(2023, 12, 31), activities=["分析师会议", "现场参观"]
    )
    one, many = calendar(client)
    assert (one["DTSTART;VALUE=DATE"], one["DTEND;VALUE=DATE"]) == ("20240229", "20240301")
    assert (many["DTSTART;VALUE=DATE"], many["DTEND;VALUE=DATE"]) == ("20231230", "20240101")
    assert many["SUMMARY"] == "晨光数据 分析师会议、现场参观"
    assert many["URL"] == "http://testserver/records/999001/many/"
    assert re.fullmatch("[0-9]{8}T[0-9]{6}Z", many["LAST-MODIFIED"])
    assert "华夏基金" in many["DESCRIPTION"]
    assert many["DESCRIPTION"].endswith("\n订单情况如何？")
    assert one["UID"] != many["UID"]


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_the_first_and_the_last_day_of_all_are_days(day: str, client: Client) -> None:
    build.record(held=day)
    assert calendar(client)[0]["DTSTART;VALUE=DATE"] == day.replace("-", "")


def test_a_company_without_a_page_has_no_calendar(client: Client) -> None:
    build.draft()
    assert client.get("/companies/999001.ics").status_code == 404
    assert client.get("/companies/999009.ics").status_code == 404


def test_the_page_of_a_company_leads_to_its_calendar(client: Client) -> None:
    build.record()
    assert 'href="/companies/999001.ics"' in client.get("/companies/999001/").content.decode()


@pytest.mark.parametrize("count", [3, 40])
def test_following_asks_the_database_a_fixed_number_of_times(
    count: int, client: Client, django_assert_num_queries: Any
) -> None:
    build.records(count, topics=["大模型"])
    with django_assert_num_queries(FEED_QUERIES):
        assert len(followed(client)) == count
    with django_assert_num_queries(CALENDAR_QUERIES):
        assert len(calendar(client)) == count


@pytest.mark.fuzz
@settings(max_examples=examples(80), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(
        ["q", "company", "institution", "institution_type", "topic", "activity", "year", "sort", "date_after", "x"]
    ),
    value=st.text(max_size=20),
)
def test_no_parameter_breaks_the_feed(name: str, value: str, client: Client) -> None:
    answer = client.get("/records.atom", {name: value})
    assert answer.status_code in {200, 400}
    if answer.status_code == 200:
        ElementTree.fromstring(answer.content)  # noqa: S314
