"""What a correction changed."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

import pytest
from django.test import Client
from django.utils import translation

from records.compare import Piece, changes
from records.models import Record
from tests import build

pytestmark = pytest.mark.django_db


def versions(asked: list[tuple[str, str]], corrected: list[tuple[str, str]], **fields: str) -> tuple[Record, Record]:
    old = build.record(number="7", held="2024-05-05", asked=asked, place="公司会议室")
    new = build.record(
        number="7",
        held="2024-05-05",
        asked=corrected,
        published=False,
        corrects=old,
        **{"place": "公司会议室", **fields},
    )
    new.publish()
    loaded = {record.pk: record for record in Record.objects.for_page().filter(pk__in=[old.pk, new.pk])}
    return loaded[old.pk], loaded[new.pk]


def told(old: Record, new: Record) -> list[tuple[str, str, str]]:
    """Label, what went, what came."""
    return [
        (
            change.label,
            "".join(piece.text for piece in change.pieces if piece.kind == "old"),
            "".join(piece.text for piece in change.pieces if piece.kind == "new"),
        )
        for change in changes(old, new)
    ]


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


def test_only_what_changed_is_told() -> None:
    old, new = versions(
        [("订单？", "占18%。"), ("分红？", "有。")], [("订单？", "占21%。"), ("分红？", "有。")], place="线上"
    )
    assert told(old, new) == [("place", "公司会议室", "线上"), ("Question 1", "18%", "21%")]


def test_a_question_that_moved_is_the_same_and_new_and_dropped_ones_are_named() -> None:
    old, new = versions(
        [("订单情况？", "好。"), ("分红计划？", "有。"), ("诉讼进展？", "无。")],
        [("研发投入？", "增加。"), ("分红计划？", "有。"), ("订单情况？", "好。")],
    )
    assert told(old, new) == [
        ("Question 1, new", "", "研发投入？\n增加。"),
        ("Question 3 of the earlier version, left out", "诉讼进展？\n无。", ""),
    ]


def test_a_reworded_question_is_set_against_what_it_was() -> None:
    old, new = versions(
        [("请介绍境外业务的收入占比？", "境外业务收入占比18%。")],
        [("境外业务收入占比如何？", "境外业务收入占比21%。")],
    )
    [(label, gone, come)] = told(old, new)
    assert label == "Question 1"
    assert "18%" in gone
    assert "21%" in come


def test_who_came_and_the_boxes_belong_to_it() -> None:
    old = build.record(number="7", visitors=["华夏基金 贾静雯"], activities=["分析师会议"])
    new = build.record(number="7", visitors=["华夏基金 贾静文"], activities=["路演活动"], corrects=old)
    new.signed_on = datetime.date(2024, 6, 7)
    assert [label for label, _gone, _come in told(old, new)] == [
        "activity types",
        "participants",
        "date of the form",
    ]


def test_a_long_text_is_cut_down_to_its_changes() -> None:
    answer = "开头。" + "前" * 500 + "18%" + "后" * 500
    old, new = versions([("订单？", answer)], [("订单？", answer.replace("18%", "21%"))])
    [change] = changes(old, new)
    assert [piece.kind for piece in change.pieces] == ["same", "old", "new", "same"]
    assert change.pieces[0] == Piece("same", f"…{'前' * 24}")
    assert change.pieces[-1] == Piece("same", f"{'后' * 24}…")


def test_the_page_of_the_new_version_leads_to_what_changed(client: Client) -> None:
    _old, new = versions([("订单？", "占18%。")], [("订单？", "占<21%>。")])
    client.cookies["django_language"] = "en"
    address = f"{new.get_absolute_url()}changes/"
    assert address in client.get(new.get_absolute_url()).content.decode()
    body = client.get(address).content.decode()
    assert "<del>18%</del>" in body
    assert "<ins>&lt;21%&gt;</ins>" in body


def test_there_is_nothing_to_compare_without_an_earlier_version(client: Client) -> None:
    made = build.record()
    assert client.get(f"{made.get_absolute_url()}changes/").status_code == 404


def test_a_correction_that_is_a_draft_still_shows_nothing(client: Client) -> None:
    old = build.record(number="7")
    draft = build.record(number="7", corrects=old, published=False, asked=[("机密？", "机密。")])
    assert client.get(f"/records/999001/{draft.slug}/changes/").status_code == 404
    assert client.get(f"{old.get_absolute_url()}changes/").status_code == 404
