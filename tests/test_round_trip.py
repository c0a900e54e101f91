"""What is written in the official form is read back the same, whatever the board and whatever it says."""

from __future__ import annotations

import calendar
import dataclasses
import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from records.filing import read, vocabulary
from records.filing.docx import write_docx
from records.filing.labels import kind_of, split_label
from records.filing.shape import ACTIVITY_TYPES, Attendee, Board, Filing, Host, Question

# Text as filings have it: trimmed lines, none of them empty, without marks of its own for questions and answers.

HAN = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5)
FRAGMENTS = st.one_of(
    st.text(HAN, min_size=1, max_size=8),
    st.sampled_from(
        [
            "公司",
            "目前",
            "收入",
            "境外业务",
            "大模型",
            "毛利率",
            "研发投入",
            "请问",
            "如何看待",
            "的原因是什么",
            "投资者",
            "机构",
            "问题",
            "回答",
            "时间",
            "地点",
            "附件",
            "其他",
            "2024年",
            "6月6日",
            "35.33%",
            "1.70亿元",
            "3,500",
            "10:15-11:45",
            "AI",
            "ChatGPT",
            "IPO",
            "A股",
            "H股",
            "Q3",
            "token",
            "GPU",
            "C919",
            "100G",
            "-12.5%",
            "2023-2025",
            "“智能制造”",
            '"AI+"',
            "《2024年年度报告》",
            "（如有）",
            "(例如)",
            "【重点】",
            "[1]",
            "——",
            "……",
            "·",
            "/",
            "&",
            "①",
            "②",
            "℃",
            "㎡",
            "±",
            "≥",
            "~",
            "$3.5",
            "¥100",
            "□",
            "☑",
            "√",
            "1、",
            "（2）",
            "第一",
            "Ⅲ",
        ]
    ),
)
SIGNS = st.sampled_from(["，", "。", "；", "、", "：", "？", "！", ",", ";", ":", "?", " ", "", "", "", ""])
LINE = (
    st.lists(st.tuples(FRAGMENTS, SIGNS), min_size=1, max_size=8)
    .map(lambda parts: " ".join("".join(map("".join, parts)).split()))
    .filter(bool)
)
POINT = st.sampled_from(["", "", "1、", "2、", "3.", "（1）", "（一）", "(2)", "①", "一、", "第一，", "首先，", "- "])


def texts(board: Board, most: int = 4) -> st.SearchStrategy[str]:
    """Lines with points or without. In running text a line that begins with one of the form's labels is that row."""
    line = st.tuples(POINT, LINE).map("".join)
    if board is Board.BSE:
        line = line.filter(lambda line: split_label(line) is None)
    return st.lists(line, min_size=1, max_size=most).map("\n".join)


def pairs(board: Board) -> st.SearchStrategy[Question]:
    """A question of one or two lines, with or without its sign, and an answer of any number of lines."""
    begins = st.one_of(st.sampled_from(["请问", "公司", "2024年", "Q3"]), st.text(HAN, min_size=2, max_size=6))
    ends = st.sampled_from(["？", "？", "?", "", "。"])
    question = st.builds(lambda *parts: "".join(parts), begins, texts(board, most=2), ends)
    return st.builds(Question, question, st.one_of(st.just(""), texts(board)))


# Names

SURNAMES = st.sampled_from(
    [
        "王",
        "李",
        "张",
        "刘",
        "陈",
        "杨",
        "黄",
        "赵",
        "吴",
        "周",
        "徐",
        "孙",
        "马",
        "朱",
        "胡",
        "郭",
        "何",
        "林",
        "高",
        "罗",
        "欧阳",
        "上官",
        "司马",
        "诸葛",
    ]
)
GIVEN = st.text(
    st.sampled_from("伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉萍红娥玲菊兰凤洁梅琳素云莲真环雪"),
    min_size=1,
    max_size=2,
)
CHINESE_NAME = st.builds(str.__add__, SURNAMES, GIVEN)
LATIN_NAME = st.sampled_from(["John Smith", "Mary-Ann O'Neil", "Li Wei", "Kim", "Jean Claude Dupont", "A. Gupta"])
PERSON = st.one_of(CHINESE_NAME, CHINESE_NAME, LATIN_NAME)
TITLE = st.sampled_from(
    [
        "研究员",
        "先生",
        "女士",
        "分析师",
        "基金经理",
        "投资总监",
        "首席策略师",
        "合规岗",
        "TMT组组长",
        "Analyst",
        "PM",
        "副总裁",
        "合伙人",
        "Portfolio Manager",
    ]
)


def is_no_word_of_the_form(name: str) -> bool:
    return not (kind_of(name) or name in ACTIVITY_TYPES or "类" in name or vocabulary.TITLE.fullmatch(name))


STEM = st.one_of(
    st.text(HAN, min_size=2, max_size=4).filter(is_no_word_of_the_form),
    st.sampled_from(
        ["青禾", "远山", "云岭", "Point88", "3W", "Harbour", "ABC", "易安", "高远", "南方红", "58同", "一二三"]
    ),
)
ENDING = st.sampled_from(
    [
        "基金",
        "证券",
        "资本",
        "资管",
        "投资",
        "投资管理有限公司",
        "私募基金管理（海南）有限公司",
        "资产管理中心（有限合伙）",
        "保险",
        "银行",
        "财富",
        "研究所",
        "（香港）有限公司",
        "国际(HK)",
        "日报",
    ]
)
FOREIGN = st.sampled_from(
    ["Harbour 9 Capital", "Point88 Hong Kong", "North Star Asset Management Ltd.", "Blue-Hill & Partners", "AQX"]
)
INSTITUTION = st.one_of(st.builds(str.__add__, STEM, ENDING), st.builds(str.__add__, STEM, ENDING), FOREIGN, STEM)
ATTENDEE = st.one_of(
    st.builds(Attendee, INSTITUTION),
    st.builds(Attendee, INSTITUTION, PERSON),
    st.builds(Attendee, INSTITUTION, PERSON, TITLE),
    st.builds(Attendee, INSTITUTION, st.just(""), TITLE),
    st.builds(Attendee, st.just(""), PERSON),
    st.builds(Attendee, st.just(""), PERSON, TITLE),
)
PARTY = st.builds(
    lambda institution, people: [dataclasses.replace(one, institution=institution) for one in people],
    INSTITUTION,
    st.lists(st.builds(Attendee, st.just(""), PERSON, st.one_of(st.just(""), TITLE)), min_size=2, max_size=4),
)
ATTENDEES = st.lists(st.one_of(ATTENDEE.map(lambda one: [one]), PARTY), max_size=6).map(
    lambda groups: tuple(one for group in groups for one in group)
)
HOST = st.builds(
    Host,
    st.sampled_from(
        [
            "",
            "董事会秘书",
            "证券事务代表",
            "董事、副总经理兼财务总监",
            "董事长、总经理",
            "IR",
            "独立董事",
            "投资者关系经理",
        ]
    ),
    CHINESE_NAME,
)

# Days

DAYS = st.dates(datetime.date(2012, 1, 1), datetime.date(2027, 12, 31))


def spelled(day: datetime.date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


@st.composite
def held(draw: st.DrawFn) -> dict[str, Any]:
    """The words for the time with the days that they name."""
    first = draw(DAYS)
    last = first + datetime.timedelta(days=draw(st.integers(1, 40)))
    month_end = first.replace(day=calendar.monthrange(first.year, first.month)[1])
    clock = draw(st.sampled_from(["", " 上午10:15-11:45", "下午", " 14:00", "（星期四）15:00-16:00"]))
    text, start, end = draw(
        st.sampled_from(
            [
                ("", None, None),
                (spelled(first) + clock, first, None),
                (first.isoformat(), first, None),
                (f"{spelled(first)}-{spelled(last)}", first, last),
                (f"{spelled(first)}至{last.month}月{last.day}日", first, last if last.year == first.year else None),
                (f"{spelled(first)}\n{spelled(last)}", first, last),
                (f"{first.year}年{first.month}月份", first.replace(day=1), month_end),
            ]
        )
    )
    if end is None and "至" in text:  # the year would be that of the first day
        text, end = spelled(first), None
    return {"held_text": text, "held_from": start, "held_to": end}


# The form

CODES = {
    Board.SSE_MAIN: ["600999", "601999"],
    Board.STAR: ["688999", "689999"],
    Board.SZSE_MAIN: ["000999", "999001", "003999"],
    Board.CHINEXT: ["300999", "301999"],
    Board.BSE: ["430999", "830999", "920999"],
}
EXTRA_LABELS = ("会议方式", "方式", "风险提示", "注意事项", "备注", "记录人", "特别说明", "会议主持人")


def asks_nothing(text: str) -> bool:
    """Where there is no pair at all, a line marked as a question or an answer is read as one."""
    return not any(line.lstrip("0123456789、.（()）").startswith(("问", "答", "Q")) for line in text.split("\n"))


@st.composite
def filings(draw: st.DrawFn, board: Board) -> Filing:
    kinds = tuple(kind for kind in ACTIVITY_TYPES if draw(st.booleans()))
    labels = draw(st.lists(st.sampled_from(EXTRA_LABELS), max_size=5, unique=True))
    if board is Board.SSE_MAIN:  # three of these rows have their places in this form
        labels.sort(key=lambda label: {"方式": 0, "风险提示": 1, "注意事项": 2}.get(label, 3))
    questions = tuple(draw(st.lists(pairs(board), max_size=6)))
    text = st.one_of(st.just(""), texts(board))
    return Filing(
        company_code=draw(st.sampled_from(CODES[board])),
        company_short_name=draw(st.sampled_from(["云岭智能", "ST云岭", "*ST青禾", "云岭A", "N远山-U", "TCL云岭", ""])),
        company_name=draw(
            st.sampled_from(["云岭智能科技股份有限公司", "内蒙古自治区云岭（集团）" + "新" * 20 + "股份有限公司", ""])
        ),
        number=draw(st.sampled_from(["2024-010", "2025-2", "20190102", "2024年第3号", "IR-2024-01", ""])),
        activity_types=kinds,
        other_activity=draw(
            st.sampled_from(["", "策略会", "线上交流（网络）", "Non-deal roadshow", "券商策略会、反路演"])
        )
        if "其他" in kinds
        else "",
        attendees=draw(ATTENDEES),
        stated_institutions=draw(st.one_of(st.none(), st.integers(1, 500))),
        stated_people=draw(st.one_of(st.none(), st.integers(1, 5000))),
        **draw(held()),
        place=draw(
            st.sampled_from(
                [
                    "",
                    "上海",
                    "公司会议室",
                    "全景网“投资者关系互动平台”（https://ir.p5w.net）",
                    "腾讯会议：123-456",
                    "北京\n上海",
                ]
            )
        ),
        hosts=tuple(draw(st.lists(HOST, max_size=5, unique=True))),
        introduction=draw(text if questions else text.filter(asks_nothing)),
        questions=questions,
        closing=draw(text) if questions else "",
        material_information=draw(text),
        attachments=draw(text),
        signed_on=draw(st.one_of(st.none(), DAYS)),
        extra=tuple((label, draw(texts(board))) for label in labels),
    )


def check(filing: Filing, board: Board | None = None) -> None:
    assert read(write_docx(filing, board), "form.docx").filing == filing


@pytest.mark.parametrize("board", Board)
def test_every_board_gives_back_what_it_was_given(board: Board) -> None:
    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
    @given(filings(board))
    def whatever_it_says(filing: Filing) -> None:
        check(filing)

    whatever_it_says()


def test_what_was_filed_before_the_signature_is_no_part_of_it() -> None:
    filed = Filing(company_code="430999", company_name="云岭智能科技股份有限公司", signed_on=datetime.date(2012, 1, 1))
    for attachments in ("公司", "说明一\n致公司董事会"):
        check(dataclasses.replace(filed, attachments=attachments))


@pytest.mark.parametrize("board", Board)
def test_when_a_session_was_is_no_visitor(board: Board) -> None:
    label = "参与单位名称及人员姓名"
    beside = "北辰证券组织的线上会议，参会机构包括\n第一场（3月12日上午）\n云岭智能 张三"
    check(
        Filing(
            company_code=CODES[board][0],
            company_short_name="云岭智能",
            attendees=(Attendee("澄海基金", "李四"),),
            extra=((label, beside),),
        )
    )


@pytest.mark.parametrize("board", Board)
def test_empty_form(board: Board) -> None:
    check(Filing(company_code=CODES[board][0]))


@pytest.mark.parametrize("board", [Board.STAR, Board.BSE])
def test_largest_form(board: Board) -> None:
    @settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(ATTENDEE, min_size=1, max_size=8), st.lists(pairs(board), min_size=1, max_size=6))
    def however_long(attendees: list[Attendee], questions: list[Question]) -> None:
        many, long = tuple((attendees * 250)[:250]), tuple((questions * 87)[:87])
        check(Filing(company_code=CODES[board][0], attendees=many, questions=long))

    however_long()
