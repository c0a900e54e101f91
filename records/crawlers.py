"""What search engines ask for: which pages there are, when each changed, and where not to go."""

from __future__ import annotations

import datetime
from typing import Any

from django.contrib.sitemaps import Sitemap
from django.db.models import Max, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.http import require_safe

from .models import Company, Institution, Record, Topic


class PublicSitemap(Sitemap):
    """Pages of the public site in the order of their ids, so that a page of the sitemap stays what it was."""

    limit = 5_000

    def lastmod(self, item: Any) -> datetime.datetime:
        return item.last_published

    def get_latest_lastmod(self) -> datetime.datetime | None:
        # Django's own would load every row. Whatever was published last changed pages of each kind.
        return Record.objects.published().aggregate(newest=Max("published_at"))["newest"]


class RecordSitemap(PublicSitemap):
    def items(self) -> QuerySet:
        rows = Record.objects.published().order_by("pk").select_related("company")
        return rows.only("slug", "published_at", "company__code")

    def lastmod(self, item: Record) -> Any:
        return item.published_at


class CompanySitemap(PublicSitemap):
    def items(self) -> QuerySet:
        return Company.objects.public().with_last_publication().order_by("pk")


class InstitutionSitemap(PublicSitemap):
    def items(self) -> QuerySet:
        return Institution.objects.public().with_last_publication().order_by("pk")


class TopicSitemap(PublicSitemap):
    def items(self) -> QuerySet:
        return Topic.objects.public().with_last_publication().order_by("pk")


SITEMAPS: dict[str, type[Sitemap]] = {
    "records": RecordSitemap,
    "companies": CompanySitemap,
    "institutions": InstitutionSitemap,
    "topics": TopicSitemap,
}


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    lines = [
        "User-agent: *",
        f"Disallow: {reverse('admin:index')}",
        f"Sitemap: {request.build_absolute_uri(reverse('records:sitemap_index'))}",
        "",
    ]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")


@require_safe
def favicon(_request: HttpRequest) -> HttpResponse:
    """For those who ask for it without reading on a page where it is."""
    return redirect(static("records/icon.svg"))
