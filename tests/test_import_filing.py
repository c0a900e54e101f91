"""`manage.py import_filing`: a filing becomes a record, a bad one becomes a line that says why."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from records.models import Attachment, Company, Institution, InstitutionAlias, Question, Record, Topic

pytestmark = pytest.mark.django_db

FORM = """证券代码：999001

证券简称：星野数据

星野数据科技股份有限公司

投资者关系活动记录表

编号：{number}

| | |
|---|---|
| 投资者关系活动类别 | ☑特定对象调研 □分析师会议 □媒体采访 □业绩说明会 □新闻发布会 □路演活动 □现场参观 □电话会议 □其他 |
| 参与单位名称及人员姓名 | 澄海基金 林一舟 北辰证券 周予安 澄海基金管理有限公司 陈小满 |
| 会议时间 | 2025年3月12日 |
| 会议地点 | 公司会议室 |
| 上市公司接待人员姓名 | 董事会秘书：何清和 |
| 投资者关系活动主要内容介绍 | 1、公司境外收入占比是多少？<br>2024年境外收入占比为18.4%。<br>2、毛利率为什么下降？<br>主要是原材料价格上涨。 |
| 附件清单（如有） | 无 |
| 日期 | 2025年3月13日 |
"""


@pytest.fixture
def form(tmp_path: Path) -> Path:
    path = tmp_path / "form.md"
    path.write_text(FORM.format(number="2025-003"), encoding="utf-8")
    return path


def test_a_filing_becomes_a_draft_with_all_its_parts(form: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Topic.objects.create(name="境外业务", keywords="境外、海外")
    call_command("import_filing", str(form))
    record = Record.objects.get()
    assert (record.company.code, record.number, record.status) == ("999001", "2025-003", "draft")
    assert record.held_from == datetime.date(2025, 3, 12)
    assert [kind.name for kind in record.activity_types.all()] == ["特定对象调研"]
    assert record.hosts == [{"title": "董事会秘书", "name": "何清和"}]
    people = list(record.participants.values_list("name_as_filed", "person"))
    assert people == [("澄海基金", "林一舟"), ("北辰证券", "周予安"), ("澄海基金管理有限公司", "陈小满")]
    first, second = record.questions.all()
    assert (first.text, first.answer) == ("公司境外收入占比是多少？", "2024年境外收入占比为18.4%。")
    assert [topic.name for topic in first.topics.all()] == ["境外业务"]
    assert not second.topics.exists()
    assert (record.institution_count, record.person_count, record.question_count) == (2, 3, 2)
    line = capsys.readouterr().out.strip()
    assert line.startswith(str(form))
    assert line.endswith(record.get_absolute_url())


def test_names_and_aliases_of_one_institution_are_one(form: Path) -> None:
    known = Institution.objects.create(name="北辰证券股份有限公司")
    other = Institution.objects.create(name="澄海")
    InstitutionAlias.objects.create(institution=other, name="澄海基金管理有限公司")
    call_command("import_filing", str(form))
    institutions = [row.institution for row in Record.objects.get().participants.all()]
    assert institutions == [other, known, other]


def test_an_unknown_institution_waits_for_review(form: Path) -> None:
    call_command("import_filing", str(form))
    assert set(Institution.objects.values_list("name", "reviewed")) == {("澄海基金", False), ("北辰证券", False)}


def test_the_file_is_kept_with_the_record(form: Path) -> None:
    call_command("import_filing", str(form))
    attachment = Attachment.objects.get()
    assert attachment.file.read() == form.read_bytes()
    assert (attachment.name, attachment.kind, attachment.is_public) == ("form.md", "source", False)
    assert len(attachment.sha256) == 64


def test_publish_makes_it_public_at_once(form: Path) -> None:
    call_command("import_filing", str(form), publish=True)
    record = Record.objects.published().get()
    assert record.disclosed_on == datetime.date(2025, 3, 13)


def test_a_dry_run_stores_nothing(form: Path, capsys: pytest.CaptureFixture[str], settings) -> None:
    call_command("import_filing", str(form), dry_run=True)
    assert "2025-003" in capsys.readouterr().out
    for model in (Record, Company, Institution, Question, Attachment):
        assert not model.objects.exists()
    assert not [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def test_the_same_number_is_refused_with_the_address(form: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("import_filing", str(form))
    with pytest.raises(CommandError):
        call_command("import_filing", str(form))
    assert Record.objects.get().get_absolute_url() in capsys.readouterr().err


def test_the_same_text_without_a_number_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "form.md"
    path.write_text(FORM.format(number=""), encoding="utf-8")
    call_command("import_filing", str(path))
    with pytest.raises(CommandError):
        call_command("import_filing", str(path))
    assert Record.objects.get().get_absolute_url() == f"/records/999001/id-{Record.objects.get().pk}/"


BAD = {
    "empty.md": b"",
    "prose.txt": "今天天气很好，我们去公园散步。".encode(),
    "noise.md": bytes(range(256)) * 20,
    "huge.txt": b"a" * (20 * 1024 * 1024 + 1),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_one_line_and_stores_nothing(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / name
    path.write_bytes(BAD[name])
    with pytest.raises(CommandError):
        call_command("import_filing", str(path))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith(f"{path}: ")
    assert not Record.objects.exists()
    assert not Company.objects.exists()


def test_a_missing_file_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CommandError):
        call_command("import_filing", str(tmp_path / "nowhere.md"))
    assert "nowhere.md" in capsys.readouterr().err


def test_one_bad_file_does_not_stop_the_others(form: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.md"
    bad.write_bytes(b"")
    with pytest.raises(CommandError):
        call_command("import_filing", str(bad), str(form))
    assert Record.objects.count() == 1


def test_a_record_that_cannot_be_published_is_not_half_made(tmp_path: Path) -> None:
    path = tmp_path / "form.md"
    path.write_text(FORM.format(number="2025-004").replace("2025年3月12日", "另行通知"), encoding="utf-8")
    with pytest.raises(CommandError):
        call_command("import_filing", str(path), publish=True)
    assert not Record.objects.exists()
    call_command("import_filing", str(path))
    assert Record.objects.get().held_text == "另行通知"
