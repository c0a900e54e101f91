"""Who works for one company sees and touches what is its own, and nothing of another: at every address of the desk."""

from __future__ import annotations

import importlib
import io
import json
import logging
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.core import mail
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from docx import Document

from records import levels
from records.models import (
    Attachment,
    Closure,
    Company,
    DeadlineRule,
    InstitutionMerge,
    Intake,
    QuietPeriod,
    Record,
    Reminder,
    ToldApart,
    WatchWord,
    audit,
)
from records.roles import ROLES
from records.workflow import VERBS, WorkflowError

from . import build
from .test_admin_entry import ADD, change, form
from .test_admin_publish import texts
from .test_importing_desk import bring, page_form
from .test_importing_desk import file as upload
from .test_importing_desk import form as paper

pytestmark = pytest.mark.django_db

LIST = "/admin/records/record/"
OURS, THEIRS = "晨光", "远山"  # stands in everything that is of the one company, or of the other
THEIR_CODE = "999002"


class Desk:
    """Rows of one company, each with the company's name in all that it says."""

    def __init__(self, code: str, mark: str) -> None:
        self.company = build.company(code, mark, full_name=f"{mark}公司")
        self.record = build.draft(
            self.company,
            number=f"{mark}-1",
            place=f"{mark}会议室",
            visitors=[f"华夏基金 {mark}客"],
            asked=[(f"{mark}订单如何？", f"{mark}充足。")],
            topics=["大模型"],
        )
        self.record.place += "一"
        self.record.save()
        self.waiting = build.draft(self.company, number=f"{mark}-2", introduction=f"{mark}纪要")
        self.waiting.submit()
        self.quiet = QuietPeriod.objects.create(
            company=self.company, first_day="2024-06-01", last_day="2024-06-30", reason=f"{mark}年报"
        )
        self.file = Attachment(record=self.record, file=ContentFile(b"x", name=f"{mark}.pdf"))
        self.file.save()
        self.user = User.objects.create_user(f"user-{code[3:]}", is_staff=True, email=f"{code}@example.com")
        # All that there is, so that nothing but the company stands in the way.
        self.user.user_permissions.set(Permission.objects.filter(content_type__app_label="records"))
        self.company.staff.set([self.user])
        self.noted = audit.note("export", self.record, user=self.user)
        self.intake = Intake.take(self.user, f"{mark}.md", paper(code=code).replace("晨光", mark).encode())
        self.tables = {
            kind: Intake.take(self.user, f"{mark}.csv", f"{heading}\n{row}".encode(), kind)
            for kind, heading, row in (
                ("company", "code,short name", f"{code},{mark}股份"),
                ("institution", "name", f"{mark}资本"),
                ("topic", "name", f"{mark}主题"),
            )
        }

    def client(self) -> Client:
        client = Client()
        client.force_login(self.user)
        return client


@pytest.fixture
def ours() -> Desk:
    return Desk("999001", OURS)


@pytest.fixture
def theirs() -> Desk:
    return Desk(THEIR_CODE, THEIRS)


# Every address


def patterns(urls: Any = None, name_of: str = "") -> Iterator[tuple[str, list[str]]]:
    """Names of all addresses of the desk, each with its parameters; those without a name are Django's own redirects."""
    for pattern in admin.site.urls[0] if urls is None else urls:
        if hasattr(pattern, "url_patterns"):
            yield from patterns(pattern.url_patterns)
        elif pattern.name:
            regex = pattern.pattern.regex
            unnamed = ["pk", "version_id"][: regex.groups - len(regex.groupindex)]
            yield pattern.name, [*regex.groupindex, *unnamed]


ADDRESSES = dict(patterns())
# Rows of nobody's, and addresses that show none.
SHARED = {
    "records_institutionmerge": lambda desk: (
        InstitutionMerge.objects.first()
        or build.institution("安信证券").merge_into(build.institution("国投证券"), desk.user)
    ),
    "records_toldapart": lambda desk: ToldApart.tell(
        build.institution("安信证券").pk, build.institution("国投证券").pk
    ),
    "records_institution": lambda desk: build.institution(),
    "records_topic": lambda desk: build.topic(),
    "records_closure": lambda desk: Closure.objects.get_or_create(date="2030-01-01")[0],
    "records_deadlinerule": lambda desk: DeadlineRule.objects.get_or_create(
        effective_from="2030-01-01", board="", trading_days=2
    )[0],
    "records_watchword": lambda desk: WatchWord.objects.get_or_create(word="目标价")[0],
    "records_reminder": lambda desk: Reminder.objects.get_or_create(user=desk.user)[0],
    "auth_user": lambda desk: desk.user,
    "auth_group": lambda desk: Group.objects.first(),
}
WITHOUT_ROWS = {"login", "second_factor", "logout", "password_change", "password_change_done", "jsi18n", "app_list"}


def address(name: str, desk: Desk) -> str:
    """The address of this name, for rows of this desk; whoever adds an address to the desk says here whose it is."""
    whose: dict[str, Any] = {
        "records_record": desk.record,
        "record": desk.record,
        "records_company": desk.company,
        "records_quietperiod": desk.quiet,
        "import": desk.intake,
        "records_auditentry": desk.noted,
    }
    values: dict[str, Any] = {"app_label": "records", "name": "submit"}
    if name == "view_on_site":
        values |= {"content_type_id": ContentType.objects.get_for_model(Record).pk, "object_id": desk.record.pk}
    elif name in {"records_record_review", "records_record_follow_up"}:  # what is locked
        values["pk"] = desk.waiting.pk
    elif name.endswith("_import_preview"):
        values["pk"] = desk.tables[name.split("_")[1]].pk
    elif shared := next((prefix for prefix in SHARED if name.startswith(prefix)), None):
        values["object_id"] = values["id"] = values["ids"] = SHARED[shared](desk).pk
    else:
        prefix = next((prefix for prefix in sorted(whose, key=len)[::-1] if name.startswith(prefix)), None)
        if prefix:
            values["object_id"] = values["pk"] = whose[prefix].pk
    values["version_id"] = desk.record.history.first().pk
    parameters = ADDRESSES[name]
    assert set(parameters) <= set(values), f"say in this test what {name} is about"
    if name.endswith("simple_history"):
        return reverse(f"admin:{name}", args=[values["pk"], values["version_id"]])
    return reverse(f"admin:{name}", kwargs={parameter: values[parameter] for parameter in parameters})


def said(answer: Any) -> str:
    """All that an answer tells: its body, its headers, and of a Word file the text."""
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    text = unquote(str(dict(answer.headers)))
    if answer.headers.get("Content-Type") == "application/json":
        return text + json.dumps(json.loads(body), ensure_ascii=False)
    if "wordprocessing" in answer.headers.get("Content-Type", ""):
        document = Document(io.BytesIO(body))
        cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
        return text + "".join([*(paragraph.text for paragraph in document.paragraphs), *cells])
    return text + body.decode(errors="replace")


def state(desk: Desk) -> Any:
    """What must be the same after somebody else tried everything."""
    record = Record.objects.get(pk=desk.record.pk)
    return (
        (record.status, record.place, record.number, record.company_id),
        list(record.questions.values_list("text", "answer")),
        list(record.participants.values_list("person")),
        Record.objects.get(pk=desk.waiting.pk).status,
        list(Record.objects.filter(company=desk.company).order_by("pk").values_list("pk", flat=True)),
        list(QuietPeriod.objects.filter(company=desk.company).values_list("pk", "reason")),
        list(Company.objects.filter(pk=desk.company.pk).values_list("short_name", "one_person_desk")),
        set(desk.company.staff.all()),
        list(Intake.objects.filter(user=desk.user).values_list("pk", flat=True)),
        list(Attachment.objects.filter(record=record).values_list("pk", flat=True)),
    )


@pytest.mark.parametrize("name", sorted(ADDRESSES))
def test_nobody_sees_or_touches_what_is_theirs(name: str, ours: Desk, theirs: Desk) -> None:
    client, before = ours.client(), state(theirs)
    target = address(name, theirs)
    told = said(client.get(target))
    for data in ({}, {"post": "yes"}, {"comment": "因为", "op": "create"}, {"op": "drop"}, form(ours.record)):
        if name != "logout":
            told += said(client.post(target, data))
    told += said(client.get(LIST))  # messages
    assert THEIRS not in told
    assert THEIR_CODE not in told.replace(target, "")
    assert state(theirs) == before


# Of these a page shows nothing of a company, or is not there to be looked at; what they do has tests below.
NEVER_WRITTEN = {f"records_{row}_{what}" for row in ("auditentry", "institutionmerge") for what in ("add", "delete")}
NEVER_WRITTEN |= {"records_toldapart_add"}
SHOWS_NONE = {
    *NEVER_WRITTEN,
    "records_company_import_template",
    "records_record_add",
    "records_record_check",
    "records_record_compare",
    "records_record_similar",
    "records_record_simple_history",
    "records_record_verb",
}
OF_A_COMPANY = sorted(
    name
    for name in set(ADDRESSES) - SHOWS_NONE
    if name.startswith(
        (
            "records_record_",
            "record_",
            "records_company_",
            "records_quietperiod_",
            "records_auditentry_",
            "import",
            "index",
        )
    )
    and not name.endswith("_add")
)


@pytest.mark.parametrize("name", OF_A_COMPANY)
def test_everybody_sees_their_own_and_a_superuser_what_is_anybodys(
    name: str, ours: Desk, theirs: Desk, admin_client: Client
) -> None:
    answer = ours.client().get(address(name, ours))
    assert answer.status_code == 200
    assert OURS in said(answer)
    assert THEIRS in said(admin_client.get(address(name, theirs)))


# Where a look without more is answered otherwise than by a page.
ANSWERS = {
    **dict.fromkeys(NEVER_WRITTEN, 403),
    "autocomplete": 403,
    "records_record_check": 405,
    "records_record_compare": 302,
    "records_record_simple_history": 404,
    "records_record_verb": 405,
}


@pytest.mark.parametrize("name", sorted(set(ADDRESSES) - set(OF_A_COMPANY) - WITHOUT_ROWS - {"view_on_site"}))
def test_what_is_nobodys_is_open_to_all_who_have_the_permission(name: str, ours: Desk) -> None:
    opened = 403 if name.startswith("auth_") else 200
    assert ours.client().get(address(name, ours)).status_code == ANSWERS.get(name, opened)


def test_every_choice_that_is_offered_while_typing_is_of_ones_own(ours: Desk, theirs: Desk) -> None:
    client = ours.client()
    asked = found = 0
    for model in admin.site._registry.keys() | {inline.model for inline in inlines()}:
        for field in (*model._meta.fields, *model._meta.many_to_many):
            if not field.remote_field:
                continue
            for term in ("", THEIRS, THEIR_CODE, OURS):
                where = {"app_label": model._meta.app_label, "model_name": model._meta.model_name}
                answer = client.get("/admin/autocomplete/", {**where, "field_name": field.name, "term": term})
                asked += answer.status_code == 200
                found += OURS in said(answer)
                assert THEIRS not in said(answer)
                assert THEIR_CODE not in said(answer)
    assert asked > found > 4


def inlines() -> set[Any]:
    return {inline for model_admin in admin.site._registry.values() for inline in model_admin.inlines}


def test_a_superuser_is_offered_every_company(theirs: Desk, admin_client: Client) -> None:
    where = {"app_label": "records", "model_name": "record", "field_name": "company", "term": THEIRS}
    assert THEIRS in said(admin_client.get("/admin/autocomplete/", where))


def test_the_link_to_the_site_leads_to_ones_own_alone(ours: Desk, theirs: Desk) -> None:
    client = ours.client()
    assert THEIR_CODE not in said(client.get(address("view_on_site", theirs)))
    assert client.get(address("view_on_site", theirs)).status_code == 404
    assert client.get(address("view_on_site", ours)).status_code == 302
    assert client.get("/admin/r/99999/1/").status_code == 404


def test_what_changed_is_compared_for_ones_own_alone(ours: Desk, theirs: Desk) -> None:
    for desk, status in ((ours, 200), (theirs, 404)):
        page = f"{LIST}{desk.record.pk}/history/"
        desk.record.history.filter(history_type="+").update(history_date="2024-01-01T00:00:00Z")
        moments = sorted(set(re.findall(r'name="old" value="(\d+)"', said(desk.client().get(page)))))
        answer = ours.client().get(f"{page}compare/", {"old": moments[0], "new": moments[-1]})
        assert answer.status_code == status
        assert (OURS in said(answer)) == (desk is ours)
        assert THEIRS not in said(answer)


def test_similar_questions_are_ones_own_or_published(ours: Desk, theirs: Desk) -> None:
    for mark in (OURS, THEIRS):
        where = {"q": f"{mark}订单如何？", "company": theirs.company.pk if mark == THEIRS else ours.company.pk}
        told = said(ours.client().get(f"{LIST}similar/", where))
        assert (f"{mark}充足" in told) == (mark == OURS)


def test_what_is_typed_is_checked_against_ones_own_alone(ours: Desk, theirs: Desk) -> None:
    client = ours.client()
    Record.objects.filter(pk=theirs.record.pk).update(number=f"{THEIRS}2024-007")
    assert client.post(f"{LIST}{ours.record.pk}/check/", form(ours.record)).status_code == 200
    assert client.post(f"{LIST}{theirs.record.pk}/check/", form(theirs.record)).status_code == 404
    assert THEIRS not in said(client.post(f"{LIST}check/", form(None, company=theirs.company.pk, number="")))


# What is posted


@pytest.mark.parametrize("level", ["records", "participants", "questions"])
def test_an_export_holds_ones_own_alone(level: str, ours: Desk, theirs: Desk) -> None:
    both = [ours.record.pk, theirs.record.pk]
    for more in ({}, {"select_across": "1"}):
        columns = [column.name for column in levels.LEVELS[level].columns]
        data = {"action": f"export_{level}", "_selected_action": both, **more}
        between = ours.client().post(LIST, data)
        own = Record.objects.filter(pk__in=[ours.record.pk, *([ours.waiting.pk] if more else [])])
        assert between.context["count"] == levels.LEVELS[level].of(own).count()
        told = said(ours.client().post(LIST, {**data, "export": "1", "columns": columns, "kind": "csv"}))
        assert OURS in told
        assert THEIRS not in told + said(between)


@pytest.mark.parametrize("name", [name for name, verb in VERBS.items() if verb.by_hand])
def test_a_verb_reaches_ones_own_alone(name: str, ours: Desk, theirs: Desk, caplog: Any) -> None:
    before = state(theirs)
    client = ours.client()
    targets = [theirs.record.pk, theirs.waiting.pk]
    for pk in targets:
        assert client.post(f"{LIST}{pk}/verb/{name}/", {"comment": "因为"}).status_code == 404
    data = {"action": f"{name}_selected", "_selected_action": targets, "select_across": "1", "comment": "因为"}
    assert THEIRS not in said(client.post(LIST, data))
    assert state(theirs) == before
    with caplog.at_level(logging.WARNING, "records.workflow"), pytest.raises(WorkflowError):
        getattr(theirs.record, name)(ours.user, "因为")
    assert f"user {ours.user.pk}" in caplog.text


def test_a_record_is_entered_for_ones_own_company_alone(ours: Desk, theirs: Desk) -> None:
    client, before = ours.client(), state(theirs)
    answer = client.post(ADD, form(None, company=theirs.company.pk, number="9"))
    assert "company" in answer.context["adminform"].form.errors
    answer = client.post(change(ours.record), form(ours.record, company=theirs.company.pk))
    assert THEIRS not in answer.content.decode()
    ours.record.refresh_from_db()
    assert ours.record.company == ours.company
    assert state(theirs) == before
    client.post(ADD, form(None, company=ours.company.pk, number="9"))
    assert Record.objects.filter(company=ours.company, number="9").exists()


def test_a_quiet_period_is_entered_for_ones_own_company_alone(ours: Desk, theirs: Desk) -> None:
    client = ours.client()
    days = {"first_day": "2025-06-01", "last_day": "2025-06-30", "reason": "年报"}
    for desk, there in ((theirs, 1), (ours, 2)):
        client.post("/admin/records/quietperiod/add/", {"company": desk.company.pk, **days})
        assert QuietPeriod.objects.filter(company=desk.company).count() == there


def test_who_works_for_one_company_need_not_choose_it(ours: Desk, theirs: Desk) -> None:
    assert ours.client().get(ADD).context["adminform"].form.initial["company"] == ours.company.pk


@pytest.mark.parametrize("by_name", [False, True])
def test_a_filing_of_another_company_is_not_taken(by_name: bool, ours: Desk, theirs: Desk) -> None:
    """Neither a known nor an unknown one; and what is told of both is the same."""
    ours.user.user_permissions.remove(Permission.objects.get(codename="add_company"))
    client, before = ours.client(), state(theirs)
    told = []
    for code, name in ((THEIR_CODE, THEIRS), ("999777", "无名")):
        text = paper(code=code).replace("晨光数据", name)
        page = bring(client, upload(text.replace(f"证券代码：{code}", "") if by_name else text, f"{code}.md"))
        done = client.post(page.request["PATH_INFO"], {**page_form(page), "op": "create"})
        assert done.status_code == 422
        told.append(done.context["problem"])
        assert not done.context["companies"] or list(done.context["companies"]) == [ours.company]
    assert by_name or told[0] == told[1]
    assert state(theirs) == before
    assert Company.objects.count() == 2


def test_a_filing_that_others_have_is_not_told_to_be_there(ours: Desk, theirs: Desk) -> None:
    text = paper(code=THEIR_CODE).encode()
    Attachment(record=theirs.record, kind="source", file=ContentFile(text, name=f"{THEIRS}.md")).save()
    page = bring(ours.client(), upload(text))
    assert page.context["same_file"] is None
    gone = page.request["PATH_INFO"]
    data = page_form(page)
    Intake.objects.filter(user=ours.user).delete()
    answer = ours.client().post(gone, {**data, "op": "create"}, follow=True)
    assert THEIRS not in answer.content.decode()
    assert answer.redirect_chain == [("/admin/import/", 302)]


def test_who_adds_a_company_works_for_it(ours: Desk) -> None:
    client = ours.client()
    data = {
        "code": "999003",
        "short_name": "新来",
        "full_name": "",
        "board": "",
        "pinyin": "",
        "one_person_desk": "on",
    }
    client.post("/admin/records/company/add/", data)
    made = Company.objects.get(code="999003")
    assert made.employs(ours.user)
    assert not made.one_person_desk  # that is for superusers to say
    page = bring(client, upload(paper(code="999004")))
    client.post(page.request["PATH_INFO"], {**page_form(page), "op": "create"})
    assert Company.objects.get(code="999004").employs(ours.user)


def test_nobody_lets_themselves_or_others_in(ours: Desk, theirs: Desk, admin_client: Client) -> None:
    own = {"code": "999001", "short_name": OURS, "full_name": "", "board": "", "pinyin": ""}
    client = ours.client()
    client.post(f"/admin/records/company/{ours.company.pk}/change/", {**own, "staff": [ours.user.pk, theirs.user.pk]})
    assert not ours.company.employs(theirs.user)
    admin_client.post(
        f"/admin/records/company/{ours.company.pk}/change/", {**own, "staff": [ours.user.pk, theirs.user.pk]}
    )
    assert ours.company.employs(theirs.user)


def test_companies_are_given_at_the_user_by_superusers(ours: Desk, theirs: Desk, admin_client: Client) -> None:
    page = f"/admin/auth/user/{ours.user.pk}/change/"
    assert "Company_staff-TOTAL_FORMS" in admin_client.get(page).content.decode()
    ours.user.user_permissions.add(*Permission.objects.filter(content_type__app_label="auth"))
    told = ours.client().get(page).content.decode()
    assert "Company_staff-TOTAL_FORMS" not in told
    assert THEIRS not in told


def test_a_file_is_for_those_who_work_for_its_company(ours: Desk, theirs: Desk, admin_client: Client) -> None:
    assert ours.client().get(ours.file.get_absolute_url()).status_code == 200
    assert ours.client().get(theirs.file.get_absolute_url()).status_code == 404
    assert admin_client.get(theirs.file.get_absolute_url()).status_code == 200


def test_one_is_reminded_of_ones_own(ours: Desk, theirs: Desk) -> None:
    DeadlineRule.objects.get_or_create(effective_from="2020-01-01", board="", trading_days=2)
    call_command("remind")
    bodies = {message.to[0]: message.body for message in mail.outbox}
    assert OURS in bodies["999001@example.com"]
    assert THEIRS not in bodies["999001@example.com"]
    assert THEIRS in bodies["999002@example.com"]


def test_history_of_a_deleted_record_is_its_companys(ours: Desk, theirs: Desk) -> None:
    pages = {desk: address("records_record_history", desk) for desk in (ours, theirs)}
    for desk in pages:
        Record.objects.get(pk=desk.record.pk).delete()
    assert OURS in said(ours.client().get(pages[ours]))
    assert THEIRS not in said(ours.client().get(pages[theirs]))


def test_what_keeps_an_institution_from_being_deleted_is_counted_and_not_named(
    ours: Desk, theirs: Desk, admin_client: Client
) -> None:
    page = f"/admin/records/institution/{build.institution().pk}/delete/"
    told = ours.client().get(page).content.decode()
    assert THEIRS not in told
    assert "2" in told
    assert THEIRS in admin_client.get(page).content.decode()


def test_a_merge_counts_what_is_theirs_and_names_it_once_it_is_published(
    ours: Desk, theirs: Desk, admin_client: Client
) -> None:
    page = f"/admin/records/institution/{build.institution().pk}/merge/?into={build.institution('中信证券').pk}"
    told = ours.client().get(page)
    assert told.context["merging"]["records"] == 4
    assert told.context["merging"]["hidden"] == 2
    assert OURS in said(told)
    assert THEIRS not in said(told)
    assert THEIRS in said(admin_client.get(page))
    build.record(theirs.company, number="public")
    told = ours.client().get(page)
    assert (told.context["merging"]["hidden"], told.context["merging"]["records"]) == (2, 5)
    assert THEIRS in said(told)


def test_whoever_is_not_at_the_desk_works_for_nobody(client: Client, ours: Desk) -> None:
    from django.contrib.auth.models import AnonymousUser

    for rows in (Record.objects, Company.objects, QuietPeriod.objects):
        assert not rows.for_user(AnonymousUser()).exists()
        assert rows.for_user(ours.user).exists()
    ours.company.staff.clear()
    assert THEIRS not in said(ours.client().get(LIST))
    assert not Record.objects.for_user(ours.user).exists()


# The groups


def test_the_groups_are_there_with_all_that_they_need() -> None:
    for name, codenames in ROLES.items():
        given = Group.objects.get(name=name).permissions.values_list("codename", flat=True)
        assert sorted(given) == sorted(codenames)


def test_a_group_that_an_administrator_changed_stays_as_it_is() -> None:
    Group.objects.get(name="IR reviewer").permissions.clear()
    Group.objects.get(name="IR staff").delete()
    call_command("migrate", verbosity=0)
    assert not Group.objects.get(name="IR reviewer").permissions.exists()
    assert Group.objects.get(name="IR staff").permissions.count() == len(ROLES["IR staff"])


def test_reviewers_of_an_older_site_are_given_what_merging_needs() -> None:
    migration = importlib.import_module("records.migrations.0019_institution_merges_by_reviewers")
    group = Group.objects.get(name="IR reviewer")
    group.permissions.remove(*group.permissions.filter(codename__in=migration.CODENAMES))
    migration.give(apps, connection.schema_editor())
    assert set(group.permissions.values_list("codename", flat=True)) == set(ROLES["IR reviewer"])


def in_group(name: str) -> Client:
    user = User.objects.create_user(name, is_staff=True)
    user.groups.add(Group.objects.get(name=name))
    user.companies.set(Company.objects.all())
    client = Client()
    client.force_login(user)
    return client


def test_staff_enter_and_submit_and_reviewers_publish(ours: Desk) -> None:
    staff, reviewer = in_group("IR staff"), in_group("IR reviewer")
    assert reviewer.get(ADD).status_code == 403
    staff.post(ADD, form(None, company=ours.company.pk, number="7", introduction="纪要", _submit="1"))
    record = Record.objects.get(number="7")
    assert record.status == "review"
    staff.post(f"{LIST}{record.pk}/verb/approve/")
    record.refresh_from_db()
    assert record.status == "review"
    answer = reviewer.post(f"{LIST}{record.pk}/verb/approve/", follow=True)
    record.refresh_from_db()
    assert record.is_published, texts(answer)


@pytest.mark.parametrize(("role", "kinds"), [("IR staff", {"institution", "topic"}), ("IR reviewer", {"institution"})])
def test_who_may_import_a_table_is_offered_to(role: str, kinds: set[str]) -> None:
    client = in_group(role)
    for kind in ("company", "institution", "topic"):
        address = reverse(f"admin:records_{kind}_import")
        page = client.get(reverse(f"admin:records_{kind}_changelist")).content.decode()
        assert (f'href="{address}"' in page) == (client.get(address).status_code == 200) == (kind in kinds), kind
        assert page.count(reverse("admin:records_institution_queue")) == (kind == "institution")


@pytest.mark.parametrize("role", sorted(ROLES))
def test_a_role_opens_what_it_is_for_and_shows_nothing_of_others(role: str, ours: Desk, theirs: Desk) -> None:
    client = in_group(role)
    client_user = User.objects.get(username=role)
    client_user.companies.set([ours.company])
    for path in (LIST, change(ours.record), "/admin/", "/admin/records/quietperiod/", "/admin/records/company/"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert THEIRS not in said(answer)
