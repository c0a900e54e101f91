"""The desk speaks Chinese where Django does not: its sentences, its scripts, permissions and names of people."""

from __future__ import annotations

import json
import re
from typing import Any

import lxml.html
import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse

from irsite.phrases import OF_SCRIPTS
from records.roles import ROLES

pytestmark = pytest.mark.django_db

SENTENCE = re.compile(r"[A-Za-z’']+(?: [A-Za-z’']+){3,}")


def said(page: bytes) -> str:
    tree: Any = lxml.html.fromstring(page.decode())
    return " ".join(tree.xpath("//body//text()[not(ancestor::script or ancestor::style)]"))


@pytest.mark.parametrize("name", ["user_add", "user_changelist", "group_add", "group_changelist"])
def test_no_page_about_people_has_an_english_sentence(name: str, admin_client: Client) -> None:
    page = admin_client.get(reverse(f"admin:auth_{name}"))
    assert page.status_code == 200
    assert SENTENCE.findall(said(page.content)) == []


@pytest.mark.parametrize("phrase", OF_SCRIPTS)
def test_scripts_are_told_what_django_has_not_translated(phrase: str, admin_client: Client) -> None:
    script = admin_client.get(reverse("admin:jsi18n")).content.decode()
    found = re.search(r"const newcatalog = (\{.*?\});\n", script, re.DOTALL)
    assert found
    told = json.loads(found[1])
    assert re.search("[一-鿿]", told[phrase])
    assert re.search("[一-鿿]", told["Available %s"])


def test_permissions_are_called_by_what_they_let_one_do(admin_client: Client) -> None:
    page = said(admin_client.get(reverse("admin:auth_group_add")).content)
    for label in ("审计日志：查看", "记录：增加", "记录：发布", "用户：修改"):
        assert label in page
    assert "Can " not in page
    admin_client.cookies["django_language"] = "en"
    assert "audit entry: view" in said(admin_client.get(reverse("admin:auth_group_add")).content)


def test_a_permission_that_is_ticked_is_given(admin_client: Client) -> None:
    wanted = Permission.objects.get(codename="view_auditentry")
    admin_client.post(reverse("admin:auth_group_add"), {"name": "内审", "permissions": [wanted.pk]})
    assert list(Group.objects.get(name="内审").permissions.all()) == [wanted]


def test_roles_are_exported_with_the_same_words(admin_client: Client) -> None:
    role = Group.objects.get(name="IR reviewer")
    asked = {"action": "export_groups", "_selected_action": [role.pk], "export": "1", "kind": "csv"}
    answer: Any = admin_client.post(reverse("admin:auth_group_changelist"), {**asked, "columns": ["permissions"]})
    told = b"".join(answer.streaming_content).decode()
    assert "记录：发布" in told
    assert told.count("：") == len(ROLES["IR reviewer"])


@pytest.mark.parametrize(
    ("language", "family", "given", "greeting"),
    [
        ("zh-hans", "张", "敏", "欢迎，<strong>张敏</strong>。"),
        ("en", "张", "敏", "Welcome, <strong>张敏</strong>."),
        ("en", "Smith", "John", "Welcome, <strong>John Smith</strong>."),
        ("zh-hans", "", "", "欢迎，<strong>admin</strong>。"),
        ("zh-hans", "<b>", "", "欢迎，<strong>&lt;b&gt;</strong>。"),
    ],
)
def test_people_are_greeted_by_their_name(
    language: str, family: str, given: str, greeting: str, admin_client: Client, admin_user: Any
) -> None:
    admin_user.last_name, admin_user.first_name = family, given
    admin_user.save()
    admin_client.cookies["django_language"] = language
    assert greeting in admin_client.get("/admin/").content.decode()
