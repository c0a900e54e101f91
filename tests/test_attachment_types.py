"""Which files are taken beside a record: by what they hold, in agreement with their names, and how they are given out."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from records.filetypes import TYPES, check
from records.models import Attachment, Record

from . import build
from .test_admin_entry import ADD, change, form, new_row

MAIN = {"docx": "wordprocessingml.document", "pptx": "presentationml.presentation", "xlsx": "spreadsheetml.sheet"}
STREAM = {"doc": "WordDocument", "ppt": "PowerPoint Document", "xls": "Workbook"}


@pytest.fixture(autouse=True)
def _in_english(settings: Any) -> None:
    settings.LANGUAGE_CODE = "en"


def package(kind: str, *more: str, types: str = "") -> bytes:
    """As Office writes: parts, and the types of them."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as parts:
        main = f"application/vnd.openxmlformats-officedocument.{MAIN.get(kind, kind)}.main+xml"
        parts.writestr("[Content_Types].xml", f'<Types><Override ContentType="{types or main}"/></Types>')
        for name in more:
            parts.writestr(name, "x")
    return data.getvalue()


def older(kind: str, *more: str) -> bytes:
    names = "".join(f"{name}\0" for name in ("Root Entry", STREAM[kind], *more))
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + names.encode("utf-16-le")


PDF, PNG, JPG = b"%PDF-1.7\n%%EOF", b"\x89PNG\r\n\x1a\n0", b"\xff\xd8\xff\xe0"
GOOD = {
    "pdf": PDF,
    "jpg": JPG,
    "jpeg": JPG,
    "png": PNG,
    "txt": "参会名单：华夏基金".encode(),
    "md": "# 纪要\n<table><tr><td>甲".encode(),
    **{kind: package(kind) for kind in MAIN},
    **{kind: older(kind) for kind in STREAM},
}


def refusal(name: str, data: bytes, limit: int = 20) -> str:
    """The sentence with which a file is refused; empty where it is taken."""
    try:
        check(SimpleUploadedFile(name, data), limit)
    except ValidationError as error:
        (sentence,) = error.messages
        return str(sentence)
    return ""


def test_every_kind_that_is_taken_is_tried_here() -> None:
    assert GOOD.keys() == TYPES.keys()


@pytest.mark.parametrize("kind", sorted(GOOD))
def test_what_agrees_with_its_name_is_taken(kind: str) -> None:
    file = SimpleUploadedFile(f"附件.{kind.upper()}", GOOD[kind])
    check(file, 20)
    assert file.read() == GOOD[kind]


@pytest.mark.parametrize("kind", sorted(GOOD))
@pytest.mark.parametrize("content", sorted(GOOD))
def test_what_does_not_agree_with_its_name_is_refused(kind: str, content: str) -> None:
    alike = {kind, content} in ({"jpg", "jpeg"}, {"txt", "md"}) or kind == content
    assert bool(refusal(f"附件.{kind}", GOOD[content])) != alike


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("页面.html", b"<!doctype html><script>alert(1)</script>"),
        ("图.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
        ("程序.exe", b"MZ\x90\x00"),
        ("脚本.js", b"alert(1)"),
        ("脚本.sh", b"#!/bin/sh"),
        ("文件", PDF),
        ("材料.pdf.exe", PDF),
        ("材料.exe.pdf", b"MZ\x90\x00"),
        ("材料.pdf", b"<html>%PDF-1.7"),
        ("说明.txt", b"  <!DOCTYPE html><p>"),
        ("说明.txt", b"<svg onload='x'>"),
        ("说明.md", b"#!/bin/sh\nrm"),
        ("说明.txt", b"MZ\x90\x00\x03"),
        ("说明.txt", b"\xff\xff\xff\xff"),
        ("图.png", b"GIF89a"),
        ("压缩.zip", package("docx")),
        ("材料.docx", package("docx")[:-30]),
        ("材料.docx", b"PK\x03\x04"),
        ("材料.docx", package("x", types="application/octet-stream")),
        ("材料.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
    ],
)
def test_what_may_do_harm_or_is_not_known_is_refused(name: str, data: bytes) -> None:
    assert refusal(name, data)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("宏.docm", package("docx")),
        ("宏.xlsm", package("xlsx")),
        ("宏.docx", package("docx", "word/vbaProject.bin")),
        ("宏.xlsx", package("x", types="application/vnd.ms-excel.sheet.macroEnabled.main+xml")),
        ("宏.xls", older("xls", "_VBA_PROJECT_CUR")),
        ("宏.doc", older("doc", "_VBA_PROJECT")),
    ],
)
def test_macros_are_refused_by_their_name(name: str, data: bytes) -> None:
    assert "macros" in refusal(name, data)


def test_a_file_has_a_limit_and_something_in_it() -> None:
    assert "1 MB" in refusal("材料.pdf", PDF + bytes(1024 * 1024), limit=1)
    assert not refusal("材料.pdf", PDF + bytes(1024 * 1024 - len(PDF)), limit=1)
    assert "empty" in refusal("材料.pdf", b"")


def test_a_bomb_is_not_unpacked() -> None:
    """Neither a part that grows to 200 MB nor a list of parts that is longer than any document's."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as parts:
        with parts.open("[Content_Types].xml", "w") as part:
            for _n in range(200):
                part.write(bytes(1 << 20))
        parts.writestr("word/document.xml", "x")
    many = io.BytesIO()
    with zipfile.ZipFile(many, "w") as parts:
        parts.writestr("[Content_Types].xml", "wordprocessingml.document.main+xml")
        for number in range(30_000):
            parts.writestr(f"word/{number:030}", "")
    tracemalloc.start()
    told = [refusal("弹.docx", data.getvalue()), refusal("弹.docx", many.getvalue())]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert all(told)
    assert peak < 20 << 20


@pytest.mark.parametrize("at", range(0, 200, 7))
def test_a_damaged_package_is_refused_or_taken_and_never_an_error(at: int) -> None:
    whole = package("docx", "word/document.xml")
    for damage in (b"\0", b"\xff", struct.pack("<Q", 2**63)):
        refusal("坏.docx", whole[:at] + damage + whole[at + len(damage) :])
        refusal("坏.docx", whole[: -at or None])
        refusal("坏.docx", whole[: len(whole) - at] + damage + whole[len(whole) - at + len(damage) :])


# At the desk


def uploaded(name: str, data: bytes, /, **fields: Any) -> dict[str, Any]:
    return new_row("attachments", 0, kind="slides", file=SimpleUploadedFile(name, data), **fields)


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "data"), [("页面.html", b"<html>"), ("材料.pdf", b"MZ"), ("材料.pdf", b"")])
def test_a_file_that_is_refused_is_said_beside_it_and_nothing_is_stored(
    name: str, data: bytes, admin_client: Client
) -> None:
    answer = admin_client.post(ADD, form(None, uploaded(name, data), place="上海"))
    assert answer.status_code == 200
    rows = answer.context["inline_admin_formsets"][2].formset
    assert len(rows.errors[0]["file"]) == 1
    assert answer.context["adminform"].form["place"].value() == "上海"
    assert not Record.objects.exists()
    assert not Attachment.objects.exists()


@pytest.mark.django_db
def test_the_limit_is_a_setting(admin_client: Client, settings: Any) -> None:
    settings.ATTACHMENT_MEGABYTES = 1
    answer = admin_client.post(ADD, form(None, uploaded("材料.pdf", PDF + bytes(1 << 20))))
    assert "1 MB" in str(answer.context["inline_admin_formsets"][2].formset.errors)
    settings.ATTACHMENT_MEGABYTES = 2
    assert admin_client.post(ADD, form(None, uploaded("材料.pdf", PDF + bytes(1 << 20)))).status_code == 302


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("typed", "name"), [("", "材料.PDF"), ("讲稿", "讲稿.pdf"), ("讲稿.html", "讲稿.html.pdf"), ("甲.pdf", "甲.pdf")]
)
def test_a_name_that_is_typed_keeps_the_extension(typed: str, name: str, admin_client: Client) -> None:
    admin_client.post(ADD, form(None, uploaded("材料.PDF", PDF, name=typed)))
    assert Attachment.objects.get().name == name


@pytest.mark.django_db
def test_a_stored_file_is_named_as_people_call_it_and_is_to_be_had(admin_client: Client) -> None:
    admin_client.post(ADD, form(None, uploaded("演示文稿.pdf", PDF)))
    stored = Attachment.objects.get()
    page = admin_client.get(change(stored.record)).content.decode()
    assert f'<a href="{stored.get_absolute_url()}">演示文稿.pdf</a>' in page
    assert stored.file.name not in page


@pytest.mark.django_db
def test_of_what_is_opened_again_files_are_added_and_not_replaced(admin_client: Client) -> None:
    record = build.record()
    Attachment(record=record, file=ContentFile(PDF, name="材料.pdf")).save()
    record.withdraw()
    record.reopen()
    stored = record.attachments.get()
    known = {"attachments-0-id": stored.pk, "attachments-0-kind": "other", "attachments-0-name": "材料.pdf"}
    more = {"attachments-1-kind": "signed", "attachments-1-file": SimpleUploadedFile("签字.png", PNG)}
    counts = {"attachments-TOTAL_FORMS": 2, "attachments-INITIAL_FORMS": 1}
    other = {"attachments-0-file": SimpleUploadedFile("别的.pdf", PDF + b"!")}
    answer = admin_client.post(change(record), form(record) | known | more | counts | other)
    assert answer.status_code == 302, answer.context["errors"]
    assert [row.name for row in record.attachments.all()] == ["材料.pdf", "签字.png"]
    assert record.attachments.first().sha256 == stored.sha256


# Given out


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "kind"),
    [("材料.pdf", "application/pdf"), ("页面.html", "application/octet-stream"), ("说明.TXT", "text/plain")],
)
def test_a_file_is_given_out_as_what_it_is_and_never_to_be_opened_in_the_page(
    name: str, kind: str, client: Client
) -> None:
    """Pages that were imported lie beside their records too: as a stream of bytes."""
    stored = Attachment(record=build.record(), file=ContentFile(b"x", name=name), is_public=True)
    stored.save()
    answer = client.get(stored.get_absolute_url())
    assert answer.headers["Content-Type"] == kind
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.django_db
def test_the_filing_itself_is_public_only_where_somebody_said_so(client: Client) -> None:
    record = build.record()
    source = Attachment(record=record, kind=Attachment.Kind.SOURCE, file=ContentFile(PDF, name="表.pdf"))
    source.save()
    assert not source.is_public
    assert client.get(source.get_absolute_url()).status_code == 404
    assert source.get_absolute_url() not in client.get(record.get_absolute_url()).content.decode()
    Attachment.objects.update(is_public=True)
    assert client.get(source.get_absolute_url()).status_code == 200


@pytest.mark.django_db
def test_a_version_that_was_replaced_offers_no_files(client: Client) -> None:
    record = build.record()
    stored = Attachment(record=record, file=ContentFile(PDF, name="材料.pdf"), is_public=True)
    stored.save()
    new = record.correct()
    new.publish()
    former = Record.objects.get(pk=record.pk)
    assert client.get(stored.get_absolute_url()).status_code == 404
    assert "材料.pdf" not in client.get(former.get_absolute_url()).content.decode()
    assert "材料.pdf" in client.get(new.get_absolute_url()).content.decode()
