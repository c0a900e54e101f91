"""Nothing typed at the desk is lost: a copy in the browser, a warning before leaving, and keys for what is done often."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, expect

from records.models import Record

from . import build

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

RECORD = "/admin/records/record/"
PASSWORD = "gongzuotai-2026"  # noqa: S105


@pytest.fixture
def desk(page: Page, live_server: Any) -> Page:
    """A browser logged in at the desk."""
    get_user_model().objects.create_superuser("desk", password=PASSWORD)
    page.goto(f"{live_server.url}/admin/")
    log_in(page)
    return page


def log_in(page: Page, name: str = "desk") -> None:
    page.locator("#id_username").fill(name)
    page.locator("#id_password").fill(PASSWORD)
    page.locator("[type=submit]").click()
    page.wait_for_url(lambda address: "/login/" not in address)


def open_record(page: Page, live_server: Any, record: Record | None = None) -> None:
    page.goto(f"{live_server.url}{RECORD}{f'{record.pk}/change' if record else 'add'}/")


def copies(page: Page) -> int:
    count = "Object.keys(localStorage).filter(key => key.startsWith('desk.unsaved.')).length"
    return int(page.evaluate(count))


def crash(page: Page, typed: str) -> Page:
    """The window is gone, without a question, after the browser kept what was typed last; another one."""
    held = "text => Object.values(localStorage).some(copy => copy.includes(text))"
    for _n in range(100):
        if page.evaluate(held, typed):
            break
        page.wait_for_timeout(50)
    else:
        pytest.fail(f"{typed} was not kept")
    another = page.context.new_page()
    page.close(run_before_unload=False)
    return another


def save(page: Page) -> None:
    page.locator(".submit-row [name=_continue]").click()
    expect(page.locator(".messagelist .success")).to_be_visible()


def test_leaving_warns_only_where_something_is_unsaved(desk: Page, live_server: Any) -> None:
    record = build.draft(visitors=["甲资本 甲", "乙资本 乙"])
    asked: list[str] = []
    desk.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    open_record(desk, live_server, record)
    desk.locator("#id_place").click()
    open_record(desk, live_server, record)
    assert asked == []
    assert copies(desk) == 0
    desk.locator("#id_place").fill("上海")
    desk.locator("#id_place").fill("")
    open_record(desk, live_server, record)
    assert asked == []
    desk.locator("#id_place").fill("上海")
    save(desk)
    assert asked == []
    desk.locator("#id_participants-1-person").press("Alt+ArrowUp")
    open_record(desk, live_server, record)
    assert asked == ["beforeunload"]


def test_what_was_unsaved_when_the_window_was_lost_is_offered_and_comes_back(desk: Page, live_server: Any) -> None:
    record = build.draft(visitors=["甲资本 甲", "乙资本 乙"], asked=[("甲？", "一"), ("乙？", "二")])
    open_record(desk, live_server, record)
    desk.locator("#id_place").fill("上海")
    desk.get_by_label("路演活动").check()
    desk.locator("#id_participants-0-person").fill("新名")
    desk.locator("#id_participants-1-title").press("Alt+Enter")
    for at in range(4):  # more than there are blank rows
        desk.keyboard.insert_text(f"机构{at}资本")
        desk.keyboard.press("Enter")
    desk.locator("#id_questions-0-DELETE").check()
    desk.locator("#id_questions-1-answer").fill("二改")
    desk.locator("#id_questions-1-answer").press("Alt+q")
    desk.keyboard.insert_text("新问？")
    desk = crash(desk, "新问？")
    open_record(desk, live_server, record)
    bar = desk.locator(".unsaved [data-restore]")
    expect(bar).to_have_count(1)
    expect(desk.locator("#id_place")).to_have_value("")
    expect(desk.locator(".unsaved time")).to_have_text(re.compile(r"\d\d:\d\d"))
    bar.click()
    expect(desk.locator("#id_place")).to_have_value("上海")
    save(desk)
    record.refresh_from_db()
    assert record.place == "上海"
    assert set(record.activity_types.values_list("name", flat=True)) == {"特定对象调研", "路演活动"}
    assert list(record.participants.values_list("name_as_filed", "person")) == [
        ("甲资本", "新名"),
        ("乙资本", "乙"),
        ("机构0资本", ""),
        ("机构1资本", ""),
        ("机构2资本", ""),
        ("机构3资本", ""),
    ]
    assert list(record.questions.values_list("text", "answer")) == [("乙？", "二改"), ("新问？", "")]
    assert copies(desk) == 0
    expect(bar).to_have_count(0)


def test_a_new_record_comes_back_with_its_company_and_rows(desk: Page, live_server: Any) -> None:
    build.company("999001")
    build.company("999002")
    open_record(desk, live_server)
    desk.locator(".field-company .select2-selection").click()
    desk.locator(".select2-search__field").fill("999002")
    desk.get_by_role("option", name="999002").click()
    desk.locator("#id_held_from").fill("2026-03-12")
    desk.locator("#id_participants-0-name_as_filed").fill("新来资本")
    desk.locator("#id_questions-0-text").fill("问？")
    desk = crash(desk, "问？")
    open_record(desk, live_server)
    desk.locator(".unsaved [data-restore]").click()
    expect(desk.locator(".field-company .select2-selection__rendered")).to_contain_text("999002")
    save(desk)
    record = Record.objects.get()
    assert (record.company.code, record.participants.get().name_as_filed) == ("999002", "新来资本")
    assert record.questions.get().text == "问？"
    open_record(desk, live_server)
    expect(desk.locator(".unsaved [data-restore]")).to_have_count(0)


def test_what_is_discarded_is_not_offered_again(desk: Page, live_server: Any) -> None:
    record, other = build.draft(number="1"), build.draft(number="2")
    open_record(desk, live_server, record)
    desk.locator("#id_place").fill("上海")
    desk = crash(desk, "上海")
    open_record(desk, live_server, other)
    expect(desk.locator(".unsaved [data-restore]")).to_have_count(0)
    open_record(desk, live_server, record)
    desk.locator(".unsaved [data-discard]").click()
    expect(desk.locator(".unsaved [data-restore]")).to_have_count(0)
    assert copies(desk) == 0


def test_a_session_that_ended_before_the_save_loses_nothing(desk: Page, live_server: Any) -> None:
    record = build.draft()
    open_record(desk, live_server, record)
    desk.locator("#id_place").fill("上海")
    desk.locator("#id_questions-0-answer").fill("新答。")
    Session.objects.all().delete()
    desk.keyboard.press("Control+s")
    desk.wait_for_url("**/login/**")
    log_in(desk)
    desk.locator(".unsaved [data-restore]").click()
    save(desk)
    record.refresh_from_db()
    assert (record.place, record.questions.get().answer) == ("上海", "新答。")


def test_a_page_that_comes_back_for_an_error_keeps_its_copy(desk: Page, live_server: Any) -> None:
    record = build.draft()
    open_record(desk, live_server, record)
    desk.locator("#id_place").fill("上海")
    desk.locator("#id_held_from").fill("明天")
    desk.keyboard.press("Control+s")
    expect(desk.locator(".errornote")).to_be_visible()
    desk.locator("#id_questions-0-answer").fill("新答。")
    desk = crash(desk, "新答。")
    open_record(desk, live_server, record)
    desk.locator(".unsaved [data-restore]").click()
    expect(desk.locator("#id_place")).to_have_value("上海")
    expect(desk.locator("#id_held_from")).to_have_value("明天")
    expect(desk.locator("#id_questions-0-answer")).to_have_value("新答。")


def test_logging_out_leaves_nothing_behind_and_nobody_sees_what_is_anothers(desk: Page, live_server: Any) -> None:
    get_user_model().objects.create_superuser("other", password=PASSWORD)
    record = build.draft()
    open_record(desk, live_server, record)
    desk.locator("#id_place").fill("上海")
    desk = crash(desk, "上海")
    desk.context.clear_cookies()
    open_record(desk, live_server, record)
    log_in(desk, "other")
    expect(desk.locator("#id_place")).to_be_visible()
    expect(desk.locator(".unsaved [data-restore]")).to_have_count(0)
    desk.locator("#logout-form button").click()
    desk.wait_for_load_state()
    assert copies(desk) == 1  # the first one's
    open_record(desk, live_server, record)
    log_in(desk)
    expect(desk.locator(".unsaved [data-restore]")).to_have_count(1)
    desk.goto(f"{live_server.url}/admin/")
    desk.locator("#logout-form button").click()
    desk.wait_for_load_state()
    assert copies(desk) == 0


def test_a_copy_that_is_restored_over_anothers_save_asks(desk: Page, live_server: Any) -> None:
    record = build.draft(place="北京")
    open_record(desk, live_server, record)
    desk.locator("#id_place").fill("上海")
    desk = crash(desk, "上海")
    record.place = "深圳"
    record.save()
    open_record(desk, live_server, record)
    desk.locator(".unsaved [data-restore]").click()
    desk.keyboard.press("Control+s")
    late = desk.locator(".late")
    expect(late).to_contain_text("深圳")
    record.refresh_from_db()
    assert record.place == "深圳"


def test_one_takes_theirs_or_keeps_ones_own_and_saves(desk: Page, live_server: Any) -> None:
    record = build.draft(place="北京", asked=[("甲？", "一")])
    open_record(desk, live_server, record)
    desk.locator("#id_place").fill("上海")
    desk.locator("#id_questions-0-answer").fill("我的一")
    desk.get_by_label("路演活动").check()
    record.place = "深圳"
    record.save()
    record.activity_types.set(["媒体采访"])
    record.questions.update(answer="他的一")
    desk.keyboard.press("Control+s")
    late = desk.locator(".late")
    expect(late).to_be_focused()
    expect(late.locator(".changes > li")).to_have_count(3)

    def item(text: str) -> Any:
        return late.locator(".changes > li").filter(has_text=text)

    item("深圳").locator("[data-choose=theirs]").click()
    expect(desk.locator("#id_place")).to_have_value("深圳")
    item("深圳").locator("[data-choose=mine]").click()
    expect(desk.locator("#id_place")).to_have_value("上海")
    item("他的一").locator("[data-choose=theirs]").click()
    expect(item("他的一").locator("[data-choose=theirs]")).to_have_attribute("aria-pressed", "true")
    expect(desk.locator("#id_questions-0-answer")).to_have_value("他的一")
    item("媒体采访").locator("[data-choose=theirs]").click()
    expect(desk.get_by_label("媒体采访")).to_be_checked()
    expect(desk.get_by_label("路演活动")).not_to_be_checked()
    late.locator("[name=_seen]").check()
    save(desk)
    record.refresh_from_db()
    assert (record.place, record.questions.get().answer) == ("上海", "他的一")
    assert list(record.activity_types.values_list("name", flat=True)) == ["媒体采访"]
    assert copies(desk) == 0


def test_a_double_click_saves_once(desk: Page, live_server: Any) -> None:
    record = build.draft(visitors=["甲资本 甲"])
    open_record(desk, live_server, record)
    desk.locator("#id_participants-1-name_as_filed").fill("乙资本")
    desk.locator(".submit-row [name=_continue]").dblclick()
    expect(desk.locator(".messagelist .success")).to_be_visible()
    assert record.participants.count() == 2


def test_keys_lead_from_question_to_question_and_are_listed(desk: Page, live_server: Any) -> None:
    record = build.draft(asked=[("甲？", "一"), ("乙？", "二"), ("丙？", "三")])
    open_record(desk, live_server, record)
    desk.locator("#id_questions-0-answer").focus()
    desk.keyboard.press("Alt+j")
    expect(desk.locator("#id_questions-1-text")).to_be_focused()
    desk.keyboard.press("Alt+j")
    desk.keyboard.press("Alt+k")
    expect(desk.locator("#id_questions-1-text")).to_be_focused()
    desk.keyboard.type("?")
    dialog = desk.locator("dialog[data-keys]")
    expect(dialog).to_be_hidden()
    desk.locator("#id_questions-1-text").fill("乙？")
    desk.locator("#id_questions-1-text").blur()
    desk.keyboard.press("?")
    expect(dialog).to_be_visible()
    expect(dialog).to_contain_text("Alt+J")
    desk.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    desk.locator("[data-show-keys]").click()
    expect(dialog).to_be_visible()
    dialog.locator("[data-close]").click()
    expect(dialog).to_be_hidden()
    desk.locator("#id_place").focus()
    desk.keyboard.press("Alt+k")
    expect(desk.locator("[data-rows=questions] [data-row] textarea").nth(-2)).to_be_focused()
