"""The answer bank under the hands: it stands below the answer that is written, and the keyboard reaches it."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from . import build
from .test_admin_browser import RECORD, desk  # noqa: F401 - a fixture

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_an_earlier_answer_is_inserted_by_keyboard(desk: Page, live_server: Any) -> None:  # noqa: F811
    build.record(number="2024-001", asked=[("毛利率下降的原因？", "原材料价格上涨。")])
    build.record(build.company("999002"), number="1", asked=[("今年毛利率为何下降？", "产品结构变化。")])
    draft = build.draft(
        number="2024-002", asked=[("请问公司毛利率下降的主要原因是什么？", "主要是："), ("分红？", "")]
    )
    desk.goto(f"{live_server.url}{RECORD}{draft.pk}/change/")
    answer = desk.locator("#id_questions-0-answer")
    panel = desk.locator(".similar")
    answer.focus()
    expect(panel.locator("li")).to_have_count(2)
    desk.keyboard.press("Control+End")
    desk.keyboard.press("Tab")
    expect(desk.locator("#id_questions-0-topic_names")).to_be_focused()
    expect(panel).to_be_hidden()
    desk.keyboard.press("Shift+Tab")
    expect(panel).to_be_visible()
    desk.keyboard.press("Control+End")
    desk.keyboard.press("Alt+a")
    desk.keyboard.press("ArrowDown")
    desk.keyboard.press("Enter")
    expect(answer).to_have_value("主要是：产品结构变化。")
    expect(answer).to_be_focused()
    desk.keyboard.press("Alt+a")
    desk.keyboard.press("Escape")
    expect(answer).to_be_focused()
    panel.get_by_role("button").first.click()
    expect(answer).to_have_value("主要是：产品结构变化。原材料价格上涨。")
    desk.locator("#id_questions-1-answer").focus()
    expect(panel).to_be_hidden()
