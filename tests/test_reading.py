"""Documents of every format and layout are read as their golden files say; what is no filing says what to do."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from records.filing import Attendee, FilingError, Host, read
from records.filing.labels import kind_of
from records.filing.sources import MAX_BYTES
from tests.filings import DOCUMENTS, golden, reading_of

HERE = Path(__file__).parent / "filings"


def document(name: str) -> bytes:
    return (HERE / name).read_bytes()


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_golden(path):
    assert json.loads(reading_of(path)) == json.loads(golden(path).read_text(encoding="utf-8"))


def test_every_golden_file_has_its_document():
    assert {path.name for path in HERE.glob("*.json")} == {golden(path).name for path in DOCUMENTS}


def test_a_form_that_crosses_its_table():
    filing = read(document("ocr-across-table.md"), "form.md").filing
    assert filing.activity_types == ("分析师会议",)
    assert filing.attendees[1] == Attendee("司徒资本", "白二川")
    assert filing.attendees[-1] == Attendee("上海锴明", "钱五英")
    assert filing.hosts == (Host("证券事务代表", "张小哲"),)
    first, second = filing.questions
    assert "境外收入同比大幅下滑" in first.answer
    assert second.answer.endswith("(3) 由单模态向多模态转变。")
    assert (filing.held_from, filing.signed_on) == (datetime.date(2026, 6, 8), datetime.date(2026, 6, 11))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("no-colon-tabs.txt", "no-colon-tabs-gb18030.txt"),
        ("pasted-lines.txt", "pasted-lines-utf16.txt"),
    ],
)
def test_the_encoding_makes_no_difference(one, other):
    assert read(document(one), one) == read(document(other), other)


@pytest.mark.parametrize("name", ["long-form", "paragraphs-only"])
def test_the_printed_form_says_what_the_word_file_says(name):
    def squeezed(filing):
        return "".join(json.dumps(filing.as_dict(), ensure_ascii=False).split())

    printed, written = (read(document(f"{name}{end}"), name).filing for end in (".pdf", ".docx"))
    assert squeezed(printed) == squeezed(written)


def test_the_content_tells_the_format_and_not_the_name():
    data = document("merged-cells.docx")
    assert read(data, "form.pdf") == read(data, "form.docx")


def test_doubts_point_into_the_text():
    reading = read(document("sse-monthly.md"), "form.md")
    (doubt,) = reading.doubts
    assert doubt.field == "held_to"
    assert reading.text[doubt.start : doubt.end] == "2026 年 7月3日、7月28日-30日"


@pytest.mark.parametrize("table", ["| 姓名 | 单位 | 电话 |", "| 甲 | 乙 |", "| | 乙 |", "| 1 | 2 | 3 | 4 |"])
def test_a_table_of_another_kind_may_stand_before_the_form(table):
    columns = table.count("|") - 1
    form = "证券代码：999001\n\n| 时间 | 2026年3月1日 |\n|---|---|\n| 地点 | 公司会议室 |\n"
    filing = read(f"{table}\n{'|---' * columns}|\n\n{form}".encode(), "form.md").filing
    assert (filing.company_code, filing.place) == ("999001", "公司会议室")


FORM = """
投资者关系活动类别：√特定对象调研 □其他
参与单位名称及人员姓名：%s
时间：2026年3月5日
投资者关系活动主要内容介绍：
1、如何？
答：好。
日期：2026年3月6日
"""


def read_form(head: str = "证券代码：999001", visitors: str = "北辰证券 张三"):
    return read((head + FORM % visitors).encode(), "form.txt")


@pytest.mark.parametrize(
    ("head", "number", "extra"),
    [
        ("青禾股份有限公司投资者关系活动记录表 编号：2026-001", "2026-001", {}),
        ("青禾股份有限公司投资者关系活动记录表\nNo. 2026-020", "2026-020", {}),
        ("青禾股份有限公司投资者关系活动记录表\n（2026年第3号）", "2026年第3号", {}),
        (
            "债券代码：127921    债券简称：青禾转债\n青禾股份有限公司投资者关系活动记录表\n编号：2026-020",
            "2026-020",
            {"债券代码": "127921", "债券简称": "青禾转债"},
        ),
    ],
)
def test_the_head(head, number, extra):
    filing = read_form(f"证券代码：999001    证券简称：青禾股份\n{head}").filing
    assert (filing.company_name, filing.number, dict(filing.extra)) == ("青禾股份有限公司", number, extra)


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("交流内容及具体问答记录", "content"),
        ("主要交流内容", "content"),
        ("会议召开时间", "held"),
        ("本次活动参与人员", "participants"),
        ("活动分类", "activity_types"),
        ("主要产品", None),
    ],
)
def test_labels_by_other_names(label, kind):
    assert kind_of(label) == kind


def test_a_head_in_a_table_of_its_own():
    html = (
        "<table><tr><td>证券代码：999001</td><td>证券简称：青禾股份</td><td>编号：2026-005</td></tr></table>"
        "<p>青禾股份有限公司投资者关系活动记录表</p><table><tr><td>时间</td><td>2026年3月5日</td></tr></table>"
    )
    filing = read(html.encode(), "form.html").filing
    assert (filing.company_code, filing.company_short_name, filing.number) == ("999001", "青禾股份", "2026-005")


def test_visitors_in_an_attachment_that_is_not_there_are_a_doubt():
    (doubt,) = read_form(visitors="详见附件参会名单").doubts
    assert str(doubt) == "The visitors are said to stand in an attachment."


def test_institutions_and_persons_in_two_rows_are_a_doubt():
    text = "证券代码：999001\n参与单位名称：北辰证券、澄海基金\n时间：2026年3月5日\n参与人员姓名：张三、李四"
    fields = [(doubt.field, str(doubt)) for doubt in read(text.encode(), "form.txt").doubts]
    assert ("attendees", "Who came from which institution is not told.") in fields


def test_an_appendix_names_the_persons_of_whom_the_cell_names():
    html = (
        "<p>证券代码：999001</p><table><tr><td>参与单位名称及人员姓名</td><td>北辰证券等2家机构</td></tr>"
        "<tr><td>时间</td><td>2026年3月5日</td></tr></table><p>附件</p><table>"
        "<tr><td>机构</td><td>姓名</td></tr><tr><td>北辰证券</td><td>张三</td></tr>"
        "<tr><td>澄海基金</td><td>李四</td></tr></table>"
    )
    attendees = read(html.encode(), "form.html").filing.attendees
    assert attendees == (Attendee("北辰证券", "张三"), Attendee("澄海基金", "李四"))


def test_a_label_over_two_lines_keeps_what_stands_beside_each():
    text = "证券代码：999001\n时间：2026年1月5日\n投资者关系活动 1、有何进展？\n主要内容介绍 答：进展顺利。"
    (question,) = read(text.encode(), "form.txt").filing.questions
    assert (question.question, question.answer) == ("有何进展？", "进展顺利。")


def test_rows_that_the_form_does_not_know_are_kept_in_order():
    extra = dict(read(document("sse-monthly.md"), "form.md").filing.extra)
    assert [label for label in extra if label in ("方式", "风险提示", "注意事项")] == ["方式", "风险提示", "注意事项"]


# The words that a form brings along: labels, boxes, prompts, and the marks of questions and answers.
PRINTED = (
    "证券股票代码简称公告编号投资者关系活动记录登表类别型调研机构参与会单位名称及人员姓上市公司接待主要内容介绍时间地点方式交流情况问答附件清"
    "单如有日期关于本次是否涉应披露重大信息的说明过程中所使用演示文稿提供等可作为特定对象分析师议媒体采访业绩新闻发布路现场观其他请字序号数会"
    "一二三四五六七八九十家人第概况题档电话共计和环节董事会公回复先生女士以及"
)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_no_text_is_dropped(path):
    reading = read(path.read_bytes(), path.name)
    said = set(json.dumps(reading.filing.as_dict(), ensure_ascii=False)) | set(PRINTED)
    dropped = {sign for sign in reading.text if "\u4e00" <= sign <= "\u9fff"} - said
    assert dropped == set()


# What is no filing


def zipped(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml"), data)
    return buffer.getvalue()


BAD = {
    "empty": (b"", "empty"),
    "spaces": (b" \n\n ", "empty"),
    "prose": ("今天天气很好，我们去公园散步。".encode(), "No row of the form"),
    "one-label": ("时间：2026年3月1日\n今天天气很好。".encode(), "No row of the form"),
    "another-table": ("| 甲 | 乙 | 丙 |\n|---|---|---|\n".encode(), "No row of the form"),
    "another-table-in-html": (b"<table><tr><td>a</td><td>b</td></tr></table>", "No row of the form"),
    "old-word": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old Word format"),
    "locked-word": (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le"),
        "password",
    ),
    "picture": (b"\x89PNG\r\n\x1a\n" + bytes(50), "picture"),
    "archive": (b"Rar!\x1a\x07" + bytes(50), "archive"),
    "rtf": (b"{\\rtf1 hello}", "RTF"),
    "zip": (zipped(readme=b"hello"), "without a Word document"),
    "noise": (bytes(range(256)) * 20, "not text"),
    "broken-pdf": (b"%PDF-1.4\n" + bytes(range(256)), "damaged"),
    "truncated-pdf": (document("merged-cells.pdf")[:9000], ""),
    "truncated-docx": (document("merged-cells.docx")[:9000], "damaged"),
    "broken-xml": (zipped(word__document_xml=b"<w:document"), "damaged"),
    "too-large": (b"a" * (MAX_BYTES + 1), "20 MB"),
    "one-huge-cell": (f"证券代码：999001\n| 主要内容 | {'答' * 100_001} |\n".encode(), "100,000 characters"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_filing_says_what_to_do(name):
    data, says = BAD[name]
    with pytest.raises(FilingError) as caught:
        read(data, f"{name}.bin")
    assert says in str(caught.value)
    assert "%(" not in str(caught.value)


def test_a_scan_says_so():
    pages = b"".join(
        b"%d 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\n" % number for number in (3, 4)
    )
    scan = (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count 2/Kids[3 0 R 4 0 R]>>endobj\n"
        + pages
        + b"trailer<</Root 1 0 R>>\n"
    )
    with pytest.raises(FilingError, match="scan without text"):
        read(scan, "scan.pdf")


def test_a_zip_bomb_is_refused():
    with pytest.raises(FilingError, match="unpacks to more"):
        read(zipped(word__document_xml=b"<a>" + b" " * 150_000_000 + b"</a>"), "bomb.docx")


def test_entities_are_not_resolved():
    secret = Path(__file__).resolve()
    bomb = (
        f'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY x SYSTEM "file://{secret}">]>'
        '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>'
        "<w:p><w:r><w:t>证券代码：999001</w:t></w:r></w:p><w:p><w:r><w:t>时间：2026年1月5日</w:t></w:r></w:p>"
        "<w:p><w:r><w:t>地点：&x;甲</w:t></w:r></w:p></w:body></w:document>"
    )
    reading = read(zipped(word__document_xml=bomb.encode()), "form.docx")
    assert "test_entities" not in reading.text


@pytest.mark.parametrize("tag", ["div", "table", "b", "span", "td"])
def test_deep_nesting_is_no_trouble(tag):
    opened = f"<{tag}>" * 20_000
    html = f"<p>证券代码：999001</p><p>时间：2026年1月5日</p><p>地点：甲</p>{opened}深处".encode()
    with contextlib.suppress(FilingError):
        assert read(html, "form.html").filing.company_code == "999001"


def test_tables_within_tables():
    tables = "<table><tr><td>甲</td><td>" * 100 + "</td></tr></table>" * 100
    html = f"<table><tr><td>时间</td><td>2026年1月5日</td></tr><tr><td>地点</td><td>{tables}</td></tr></table>证券代码：999001"
    assert read(html.encode(), "form.html").filing.held_from == datetime.date(2026, 1, 5)


# The command line


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "records.filing", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=HERE.parent.parent, check=False)


def test_the_command_line_reads_each_and_names_the_bad(tmp_path):
    bad = tmp_path / "bad.txt"
    bad.write_bytes(b"")
    done = run("read", str(HERE / "sse-monthly.md"), str(bad), str(HERE / "lost-boxes.md"))
    first, second = map(json.loads, done.stdout.splitlines())
    assert (first["company_code"], second["company_code"]) == ("600999", "999003")
    assert done.returncode == 1
    assert str(bad) in done.stderr
    assert "empty" in done.stderr


def test_whoever_has_enough_of_the_lines_ends_it_in_silence():
    paths = [str(path) for path in sorted(HERE.glob("*.md"))] * 5  # more than a pipe holds
    command = [sys.executable, "-m", "records.filing", "read", *paths]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=HERE.parent.parent
    ) as reading:
        assert reading.stdout
        assert reading.stderr
        assert json.loads(reading.stdout.readline())
        reading.stdout.close()
        assert reading.stderr.read() == ""


def test_the_command_line_takes_content_apart(tmp_path):
    cells = tmp_path / "cells.jsonl"
    cells.write_text(json.dumps({"doc": "1", "text": "问：好吗？\n答：好。"}) + "\n", encoding="utf-8")
    done = run("content", str(cells))
    assert json.loads(done.stdout)["doc"] == "1"
    assert done.returncode == 0


def test_the_command_line_writes_what_it_read(tmp_path):
    path = tmp_path / "reading.json"
    path.write_text(run("read", str(HERE / "appendix-list.md")).stdout, encoding="utf-8")
    assert run("write", str(path)).returncode == 0
    written = read(path.with_suffix(".docx").read_bytes(), "x.docx").filing
    assert written == dataclasses.replace(read(document("appendix-list.md"), "x").filing, extra=written.extra)


def test_neither_django_nor_the_large_libraries_are_loaded_before_they_are_needed():
    code = (
        "import sys, records.filing as f; "
        "assert not {'docx', 'pdfplumber', 'lxml', 'django'} & set(sys.modules), 'loaded'; "
        "f.read('证券代码：999001\\n时间：2026年1月5日\\n地点：甲'.encode(), 'x'); "
        "assert not {'docx', 'pdfplumber', 'django'} & set(sys.modules), 'loaded by reading'"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=HERE.parent.parent, check=False
    )
    assert done.returncode == 0, done.stderr
