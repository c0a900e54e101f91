"""The public site in a real browser: filtering with and without scripts, going back, and accessibility."""

from __future__ import annotations

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from records.models import Record
from tests import build

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def shown(live_server: LiveServer) -> Record:
    build.record(number="2024-001", held="2024-01-01", topics=["大模型"])
    build.record(build.company("999002"), number="2024-002", held="2025-01-01", topics=["境外业务"])
    asked = [(f"问题{n}？", "答案。") for n in range(9)]
    return build.record(
        number="2024-003", held="2024-03-01", topics=["大模型"], asked=asked, visitors=["华夏基金 贾静雯", " 散户"]
    )


def test_a_ticked_value_narrows_the_list_in_place_and_going_back_undoes_it(
    shown: Record, live_server: LiveServer, page: Page
) -> None:
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(f"{live_server.url}/records/")
    page.get_by_role("checkbox", name=re.compile("^大模型")).check()
    expect(page.locator(".records tbody tr")).to_have_count(2)
    expect(page).to_have_url(f"{live_server.url}/records/?topic={build.topic('大模型').slug}")
    page.locator(".chip").click()
    expect(page.locator(".records tbody tr")).to_have_count(3)
    expect(page.get_by_role("checkbox", name=re.compile("^大模型"))).not_to_be_checked()
    page.go_back()
    expect(page.locator(".records tbody tr")).to_have_count(2)
    assert problems == []


@pytest.mark.parametrize("width", [390, 1440])
def test_a_box_stays_under_the_hand_that_ticks_it(width: int, live_server: LiveServer, page: Page) -> None:
    for n in range(1, 13):  # years, months and companies above the topics become fewer with a choice
        asked = [("订单情况如何？", "订单充足。")] * 2
        build.record(
            build.company(f"99900{n % 8}"), number=f"{n}", held=f"20{n + 10}-01-01", asked=asked, topics=[f"主题{n}"]
        )
    page.set_viewport_size({"width": width, "height": 700})
    page.goto(f"{live_server.url}/records/")
    if width < 1000:
        page.locator(".filters summary").click()
    box = page.locator("input[name=topic]").last
    box = page.locator(f"[id='{box.get_attribute('id')}']")
    box.evaluate("box => scrollBy({top: box.getBoundingClientRect().top - 300, behavior: 'instant'})")
    for lines in (1, 12):
        stood = box.evaluate("box => box.getBoundingClientRect().top")
        box.press("Space")
        expect(page.locator(".records tbody tr")).to_have_count(lines)
        page.wait_for_timeout(200)  # in which a browser would go on scrolling
        assert abs(box.evaluate("box => box.getBoundingClientRect().top") - stood) < 2
        expect(box).to_be_focused()


def test_the_same_without_scripts(shown: Record, live_server: LiveServer, browser: Browser) -> None:
    page = browser.new_context(java_script_enabled=False, viewport={"width": 1280, "height": 900}).new_page()
    page.goto(f"{live_server.url}/records/")
    page.get_by_role("checkbox", name=re.compile("^大模型")).check()
    page.get_by_role("checkbox", name=re.compile("^2024 ")).check()
    page.locator("#filter button").first.click()
    expect(page.locator(".records tbody tr")).to_have_count(2)
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator(".records tbody tr")).to_have_count(2)
    page.context.close()


def test_a_bar_of_the_histogram_chooses_its_month_in_place(shown: Record, live_server: LiveServer, page: Page) -> None:
    page.goto(f"{live_server.url}/records/")
    page.locator(".histogram a[aria-label='2024-03: 1']").click()
    expect(page.locator(".records tbody tr")).to_have_count(1)
    expect(page).to_have_url(f"{live_server.url}/records/?month=2024-03")
    expect(page.get_by_role("checkbox", name="2024-03")).to_be_checked()
    page.go_back()
    expect(page.locator(".records tbody tr")).to_have_count(3)


def test_a_permalink_leads_to_its_question_and_earlier_answers_open_in_place(
    live_server: LiveServer, page: Page
) -> None:
    build.record(number="old", held="2023-05-05", asked=[("境外收入占比？", "境外占18%。")])
    made = build.record(held="2024-05-05", asked=[*[("分红？", "有。\n" * 30)] * 3, ("境外收入占比？", "境外占24%。")])
    question = made.questions.get(position=4)
    page.goto(f"{live_server.url}/questions/{question.pk}/")
    expect(page).to_have_url(f"{live_server.url}{made.get_absolute_url()}#{question.anchor}")
    expect(page.locator(f"#{question.anchor}")).to_be_in_viewport()
    page.locator(".before summary").click()
    expect(page.locator(".before ins")).to_have_text("24%")
    expect(page.locator(".before del")).to_have_text("18%")


def test_printed_it_is_the_form_without_the_site(shown: Record, live_server: LiveServer, page: Page) -> None:
    page.goto(f"{live_server.url}{shown.get_absolute_url()}")
    page.emulate_media(media="print")
    for part in (".top", ".contents", ".neighbours", ".citation", ".bottom"):
        expect(page.locator(part).first).to_be_hidden()
    expect(page.locator(".rows")).to_be_visible()
    assert page.pdf(format="A4").startswith(b"%PDF")


def test_printed_it_says_how_many_came_that_it_does_not_name(live_server: LiveServer, page: Page) -> None:
    made = build.record(stated_institutions=5)
    page.goto(f"{live_server.url}{made.get_absolute_url()}")
    page.emulate_media(media="print")
    expect(page.locator(".stated")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_breaks_a_rule_of_accessibility_or_of_the_content_policy(
    scheme: Any, shown: Record, live_server: LiveServer, browser: Browser
) -> None:
    page = browser.new_context(color_scheme=scheme, viewport={"width": 390, "height": 844}).new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    addresses = ["/", "/records/?q=答案&institution=x", "/companies/", "/institutions/", "/topics/"]
    addresses += ["/questions/?q=答案", "/insights/", "/data/", f"/questions/{shown.questions.all()[0].pk}/answers/"]
    former = build.record(number="2024-009", asked=[("订单？", "占18%。")])
    correction = build.record(number="2024-009", corrects=former, asked=[("订单？", "占21%。")])
    addresses += [former.get_absolute_url(), f"{correction.get_absolute_url()}changes/"]
    addresses += [
        of.get_absolute_url() for of in (shown, shown.company, build.institution("华夏基金"), build.topic("大模型"))
    ]
    for address in addresses:
        page.goto(f"{live_server.url}{address}")
        found = Axe().run(page).response["violations"]
        assert [(rule["id"], rule["nodes"][0]["html"]) for rule in found] == [], address
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
    assert problems == []
    page.context.close()
