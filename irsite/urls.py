"""Addresses of the site."""

from django.contrib import admin
from django.urls import include, path

handler400 = "irsite.outages.bad_request"
handler500 = "irsite.outages.server_error"

urlpatterns = [
    path("admin/", admin.site.urls),
    path("language/", include("django.conf.urls.i18n")),
    path("", include("records.urls")),
]
