"""The lists of the public site as data: the same address as the page's, with another ending."""

from __future__ import annotations

from collections.abc import Callable

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from . import exports
from .facets import Address
from .filters import ParticipantFilter, QuestionFilter, RecordFilter, shortened
from .models import Record

FILTERS: dict[str, type[RecordFilter]] = {
    "records": RecordFilter,
    "questions": QuestionFilter,
    "participants": ParticipantFilter,
}
PAGE_SIZE = 100  # of JSON, unless `limit` says otherwise
LONGEST_PAGE = 1000
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_safe
def download(request: HttpRequest, level: str, kind: str) -> HttpResponseBase:
    """What the list of the same parameters shows; an address that is not understood whole is refused."""
    chosen = FILTERS[level](request.GET, Record.objects.published())
    return KINDS[kind](request, exports.LEVELS[level], chosen)


def _csv(_request: HttpRequest, level: exports.Level, chosen: RecordFilter) -> HttpResponseBase:
    if objections := chosen.objections():
        return _refused(objections)
    return StreamingHttpResponse(
        exports.csv_lines(level, chosen.qs),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{_file_name(level, "csv")}"'},
    )


def _xlsx(_request: HttpRequest, level: exports.Level, chosen: RecordFilter) -> HttpResponseBase:
    if objections := chosen.objections():
        return _refused(objections)
    return FileResponse(
        exports.xlsx_file(level, chosen.qs),
        as_attachment=True,
        filename=_file_name(level, "xlsx"),
        content_type=XLSX_TYPE,
    )


def _json(request: HttpRequest, level: exports.Level, chosen: RecordFilter) -> HttpResponseBase:
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
        results, cursor = exports.json_page(level, chosen.qs, chosen.ordered_by, limit, request.GET.get("after", ""))
    except exports.CursorError:
        return _refused([gettext("after: this is no cursor of this list. Begin without it, and follow “next”.")])
    following = Address(request.path, {**chosen.parameters, "limit": [str(limit)], "after": [cursor]})
    return JsonResponse(
        {"results": results, "next": request.build_absolute_uri(str(following)) if cursor else None},
        json_dumps_params={"ensure_ascii": False},
    )


KINDS: dict[str, Callable[[HttpRequest, exports.Level, RecordFilter], HttpResponseBase]] = {
    "csv": _csv,
    "xlsx": _xlsx,
    "json": _json,
}


def _refused(objections: list[str]) -> HttpResponse:
    return HttpResponse("\n".join(objections), status=400, content_type="text/plain; charset=utf-8")


def _file_name(level: exports.Level, kind: str) -> str:
    return f"{level.name}-{timezone.localdate()}.{kind}"
