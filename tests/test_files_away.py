"""A bucket that does not answer: what needs its files says so, all else works, and nothing is stored by halves."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from boto3.exceptions import S3UploadFailedError
from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, override_settings

from irsite.outages import Outage, outage_of
from records.admin import importing
from records.models import Attachment, Intake

from . import build, served
from .crash import filing

SENTENCES = {"en": "where its files lie does not answer", "zh-hans": "存放文件的位置"}
KEYS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": "us-east-1"}


@pytest.fixture
def nowhere() -> str:
    """An address at which nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


@pytest.fixture
def away(nowhere: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The settings under which the bucket is away."""
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    options = {
        "bucket_name": "files",
        "endpoint_url": nowhere,
        "client_config": Config(retries={"total_max_attempts": 1}),
    }
    return override_settings(
        STORAGES={
            "default": {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options},
            "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
        }
    )


@pytest.mark.django_db
@pytest.mark.parametrize("language", list(SENTENCES))
def test_a_file_cannot_be_had_and_its_record_can(away: Any, language: str) -> None:
    record = build.record()
    shown = Attachment.objects.create(record=record, file=ContentFile(b"shown", "纪要.txt"), is_public=True)
    visitor = Client(raise_request_exception=False)
    visitor.cookies["django_language"] = language
    with away:
        answer = visitor.get(shown.get_absolute_url())
        assert (answer.status_code, answer["Retry-After"]) == (503, "30")
        assert SENTENCES[language] in answer.content.decode()
        for address in (record.get_absolute_url(), "/", "/records/", "/readyz"):
            assert visitor.get(address).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_nothing_is_stored_by_halves(away: Any) -> None:
    desk = Client(raise_request_exception=False)
    desk.force_login(build.person("editor", is_superuser=True))
    desk.cookies["django_language"] = "en"
    text = filing(1, "2026-1001")
    with away:
        for sent in ({"text": text}, {"files": SimpleUploadedFile("a.txt", text.encode())}):
            answer = desk.post("/admin/import/", sent)
            assert answer.status_code == 503
            assert SENTENCES["en"] in answer.content.decode()
    assert not Intake.objects.exists()
    preview = desk.post("/admin/import/", {"text": text})["Location"]
    importing._reading.cache_clear()
    with away:
        assert desk.get(preview).status_code == 503
    assert desk.get(preview).status_code == 200
    assert Intake.objects.count() == 1


@pytest.mark.parametrize(
    ("error", "outage"),
    [
        (EndpointConnectionError(endpoint_url="http://x"), Outage.FILES),
        (NoCredentialsError(), Outage.FILES),
        (S3UploadFailedError("x"), Outage.FILES),
        (ClientError({"ResponseMetadata": {"HTTPStatusCode": 503}}, "GetObject"), Outage.FILES),
        (ClientError({"ResponseMetadata": {"HTTPStatusCode": 403}}, "GetObject"), Outage.FILES),
        (ClientError({"ResponseMetadata": {"HTTPStatusCode": 404}}, "HeadObject"), None),
        (FileNotFoundError("x"), None),
    ],
)
def test_what_a_bucket_calls_it_tells_an_outage(error: Exception, outage: Outage | None) -> None:
    assert outage_of(error) is outage


@pytest.mark.parametrize("what", ["files", "database"])
def test_a_command_says_it_in_a_line(what: str, nowhere: str, tmp_path: Path) -> None:
    environment = {**os.environ, **served.ENVIRONMENT, **KEYS, "DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3"}
    command = [sys.executable, "manage.py"]
    subprocess.run([*command, "migrate", "--verbosity", "0"], env=environment, check=True)
    if what == "files":
        environment |= {"MEDIA_BUCKET": "files", "MEDIA_ENDPOINT": nowhere}
    else:
        environment["DATABASE_URL"] = f"sqlite:///{tmp_path}/nowhere/db.sqlite3"
    done = subprocess.run([*command, "check_integrity"], env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith("irsite: ")
    assert ("文件" if what == "files" else "数据库") in last
    traced = subprocess.run(
        [*command, "check_integrity", "--traceback"], env=environment, capture_output=True, text=True
    )
    assert "Traceback" in traced.stderr
