"""Asked before: nearly the same questions of a company, and what changed in the answer."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from records.compare import Piece, difference
from records.similar import asked_before, closest, gist, likeness
from tests.fuzz import examples

from . import build

SAME = [
    ("请问公司2023年毛利率下降的原因是什么？", "2024年毛利率下降主要是什么原因？"),
    ("海外业务收入占比是多少？", "请介绍一下海外业务的收入占比情况"),
    ("公司目前产能利用率如何？", "请问目前的产能利用率是多少？"),
]
OTHER = [
    ("请问公司2023年毛利率下降的原因是什么？", "请问公司2023年分红的计划是什么？"),
    ("公司目前的产能利用率如何？", "公司目前的订单情况如何？"),
    ("公司有没有股权激励计划？", "公司有没有并购计划？"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same_question_in_other_words(one: str, other: str) -> None:
    assert closest({1: one}, [(2, other)]) == {1: [(2, pytest.approx(likeness(gist(one), gist(other))))]}


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_another_question_with_the_same_courtesies(one: str, other: str) -> None:
    assert closest({1: one}, [(2, other)]) == {1: []}


@pytest.mark.django_db
def test_earlier_and_later_questions_of_the_company_newest_first(django_assert_num_queries) -> None:
    old = build.record(number="1", held="2023-05-05", asked=[("毛利率下降的原因是什么？", "成本。")])
    now = build.record(number="2", held="2024-05-05", asked=[("今年毛利率下降的原因？", "价格。"), ("分红？", "有。")])
    new = build.record(number="3", held="2025-05-05", asked=[("毛利率为何下降？", "汇率。")])
    build.record(build.company("999002"), number="1", asked=[("毛利率下降的原因是什么？", "别家。")])
    build.draft(number="4", asked=[("毛利率下降的原因是什么？", "机密。")])
    questions = list(now.questions.all())
    with django_assert_num_queries(2):
        found = asked_before(questions, now.company_id)
    assert {key: [row.record for row in rows] for key, rows in found.items()} == {questions[0].pk: [new, old]}


def test_only_what_changed_is_marked() -> None:
    assert difference("境外收入占比为18.4%。", "境外收入占比为21.0%。") == [
        Piece("same", "境外收入占比为"),
        Piece("old", "18.4%"),
        Piece("new", "21.0%"),
        Piece("same", "。"),
    ]


@pytest.mark.fuzz
@settings(max_examples=examples(100))
@given(st.text(alphabet="境外收入1.%，。ab", max_size=40), st.text(alphabet="境外收入1.%，。ab", max_size=40))
def test_both_texts_can_be_read_out_of_the_difference(old: str, new: str) -> None:
    pieces = difference(old, new)
    assert "".join(piece.text for piece in pieces if piece.kind != "new") == old
    assert "".join(piece.text for piece in pieces if piece.kind != "old") == new


def test_long_texts_are_compared_by_sentences() -> None:
    old = "。".join(f"第{n}句" for n in range(3000))
    new = old.replace("第1500句", "第一千五百句")
    changed = [piece for piece in difference(old, new) if piece.kind != "same"]
    assert changed == [Piece("old", "第1500句。"), Piece("new", "第一千五百句。")]
