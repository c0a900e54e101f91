"""After the visit: who came and who signed, on the form and while the record is locked; never more than the desk's own."""

from __future__ import annotations

import datetime
import re
import threading
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from records.models import Attachment, Participant, Record

from . import build
from .test_admin_entry import change, form
from .test_admin_publish import texts
from .test_attachment_types import JPG, PDF

MANY = [f"机构{n}资本 人{n}" for n in range(250)]
OPENING_QUERIES = 20
STORING_QUERIES = 24


@pytest.fixture(autouse=True)
def _in_english(settings: Any) -> None:
    settings.LANGUAGE_CODE = "en"


def page(record: Record) -> str:
    return reverse("admin:records_record_follow_up", args=[record.pk])


def sent(record: Record, **typed: Any) -> dict[str, Any]:
    """What the page sends for a record as it stands: what is typed is named 0_attended for the first participant."""
    data: dict[str, Any] = {"rest-attended": "", "rest-commitment_letter": "", "kind": "signed"}
    for row in record.participants.all():
        for name in ("attended", "commitment_letter"):
            box = f"participants-{row.pk}-{name}"
            data |= {box: getattr(row, name), f"initial-{box}": getattr(row, name)}
    if record.retain_until:
        data |= {"retain_until": str(record.retain_until), "initial-retain_until": str(record.retain_until)}
    pks = list(record.participants.values_list("pk", flat=True))
    for name, value in typed.items():
        place, _sign, field = name.partition("_")
        data[f"participants-{pks[int(place)]}-{field}" if place.isdecimal() else name] = value
    return data


def followed(record: Record) -> list[tuple[str, str]]:
    return list(record.participants.values_list("attended", "commitment_letter"))


def unknown(record: Record) -> Record:
    record.participants.update(commitment_letter="")
    return record


# While the record is a draft


@pytest.mark.django_db
def test_letters_and_attendance_are_chosen_in_the_rows_of_the_form(admin_client: Client) -> None:
    record = unknown(build.draft(visitors=["华夏基金 贾静雯", "中信证券 王五"]))
    typed = {"participants-0-attended": "yes", "participants-0-commitment_letter": "signed"}
    answer = admin_client.post(change(record), form(record, **typed) | {"participants-1-attended": "no"})
    assert answer.status_code == 302
    assert followed(record) == [("yes", "signed"), ("no", "")]
    last = Participant.history.filter(id=record.participants.first().pk).first()
    assert (last.attended, last.commitment_letter, last.history_user.username) == ("yes", "signed", "admin")
    told = admin_client.get(reverse("admin:records_record_history", args=[record.pk])).content.decode()
    assert "absent" in told
    shown = admin_client.get(change(record)).content.decode()
    assert len(re.findall(r'<option value="signed" selected>', shown)) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("value", ["None", "maybe", "\0", "signed\n"])
def test_what_is_not_offered_is_not_stored(value: str, admin_client: Client) -> None:
    draft, locked = unknown(build.draft(number="1")), unknown(build.record(number="2"))
    for field in ("attended", "commitment_letter"):
        answer = admin_client.post(change(draft), form(draft, **{f"participants-0-{field}": value}))
        assert answer.status_code == 200
        assert admin_client.post(page(locked), sent(locked, **{f"0_{field}": value})).status_code == 422
    assert followed(draft) == followed(locked) == [("", "")]
    for row in (draft, locked):
        with pytest.raises(IntegrityError), transaction.atomic():
            row.participants.update(attended="may")


@pytest.mark.django_db
def test_somebody_else_who_signed_for_a_visitor_is_not_stored_over(admin_client: Client) -> None:
    record = unknown(build.draft())
    mine = form(record, **{"participants-0-commitment_letter": "unsigned"})
    record.participants.update(commitment_letter="signed")
    answer = admin_client.post(change(record), mine)
    assert answer.status_code == 409
    (item,) = answer.context["late"].items
    assert (item.kind, item.label, item.old, item.new) == (
        "both",
        "Participant 1 · Commitment letter",
        "unsigned",
        "signed",
    )
    assert followed(record) == [("", "signed")]


@pytest.mark.django_db
def test_a_new_version_begins_with_what_is_known_of_the_visit() -> None:
    record = build.record()
    record.participants.update(attended="yes")
    assert followed(record.correct()) == [("yes", "signed")]


# Once it is locked


@pytest.mark.django_db
@pytest.mark.parametrize("status", ["review", "published", "withdrawn"])
def test_what_belongs_to_the_visit_is_kept_up_to_date_while_the_record_is_locked(
    status: str, admin_client: Client
) -> None:
    record = unknown(build.draft(visitors=["华夏基金 贾静雯", "中信证券 王五"]))
    for verb in {"review": ["submit"], "published": ["publish"], "withdrawn": ["publish", "withdraw"]}[status]:
        getattr(record, verb)()
    before = Record.objects.filter(pk=record.pk).values().get()
    assert page(record) in admin_client.get(change(record), follow=True).content.decode()
    shown = admin_client.get(page(record)).content.decode()
    assert "贾静雯" in shown
    data = sent(record, **{"0_attended": "yes", "0_commitment_letter": "signed", "1_attended": "no"})
    scan = SimpleUploadedFile("承诺书 贾静雯.jpg", JPG)
    answer = admin_client.post(page(record), {**data, "added": [scan, SimpleUploadedFile("签到.pdf", PDF)]})
    assert answer.status_code == 302
    assert followed(record) == [("yes", "signed"), ("no", "")]
    files = list(record.attachments.values_list("name", "kind", "is_public"))
    assert files == [("承诺书 贾静雯.jpg", "signed", False), ("签到.pdf", "signed", False)]
    assert Record.objects.filter(pk=record.pk).values().get() == before
    told = admin_client.get(reverse("admin:records_record_history", args=[record.pk])).content.decode()
    assert "absent" in told
    assert "承诺书 贾静雯.jpg" in told
    assert Attachment.history.first().history_user.username == "admin"


@pytest.mark.django_db
def test_only_rows_that_were_changed_leave_a_history(admin_client: Client) -> None:
    record = unknown(build.record(visitors=["华夏基金 贾静雯", "中信证券 王五"]))
    assert "Nothing was changed" in texts(admin_client.post(page(record), sent(record), follow=True))
    admin_client.post(page(record), sent(record, **{"1_attended": "yes"}))
    assert [(row.person, row.attended) for row in Participant.history.all()] == [("王五", "yes")]


@pytest.mark.django_db
def test_all_who_are_unknown_are_said_at_once_and_nobody_else(admin_client: Client) -> None:
    record = unknown(build.record(visitors=["华夏基金 贾静雯", "中信证券 王五", "高瓴资本 李四"]))
    first = record.participants.first()
    Participant.objects.filter(pk=first.pk).update(commitment_letter="unsigned")
    data = sent(record, **{"1_commitment_letter": "not_needed"})
    admin_client.post(page(record), data | {"rest-commitment_letter": "signed", "rest-attended": "yes"})
    assert followed(record) == [("yes", "unsigned"), ("yes", "not_needed"), ("yes", "signed")]


@pytest.mark.django_db
def test_of_two_who_keep_it_neither_stores_over_the_other(admin_client: Client) -> None:
    record = unknown(build.record(visitors=["华夏基金 贾静雯", "中信证券 王五"]))
    theirs = sent(record, **{"0_attended": "yes", "1_commitment_letter": "signed"})
    mine = sent(record, **{"0_commitment_letter": "signed", "1_commitment_letter": "unsigned"})
    admin_client.post(page(record), theirs)
    answer = admin_client.post(page(record), mine)
    assert answer.status_code == 422
    assert followed(record) == [("yes", ""), ("", "signed")]
    told = answer.content.decode()
    assert "Stored meanwhile: “signed”" in told
    again = {name: value for form in answer.context["follow_up"].rows for name, value in boxes(form).items()}
    assert admin_client.post(page(record), mine | again).status_code == 302
    assert followed(record) == [("yes", "signed"), ("", "unsigned")]


def boxes(form: Any) -> dict[str, str]:
    """What a row of the page that came back would send."""
    found = re.findall(r'<input type="hidden" name="([^"]+)"[^>]*?(?:value="([^"]*)")?>', "".join(map(str, form)))
    chosen = {box.html_name: box.value() or "" for box in form}
    return chosen | dict(found)


@pytest.mark.django_db
def test_a_page_that_came_in_part_takes_nothing_away(admin_client: Client) -> None:
    record = build.record(visitors=["华夏基金 贾静雯", "中信证券 王五"])
    data = sent(record, **{"0_attended": "yes"})
    second = record.participants.last().pk
    part = {name: value for name, value in data.items() if str(second) not in name.split("-")}
    admin_client.post(page(record), part)
    assert followed(record) == [("yes", "signed"), ("", "signed")]


@pytest.mark.django_db
def test_a_file_that_is_refused_keeps_all_else_from_being_stored_and_is_named(admin_client: Client) -> None:
    record = unknown(build.record())
    files = [SimpleUploadedFile("好.pdf", PDF), SimpleUploadedFile("坏.html", b"<html>")]
    answer = admin_client.post(page(record), sent(record, **{"0_attended": "yes"}) | {"added": files})
    assert answer.status_code == 422
    told = answer.content.decode()
    assert "“坏.html” is not taken" in told
    assert "好.pdf、坏.html" in told
    assert '<option value="yes" selected>' in told
    assert followed(record) == [("", "")]
    assert not record.attachments.exists()


@pytest.mark.django_db
def test_a_record_is_kept_longer_and_not_shorter(admin_client: Client) -> None:
    record = unknown(build.record(disclosed="2026-06-07"))
    for typed, status in (("2031年1月1日", 302), ("2030-12-31", 422), ("2226-01-01", 422), ("明天", 422), ("", 422)):
        record.refresh_from_db()
        answer = admin_client.post(page(record), sent(record, retain_until=typed, **{"0_attended": "yes"}))
        assert answer.status_code == status, typed
        if status == 422:
            assert "errorlist" in answer.content.decode()
            assert not Participant.objects.filter(attended="yes").exists()
        Participant.objects.update(attended="")
    record.refresh_from_db()
    assert str(record.retain_until) == "2031-01-01"
    assert record.history.first().history_user.username == "admin"
    told = admin_client.get(reverse("admin:records_record_history", args=[record.pk])).content.decode()
    assert "2031-01-01" in told


@pytest.mark.django_db
def test_who_did_not_touch_the_day_leaves_it_as_somebody_else_made_it(admin_client: Client) -> None:
    record = build.record(disclosed="2026-06-07")
    data = sent(record, **{"0_attended": "yes"})
    record.retain(datetime.date(2031, 1, 1))
    assert admin_client.post(page(record), data).status_code == 302
    assert str(Record.objects.get(pk=record.pk).retain_until) == "2031-01-01"


@pytest.mark.django_db
def test_it_is_kept_at_the_newest_version(admin_client: Client) -> None:
    record = build.record()
    mine = sent(record, **{"0_attended": "yes"})
    draft = record.correct()
    answer = admin_client.get(page(record), follow=True)
    assert answer.redirect_chain == [(change(draft), 302)]
    late = admin_client.post(page(record), mine)
    assert late.status_code == 409
    assert '<option value="yes" selected>' in late.content.decode()
    assert followed(record) == [("", "signed")]
    draft.publish()
    assert admin_client.get(page(record), follow=True).redirect_chain == [(page(draft), 302)]
    assert admin_client.get(page(build.draft(number="9"))).status_code == 302


@pytest.mark.django_db
def test_it_is_for_those_who_edit_the_companys_records(client: Client) -> None:
    record = build.record()
    staff, reviewer, other = build.person("staff"), build.person("reader", "view_record"), build.person("other")
    other.companies.clear()
    for user, status in ((staff, 200), (reviewer, 403), (other, 404)):
        client.force_login(user)
        assert client.get(page(record)).status_code == status
        posted = client.post(page(record), sent(record, **{"0_attended": "no"})).status_code
        assert posted == (302 if user == staff else status)
        record.participants.update(attended="")
        assert (page(record) in client.get(change(record), follow=True).content.decode()) == (user == staff)
    client.logout()
    assert client.get(page(record)).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_two_who_store_at_the_same_moment_both_come_through() -> None:
    record = unknown(build.record(visitors=MANY[:8]))
    clients = [Client() for _n in range(4)]
    for number, client in enumerate(clients):
        client.force_login(build.person(f"person{number}"))
    typed = [
        sent(record, **{f"{2 * n}_attended": "yes", f"{2 * n + 1}_commitment_letter": "signed"}) for n in range(4)
    ]
    start, told = threading.Barrier(4), []

    def store(client: Client, data: dict[str, Any]) -> None:
        try:
            start.wait()
            told.append(client.post(page(record), data).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=store, args=pair) for pair in zip(clients, typed, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == [302] * 4
    assert followed(record) == [("yes", ""), ("", "signed")] * 4


# With many participants


@pytest.mark.django_db
def test_opening_and_storing_cost_the_same_for_any_number_of_participants(admin_client: Client) -> None:
    costs = []
    for number, visitors in enumerate((MANY[:3], MANY)):
        record = unknown(build.record(number=f"2024-00{number}", visitors=visitors))
        admin_client.get(page(record))
        with CaptureQueriesContext(connection) as opening:
            assert admin_client.get(page(record)).status_code == 200
        with CaptureQueriesContext(connection) as storing:
            data = sent(record) | {"rest-commitment_letter": "signed"}
            assert admin_client.post(page(record), data).status_code == 302
        costs.append((len(opening), len(storing)))
        assert record.participants.filter(commitment_letter="signed").count() == len(visitors)
    assert costs[0][0] == costs[1][0] <= OPENING_QUERIES
    assert costs[1][1] <= STORING_QUERIES


# Beyond the desk


@pytest.mark.django_db
def test_it_leaves_with_the_desks_own_exports_and_no_others(client: Client, admin_client: Client) -> None:
    record = build.record()
    record.participants.update(attended="no", commitment_letter="unsigned")
    data = {"action": "export_participants", "_selected_action": [record.pk], "export": "1", "kind": "csv"}
    data["columns"] = ["person", "attended", "commitment_letter"]
    answer = admin_client.post("/admin/records/record/", data)
    own = b"".join(answer.streaming_content).decode()
    assert "unsigned" in own
    assert "absent" in own
    public = client.get("/participants.csv")
    assert "signed" not in b"".join(public.streaming_content).decode()
    assert not {"attended", "commitment_letter"} & client.get("/participants.json").json()["results"][0].keys()
