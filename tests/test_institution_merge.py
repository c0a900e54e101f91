"""Two institutions become one, and two again: participants, aliases, address and counts follow, and come back."""

from __future__ import annotations

import datetime
import threading
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from records.models import (
    AuditEntry,
    Institution,
    InstitutionAlias,
    InstitutionMerge,
    InstitutionType,
    Participant,
    Record,
    ledger,
)

from . import build
from .test_admin_directory import typed
from .test_admin_entry import form
from .test_admin_publish import texts
from .test_importing_race import at_once
from .test_ledger import assert_exact, kept
from .test_retag import desk_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def in_english(settings: Any) -> None:
    """Sentences are told as the source has them."""
    settings.LANGUAGE_CODE = "en"


@pytest.fixture
def two() -> tuple[Institution, Institution]:
    """安信证券, which 国投证券 was once called: visits of each, one of both together, and a draft."""
    old, new = build.institution("安信证券"), build.institution("国投证券")
    InstitutionAlias.objects.create(institution=old, name="Essence")
    build.record(number="1", visitors=["安信证券 甲", "安信证券 乙"])
    build.record(number="2", held="2024-07-01", visitors=["国投证券 丙"])
    build.record(number="3", held="2024-08-01", visitors=["安信证券 甲", "国投证券 丙", "华夏基金 丁"])
    build.draft(number="4", visitors=["安信证券 甲"]).participants.update(name_as_filed="Essence")
    return old, new


def everything() -> Any:
    """All that a merge touches, as it is stored."""
    return (
        list(Institution.objects.order_by("pk").values()),
        list(InstitutionAlias.objects.order_by("pk").values()),
        list(Participant.objects.order_by("pk").values()),
        list(Record.objects.order_by("pk").values("pk", "institution_count", "person_count", "visitor_names")),
        kept(),
    )


def assert_counted() -> None:
    """The ledger, and what each record says of its visitors, are what a count gives."""
    assert_exact()
    before = kept()
    ledger.renew()
    assert kept() == before
    for record in Record.objects.all():
        houses = set(record.participants.exclude(institution=None).values_list("institution", flat=True))
        assert record.institution_count == len(houses)


# Merging


def test_participants_aliases_and_counts_move_and_what_was_filed_stays(two: Any) -> None:
    old, new = two
    merge = old.merge_into(new)
    assert not Institution.objects.filter(name="安信证券").exists()
    assert {alias.name for alias in new.aliases.all()} == {"安信证券", "Essence"}
    assert list(Participant.objects.order_by("pk").values_list("name_as_filed", "institution__name")) == [
        ("安信证券", "国投证券"),
        ("安信证券", "国投证券"),
        ("国投证券", "国投证券"),
        ("安信证券", "国投证券"),
        ("国投证券", "国投证券"),
        ("华夏基金", "华夏基金"),
        ("Essence", "国投证券"),
    ]
    new.refresh_from_db()
    assert new.record_count == 3
    assert Record.objects.get(number="3").institution_count == 2
    assert (merge.participant_count, merge.record_count) == (4, 3)
    assert_counted()
    found = Institution.objects.resolve(["安信证券股份有限公司", "ESSENCE"], create=False)
    assert set(found.values()) == {new}


def test_types_are_counted_anew(two: Any) -> None:
    old, new = two
    new.type = InstitutionType.FOREIGN
    new.save()
    merge = old.merge_into(new)
    assert_counted()
    merge.undo()
    assert_counted()


def test_history_tells_who_moved_whom(two: Any, admin_client: Client) -> None:
    user = build.person("chief")
    record = Record.objects.get(number="1")
    two[0].merge_into(two[1], user)
    entries = Participant.history.filter(record_id=record.pk, history_type="~")
    assert entries.count() == 2
    assert {(entry.history_user, entry.history_change_reason) for entry in entries} == {(user, "merge")}
    Participant.history.filter(history_type="+").delete()  # whoever was made in bulk has none
    merge = InstitutionMerge.objects.get()
    merge.undo(user)
    Participant.history.update(history_date="2024-01-01T00:00:00Z")
    Participant.history.filter(history_change_reason="unmerge").update(history_date="2024-01-02T00:00:00Z")
    two[0].merge_into(two[1], user)
    told = admin_client.get(f"/admin/records/record/{record.pk}/history/").content.decode()
    assert "安信证券" in told
    assert "国投证券" in told
    noted = AuditEntry.objects.filter(user=user).order_by("pk").values_list("what", "detail")
    assert list(noted) == [
        ("merge", "安信证券 → 国投证券"),
        ("unmerge", "安信证券 → 国投证券"),
        ("merge", "安信证券 → 国投证券"),
    ]


def test_history_names_the_institution_that_is_no_more(two: Any, admin_client: Client) -> None:
    old, new = two
    record = Record.objects.get(number="1")
    row = record.participants.first()
    assert row
    row.save()  # an entry that names it
    Participant.history.update(history_date="2024-01-01T00:00:00Z")
    old.merge_into(new)
    told = admin_client.get(f"/admin/records/record/{record.pk}/history/").content.decode()
    assert "<del>安信证券</del>" in told
    assert "<ins>国投证券</ins>" in told


def test_the_old_address_leads_to_the_one_that_remains(two: Any, client: Client) -> None:
    old, new = two
    address = old.get_absolute_url()
    assert client.get(address).status_code == 200
    merge = old.merge_into(new)
    answer = client.get(address, {"company": "999001"})
    assert (answer.status_code, answer.url) == (301, f"{new.get_absolute_url()}?company=999001")
    by_old, by_new = (b"".join(client.get("/records.csv", {"institution": pk})) for pk in (merge.former_id, new.pk))
    assert by_old == by_new
    assert len(by_old.splitlines()) == 4
    merge.undo()
    assert client.get(address).status_code == 200


def test_addresses_lead_on_after_a_second_merge(two: Any, client: Client) -> None:
    old, new = two
    addresses = [old.get_absolute_url(), new.get_absolute_url()]
    last = build.institution("国家资本")
    old.merge_into(new)
    new.merge_into(last)
    assert [client.get(address).url for address in addresses] == [last.get_absolute_url()] * 2
    assert client.get("/institutions/" + "9" * 30 + "/").status_code == 404
    assert client.get("/records.json", {"institution": [old.pk or 1, "9" * 18]}).status_code == 400


def test_an_address_that_leads_to_nothing_public_is_not_found(client: Client) -> None:
    former = build.institution("空资本")
    address = former.get_absolute_url()
    former.merge_into(build.institution("无资本"))
    assert client.get(address).status_code == 404


# Refusals


def test_an_institution_is_not_merged_with_itself(two: Any) -> None:
    with pytest.raises(ValidationError, match="cannot be merged with itself"):
        two[0].merge_into(two[0])


def test_what_was_merged_already_is_told_and_nothing_is_moved(two: Any) -> None:
    old, new = two
    other = build.institution("华夏基金")
    copy = Institution.objects.get(pk=old.pk)
    old.merge_into(new)
    before = everything()
    for pair in ((copy, other), (other, copy)):
        with pytest.raises(ValidationError, match="“安信证券” was merged into “国投证券” already"):
            pair[0].merge_into(pair[1])
    assert everything() == before


def test_what_was_deleted_meanwhile_is_told(two: Any) -> None:
    gone = build.institution("空资本")
    copy = Institution.objects.get(pk=gone.pk)
    gone.delete()
    with pytest.raises(ValidationError, match="“空资本” is not there any more"):
        copy.merge_into(two[0])


def test_a_name_that_no_form_would_have_let_in_is_refused_and_nothing_is_moved(two: Any) -> None:
    InstitutionAlias.objects.create(institution=build.institution("华夏基金"), name="安信证券")
    before = everything()
    with pytest.raises(ValidationError, match="“安信证券” already stands for 华夏基金"):
        two[0].merge_into(two[1])
    assert everything() == before
    assert not InstitutionMerge.objects.exists()


def test_the_database_holds_one_merge_of_an_institution() -> None:
    of = build.institution()
    columns = {"former_id": 999, "name": "甲", "type": "unknown", "reviewed": True, "into": of, "into_name": "乙"}
    InstitutionMerge.objects.create(**columns)
    with pytest.raises(IntegrityError), transaction.atomic():
        InstitutionMerge.objects.create(**columns)
    with pytest.raises(IntegrityError), transaction.atomic():
        InstitutionMerge.objects.create(**{**columns, "former_id": of.pk})


# Undoing


def test_undone_all_is_as_it_was(two: Any) -> None:
    before = everything()
    merge = two[0].merge_into(two[1])
    done = merge.undo()
    assert everything() == before
    assert (len(done.participants), len(done.records), done.gone, done.changed, done.since) == (4, 3, 0, 0, 0)
    assert not done.lost_aliases
    assert_counted()
    again = two[0].merge_into(two[1])
    again.undo()
    assert everything() == before


def test_what_was_changed_since_stays_and_is_told(two: Any) -> None:
    old, new = two
    build.draft(number="5", visitors=["安信证券 戊", "安信证券 己", "安信证券 庚"])
    merge = old.merge_into(new)
    renamed, elsewhere, deleted = Participant.objects.filter(record__number="5")
    Participant.objects.filter(pk=renamed.pk).update(name_as_filed="国投证券")
    Participant.objects.filter(pk=elsewhere.pk).update(institution=build.institution("华夏基金"))
    deleted.delete()
    build.draft(number="6", visitors=["华夏基金 辛"]).participants.update(name_as_filed="安信证券", institution=new)
    InstitutionAlias.objects.get(name="Essence").delete()
    plan = merge.undoing()
    assert (len(plan.participants), plan.gone, plan.changed, plan.since) == (4, 1, 2, 1)
    assert plan.lost_aliases == ["Essence"]
    assert merge.undo() == plan
    assert Participant.objects.get(pk=renamed.pk).institution == new
    assert Participant.objects.get(record__number="6").institution == new
    assert Participant.objects.filter(institution=old.pk).count() == 4
    Record.objects.filter(number__in=["5", "6"]).recount()
    assert_counted()


def test_a_participant_that_was_otherwise_edited_comes_back(two: Any) -> None:
    merge = two[0].merge_into(two[1])
    row = Participant.objects.get(name_as_filed="Essence")
    row.person, row.title = "甲甲", "研究员"
    row.save()
    merge.undo()
    row.refresh_from_db()
    assert row.institution
    assert (row.institution.name, row.person) == ("安信证券", "甲甲")


def test_a_renamed_alias_stays_with_the_one_that_remains(two: Any) -> None:
    old, new = two
    merge = old.merge_into(new)
    alias = InstitutionAlias.objects.get(name="Essence")
    alias.name, alias.used_until = "SDIC", datetime.date(2023, 12, 8)
    alias.save()
    assert merge.undo().lost_aliases == ["Essence"]
    alias.refresh_from_db()
    assert alias.institution == new


def test_a_merge_is_undone_once(two: Any) -> None:
    merge = two[0].merge_into(two[1])
    merge.undo(build.person("chief"))
    before = everything()
    with pytest.raises(ValidationError, match="was undone by chief already"):
        merge.undo()
    assert everything() == before


def test_later_merges_are_undone_first(two: Any) -> None:
    old, new = two
    before = everything()
    first = old.merge_into(new)
    second = new.merge_into(build.institution("华夏基金"))
    with pytest.raises(ValidationError, match="“国投证券” was merged into “华夏基金” since: undo that first"):
        first.undo()
    second.undo()
    first.undo()
    assert everything() == before
    assert_counted()


@pytest.mark.parametrize("as_alias", [False, True])
def test_a_name_that_stands_for_another_by_now_keeps_it(as_alias: bool, two: Any) -> None:
    old, new = two
    merge = old.merge_into(new)
    InstitutionAlias.objects.get(name="安信证券").delete()
    if as_alias:
        InstitutionAlias.objects.create(institution=build.institution("华夏基金"), name="安信证券")
    else:
        build.institution("安信证券")
    before = everything()
    with pytest.raises(ValidationError, match=r"“安信证券” stands for .* by now"):
        merge.undo()
    assert everything() == before


def test_it_is_restored_though_the_other_was_deleted() -> None:
    old, new = build.institution("空资本"), build.institution("无资本")
    merge = old.merge_into(new)
    new.delete()
    merge.undo()
    assert [one.name for one in Institution.objects.all()] == ["空资本"]


# At the desk


LIST = "/admin/records/institution/"
MERGES = "/admin/records/institutionmerge/"
PAGE_QUERIES = 18


def page(of: Institution) -> str:
    return f"{LIST}{of.pk}/merge/"


def undo_page(merge: InstitutionMerge) -> str:
    return f"{MERGES}{merge.pk}/undo/"


def test_the_preview_tells_what_merging_comes_to_and_stores_nothing(two: Any, admin_client: Client) -> None:
    old, new = two
    before = everything()
    told = admin_client.get(page(old), {"into": new.pk}).context["merging"]
    counts = {name: told[name] for name in ("participants", "records", "published", "hidden", "both")}
    assert counts == {"participants": 4, "records": 3, "published": 2, "hidden": 0, "both": 1}
    assert [(row["company__code"], row["n"], row["open"]) for row in told["companies"]] == [("999001", 3, 1)]
    assert told["aliases"] == ["安信证券", "Essence"]
    assert admin_client.get(told["swapped"]).context["institution"] == new
    assert everything() == before


def test_it_costs_the_same_however_much_is_moved(
    two: Any, admin_client: Client, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        build.record(build.company(f"9991{number:02}"), visitors=["安信证券 甲"])
    with django_assert_max_num_queries(PAGE_QUERIES):
        told = admin_client.get(page(two[0]), {"into": two[1].pk}).context["merging"]
    assert (len(told["companies"]), told["more_companies"]) == (20, 11)


@pytest.mark.parametrize("name", ["国投证券", "国投证券股份有限公司", "SDIC"])
def test_the_other_is_chosen_by_any_of_its_names(name: str, two: Any, admin_client: Client) -> None:
    InstitutionAlias.objects.create(institution=two[1], name="SDIC")
    answer = admin_client.get(page(two[0]), {"name": name})
    assert answer.url == f"{page(two[0])}?into={two[1].pk}"


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"name": "无名资本"}, "“无名资本”"),
        ({"name": "安信证券有限公司"}, "with itself"),
        ({"name": "—\0"}, "—"),
        ({"into": ""}, "No such institution"),
        ({"into": "x"}, "No such institution"),
        ({"into": "9" * 30}, "No such institution"),
    ],
)
def test_a_choice_that_is_none_is_told_beside_the_box(
    asked: dict[str, str], told: str, two: Any, admin_client: Client
) -> None:
    answer = admin_client.get(page(two[0]), asked)
    assert answer.status_code == 200
    assert told in answer.context["problem"]
    assert not answer.context["merging"]
    answer = admin_client.post(page(two[0]), {"into": asked.get("into", "0")}, follow=True)
    assert "No such institution" in texts(answer)
    assert not InstitutionMerge.objects.exists()


def test_it_is_merged_and_undone_at_the_desk(two: Any, admin_client: Client) -> None:
    old, new = two
    before = everything()
    answer = admin_client.post(page(old), {"into": new.pk}, follow=True)
    assert answer.redirect_chain == [(f"{LIST}{new.pk}/change/", 302)]
    merge = InstitutionMerge.objects.get()
    assert undo_page(merge) in texts(answer)
    assert "安信证券" in LogEntry.objects.get(object_id=str(new.pk)).get_change_message()
    assert "admin" in admin_client.get(MERGES).content.decode()
    assert undo_page(merge) in admin_client.get(f"{MERGES}{merge.pk}/change/").content.decode()
    plan = admin_client.get(undo_page(merge)).context["plan"]
    assert plan.is_whole
    assert Institution.objects.count() == 2  # to look is not to do
    answer = admin_client.post(undo_page(merge), follow=True)
    assert answer.redirect_chain == [(f"{LIST}{merge.former_id}/change/", 302)]
    assert everything() == before
    answer = admin_client.post(undo_page(merge), follow=True)
    assert "already" in texts(answer)
    assert "already" in admin_client.get(undo_page(merge)).content.decode()
    assert undo_page(merge) not in admin_client.get(f"{MERGES}{merge.pk}/change/").content.decode()


def test_what_cannot_come_back_is_told_before(two: Any, admin_client: Client) -> None:
    merge = two[0].merge_into(two[1])
    Record.objects.get(number="4").participants.all().delete()
    InstitutionAlias.objects.get(name="Essence").delete()
    told = admin_client.get(undo_page(merge)).content.decode()
    assert "1 participant that was deleted since" in told
    assert "Essence" in told


def test_two_of_the_list_are_merged_the_one_with_fewer_records_into_the_other(two: Any, admin_client: Client) -> None:
    build.record(number="9", visitors=["国投证券 丙"])
    data = {"action": "merge_two", "_selected_action": [two[1].pk, two[0].pk]}
    assert admin_client.post(LIST, data).url == f"{page(two[0])}?into={two[1].pk}"
    data["_selected_action"] = [two[0].pk]
    assert "Choose two" in texts(admin_client.post(LIST, data, follow=True))


def test_what_was_merged_already_is_told_at_the_desk(two: Any, admin_client: Client) -> None:
    old, new = two
    other = build.institution("华夏基金")
    old_page, old_pk = page(old), old.pk
    old.merge_into(new)
    for answer in (
        admin_client.get(old_page, follow=True),
        admin_client.post(old_page, {"into": other.pk}, follow=True),
        admin_client.post(page(other), {"into": old_pk}, follow=True),
    ):
        assert "“安信证券” was merged into “国投证券” already" in texts(answer)
    assert InstitutionMerge.objects.count() == 1


def test_merging_needs_the_permission_to_delete(two: Any) -> None:
    old, new = two
    everything_else = ("view_institution", "change_institution", "add_institution", "change_record")
    _user, clerk = desk_user("clerk", *everything_else)
    merge = build.institution("甲资本").merge_into(build.institution("乙资本"))
    pages = (page(old), undo_page(merge), MERGES, f"{MERGES}{merge.pk}/change/")
    assert {clerk.get(path).status_code for path in pages} == {403}
    assert clerk.post(page(old), {"into": new.pk}).status_code == 403
    assert clerk.post(undo_page(merge)).status_code == 403
    for address in ("/admin/", LIST, f"{LIST}{old.pk}/change/"):
        told = clerk.get(address).content.decode()
        assert "institutionmerge" not in told
        assert "merge/" not in told
        assert "merge_two" not in told
    _user, chief = desk_user("chief", "change_institution", "delete_institution")
    assert {chief.get(path).status_code for path in pages} == {200}
    assert chief.post(page(old), {"into": new.pk}).status_code == 302
    assert chief.post(undo_page(merge)).status_code == 302
    assert InstitutionMerge.objects.standing().get().name == "安信证券"


def test_merges_are_not_written_by_hand(two: Any, admin_client: Client) -> None:
    merge = two[0].merge_into(two[1])
    assert admin_client.get(f"{MERGES}add/").status_code == 403
    assert admin_client.post(f"{MERGES}{merge.pk}/change/", {"name": "x"}).status_code == 403
    assert admin_client.post(f"{MERGES}{merge.pk}/delete/", {"post": "yes"}).status_code == 403
    for nonsense in ("x", "0", "9" * 30):
        assert admin_client.get(f"{MERGES}{nonsense}/undo/").status_code == 404


NAMES = ["甲资本", "乙资本", "丙基金", "丁证券"]


class AnySequence(TestCase):
    @settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        steps=st.lists(
            st.tuples(st.sampled_from(["merge", "undo", "publish", "withdraw"]), st.integers(0, 63)), max_size=6
        )
    )
    def test_counts_are_exact_after_each_and_undoing_all_restores_all(self, steps: list[tuple[str, int]]) -> None:
        for number in range(1, 6):
            visitors = [f"{name} 某人" for at, name in enumerate(NAMES) if number >> at & 1]
            build.record(number=str(number), held=f"2024-0{number}-01", visitors=visitors, published=number % 3 > 0)
        for name in NAMES:
            build.institution(name)
        houses = dict(Participant.objects.values_list("pk", "institution__name"))
        for step, seed in steps:
            there = list(Institution.objects.order_by("pk"))
            standing = list(InstitutionMerge.objects.standing())
            try:
                if step == "merge":
                    there[seed % len(there)].merge_into(there[seed // 8 % len(there)])
                elif step == "undo" and standing:
                    standing[seed % len(standing)].undo()
            except ValidationError:
                pass
            record = Record.objects.order_by("pk")[seed % 5]
            if step == "publish" and not record.is_locked:
                record.publish()
            elif step == "withdraw" and record.is_published:
                record.withdraw()
                record.reopen()
            assert_counted()
        for merge in InstitutionMerge.objects.standing():  # the last one first
            merge.undo()
        assert dict(Participant.objects.values_list("pk", "institution__name")) == houses
        assert not InstitutionAlias.objects.exists()
        assert_counted()


# At once


def together(*works: Any) -> list[BaseException]:
    """What was raised by works that begin together, each in a thread and a connection of its own."""
    start, raised = threading.Barrier(len(works)), []

    def run(work: Any) -> None:
        try:
            start.wait()
            work()
        except BaseException as error:  # told by the test, which runs in another thread
            raised.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


@pytest.mark.django_db(transaction=True)
def test_of_two_merges_at_once_one_is_done_and_the_other_refused(two: Any) -> None:
    old, new = two
    copies = [Institution.objects.get(pk=one.pk) for one in two]
    raised = together(lambda: old.merge_into(new), lambda: copies[1].merge_into(copies[0]))
    assert len(raised) == 1
    assert isinstance(raised[0], ValidationError)
    assert "already" in raised[0].messages[0]
    assert Institution.objects.filter(name__endswith="证券").count() == 1
    assert_counted()


@pytest.mark.django_db(transaction=True)
def test_of_two_who_undo_at_once_one_is_refused(two: Any) -> None:
    before = everything()
    merge = two[0].merge_into(two[1])
    copy = InstitutionMerge.objects.get()
    raised = together(merge.undo, copy.undo)
    assert [type(error) for error in raised] == [ValidationError]
    assert everything() == before


@pytest.mark.django_db(transaction=True)
def test_whoever_withdraws_another_record_of_the_one_that_remains_does_not_wait_for_ever(two: Any) -> None:
    others = [build.record(number=f"o{n}", visitors=["国投证券 乙"]) for n in range(4)]
    assert together(lambda: two[0].merge_into(two[1]), *(other.withdraw for other in others)) == []
    assert_counted()


@pytest.mark.django_db(transaction=True)
def test_records_published_while_institutions_are_merged_are_counted(two: Any) -> None:
    drafts = [build.draft(number=f"d{n}", visitors=["安信证券 甲", "国投证券 乙"]) for n in range(4)]
    assert together(lambda: two[0].merge_into(two[1]), *(draft.publish for draft in drafts)) == []
    assert Record.objects.published().count() == 7
    assert_counted()
    merge = InstitutionMerge.objects.get()
    assert together(merge.undo, *(draft.withdraw for draft in drafts)) == []
    assert_counted()


@pytest.mark.django_db(transaction=True)
def test_of_two_people_who_merge_at_once_one_is_told(two: Any, admin_client: Client) -> None:
    old, new = two
    answers = at_once([(admin_client, page(old), {"into": new.pk}), (admin_client, page(new), {"into": old.pk})])
    assert [answer.status_code for answer in answers] == [302, 302]
    assert InstitutionMerge.objects.count() == 1
    assert_counted()


@pytest.mark.django_db(transaction=True)
def test_a_name_that_is_typed_while_it_is_merged_stands_for_the_one_that_remains(
    two: Any, admin_client: Client
) -> None:
    old, new = two
    drafts = [build.draft(number=str(n), visitors=[" 某人"]) for n in range(10, 14)]
    posts: list[Any] = []
    for draft in drafts:
        data = form(draft)
        data["participants-0-name_as_filed"] = "安信证券"
        posts.append((admin_client, f"/admin/records/record/{draft.pk}/change/", data))
    answers = at_once([*posts, (admin_client, page(old), {"into": new.pk})])
    assert {answer.status_code for answer in answers} == {302}
    assert set(Participant.objects.filter(record__in=drafts).values_list("institution__name", flat=True)) == {
        "国投证券"
    }
    assert_counted()


@pytest.mark.django_db(transaction=True)
def test_who_saves_an_institution_while_it_is_merged_is_told(two: Any, admin_client: Client) -> None:
    old, new = two
    data = {**typed("安信证券", "安信"), "type": "securities"}
    answers = at_once([(admin_client, f"{LIST}{old.pk}/change/", data), (admin_client, page(old), {"into": new.pk})])
    assert {answer.status_code for answer in answers} == {302}
    assert {alias.institution for alias in InstitutionAlias.objects.all()} == {new}
    assert_counted()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("by_list", [False, True])
def test_what_is_deleted_while_something_is_merged_into_it_is_there_or_not(
    by_list: bool, admin_client: Client
) -> None:
    old, new = build.institution("安信证券"), build.institution("国投证券")
    build.draft(visitors=["安信证券 甲"])
    delete = (admin_client, f"{LIST}{new.pk}/delete/", {"post": "yes"})
    if by_list:
        data = {"action": "delete_selected", "_selected_action": [new.pk], "post": "yes"}
        delete = (admin_client, LIST, data)
    answers = at_once([delete, (admin_client, page(old), {"into": new.pk})])
    assert {answer.status_code for answer in answers} <= {200, 302}
    there = set(Institution.objects.values_list("name", flat=True))
    assert there == ({"国投证券"} if InstitutionMerge.objects.exists() else {"安信证券"})
    assert Participant.objects.get().institution
    assert_counted()


@pytest.mark.django_db(transaction=True)
def test_merges_in_a_ring_at_once_leave_one_that_all_lead_to(admin_client: Client, client: Client) -> None:
    ring = [build.institution(name) for name in NAMES]
    for number, one in enumerate(ring):
        build.record(number=str(number), visitors=[f"{one.name} 某人"])
    answers = at_once(
        [(admin_client, page(one), {"into": ring[at - 1].pk}) for at, one in enumerate(ring)],
    )
    assert {answer.status_code for answer in answers} == {302}
    remaining = list(Institution.objects.all())
    assert len(remaining) == len(NAMES) - InstitutionMerge.objects.count() >= 1
    for one in ring:
        answer = client.get(f"/institutions/{one.pk}/", follow=True)
        assert answer.status_code == 200
        assert answer.context["institution"] in remaining
    assert_counted()
    for merge in InstitutionMerge.objects.standing():
        merge.undo()
    assert set(Institution.objects.values_list("name", flat=True)) == set(NAMES)
    assert_counted()


@pytest.mark.django_db(transaction=True)
def test_an_undo_and_a_further_merge_at_once_are_done_one_after_the_other(two: Any, admin_client: Client) -> None:
    old, new = two
    further = build.institution("华夏基金")
    merge = old.merge_into(new)
    answers = at_once(
        [(admin_client, undo_page(merge), {}), (admin_client, page(new), {"into": further.pk})],
    )
    assert {answer.status_code for answer in answers} == {302}
    assert InstitutionMerge.objects.filter(name="国投证券").exists()
    merge.refresh_from_db()
    assert Institution.objects.filter(name="安信证券").exists() == bool(merge.undone_at)
    assert_counted()


@pytest.mark.django_db(transaction=True)
def test_a_name_that_is_typed_elsewhere_while_a_merge_is_undone_stands_for_one(two: Any, admin_client: Client) -> None:
    old, new = two
    merge = old.merge_into(new)
    InstitutionAlias.objects.filter(name="安信证券").delete()
    other = build.institution("华夏基金")
    rename = {**typed("安信证券"), "type": "securities"}
    answers = at_once(
        [(admin_client, undo_page(merge), {}), (admin_client, f"{LIST}{other.pk}/change/", rename)],
    )
    assert {answer.status_code for answer in answers} <= {200, 302}
    assert Institution.objects.filter(name="安信证券").count() == 1
    assert_counted()


@pytest.mark.django_db(transaction=True)
def test_of_two_who_type_one_alias_at_once_one_is_told(two: Any, admin_client: Client) -> None:
    answers = at_once(
        [
            (admin_client, f"{LIST}{one.pk}/change/", {**typed(one.name, "甲名"), "type": "securities"})
            for one in (two[1], build.institution("华夏基金"))
        ]
    )
    assert sorted(answer.status_code for answer in answers) == [200, 302]
    [told] = [str(answer.context["errors"]) for answer in answers if answer.status_code == 200]
    assert "“甲名” already stands for" in told
    assert InstitutionAlias.objects.filter(name="甲名").count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_who_delete_one_alias_at_once_neither_breaks(two: Any, admin_client: Client) -> None:
    old, _new = two
    alias = old.aliases.get()
    data = {
        **typed(old.name, alias.name),
        "type": "securities",
        "aliases-INITIAL_FORMS": 1,
        "aliases-0-id": alias.pk,
        "aliases-0-institution": old.pk,
        "aliases-0-DELETE": "on",
    }
    answers = at_once([(admin_client, f"{LIST}{old.pk}/change/", data)] * 2)
    assert {answer.status_code for answer in answers} <= {200, 302}
    assert not old.aliases.exists()
