"""Files of a record: kept whole, served to whom they are meant for, gone when their row is."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client

from records.models import Attachment, Record

from . import build


def attach(record: Record, data: bytes = b"slides", **fields: Any) -> Attachment:
    attachment = Attachment(record=record, file=ContentFile(data, name="演示文稿.pdf"), **fields)
    attachment.save()
    return attachment


def files(settings: Any) -> list[Path]:
    return [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


@pytest.mark.django_db
def test_the_digest_is_that_of_the_bytes_also_after_they_were_replaced() -> None:
    attachment = attach(build.draft())
    assert attachment.sha256 == hashlib.sha256(b"slides").hexdigest()
    attachment.file = ContentFile(b"other", name="x.pdf")
    attachment.save()
    assert attachment.sha256 == hashlib.sha256(b"other").hexdigest()
    attachment.save()
    assert attachment.name == "演示文稿.pdf"


@pytest.mark.django_db(transaction=True)
def test_the_file_goes_with_its_record(settings: Any) -> None:
    record = build.draft()
    attach(record)
    assert len(files(settings)) == 1
    record.delete()
    assert files(settings) == []


@pytest.mark.django_db(transaction=True)
def test_a_new_version_has_the_same_files_and_neither_takes_them_from_the_other(settings: Any) -> None:
    record = build.record()
    kept, source = attach(record, is_public=True), attach(record, kind=Attachment.Kind.SOURCE)
    draft = record.correct()
    copy = draft.attachments.get()
    assert (copy.name, copy.sha256, copy.is_public) == (kept.name, kept.sha256, True)
    draft.delete()
    assert kept.file.open("rb").read() == b"slides"
    Record.objects.get(pk=record.pk).withdraw()
    build.long_ago(record).delete()
    assert files(settings) == []
    assert not source.file.storage.exists(source.file.name)


@pytest.mark.django_db
def test_a_stranger_gets_what_is_public_of_a_published_record(client: Client) -> None:
    attachment = attach(build.record(), is_public=True)
    answer = client.get(attachment.get_absolute_url())
    assert b"".join(answer.streaming_content) == b"slides"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.django_db
@pytest.mark.parametrize("is_public", [True, False])
def test_a_stranger_gets_nothing_of_a_draft(client: Client, is_public: bool) -> None:
    attachment = attach(build.draft(), is_public=is_public)
    assert client.get(attachment.get_absolute_url()).status_code == 404


@pytest.mark.django_db
def test_a_stranger_gets_nothing_that_was_not_made_public(client: Client, admin_client: Client) -> None:
    attachment = attach(build.record())
    assert client.get(attachment.get_absolute_url()).status_code == 404
    answer = admin_client.get(attachment.get_absolute_url())
    assert answer.status_code == 200
    assert "no-store" in answer.headers["Cache-Control"]
