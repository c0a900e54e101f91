"""What an address may ask of a list of the desk: what its own links ask, and never an error of ours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import urlencode, urljoin

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db import DataError, NotSupportedError, models
from django.test import Client, RequestFactory
from django.urls import reverse

from records.admin.filters import TextFilter
from records.admin.lists import DeskAdmin
from records.models import Closure, QuietPeriod, Record, Reminder, ToldApart, WatchWord, audit

from . import build

pytestmark = pytest.mark.django_db

LIST = "/admin/records/record/"
REGISTERED = sorted(admin.site._registry.values(), key=str)
TEXT = (models.CharField, models.TextField, models.JSONField)
EVERY_LIST = pytest.mark.parametrize("model_admin", REGISTERED, ids=lambda one: one.opts.model_name)


@pytest.fixture
def rows(admin_user: User) -> None:
    """A row in each list, and records of two years."""
    company = build.company()
    build.records(2, of=company, topics=["大模型"])
    build.draft(number="1", held="2025-02-03")
    QuietPeriod.objects.create(company=company, first_day="2024-06-01", last_day="2024-06-30", reason="年报")
    Closure.objects.get_or_create(date="2030-01-01")
    Reminder.objects.create(user=admin_user)
    WatchWord.objects.get_or_create(word="目标价")
    ToldApart.tell(build.institution("安信证券").pk, build.institution("国投证券").pk)
    build.institution("高瓴资本").merge_into(build.institution("中信证券"), admin_user)
    audit.note("export", Record.objects.first(), user=admin_user)
    admin_user.groups.add(Group.objects.first())


def list_of(model_admin: Any) -> str:
    return reverse(f"admin:{model_admin.opts.app_label}_{model_admin.opts.model_name}_changelist")


# What is asked


@EVERY_LIST
def test_no_list_is_asked_for_more_than_its_filters_know(model_admin: Any, admin_client: Client) -> None:
    """A pattern such as this one keeps SQLite busy for ever."""
    assert isinstance(model_admin, DeskAdmin)
    fields = [field.name for field in model_admin.model._meta.fields if isinstance(field, TEXT)]
    for field in (*fields, "pk", "nothing"):
        for lookup in ("regex", "iregex", "contains", "startswith", "in", "gt"):
            answer = admin_client.get(list_of(model_admin), {f"{field}__{lookup}": "^(a|aa)+$"})
            assert answer.status_code == 400, f"{field}__{lookup}"


def test_a_refusal_tells_the_log_nothing_of_what_was_asked(admin_client: Client, caplog: Any) -> None:
    assert admin_client.get(f"{LIST}?introduction__regex=secret&Smith=1").status_code == 400
    assert "a list was asked" in caplog.text
    assert not re.search("secret|Smith|introduction", caplog.text)


# What the desk's own links ask


def links(client: Client, page: str) -> list[str]:
    """The lists that a page leads to, narrowed in some way."""
    answer = client.get(page)
    assert answer.status_code == 200, page
    hrefs = (unescape(href) for href in re.findall(r'href="([^"]+)"', answer.content.decode()))
    lists = {list_of(model_admin) for model_admin in REGISTERED}
    found = (urljoin(page, href) for href in hrefs if "?" in href)
    return sorted({link for link in found if link.partition("?")[0] in lists})


@pytest.mark.usefixtures("rows")
@EVERY_LIST
def test_the_links_of_a_list_and_its_search_box_work(model_admin: Any, admin_client: Client) -> None:
    page = list_of(model_admin)
    assert all(admin_client.get(f"{page}?{more}").status_code == 200 for more in ("", "_popup=1", "all="))
    for link in links(admin_client, page):
        answer = admin_client.get(link)
        assert answer.status_code == 200, link
        box = re.search(r'<form id="changelist-search".*?</form>', answer.content.decode(), re.DOTALL)
        kept = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', box[0]) if box else []
        again = admin_client.get(page, {"q": "a", **{unescape(name): unescape(value) for name, value in kept}})
        assert again.status_code == 200, link


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize("page", [LIST, "/admin/records/closure/"])
def test_the_days_above_a_list_lead_down_to_one_day(page: str, admin_client: Client) -> None:
    for part in ("year", "month", "day"):
        page = next(link for link in links(admin_client, page) if f"__{part}=" in link)
    assert admin_client.get(page).context["cl"].result_count == 1


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize("page", ["/admin/", "/admin/records/institution/queue/", "/admin/import/"])
def test_the_links_of_the_other_pages_work(page: str, admin_client: Client) -> None:
    found = links(admin_client, page)
    assert found or page != "/admin/"
    for link in found:
        assert admin_client.get(link).status_code == 200, link


# What nobody understands


NASTY = [
    *(
        "",
        " ",
        "0",
        "-1",
        "1.5",
        "(",
        "%",
        "'\"",
        "a\0b",
        "9" * 19,
        "9" * 5000,
        "x" * 3000,
        "a " * 1500,
        "1.-2.x",
        "²",
        "٣",
    ),
    *("0001-01-01", "9999-12-31", "9999-12-31T23:59:59-14:00", "10000-01-01", "2024-02-30", "[]"),
]
BYTES = ["%ED%A0%80", "%00%FF"]  # no text in any encoding
OWN = ("q", "o", "p", "all", "e", "_popup", "_to_field")  # Django's, of every list


def parameters(model_admin: Any, user: User) -> Iterator[str]:
    request = RequestFactory().get("/")
    request.user = user
    for spec in model_admin.get_changelist_instance(request).filter_specs:
        yield from spec.expected_parameters()
    if model_admin.date_hierarchy:
        yield f"{model_admin.date_hierarchy}__year"


def broken(client: Client, addresses: Any) -> list[str]:
    client.raise_request_exception = False
    return [address for address in addresses if client.get(address).status_code >= 500]


@pytest.mark.usefixtures("rows")
@EVERY_LIST
@pytest.mark.filterwarnings("ignore:DateTimeField")
def test_no_value_in_an_address_is_an_error_of_ours(model_admin: Any, admin_client: Client, admin_user: User) -> None:
    page = list_of(model_admin)
    values = (*(urlencode({"": text})[1:] for text in NASTY), *BYTES)
    names = (*OWN, *parameters(model_admin, admin_user))
    assert broken(admin_client, [f"{page}?{name}={value}" for name in names for value in values]) == []


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize("field", ["record/?held_from", "closure/?date"])
def test_no_day_in_an_address_is_an_error_of_ours(field: str, admin_client: Client) -> None:
    days = [
        {"year": year, "month": month, "day": day}
        for year in (None, "", "0", "1", "2024", "9999", "9" * 30)
        for month in (None, "0", "12", "9" * 30)
        for day in (None, "31", "9" * 30)
    ]
    page, name = field.split("?")
    asked = (urlencode({f"{name}__{part}": value for part, value in day.items() if value is not None}) for day in days)
    assert broken(admin_client, (f"/admin/records/{page}?{query}" for query in asked)) == []


def test_no_term_breaks_what_is_offered_while_typing(admin_client: Client) -> None:
    inlines = [inline for model_admin in REGISTERED for inline in model_admin.inlines]
    asked = [
        {"app_label": model._meta.app_label, "model_name": model._meta.model_name, "field_name": field.name}
        for model in {one.model for one in (*REGISTERED, *inlines)}
        for field in (*model._meta.fields, *model._meta.many_to_many)
        if field.remote_field
    ]
    for where in asked:
        terms = (urlencode({**where, "term": text}) for text in ("a\0b", "\0", "x" * 3000, "a " * 1500, "%", '"'))
        assert broken(admin_client, (f"/admin/autocomplete/?{term}" for term in terms)) == []


def test_a_term_finds_what_it_finds_without_what_no_database_holds(admin_client: Client) -> None:
    build.institution("华夏基金")
    where = "app_label=records&model_name=participant&field_name=institution"
    found = admin_client.get(f"/admin/autocomplete/?{where}&term=%00华夏%00基金").json()["results"]
    assert [one["text"] for one in found] == ["华夏基金"]


@pytest.mark.usefixtures("rows")
@EVERY_LIST
def test_no_selection_is_an_error_of_ours(model_admin: Any, admin_client: Client) -> None:
    admin_client.raise_request_exception = False
    request = RequestFactory().get("/")
    request.user = User.objects.get()
    export = next(name for name in model_admin.get_actions(request) if name.startswith("export_"))
    for chosen in NASTY:
        data = {"action": export, "index": "0", "_selected_action": [chosen]}
        assert admin_client.post(list_of(model_admin), data).status_code < 500, chosen


@pytest.mark.parametrize("name", ["institution", "watchword"])
def test_no_key_of_a_row_that_is_edited_in_a_list_is_an_error_of_ours(name: str, admin_client: Client) -> None:
    admin_client.raise_request_exception = False
    for chosen in NASTY:
        data = {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "form-0-id": chosen, "_save": "1"}
        assert admin_client.post(f"/admin/records/{name}/", data).status_code < 500, chosen


@pytest.mark.parametrize("error", [OverflowError, ValueError, DataError, NotSupportedError])
def test_what_no_database_understands_leads_to_the_whole_list(
    error: type[Exception], admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_asked: Any) -> Any:
        raise error

    monkeypatch.setattr(TextFilter, "queryset", fail)
    for page in (LIST, "/admin/records/auditentry/"):
        answer = admin_client.get(page)
        assert answer.headers["Location"] == f"{page}?e=1"
