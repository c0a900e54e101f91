"""How a request is written, where it comes from, and which language its visitor reads."""

import contextlib
import ipaddress
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_header_parameters


def utf8_only(application: Callable[..., Any]) -> Callable[..., Any]:
    """A WSGI application to which addresses and forms are UTF-8, whatever else a request says of its charset.

    Django takes any codec that Python has while it makes the request, before any middleware: some raise then, others
    give half characters, which nothing can store or send.
    """

    def answer(environ: dict[str, Any], start_response: Any) -> Any:
        kind, parameters = parse_header_parameters(environ.get("CONTENT_TYPE", ""))
        if "charset" in parameters:
            boundary = parameters.get("boundary")
            environ["CONTENT_TYPE"] = f'{kind}; boundary="{boundary}"' if boundary else kind
        return application(environ, start_response)

    return answer


class ClientAddressMiddleware:
    """Behind proxies of ours, the address of the client as the outermost of them saw it, in REMOTE_ADDR.

    What stands further left in the header was written by the client itself.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
        if 0 < settings.TRUSTED_PROXIES <= len(forwarded):
            with contextlib.suppress(ValueError):
                seen = ipaddress.ip_address(forwarded[-settings.TRUSTED_PROXIES].strip())
                request.META["REMOTE_ADDR"] = str(seen)
        return self.get_response(request)


def client_address(request: HttpRequest) -> str:
    """For the guard of log-ins, which would look at headers by itself where it can."""
    return request.META.get("REMOTE_ADDR", "")


class PermissionsPolicyMiddleware:
    """What Django has no setting for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.policy = ", ".join(f"{feature}=()" for feature in settings.PERMISSIONS_POLICY)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", self.policy)
        return response


class ChosenLanguageMiddleware:
    """The language that the switch set in a cookie, else the site's own.

    Django's LocaleMiddleware asks the browser as well, which would show English to a Chinese reader whose
    office computer was set up in English.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME)
        language = chosen if chosen in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
        translation.activate(language)
        request.LANGUAGE_CODE = language
        response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        patch_vary_headers(response, ["Cookie"])
        return response
