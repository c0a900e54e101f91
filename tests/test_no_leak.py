"""What is not published is nowhere: every public address, with everything that is hidden marked, holds no mark."""

from __future__ import annotations

import datetime
import io
import re
import zipfile
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client

from records.models import Attachment, Question, Record
from tests import build

MARK = "机密标记XQZ"

pytestmark = pytest.mark.django_db


def hidden(**options: Any) -> Record:
    """A record of a published company that is marked in every text it has."""
    made = build.record(
        visitors=[f"{MARK}基金 {MARK}甲", "华夏基金 贾静雯"],
        asked=[(f"境外业务收入占比{MARK}？", f"答复{MARK}。")],
        topics=[f"{MARK}主题", "大模型"],
        place=MARK,
        held_text=MARK,
        introduction=MARK,
        closing=MARK,
        material_information=MARK,
        attachment_list=MARK,
        other_activity=MARK,
        hosts=[{"title": MARK, "name": MARK}],
        extra=[[MARK, MARK]],
        published=False,
        **options,
    )
    Attachment.objects.create(
        record=made, kind=Attachment.Kind.SLIDES, file=ContentFile(MARK.encode(), f"{MARK}.txt"), is_public=True
    )
    return made


# What the desk alone knows of the published record: its words, and the day until which it is kept.
DESKS_OWN = ("commitment", "unsigned", "absent", "retain", "2099-12-31", "承诺书")


def followed_up(record: Record) -> None:
    record.participants.update(attended="no", commitment_letter="unsigned")
    Record.objects.filter(pk=record.pk).update(retain_until="2099-12-31")
    for kind in (Attachment.Kind.SIGNED, Attachment.Kind.SOURCE):
        Attachment.objects.create(record=record, kind=kind, file=ContentFile(MARK.encode(), f"{MARK}承诺书.txt"))


@pytest.fixture
def site(settings: Any, tmp_path: Any) -> list[Record]:
    """A published record and its like in every state that the public does not see."""
    settings.MEDIA_ROOT = tmp_path
    published = build.record(number="公开", asked=[("境外业务收入占比？", "两成。")], topics=["大模型"])
    followed_up(published)
    draft = hidden(number=f"{MARK}1", held="2024-06-07")
    review = hidden(number=f"{MARK}2", held="2024-06-08")
    review.submit()
    withdrawn = hidden(number=f"{MARK}3", held="2024-06-09")
    withdrawn.publish()
    withdrawn.withdraw()
    correction = hidden(number="公开", held="2024-06-06", corrects=published)
    alone = hidden(of=build.company("999009", f"{MARK}公司"), number="4", held="2024-06-10")
    return [draft, review, withdrawn, correction, alone]


def text_of(answer: Any) -> str:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            content = b"".join(package.read(name) for name in package.namelist())
    return f"{content.decode('utf-8', 'replace')} {dict(answer.headers)}"


def linked(text: str) -> set[str]:
    """Addresses of the site that an answer names."""
    found = re.findall(r"""(?:href|action|hx-get)=["']([^"'#]+)|<loc>([^<]+)|"address": "([^"]+)\"""", text)
    addresses = {address.replace("&amp;", "&") for triple in found for address in triple if address}
    local = {re.sub(r"^https?://testserver", "", address) for address in addresses}
    return {address for address in local if address.startswith("/") and not address.startswith(("/admin", "/static"))}


def crawl(client: Client, start: list[str], most: int = 900) -> dict[str, str]:
    """Every answer that can be reached from some addresses, by address."""
    seen: dict[str, str] = {}
    waiting = list(start)
    while waiting and len(seen) < most:
        address = waiting.pop(0)
        if address in seen:
            continue
        seen[address] = text_of(client.get(address, follow=True))
        waiting += sorted(linked(seen[address]) - seen.keys())
    return seen


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_no_mark_is_found_wherever_a_stranger_goes(site: list[Record], client: Client, language: str) -> None:
    client.cookies["django_language"] = language
    guesses = [f"/questions/{pk}/" for pk in Question.objects.values_list("pk", flat=True)]
    guesses += [f"{address}answers/" for address in guesses]
    guesses += [f"/files/{pk}/" for pk in Attachment.objects.values_list("pk", flat=True)]
    guesses += [made.get_absolute_url() for made in site]
    guesses += [f"{made.get_absolute_url()}changes/" for made in site]
    guesses += [f"{made.get_absolute_url().rstrip('/')}.docx" for made in site]
    guesses += [row.get_absolute_url() for made in site for row in (made.company, *made.questions.get().topics.all())]
    guesses += [build.institution(f"{MARK}基金").get_absolute_url(), "/companies/999009.ics", "/no/such/page/"]
    searches = [f"/{level}/?{query}" for level in ("records", "questions", "insights") for query in QUERIES]
    searches += [
        f"/{level}.{kind}?{query}" for level in LEVELS for kind in ("csv", "json", "xlsx") for query in QUERIES
    ]
    starts = ["/", "/records.atom", "/sitemap.xml", "/robots.txt", "/healthz", *guesses, *searches]
    answers = crawl(client, starts)
    own = {address for address in answers if MARK in address}  # an answer may repeat what it was asked
    leaks = [address for address, text in answers.items() if address not in own and MARK in text.replace(address, "")]
    assert leaks == []
    assert len(answers) > 150
    told = [(address, word) for address, text in answers.items() for word in DESKS_OWN if word in text.lower()]
    assert told == []


LEVELS = ("records", "questions", "participants")
QUERIES = (
    "",
    "q=境外",
    "q=答复",
    "q=贾静雯",
    "year=2024",
    "month=2024-06",
    "q=境外&sort=relevance",
    "sort=disclosure",
)


def test_a_search_for_what_is_hidden_finds_nothing(site: list[Record], client: Client) -> None:
    for level in ("records", "questions"):
        assert client.get(f"/{level}/", {"q": MARK}).context["listing"].page.paginator.count == 0
    for level in LEVELS:
        assert client.get(f"/{level}.json", {"q": MARK}).json()["results"] == []
    for index in ("companies", "institutions"):
        assert client.get(f"/{index}/", {"q": MARK}).context["listing"].page.paginator.count == 0


def test_counts_are_those_of_what_is_published(site: list[Record], client: Client) -> None:
    page = client.get("/records/")
    assert page.context["listing"].page.paginator.count == 1
    assert [bar.total for bar in page.context["months"]] == [1]
    for facet in page.context["facets"]:
        assert {choice.count for choice in facet.choices} <= {1}, facet.name
    insights = client.get("/insights/")
    assert insights.context["days"] == {datetime.date(2024, 6, 6): 1}


@pytest.mark.parametrize("path", ["/records/", "/insights/", "/records.csv", "/records.atom"])
def test_what_the_ledger_still_says_of_a_withdrawn_record_shows_nothing_of_it(path: str, client: Client) -> None:
    """Its status was changed behind the ledger's back."""
    build.record(number="1")
    made = build.record(number=MARK, place=MARK, asked=[(f"{MARK}？", "答。")], topics=["大模型"])
    Record.objects.filter(pk=made.pk).update(status="withdrawn")
    for query in ("activity=特定对象调研", "year=2024", f"topic={build.topic('大模型').slug}"):
        answer: Any = client.get(f"{path}?{query}")
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        assert answer.status_code == 200
        assert MARK not in body.decode()
