"""The main job in a browser: log in, enter a record, publish it, find it, take it along."""

from __future__ import annotations

import csv
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from playwright.sync_api import Page, expect

from records.models import Record

from . import build, hand
from .hand import drag

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def desk(page: Page, live_server: Any) -> Page:
    """A browser logged in at the desk."""
    get_user_model().objects.create_superuser("desk", password="gongzuotai-2026")
    page.goto(f"{live_server.url}/admin/")
    page.get_by_label("用户名").fill("desk")
    page.get_by_label("密码").fill("gongzuotai-2026")
    page.get_by_role("button", name="登录").click()
    return page


def type_row(page: Page, *texts: str) -> None:
    """Types into the box that has the focus and goes on with Tab."""
    for at, text in enumerate(texts):
        if at:
            page.keyboard.press("Tab")
        page.keyboard.insert_text(text)


def test_a_record_travels_from_the_desk_to_a_spreadsheet(desk: Page, live_server: Any) -> None:
    build.company("999001")
    build.institution("华夏基金")
    build.topic("境外业务")
    build.record(build.company("999002"), number="2020-001", held="2020-01-01")

    desk.goto(f"{live_server.url}/admin/records/record/add/")
    desk.locator(".field-company .select2-selection").click()
    desk.keyboard.type("cgsj")
    desk.get_by_role("option", name="999001 晨光数据").click()
    desk.get_by_label("编号").fill("2026-001")
    desk.get_by_label("特定对象调研").check()
    desk.get_by_label("活动开始日期").fill("2026年3月12日")

    # Two participants, the first by pinyin initials; the cursor stands where one types next.
    desk.locator("#id_participants-0-name_as_filed").focus()
    desk.keyboard.type("hxjj")
    expect(desk.get_by_role("option", name="华夏基金")).to_be_visible()
    desk.keyboard.press("ArrowDown")
    desk.keyboard.press("Enter")
    desk.keyboard.press("Tab")
    desk.keyboard.insert_text("贾静雯")
    desk.get_by_role("button", name="增加参会人员").click()
    type_row(desk, "新来资本", "李四")
    for row in (0, 2):
        desk.locator(f"#id_participants-{row}-commitment_letter").select_option("signed")

    # Two questions, the second moved to the top by keyboard.
    desk.locator("#id_questions-0-text").fill("订单如何？")
    desk.locator("#id_questions-0-answer").fill("充足。")
    desk.keyboard.press("Alt+q")
    type_row(desk, "境外收入占比多少？", "18.4%。", "境外业务")
    desk.keyboard.press("Alt+ArrowUp")
    expect(desk.locator("#id_questions-1-topic_names")).to_be_focused()

    desk.locator("#id_material_information").fill("不涉及")
    desk.locator("#id_disclosed_on").fill("2026-03-13")
    desk.get_by_role("button", name="保存并发布").click()
    expect(desk.locator(".messagelist")).to_contain_text("新来资本")
    record = Record.objects.get(number="2026-001")
    assert record.is_published
    assert list(record.questions.values_list("text", flat=True)) == ["境外收入占比多少？", "订单如何？"]
    assert list(record.participants.values_list("name_as_filed", "person")) == [
        ("华夏基金", "贾静雯"),
        ("新来资本", "李四"),
    ]

    institution = record.participants.first().institution_id
    topic = record.questions.first().topics.get().slug
    query = f"date_after=2026-01-01&date_before=2026-12-31&institution={institution}&topic={topic}"
    desk.goto(f"{live_server.url}/records/?{query}")
    expect(desk.locator("main")).to_contain_text("晨光数据")
    expect(desk.locator("main")).not_to_contain_text("2020-001")
    file = hand.fetch(desk, desk.get_by_role("link", name="CSV").first).path()
    rows = list(csv.DictReader(file.open(encoding="utf-8-sig")))
    assert [(row["证券代码"], row["编号"], row["活动开始日期"]) for row in rows] == [
        ("999001", "2026-001", "2026-03-12")
    ]


def test_rows_are_dragged_deleted_and_added_between_saves(desk: Page, live_server: Any) -> None:
    record = build.draft(asked=[("甲？", "1"), ("乙？", "2"), ("丙？", "3")])
    desk.goto(f"{live_server.url}/admin/records/record/{record.pk}/change/")
    desk.set_viewport_size({"width": 1280, "height": 3000})
    first = desk.locator("#questions-group [data-row] textarea").first
    drag(
        *(desk, desk.locator("#questions-group [data-row] h3").nth(2), desk.locator("#questions-group h3").nth(0)),
        is_there=lambda: first.input_value() == "丙？",
    )
    expect(first).to_have_value("丙？")
    desk.locator("#id_questions-0-DELETE").check()
    desk.keyboard.press("Alt+q")
    desk.keyboard.insert_text("丁？")
    desk.get_by_role("button", name="保存并继续编辑").click()
    expect(desk.locator(".messagelist")).to_be_visible()
    assert list(record.questions.values_list("text", "position")) == [("丙？", 1), ("乙？", 2), ("丁？", 3)]


def test_a_record_is_entered_without_scripts(browser: Any, live_server: Any) -> None:
    get_user_model().objects.create_superuser("desk", password="gongzuotai-2026")
    record = build.draft(asked=[("甲？", "1"), ("乙？", "2")])
    page = browser.new_context(java_script_enabled=False, locale="zh-CN").new_page()
    page.goto(f"{live_server.url}/admin/records/record/{record.pk}/change/")
    page.get_by_label("用户名").fill("desk")
    page.get_by_label("密码").fill("gongzuotai-2026")
    page.get_by_role("button", name="登录").click()
    page.locator("#id_questions-0-position").fill("2")
    page.locator("#id_questions-1-position").fill("1")
    page.locator("#id_questions-2-text").fill("丙？")
    page.locator("#id_participants-1-name_as_filed").fill("中信证券")
    page.get_by_role("button", name="保存并继续编辑").click()
    assert list(record.questions.values_list("text", flat=True)) == ["乙？", "甲？", "丙？"]
    assert list(record.participants.values_list("name_as_filed", flat=True)) == ["华夏基金", "中信证券"]
