"""The content cell, one test for each kind of layout, and what must hold for any text."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from records.filing.questions import content_lines, content_record, read_content
from tests.fuzz import examples


def pairs(text: str) -> list[tuple[str, str]]:
    return [(each.question, each.answer) for each in read_content(text).questions]


def questions(text: str) -> list[str]:
    return [each.question for each in read_content(text).questions]


TWO = [("松风股份今年的产能如何？", "目前满产。"), ("明年有扩产计划吗？", "暂无计划。")]


@pytest.mark.parametrize(
    "text",
    [
        "1、松风股份今年的产能如何？\n答：目前满产。\n2、明年有扩产计划吗？\n答：暂无计划。",
        "1、松风股份今年的产能如何？\n目前满产。\n2、明年有扩产计划吗？\n暂无计划。",
        "问：松风股份今年的产能如何？\n答：目前满产。\n问：明年有扩产计划吗？\n答：暂无计划。",
        "问：松风股份今年的产能如何？\n目前满产。\n问：明年有扩产计划吗？\n暂无计划。",
        "1、问：松风股份今年的产能如何？\n答：目前满产。\n2、 问：明年有扩产计划吗？\n答：暂无计划。",
        "（一）问：松风股份今年的产能如何？\n答：目前满产。\n（二） 问：明年有扩产计划吗？\n答：暂无计划。",
        "Q1：松风股份今年的产能如何？\nA1：目前满产。\nQ2：明年有扩产计划吗？\nA2：暂无计划。",
        "Q: 松风股份今年的产能如何？\nA: 目前满产。\nQ: 明年有扩产计划吗？\nA: 暂无计划。",
        "问：松风股份今年的产能如何？\n答; 目前满产。\n问：明年有扩产计划吗？\n答；暂无计划。",
        "Q、松风股份今年的产能如何？\nA、目前满产。\nQ、明年有扩产计划吗？\nA、暂无计划。",
        "问题一：松风股份今年的产能如何？\n回复：目前满产。\n问题二：明年有扩产计划吗？\n回复：暂无计划。",
        "问题1：松风股份今年的产能如何？ 回答：目前满产。\n问题2：明年有扩产计划吗？ 回答：暂无计划。",
        "问题：1、松风股份今年的产能如何？\n答复：目前满产。\n问题：2、明年有扩产计划吗？\n答复：暂无计划。",
        "【问题1】松风股份今年的产能如何？\n【回复】目前满产。\n【问题2】明年有扩产计划吗？\n【回复】暂无计划。",
        "（1）投资者：松风股份今年的产能如何？\n公司：目前满产。\n（2）投资者：明年有扩产计划吗？\n公司：暂无计划。",
        "调研员：松风股份今年的产能如何？\n林一舟：目前满产。\n调研员：明年有扩产计划吗？\n林一舟：暂无计划。",
        "韩：松风股份今年的产能如何？\n胡：目前满产。\n韩：明年有扩产计划吗？\n胡：暂无计划。",
        "1、问：松风股份今年的产能如何？\n松风股份：目前满产。\n2、问：明年有扩产计划吗？\n松风股份：暂无计划。",
        "松风股份今年的产能如何？\n目前满产。\n明年有扩产计划吗？\n暂无计划。",
        "松风股份今年的产能如何？\n答：目前满产。\n明年有扩产计划吗？\n答：暂无计划。",
        "序号\t问题\t回复\n1\t松风股份今年的产能如何？\t目前满产。\n2\t明年有扩产计划吗？\t暂无计划。",
        "投资者提问\t公司回复\n松风股份今年的产能如何？\t目前满产。\n明年有扩产计划吗？\t暂无计划。",
        "1\t松风股份今年的产能如何？\t目前满产。\n2\t明年有扩产计划吗？\t暂无计划。\t",
        "问题\t答复\n问：松风股份今年的产能如何？\t答：目前满产。\n问：明年有扩产计划吗？\t答：暂无计划。",
        "①松风股份今年的产能如何？\n答：目前满产。\n②明年有扩产计划吗？\n答：暂无计划。",
        "1、松风股份今年的产能如何？ 目前满产。\n2、明年有扩产计划吗？暂无计划。",
        "1、松风股份今年的产能如何？目前满产。2、明年有扩产计划吗？暂无计划。",
        "1.松风股份今年的产能如何？\n目前满产。\n2．明年有扩产计划吗？\n暂无计划。",
        "1\n、松风股份今年的产能如何？\n目前满产。\n2\n、明年有扩产计划吗？\n暂无计划。",
        "1 1 、松风股份今年的产能如何？\n目前满产。\n2 2 、明年有扩产计划吗？\n暂无计划。",
        "甲 2025-05-23 10:11:26 问\n松风股份今年的产能如何？\n乙 2025-05-23 10:12:00 答\n目前满产。\n"
        "丙 2025-05-23 10:13:26 问\n明年有扩产计划吗？\n乙 2025-05-23 10:14:00 答\n暂无计划。",
    ],
)
def test_the_same_two_questions_in_each_layout(text: str) -> None:
    assert pairs(text) == TWO


def test_half_width_signs_are_read_like_full_width_ones() -> None:
    assert pairs("1)产能如何?\n答:满产.\n2)有扩产计划吗?\n答:没有.") == [
        ("产能如何?", "满产."),
        ("有扩产计划吗?", "没有."),
    ]


def test_numbered_topics_with_answers_are_questions_although_nobody_asks() -> None:
    text = "1、松风股份的产能情况\n答：目前满产。\n2、海外市场\n答：稳步拓展。"
    assert pairs(text) == [("松风股份的产能情况", "目前满产。"), ("海外市场", "稳步拓展。")]


def test_topics_that_nobody_asks_are_no_questions() -> None:
    text = "1、产品情况\n公司主要生产风机。\n2、销售渠道\n以经销为主。"
    content = read_content(text)
    assert content.questions == ()
    assert content.introduction == text


def test_topics_in_asking_words_are_questions() -> None:
    text = "1、如何看待行业前景\n需求向好。\n2、公司的海外布局\n已设三家子公司。"
    assert questions(text) == ["如何看待行业前景", "公司的海外布局"]


def test_prose_is_an_introduction() -> None:
    text = "调研人员参观了松风股份的展厅。\n董事会秘书介绍了公司的发展历程。"
    content = read_content(text)
    assert (content.introduction, content.questions, content.closing) == (text, (), "")


def test_preamble_and_pledge_stand_around_the_questions() -> None:
    content = read_content(
        "一、签署《承诺书》；\n二、交流内容如下：\n1、产能如何？\n答：满产。\n"
        "接待过程中，公司严格按照规定，没有出现未公开重大信息泄露等情况，并签署了承诺书。"
    )
    assert content.introduction == "一、签署《承诺书》；\n二、交流内容如下："
    assert [each.answer for each in content.questions] == ["满产。"]
    assert content.closing.startswith("接待过程中")


def test_a_visit_behind_the_last_answer_is_no_question() -> None:
    content = read_content("1、产能如何？\n满产。\n2、有扩产计划吗？\n没有。\n3、参观生产现场。")
    assert len(content.questions) == 2
    assert content.closing == "3、参观生产现场。"


def test_points_of_an_answer_stay_in_it() -> None:
    text = (
        "1、公司有哪些优势？\n主要有三点：\n1、技术领先，研发投入大。\n2、渠道完善，覆盖全国。\n3、成本较低。\n"
        "2、明年的目标是什么？\n（1）稳增长；\n（2）控费用。\n3、有分红计划吗？\n一是看利润，二是看现金流。"
    )
    assert questions(text) == ["公司有哪些优势？", "明年的目标是什么？", "有分红计划吗？"]
    assert read_content(text).questions[0].answer.endswith("3、成本较低。")


def test_points_of_the_last_answer_stay_in_it() -> None:
    text = "1、产能如何？\n满产。\n2、有何趋势？\n趋势如下:\n(1) 更细分;\n(2) 更丰富。"
    assert pairs(text)[-1] == ("有何趋势？", "趋势如下:\n(1) 更细分;\n(2) 更丰富。")


def test_a_question_without_mark_between_questions_that_have_one() -> None:
    text = "1、产能如何？\n满产。\n2、公司今后的并购方向\n以同行业为主。\n3、分红如何？\n稳定。"
    assert questions(text) == ["产能如何？", "公司今后的并购方向", "分红如何？"]


def test_headlines_without_a_sign_among_questions_that_lost_their_numbers() -> None:
    text = (
        "产能如何？\n满产。\n风机的毛利率水平\n约三成。\n渠道如何？\n稳定。\n海上风机的订货\n快于行业。\n"
        "10、分红如何？\n稳定。\n今年的分红\n仍在商议。"
    )
    assert questions(text) == ["产能如何？", "风机的毛利率水平", "渠道如何？", "海上风机的订货", "分红如何？"]


def test_a_line_that_only_broke_off_is_no_headline() -> None:
    text = "产能如何？\n满产。\n渠道如何？\n稳定。\n（投资者均已离开展厅，公司\n没有提供资料。）"
    assert questions(text) == ["产能如何？", "渠道如何？"]


def test_a_question_that_lost_its_number() -> None:
    text = "1、产能如何？\n满产。\n公司的新渠道如何？\n有电商。\n3、分红如何？\n稳定。"
    assert questions(text) == ["产能如何？", "公司的新渠道如何？", "分红如何？"]


def test_a_headline_that_lost_its_number_in_the_middle_of_a_count() -> None:
    text = "一、产能如何？\n满产。\n海外业务的销售额\n三亿元。\n三、分红如何？\n稳定。\n主要原则\n不变。\n四、渠道呢？\n稳定。"
    assert questions(text) == ["产能如何？", "海外业务的销售额", "分红如何？", "渠道呢？"]


def test_a_number_printed_twice_or_wrong_breaks_nothing() -> None:
    text = "1、产能如何？\n满产。\n22、渠道如何？\n稳定。\n3、分红如何？\n稳定。\n3、海外如何？\n增长。"
    assert len(questions(text)) == 4


def test_groups_of_questions_under_headings() -> None:
    text = (
        "一、关于产能\n1、产能如何？\n答：满产。目前订单充足。\n公司将适时扩产。\n"
        "二、关于渠道\n1、渠道如何？\n答：稳定。\n2、海外呢？\n答：增长。"
    )
    content = read_content(text)
    assert questions(text) == ["产能如何？", "渠道如何？", "海外呢？"]
    assert content.introduction == "一、关于产能\n二、关于渠道"
    assert any("between" in str(doubt) for doubt in content.doubts)


def test_a_talk_before_the_questions_keeps_its_own_numbers() -> None:
    text = "1、公司所处行业\n行业稳定。\n2、公司简介\n成立多年。\n问答环节\n1、产能如何？\n答：满产。\n2、渠道如何？\n答：稳定。"
    assert questions(text) == ["产能如何？", "渠道如何？"]


def test_a_question_over_several_lines() -> None:
    text = "1、请谈谈收入下滑的情况。\n原因是什么？\n今年有改善吗？\n答：需求回落。\n2、渠道如何？\n答：稳定。"
    assert questions(text)[0] == "请谈谈收入下滑的情况。\n原因是什么？\n今年有改善吗？"


def test_a_further_question_without_question_mark_stays_in_the_question() -> None:
    text = "1、松风股份有几个基地？今年会不会再建。\n现有三个。\n2、产能如何？目前满产。\n明年扩产。"
    first, second = pairs(text)
    assert first == ("松风股份有几个基地？今年会不会再建。", "现有三个。")
    assert second == ("产能如何？", "目前满产。\n明年扩产。")


def test_parts_of_a_question_are_one_question() -> None:
    text = "1、请教两个问题：\n（1）产能如何？\n（2）渠道如何？\n答：满产，渠道稳定。\n2、分红如何？\n答：稳定。"
    assert questions(text) == ["请教两个问题：\n（1）产能如何？\n（2）渠道如何？", "分红如何？"]


def test_lines_wrapped_by_a_page_are_joined() -> None:
    text = (
        "1、问：松风股份在面对不同层次的国际竞争对手时，公司拥有的\n优势在哪里？\n"
        "答：松风股份主要做中高端产品，竞争对手主要为国外的公司，而\n"
        "我们的优势在于本地化，成本较低，产品技术也有自己的优势，并\n且服务及时。\n"
        "2、问：渠道如何？\n答：松风股份的渠道覆盖全国三十余个城市，经销商二百余家，且仍\n在增加。"
    )
    first, second = read_content(text).questions
    assert first.question == "松风股份在面对不同层次的国际竞争对手时，公司拥有的优势在哪里？"
    assert "\n" not in first.answer
    assert second.answer.endswith("且仍在增加。")


def test_a_list_of_questions_that_nobody_answers() -> None:
    content = read_content("公司的产能如何？\n公司的渠道如何？\n公司是否分红？")
    assert [each.answer for each in content.questions] == ["", "", ""]
    assert len(content.doubts) == 3


def test_a_last_request_without_answer_is_kept() -> None:
    text = "1、产能如何？\n答：满产。\n2、渠道如何？\n答：稳定。\n3、介绍两种风机的区别。"
    assert pairs(text)[-1] == ("介绍两种风机的区别。", "")


def test_a_question_whose_words_are_missing_keeps_its_answer() -> None:
    content = read_content("1、产能如何？\n答：满产。\n2、\n答：暂不便披露。\n3、渠道如何？\n答：稳定。")
    assert [each.question for each in content.questions] == ["产能如何？", "", "渠道如何？"]
    assert any("missing" in str(doubt) for doubt in content.doubts)


def test_an_answer_that_begins_with_a_quotation() -> None:
    assert pairs("1、问：产能如何？\n答“以销定产”是公司的原则。") == [("产能如何？", "“以销定产”是公司的原则。")]


def test_two_answers_to_one_question() -> None:
    assert pairs("问：产能如何？\n答：满产。\n答：明年会扩产。") == [("产能如何？", "满产。\n明年会扩产。")]


def test_a_question_glued_to_other_text_is_set_apart() -> None:
    text = "双方座谈，主要问题如下：产能如何？\n答：满产。明年扩产。渠道如何？\n答：稳定。"
    assert pairs(text) == [("产能如何？", "满产。明年扩产。"), ("渠道如何？", "稳定。")]
    assert read_content(text).introduction == "双方座谈，主要问题如下："


def test_a_letter_holds_one_question_and_the_points_of_its_answer() -> None:
    text = "记者来信采访。\n问：您好，请谈谈行业争议。\n答：谢谢关注，现说明如下：\n1、事件始末\n起因是误读。\n2、国外情况\n并无影响。"
    content = read_content(text)
    assert len(content.questions) == 1
    assert content.introduction == "记者来信采访。"
    assert "2、国外情况" in content.questions[0].answer


def test_an_announcement_of_questions_is_none() -> None:
    text = "投资者提问：\n1、产能如何？\n答：满产。\n二、问题回复：\n1、渠道如何？\n答：稳定。"
    assert questions(text) == ["产能如何？", "渠道如何？"]


def test_who_spoke_is_told_as_a_doubt_and_in_the_rest() -> None:
    text = "投资者：产能如何？\n林一舟：满产。\n投资者：渠道如何？\n林一舟：稳定。"
    doubts = [doubt for doubt in read_content(text).doubts if doubt.params.get("speaker")]
    assert [(doubt.params["speaker"], text[doubt.start : doubt.end]) for doubt in doubts] == [("林一舟", "林一舟：")]
    assert "林一舟：满产" in content_record({"doc": "999001", "text": text})["rest"]


def test_a_name_that_asks_only_once_is_left_out_like_the_others() -> None:
    text = "周：产能如何？\n林一舟：满产。\n周：渠道如何？\n林一舟：稳定。\n吴小满：海外呢？\n林一舟：增长。"
    assert pairs(text) == [("产能如何？", "满产。"), ("渠道如何？", "稳定。"), ("海外呢？", "增长。")]
    assert "吴小满" in content_record({"doc": "999004", "text": text})["rest"]


def test_a_topic_before_a_colon_is_no_name() -> None:
    text = "1、海外业务：今年如何？\n答：增长。\n2、渠道如何？\n答：稳定。"
    assert questions(text) == ["海外业务：今年如何？", "渠道如何？"]


def test_topics_that_somebody_answers_by_name_are_questions() -> None:
    text = "一、产能情况：\n林一舟：满产。\n海外项目的进度：\n林一舟：已开工。\n四、渠道情况：\n林一舟：稳定。"
    assert pairs(text) == [("产能情况：", "满产。"), ("海外项目的进度：", "已开工。"), ("渠道情况：", "稳定。")]


def test_a_long_statement_in_front_of_a_marker_is_doubted() -> None:
    content = read_content("1、" + "公司近年来在各地建设了多个基地，" * 25 + "进展如何？\n答：顺利。")
    assert any("very long" in str(doubt) for doubt in content.doubts)


def test_text_without_words() -> None:
    for text in ("", "\n\n", "   ", "？", "1、", "答："):
        assert read_content(text).closing == ""


def test_a_record_holds_the_pairs_and_all_other_text() -> None:
    record = content_record({"doc": "999002", "text": "参观展厅。\n问：产能如何？\n答：满产。\n访谈结束。"})
    assert record == {"doc": "999002", "qa": [["产能如何？", "满产。"]], "rest": "参观展厅。\n访谈结束。"}
    assert list(content_lines(['{"doc": "999003", "text": ""}', "\n"])) == ['{"doc": "999003", "qa": [], "rest": ""}']


# --- any text --------------------------------------------------------------------------------------------------------

SIGNS = st.sampled_from(
    ["1、", "2、", "3．", "（1）", "一、", "（二）", "①", "问：", "答：", "Q1：", "A：", "问题一：", "【回复】", "投资者：", "林一舟：",
     "？", "?", "。", "；", "：", "产能如何", "公司满产", "接待过程中，", "参观", "\n", "\u2028", "\t", "\u3000", "2025年", " "]
)  # fmt: skip
TEXTS = st.lists(SIGNS | st.text(max_size=8), max_size=40).map("".join)


def letters(text: str) -> Counter[str]:
    return Counter(sign for sign in text if sign.isalnum())


def everything(text: str) -> str:
    content = read_content(text)
    said = [part for each in content.questions for part in (each.question, each.answer)]
    return "\n".join([content.introduction, *said, content.closing])


@pytest.mark.fuzz
@settings(max_examples=examples(100))
@given(TEXTS)
def test_nothing_is_invented_and_places_lie_in_the_text(text: str) -> None:
    assert not letters(everything(text)) - letters(text)
    for doubt in read_content(text).doubts:
        assert doubt.start is not None
        assert doubt.end is not None
        assert 0 <= doubt.start <= doubt.end <= len(text)
        assert str(doubt)


@pytest.mark.fuzz
@settings(max_examples=examples(100))
@given(st.lists(TEXTS, max_size=8))
def test_the_words_of_every_line_are_kept(lines: list[str]) -> None:
    sentinel = "此处为句末之词"
    text = "\n".join(line + sentinel for line in lines)
    assert everything(text).count(sentinel) == len(lines)


@pytest.mark.parametrize(
    "unit",
    ["公", " ", "问：", "1、", "1、公司如何？\n", "答：\n", "？", "a？\n", "（", "1 ", "甲：乙\n", "。1、公司？"],
)
def test_the_longest_cell_is_read_whatever_it_repeats(unit: str) -> None:
    """A pass that took more than linear time would keep this test from ever ending."""
    text = (unit * 100_000)[:100_000] + "完"
    assert "完" in everything(text)


def test_a_table_without_questions_is_left_as_it_is() -> None:
    text = "1、松风股份今年的产能如何？\n各厂如下：\n厂区\t产能\n北厂\t满产\n南厂\t八成\n2、明年有扩产计划吗？\n暂无计划。"
    assert pairs(text) == [
        (TWO[0][0], "各厂如下：\n厂区\t产能\n北厂\t满产\n南厂\t八成"),
        TWO[1],
    ]


def test_the_answer_of_a_row_goes_on_below_it() -> None:
    text = "问题\t回复\n松风股份今年的产能如何？\t目前满产。\n订单也充足。\n明年有扩产计划\t暂无计划。"
    assert pairs(text) == [(TWO[0][0], "目前满产。\n订单也充足。"), ("明年有扩产计划", "暂无计划。")]
