"""The participants cell in every way in which it is written."""

from __future__ import annotations

import pytest

from records.filing.participants import read_participants


def read(text: str, company: tuple[str, ...] = ()) -> list[str]:
    """Visitors as institution/person/title."""
    visitors = read_participants(text, company).attendees
    return [f"{one.institution}/{one.person}/{one.title}".rstrip("/") for one in visitors]


CELLS = {
    "spaces only": ("澄海基金 贾一文 司徒资本 白二川 上海锴明 钱五英", ["澄海基金/贾一文", "司徒资本/白二川", "上海锴明/钱五英"]),
    "one institution a line": ("北辰资产 程一、胡二录\n澄海基金 王三", ["北辰资产/程一", "北辰资产/胡二录", "澄海基金/王三"]),
    "colon": ("国新投资：孙一、王二；中信证券：王五", ["国新投资/孙一", "国新投资/王二", "中信证券/王五"]),
    "glued": ("南方基金史一、应二、华泰证券王三钰", ["南方基金/史一", "南方基金/应二", "华泰证券/王三钰"]),
    "reversed with a stroke": ("冯一力/华创证券、李二/中信证券", ["华创证券/冯一力", "中信证券/李二"]),
    "reversed with spaces": ("冯一力 华创证券 李二 中信证券", ["华创证券/冯一力", "中信证券/李二"]),
    "reversed with brackets": ("王一(易方达)、侯二涛(国泰君安)", ["易方达/王一", "国泰君安/侯二涛"]),
    "dash": ("鼎诺投资-孙一；大成基金—李二飞", ["鼎诺投资/孙一", "大成基金/李二飞"]),
    "brackets": ("东方基金管理有限公司（张三、李四）", ["东方基金管理有限公司/张三", "东方基金管理有限公司/李四"]),
    "place in the name": ("摩根基金管理（中国）有限公司 张三", ["摩根基金管理（中国）有限公司/张三"]),
    "numbered": ("1、澄海基金 王一\n2、北辰证券 李二", ["澄海基金/王一", "北辰证券/李二"]),
    "institutions only": ("澄海基金、北辰证券、高毅、易方达", ["澄海基金", "北辰证券", "高毅", "易方达"]),
    "titles": (
        "中信证券 张三 研究员、李四女士；中金公司 高级分析师 王五",
        ["中信证券/张三/研究员", "中信证券/李四/女士", "中金公司/王五/高级分析师"],
    ),
    "title without a name": ("国联证券股份有限公司；化工研究员", ["国联证券股份有限公司//化工研究员"]),
    "English": ("Morgan Stanley、Point72 Hong Kong", ["Morgan Stanley", "Point72 Hong Kong"]),
    "English person": ("UBS John Smith、高盛的James", ["UBS/John Smith", "高盛/James"]),
    "spaced out": ("上 海 证 券 报 张 一", ["上海证券报/张一"]),
    "spaced dash": (
        "Value Harbour – 李明\nNorth Star International - Michael Chen, 易安资本 — 王一",
        ["Value Harbour/李明", "North Star International/Michael Chen", "易安资本/王一"],
    ),
    "dashes with an office": ("北辰证券-张三-研究员；澄海基金-李四-基金经理", ["北辰证券/张三/研究员", "澄海基金/李四/基金经理"]),
    "office in the brackets": ("北辰证券（研究员 张三）、澄海基金（王二）", ["北辰证券/张三/研究员", "澄海基金/王二"]),
    "office before the colon": ("北辰证券 研究员：张三", ["北辰证券/张三/研究员"]),
    "reversed with an office behind": ("张三 北辰证券 电子行业分析师", ["北辰证券/张三/电子行业分析师"]),
    "office between": ("每日商业新闻记者王一", ["每日商业新闻/王一/记者"]),
    "courtesy behind an office": ("北辰证券 研究员张三先生", ["北辰证券/张三/研究员"]),
    "unnamed": ("北辰证券 2人，澄海基金 3人", ["北辰证券//2人", "澄海基金//3人"]),
    "firm that begins with a digit": ("3W Fund、北辰证券", ["3W Fund", "北辰证券"]),
    "sections": ("一、机构\n北辰证券 张三\n二、个人投资者：王五", ["北辰证券/张三", "个人投资者/王五"]),
    "two lists side by side": (
        "机构\t姓名\t机构\t姓名\n北辰证券\t张三\t澄海基金\t李四\n天目资本\t王五\t\t",
        ["北辰证券/张三", "澄海基金/李四", "天目资本/王五"],
    ),
    "a list that lost its lines": (
        "序号   机构名称   参会人员\n1   北辰证券   张三\n2   澄海基金   李四",
        ["北辰证券/张三", "澄海基金/李四"],
    ),
    "points": ("· 北辰证券 张三\n● 澄海基金 李四", ["北辰证券/张三", "澄海基金/李四"]),
    "and between persons": (
        "北辰证券张三和李四、澄海基金 王五及赵六、天目资本何清和",
        ["北辰证券/张三", "北辰证券/李四", "澄海基金/王五", "澄海基金/赵六", "天目资本/何清和"],
    ),
    "numbered on one line": ("1、北辰证券 张三 2、澄海基金 李四", ["北辰证券/张三", "澄海基金/李四"]),
    "Latin person before a Latin firm": (
        "Eric Wang（Pinpoint）、Kate Lin (Harbour Ridge Capital)、UBS（Hong Kong）",
        ["Pinpoint/Eric Wang", "Harbour Ridge Capital/Kate Lin", "UBS（Hong Kong）"],
    ),
    "Latin firm before a Latin person": ("Ostara Capital（David Xu）", ["Ostara Capital/David Xu"]),
    "newspaper": ("《投资快报》何一晴", ["《投资快报》/何一晴"]),
    "list with a heading": (
        "序号\t公司\t姓名\t职务\n1\t澄海基金\t张三\t研究员\n2\t北辰证券\t李四、王五\t",
        ["澄海基金/张三/研究员", "北辰证券/李四", "北辰证券/王五"],
    ),
    "list of persons first": ("王一君\t北辰证券\n潘二阁\t澄海基金", ["北辰证券/王一君", "澄海基金/潘二阁"]),
    "persons only": ("张三、李四", ["/张三", "/李四"]),
    "a person like a firm": ("澄海基金 张三、华林", ["澄海基金/张三", "澄海基金/华林"]),
    "compound family names": ("开源证券 诸葛一、东吴证券 上官二云", ["开源证券/诸葛一", "东吴证券/上官二云"]),
    "meetings": ("3月5日：澄海基金 王一\n3月9日：北辰证券 李二", ["澄海基金/王一", "北辰证券/李二"]),
}  # fmt: skip


@pytest.mark.parametrize("name", CELLS)
def test_every_way_of_writing(name):
    text, expected = CELLS[name]
    assert read(text) == expected


@pytest.mark.parametrize(
    ("text", "institutions", "people", "named"),
    [
        ("澄海基金、建信基金等31家机构34人", 31, 34, 2),
        ("澄海基金 张三等46家机构", 46, None, 1),
        ("共3家机构5人\n澄海基金", 3, 5, 1),
        ("31家机构共34人：\n澄海基金", 31, 34, 1),
        ("澄海基金等三十一家机构三十四人", 31, 34, 1),
        ("共计35位投资者", None, 35, 0),
        ("陶一华等三人", None, 3, 1),
        ("澄海基金 张三", None, None, 1),
        ("共有来自 12 家机构的 15 位投资者参加，名单如下：\n澄海基金 张三", 12, 15, 1),
        ("澄海基金\n（以上共计6家机构，排名不分先后）", 6, None, 1),
        ("澄海基金等35家机构，共计46人参加了本次电话会议", 35, 46, 1),
    ],
)
def test_totals_stand_apart(text, institutions, people, named):
    read = read_participants(text)
    assert (read.stated_institutions, read.stated_people, len(read.attendees)) == (institutions, people, named)


@pytest.mark.parametrize(
    "text",
    [
        "线上参与公司2025年度业绩说明会的投资者",
        "详见附件",
        "不特定投资者",
        "通过网络平台参与本次活动的广大投资者",
        "投资者（机构、个人）通过网络方式参与",
        "投资者网上提问",
        "无",
    ],
)
def test_a_cell_that_names_nobody_is_kept_as_text(text):
    read = read_participants(text)
    assert read.attendees == ()
    assert read.rest == text


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        (
            "第一场（3月12日上午，现场）：\n北辰证券：张三\n第二场（线上）：澄海基金：李四",
            "第一场（3月12日上午，现场）：\n第二场（线上）",
        ),
        (
            "2026年9月21日 10:00-11:00：北辰证券 张三\n9月22日14:00：澄海基金 李四",
            "2026年9月21日 10:00-11:00\n9月22日14:00",
        ),
        ("（一）3月5日\n北辰证券 张三\n（二）3月6日下午\n澄海基金 李四", "3月5日\n3月6日下午"),
    ],
)
def test_when_a_session_was_names_nobody(text, rest):
    visitors = read_participants(text)
    assert [one.institution for one in visitors.attendees] == ["北辰证券", "澄海基金"]
    assert visitors.rest == rest


def test_a_count_within_the_list_is_a_doubt():
    text = "北辰证券：张三、李四等3人；澄海基金：王五"
    (doubt,) = read_participants(text).doubts
    assert text[doubt.start : doubt.end] == "等3人"
    assert not read_participants("北辰证券：张三、李四等3人").doubts


def test_several_totals_are_a_doubt():
    read = read_participants("7月1日：北辰证券等20家机构\n7月2日：澄海基金等35家机构")
    assert (read.stated_institutions, [doubt.field for doubt in read.doubts]) == (35, ["stated_institutions"])


def test_the_company_is_no_visitor_of_its_own():
    read = read_participants("澄海基金 张三；星野数据 李四", ["星野数据"])
    assert [one.institution for one in read.attendees] == ["澄海基金"]
    assert read.rest == "星野数据 李四"
    assert [str(doubt) for doubt in read.doubts] == [
        "“星野数据” is the company itself and was left out of its visitors."
    ]


def test_fewer_stated_than_named_is_a_doubt():
    read = read_participants("澄海基金、北辰证券、天目资本，共2家机构")
    assert [doubt.field for doubt in read.doubts] == ["stated_institutions"]


def test_a_guess_is_a_doubt():
    (doubt,) = read_participants("凯斯博陈一海").doubts
    assert doubt.params["person"] == "陈一海"


def test_two_hundred_and_fifty_names():
    text = "；".join(f"澄海{number}号基金：张三、李四" for number in range(125))
    assert len(read_participants(text).attendees) == 250


def test_a_stroke_joins_a_person_to_a_firm_of_several_latin_words():
    text = "程雨桐/澄海基金、毛敬亭/Ostara Securities Japan、冯立/Ostara Japan、Harrow Bridge Capital/余晗"
    assert [(one.institution, one.person) for one in read_participants(text).attendees] == [
        ("澄海基金", "程雨桐"),
        ("Ostara Securities Japan", "毛敬亭"),
        ("Ostara Japan", "冯立"),
        ("Harrow Bridge Capital", "余晗"),
    ]
