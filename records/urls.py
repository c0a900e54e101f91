"""Public addresses. They are promises: none is ever taken back."""

from django.contrib.sitemaps import views as sitemaps
from django.urls import path, register_converter

from . import crawlers, downloads, feeds, insights, views
from .levels import LEVELS


class CodeConverter:
    """A securities code."""

    regex = "[0-9]{6}"

    def to_python(self, value: str) -> str:
        return value

    to_url = to_python


class SlugConverter(CodeConverter):
    """A record's number as filed, or what stands for it: nearly anything, but in one piece and printable."""

    regex = r"[^/\x00-\x1f]{1,60}"


register_converter(CodeConverter, "code")
register_converter(SlugConverter, "number")

app_name = "records"
urlpatterns = [
    path("", views.home, name="home"),
    path("records/", views.record_list, name="record_list"),
    path("records.atom", feeds.records_atom, name="records_atom"),
    path("records/<code:code>/<number:slug>.docx", views.official_form, name="official_form"),
    path("records/<code:code>/<number:slug>/", views.record, name="record"),
    path("records/<code:code>/<number:slug>/changes/", views.changes, name="changes"),
    path("data/", downloads.manual, name="data"),
    path("insights/", views.insights_page, name="insights"),
    *(
        path(f"insights/{name}.csv", downloads.table, {"name": name}, name=f"insights_{name}")
        for name in insights.TABLES
    ),
    path("questions/", views.question_list, name="question_list"),
    path("questions/<int:pk>/", views.question, name="question"),
    path("questions/<int:pk>/answers/", views.answers, name="answers"),
    path("files/<int:pk>/", views.attachment, name="attachment"),
    path("companies/", views.company_list, name="company_list"),
    path("companies/<code:code>/", views.company, name="company"),
    path("companies/<code:code>.ics", feeds.company_calendar, name="company_calendar"),
    path("institutions/", views.institution_list, name="institution_list"),
    path("institutions/<int:pk>/", views.institution, name="institution"),
    path("topics/", views.topic_list, name="topic_list"),
    path("topics/<slug:slug>/", views.topic, name="topic"),
    *(
        path(f"{level}.{kind}", downloads.download, {"level": level, "kind": kind}, name=f"{level}_{kind}")
        for level in LEVELS
        for kind in downloads.KINDS
    ),
    path(
        "sitemap.xml",
        sitemaps.index,
        {"sitemaps": crawlers.SITEMAPS, "sitemap_url_name": "records:sitemap"},
        name="sitemap_index",
    ),
    path("sitemap-<slug:section>.xml", sitemaps.sitemap, {"sitemaps": crawlers.SITEMAPS}, name="sitemap"),
    path("robots.txt", crawlers.robots, name="robots"),
    path("favicon.ico", crawlers.favicon, name="favicon"),
]
