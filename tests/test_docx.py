"""The official form as a Word file: every board's rows, what stands in them, and that the file always opens."""

from __future__ import annotations

import dataclasses
import datetime
import io
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from docx.oxml.ns import qn

from records.filing.docx import write_docx
from records.filing.shape import ACTIVITY_TYPES, Attendee, Board, Filing, Host, Question

JUNE_6, JUNE_7, JUNE_11 = (datetime.date(2024, 6, day) for day in (6, 7, 11))

YUNLING = Filing(
    company_code="999001",
    company_short_name="云岭智能",
    company_name="云岭智能科技股份有限公司",
    number="2024-010",
    activity_types=("分析师会议", "其他"),
    other_activity="策略会",
    attendees=(
        Attendee("青禾基金", "贾雯", "研究员"),
        Attendee("青禾基金", "白波"),
        Attendee("远山资本"),
        Attendee("Harbour 9 Capital", "John Smith"),
    ),
    held_text="2024年6月6日 上午10:15-11:45",
    held_from=JUNE_6,
    place="上海",
    hosts=(Host("董事会秘书", "张哲"), Host("证券事务代表", "李明"), Host("证券事务代表", "王芳")),
    introduction="公司介绍了经营情况。",
    questions=(
        Question("收入下滑的原因是什么？", "主要有两点：\n1、客户调整；\n2、法规落地。"),
        Question("有何进展？"),
    ),
    closing="本次活动到此结束。",
    material_information="不涉及",
    attachments="演示文稿",
    signed_on=JUNE_11,
)


def opened(filing: Filing, board: Board | None = None) -> Any:
    return Document(io.BytesIO(write_docx(filing, board)))


def rows(filing: Filing, board: Board | None = None) -> dict[str, str]:
    """Label -> text of the only table."""
    (table,) = opened(filing, board).tables
    return {row.cells[0].text.replace("\n", ""): row.cells[1].text for row in table.rows}


def changed(**fields: Any) -> Filing:
    return dataclasses.replace(YUNLING, **fields)


@pytest.mark.parametrize(
    ("board", "labels"),
    [
        (
            Board.STAR,
            "投资者关系活动类别 参与单位名称及人员姓名 会议时间 会议地点 上市公司接待人员姓名 "
            "投资者关系活动主要内容介绍 附件清单（如有） 日期",
        ),
        (
            Board.SSE_MAIN,
            "投资者关系活动类别 参与单位名称及人员姓名 时间 地点 上市公司接待人员姓名 交流内容 附件清单（如有） 日期",
        ),
        (
            Board.SZSE_MAIN,
            "投资者关系活动类别 参与单位名称及人员姓名 时间 地点 上市公司接待人员姓名 投资者关系活动主要内容介绍 "
            "关于本次活动是否涉及应披露重大信息的说明 "
            "活动过程中所使用的演示文稿、提供的文档等附件（如有，可作为附件） 日期",
        ),
    ],
)
def test_empty_form_has_the_rows_of_its_board(board: Board, labels: str) -> None:
    assert list(rows(Filing(), board)) == labels.split()
    assert set(list(rows(Filing(), board).values())[1:]) == {""}


def test_growth_board_has_the_form_of_shenzhen() -> None:
    assert rows(YUNLING, Board.CHINEXT) == rows(YUNLING, Board.SZSE_MAIN)


@pytest.mark.parametrize(
    ("code", "board"),
    [("688001", Board.STAR), ("600001", Board.SSE_MAIN), ("920001", Board.BSE), ("999001", Board.SZSE_MAIN)],
)
def test_board_follows_from_the_code(code: str, board: Board) -> None:
    filing = changed(company_code=code)
    assert write_docx(filing) == write_docx(filing, board)


def test_beijing_form_is_an_announcement() -> None:
    document = opened(YUNLING, Board.BSE)
    assert document.tables == []
    lines = [paragraph.text for paragraph in document.paragraphs]
    assert lines[:3] == [
        "证券代码：999001\t证券简称：云岭智能\t公告编号：2024-010",
        "云岭智能科技股份有限公司",
        "投资者关系活动记录表",
    ]
    assert [line for line in lines if line[:2] in {"一、", "二、", "三、", "四、", "五、"}] == [
        "一、投资者关系活动类别",
        "二、投资者关系活动情况",
        "三、投资者关系活动主要内容",
        "四、关于本次活动是否涉及应披露重大信息的说明",
        "五、附件清单（如有）",
    ]
    assert "活动时间：2024年6月6日 上午10:15-11:45" in lines
    assert lines[-2:] == ["云岭智能科技股份有限公司董事会", "2024年6月11日"]


def test_head_names_company_and_number() -> None:
    lines = [paragraph.text for paragraph in opened(YUNLING, Board.STAR).paragraphs]
    assert lines[:4] == [
        "证券代码：999001\t证券简称：云岭智能",
        "云岭智能科技股份有限公司",
        "投资者关系活动记录表",
        "编号：2024-010",
    ]


@pytest.mark.parametrize("board", [Board.STAR, Board.SZSE_MAIN])
def test_all_boxes_are_printed_and_the_right_ones_ticked(board: Board) -> None:
    text = rows(YUNLING, board)["投资者关系活动类别"]
    for name in ACTIVITY_TYPES:
        printed = board is Board.STAR or name != "电话会议"
        assert (f"□{name}" in text) == (printed and name not in YUNLING.activity_types)
        assert (f"☑{name}" in text) == (name in YUNLING.activity_types)
    assert "☑其他（策略会）" in text


def test_tick_that_the_board_has_no_box_for_gets_one() -> None:
    assert "☑电话会议" in rows(changed(activity_types=("电话会议",)), Board.SZSE_MAIN)["投资者关系活动类别"]


def test_other_without_words_keeps_the_prompt() -> None:
    text = rows(changed(activity_types=(), other_activity=""))["投资者关系活动类别"]
    assert "□其他（请文字说明其他活动内容）" in text


def test_participants_stand_by_institution_in_the_order_of_the_filing() -> None:
    assert rows(YUNLING)["参与单位名称及人员姓名"].split("\n") == [
        "青禾基金：贾雯（研究员）、白波",
        "远山资本",
        "Harbour 9 Capital：John Smith",
    ]


def test_what_a_name_alone_would_not_tell_is_told() -> None:
    visitors = (Attendee("青禾基金", "", "研究员"), Attendee("高远"), Attendee("", "贾雯"))
    assert rows(changed(attendees=visitors))["参与单位名称及人员姓名"].split("\n") == [
        "青禾基金：（研究员）",
        "高远：",
        "其他人员：贾雯",
    ]


@pytest.mark.parametrize(
    ("institutions", "people", "line"),
    [(31, 34, "等31家机构34人"), (None, 34, "等34人"), (3, 3, "共3家机构3人"), (31, None, "等31家机构")],
)
def test_stated_totals_follow_the_list(institutions: int | None, people: int | None, line: str) -> None:
    filing = changed(stated_institutions=institutions, stated_people=people)
    assert rows(filing)["参与单位名称及人员姓名"].split("\n")[-1] == line


def test_hosts_stand_by_title() -> None:
    assert rows(YUNLING)["上市公司接待人员姓名"] == "董事会秘书：张哲\n证券事务代表：李明、王芳"


@pytest.mark.parametrize(
    ("text", "first", "last", "printed"),
    [
        ("2024年6月6日下午", JUNE_6, None, "2024年6月6日下午"),
        ("下午3点", JUNE_6, None, "2024年6月6日 下午3点"),
        ("", JUNE_6, JUNE_7, "2024年6月6日至2024年6月7日"),
        ("", None, None, ""),
    ],
)
def test_time_is_the_words_or_else_the_dates(
    text: str, first: datetime.date | None, last: datetime.date | None, printed: str
) -> None:
    assert rows(changed(held_text=text, held_from=first, held_to=last))["时间"] == printed


def test_questions_are_numbered_and_bold_above_their_answers() -> None:
    (table,) = opened(YUNLING, Board.STAR).tables
    cell = next(row.cells[1] for row in table.rows if row.cells[0].text.endswith("主要内容介绍"))
    assert [(paragraph.style.name, paragraph.text) for paragraph in cell.paragraphs] == [
        ("IR Note", "公司介绍了经营情况。"),
        ("IR Question", "问题1：收入下滑的原因是什么？"),
        ("IR Answer", "答：主要有两点："),
        ("IR Answer", "1、客户调整；"),
        ("IR Answer", "2、法规落地。"),
        ("IR Question", "问题2：有何进展？"),
        ("IR Answer", "答："),
        ("IR Note", "其他说明："),
        ("IR Note", "本次活动到此结束。"),
    ]
    assert opened(YUNLING).styles["IR Question"].font.bold


def test_rows_of_its_own_are_kept_in_place() -> None:
    filing = changed(extra=(("方式", "网络"), ("注意事项", "无"), ("备注", "甲\n乙")))
    star, shanghai = rows(filing, Board.STAR), rows(filing, Board.SSE_MAIN)
    assert list(star)[-6:-3] == ["方式", "注意事项", "备注"]
    assert star["备注"] == "甲\n乙"
    assert list(shanghai).index("方式") == list(shanghai).index("地点") + 1
    assert list(shanghai)[-5:-3] == ["注意事项", "备注"]


def test_words_beyond_a_field_stand_in_its_row() -> None:
    filing = changed(extra=(("参与单位名称及人员姓名", "以上排名不分先后"),))
    assert rows(filing)["参与单位名称及人员姓名"].endswith("\n以上排名不分先后")
    under_another_name = changed(extra=(("会议地点", "二楼"),))
    assert rows(under_another_name, Board.SSE_MAIN)["地点"] == "上海\n二楼"


def test_same_filing_gives_the_same_bytes() -> None:
    data = write_docx(YUNLING)
    assert data == write_docx(YUNLING)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert {entry.date_time[0] for entry in archive.infolist()} == {1980}
    assert opened(YUNLING).core_properties.modified.date() == JUNE_11


@pytest.mark.parametrize("board", Board)
def test_characters_that_no_file_can_hold_are_left_out(board: Board) -> None:
    rubbish = "甲\x00\x08\x1b\ud83d\ufffe乙"
    text_fields = {
        field.name: rubbish for field in dataclasses.fields(Filing) if isinstance(getattr(Filing(), field.name), str)
    }
    filing = Filing(
        **text_fields,
        activity_types=(rubbish, "其他"),
        attendees=(Attendee(rubbish, rubbish, rubbish),),
        hosts=(Host(rubbish, rubbish),),
        questions=(Question(rubbish, rubbish),),
        extra=((rubbish, rubbish),),
    )
    document = opened(filing, board)
    assert "问题1：甲乙" in "".join(document.element.itertext())


def test_every_kind_of_line_end_is_a_line() -> None:
    assert rows(changed(attachments="甲\r\n乙\r丙\v丁\u2028戊"), Board.STAR)["附件清单（如有）"].split("\n") == list(
        "甲乙丙丁戊"
    )


def test_page_type_and_widths_are_set_where_either_program_looks() -> None:
    document = opened(YUNLING)
    page = document.sections[0]
    assert (round(page.page_width.cm, 1), round(page.page_height.cm, 1)) == (21.0, 29.7)
    fonts = document.styles["Normal"].element.rPr.rFonts
    assert (fonts.get(qn("w:eastAsia")), fonts.get(qn("w:ascii"))) == ("宋体", "Times New Roman")
    (table,) = document.tables
    assert not table.autofit
    widths = [column.width for column in table.columns]
    assert sum(widths) <= page.page_width - page.left_margin - page.right_margin
    assert all([cell.width for cell in row.cells] == widths for row in table.rows)


def test_long_rows_run_over_pages_and_short_ones_stay_whole() -> None:
    (table,) = opened(changed(attendees=tuple(Attendee(f"第{number}基金") for number in range(250)))).tables
    whole = {row.cells[0].text: row._tr.trPr is not None for row in table.rows}
    assert not whole["参与单位名称\n及人员姓名"]
    assert whole["日期"]


@pytest.mark.skipif(not shutil.which("libreoffice"), reason="LibreOffice is not installed")
@pytest.mark.parametrize("board", [Board.STAR, Board.BSE])
def test_libreoffice_opens_it(board: Board, tmp_path: Path) -> None:
    (tmp_path / "form.docx").write_bytes(write_docx(YUNLING, board))
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    command = ["libreoffice", profile, "--headless", "--convert-to", "txt:Text (encoded):UTF8", "form.docx"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=120)
    text = (tmp_path / "form.txt").read_text(encoding="utf-8-sig")
    assert "问题2：有何进展？" in text
