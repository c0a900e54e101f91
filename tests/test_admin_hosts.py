"""Hosts as people type and paste them: one a line or in a list, and nothing is lost on the way back."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from records.admin.forms import HostsField, RowsField


def read(text: str) -> list[tuple[str, str]]:
    return [(host["title"], host["name"]) for host in HostsField(required=False).clean(text)]


@pytest.mark.parametrize(
    ("typed", "hosts"),
    [
        ("董事会秘书：何清和\n宋知行", [("董事会秘书", "何清和"), ("", "宋知行")]),
        (
            "董事会秘书:何清和；证券事务代表：宋知行;林远",
            [("董事会秘书", "何清和"), ("证券事务代表", "宋知行"), ("", "林远")],
        ),
        ("何清和、宋知行，林远,周一", [("", "何清和"), ("", "宋知行"), ("", "林远"), ("", "周一")]),
        ("董事长：何清和、董事会秘书：宋知行", [("董事长", "何清和"), ("董事会秘书", "宋知行")]),
        ("董事、总经理：何清和", [("董事、总经理", "何清和")]),
        ("董事长：何清和、董事、总经理：宋知行", [("董事长", "何清和"), ("董事、总经理", "宋知行")]),
        ("独立董事：何清和、宋知行", [("独立董事", "何清和"), ("独立董事", "宋知行")]),
        ("  \r\n\r\n", []),
    ],
)
def test_a_list_is_taken_apart(typed: str, hosts: list[tuple[str, str]]) -> None:
    assert read(typed) == hosts


def test_what_was_stored_comes_back_as_it_was_though_a_line_was_added() -> None:
    stored = [
        {"title": "总监:投资", "name": "甲；乙、丙"},
        {"title": "", "name": "Smith, John"},
        {"title": "秘书", "name": ""},
    ]
    field = HostsField(required=False)
    field.known = {HostsField.line_of(host): host for host in stored}
    shown = field.prepare_value(stored)
    assert field.clean(shown) == stored
    assert not field.has_changed(stored, shown)
    assert field.clean(f"{shown}\r\n宋知行") == [*stored, {"title": "", "name": "宋知行"}]


@pytest.mark.parametrize("field", [HostsField(), RowsField()])
@pytest.mark.parametrize("sign", ["\0", "\ud800"])
def test_what_no_database_stores_is_refused(field: HostsField | RowsField, sign: str) -> None:
    with pytest.raises(ValidationError):
        field.clean(f"【风险提示】董事长：{sign}")
