"""Publishing and withdrawing at the desk, one by one and many at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse

from records.models import Attachment, Record

from . import build
from .test_admin_entry import ADD, change, form, new_row

pytestmark = pytest.mark.django_db


@pytest.fixture
def typist(client: Client, django_user_model) -> Client:
    """Somebody who may enter records and not publish them."""
    user = django_user_model.objects.create_user("typist", is_staff=True)
    user.user_permissions.set(
        Permission.objects.filter(
            content_type__app_label="records",
            codename__regex=r"^(add|change|view)_(record|participant|question|company)$",
        )
    )
    client.force_login(user)
    return client


def verb(record: Record, name: str) -> str:
    return reverse("admin:records_record_verb", args=[record.pk, name])


def texts(answer) -> str:
    return " ".join(str(message) for message in answer.context["messages"])


def test_save_and_publish_does_both(admin_client: Client) -> None:
    data = form(None, new_row("questions", 0, text="问？", answer="答。"), _publish="1")
    answer = admin_client.post(ADD, data, follow=True)
    record = Record.objects.published().get()
    assert record.get_absolute_url() in texts(answer)
    assert record.history.first().history_user.username == "admin"


def test_what_is_missing_is_shown_and_what_was_typed_is_kept(admin_client: Client) -> None:
    answer = admin_client.post(ADD, form(held_from="", place="会议室", _publish="1"), follow=True)
    record = Record.objects.get()
    assert (record.status, record.place) == ("draft", "会议室")
    errors = answer.context["adminform"].form.errors
    assert set(errors) == {"held_from", "introduction"}
    assert str(errors["held_from"][0]) in answer.content.decode()


def test_a_published_record_is_read_only(admin_client: Client) -> None:
    record = build.record()
    page = admin_client.get(change(record)).content.decode()
    assert 'name="place"' not in page
    assert verb(record, "withdraw") in page
    assert admin_client.post(change(record), form(record, place="别处")).status_code == 403
    record.refresh_from_db()
    assert record.place == ""
    assert admin_client.post(f"/admin/records/record/{record.pk}/delete/", {"post": "yes"}).status_code == 403


def test_withdraw_takes_it_back(admin_client: Client) -> None:
    record = build.record()
    asked = admin_client.post(verb(record, "withdraw"))
    assert Record.objects.published().exists()
    assert not asked.context["form"].is_bound  # nobody was asked before
    assert str(record) in asked.content.decode()
    again = admin_client.post(verb(record, "withdraw"), {"comment": " "})
    assert again.context["form"].errors
    admin_client.post(verb(record, "withdraw"), {"comment": "日期有误"})
    assert not Record.objects.published().exists()
    assert "日期有误" in admin_client.get(reverse("admin:records_record_history", args=[record.pk])).content.decode()


def test_a_correction_is_not_moved_to_another_company(admin_client: Client) -> None:
    draft = build.record().correct()
    admin_client.post(change(draft), form(draft, company=build.company("999002").pk, place="会议室"))
    draft.refresh_from_db()
    assert (draft.company.code, draft.place) == ("999001", "会议室")


def test_a_verb_needs_its_permission(typist: Client) -> None:
    record = build.record(number="1")
    assert "撤回" in texts(typist.post(verb(record, "withdraw"), follow=True))
    assert Record.objects.published().count() == 1
    draft = build.draft(number="2")
    page = typist.get(change(draft)).content.decode()
    assert "_publish" not in page
    typist.post(change(draft), form(draft, _publish="1"))
    draft.refresh_from_db()
    assert draft.status == "draft"


def test_a_verb_is_posted_and_known(admin_client: Client) -> None:
    record = build.record()
    assert admin_client.get(verb(record, "withdraw")).status_code == 405
    assert admin_client.post(verb(record, "destroy")).status_code == 404
    assert admin_client.post(verb(record, "publish"), follow=True).status_code == 200
    assert Record.objects.published().count() == 1


def test_many_are_published_with_a_report_for_each(admin_client: Client) -> None:
    good = build.draft(number="1")
    empty = build.draft(number="2", asked=(), held=None)
    there = build.record(number="3")
    data = {"action": "publish_selected", "_selected_action": [good.pk, empty.pk, there.pk]}
    answer = admin_client.post("/admin/records/record/", data, follow=True)
    assert set(Record.objects.published()) == {good, there}
    assert "2" in texts(answer)
    assert len(list(answer.context["messages"])) == 3


def test_many_are_withdrawn(admin_client: Client) -> None:
    records = build.records(3)
    data = {"action": "withdraw_selected", "_selected_action": [record.pk for record in records]}
    asked = admin_client.post("/admin/records/record/", data)
    assert Record.objects.published().count() == 3
    assert all(str(record) in asked.content.decode() for record in records)
    admin_client.post("/admin/records/record/", {**data, "comment": "日期有误"})
    assert not Record.objects.published().exists()


def test_a_selection_with_published_records_is_not_deleted(admin_client: Client) -> None:
    record = build.record()
    data = {"action": "delete_selected", "_selected_action": [record.pk], "post": "yes"}
    admin_client.post("/admin/records/record/", data)
    assert Record.objects.filter(pk=record.pk).exists()


def test_refusals_are_counted_where_they_are_too_many_to_read(admin_client: Client) -> None:
    records = build.records(22)
    data = {"action": "publish_selected", "_selected_action": [record.pk for record in records]}
    answer = admin_client.post("/admin/records/record/", data, follow=True)
    told = [str(message) for message in answer.context["messages"]]
    assert len(told) == 21
    assert "2" in told[-1]


def test_who_may_publish_alone_and_not_edit_has_the_verb_alone(client: Client, django_user_model) -> None:
    user = django_user_model.objects.create_user("reader", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_record", "publish_record"]))
    client.force_login(user)
    draft = build.draft(build.company(one_person_desk=True))
    page = client.get(change(draft)).content.decode()
    assert verb(draft, "publish") in page
    assert 'name="place"' not in page
    assert "_publish" not in page
    client.post(verb(draft, "publish"))
    draft.refresh_from_db()
    assert draft.is_published


@pytest.mark.parametrize("withdrawn", [False, True])
def test_what_is_read_is_told_as_on_the_form(
    withdrawn: bool, admin_client: Client, settings: Any, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    hosts = [{"title": "董事会秘书", "name": "张敏"}, {"title": "", "name": "王芳"}]
    record = build.record(hosts=hosts, extra=[["风险提示", "谨慎\n<b>"], ["备注", "甲"]])
    file = Attachment.objects.create(record=record, file=ContentFile(b"%PDF-1.4", name="演示文稿.pdf"))
    if withdrawn:
        record.withdraw()
    page = admin_client.get(change(record)).content.decode()
    assert "董事会秘书：张敏<br>王芳" in page
    assert "风险提示：谨慎<br>&lt;b&gt;<br>备注：甲" in page
    assert f'<a href="{file.get_absolute_url()}">演示文稿.pdf</a>' in page
    assert file.file.name not in page
    assert "[{" not in page


def test_a_reviewer_reads_a_draft_the_same_way(client: Client) -> None:
    client.force_login(build.person("reviewer", *build.REVIEWER))
    record = build.draft(hosts=[{"title": "董事会秘书", "name": "张敏"}])
    assert "董事会秘书：张敏" in client.get(change(record)).content.decode()
