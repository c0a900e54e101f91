"""What search engines ask for: which pages there are, when each changed, and where not to go."""

from __future__ import annotations

import datetime
from typing import Any

from django.contrib.sitemaps import Sitemap
from django.core.paginator import Page, Paginator
from django.db.models import Max, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.http import require_safe

from .models import Company, Institution, Record, Topic


class PublicSitemap(Sitemap):
    """Pages of the public site in the order of their ids, so that a page of the sitemap stays what it was."""

    limit = 1_000  # addresses: a page takes no longer however many pages there are

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


class DatedPaginator(Paginator):
    """Finds out when something changed for the rows of one page alone, and for all of them at once."""

    def _get_page(self, rows: Any, number: int, paginator: Any) -> Page:
        dated = rows.model.objects.filter(pk__in=rows.values("pk")).with_last_publication()
        return Page(dated.order_by("pk"), number, paginator)


class DirectorySitemap(PublicSitemap):
    model: Any

    def items(self) -> QuerySet:
        return self.model.objects.public().order_by("pk")

    @property
    def paginator(self) -> Paginator:
        return DatedPaginator(self.items(), self.limit)


class CompanySitemap(DirectorySitemap):
    model = Company


class InstitutionSitemap(DirectorySitemap):
    model = Institution


class TopicSitemap(DirectorySitemap):
    model = Topic


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
