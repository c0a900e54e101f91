"""Renews the pictures in README from the program as it is: `make pictures`. Needs Chromium and a Chinese font."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

from playwright.sync_api import Page, sync_playwright

from .conftest import CHROMIUM

FOLDER = Path("docs/pictures")


@contextlib.contextmanager
def site() -> Iterator[tuple[str, str]]:
    """A site with the sample data on a database of its own; gives its address and the password of its login."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "DATABASE_URL": f"sqlite:///{folder}/db.sqlite3", "MEDIA_ROOT": folder}
        manage = [sys.executable, "manage.py"]
        subprocess.run([*manage, "migrate", "--verbosity", "0"], env=environment, check=True)
        said = subprocess.run([*manage, "first_run"], env=environment, check=True, capture_output=True, text=True)
        found = re.search(r"(?:密码|password)[：:] ?([\w-]+)", said.stdout)
        assert found, said.stdout
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{free.getsockname()[1]}"
        server = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "irsite.wsgi", "--bind", address, "--threads", "4"],
            env=environment,
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait_for(f"http://{address}/")
            yield f"http://{address}", found[1]
        finally:
            server.terminate()
            server.wait(10)


def _wait_for(url: str) -> None:
    for _attempt in range(100):
        with contextlib.suppress(OSError):
            urlopen(url).close()  # noqa: S310 - our own server
            return
        time.sleep(0.1)
    raise SystemExit(f"{url} does not answer")


def shoot(page: Page, name: str) -> None:
    page.screenshot(path=FOLDER / f"{name}.png")
    print(FOLDER / f"{name}.png")


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with site() as (url, password), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(
            viewport={"width": 1280, "height": 800}, locale="zh-CN", timezone_id="Asia/Shanghai"
        )
        page = context.new_page()
        page.goto(f"{url}/records/?q=境外")
        shoot(page, "records")
        page.goto(f"{url}/records/")
        page.locator("main table a[href^='/records/9'], main li a[href^='/records/9']").first.click()
        shoot(page, "record")
        page.goto(f"{url}/insights/")
        shoot(page, "insights")
        page.goto(f"{url}/admin/")
        page.locator("#id_username").fill("desk")
        page.locator("#id_password").fill(password)
        page.locator("[type=submit]").click()
        page.goto(f"{url}/admin/records/record/")
        shoot(page, "desk")
        page.goto(f"{url}/admin/records/record/add/")
        shoot(page, "entry")
        browser.close()


if __name__ == "__main__":
    main()
