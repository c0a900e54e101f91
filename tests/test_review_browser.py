"""The whole path in a browser: staff → reviewer → back → public → correction → public."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from records.models import Record

from . import build
from .conftest import watched

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CLICKS = 5  # from the author's form to the published record, by both together


class Person:
    """Somebody at the desk in a browser of their own, whose clicks are counted."""

    def __init__(self, browser: Browser, live_server: Any, user: Any) -> None:
        client = Client()
        client.force_login(user)
        self.base, self.clicks = live_server.url, 0
        context = browser.new_context(locale="zh-CN", viewport={"width": 1280, "height": 900})
        context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": self.base}])
        self.page: Page = context.new_page()
        self.failures = watched(context)

    def open(self, path: str) -> None:
        self.page.goto(f"{self.base}{path}")

    def click(self, selector: str) -> None:
        self.page.locator(selector).click()
        self.clicks += 1


def test_from_the_form_to_the_public_and_to_a_correction(browser: Browser, live_server: Any) -> None:
    draft = build.draft(number="2026-001", held="2026-03-12", asked=[("订单如何？", "同比增长10%。")])
    author = Person(browser, live_server, build.person("author"))
    reviewer = Person(browser, live_server, build.person("reviewer", *build.REVIEWER))
    reader = browser.new_page()

    author.open(f"/admin/records/record/{draft.pk}/change/")
    author.page.locator("#id_held_from").fill("")
    author.click("[name=_submit]")
    expect(author.page.locator("#id_held_from")).to_be_focused()
    author.page.locator("#id_held_from").fill("2026年3月12日")
    author.click("[name=_submit]")
    expect(author.page.locator(".status.review")).to_be_visible()

    reviewer.open("/admin/records/record/")
    reviewer.click("#result_list .field-company a")
    expect(reviewer.page.locator(".paper")).to_contain_text("同比增长10%。")
    reviewer.page.locator("[name=comment]").fill("请核对增幅")
    reviewer.click("button.send_back")

    author.open(f"/admin/records/record/{draft.pk}/change/")
    expect(author.page.locator(".returned")).to_be_in_viewport()
    expect(author.page.locator(".returned")).to_contain_text("请核对增幅")
    author.page.locator("[name=questions-0-answer]").fill("同比增长12%。")
    author.clicks = reviewer.clicks = 0
    author.click("[name=_submit]")
    reviewer.open("/admin/records/record/")
    reviewer.click("#result_list .field-company a")
    reviewer.click("button.approve")
    expect(reviewer.page.locator(".messagelist .success a")).to_be_visible()
    print(f"{author.clicks + reviewer.clicks} clicks")
    assert author.clicks + reviewer.clicks <= CLICKS

    address = Record.objects.published().get().get_absolute_url()
    reader.goto(f"{live_server.url}{address}")
    expect(reader.locator("article")).to_contain_text("同比增长12%。")

    author.open(f"/admin/records/record/{draft.pk}/change/")
    author.click("form[action$='/verb/correct/'] button")
    author.page.locator("[name=questions-0-answer]").fill("同比增长13%。")
    author.click("[name=_submit]")
    new = Record.objects.get(corrects=draft)
    reader.reload()
    expect(reader.locator("article")).to_contain_text("同比增长12%。")
    reviewer.open(f"/admin/records/record/{new.pk}/review/")
    expect(reviewer.page.locator(".versions ins")).to_have_text("13%")
    reviewer.click("button.approve")
    reader.reload()
    expect(reader.locator("article")).to_contain_text("同比增长13%。")
    reader.locator(".version a").first.click()
    expect(reader.locator("article")).to_contain_text("同比增长12%。")
    assert author.failures + reviewer.failures == []
