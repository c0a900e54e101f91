"""The admin site itself. It stands outside `records.admin`, which registers with it while it is being imported."""

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.contrib.contenttypes.models import ContentType
from django.contrib.contenttypes.views import shortcut
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.i18n import JavaScriptCatalog

from . import phrases
from .login import SECOND_FACTOR, second_factor, waiting_user


class ScriptCatalog(JavaScriptCatalog):
    """What the admin's scripts say, with what Django has not translated."""

    def get_catalog(self) -> dict[str, Any]:
        return {**super().get_catalog(), **{phrase: gettext(phrase) for phrase in phrases.OF_SCRIPTS}}


class DeskSite(AdminSite):
    """The IR desk: Django's admin under our own name."""

    site_header = _("IR desk")
    site_title = _("IR desk")
    index_title = _("Records of investor-relations activities")

    def get_urls(self) -> list[Any]:
        from records.admin import importing  # not before the models are there

        on_site = path("r/<int:content_type_id>/<path:object_id>/", self.admin_view(self.on_site), name="view_on_site")
        factor = path("second-factor/", never_cache(csrf_protect(second_factor)), name="second_factor")
        return [*importing.urls(), on_site, factor, *super().get_urls()]

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Whose password was right goes on to the second factor, where one is asked for."""
        if waiting_user(request):
            return redirect_to_login(request.GET.get("next", reverse("admin:index")), reverse(SECOND_FACTOR))
        return super().login(request, extra_context)

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        from records.admin import desk

        shown = {"ways_in": desk.ways_in(request), "sections": desk.sections(request)}
        return super().index(request, {**shown, **(extra_context or {})})

    def i18n_javascript(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return ScriptCatalog.as_view(packages=["django.contrib.admin"])(request)

    def on_site(self, request: HttpRequest, content_type_id: int, object_id: str) -> HttpResponse:
        """Leads to the public page of a row. Django asks nobody who they are, and tells the address of any row."""
        kind = ContentType.objects.filter(pk=content_type_id).first()
        model: Any = kind.model_class() if kind else None
        model_admin = self._registry.get(model)
        row = model_admin.get_object(request, object_id) if model_admin else None
        if not (model_admin and row and model_admin.has_view_permission(request, row)):
            raise Http404
        return shortcut(request, content_type_id, object_id)
