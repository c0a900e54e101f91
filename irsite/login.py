"""How long a log-in lasts, and the second factor that reviewers show where a site asks for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.auth import BACKEND_SESSION_KEY, logout
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import RedirectURLMixin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

SEEN = "seen"  # in the session: when it was last put off
STEPS = 32  # a session is put off in so many steps, so that hardly a page writes it
BACKUP_CODES = 10
SECOND_FACTOR = "admin:second_factor"


# How long


def begin_session(request: HttpRequest, **options: Any) -> None:
    request.session[SEEN] = int(time.time())


class SlidingSessionMiddleware:
    """Whoever is at work stays logged in; after as many hours without a page, nobody is."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        session = request.session
        if session.accessed and BACKEND_SESSION_KEY in session:
            now = int(time.time())
            if now - session.get(SEEN, 0) > settings.SESSION_COOKIE_AGE / STEPS:
                session[SEEN] = now
        return response


# The second factor


def needs_second_factor(user: Any) -> bool:
    """Whoever can publish, by approving or alone."""
    return settings.REQUIRE_OTP_FOR_REVIEWERS and user.is_authenticated and user.has_perm("records.publish_record")


class SecondFactorMiddleware:
    """Until a second factor is shown, who needs one is nobody, at whatever address."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.REQUIRE_OTP_FOR_REVIEWERS:
            user = request.user
            request.user = SimpleLazyObject(lambda: _known(request, user))  # type: ignore[assignment]
        return self.get_response(request)


def _known(request: HttpRequest, user: Any) -> Any:
    if not needs_second_factor(user) or user.is_verified():
        return user
    request.waiting_user = user  # type: ignore[attr-defined]
    return AnonymousUser()


def waiting_user(request: HttpRequest) -> Any:
    """Who has given the right password, and no second factor yet."""
    return None if request.user.is_authenticated else getattr(request, "waiting_user", None)


def second_factor(request: HttpRequest) -> HttpResponse:
    """Asks for a code; of who has no device yet, first to set one up."""
    user = waiting_user(request)
    target = _target(request)
    if user is None:
        return redirect(target)
    if "leave" in request.POST:
        request.user = user
        logout(request)
        return redirect("admin:login")
    from django_otp.plugins.otp_totp.models import TOTPDevice

    device = TOTPDevice.objects.filter(user=user, confirmed=True).first()
    is_new = device is None
    if device is None:
        device = TOTPDevice.objects.get_or_create(user=user, confirmed=False, defaults={"name": "desk"})[0]
    token = "".join(request.POST.get("token", "").split())[:16]
    if request.method == "POST" and (shown := _verified(user, device, token)):
        codes = _set_up(user, shown) if is_new else []
        _let_in(request, user, shown)
        return _page(request, {"codes": codes, "next": target}) if codes else redirect(target)
    context: dict[str, Any] = {"next": target, "refused": request.method == "POST"}
    if is_new:
        import segno

        context["qr"] = segno.make(device.config_url).svg_data_uri(scale=5)
        context["secret"] = _in_groups(device.config_url)
    return _page(request, context, 422 if context["refused"] else 200)


def _verified(user: Any, device: Any, token: str) -> Any:
    """The device of which this is a code. Who guesses has to wait longer each time."""
    from django_otp import match_token, verify_token

    return match_token(user, token) if device.confirmed else verify_token(user, device.persistent_id, token)


def _set_up(user: Any, device: Any) -> list[str]:
    """The device counts from now on; gives codes for the day on which it is lost."""
    from django_otp.plugins.otp_static.models import StaticDevice, StaticToken

    from records.models import audit

    device.confirmed = True
    device.save(update_fields=["confirmed"])
    static = StaticDevice.objects.create(user=user, name="backup")
    codes = [StaticToken.random_token() for _n in range(BACKUP_CODES)]
    static.token_set.bulk_create(StaticToken(device=static, token=code) for code in codes)
    audit.note("second_factor", user, user=user, detail="+")
    return codes


def _let_in(request: HttpRequest, user: Any, device: Any) -> None:
    from django_otp import login

    request.user = user
    login(request, device)
    request.session.cycle_key()


def _page(request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    own = {**admin.site.each_context(request), "title": _("Second factor"), "is_nav_sidebar_enabled": False}
    response = render(request, "admin/second_factor.html", own | context, status=status)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _in_groups(address: str) -> str:
    """The secret of an otpauth address, to be typed where no camera is."""
    from urllib.parse import parse_qs, urlsplit

    secret = parse_qs(urlsplit(address).query)["secret"][0]
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))


def _target(request: HttpRequest) -> str:
    """Where to go on, on this site."""
    mixin = RedirectURLMixin()
    mixin.request, mixin.redirect_field_name = request, "next"  # type: ignore[attr-defined]
    return mixin.get_redirect_url() or reverse("admin:index")
