"""What an address may ask of a list of the desk: what its own links ask, and never an error of ours."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import urljoin

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db import models
from django.test import Client
from django.urls import reverse

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
