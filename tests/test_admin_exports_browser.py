"""The page before an export in a browser: it says that the file is being made, and when it is on its way."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from . import build, hand

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def between(browser: Browser, live_server: LiveServer, **options: Any) -> Page:
    """The page between, of two records that were ticked in the list."""
    build.company()
    for number in "12":
        build.draft(number=number)
    client = Client()
    client.force_login(build.person("me"))
    context = browser.new_context(viewport={"width": 1280, "height": 900}, **options)
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
    page = context.new_page()
    page.goto(f"{live_server.url}/admin/records/record/")
    for box in page.locator(".action-select").all():
        box.check()
    page.locator("select[name=action]").select_option("export_records")
    page.locator(".actions button").first.click()
    return page


def test_it_says_that_the_file_is_made_and_that_it_is_on_its_way(browser: Browser, live_server: LiveServer) -> None:
    page = between(browser, live_server)
    form, state = page.locator("[data-export]"), page.locator("[data-state]")
    prepared, begun = form.get_attribute("data-prepared"), form.get_attribute("data-begun")
    page.evaluate(
        """() => {
            window.said = [];
            const state = document.querySelector("[data-state]");
            new MutationObserver(() => said.push(state.textContent)).observe(state, { childList: true });
        }"""
    )
    page.locator("#id_kind_xlsx").check()
    for _time in range(2):
        assert hand.fetch(page, page.locator("[name=export]")).suggested_filename.endswith(".xlsx")
        expect(state).to_have_text(str(begun))
        expect(form).not_to_have_attribute("aria-busy", "true")
    assert page.evaluate("said") == [prepared, begun] * 2
    page.context.close()


def test_columns_are_ticked_all_at_once_and_none_is_refused(browser: Browser, live_server: LiveServer) -> None:
    page = between(browser, live_server)
    page.locator("[data-tick=none]").click()
    expect(page.locator("[name=columns]:checked")).to_have_count(0)
    page.locator("[name=export]").click()
    expect(page.locator("[role=alert]")).to_be_visible()
    page.locator("[data-tick=all]").click()
    assert page.locator("[name=columns]:checked").count() == page.locator("[name=columns]").count() > 20
    hand.fetch(page, page.locator("[name=export]"))
    page.context.close()


def test_without_scripts_the_file_comes_all_the_same(browser: Browser, live_server: LiveServer) -> None:
    page = between(browser, live_server, java_script_enabled=False)
    expect(page.locator("[data-tick=all]")).to_be_hidden()
    assert hand.fetch(page, page.locator("[name=export]")).suggested_filename.endswith(".csv")
    page.context.close()
