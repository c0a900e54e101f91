"""Addresses and forms are UTF-8, whatever a request says of its charset."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.test import RequestFactory

from irsite.middleware import utf8_only

from . import build

pytestmark = pytest.mark.django_db
CODECS = [
    "hex",
    "idna",
    "punycode",
    "undefined",
    "unicode_escape",
    "raw_unicode_escape",
    "utf-16",
    "gbk",
    "nonsense",
    "",
]


def asked(environ: dict[str, Any], content_type: str) -> tuple[str, bytes]:
    """The status and the body of the whole application's answer."""
    told: list[str] = []
    environ["CONTENT_TYPE"] = content_type
    answer = utf8_only(WSGIHandler())(environ, lambda status, _headers: told.append(status))
    return told[0], b"".join(answer)


def get(address: str, content_type: str = "") -> tuple[str, bytes]:
    return asked(RequestFactory().get(address).environ, content_type)


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("parameter", ["charset={}", 'Charset="{}"', "boundary=x; charset={}", "charset*=utf-8''{}"])
def test_an_address_is_read_as_ever(codec: str, parameter: str) -> None:
    build.record(asked=[("订单如何？", "充足。")])
    for address in ("/records.csv?q=%E8%AE%A2%E5%8D%95", "/records.json?q=%5Cud800", "/healthz"):
        content_type = f"text/plain; {parameter.format(codec)}"
        assert get(address, content_type) == get(address)


@pytest.mark.parametrize("codec", CODECS)
def test_a_form_is_read_as_ever(codec: str) -> None:
    """The language switch, which needs no login, with a field that some codecs would take for something else."""
    token = "a" * 32
    typed = {"language": "en", "next": "/records/?q=订单", "csrfmiddlewaretoken": token}
    environ = RequestFactory().post("/language/setlang/", typed).environ
    environ["HTTP_COOKIE"] = f"{settings.CSRF_COOKIE_NAME}={token}"
    status, _body = asked(environ, f"{environ['CONTENT_TYPE']}; charset={codec}")
    assert status == "302 Found"
