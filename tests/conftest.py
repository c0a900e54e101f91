"""What every test may lean on: the engine's name in the header, a browser where there is one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
from django.utils import translation

from tests import fuzz

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

# How long an example takes says something of the machine, not of the program. The suite tries the same examples each
# time, so that a change alone can break it; `make fuzz` looks for new ones.
hypothesis.settings.register_profile("suite", deadline=None, derandomize=fuzz.TIMES == 1)
hypothesis.settings.load_profile("suite")

# Playwright keeps an event loop in the thread of the tests, in which Django would refuse to query.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


def pytest_report_header() -> str:
    from django.conf import settings

    return f"database: {settings.DATABASES['default']['ENGINE']}; browser: {CHROMIUM or 'none'}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if CHROMIUM or os.environ.get("REQUIRE_ALL"):
        return
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.skip(reason="Chromium is not installed"))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    assert CHROMIUM, "REQUIRE_ALL is set and Chromium is not installed"
    flags = ["--no-sandbox", "--disable-background-networking", "--disable-component-update"]
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": flags}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "locale": "zh-CN", "viewport": {"width": 1280, "height": 900}}


def watched(context: Any) -> list[str]:
    """Fills with every failure of a script and every breach of the content policy.

    To raise at once would end the browser's driver: what listens to events must not fail.
    """
    failures: list[str] = []
    context.on("weberror", lambda failure: failures.append(str(failure.error)))

    def listen(message: Any) -> None:
        # That an address was refused is what some tests are about.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            failures.append(message.text)

    context.on("console", listen)
    return failures


@pytest.fixture
def context(context: Any) -> Iterator[Any]:
    """A script that fails on any page fails the test."""
    failures = watched(context)
    yield context
    assert failures == []


@pytest.fixture(autouse=True, scope="session")
def emptied_between_tests() -> Iterator[None]:
    """The database refuses to empty its audit log; between tests it is emptied with everything else."""
    from django.core.management.commands import flush
    from django.db import connection

    from records.models import audit

    plain = flush.Command.handle

    def handle(self: Any, **options: Any) -> Any:
        audit.uninstall(connection)
        return plain(self, **options)  # and the triggers are back after it, as after each migration

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flush.Command, "handle", handle)
        yield


@pytest.fixture(autouse=True)
def own_media(settings: Any, tmp_path: Any) -> None:
    """Files that a test stores vanish with it."""
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture(autouse=True)
def own_language() -> Iterator[None]:
    """The language of a test's last request ends with it."""
    yield
    translation.deactivate()
