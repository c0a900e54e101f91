"""The checks renew themselves while one types, and lead to the place."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from records.models import Record, WatchWord

from . import build
from .test_admin_browser import RECORD, desk  # noqa: F401 - a fixture

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_rail_follows_the_hands(desk: Page, live_server: Any) -> None:  # noqa: F811
    WatchWord.objects.get_or_create(word="目标价")
    build.record(number="2024-009")
    record = build.draft(number="", asked=[("股价？", "由市场决定。")])
    desk.goto(f"{live_server.url}{RECORD}{record.pk}/change/")
    rail = desk.locator(".checks")
    rail.locator("[data-offer]").click()
    expect(desk.locator("#id_number")).to_have_value("2024-010")
    expect(rail.locator(".finding")).to_have_count(0)
    desk.locator("#id_questions-0-answer").fill("目标价由市场决定。")
    rail.locator("a[data-word]").click()
    expect(desk.locator("#id_questions-0-answer")).to_be_focused()
    assert desk.evaluate("getSelection().toString()") == "目标价"
    rail.locator("[name=acknowledge]").check()
    desk.locator("[name=_publish]").click()
    expect(desk.locator(".status.published")).to_be_visible()
    assert Record.objects.get(pk=record.pk).acknowledgements.get().user.get_username() == "desk"
