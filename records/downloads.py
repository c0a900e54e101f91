"""The lists of the public site as data: the same address as the page's, with another ending."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from django.db import InterfaceError, OperationalError
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from . import exports, insights, levels
from .facets import Address
from .filters import ParticipantFilter, QuestionFilter, RecordFilter, shortened
from .models import Company, Institution, Record, Topic

FILTERS: dict[str, type[RecordFilter]] = {
    "records": RecordFilter,
    "questions": QuestionFilter,
    "participants": ParticipantFilter,
}
PAGE_SIZE = 100  # of JSON, unless `limit` says otherwise
LONGEST_PAGE = 1000
# Of companies, institutions and topics, one that is there is put in.
EXAMPLES = {
    "q": "境外 订单 -诉讼",
    "company": "",
    "exchange": "SZSE",
    "institution": "",
    "institution_type": "mutual-fund",
    "topic": "",
    "activity": "特定对象调研",
    "year": "2026",
    "month": "2026-03",
    "date_after": "2026-03-12",
    "date_before": "2026年3月31日",
    "sort": "disclosure",
}
PYTHON = """\
import json
from urllib.request import urlopen

address = "{site}/questions.json?limit=1000"
questions = []
while address:
    page = json.load(urlopen(address))
    questions += page["results"]
    address = page["next"]
"""
PANDAS = """\
import pandas

records = pandas.read_csv("{address}", dtype={{"{code}": str}})"""
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_safe
def download(request: HttpRequest, level: str, kind: str) -> HttpResponseBase:
    """What the list of the same parameters shows; an address that is not understood whole is refused."""
    chosen = FILTERS[level](request.GET, Record.objects.published())
    return KINDS[kind](request, levels.LEVELS[level], chosen)


@require_safe
def table(request: HttpRequest, name: str) -> HttpResponseBase:
    """The figures of a chart on the page of insights."""
    chosen = RecordFilter(request.GET, Record.objects.published())
    if objections := chosen.objections():
        return _refused(objections)
    asked = insights.TABLES[name]
    return _csv_response(exports.csv_of(asked.headings, [asked.rows(chosen)]), name)


def _csv(_request: HttpRequest, level: levels.Level, chosen: RecordFilter) -> HttpResponseBase:
    if objections := chosen.objections():
        return _refused(objections)
    return _csv_response(exports.csv_lines(level, chosen.qs), level.name)


def _csv_response(lines: Iterator[bytes], name: str) -> HttpResponseBase:
    return StreamingHttpResponse(
        lines,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{_file_name(name, "csv")}"'},
    )


def _xlsx(_request: HttpRequest, level: levels.Level, chosen: RecordFilter) -> HttpResponseBase:
    if objections := chosen.objections():
        return _refused(objections)
    return FileResponse(
        exports.xlsx_file(level, chosen.qs),
        as_attachment=True,
        filename=_file_name(level.name, "xlsx"),
        content_type=XLSX_TYPE,
    )


def _json(request: HttpRequest, level: levels.Level, chosen: RecordFilter) -> HttpResponseBase:
    """One page: `results`, and in `next` the address of the following one, or null."""
    wanted = request.GET.get("limit", str(PAGE_SIZE))
    objections = chosen.objections(besides=("limit", "after"))
    limit = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) <= 4 else 0
    if not 1 <= limit <= LONGEST_PAGE:
        sentence = gettext("limit: “%(wanted)s” is no number from 1 to %(most)d.")
        objections.append(sentence % {"wanted": shortened(wanted), "most": LONGEST_PAGE})
    if objections:
        return _refused(objections)
    try:
        results, cursor = exports.json_page(level, chosen.qs, chosen.order, limit, request.GET.get("after", ""))
    except exports.CursorError:
        return _refused([gettext("after: this is no cursor of this list. Begin without it, and follow “next”.")])
    following = Address(request.path, {**chosen.parameters, "limit": [str(limit)], "after": [cursor]})
    return JsonResponse(
        {"results": results, "next": request.build_absolute_uri(str(following)) if cursor else None},
        json_dumps_params={"ensure_ascii": False},
    )


KINDS: dict[str, Callable[[HttpRequest, levels.Level, RecordFilter], HttpResponseBase]] = {
    "csv": _csv,
    "xlsx": _xlsx,
    "json": _json,
}


def _examples() -> dict[str, str]:
    """A company, an institution and a topic that are there, as an address has them."""
    company = Company.objects.public().order_by("code").first()
    institution = Institution.objects.public().order_by("pk").first()
    topic = Topic.objects.public().most_recorded_first().first()
    return {
        "company": company.code if company else "",
        "institution": str(institution.pk) if institution else "",
        "topic": topic.slug if topic else "",
    }


@require_safe
def manual(request: HttpRequest) -> HttpResponse:
    """What can be taken away, column by column, with examples that run as they stand."""
    site = request.build_absolute_uri("/").rstrip("/")
    headings = {column.name: column.heading for column in levels.RECORDS.columns}
    there: dict[str, str] = {}
    with contextlib.suppress(OperationalError, InterfaceError):  # what is explained is the same without a database
        there = _examples()
    address = f"{site}/records.csv?year={timezone.localdate().year}"
    context = {
        "kinds": list(KINDS),
        "levels": [
            (level, [reverse(f"records:{level.name}_{kind}") for kind in KINDS]) for level in levels.LEVELS.values()
        ],
        "parameters": [
            (name, RecordFilter.base_filters[name].label, example) for name, example in {**EXAMPLES, **there}.items()
        ],
        "symbol": headings["symbol"],
        "address": headings["address"],
        "company": there.get("company"),
        "tables": [reverse(f"records:insights_{name}") for name in insights.TABLES],
        "page_size": PAGE_SIZE,
        "longest_page": LONGEST_PAGE,
        "curl": f'curl --output records.csv "{address}"',
        "python": PYTHON.format(site=site),
        "pandas": PANDAS.format(address=address, code=headings["company_code"]),
        "excel": address,
    }
    return render(request, "data.html", context)


def _refused(objections: list[str]) -> HttpResponse:
    return HttpResponse("\n".join(objections), status=400, content_type="text/plain; charset=utf-8")


def _file_name(name: str, kind: str) -> str:
    return f"{name}-{timezone.localdate()}.{kind}"
