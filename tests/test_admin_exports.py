"""Exports at the desk: what is selected, of the columns that are chosen, as CSV or XLSX, and who learns of it."""

from __future__ import annotations

import csv
import datetime
import io
import logging
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation
from openpyxl import load_workbook

from records import exports, levels
from records.models import (
    AuditEntry,
    Closure,
    Company,
    DeadlineRule,
    Institution,
    InstitutionAlias,
    InstitutionMerge,
    QuietPeriod,
    Record,
    Reminder,
    ToldApart,
    Topic,
    WatchWord,
    audit,
)

from . import build

pytestmark = pytest.mark.django_db

LIST = "/admin/records/record/"
# Where each level is offered.
LISTS = {
    "records": (LIST, Record),
    "participants": (LIST, Record),
    "questions": (LIST, Record),
    "companies": ("/admin/records/company/", Company),
    "institutions": ("/admin/records/institution/", Institution),
    "topics": ("/admin/records/topic/", Topic),
    "closures": ("/admin/records/closure/", Closure),
    "deadline_rules": ("/admin/records/deadlinerule/", DeadlineRule),
    "quiet_periods": ("/admin/records/quietperiod/", QuietPeriod),
    "reminders": ("/admin/records/reminder/", Reminder),
    "watch_words": ("/admin/records/watchword/", WatchWord),
    "merged_institutions": ("/admin/records/institutionmerge/", InstitutionMerge),
    "told_apart": ("/admin/records/toldapart/", ToldApart),
    "audit_log": ("/admin/records/auditentry/", AuditEntry),
    "people": ("/admin/auth/user/", User),
    "groups": ("/admin/auth/group/", Group),
}
LEVELS = {level.name: level for level in vars(levels).values() if isinstance(level, levels.Level)}
# Session, user, the page of the list, the count; then the rows with what belongs to them, for each chunk.
EXPORT_QUERIES = {
    "records": 22,
    "participants": 18,
    "questions": 18,
    "companies": 9,
    "institutions": 9,
    "topics": 8,
    "closures": 8,
    "deadline_rules": 8,
    "quiet_periods": 8,
    "reminders": 8,
    "watch_words": 8,
    "merged_institutions": 8,
    "told_apart": 8,
    "audit_log": 7,
    "people": 12,
    "groups": 10,
}


def asked(level: str, rows: Any, **more: Any) -> dict[str, Any]:
    """The form of the page between, as it comes with all its columns."""
    names = [column.name for column in LEVELS[level].columns]
    pks = [row.pk for row in rows]
    return {
        "action": f"export_{level}",
        "_selected_action": pks,
        "export": "1",
        "columns": names,
        "kind": "csv",
        **more,
    }


def table(answer: Any) -> list[list[str]]:
    data = b"".join(answer.streaming_content)
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))


def sheet(answer: Any) -> Any:
    return load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("level", LEVELS)
def test_no_two_columns_are_called_the_same(level: str, language: str) -> None:
    with translation.override(language):
        called = [str(column.heading) for column in LEVELS[level].columns]
    assert len(called) == len(set(called)), called


def headings(level: str, *names: str) -> list[str]:
    return [str(column.heading) for column in LEVELS[level].columns if column.name in names]


def something() -> None:
    """A row for each list."""
    build.record(number="1", topics=["大模型"])
    build.draft(number="2", visitors=["高瓴资本 李四"], asked=[("丙？", "丁")], topics=["境外业务"])
    keep(0)


def keep(n: int) -> None:
    """A row for each list that the desk keeps for itself."""
    day = datetime.date(2031, 1, 1) + datetime.timedelta(days=n)
    person = build.person(f"person{n}")
    person.companies.set([build.company()])
    Closure.objects.create(date=day, note="台风")
    DeadlineRule.objects.create(effective_from=day, trading_days=2, note="规则")
    QuietPeriod.objects.create(company=build.company(), first_day=day, last_day=day, reason="年报")
    Reminder.objects.create(user=person)
    WatchWord.objects.create(word=f"目标价{n}")
    Group.objects.create(name=f"组{n}")
    audit.note("import", build.company())
    build.institution(f"被并资本{n}").merge_into(build.institution("并入资本"), person)
    one, other = build.institution(f"甲资本{n}"), build.institution(f"乙资本{n}")
    ToldApart.objects.create(first=one, second=other, user=person)


# The page between


@pytest.mark.parametrize("level", LISTS)
def test_a_page_between_tells_how_many_rows_and_offers_each_column_with_its_help(
    level: str, admin_client: Client
) -> None:
    something()
    address, model = LISTS[level]
    data = {"action": f"export_{level}", "_selected_action": [row.pk for row in model.objects.all()]}
    answer = admin_client.post(address, data)
    assert answer.status_code == 200
    assert not answer.streaming
    assert answer.context["count"] == LEVELS[level].of(model.objects.all()).count()
    page = answer.content.decode()
    assert f" {answer.context['count']} " in page
    for column in LEVELS[level].columns:
        assert f'name="columns" value="{column.name}" id="id_column_{column.name}" checked' in page
    assert page.count('class="help"') == sum(bool(column.help) for column in LEVELS[level].columns)


@pytest.mark.parametrize("level", LISTS)
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_every_list_leaves_as_csv_and_as_xlsx(level: str, kind: str, admin_client: Client) -> None:
    something()
    address, model = LISTS[level]
    answer = admin_client.post(address, asked(level, model.objects.all(), kind=kind))
    assert answer.streaming
    name = f"{level}-{timezone.localdate()}.{kind}"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert "no-store" in answer.headers["Cache-Control"]
    rows = table(answer) if kind == "csv" else list(sheet(answer).values)
    assert list(rows[0]) == [str(column.heading) for column in LEVELS[level].columns]
    assert len(rows) == 1 + LEVELS[level].of(model.objects.all()).count()


@pytest.mark.parametrize(
    "more",
    [{"columns": []}, {"columns": ["record_id", "nonsense"]}, {"kind": "pdf"}, {"kind": ""}],
)
def test_what_cannot_be_made_is_refused_in_a_sentence_and_the_choice_is_kept(
    more: dict[str, Any], admin_client: Client, caplog: Any
) -> None:
    record = build.draft(number="2")
    with caplog.at_level(logging.INFO, "records.exports"):
        answer = admin_client.post(LIST, asked("records", [record], **{"columns": ["number"], **more}))
    assert answer.status_code == 422
    errors = [said for field in answer.context["form"].errors.values() for said in field]
    assert len(errors) == 1
    page = answer.content.decode()
    assert 'role="alert"' in page
    assert f'name="_selected_action" value="{record.pk}"' in page
    assert ('value="number" id="id_column_number" checked' in page) == ("columns" not in more)
    assert "records.exports" not in {line.name for line in caplog.records}


# Columns


def test_the_columns_that_are_chosen_leave_in_their_own_order(admin_client: Client) -> None:
    record = build.draft(number="2", place="北京")
    answer = admin_client.post(LIST, asked("records", [record], columns=["status", "place", "number"]))
    assert table(answer) == [headings("records", "number", "place", "status"), ["2", "北京", "草稿"]]


def test_the_choice_is_remembered_for_each_level_and_user(admin_client: Client) -> None:
    something()
    records = Record.objects.all()
    admin_client.post(LIST, asked("records", records, columns=["number"], kind="xlsx"))

    selected = {"_selected_action": [row.pk for row in records]}
    form = admin_client.post(LIST, {"action": "export_records", **selected}).context["form"]
    assert [column.name for column, is_ticked in form.lines if is_ticked] == ["number"]
    assert form["kind"].value() == "xlsx"
    form = admin_client.post(LIST, {"action": "export_questions", **selected}).context["form"]
    assert all(is_ticked for _column, is_ticked in form.lines)


def test_a_column_that_is_gone_is_forgotten(admin_client: Client) -> None:
    record = build.draft()
    session = admin_client.session
    session["exports"] = {"records": {"columns": ["gone"], "kind": "csv"}}
    session.save()
    form = admin_client.post(LIST, {"action": "export_records", "_selected_action": [record.pk]}).context["form"]
    assert all(is_ticked for _column, is_ticked in form.lines)


def test_staff_learn_who_did_it_and_by_when_it_is_due(admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    Closure.objects.all().delete()
    DeadlineRule.objects.all().delete()
    DeadlineRule.objects.create(effective_from="2012-01-01", trading_days=2)
    now = timezone.make_aware(datetime.datetime(2024, 6, 11, 10))  # noqa: DTZ001
    monkeypatch.setattr(timezone, "now", lambda: now)
    build.company()
    author = build.person("author", last_name="何", first_name="清和")
    reviewer = build.person("reviewer", *build.REVIEWER, last_name="宋", first_name="知行")
    record = build.draft(number="1", held="2024-06-06")
    record.submit(author)
    record.approve(reviewer)
    late = build.draft(number="2", held="2024-06-03")
    names = ["due", "deadline", "submitted_by", "published_by"]
    rows = table(admin_client.post(LIST, asked("records", [record, late], columns=names)))
    assert rows[1:] == [["2024-06-11", "按时发布", "何清和", "宋知行"], ["2024-06-05", "已逾期", "", ""]]


def test_what_is_for_staff_does_not_leave_in_public(client: Client) -> None:
    build.record()
    heading = table(client.get("/records.csv"))[0]
    assert not set(heading) & set(headings("records", "due", "deadline", "submitted_by", "published_by"))


def test_a_directory_tells_what_only_the_desk_knows(admin_client: Client) -> None:
    something()
    build.company().staff.set([build.person("clerk", last_name="何", first_name="清和")])
    InstitutionAlias.objects.create(institution=build.institution(), name="华夏基金管理有限公司")
    columns = ["company_code", "record_count", "staff"]
    rows = table(admin_client.post(LISTS["companies"][0], asked("companies", [build.company()], columns=columns)))
    assert rows[1:] == [["999001", "1", "何清和"]]
    columns = ["name", "aliases", "record_count"]
    address, model = LISTS["institutions"]
    rows = table(admin_client.post(address, asked("institutions", model.objects.all(), columns=columns)))
    assert ["华夏基金", "华夏基金管理有限公司", "1"] in rows
    assert ["高瓴资本", "", "0"] in rows  # in a draft alone
    days = {"used_from": "2006-08-22", "used_until": "2023-12-08"}
    InstitutionAlias.objects.create(institution=build.institution(), name="华夏", **days)
    InstitutionAlias.objects.create(institution=build.institution(), name="ChinaAMC", used_from="1998-04-09")
    columns = ["name", "alias_dates"]
    rows = table(admin_client.post(address, asked("institutions", model.objects.all(), columns=columns)))
    assert ["华夏基金", "ChinaAMC 1998-04-09/..；华夏 2006-08-22/2023-12-08"] in rows


def test_every_list_of_the_desk_has_an_export() -> None:
    lists = {model._meta.label for model, its in admin.site._registry.items() if its.has_module_permission}
    assert lists == {model._meta.label for _address, model in LISTS.values()}


def test_a_list_that_the_desk_keeps_leaves_as_it_is_read_there(admin_client: Client) -> None:
    keep(0)
    address, model = LISTS["quiet_periods"]
    rows = table(admin_client.post(address, asked("quiet_periods", model.objects.all())))
    assert rows[1] == [str(build.company()), "2031-01-01", "2031-01-01", "年报"]
    address, model = LISTS["people"]
    people = model.objects.filter(username="person0")
    columns = ["username", "is_active", "last_login", "companies"]
    rows = table(admin_client.post(address, asked("people", people, columns=columns)))
    assert rows[1] == ["person0", "是", "", str(build.company())]
    address, model = LISTS["audit_log"]
    rows = table(admin_client.post(address, asked("audit_log", model.objects.all(), columns=["act", "name"])))
    assert [str(build.company()), "导入"] in rows


# In a spreadsheet


def test_codes_stay_text_and_days_are_days_in_a_sheet(admin_client: Client) -> None:
    record = build.draft(build.company("000001", "长岭"), number="001", held="2024-06-06")
    columns = ["company_code", "number", "held_from", "question_count"]
    book = sheet(admin_client.post(LIST, asked("records", [record], columns=columns, kind="xlsx")))
    row = list(book.rows)[1]
    assert [cell.value for cell in row] == ["000001", "001", datetime.datetime(2024, 6, 6), 1]  # noqa: DTZ001
    assert [cell.data_type for cell in row] == ["s", "s", "d", "n"]
    address = LISTS["companies"][0]
    book = sheet(admin_client.post(address, asked("companies", [record.company], kind="xlsx")))
    assert list(book.rows)[1][0].value == "000001"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_no_cell_can_run(start: str, kind: str, admin_client: Client) -> None:
    evil = f"{start}1+cmd|' /C calc'!A0"
    record = build.draft(place=evil)
    topic = Topic.objects.create(name="题", keywords=evil)
    for level, row, column in (("records", record, "place"), ("topics", topic, "keywords")):
        answer = admin_client.post(LISTS[level][0], asked(level, [row], columns=[column], kind=kind))
        if kind == "csv":
            assert table(answer)[1][0][0] == "'"
        else:
            assert list(sheet(answer).rows)[1][0].data_type == "s"


# Whose, and how much


def clerk() -> Any:
    person = build.person("clerk", *build.STAFF, "view_company")
    person.companies.set([build.company()])
    return person


@pytest.mark.parametrize("level", ["records", "participants", "questions", "companies"])
@pytest.mark.parametrize("across", ["0", "1"])
def test_what_leaves_is_of_ones_own_companies(level: str, across: str, client: Client) -> None:
    build.draft(number="mine")
    build.draft(build.company("999002"), number="theirs")
    client.force_login(clerk())
    address, model = LISTS[level]
    data = asked(level, model.objects.all(), select_across=across)
    assert client.post(address, {**data, "export": []}).context["count"] == 1
    rows = table(client.post(address, data))
    assert len(rows) == 2
    assert "999001" in rows[1]
    assert not any("999002" in cell or "远山" in cell for row in rows for cell in row)


@pytest.mark.parametrize("level", ["quiet_periods", "audit_log"])
@pytest.mark.parametrize("across", ["0", "1"])
def test_what_the_desk_keeps_of_others_does_not_leave(level: str, across: str, client: Client) -> None:
    person = build.person("clerk", *build.STAFF, "view_company", "view_quietperiod", "view_auditentry")
    for code in ("999001", "999002"):
        company = build.company(code)
        QuietPeriod.objects.create(company=company, first_day="2024-04-01", last_day="2024-04-20")
        audit.note("export", build.draft(company, number=f"of {code}"))
    person.companies.set([build.company()])
    client.force_login(person)
    address, model = LISTS[level]
    rows = table(client.post(address, asked(level, model.objects.all(), select_across=across)))
    assert any("999001" in cell for row in rows for cell in row)
    assert not any("999002" in cell or "远山" in cell for row in rows for cell in row)


def test_what_the_filter_shows_leaves_across_pages(admin_client: Client) -> None:
    records = build.records(53, visitors=())
    build.record(build.company("999002"), number="x")
    data = asked("records", records[:1], select_across="1", columns=["number"])
    between = admin_client.post(f"{LIST}?of=999001", {**data, "export": []})
    assert between.context["count"] == 53
    assert 'name="select_across" value="1"' in between.content.decode()
    assert len(table(admin_client.post(f"{LIST}?of=999001", data))) == 54


def test_a_directory_that_is_edited_in_its_list_leaves_too(admin_client: Client) -> None:
    """The whole form of the list comes with the action."""
    build.institution()
    page = admin_client.get(LISTS["institutions"][0])
    management = {f"form-{name}": value for name, value in page.context["cl"].formset.management_form.initial.items()}
    pk = build.institution().pk
    data = {"action": "export_institutions", "_selected_action": [pk], "index": "0", "form-0-id": pk, **management}
    between = admin_client.post(LISTS["institutions"][0], data)
    assert between.context["count"] == 1
    assert "form-0-id" not in between.content.decode()


@pytest.mark.parametrize("level", LISTS)
def test_an_export_costs_the_same_for_3_rows_and_for_60(level: str, admin_client: Client) -> None:
    def add(first: int, last: int) -> None:
        for n in range(first, last):
            company = build.company(f"9{n:05}")
            record = build.draft(company, number="1", visitors=[f"机构{n}资本"], topics=[f"题{n}"])
            record.submit()
            keep(n)

    def cost() -> int:
        address, model = LISTS[level]
        with CaptureQueriesContext(connection) as captured:
            answer = admin_client.post(address, asked(level, model.objects.all()[:1], select_across="1"))
            rows = table(answer)
        counts.append(len(rows))
        return sum("SAVEPOINT" not in query["sql"] for query in captured)

    counts: list[int] = []
    add(0, 3)
    few = cost()
    add(3, 60)
    assert cost() == few == EXPORT_QUERIES[level]
    assert counts[1] - counts[0] >= 57


# Who learns of it


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_an_export_leaves_one_line_in_the_log_without_what_it_holds(
    kind: str, admin_client: Client, caplog: Any
) -> None:
    record = build.draft(number="秘密", asked=[("秘密？", "秘密")] * 3)
    with caplog.at_level(logging.INFO, "records.exports"):
        admin_client.post(LIST, asked("questions", [record], export=[]))
        assert not caplog.records
        admin_client.post(LIST, asked("questions", [record], kind=kind))
    line = caplog.records[0].getMessage()
    assert len(caplog.records) == 1
    assert caplog.records[0].name == "records.exports"
    for part in ("user ", "questions", "3", kind):
        assert part in line
    assert "秘密" not in line


def test_the_page_is_told_that_its_file_is_on_the_way(admin_client: Client) -> None:
    record = build.draft()
    answer = admin_client.post(LIST, asked("records", [record], sign="12345"))
    assert answer.cookies["export-begun"].value == "12345"
    for sign in ("", "a b; x", "9" * 41):
        assert "export-begun" not in admin_client.post(LIST, asked("records", [record], sign=sign)).cookies


def test_what_no_sheet_can_hold_is_said_before(admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    record = build.draft(asked=[("问？", "答")] * 3)
    monkeypatch.setattr(exports, "SHEET_ROWS", 3)
    for level, is_told in (("questions", True), ("records", False)):
        answer = admin_client.post(LIST, asked(level, [record], export=[]))
        assert ('class="caution"' in answer.content.decode()) == is_told


def test_every_list_of_the_desk_that_shows_what_is_collected_has_an_export() -> None:
    for address, model in LISTS.values():
        offered = {getattr(action, "__name__", action) for action in admin.site._registry[model].actions}
        assert any(name.startswith("export_") for name in offered), address


def test_whoever_sees_a_list_may_take_it_along(client: Client) -> None:
    record = build.draft()
    reader = build.person("reader", "view_record")
    reader.groups.set(Group.objects.none())
    client.force_login(reader)
    assert len(table(client.post(LIST, asked("records", [record])))) == 2
    assert client.post(LISTS["companies"][0], asked("companies", [record.company])).status_code == 403
