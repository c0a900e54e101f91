"""The audit log: what is noted, that nothing of it can be changed, and who reads it."""

from __future__ import annotations

import io
import threading
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client

from records import filing, translate
from records.models import Attachment, AuditEntry, Company, QuietPeriod, Record, audit
from records.workflow import WorkflowError

from . import build
from .test_importing_desk import form as paper

pytestmark = pytest.mark.django_db

LIST = "/admin/records/record/"
LOG = "/admin/records/auditentry/"
PASSWORD = "correct horse battery"  # noqa: S105


def noted(what: str = "") -> list[AuditEntry]:
    """Oldest first."""
    entries = AuditEntry.objects.order_by("pk")
    return list(entries.filter(what=what) if what else entries)


def log_in(client: Client, name: str, password: str, **options: Any) -> Any:
    return client.post("/admin/login/", {"username": name, "password": password, "next": "/admin/"}, **options)


# What is noted


def test_coming_and_going_is_noted_with_the_network_and_not_the_address(client: Client) -> None:
    user = User.objects.create_superuser("editor", password=PASSWORD)
    log_in(client, "editor", PASSWORD, REMOTE_ADDR="203.0.113.77")
    client.post("/admin/logout/", REMOTE_ADDR="2001:db8:1:2::5")
    [login], [logout] = noted("login"), noted("logout")
    assert (login.user, login.who, login.address) == (user, "editor", "203.0.113.0/24")
    assert (logout.user, logout.who, logout.address) == (user, "editor", "2001:db8:1::/48")


def test_a_failed_login_is_noted_without_what_may_be_a_password(client: Client) -> None:
    User.objects.create_superuser("editor", password=PASSWORD)
    log_in(client, "editor", "wrong")
    log_in(client, PASSWORD, "")
    log_in(client, PASSWORD, "x")
    known, unknown = noted("login_failed")
    assert (known.user, known.who, known.name) == (None, "", "editor")
    assert (unknown.name, unknown.detail) == ("", "?")
    stored = str(list(AuditEntry.objects.values()))
    assert PASSWORD not in stored
    assert "wrong" not in stored


def test_every_verb_is_noted_with_record_company_and_user() -> None:
    staff, reviewer = build.person("staff"), build.person("reviewer", *build.REVIEWER)
    record = build.draft()
    record.company.staff.set([staff, reviewer])
    before = len(noted())
    record.submit(staff)
    record.approve(reviewer)
    record.correct(staff)
    entries = noted()[before:]
    assert [(entry.what, entry.who) for entry in entries] == [
        ("submit", "staff"),
        ("approve", "reviewer"),
        ("correct", "staff"),
    ]
    assert {(entry.kind, entry.object_id, entry.company) for entry in entries} == {
        ("records.record", str(record.pk), record.company)
    }


def test_what_was_refused_or_rolled_back_is_not_noted() -> None:
    record, stranger = build.draft(), User.objects.create_user("stranger")
    before = len(noted())
    with pytest.raises(WorkflowError):
        record.submit(stranger)
    with transaction.atomic():
        record.submit()
        transaction.set_rollback(True)
    assert len(noted()) == before


def test_an_export_at_the_desk_is_noted_for_each_company(admin_client: Client) -> None:
    rows = [build.record(), build.draft(number="2"), build.draft(build.company("999002"), number="3")]
    data = {"action": "export_questions", "_selected_action": [row.pk for row in rows]}
    chosen = {"export": "1", "columns": ["company_code"], "kind": "csv"}
    list(admin_client.post(LIST, data | chosen).streaming_content)
    told = {entry.company.code: (entry.who, entry.detail) for entry in noted("export")}
    assert set(told) == {"999001", "999002"}
    assert told["999001"][0] == "admin"
    assert "questions" in told["999001"][1]
    assert [word for word in told["999001"][1].split() if word.isdecimal()] == ["2", "1"]


def test_files_that_the_public_does_not_get_are_noted_when_they_leave(admin_client: Client, client: Client) -> None:
    draft, shown = build.draft(number="1"), build.record(number="2")
    hidden = Attachment.objects.create(record=draft, file=ContentFile(b"x", name="a.pdf"))
    public = Attachment.objects.create(record=shown, file=ContentFile(b"x", name="b.pdf"), is_public=True)
    admin_client.get(hidden.get_absolute_url())
    admin_client.get(public.get_absolute_url())
    admin_client.get(f"{LIST}{draft.pk}/form.docx")
    client.get(hidden.get_absolute_url())
    assert [(entry.kind, entry.name) for entry in noted("export")] == [
        ("records.attachment", "a.pdf"),
        ("records.record", str(draft)),
    ]


def test_an_import_is_noted(admin_user: User) -> None:
    build.company()
    made = translate.make_record(filing.read(paper().encode(), "a.md").filing, user=admin_user)
    [entry] = noted("import")
    assert (entry.who, entry.object_id, entry.company) == ("admin", str(made.record.pk), made.record.company)


def test_a_dry_run_notes_nothing(tmp_path: Path) -> None:
    build.company()
    path = tmp_path / "a.md"
    path.write_text(paper(), encoding="utf-8")
    call_command("import_filing", str(path), dry_run=True, stdout=io.StringIO())
    assert not noted("import")
    call_command("import_filing", str(path), stdout=io.StringIO())
    assert [entry.who for entry in noted("import")] == [""]


def test_rights_that_are_given_and_taken_are_noted(admin_client: Client) -> None:
    user = User.objects.create_user("new")
    before = len(noted("rights"))
    group = Group.objects.get(name="IR staff")
    user.groups.add(group)
    user.user_permissions.set(Permission.objects.filter(codename="publish_record"))
    user.is_superuser = True
    user.save()
    group.user_set.remove(user)
    user.user_permissions.clear()
    group.permissions.remove(Permission.objects.get(codename="add_topic"))
    assert [(entry.name, entry.detail) for entry in noted("rights")[before:]] == [
        ("new", "+ IR staff"),
        ("new", "+ publish_record"),
        ("new", "+ is_superuser"),
        ("new", "− IR staff"),
        ("new", "− publish_record"),
        ("IR staff", "− add_topic"),
    ]


def test_who_works_for_a_company_is_noted_from_either_side(admin_client: Client) -> None:
    company, user = build.company(), User.objects.create_user("new", is_staff=True)
    before = len(noted("rights"))
    company.staff.add(user)
    user.companies.clear()
    page = f"/admin/auth/user/{user.pk}/change/"
    data = {
        "username": "new",
        "is_active": "on",
        "is_staff": "on",
        "date_joined_0": "2024-01-01",
        "date_joined_1": "00:00:00",
        "Company_staff-TOTAL_FORMS": "1",
        "Company_staff-INITIAL_FORMS": "0",
        "Company_staff-0-user": user.pk,
        "Company_staff-0-company": company.pk,
    }
    admin_client.post(page, data)
    assert company.employs(user)
    link = Company.staff.through.objects.get(user=user)
    data |= {"Company_staff-INITIAL_FORMS": "1", "Company_staff-0-id": link.pk, "Company_staff-0-DELETE": "on"}
    admin_client.post(page, data)
    assert not company.employs(user)
    entries = noted("rights")[before:]
    assert [entry.detail[0] for entry in entries] == ["+", "−", "+", "−"]
    assert {(entry.name, entry.company) for entry in entries} == {("new", company)}
    assert [entry.who for entry in entries] == ["", "", "admin", "admin"]


def test_a_one_person_desk_is_noted() -> None:
    company = build.company()
    company.one_person_desk = True
    company.save()
    entry = noted("rights")[-1]
    assert (entry.company, entry.detail) == (company, "+ one_person_desk")


def test_a_new_password_is_noted_and_a_login_is_none(client: Client) -> None:
    user = User.objects.create_user("new", password=PASSWORD, is_staff=True)
    log_in(client, "new", PASSWORD)
    assert not noted("password")
    user.set_password("another one altogether")
    user.save()
    assert [entry.name for entry in noted("password")] == ["new"]


def test_deletions_are_noted_once_for_what_was_deleted() -> None:
    record = build.draft(asked=[("甲？", "乙"), ("丙？", "丁")])
    Attachment.objects.create(record=record, file=ContentFile(b"x", name="a.pdf"))
    name, company = str(record), record.company
    record.delete()
    [entry] = noted("delete")
    assert (entry.kind, entry.name, entry.company) == ("records.record", name, company)


def test_deletions_of_many_are_noted_each() -> None:
    rows = [build.draft(number=str(n)) for n in range(3)]
    quiet = QuietPeriod.objects.create(company=rows[0].company, first_day="2024-06-01", last_day="2024-06-30")
    Record.objects.filter(pk__in=[row.pk for row in rows]).delete()
    quiet.delete()
    assert [entry.kind for entry in noted("delete")] == ["records.record"] * 3 + ["records.quietperiod"]


def test_an_entry_outlives_its_user_and_its_company(admin_client: Client) -> None:
    record = build.draft()
    user, company = build.person("gone"), record.company
    entry = audit.note("merge", company, user=user, detail="+ 甲")
    record.delete()
    user.companies.clear()
    user.delete()
    company.delete()
    stored = AuditEntry.objects.get(pk=entry.pk)
    assert (stored.who, stored.name) == ("gone", str(company))
    assert admin_client.get(LOG).status_code == 200
    assert "gone" in admin_client.get(f"{LOG}{entry.pk}/change/").content.decode()


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.255", "192.0.2.0/24"),
        ("::ffff:192.0.2.9", "192.0.2.0/24"),
        ("2001:db8:aaaa:bbbb::1", "2001:db8:aaaa::/48"),
        ("", ""),
        ("unix:", ""),
    ],
)
def test_of_an_address_only_the_network_is_kept(address: str, network: str) -> None:
    assert audit.network_of(address) == network


@pytest.mark.parametrize(
    ("proxies", "seen"), [(0, "198.51.100.0/24"), (1, "192.0.2.0/24"), (2, "203.0.113.0/24"), (3, "198.51.100.0/24")]
)
def test_behind_proxies_as_many_are_believed_as_there_are(
    proxies: int, seen: str, client: Client, settings: Any
) -> None:
    settings.TRUSTED_PROXIES = proxies
    User.objects.create_user("editor", password=PASSWORD)
    forwarded = "203.0.113.5, 192.0.2.5" if proxies != 3 else "nonsense, 203.0.113.5, 192.0.2.5"
    log_in(client, "editor", "wrong", REMOTE_ADDR="198.51.100.5", HTTP_X_FORWARDED_FOR=forwarded)
    assert noted("login_failed")[0].address == seen


# That nothing of it can be changed


def refused(change: Any) -> None:
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        change()


def execute(sql: str, *parameters: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)


def test_the_database_refuses_every_change() -> None:
    entry = audit.note("merge", detail="first")
    entry.detail = "second"
    refused(lambda: AuditEntry.objects.filter(pk=entry.pk).update(detail="second"))
    refused(entry.save)
    refused(entry.delete)
    refused(AuditEntry.objects.all().delete)
    refused(lambda: execute("UPDATE records_auditentry SET who = 'x'"))
    refused(lambda: execute("DELETE FROM records_auditentry"))
    assert AuditEntry.objects.get(pk=entry.pk).detail == "first"


def test_the_ways_round_the_triggers_are_shut() -> None:
    entry = audit.note("merge", detail="first")
    if connection.vendor == "sqlite":
        refused(
            lambda: execute(
                "INSERT OR REPLACE INTO records_auditentry (id, at, what, who, kind, object_id, name, detail, address) "
                "VALUES (%s, '2024-01-01', 'x', '', '', '', '', '', '')",
                entry.pk,
            )
        )
    else:
        refused(lambda: execute("TRUNCATE records_auditentry"))
    assert AuditEntry.objects.get(pk=entry.pk).detail == "first"


def test_what_a_rebuilt_table_lost_is_back_after_the_next_migrate() -> None:
    from records.apps import install_audit

    entry = audit.note("merge")
    audit.uninstall(connection)  # as Django's rebuild of a table on SQLite does
    AuditEntry.objects.filter(pk=entry.pk).update(detail="changed")
    for _time in range(2):
        install_audit(using="default")
    refused(AuditEntry.objects.filter(pk=entry.pk).delete)


@pytest.mark.django_db(transaction=True)
def test_two_who_act_at_once_are_both_noted() -> None:
    def act(name: str) -> None:
        audit.note("merge", detail=name)
        connection.close()

    threads = [threading.Thread(target=act, args=[str(n)]) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(entry.detail for entry in noted("merge")) == ["0", "1", "2", "3"]


# Who reads it


def reader(*companies: Company) -> Client:
    user = User.objects.create_user("reader", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_auditentry"))
    user.companies.set(companies)
    client = Client()
    client.force_login(user)
    return client


def test_a_superuser_reads_all_and_others_what_is_of_their_companies(admin_client: Client) -> None:
    ours, theirs = build.company(), build.company("999002")
    entries = [audit.note("merge", company=company, detail=f"Z{n}Z") for n, company in enumerate((ours, theirs, None))]
    client = reader(ours)
    for who, seen in ((admin_client, {0, 1, 2}), (client, {0})):
        page = who.get(LOG).content.decode()
        assert {n for n in range(3) if f"Z{n}Z" in page} == seen
        opened = {n for n, entry in enumerate(entries) if who.get(f"{LOG}{entry.pk}/change/").status_code == 200}
        assert opened == seen


def test_without_the_permission_nobody_reads_it() -> None:
    client = Client()
    client.force_login(build.person("staff"))
    assert client.get(LOG).status_code == 403


def test_nobody_writes_it(admin_client: Client) -> None:
    entry = audit.note("merge", detail="first")
    assert admin_client.get(f"{LOG}add/").status_code == 403
    assert admin_client.post(f"{LOG}{entry.pk}/delete/", {"post": "yes"}).status_code == 403
    assert admin_client.post(f"{LOG}{entry.pk}/change/", {"detail": "x"}).status_code == 403
    admin_client.post(LOG, {"action": "delete_selected", "_selected_action": [entry.pk], "post": "yes"})
    assert AuditEntry.objects.get(pk=entry.pk).detail == "first"


@pytest.mark.parametrize(
    ("asked", "seen"),
    [
        ("act=merge", {"A", "B"}),
        ("act=withdraw", {"C"}),
        ("who=admin", {"B"}),
        ("of=999001", {"A"}),
        ("at__year=2001", set()),
    ],
)
def test_it_is_filtered_by_act_person_company_and_day(
    asked: str, seen: set[str], admin_client: Client, admin_user: User
) -> None:
    audit.note("merge", company=build.company(), detail="Z-A-Z")
    audit.note("merge", user=admin_user, detail="Z-B-Z")
    audit.note("withdraw", detail="Z-C-Z")
    page = admin_client.get(f"{LOG}?{asked}").content.decode()
    assert {letter for letter in "ABC" if f"Z-{letter}-Z" in page} == seen


def test_a_page_of_it_costs_no_query_an_entry(admin_client: Client, django_assert_max_num_queries: Any) -> None:
    for code in ("999001", "999002", "999003"):
        for _time in range(10):
            audit.note("merge", company=build.company(code))
    with django_assert_max_num_queries(6):
        admin_client.get(LOG)
