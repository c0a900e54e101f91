"""Whatever stands in a cell of the form, or is typed instead of a day, is read or refused, and no name comes from nowhere."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from records.admin.editing import Opened
from records.filing.cells import read_activities, read_hosts
from records.filing.dates import date_range, parse_date
from records.filing.participants import read_participants
from records.filing.shape import ACTIVITY_TYPES
from records.names import split_list
from tests.fuzz import examples

pytestmark = pytest.mark.fuzz

WORDS = st.sampled_from(
    ["华夏基金", "中信证券股份有限公司", "贾静雯", "欧阳娜娜", "李 四", "董事会秘书", "先生", "等", "共", "3", "31", "家机构", "名投资者", "研究员",
     "：", ":", "、", "，", "；", ";", "\n", "\t", "（", "）", "(", ")", "-", "—", "/", " ", "\u3000", "机构名称", "姓名", "职务", "1、",
     "☑", "□", "√", "[√]", "[ ]", "特定对象调研", "业绩说明会", "其他", "R", "£", "电话会议", "详见附件", "以上排名不分先后"]
)  # fmt: skip
CELLS = st.lists(WORDS | st.text(max_size=6), max_size=30).map("".join)
DAYS = st.lists(
    st.sampled_from([*"0123456789年月日时分至到-—~～、，/.: 和以及上下午（）一周", "2026", "2024年", "12月", "31日", "星期四", "月份", "\n"])
    | st.text(max_size=3),
    max_size=16,
).map("".join)  # fmt: skip


def letters(text: str) -> set[str]:
    return {sign for sign in text if sign.isalnum()}


@settings(max_examples=examples(200))
@given(CELLS)
@example("董事会秘书")  # was a participant without a name
@example("：董事会秘书")
def test_participants(text: str) -> None:
    found = read_participants(text, ("乐普科技股份有限公司", "乐普科技"))
    for each in found.attendees:
        assert each.institution or each.person
        assert letters(f"{each.institution}{each.person}{each.title}") <= letters(text)
    assert letters(found.rest) <= letters(text)


@settings(max_examples=examples(200))
@given(CELLS)
def test_hosts(text: str) -> None:
    for host in read_hosts(text):
        assert host.title or host.name
        assert letters(f"{host.title}{host.name}") <= letters(text)


@settings(max_examples=examples(200))
@given(CELLS)
@example("\0")  # is no tick
def test_activities(text: str) -> None:
    types, other, _doubts = read_activities(text)
    assert set(types) <= set(ACTIVITY_TYPES)
    assert len(types) == len(set(types))
    assert letters(other) <= letters(text)


@settings(max_examples=examples(300))
@given(DAYS, st.none() | st.integers(1990, 2100))
def test_days(text: str, year: int | None) -> None:
    first, last = date_range(text, year)
    assert last is None or (first is not None and last > first)
    try:
        assert isinstance(parse_date(text), datetime.date)
    except ValueError as refusal:
        assert "not a date" in str(refusal)  # noqa: PT017


@settings(max_examples=examples(200))
@given(CELLS)
def test_lists(text: str) -> None:
    assert all(part and part == part.strip() for part in split_list(text))


@settings(max_examples=examples(200))
@given(st.text("0123456789~:=,abf-fields participants問½²", max_size=60))
def test_what_a_page_was_opened_with(text: str) -> None:
    opened = Opened.read(text)
    assert opened is None or opened.version >= 0
