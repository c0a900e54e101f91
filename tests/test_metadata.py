"""What a page says of itself: one address, a title and a description, and what it is about as JSON-LD."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote

import lxml.html
import pytest
from django.template import Context, Template
from django.test import Client
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from records.templatetags import metadata
from tests import build

pytestmark = pytest.mark.django_db


def head(client: Client, address: str) -> lxml.html.HtmlElement:
    return lxml.html.fromstring(client.get(address).content).head


def canonical(client: Client, address: str) -> str:
    page = head(client, address)
    (link,) = page.xpath("link[@rel='canonical']/@href")
    assert page.xpath("meta[@property='og:url']/@content") == [link]
    return link.removeprefix("http://testserver")


def about(client: Client, address: str) -> dict[str, Any]:
    (text,) = head(client, address).xpath("script[@type='application/ld+json']/text()")
    return json.loads(text)


def pages() -> list[str]:
    """An address of each kind of page."""
    old = build.record()
    record = build.draft(number="2024-001", held="2024-06-06", corrects=old, topics=["大模型"])
    record.publish()
    build.record(number="2024-002", held="2024-07-01")  # asks the same
    of = (record, record.company, build.institution("华夏基金"), build.topic("大模型"))
    lists = ["/", "/records/", "/questions/", "/companies/", "/institutions/", "/topics/", "/insights/", "/data/"]
    lists += [f"/questions/{record.questions.get().pk}/answers/", f"{record.get_absolute_url()}changes/"]
    return [*lists, *(page.get_absolute_url() for page in of)]


@pytest.mark.parametrize(("language", "locale"), [("zh-hans", "zh_CN"), ("en", "en_US")])
def test_every_page_says_what_it_is(language: str, locale: str, client: Client) -> None:
    client.cookies["django_language"] = language
    addresses, titles = pages(), set()
    for address in addresses:
        page = head(client, address)
        said = {
            tag.attrib["property"]: tag.attrib["content"] for tag in page.xpath("meta[starts-with(@property, 'og:')]")
        }
        assert list(said) == [f"og:{name}" for name in ("url", "type", "title", "description", "site_name", "locale")]
        assert all(said.values()), address
        assert said["og:locale"] == locale
        assert page.findtext("title") == f"{said['og:title']} · {said['og:site_name']}"
        assert page.xpath("meta[@name='description']/@content") == [said["og:description"]]
        assert canonical(client, address) == address
        titles.add(said["og:title"])
    assert len(titles) == len(addresses)


def test_signs_of_a_name_are_escaped_once(client: Client) -> None:
    record = build.record(build.company("999001", "A\"<b>&'"), asked=[('<i>&"？', "答")])
    page = head(client, record.get_absolute_url())
    assert page.xpath("meta[@property='og:title']/@content")[0].startswith("A\"<b>&'")
    assert page.xpath("meta[@property='og:description']/@content")[0].endswith('<i>&"？')
    assert page.findtext("title").startswith("A\"<b>&'")


@pytest.mark.parametrize(
    ("asked", "address"),
    [
        ("/records/?page=1", "/records/"),
        ("/records/?utm_source=x&company=999001&institution=x&q=", "/records/?company=999001"),
        ("/records/?year=2024&page=2", "/records/?year=2024&page=2"),
        ("/records/?q=订单", "/records/?q=%E8%AE%A2%E5%8D%95"),
        ("/companies/999001/?company=999002&year=2024", "/companies/999001/?year=2024"),
        ("/companies/?q=cg&x=1", "/companies/?q=cg"),
        ("/topics/?x=1", "/topics/"),
        ("/records/999001/2024-001/?x=1", "/records/999001/2024-001/"),
    ],
)
def test_one_page_has_one_address(asked: str, address: str, client: Client) -> None:
    build.records(31)
    assert canonical(client, asked) == address


def test_any_number_can_stand_in_an_address(client: Client) -> None:
    old = build.record(number="2024 年?x=1#y%2F")
    build.draft(number=old.number, held="2024-06-06", corrects=old).publish()
    address = f"{old.get_absolute_url()}changes/"
    assert unquote(canonical(client, address)) == unquote(address)
    assert client.get(canonical(client, address)).status_code == 200


def test_an_address_where_nothing_is_is_nobodys_own(client: Client) -> None:
    page = head(client, "/none/")
    assert page.xpath("link[@rel='canonical'] | meta[@property='og:url']") == []


def test_a_record_is_a_report_of_its_company_with_its_questions(client: Client) -> None:
    record = build.record(build.company("000001", "长岭"), held="2024-06-06", disclosed="2024-06-11")
    said = about(client, record.get_absolute_url())
    address = f"http://testserver{record.get_absolute_url()}"
    assert (said["@context"], said["@type"], said["url"]) == ("https://schema.org", "Report", address)
    assert (said["datePublished"], said["temporalCoverage"], said["reportNumber"]) == (
        *("2024-06-11", "2024-06-06", "2024-001"),
    )
    assert (said["about"]["name"], said["about"]["tickerSymbol"]) == ("长岭", "XSHE 000001")
    assert said["isPartOf"]["url"] == "http://testserver/"
    question = record.questions.get()
    assert said["hasPart"] == [
        {
            "@type": "Question",
            "url": f"{address}#q{question.pk}",
            "name": question.text,
            "acceptedAnswer": {"@type": "Answer", "text": question.answer},
        }
    ]


def test_a_long_record_does_not_say_everything_twice(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    record = build.record(asked=[("问？", "答" * 8)])
    monkeypatch.setattr(metadata, "QUESTIONS_LENGTH", 10)
    assert "hasPart" in about(client, record.get_absolute_url())
    monkeypatch.setattr(metadata, "QUESTIONS_LENGTH", 9)
    assert "hasPart" not in about(client, record.get_absolute_url())


def test_a_record_without_number_or_words_says_nothing_empty(client: Client) -> None:
    record = build.record(number="", asked=[("", "答")])
    said = about(client, record.get_absolute_url())
    assert not {"reportNumber", "hasPart"} & said.keys()
    assert all(said.values())


def test_no_text_ends_the_block_of_data(client: Client) -> None:
    hostile = "</script><script>alert(1)</script><!-- & \u2028"
    record = build.record(asked=[(hostile, hostile)])
    page = client.get(record.get_absolute_url()).content.decode()
    assert page.count("</script>") == page.count("<script")
    assert "alert(1)" not in re.sub(r'<script type="application/ld\+json">.*?</script>|&lt;script&gt;alert', "", page)
    assert about(client, record.get_absolute_url())["hasPart"][0]["name"] == hostile


def test_a_company_is_a_corporation_and_the_site_can_be_searched(client: Client) -> None:
    build.record()
    said = about(client, "/companies/999001/")
    assert (said["@type"], said["name"], said["alternateName"]) == (
        "Corporation",
        "晨光数据科技股份有限公司",
        "晨光数据",
    )
    action = about(client, "/")["potentialAction"]
    pattern = action["target"]["urlTemplate"]
    assert client.get(pattern.removeprefix("http://testserver").format(search_term_string="订单")).status_code == 200
    assert action["query-input"] == "required name=search_term_string"


def test_an_earlier_version_is_its_own_page(client: Client) -> None:
    old = build.record()
    build.draft(number="2024-001", held="2024-06-06", corrects=old).publish()
    old.refresh_from_db()
    assert canonical(client, old.get_absolute_url()) == old.get_absolute_url() != "/records/999001/2024-001/"


def test_what_is_captured_can_be_used_twice() -> None:
    page = Template("{% load metadata %}{% captured as x %}{{ y }}{% endcaptured %}[{{ x }}][{{ x }}]")
    assert page.render(Context({"y": "<"})) == "[&lt;][&lt;]"


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_content_policy_lets_data_stand(live_server: LiveServer, page: Page) -> None:
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.add_init_script(
        "addEventListener('securitypolicyviolation', event => console.error(event.violatedDirective))"
    )
    record = build.record()
    for address in ("/", "/companies/999001/", record.get_absolute_url()):
        page.goto(f"{live_server.url}{address}")
        data = page.locator("script[type='application/ld+json']").text_content() or ""
        assert json.loads(data)["@context"] == "https://schema.org"
    assert problems == []
