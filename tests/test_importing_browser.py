"""The import desk in a browser: from a file on disk to a published record and its official form."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.contrib.contenttypes.models import ContentType
from playwright.sync_api import expect

from records import filing
from records.models import Attachment, Company, Intake, Question, Record

from . import build, hand
from .test_importing_desk import LONG_CONTENT, LONG_PEOPLE, form

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PASSWORD = "open-the-desk"  # noqa: S105
CONTENT = (
    "1、订单情况如何？<br>答：订单充足。<br>关于毛利率的变化<br>原材料价格上涨。<br>2、境外收入占比？<br>答：18.4%。"
)


def enter(page: Any, site: Any) -> None:
    user = User.objects.create_user("editor", password=PASSWORD, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="records"))
    user.companies.set(Company.objects.all())
    # Known once in the life of a server; the emptying of the database between tests makes it forget them.
    ContentType.objects.get_for_models(Record, Question, Attachment)
    page.goto(f"{site.url}/admin/import/")
    page.fill("#id_username", "editor")
    page.fill("#id_password", PASSWORD)
    page.click("[type=submit]")


def watch(page: Any) -> list[str]:
    """What the browser complains about, refusals of the content policy among it."""
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return complaints


def upload(page: Any, tmp_path: Path, text: str, name: str = "filing.md") -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    page.set_input_files("#id_files", path)
    page.click(".bring button.default")


def put_cursor_before(page: Any, box: str, text: str) -> None:
    page.focus(box)
    page.eval_on_selector(
        box, "(box, text) => { const at = box.value.indexOf(text); box.setSelectionRange(at, at); }", text
    )


def test_from_a_file_to_a_published_record_and_its_form(page: Any, live_server: Any, tmp_path: Path) -> None:
    build.company("999001", one_person_desk=True)
    complaints = watch(page)
    enter(page, live_server)
    upload(page, tmp_path, form(content=CONTENT))
    address = page.url
    page.fill("#id_place", "上海")
    put_cursor_before(page, "#answer-1", "关于毛利率")
    page.click("button[value=question-split-1]")
    expect(page.locator(".entry")).to_have_count(3)
    assert page.url.split("#")[0] == address
    assert page.input_value("#question-2") == "关于毛利率的变化"
    assert page.input_value("#answer-2") == "原材料价格上涨。"
    assert page.input_value("#id_place") == "上海"
    expect(page.locator("#question-2")).to_be_focused()
    assert not Record.objects.exists()
    page.click("button[value=create]")
    page.wait_for_url("**/change/")
    record = Record.objects.get()
    assert (record.place, record.question_count, record.status) == ("上海", 3, "draft")
    written = hand.fetch(page, page.locator(f"a[href$='/record/{record.pk}/form.docx']"))
    read = filing.read(written.path().read_bytes(), "form.docx").filing
    assert [entry.question for entry in read.questions] == ["订单情况如何？", "关于毛利率的变化", "境外收入占比？"]
    page.fill("#id_material_information", "不涉及")
    page.click("[name=_submit]")
    page.wait_for_url("**/review/")
    record.refresh_from_db()
    assert record.status == "review"
    record.approve(User.objects.create_superuser("second"))
    page.goto(f"{live_server.url}{record.get_absolute_url()}")
    assert "关于毛利率的变化" in page.content()
    assert complaints == []


def test_the_keyboard_splits_joins_and_moves(page: Any, live_server: Any, tmp_path: Path) -> None:
    enter(page, live_server)
    upload(page, tmp_path, form(content=CONTENT))
    put_cursor_before(page, "#answer-1", "关于毛利率")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".entry")).to_have_count(3)
    page.keyboard.press("Alt+ArrowDown")
    expect(page.locator("#question-3")).to_have_value("关于毛利率的变化")
    expect(page.locator("#question-3")).to_be_focused()
    page.focus("#answer-1")
    page.keyboard.press("Alt+KeyJ")
    expect(page.locator(".entry")).to_have_count(2)
    assert "境外收入占比？" in page.input_value("#answer-1")


def test_enter_in_a_box_makes_no_draft(page: Any, live_server: Any, tmp_path: Path) -> None:
    enter(page, live_server)
    upload(page, tmp_path, form(content=CONTENT))
    page.fill("#id_number", "2025-8")
    page.press("#id_number", "Enter")
    page.wait_for_load_state()
    assert page.input_value("#id_number") == "2025-8"
    assert not Record.objects.exists()
    assert Intake.objects.exists()


def test_everything_works_without_scripts(browser: Any, live_server: Any, tmp_path: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    enter(page, live_server)
    upload(page, tmp_path, form(content=CONTENT))
    text = page.input_value("#answer-1")
    page.fill("#answer-1", text.replace("关于毛利率", "---\n关于毛利率"))
    page.click("button[value=question-split-1]")
    assert page.input_value("#question-2") == "关于毛利率的变化"
    page.click("button[value=attendee-drop-1]")
    expect(page.locator(".person")).to_have_count(1)
    page.click("button[value=create]")
    assert Record.objects.get().question_count == 3
    context.close()


def test_a_pasted_list_becomes_rows_of_a_draft(page: Any, live_server: Any) -> None:
    record = build.draft()
    enter(page, live_server)
    page.goto(f"{live_server.url}/admin/records/record/{record.pk}/paste/")
    page.fill("#id_participants_cell", "国投新资：孙语梁、王千；中信证券：赵五")
    page.click("button.default")
    page.click("button[value=attendee-drop-2]")
    expect(page.locator(".person")).to_have_count(2)
    page.click("button[value=append]")
    page.wait_for_url("**/change/")
    assert record.participants.count() == 3


LONG_CHANGE = 8.0  # seconds on a machine that runs other tests as well


def test_a_long_filing_is_changed_in_place_in_good_time(page: Any, live_server: Any, tmp_path: Path) -> None:
    enter(page, live_server)
    upload(page, tmp_path, form(people=LONG_PEOPLE, content=LONG_CONTENT))
    expect(page.locator(".person")).to_have_count(250)
    page.wait_for_load_state()  # the scripts come after the rows
    seconds = page.evaluate(
        """() => new Promise((done) => {
             const begun = performance.now();
             document.querySelector("[data-correct]").addEventListener(
               "rows-changed", () => done((performance.now() - begun) / 1000));
             document.querySelector("button[value=question-join-40]").click();
           })"""
    )
    expect(page.locator(".entry")).to_have_count(86)
    print(f"changed in {seconds:.2f} s")
    assert seconds < LONG_CHANGE
