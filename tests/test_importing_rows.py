"""Rows under correction: each operation as a function from rows to rows."""

from __future__ import annotations

from typing import Any

import pytest

from records.admin.importing_rows import Rows, RowsError, changed, posted
from records.filing.shape import Attendee, Question

ONE = Question("订单如何？", "订单充足。\n毛利率呢？\n有所下降。")
TWO = Question("境外收入？", "占18.4%。")
LI, WANG = Attendee("华夏基金", "李四"), Attendee("中信证券", "王五", "研究员")


def of(*questions: Question, **others: Any) -> Rows:
    return Rows(questions=questions, **others)


def test_the_posted_lists_run_side_by_side() -> None:
    lists = {
        "institution": ["华夏基金", "中信证券"],
        "person": ["李四", "王五"],
        "title": ["", "研究员"],
        "question": ["订单如何？"],
        "answer": ["充足。\r\n很好。"],
        "introduction": ["开场\0"],
        "closing": [],
        "end": ["1"],
    }
    rows = posted(lambda name: lists[name])
    assert rows == Rows((LI, WANG), "开场", (Question("订单如何？", "充足。\n很好。"),), "")


@pytest.mark.parametrize(
    "lists", [{"institution": ["华夏基金"], "end": ["1"]}, {"question": ["问？"], "answer": ["答。"]}]
)
def test_a_form_that_did_not_come_whole_is_refused(lists: dict[str, list[str]]) -> None:
    with pytest.raises(RowsError, match="whole"):
        posted(lambda name: lists.get(name, []))


def test_split_at_the_cursor_in_an_answer() -> None:
    rows, focus = changed(of(ONE, TWO), "question-split-1", f"answer:{len('订单充足。')}")
    assert rows.questions == (Question("订单如何？", "订单充足。"), Question("毛利率呢？", "有所下降。"), TWO)
    assert focus == "question-2"


def test_split_at_the_cursor_in_a_question() -> None:
    asked = Question("订单如何？毛利率呢？", "都好。")
    rows, _focus = changed(of(asked), "question-split-1", "question:5")
    assert rows.questions == (Question("订单如何？"), Question("毛利率呢？", "都好。"))


def test_split_counts_characters_and_not_their_halves() -> None:
    rows, _focus = changed(of(Question("问？", "𠮷野。\n又问？")), "question-split-1", "answer:3")
    assert rows.questions == (Question("问？", "𠮷野。"), Question("又问？"))


def test_split_at_lines_of_hyphens_as_often_as_they_stand() -> None:
    asked = Question("一？", "答一。\n---\n2、二？\n答二。\n---\n三？\n答三。")
    rows, _focus = changed(of(asked), "question-split-1")
    assert rows.questions == (Question("一？", "答一。"), Question("二？", "答二。"), Question("三？", "答三。"))


def test_a_new_question_loses_its_number_and_not_its_figure() -> None:
    for line, question in [
        ("2、毛利率？", "毛利率？"),
        ("问：毛利率？", "毛利率？"),
        ("2.5亿元订单？", "2.5亿元订单？"),
    ]:
        rows, _focus = changed(of(Question("一？", f"答。\n{line}")), "question-split-1", "answer:2")
        assert rows.questions[1].question == question


@pytest.mark.parametrize("cursor", ["", "answer:999", "introduction:0"])
def test_split_with_nothing_behind_says_what_to_do(cursor: str) -> None:
    with pytest.raises(RowsError, match="cursor"):
        changed(of(ONE), "question-split-1", cursor)


def test_split_takes_a_question_out_of_the_introduction() -> None:
    rows, focus = changed(of(TWO, introduction="公司介绍。\n订单如何？\n充足。"), "question-split-0", "introduction:5")
    assert rows == of(Question("订单如何？", "充足。"), TWO, introduction="公司介绍。")
    assert focus == "question-1"


def test_join_puts_the_next_question_into_the_answer() -> None:
    rows, focus = changed(of(TWO, ONE), "question-join-1")
    assert rows.questions == (Question("境外收入？", "占18.4%。\n订单如何？\n订单充足。\n毛利率呢？\n有所下降。"),)
    assert focus == "answer-1"


def test_join_of_a_question_without_answer_makes_one_question() -> None:
    rows, _focus = changed(of(Question("订单如何，"), Question("境外呢？", "好。")), "question-join-1")
    assert rows.questions == (Question("订单如何，\n境外呢？", "好。"),)


def test_the_last_question_has_no_next() -> None:
    with pytest.raises(RowsError):
        changed(of(ONE), "question-join-1")


def test_a_line_goes_from_answer_to_question_and_back() -> None:
    raised, focus = changed(of(ONE), "question-raise-1")
    assert raised.questions == (Question("订单如何？\n订单充足。", "毛利率呢？\n有所下降。"),)
    assert focus == "question-1"
    assert changed(raised, "question-lower-1")[0] == of(ONE)


@pytest.mark.parametrize(("op", "entry"), [("raise", Question("问？")), ("lower", TWO)])
def test_no_line_to_move_is_said(op: str, entry: Question) -> None:
    with pytest.raises(RowsError):
        changed(of(entry), f"question-{op}-1")


def test_the_first_becomes_introduction_and_the_last_closing() -> None:
    rows, _focus = changed(of(TWO, ONE, introduction="开场"), "question-introduce-1")
    assert rows == of(ONE, introduction="开场\n境外收入？\n占18.4%。")
    rows, _focus = changed(of(ONE, TWO, closing="风险提示"), "question-close-2")
    assert rows == of(ONE, closing="境外收入？\n占18.4%。\n风险提示")


@pytest.mark.parametrize("op", ["question-introduce-2", "question-close-1"])
def test_no_question_in_between_becomes_either(op: str) -> None:
    with pytest.raises(RowsError):
        changed(of(ONE, TWO), op)


@pytest.mark.parametrize(
    ("op", "attendees", "focus"),
    [
        ("attendee-up-2", (WANG, LI), "institution-1"),
        ("attendee-up-1", (LI, WANG), "institution-1"),
        ("attendee-down-1", (WANG, LI), "institution-2"),
        ("attendee-down-2", (LI, WANG), "institution-2"),
        ("attendee-drop-1", (WANG,), "institution-1"),
        ("attendee-drop-2", (LI,), "institution-1"),
        ("attendee-add-1", (LI, Attendee(), WANG), "institution-2"),
        ("attendee-add-0", (Attendee(), LI, WANG), "institution-1"),
    ],
)
def test_rows_move_go_and_come(op: str, attendees: tuple[Attendee, ...], focus: str) -> None:
    assert changed(Rows((LI, WANG)), op) == (Rows(attendees), focus)


@pytest.mark.parametrize("op", ["question-up-2", "question-drop-1", "question-add-2"])
def test_questions_move_as_rows_do(op: str) -> None:
    expected = {
        "question-up-2": (TWO, ONE),
        "question-drop-1": (TWO,),
        "question-add-2": (ONE, TWO, Question("")),
    }
    assert changed(of(ONE, TWO), op)[0].questions == expected[op]


@pytest.mark.parametrize(
    "op",
    [
        "",
        "drop",
        "question-burn-1",
        "attendee-join-1",
        "question-join-3",
        "question-join-0",
        "attendee-drop-0",
        "attendee-up-3",
    ],
)
def test_no_operation_is_refused(op: str) -> None:
    with pytest.raises(ValueError, match="no "):
        changed(Rows((LI, WANG), questions=(ONE, TWO)), op)


def test_blank_rows_are_not_stored() -> None:
    rows = Rows((Attendee(" 华夏基金 "), Attendee(" ")), " 开场\n", (Question(" "), Question("问？ ", " 答。")))
    assert rows.filled() == Rows((Attendee("华夏基金"),), "开场", (Question("问？", "答。"),))


def test_rows_that_cannot_be_stored_are_named() -> None:
    rows = Rows((Attendee(title="研究员"), LI), questions=(Question("", "答。"), TWO))
    assert set(rows.complaints()) == {"institution-1", "question-1"}
