"""Writes the Word and PDF documents of this folder; run only to add one: python -m tests.filings.make

The PDF files are the Word ones, printed by LibreOffice, which is needed for nothing else.
"""

from __future__ import annotations

import io
import subprocess
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import docx
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.oxml.ns import qn
from docx.shared import Cm, Pt

HERE = Path(__file__).parent
W = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml"'
)
NOTES = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
RELATION_OF_NOTES = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"
NAMES = ("特定对象调研", "分析师会议", "媒体采访", "业绩说明会", "新闻发布会", "路演活动", "现场参观", "其他")


def blank(*head: str) -> Any:
    document = docx.Document()
    style = document.styles["Normal"]
    style.font.name, style.font.size = "Noto Sans CJK SC", Pt(10.5)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), "Noto Serif CJK SC")
    for line in head:
        document.add_paragraph(line)
    return document


def form(document: Any, *rows: tuple[str, str]) -> Any:
    """A table of two columns; lines of a value are paragraphs."""
    table = document.add_table(rows=0, cols=2, style="Table Grid")
    table.autofit = False
    for label, value in rows:
        cells = table.add_row().cells
        fill(cells[0], label)
        fill(cells[1], value)
    for column, width in zip(table.columns, (Cm(4), Cm(11)), strict=True):
        for cell in column.cells:
            cell.width = width
    return table


def fill(cell: Any, text: str) -> None:
    first, *rest = text.split("\n")
    cell.paragraphs[0].text = first
    for line in rest:
        cell.add_paragraph(line)


def sym(paragraph: Any, code: str, font: str = "Wingdings") -> None:
    paragraph._p.append(parse_xml(f'<w:r {W}><w:sym w:font="{font}" w:char="{code}"/></w:r>'))


def wingdings() -> Any:
    """Ticks are characters of a symbol font; the questions are numbered by Word."""
    document = blank(
        "证券代码：999005    证券简称：银杏软件", "银杏软件股份有限公司投资者关系活动记录表", "编号：2026-018"
    )
    table = form(
        document,
        ("投资者关系活动类别", ""),
        ("参与单位名称及人员姓名", "广发证券 刘一、陈二\n景顺长城 张三先生"),
        ("时间", "2026年5月20日"),
        ("地点", "公司会议室"),
        ("上市公司接待人员姓名", "董事会秘书：吴六"),
        ("投资者关系活动主要内容介绍", "公司就近期经营情况与投资者进行了交流。"),
        ("附件清单（如有）", "无"),
        ("日期", "2026年5月21日"),
    )
    paragraph = table.cell(0, 1).paragraphs[0]
    for name in NAMES:
        sym(paragraph, "F0FE" if name in ("特定对象调研", "现场参观") else "F0A8")
        paragraph.add_run(f"{name}  ")
    content = table.cell(5, 1)
    for question, answer in (
        ("公司订阅业务的收入占比是多少？", "公司订阅业务收入占比持续提升。"),
        ("公司在人工智能方面有哪些布局？", "公司已推出智能助手产品。"),
        ("公司海外市场的拓展情况？", "公司海外业务处于起步阶段。"),
    ):
        content.add_paragraph(question, style="List Number")
        content.add_paragraph(answer)
    return document


def checkboxes() -> Any:
    """Ticks are content controls and old form fields; the totals stand in a table within the cell."""
    document = blank(
        "证券代码：999006 证券简称：远山矿业", "远山矿业股份有限公司", "投资者关系活动记录表", "编号：2026-004"
    )
    table = form(
        document,
        ("投资者关系活动类别", ""),
        ("参与单位名称及人员姓名", ""),
        ("时间", "2026年6月1日至6月3日"),
        ("地点", "电话会议"),
        ("上市公司接待人员姓名", "副总经理兼董事会秘书 郑七"),
        (
            "投资者关系活动主要内容介绍",
            "问：矿山复产进度如何？\n答：复产工作按计划推进。\n问：安全生产投入？\n答：公司持续加大安全投入。",
        ),
        ("附件清单（如有）", ""),
        ("日期", "2026年6月4日"),
    )
    paragraph = table.cell(0, 1).paragraphs[0]
    for name in NAMES[:4]:
        on = name == "分析师会议"
        paragraph._p.append(
            parse_xml(
                f'<w:sdt {W}><w:sdtPr><w14:checkbox><w14:checked w14:val="{int(on)}"/></w14:checkbox></w:sdtPr>'
                f"<w:sdtContent><w:r><w:t>{'☒' if on else '☐'}</w:t></w:r></w:sdtContent></w:sdt>"
            )
        )
        paragraph.add_run(f"{name} ")
    for name in NAMES[4:]:
        state = "<w:checked/>" if name == "其他" else ""
        paragraph._p.append(
            parse_xml(
                f'<w:r {W}><w:fldChar w:fldCharType="begin"><w:ffData><w:checkBox><w:sizeAuto/><w:default w:val="0"/>'
                f"{state}</w:checkBox></w:ffData></w:fldChar></w:r>"
            )
        )
        paragraph._p.append(parse_xml(f'<w:r {W}><w:fldChar w:fldCharType="end"/></w:r>'))
        paragraph.add_run(f"{name} ")
    paragraph.add_run("（电话交流会）")
    inner = table.cell(1, 1).add_table(rows=0, cols=3)
    for row in (
        ("序号", "机构名称", "姓名"),
        ("1", "中泰证券", "冯八"),
        ("2", "招商基金", "褚九、卫十一"),
        ("3", "泓澄投资", ""),
    ):
        cells = inner.add_row().cells
        for cell, text in zip(cells, row, strict=True):
            cell.text = text
    table.cell(1, 1).add_paragraph("共3家机构4人")
    return document


def merged() -> Any:
    """Cells merged over rows and columns, words deleted and not yet accepted, a table that is split."""
    document = blank("澄江股份有限公司投资者关系活动记录表（2026-009）")
    table = document.add_table(rows=7, cols=4, style="Table Grid")
    rows = (
        ("证券代码", "002998", "证券简称", "澄江股份"),
        ("投资者关系活动类别", "■特定对象调研 □分析师会议 □其他（请文字说明其他活动内容）", "", ""),
        ("参与单位名称及人员姓名", "长江证券", "蒋一", "研究员"),
        ("", "博时基金", "沈二", "基金经理"),
        ("时间", "2026年10月9日", "地点", "江阴"),
        ("上市公司接待人员姓名", "韩三（董事会秘书）", "", ""),
        ("投资者关系活动主要内容介绍", "1、公司在手订单如何？\n公司在手订单饱满，", "", ""),
    )
    for row, texts in zip(table.rows, rows, strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            fill(cell, text)
    table.cell(2, 0).merge(table.cell(3, 0))
    for place in (1, 5, 6):
        merged_cell = table.cell(place, 1).merge(table.cell(place, 3))
        for paragraph in [p for p in merged_cell.paragraphs if not p.text]:
            paragraph._p.getparent().remove(paragraph._p)
    document.add_paragraph("生产经营一切正常。")
    document.add_paragraph("2、公司是否有并购计划？")
    paragraph = document.add_paragraph("公司将严格按照规定履行信息披露义务。")
    paragraph._p.append(
        parse_xml(f'<w:del {W} w:id="1" w:author="x"><w:r><w:delText>被删除的话</w:delText></w:r></w:del>')
    )
    form(document, ("附件清单（如有）", "无"), ("日期", "2026年10月10日"))
    return document


def long_form() -> Any:
    """Several pages when printed: 40 pairs, 60 visitors, a running header and page numbers."""
    document = blank(
        "证券代码：300997    证券简称：雁栖电气", "雁栖电气股份有限公司", "投资者关系活动记录表", "编号：2026-033"
    )
    section = document.sections[0]
    section.header.paragraphs[0].text = "证券代码：300997    证券简称：雁栖电气"
    footer = section.footer.paragraphs[0]
    for kind, text in (("begin", None), (None, "PAGE"), ("end", None)):
        inner = f'<w:fldChar w:fldCharType="{kind}"/>' if kind else f"<w:instrText>{text}</w:instrText>"
        footer._p.append(parse_xml(f"<w:r {W}>{inner}</w:r>"))
    surnames = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许"
    visitors = [f"{city}{firm}{kind} {surnames[(i * 7 + j * 3) % 20]}{'一二三四五'[j]}{'明华强'[i % 3]}"
                for i, (city, firm) in enumerate([("上海", "澄海"), ("深圳", "远帆"), ("北京", "云起"), ("广州", "穗禾")])
                for j, kind in enumerate(("基金", "证券", "资产", "资本", "保险"))]  # fmt: skip
    answer = (
        "公司高度重视该项业务的发展，报告期内持续加大研发和市场投入，产品竞争力不断增强，客户结构持续优化，"
        "营业收入和毛利率均保持在合理水平。未来，公司将结合行业趋势和自身战略规划，稳步推进各项工作，"
        "具体情况请以公司在指定媒体披露的公告为准。"
    )
    pairs = [f"{n}、请问公司第{n}项业务的进展情况如何？\n答：{answer}" for n in range(1, 41)]
    form(
        document,
        (
            "投资者关系活动类别",
            "√特定对象调研 □分析师会议\n□媒体采访 □业绩说明会\n□新闻发布会 □路演活动\n□现场参观 □其他",
        ),
        ("参与单位名称及人员姓名", "\n".join(visitors)),
        ("时间", "2026年11月2日 14:00-16:00"),
        ("地点", "公司会议室"),
        ("上市公司接待人员姓名", "董事长：尤一\n董事会秘书：许二"),
        ("投资者关系活动主要内容介绍", "\n".join(pairs)),
        ("附件清单（如有）", "无"),
        ("日期", "2026年11月3日"),
    )
    return document


def lines_only() -> Any:
    """No table at all: a form of paragraphs."""
    return blank(
        "证券代码：999001  证券简称：青禾智能  公告编号：2026-044",
        "青禾智能装备股份有限公司投资者关系活动记录表",
        "一、投资者关系活动类别",
        "☑特定对象调研 □业绩说明会 □媒体采访 □现场参观 □新闻发布会 □分析师会议 □路演活动 □其他",
        "二、投资者关系活动情况",
        "活动时间：2026年12月1日",
        "活动地点：公司会议室",
        "参会单位及人员：兴业证券 何一、吕二；泰康资产 施三",
        "上市公司接待人员：董事会秘书 李明远",
        "三、投资者关系活动主要内容",
        "问题1：公司的产能规划？",
        "回答：公司将根据市场需求合理安排产能。" * 6,
        "问题2：公司的研发投入情况？",
        "回答：公司研发投入占营业收入的比例保持在合理水平。",
        "四、风险提示",
        "敬请广大投资者注意投资风险。",
        "青禾智能装备股份有限公司",
        "董事会",
        "2026年12月2日",
    )


def margins() -> Any:
    """The number stands in the page header; a note at the foot, a hint of the template that is hidden."""
    document = blank("远帆能源股份有限公司投资者关系活动记录表")
    header = document.sections[0].header
    header.paragraphs[0].text = "证券代码：600995    证券简称：远帆能源"
    header.add_paragraph("编号：2026-014")
    document.sections[0].footer.paragraphs[0].text = "第 1 页"
    table = form(
        document,
        ("投资者关系活动类别", "□特定对象调研 √业绩说明会"),
        ("参与单位名称及人员姓名", "澄海基金 张三"),
        ("时间", "4月24日下午"),
        ("地点", "北京"),
        ("接待人员", "董事长甘一先生、董事会秘书 海平"),
        ("交流内容", "1、项目的进展？\n答：项目一期今年已投产"),
        ("日期", "2026年4月25日"),
    )
    paragraph = table.cell(5, 1).paragraphs[1]
    paragraph._p.append(parse_xml(f'<w:r {W}><w:footnoteReference w:id="1"/></w:r>'))
    paragraph.add_run("，二期已开工。")
    table.cell(3, 1).paragraphs[0]._p.append(
        parse_xml(f"<w:r {W}><w:rPr><w:vanish/></w:rPr><w:t>（请填写城市）</w:t></w:r>")
    )
    notes = f'<w:footnotes {W}><w:footnote w:id="1"><w:p><w:r><w:t>数据未经审计。</w:t></w:r></w:p></w:footnote></w:footnotes>'
    part = Part(PackURI("/word/footnotes.xml"), NOTES, notes.encode(), document.part.package)
    document.part.relate_to(part, RELATION_OF_NOTES)
    return document


# LibreOffice prints neither Wingdings without its font, nor old form fields, so those two stay Word files.
PRINTED = ("merged-cells", "long-form", "paragraphs-only")

DOCUMENTS = {
    "wingdings": wingdings,
    "checkboxes": checkboxes,
    "merged-cells": merged,
    "long-form": long_form,
    "paragraphs-only": lines_only,
    "margins": margins,
}


def packed(document: Any) -> bytes:
    """The document as bytes that are the same on every run."""
    buffer = io.BytesIO()
    document.save(buffer)
    out = io.BytesIO()
    with zipfile.ZipFile(buffer) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            target.writestr(zipfile.ZipInfo(entry.filename), source.read(entry), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def main() -> None:
    for name, build in DOCUMENTS.items():
        (HERE / f"{name}.docx").write_bytes(packed(build()))
    with tempfile.TemporaryDirectory() as folder:
        files = [str(HERE / f"{name}.docx") for name in PRINTED]
        subprocess.run(
            ["soffice", "--headless", "--convert-to", "pdf", "--outdir", folder, *files],
            check=True,
            capture_output=True,
        )
        for name in PRINTED:
            (HERE / f"{name}.pdf").write_bytes((Path(folder) / f"{name}.pdf").read_bytes())


if __name__ == "__main__":
    main()
