"""The desk under the hands: rows moved and added by keys, names offered, lists pasted; no breach of the content policy."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from playwright.sync_api import Page, expect

from records.models import Record

from . import build
from .hand import drag

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

RECORD = "/admin/records/record/"
KEYS = 80  # beside the text itself, for 8 participants and 6 questions
LOADS = 3


@pytest.fixture
def desk(page: Page, live_server: Any) -> Page:
    """A browser logged in at the desk."""
    get_user_model().objects.create_superuser("desk", password="gongzuotai-2026")
    page.goto(f"{live_server.url}/admin/")
    page.locator("#id_username").fill("desk")
    page.locator("#id_password").fill("gongzuotai-2026")
    page.locator("[type=submit]").click()
    page.wait_for_url("**/admin/")
    return page


class Typist:
    """Types texts, which are free, and presses keys, which are counted."""

    def __init__(self, page: Page) -> None:
        self.page, self.keys = page, 0

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.keys += 1

    def text(self, text: str) -> None:
        self.page.keyboard.insert_text(text)

    def tab_to(self, name: str) -> None:
        for _n in range(12):
            self.press("Tab")
            if self.page.evaluate("document.activeElement.name || document.activeElement.className").startswith(name):
                return
        pytest.fail(f"{name} is not within twelve Tabs")


def test_a_record_is_entered_by_keyboard_alone(desk: Page, live_server: Any) -> None:
    build.company("999001")
    build.company("999002")
    for name in ("华夏基金", "中信证券"):
        build.institution(name)
    loads: list[str] = []
    desk.on("framenavigated", lambda frame: loads.append(frame.url))
    desk.goto(f"{live_server.url}{RECORD}add/")
    me = Typist(desk)
    desk.locator(".field-company .select2-selection").focus()
    me.press("Enter")
    me.text("cgsj")
    expect(desk.get_by_role("option", name="999001")).to_be_visible()
    me.press("Enter")
    me.tab_to("number")
    me.text("2026-001")
    me.tab_to("activity_types")
    me.press("Space")
    me.tab_to("other_activity")
    me.tab_to("participants-0-name_as_filed")
    for at in range(8):
        me.text(f"机构{at}资本")
        me.press("Tab")
        me.text(f"人{at}")
        if at < 7:
            me.press("Enter")
    me.tab_to("stated_institutions")
    me.tab_to("held_from")
    me.text("2026年3月12日")
    me.tab_to("place")
    me.text("公司会议室")
    me.tab_to("hosts")
    me.text("董事会秘书：何清和、证券事务代表：宋知行")
    me.tab_to("introduction")
    me.tab_to("questions-0-text")
    for at in range(6):
        me.text(f"问题{at}？")
        me.press("Tab")
        me.text("答复。")
        me.press("Tab")
        me.text("大模型、境外业务")
        if at < 5:
            me.press("Enter")
    me.press("Control+s")
    expect(desk.locator(".messagelist .success")).to_be_visible()
    record = Record.objects.get()
    assert (record.institution_count, record.person_count, record.question_count) == (8, 8, 6)
    assert [host["name"] for host in record.hosts] == ["何清和", "宋知行"]
    assert str(record.held_from) == "2026-03-12"
    print(f"{me.keys} keys, {len(loads)} loads")
    assert me.keys <= KEYS
    assert len(loads) <= LOADS


def test_a_list_is_pasted_into_rows(desk: Page, live_server: Any) -> None:
    record = build.draft(visitors=["华夏基金 贾静雯"])
    desk.context.grant_permissions(["clipboard-read", "clipboard-write"])
    desk.goto(f"{live_server.url}{RECORD}{record.pk}/change/")
    table = "1\t中信证券\t王五\t研究员\n2\t高瓴资本\t李四\n\n3\t易方达基金\n南方基金"
    desk.evaluate("text => navigator.clipboard.writeText(text)", table)
    desk.locator("#id_participants-1-name_as_filed").focus()
    desk.keyboard.press("Control+v")
    expect(desk.locator("#participants-group tbody [data-row]")).to_have_count(5)
    desk.keyboard.press("Control+s")
    expect(desk.locator(".messagelist .success")).to_be_visible()
    assert list(record.participants.values_list("name_as_filed", "person", "title")) == [
        ("华夏基金", "贾静雯", ""),
        ("中信证券", "王五", "研究员"),
        ("高瓴资本", "李四", ""),
        ("易方达基金", "", ""),
        ("南方基金", "", ""),
    ]


def test_a_row_moves_and_keeps_its_focus_and_a_new_one_has_it(desk: Page, live_server: Any) -> None:
    record = build.draft(visitors=["甲资本 甲", "乙资本 乙", "丙资本 丙"])
    desk.goto(f"{live_server.url}{RECORD}{record.pk}/change/")
    person = desk.locator("#id_participants-2-person")
    person.focus()
    desk.keyboard.press("Alt+ArrowUp")
    desk.keyboard.press("Alt+ArrowUp")
    desk.keyboard.press("Alt+ArrowUp")  # it is the first already
    expect(person).to_be_focused()
    expect(desk.locator("[data-said]")).to_have_text("1 / 5")
    desk.locator("#participants-group [data-row]").nth(1).locator("[data-move='1']").click()
    desk.locator("#id_participants-2-title").focus()
    desk.keyboard.press("Alt+Enter")
    desk.keyboard.insert_text("丁资本")
    expect(desk.locator("#participants-group [data-row]").nth(1).locator("input[type=text]").first).to_have_value(
        "丁资本"
    )
    desk.keyboard.press("Alt+n")
    expect(desk.locator("#participants-group [data-row]").last.locator("input[type=text]").first).to_be_focused()
    desk.keyboard.press("Control+s")
    expect(desk.locator(".messagelist .success")).to_be_visible()
    names = record.participants.values_list("name_as_filed", flat=True)
    assert list(names) == ["丙资本", "丁资本", "乙资本", "甲资本"]


def test_a_participant_is_dragged(desk: Page, live_server: Any) -> None:
    record = build.draft(visitors=["甲资本 甲", "乙资本 乙", "丙资本 丙"])
    desk.goto(f"{live_server.url}{RECORD}{record.pk}/change/")
    handles = desk.locator("#participants-group td.original p")
    first = desk.locator("#participants-group [data-row] input[type=text]").first
    drag(desk, handles.nth(2), handles.nth(0), is_there=lambda: first.input_value() == "丙资本")
    expect(first).to_have_value("丙资本")
    desk.keyboard.press("Control+s")
    expect(desk.locator(".messagelist .success")).to_be_visible()
    assert list(record.participants.values_list("name_as_filed", flat=True)) == ["丙资本", "甲资本", "乙资本"]


def test_names_are_offered_by_pinyin_in_each_place_of_a_list(desk: Page, live_server: Any) -> None:
    build.topic("大模型")
    build.topic("境外业务")
    record = build.draft()
    desk.goto(f"{live_server.url}{RECORD}{record.pk}/change/")
    topics = desk.locator("#id_questions-0-topic_names")
    topics.focus()
    desk.keyboard.insert_text("大模型、")
    desk.keyboard.type("jwyw")
    expect(desk.get_by_role("option", name="境外业务")).to_be_visible()
    expect(topics).to_have_attribute("aria-expanded", "true")
    desk.keyboard.press("ArrowDown")
    expect(desk.get_by_role("option", name="境外业务")).to_have_attribute("aria-selected", "true")
    desk.keyboard.press("Enter")
    expect(topics).to_have_value("大模型、境外业务")
    expect(topics).to_be_focused()
    desk.keyboard.type("x")
    desk.keyboard.press("Escape")
    expect(desk.locator(".suggestions")).to_have_count(0)


@pytest.mark.parametrize("width", [390, 820, 1280])
def test_what_stands_above_a_list_leaves_its_heading_alone(desk: Page, live_server: Any, width: int) -> None:
    desk.set_viewport_size({"width": width, "height": 900})
    desk.context.add_cookies([{"name": "django_language", "value": "en", "url": live_server.url}])
    desk.goto(f"{live_server.url}/admin/records/institution/")
    heading = "const range = document.createRange(); range.selectNodeContents(document.querySelector('#content h1'));"
    words = desk.evaluate(f"() => {{ {heading} return range.getBoundingClientRect().toJSON() }}")
    tools = desk.locator(".object-tools a")
    assert tools.count() == 3
    for box in (tools.nth(n).bounding_box() for n in range(3)):
        assert box
        assert box["y"] >= words["bottom"] or box["x"] >= words["right"]


@pytest.mark.parametrize("width", [390, 820, 1280])
def test_a_day_is_seen_whole_as_people_write_it(desk: Page, live_server: Any, width: int) -> None:
    desk.set_viewport_size({"width": width, "height": 900})
    desk.goto(f"{live_server.url}{RECORD}add/")
    for name in ("held_from", "held_to", "signed_on", "disclosed_on"):
        box = desk.locator(f"#id_{name}")
        box.fill("2026年11月24日")
        assert box.evaluate("box => box.scrollWidth <= box.clientWidth"), name


@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_of_the_desk_breaks_the_content_policy_or_its_width(desk: Page, live_server: Any, width: int) -> None:
    record = build.record(topics=["大模型"])
    draft = build.draft(visitors=["华夏基金 贾静雯"] * 3)
    desk.set_viewport_size({"width": width, "height": 900})
    company = record.company_id
    institution = record.participants.get().institution_id
    for address in (
        "",
        "records/record/",
        "records/record/?of=999001",
        "records/record/add/",
        f"records/record/{draft.pk}/change/?check=publish",
        f"records/record/{record.pk}/change/",
        f"records/record/{record.pk}/history/",
        f"records/record/{draft.pk}/delete/",
        "records/institution/",
        f"records/institution/{institution}/change/",
        f"records/company/{company}/change/",
        "records/topic/",
        "records/topic/add/",
        "auth/user/",
        "auth/user/add/",
        "password_change/",
    ):
        answer = desk.goto(f"{live_server.url}/admin/{address}")
        assert answer
        assert answer.ok, address
        desk.wait_for_load_state("networkidle")
        if address.startswith("records/record"):
            assert desk.evaluate("document.documentElement.scrollWidth") <= width, address
