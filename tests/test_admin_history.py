"""The history of a record is read, never written back."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from . import build
from .test_admin_entry import change, form

pytestmark = pytest.mark.django_db


def test_it_tells_who_did_what(admin_client: Client) -> None:
    record = build.draft(place="上海")
    admin_client.post(change(record), form(record, place="北京", _publish="1"))
    page = admin_client.get(reverse("admin:records_record_history", args=[record.pk])).content.decode()
    assert "上海 → 北京" in page
    assert "admin" in page
    assert "发布" in page
    assert "style=" not in page


def test_no_version_brings_an_earlier_status_back(admin_client: Client) -> None:
    record = build.record()
    draft = record.history.filter(status="draft").first()
    address = reverse("admin:records_record_simple_history", args=[record.pk, draft.pk])
    assert admin_client.get(address).status_code == 404
    assert admin_client.post(address, form(record)).status_code == 404
    record.refresh_from_db()
    assert record.is_published


def test_a_verb_that_only_follows_from_another_is_not_for_people(admin_client: Client) -> None:
    record = build.record()
    assert admin_client.post(f"/admin/records/record/{record.pk}/verb/supersede/").status_code == 404
