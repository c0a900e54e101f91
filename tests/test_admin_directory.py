"""Companies, institutions and topics at the desk: found by pinyin, and one name stands for one institution."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from records.models import Institution, InstitutionAlias

from . import build

pytestmark = pytest.mark.django_db

INSTITUTIONS = "/admin/records/institution/"
LIST_QUERIES = 10


def typed(name: str, *aliases: str) -> dict[str, Any]:
    rows = {f"aliases-{at}-name": alias for at, alias in enumerate(aliases)}
    return {
        "name": name,
        "type": "unknown",
        "reviewed": "on",
        "aliases-TOTAL_FORMS": len(aliases),
        "aliases-INITIAL_FORMS": 0,
        **rows,
    }


@pytest.mark.parametrize(
    ("model", "text", "found"),
    [
        ("institution", "hxjj", "华夏基金"),
        ("institution", "ChinaAMC", "华夏基金"),
        ("company", "cgsj", "999001 晨光数据"),
        ("company", "999001", "999001 晨光数据"),
        ("topic", "dmx", "大模型"),
    ],
)
def test_all_is_found_by_name_and_by_pinyin(admin_client: Client, model: str, text: str, found: str) -> None:
    build.company("999001")
    build.company("999002")
    build.topic("大模型")
    build.topic("境外业务")
    build.institution("中信证券")
    InstitutionAlias.objects.create(institution=build.institution("华夏基金"), name="ChinaAMC")
    answer = admin_client.get(f"/admin/records/{model}/?q={text}")
    assert [str(row) for row in answer.context["cl"].result_list] == [found]


def test_an_institution_is_entered_with_its_aliases(admin_client: Client) -> None:
    admin_client.post(f"{INSTITUTIONS}add/", typed("国投证券", "安信证券"))
    assert Institution.objects.resolve(["安信证券股份有限公司"])["安信证券股份有限公司"].name == "国投证券"


@pytest.mark.parametrize(
    "data",
    [
        typed("国投证券", "华夏基金"),  # the name of another
        typed("国投证券", "ChinaAMC"),  # an alias of another
        typed("国投证券", "安信证券", "安信证券有限公司"),  # twice
        typed("华夏基金管理有限公司"),
    ],
)
def test_a_name_that_is_taken_is_refused(admin_client: Client, data: dict[str, Any]) -> None:
    InstitutionAlias.objects.create(institution=build.institution("华夏基金"), name="ChinaAMC")
    assert admin_client.post(f"{INSTITUTIONS}add/", data).status_code == 200
    assert Institution.objects.count() == 1


def test_an_alias_carries_the_days_on_which_it_was_used(admin_client: Client, client: Client, settings: Any) -> None:
    settings.LANGUAGE_CODE = "en"
    data = {
        **typed("国投证券", "安信证券"),
        "aliases-0-used_from": "2006年8月22日",
        "aliases-0-used_until": "2023.12.8",
    }
    admin_client.post(f"{INSTITUTIONS}add/", data)
    alias = InstitutionAlias.objects.get()
    assert (str(alias.used_from), str(alias.used_until)) == ("2006-08-22", "2023-12-08")
    build.record(visitors=["国投证券 王五"])
    page = client.get(alias.institution.get_absolute_url()).content.decode()
    assert 'formerly <span lang="zh-Hans">安信证券</span> (2006-08-22 to 2023-12-08)' in page
    InstitutionAlias.objects.update(used_until="2999-12-31")
    page = client.get(alias.institution.get_absolute_url()).content.decode()
    assert "安信证券" in page
    assert "formerly" not in page
    # A day says when a name was used, and not that the name stands for nobody else.
    InstitutionAlias.objects.update(used_until="2023-12-08")
    assert Institution.objects.resolve(["安信证券股份有限公司"]) == {"安信证券股份有限公司": alias.institution}


@pytest.mark.parametrize(
    ("first", "last", "told"),
    [("2024-01-02", "2024-01-01", "早于"), ("昨天", "", "昨天"), ("", "5月3日", "年")],
)
def test_days_of_an_alias_are_refused_beside_their_field(
    first: str, last: str, told: str, admin_client: Client
) -> None:
    data = {**typed("国投证券", "安信证券"), "aliases-0-used_from": first, "aliases-0-used_until": last}
    answer = admin_client.post(f"{INSTITUTIONS}add/", data)
    assert answer.status_code == 200
    assert told in str(answer.context["errors"])
    assert not Institution.objects.exists()


@pytest.mark.parametrize("model", ["institution", "company", "topic"])
def test_a_list_costs_the_same_for_any_number_of_rows(
    admin_client: Client, model: str, django_assert_max_num_queries: Any
) -> None:
    for count in (2, 40):
        for n in range(count):
            build.institution(f"机构{n}资本")
            build.company(f"9990{n:02}")
            build.topic(f"主题{n}")
        admin_client.get(f"/admin/records/{model}/")
        with django_assert_max_num_queries(LIST_QUERIES):
            assert admin_client.get(f"/admin/records/{model}/").status_code == 200


def test_who_is_referred_to_is_not_deleted(admin_client: Client) -> None:
    record = build.record()
    institution = record.participants.get().institution
    admin_client.post(f"{INSTITUTIONS}{institution.pk}/delete/", {"post": "yes"})
    assert Institution.objects.filter(pk=institution.pk).exists()
    admin_client.post(f"/admin/records/company/{record.company_id}/delete/", {"post": "yes"})
    assert type(record.company).objects.filter(pk=record.company_id).exists()


def test_users_and_groups_are_kept_as_in_django(admin_client: Client) -> None:
    assert admin_client.get("/admin/auth/user/").status_code == 200
    assert admin_client.get("/admin/auth/group/").status_code == 200
