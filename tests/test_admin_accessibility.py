"""Accessibility of the desk: axe finds nothing on any page that is ours, light and dark, narrow and wide."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from records.models import Institution, Intake, Record, ToldApart

from . import build
from .test_desk_page import begun_by
from .test_importing_desk import form as paper

NOT_OURS = {"exclude": [["#attachments-group thead"]]}  # Django's headings of a table of rows, two of them empty
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def me() -> Any:
    build.company()
    return build.person("me", *build.STAFF, "publish_record", "change_institution", "delete_institution")


@pytest.fixture
def addresses(me: Any) -> dict[str, str]:
    """By what it is, every page of the desk that is ours and not Django's, with something in each of its parts."""
    you = build.person("you", *build.STAFF, "publish_record")
    draft = begun_by(
        me, number="draft", visitors=["华夏基金 贾静雯", "中信证券 王五"], asked=[("一？", "甲"), ("二？", "")]
    )
    draft.place = "会议室"
    draft.save()
    waiting = build.draft(number="waiting")
    waiting.submit(you)
    returned = build.draft(number="returned")
    returned.submit(me)
    returned.send_back(you, "请补充参会人员。")
    published = build.record(topics=["大模型"])
    intake = Intake.take(me, "记录表.md", paper().replace("2025年3月12日", "那一天").encode(), 1)
    # Who merges institutions, and finds some that look alike, new and old, one merged, one told apart.
    names = {name: build.institution(name) for name in ("国投证券", "安信证券", "国泰君安资管", "国泰君安证券")}
    merge = build.institution("安信").merge_into(names["国投证券"], me)
    Institution.objects.resolve(["易方达", "易方达基金"])
    ToldApart.tell(names["国投证券"].pk, names["国泰君安资管"].pk, me)
    institution = "/admin/records/institution/"
    newer, older = Record.history.filter(id=draft.pk).order_by("-history_id").values_list("history_id", flat=True)[:2]
    record = "/admin/records/record/"
    return {
        "first page": "/admin/",
        "add": f"{record}add/",
        "form": f"{record}{draft.pk}/change/?check=publish",
        "returned": f"{record}{returned.pk}/change/",
        "published": f"{record}{published.pk}/change/",
        "review": f"{record}{waiting.pk}/review/",
        "history": f"{record}{draft.pk}/history/",
        "versions": f"{record}{draft.pk}/history/compare/?from={older}&to={newer}",
        "paste": f"{record}{draft.pk}/paste/",
        "export": record,
        "import": "/admin/import/",
        "preview": f"/admin/import/{intake.pk}/",
        "names": f"{institution}queue/",
        "similar names": f"{institution}queue/?show=similar",
        "merge": f"{institution}{names['安信证券'].pk}/merge/",
        "merge preview": f"{institution}{names['安信证券'].pk}/merge/?into={names['国投证券'].pk}",
        "undo": f"/admin/records/institutionmerge/{merge.pk}/undo/",
    }


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_no_page_of_the_desk_breaks_a_rule_of_accessibility(
    scheme: Any, width: int, me: Any, addresses: dict[str, str], live_server: LiveServer, browser: Browser
) -> None:
    client = Client()
    client.force_login(me)
    session = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    broken: list[str] = []
    for name, address in addresses.items():
        context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 900})
        context.add_cookies([session])  # type: ignore[list-item]
        page = context.new_page()
        answer = page.goto(f"{live_server.url}{address}")
        assert answer
        assert answer.ok, name
        if name == "export":
            page.locator(".action-select").first.check()
            page.locator("select[name=action]").select_option("export_records")
            page.locator(".actions button").first.click()
            page.locator("[data-export]").wait_for()
        found = Axe().run(page, context=NOT_OURS).response["violations"]
        broken += [f"{name}: {rule['id']}: {node['html'][:200]}" for rule in found for node in rule["nodes"]]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            broken.append(f"{name}: wider than {width} pixels")
        context.close()
    assert not broken, "\n".join(broken)
