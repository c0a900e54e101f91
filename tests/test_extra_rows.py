"""Rows of a filing that no field took: in the row of the form that they belong to, if there is one, and only there."""

from __future__ import annotations

import html
import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from records.compare import changes
from records.filing.labels import ROWS, by_row
from records.models import Record
from tests import build

WORDS = "通过全景网参与本次业绩说明会的投资者"
EXTRA = [["参与单位名称及人员姓名", WORDS], ["会议地点", "二楼"], ["风险提示", "谨慎"]]


def told(page: str) -> list[tuple[str, str]]:
    """The rows of the form on a page, spaces left out."""
    rows = re.findall(r"<dt[^>]*>(.*?)</dt>\s*<dd[^>]*>(.*?)</dd>", html.unescape(page), re.DOTALL)
    return [(label, re.sub(r"<[^>]*>|\s", "", text)) for label, text in rows]


def test_a_row_under_any_name_belongs_to_its_field() -> None:
    beyond, others = by_row([("会议地点", "二楼"), ("备注", "甲"), ("地点", "三楼"), ("", "无名")])
    assert beyond == {**dict.fromkeys(ROWS, ""), "place": "二楼\n三楼"}
    assert others == [("备注", "甲"), ("", "无名")]


@pytest.mark.django_db
def test_words_in_place_of_names_stand_in_their_row_alone(client: Client) -> None:
    made = build.record(visitors=[], extra=EXTRA, place="公司")
    page = told(client.get(made.get_absolute_url()).content.decode())
    assert [text for label, text in page if label == "参与单位名称及人员姓名"] == [WORDS]
    assert [text for label, text in page if "地点" in label] == ["公司二楼"]
    assert [text for label, text in page if label == "风险提示"] == ["谨慎"]


@pytest.mark.django_db
def test_a_row_that_says_nothing_says_so_once(client: Client) -> None:
    page = dict(told(client.get(build.record(visitors=[]).get_absolute_url()).content.decode()))
    assert page["参与单位名称及人员姓名"] == page["地点"] == page["日期"] == "—"


@pytest.mark.django_db
def test_the_reviewer_reads_it_the_same_way(admin_client: Client) -> None:
    made = build.draft(visitors=[], extra=EXTRA)
    page = told(admin_client.get(reverse("admin:records_record_review", args=[made.pk])).content.decode())
    assert [text for label, text in page if label == "参与单位名称及人员姓名"] == [WORDS]
    assert [text for label, text in page if "地点" in label] == ["二楼"]
    assert [text for label, text in page if label == "风险提示"] == ["谨慎"]


@pytest.mark.django_db
def test_what_changed_of_a_row_is_told_of_the_row() -> None:
    old = build.record(number="1", visitors=[], extra=[*EXTRA, ["风险提示", "第二份"]])
    new = build.record(number="1", corrects=old, visitors=["华夏基金"], extra=[["风险提示", "谨慎"]])
    versions = [Record.objects.for_page().get(pk=record.pk) for record in (old, new)]
    with translation.override("en"):
        found = {change.label: [(piece.kind, piece.text) for piece in change.pieces] for change in changes(*versions)}
    assert found == {
        "participants": [("old", WORDS), ("new", "华夏基金")],
        "place": [("old", "二楼")],
        "风险提示": [("same", "谨慎"), ("old", "\n第二份")],
    }
