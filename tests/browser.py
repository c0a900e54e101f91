"""Somebody at a browser, without the browser: keeps cookies, and posts forms as they stand on a page.

Each request has a connection of its own, as nginx makes them.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import re
import uuid
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import lxml.html

HOST = "ir.example.com"
NEVER = 120  # seconds: an answer that takes longer is none
WARNING = 30  # the level of Django's messages from which on something was not done

Fields = dict[str, list[str]]
File = tuple[str, bytes]


class RefusedError(Exception):
    """The site answered, and not what was asked for."""


class Page(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    text: str

    @property
    def tree(self) -> Any:
        return lxml.html.fromstring(self.text)

    @property
    def goes_to(self) -> str:
        """Where it leads; it is not followed by itself."""
        return self.headers.get("Location", "")

    def form(self, xpath: str = "//form[@method='post']") -> Fields:
        """What the first such form would post, buttons and files apart."""
        found = [form for form in self.tree.xpath(xpath) if form.get("id") != "logout-form"]
        if not found:
            raise RefusedError(f"{self.status}: no form {xpath}")
        for area in found[0].xpath(".//textarea"):  # whose first line break is the template's
            area.text = (area.text or "").removeprefix("\r").removeprefix("\n")
        fields: Fields = {}
        for name, value in found[0].form_values():
            fields.setdefault(name, []).append(value)
        return fields

    def values(self, name: str) -> list[str]:
        """Of all boxes of this name, wherever they stand."""
        return [box.get("value") for box in self.tree.xpath(f"//input[@name='{name}']")]


class Browser:
    def __init__(self, port: int, address: str = "203.0.113.1") -> None:
        """`address` is where a proxy would say that it comes from."""
        self.port = port
        self.headers = {"Host": HOST, "X-Forwarded-For": address, "Accept": "text/html", "Connection": "close"}
        self.cookies: dict[str, str] = {}

    def get(self, path: str) -> Page:
        return self._ask("GET", path, None, {})

    def post(self, path: str, fields: Mapping[str, Sequence[str]], files: Mapping[str, File] | None = None) -> Page:
        mark = uuid.uuid4().hex
        parts = [(f'form-data; name="{name}"', value.encode()) for name, values in fields.items() for value in values]
        for name, (file_name, content) in (files or {}).items():
            parts.append((f'form-data; name="{name}"; filename="{file_name}"', content))
        body = b"".join(
            b"--%s\r\nContent-Disposition: %s\r\n\r\n%s\r\n" % (mark.encode(), head.encode(), content)
            for head, content in parts
        )
        body += b"--%s--\r\n" % mark.encode()
        return self._ask("POST", path, body, {"Content-Type": f"multipart/form-data; boundary={mark}"})

    def _ask(self, method: str, path: str, body: bytes | None, more: dict[str, str]) -> Page:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {**self.headers, **more, **({"Cookie": cookies} if cookies else {})}
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=NEVER)) as connection:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            text = answer.read().decode("utf-8", "replace")
        for cookie in answer.headers.get_all("Set-Cookie", []):
            name, _is, rest = cookie.partition("=")
            value = rest.partition(";")[0]
            self.cookies[name] = value
            if not value or re.search(r"max-age=0\b", rest, re.IGNORECASE):
                self.cookies.pop(name, None)
        return Page(answer.status, answer.headers, text)


class Desk(Browser):
    """Somebody at the IR desk. Whatever is not done as asked raises RefusedError."""

    def log_in(self, name: str, password: str) -> None:
        page = self.read("/admin/login/")
        self._done(
            self.post(
                "/admin/login/", page.form("//form[@id='login-form']") | {"username": [name], "password": [password]}
            )
        )

    def bring(self, text: str) -> str:
        """Paste a filing; gives the address of its preview."""
        return self._done(
            self.post("/admin/import/", self.read("/admin/import/").form("//form[@class='bring']") | {"text": [text]})
        )

    def look(self, preview: str) -> Fields:
        return self.read(preview).form("//form[@data-correct]")

    def create(self, preview: str, as_read: Fields) -> int:
        """Make the draft of what was brought in; gives the record's id."""
        return _number_in(self._done(self.post(preview, as_read | {"op": ["create"]})))

    def open(self, record: int) -> Fields:
        return self.read(f"/admin/records/record/{record}/change/").form("//form[@id='record_form']")

    def save(self, record: int, fields: Fields, files: Mapping[str, File] | None = None) -> None:
        self._done(self.post(f"/admin/records/record/{record}/change/", fields, files))

    def add(self, kind: str, name: str) -> int:
        """A topic or an institution; gives its id."""
        address = f"/admin/records/{kind}/add/"
        fields = self.read(address).form(f"//form[@id='{kind}_form']")
        return _number_in(self._done(self.post(address, fields | {"name": [name], "_continue": ["1"]})))

    def carry_out(self, record: int, verb: str) -> int:
        """A verb, warnings seen; gives the record that one goes on with."""
        page = self.read(f"/admin/records/record/{record}/review/")
        fields = {
            "csrfmiddlewaretoken": page.values("csrfmiddlewaretoken")[:1],
            "acknowledge": page.values("acknowledge"),
        }
        return _number_in(self._done(self.post(f"/admin/records/record/{record}/verb/{verb}/", fields)))

    def merge(self, kind: str, one: int, into: int) -> None:
        address = f"/admin/records/{kind}/{one}/merge/"
        page = self.read(f"{address}?into={into}")
        self._done(self.post(address, page.form("//form[@class='preview' and @method='post']")))

    def read(self, path: str) -> Page:
        page = self.get(path)
        if page.status != 200:
            raise RefusedError(f"{page.status}: {path}")
        return page

    def _done(self, answer: Page) -> str:
        """Where it leads. Whether a redirect says yes or no stands in the messages that come with it."""
        if answer.status != 302:
            raise RefusedError(f"{answer.status}: {_complaints(answer)}")
        told = _messages(self.cookies.pop("messages", ""))
        if any(level >= WARNING for level, _text in told):
            raise RefusedError(" | ".join(text for _level, text in told))
        return answer.goes_to


def _number_in(address: str) -> int:
    found = re.search(r"/(\d+)/", address)
    if not found:
        raise RefusedError(f"led to {address}")
    return int(found[1])


def _messages(cookie: str) -> list[tuple[int, str]]:
    """What Django's cookie of messages holds: their levels and texts."""
    signed = cookie.strip('"').partition(":")[0]
    if not signed:
        return []
    packed = base64.urlsafe_b64decode(signed.removeprefix(".") + "===")
    listed = json.loads(zlib.decompress(packed) if signed.startswith(".") else packed)
    rows = (json.loads(row) if isinstance(row, str) else row for row in listed)
    return [(row[2], row[3]) for row in rows if row[0] == "__json_message"]


def _complaints(answer: Page) -> str:
    told = answer.tree.xpath(
        "//*[contains(@class, 'errornote') or contains(@class, 'errorlist') or contains(@class, 'problem')]"
    )
    return " | ".join(dict.fromkeys(element.text_content().strip() for element in told)) or answer.text[:300]


def added(fields: Fields, part: str, **row: str) -> Fields:
    """The form with one more row: in the first that stands empty, or after the last."""
    total, there = (int(fields[f"{part}-{name}_FORMS"][0]) for name in ("TOTAL", "INITIAL"))
    filled = {f"{part}-{there}-{name}": [value] for name, value in row.items()}
    return fields | filled | {f"{part}-TOTAL_FORMS": [str(max(total, there + 1))]}
