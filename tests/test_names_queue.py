"""The queue of names: new ones and such as look alike wait for somebody, who merges, confirms or tells them apart."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from records.admin import names_queue
from records.models import (
    Institution,
    InstitutionAlias,
    InstitutionMerge,
    SimilarNames,
    ToldApart,
    changed_names,
    compare_names,
)

from . import build
from .test_admin_publish import texts
from .test_importing_race import at_once
from .test_institution_merge import together
from .test_ledger import assert_exact
from .test_retag import desk_user

pytestmark = pytest.mark.django_db

QUEUE = "/admin/records/institution/queue/"
# Session, user: 2; what is not compared: 3; both counts: 2; the page, its participants and what looks like it: 3.
QUEUE_QUERIES = 10


@pytest.fixture(autouse=True)
def in_english(settings: Any) -> None:
    """Sentences are told as the source has them."""
    settings.LANGUAGE_CODE = "en"


def new(name: str) -> Institution:
    """A name that came in with a filing."""
    return Institution.objects.resolve([name])[name]


def pairs() -> set[frozenset[str]]:
    """Names of the institutions that wait as pairs."""
    compare_names(changed_names())
    return {frozenset((pair.first.name, pair.second.name)) for pair in SimilarNames.objects.waiting()}


def pair(one: str, other: str) -> set[frozenset[str]]:
    return {frozenset((one, other))}


# Which names wait


def test_a_name_that_came_in_waits_with_what_looks_like_it(admin_client: Client) -> None:
    known = build.institution("高毅资产")
    build.institution("华夏基金")
    one = new("上海高毅资产管理合伙企业（有限合伙）")
    [line] = admin_client.get(QUEUE).context["lines"]
    assert line["institution"] == one
    assert [(like["goes"], like["stays"]) for like in line["like"]] == [(one, known)]
    assert not admin_client.get(QUEUE, {"show": "similar"}).context["lines"]


def test_names_that_were_looked_at_wait_as_a_pair(admin_client: Client) -> None:
    small, large = build.institution("国泰君安资管"), build.institution("国泰君安证券")
    build.record(visitors=["国泰君安证券 某人"])
    assert not admin_client.get(QUEUE).context["lines"]
    [line] = admin_client.get(QUEUE, {"show": "similar"}).context["lines"]
    assert (line["goes"], line["stays"]) == (small, large)
    assert line["preview"] == f"/admin/records/institution/{small.pk}/merge/?into={large.pk}"


def test_an_alias_looks_alike_as_a_name_does(admin_client: Client) -> None:
    of = build.institution("国投证券")
    InstitutionAlias.objects.create(institution=of, name="易方达基金")
    one = new("易方达")
    [line] = admin_client.get(QUEUE).context["lines"]
    assert [(like["stays"], like["stays_by"]) for like in line["like"]] == [(of, "易方达基金")]
    assert "易方达基金" in admin_client.get(QUEUE).content.decode()
    InstitutionAlias.objects.create(
        institution=one, name="国投证券资管"
    )  # a name of its own makes no pair with itself
    assert pairs() == pair("国投证券", "易方达")


def test_whatever_changes_a_name_has_it_compared_anew() -> None:
    one, other = build.institution("华夏基金"), build.institution("易方达基金")
    assert pairs() == set()
    assert not changed_names()
    Institution.objects.filter(pk=one.pk).update(name="易方达", key="易方达")  # by no form and no save
    assert changed_names() == {one.pk}
    assert pairs() == pair("易方达", "易方达基金")
    one.refresh_from_db()
    one.name = "华夏基金"
    one.save()
    assert pairs() == set()
    alias = InstitutionAlias.objects.create(institution=one, name="易方达")
    assert pairs() == pair("华夏基金", "易方达基金")
    InstitutionAlias.objects.filter(pk=alias.pk).update(institution=other)
    assert changed_names() == {one.pk, other.pk}
    assert pairs() == set()
    InstitutionAlias.objects.filter(pk=alias.pk).update(institution=one)
    assert pairs() == pair("华夏基金", "易方达基金")
    alias.delete()
    assert pairs() == set()
    other.delete()
    assert pairs() == set()


def test_comparing_again_changes_nothing() -> None:
    for name in ("易方达", "易方达基金", "国泰君安资管", "国泰君安证券", "华夏基金"):
        new(name)
    first = pairs()
    assert len(first) == 2
    for names in ("", "--all"):
        call_command("compare_names", *filter(None, [names]), verbosity=0)
        assert pairs() == first
    assert SimilarNames.objects.count() == 2


def test_more_new_names_than_one_waits_for_are_compared_when_asked(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(names_queue, "AT_ONCE", 1)
    new("易方达")
    new("易方达基金")
    shown = admin_client.get(QUEUE)
    assert shown.context["not_compared"] == 2
    assert "have not been compared" in shown.content.decode()
    assert not SimilarNames.objects.exists()
    assert "The names of 2 institutions were compared" in texts(
        admin_client.post(QUEUE, {"op": "compare"}, follow=True)
    )
    assert SimilarNames.objects.count() == 1
    assert admin_client.get(QUEUE).context["not_compared"] == 0


# What somebody decides


def test_a_name_is_confirmed_with_its_type(admin_client: Client) -> None:
    one = new("高毅资产")
    build.record(visitors=["高毅资产 某人"])
    told = texts(admin_client.post(QUEUE, {"op": "confirm", "id": one.pk, "type": "private-fund"}, follow=True))
    assert "“高毅资产” is confirmed" in told
    one.refresh_from_db()
    assert (one.reviewed, one.type) == (True, "private-fund")
    assert LogEntry.objects.filter(object_id=str(one.pk)).count() == 1
    assert_exact()
    admin_client.post(QUEUE, {"op": "confirm", "id": one.pk, "type": "private-fund"})
    assert LogEntry.objects.filter(object_id=str(one.pk)).count() == 1
    assert not admin_client.get(QUEUE).context["lines"]


def test_a_pair_that_is_told_apart_is_never_shown_again(admin_client: Client) -> None:
    build.institution("国泰君安资管")
    build.institution("国泰君安证券")
    similar = f"{QUEUE}?show=similar"
    [line] = admin_client.get(similar).context["lines"]
    data = {"op": "apart", "id": line["goes"].pk, "other": line["stays"].pk}
    answer = admin_client.post(similar, data, follow=True)
    assert "are not the same" in texts(answer)
    assert answer.redirect_chain == [(similar, 302)]
    told = ToldApart.objects.get()
    assert (told.user.username, told.first_id < told.second_id) == ("admin", True)
    call_command("compare_names", "--all", verbosity=0)
    assert pairs() == set()
    InstitutionAlias.objects.create(institution=line["goes"], name="国泰君安证券资管")
    assert pairs() == set()
    admin_client.post(similar, {**data, "id": data["other"], "other": data["id"]})
    assert ToldApart.objects.get() == told
    assert "admin" in admin_client.get("/admin/records/toldapart/").content.decode()
    admin_client.post(f"/admin/records/toldapart/{told.pk}/delete/", {"post": "yes"})
    assert pairs() == pair("国泰君安资管", "国泰君安证券")


def test_what_was_told_apart_stays_so_after_a_merge_and_after_it_is_undone() -> None:
    one, same, other = (build.institution(name) for name in ("国泰君安资管", "国泰海通资管", "国泰君安证券"))
    by = build.person("chief")
    compare_names(changed_names())
    ToldApart.tell(one.pk, other.pk, by)
    ToldApart.tell(one.pk, same.pk, by)
    merge = one.merge_into(same, by)
    assert pairs() == set()  # though the alias looks like the other
    followed = ToldApart.objects.get(merge=merge)
    assert ({followed.first_id, followed.second_id}, followed.user) == ({same.pk, other.pk}, by)
    merge.undo(by)
    assert set(ToldApart.objects.values_list("merge", flat=True)) == {None}
    assert ToldApart.objects.count() == 2
    assert pairs() == set()
    InstitutionAlias.objects.create(institution=same, name="国泰君安证券（香港）")
    assert pairs() == pair("国泰海通资管", "国泰君安证券")


def test_a_merged_name_waits_no_more_and_again_once_it_is_undone(admin_client: Client) -> None:
    one, other = new("易方达"), build.institution("易方达基金")
    assert pairs() == pair("易方达", "易方达基金")
    merge = one.merge_into(other)
    assert not SimilarNames.objects.waiting().exists()
    assert pairs() == set()
    assert not admin_client.get(QUEUE).context["lines"]
    merge.undo()
    assert pairs() == pair("易方达", "易方达基金")
    assert len(admin_client.get(QUEUE).context["lines"]) == 1


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({}, "Nothing was done"),
        ({"op": "drop"}, "Nothing was done"),
        ({"op": "confirm"}, "No such institution"),
        ({"op": "confirm", "id": "9" * 30}, "No such institution"),
        ({"op": "confirm", "id": "one", "type": "nonsense"}, "not a valid choice"),
        ({"op": "apart", "id": "one"}, "No such institution"),
        ({"op": "apart", "id": "one", "other": "one"}, "the same as itself"),
        ({"op": "apart", "id": "one", "other": "gone"}, "was merged into “易方达基金” already"),
        ({"op": "confirm", "id": "gone"}, "was merged into “易方达基金” already"),
    ],
)
def test_what_cannot_be_decided_is_told_and_nothing_is_stored(
    data: dict[str, str], told: str, admin_client: Client
) -> None:
    one, gone = new("华夏基金"), new("易方达")
    ids = {"one": str(one.pk), "gone": str(gone.pk)}
    gone.merge_into(build.institution("易方达基金"))
    answer = admin_client.post(QUEUE, {name: ids.get(value, value) for name, value in data.items()}, follow=True)
    assert answer.status_code == 200
    assert told in texts(answer)
    assert not Institution.objects.get(pk=one.pk).reviewed
    assert not ToldApart.objects.exists()


def test_the_database_holds_a_pair_once_and_in_order() -> None:
    one, other = build.institution("华夏基金"), build.institution("南方基金")
    ToldApart.tell(other.pk, one.pk)
    for first, second in ((one, other), (other, one), (one, one)):
        with pytest.raises(IntegrityError), transaction.atomic():
            ToldApart.objects.create(first=first, second=second)
    with pytest.raises(ValidationError):
        ToldApart.tell(one.pk, 0)


# Who, and for how much


def test_it_is_for_those_who_change_institutions_and_merging_for_those_who_may() -> None:
    new("易方达")
    build.institution("易方达基金")
    _user, reader = desk_user("reader", "view_institution")
    assert reader.get(QUEUE).status_code == reader.post(QUEUE, {"op": "compare"}).status_code == 403
    assert QUEUE not in reader.get("/admin/records/institution/").content.decode()
    assert "toldapart" not in reader.get("/admin/").content.decode()
    _user, clerk = desk_user("clerk", "change_institution")
    page = clerk.get(QUEUE).content.decode()
    assert "Not the same: 易方达" in page
    assert "/merge/" not in page
    assert QUEUE in clerk.get("/admin/records/institution/").content.decode()
    _user, chief = desk_user("chief", "change_institution", "delete_institution")
    assert "/merge/" in chief.get(QUEUE).content.decode()


def queries(client: Client, show: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(QUEUE, {"show": show}).status_code == 200
    return len(captured)


@pytest.mark.parametrize("show", ["new", "similar"])
def test_it_costs_the_same_for_any_number_of_names(show: str, admin_client: Client) -> None:
    def fill(numbers: range) -> None:
        for number in numbers:
            name = "".join(chr(block + number) for block in (0x4E00, 0x5E00, 0x6E00, 0x7E00))
            for kind in ("资管", "证券"):
                Institution.objects.create(name=f"{name}{kind}", reviewed=show == "similar")
        compare_names(changed_names())

    fill(range(3))
    few = queries(admin_client, show)
    assert len(admin_client.get(QUEUE, {"show": show}).context["lines"]) == (6 if show == "new" else 3)
    fill(range(3, 60))
    assert queries(admin_client, show) == few <= QUEUE_QUERIES
    shown = admin_client.get(QUEUE, {"show": show, "p": "2"})
    assert len(shown.context["lines"]) == 20
    assert [count for _name, _label, count in shown.context["tabs"]] == ([120, 0] if show == "new" else [0, 60])
    for nonsense in ("x", "-1", "9" * 30):
        assert admin_client.get(QUEUE, {"show": nonsense, "p": nonsense}).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_who_opens_it_at_once_finds_the_same(admin_client: Client) -> None:
    for number in range(20):
        for kind in ("资管", "证券"):
            new("".join(chr(block + number) for block in (0x4E00, 0x5E00, 0x6E00, 0x7E00)) + kind)
    raised = together(*[lambda: admin_client.get(QUEUE).content and None] * 4)
    assert raised == []
    assert SimilarNames.objects.count() == 20
    assert not changed_names()


@pytest.mark.django_db(transaction=True)
def test_a_name_that_is_confirmed_while_it_is_merged_is_told(admin_client: Client) -> None:
    one, other = new("易方达"), build.institution("易方达基金")
    answers = at_once(
        [
            (admin_client, QUEUE, {"op": "confirm", "id": one.pk, "type": "mutual-fund"}),
            (admin_client, f"/admin/records/institution/{one.pk}/merge/", {"into": other.pk}),
            (admin_client, QUEUE, {"op": "apart", "id": one.pk, "other": other.pk}),
        ]
    )
    assert [answer.status_code for answer in answers] == [302] * 3
    assert InstitutionMerge.objects.get().name == "易方达"
    assert not Institution.objects.filter(name="易方达").exists()
    assert_exact()
