"""The checks at the desk: shown beside the form, renewed for what is typed, in the way of publishing."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from records.models import Acknowledgement, Record, WatchWord

from . import build
from .test_admin_entry import ADD, change, form, new_row
from .test_admin_publish import texts, verb

pytestmark = pytest.mark.django_db

CHECK = "/admin/records/record/check/"


@pytest.fixture(autouse=True)
def words() -> None:
    WatchWord.objects.all().delete()
    WatchWord.objects.create(word="目标价", reason="不得预测股价")


def warned(number: str = "2024-001") -> Record:
    return build.draft(number=number, asked=[("股价？", "目标价由市场决定。")])


def check_of(record: Record) -> str:
    return reverse("admin:records_record_check", args=[record.pk])


def keys(page: str) -> list[str]:
    return [part.split('"')[0] for part in page.split('name="acknowledge" value="')[1:]]


def test_the_page_of_a_draft_shows_them(admin_client: Client) -> None:
    page = admin_client.get(change(warned())).content.decode()
    assert "不得预测股价" in page
    assert 'href="#id_questions-0-answer"' in page
    assert len(keys(page)) == 1


def test_what_is_typed_is_checked_and_nothing_is_stored(admin_client: Client) -> None:
    build.record(number="2024-009")
    record = build.draft(number="2024-010")
    answer = admin_client.post(
        check_of(record),
        form(
            record,
            new_row("questions", 1, text="新问？", answer="目标价四十元。", position=1),
            new_row("participants", 1, person="张三"),
            number="",
            held_from="2024年6月6日",
            place="别处",
            material_information="",
        ),
    )
    page = answer.content.decode()
    assert 'href="#id_material_information"' in page
    assert 'data-offer="2024-011"' not in page
    assert 'data-offer="2024-010"' in page
    assert 'href="#id_questions-1-answer"' in page
    assert 'href="#id_participants-1-name_as_filed"' in page
    record.refresh_from_db()
    assert (record.number, record.place, record.questions.count()) == ("2024-010", "", 1)


def test_rows_that_are_to_be_deleted_do_not_count(admin_client: Client) -> None:
    record = warned()
    page = admin_client.post(check_of(record), form(record, **{"questions-0-DELETE": "on"})).content.decode()
    assert "目标价" not in page
    assert 'href="#id_introduction"' in page


def test_a_new_record_is_checked_before_it_is_there(admin_client: Client) -> None:
    page = admin_client.post(CHECK, form(None, number="")).content.decode()
    assert 'data-offer="2026-001"' in page
    assert admin_client.post(CHECK, {}).status_code == 200
    assert not Record.objects.exists()


def test_nonsense_is_answered(admin_client: Client) -> None:
    data = form(None, company="x\0", held_from="\0", **{"questions-1-text": "\0", "questions-1-position": "٣"})
    assert admin_client.post(CHECK, data).status_code == 200
    assert admin_client.post("/admin/records/record/999999/check/", data).status_code == 404
    assert admin_client.get(CHECK).status_code == 405


def test_what_is_locked_or_not_theirs_is_not_checked(admin_client: Client, client: Client, django_user_model) -> None:
    locked = build.record()
    assert admin_client.post(check_of(locked), form(locked)).status_code == 403
    reader = django_user_model.objects.create_user("reader", is_staff=True)
    reader.user_permissions.set(Permission.objects.filter(codename="view_record"))
    client.force_login(reader)
    draft = build.draft()
    assert client.post(check_of(draft), form(draft)).status_code == 404
    draft.company.staff.add(reader)
    assert client.post(check_of(draft), form(draft)).status_code == 403
    assert client.post(CHECK, form()).status_code == 403


def test_an_unanswered_statement_stops_publishing_and_is_shown_beside_its_field(admin_client: Client) -> None:
    record = build.draft(material_information="")
    answer = admin_client.post(change(record), form(record, material_information="", _publish="1"), follow=True)
    record.refresh_from_db()
    assert record.status == "draft"
    assert set(answer.context["adminform"].form.errors) == {"material_information"}


def test_a_warning_stops_publishing_until_it_is_acknowledged(admin_client: Client) -> None:
    record = warned()
    answer = admin_client.post(change(record), form(record, _publish="1"), follow=True)
    assert "不得预测股价" in texts(answer)
    record.refresh_from_db()
    assert record.status == "draft"
    (key,) = keys(answer.content.decode())
    admin_client.post(change(record), form(record, _publish="1", acknowledge=key))
    record.refresh_from_db()
    assert record.is_published
    seen = Acknowledgement.objects.get()
    assert (seen.user.username, "目标价" in seen.sentence) == ("admin", True)
    assert "admin" in admin_client.get(change(record)).content.decode().split("checks-heading")[2]


def test_a_new_record_is_warned_of_and_published_at_once_with_the_tick_of_the_rail(admin_client: Client) -> None:
    typed = form(None, new_row("questions", 0, text="股价？", answer="目标价不评论。"))
    (key,) = keys(admin_client.post(CHECK, typed).content.decode())
    admin_client.post(ADD, {**typed, "acknowledge": key, "_publish": "1"})
    assert Record.objects.get().is_published


def test_of_many_those_with_open_warnings_are_refused_with_the_reason(admin_client: Client) -> None:
    good, bad = build.draft(number="1"), warned("2")
    data = {"action": "publish_selected", "_selected_action": [good.pk, bad.pk]}
    answer = admin_client.post("/admin/records/record/", data, follow=True)
    assert set(Record.objects.published()) == {good}
    assert "目标价" in texts(answer)


def test_the_author_submits_with_open_warnings_and_who_approves_acknowledges_them(client: Client) -> None:
    record = warned()
    author, reviewer = build.person("author"), build.person("reviewer", *build.REVIEWER)
    client.force_login(author)
    client.post(change(record), form(record, _submit="1"))
    client.force_login(reviewer)
    page = client.get(reverse("admin:records_record_review", args=[record.pk])).content.decode()
    assert 'form="approve"' in page
    assert "目标价" in texts(client.post(verb(record, "approve"), follow=True))
    assert not Record.objects.published().exists()
    client.post(verb(record, "approve"), {"acknowledge": keys(page)})
    assert Record.objects.published().exists()
    assert record.acknowledgements.get().user == reviewer


def test_errors_stop_the_author_too(client: Client) -> None:
    record = build.draft(material_information="")
    client.force_login(build.person("author"))
    answer = client.post(change(record), form(record, material_information="", _submit="1"), follow=True)
    assert set(answer.context["adminform"].form.errors) == {"material_information"}
    record.refresh_from_db()
    assert record.status == "draft"


def test_who_may_not_approve_acknowledges_nothing_with_it(client: Client) -> None:
    record = warned()
    author = build.person("author")
    client.force_login(author)
    page = client.get(change(record)).content.decode()
    client.post(verb(record, "approve"), {"acknowledge": keys(page)})
    client.post(verb(record, "publish"), {"acknowledge": keys(page)})
    assert not record.acknowledgements.exists()


def test_the_record_s_own_verb_asks_for_what_the_record_itself_needs() -> None:
    record = warned()
    record.publish()
    assert record.is_published


def test_the_list_of_words_is_kept_at_the_desk(admin_client: Client) -> None:
    assert "目标价" in admin_client.get("/admin/records/watchword/").content.decode()
    data = {"word": "目标价", "reason": "", "level": "warning"}
    assert admin_client.post("/admin/records/watchword/add/", data).status_code == 200
    admin_client.post("/admin/records/watchword/add/", {**data, "word": "内幕"})
    assert WatchWord.objects.filter(word="内幕").exists()
