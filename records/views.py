"""The public site: a query string in, a page or bytes out."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext
from django.views.decorators.http import require_safe
from django_htmx.http import push_url
from django_htmx.middleware import HtmxDetails

from . import facets, search
from .filing.shape import ACTIVITY_TYPES, Board
from .filters import BaseFilter, CompanyFilter, InstitutionFilter, QuestionFilter, RecordFilter, shortened
from .models import Attachment, Company, Institution, InstitutionType, Participant, Question, Record, Topic

PAGE_SIZE = 30
INDEX_PAGE_SIZE = 100
EXCERPT_LENGTH = 56
QUESTION_LENGTH = 160  # characters of a question, and of its answer, in a list of questions
ANSWER_LENGTH = 120
CONTENTS_FROM = 8  # questions: from here on a record has a table of contents


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    context = {
        "records": Record.objects.published().newest_first().for_list()[:10],
        "record_count": Record.objects.published().count(),
        "companies": Company.objects.with_totals().last_visited_first()[:12],
        "topics": Topic.objects.with_totals().most_recorded_first()[:24],
    }
    return render(request, "home.html", context)


@require_safe
def record_list(request: HttpRequest) -> HttpResponse:
    return _browse(request, "record_list.html")


@require_safe
def question_list(request: HttpRequest) -> HttpResponse:
    chosen = QuestionFilter(request.GET, Record.objects.published())
    rows: Any = chosen.qs
    listing = _listing(request, chosen, rows.for_list(), PAGE_SIZE)
    words = search.parse(chosen.chosen.get("q", "")).wanted
    context = {
        "found": [Found.of(question, words) for question in listing.page],
        "facets": facets.facets(chosen, groupings=facets.QUESTION_GROUPINGS),
    }
    return _filtered(request, "question_list.html", listing, "questions", context)


@require_safe
def company(request: HttpRequest, code: str) -> HttpResponse:
    shown = get_object_or_404(Company.objects.public(), code=code)
    return _browse(request, "company.html", {"company": code}, company=shown)


@require_safe
def institution(request: HttpRequest, pk: int) -> HttpResponse:
    shown = get_object_or_404(Institution.objects.public().prefetch_related("aliases"), pk=pk)
    return _browse(request, "institution.html", {"institution": str(pk)}, institution=shown)


@require_safe
def topic(request: HttpRequest, slug: str) -> HttpResponse:
    shown = get_object_or_404(Topic.objects.public(), slug=slug)
    return _browse(request, "topic.html", {"topic": slug}, topic=shown)


@require_safe
def record(request: HttpRequest, code: str, slug: str) -> HttpResponse:
    records = Record.objects.published()
    shown = Record.objects.readable().for_page().filter(company__code=code, slug=slug).first()
    if not shown:
        return redirect(_published_by_number(code, slug), permanent=True)
    if not shown.is_readable:
        raise Http404
    of_company = records.filter(company=shown.company).exclude(pk=shown.pk).select_related("company")
    earlier, later = of_company.neighbours(shown)
    ticked = {kind.name for kind in shown.activity_types.all()}
    context = {
        "record": shown,
        "correction": getattr(shown, "correction", None) if not shown.is_published else None,
        "boxes": [(name, name in ticked) for name in ACTIVITY_TYPES],
        "visitors": visitors_by_type(shown.participants.all()),
        "files": [file for file in shown.attachments.all() if file.is_public],
        "has_contents": shown.question_count >= CONTENTS_FROM,
        "earlier": earlier,
        "later": later,
    }
    return render(request, "record.html", context)


def _published_by_number(code: str, number: str) -> Record:
    """The record that a number means although its address is another one."""
    records = Record.objects.published().select_related("company")
    return get_object_or_404(records, company__code=code, number=number)


@require_safe
def question(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(
        Question.objects.filter(record__in=Record.objects.readable()).select_related("record__company"), pk=pk
    )
    return redirect(f"{found.record.get_absolute_url()}#{found.anchor}")


@require_safe
def official_form(request: HttpRequest, code: str, slug: str) -> HttpResponse:
    """The record as the Word form that the exchange wants."""
    from .filing import write_docx
    from .translate import filing_of

    shown = get_object_or_404(Record.objects.readable().for_page(), company__code=code, slug=slug)
    if not shown.is_readable:
        raise Http404
    board = Board(shown.company.board) if shown.company.board else None
    return HttpResponse(
        write_docx(filing_of(shown), board),
        content_type="application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        headers={"Content-Disposition": f'attachment; filename="{code}-{shown.pk}.docx"'},
    )


@require_safe
def attachment(request: HttpRequest, pk: int) -> FileResponse:
    found = get_object_or_404(Attachment.objects.select_related("record"), pk=pk)
    is_public = found.is_public and found.record.is_published
    if not is_public and not request.user.has_perm("records.view_attachment"):
        raise Http404
    try:
        content = found.file.open("rb")
    except FileNotFoundError:
        raise Http404 from None
    response = FileResponse(content, as_attachment=True, filename=found.name)
    response["X-Content-Type-Options"] = "nosniff"
    if not is_public:
        response["Cache-Control"] = "private, no-store"
    return response


@require_safe
def company_list(request: HttpRequest) -> HttpResponse:
    chosen = CompanyFilter(request.GET, Company.objects.with_totals().order_by("code"))
    return _index(request, "company_list.html", chosen)


@require_safe
def institution_list(request: HttpRequest) -> HttpResponse:
    chosen = InstitutionFilter(request.GET, Institution.objects.with_totals().order_by("pinyin", "pk"))
    return _index(request, "institution_list.html", chosen, types=InstitutionType)


@require_safe
def topic_list(request: HttpRequest) -> HttpResponse:
    topics = Topic.objects.with_totals().most_recorded_first()
    return render(request, "topic_list.html", {"topics": topics})


@dataclasses.dataclass(frozen=True)
class Listing:
    """One page of filtered rows with what was understood and what was ignored."""

    filter: BaseFilter
    page: Page
    address: facets.Address  # of the first page
    complaints: list[tuple[str, str]]

    @property
    def here(self) -> facets.Address:
        return self.address.having("page", self.page.number) if self.page.number > 1 else self.address


def _browse(request: HttpRequest, template: str, fixed: dict[str, str] | None = None, **context: Any) -> HttpResponse:
    """A page with a filtered list of records; `fixed` are parameters that its path stands for."""
    fixed = fixed or {}
    parameters = request.GET.copy()
    for name, value in fixed.items():
        parameters.setlist(name, [value])
    chosen = RecordFilter(parameters, Record.objects.published())
    rows: Any = chosen.qs
    listing = _listing(request, chosen, rows.for_list(), PAGE_SIZE, fixed)
    context["facets"] = facets.facets(chosen, but=fixed)
    if words := search.parse(chosen.chosen.get("q", "")).wanted:
        context["matches"] = _first_matches(listing.page, words)
    return _filtered(request, template, listing, "records", context)


def _filtered(
    request: HttpRequest, template: str, listing: Listing, level: str, context: dict[str, Any]
) -> HttpResponse:
    """A list beside its filters, with the addresses of the same rows as data.

    htmx is given the list and the filters alone, and the address without what was not understood.
    """
    context |= {
        "listing": listing,
        "conditions": facets.conditions(listing.filter, listing.address),
        "lines": f"_{level}.html",
        "downloads": {
            kind: listing.address.elsewhere(reverse(f"records:{level}_{kind}")) for kind in ("csv", "xlsx", "json")
        },
    }
    if HtmxDetails(request):
        response = push_url(render(request, "_swap.html", context), str(listing.here))
    else:
        response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@dataclasses.dataclass(frozen=True)
class Match:
    """The question of a record that a search found first; `pieces` of its text, each with whether it was sought."""

    question: Question
    pieces: list[tuple[str, bool]]


@dataclasses.dataclass(frozen=True)
class Found:
    """A line of the list of questions: its words and the part of its answer that matters, in pieces."""

    question: Question
    text: list[tuple[str, bool]]
    answer: list[tuple[str, bool]]

    @classmethod
    def of(cls, question: Question, words: tuple[str, ...]) -> Found:
        text, answer = (
            search.marked(search.excerpt(part, words, length), words)
            for part, length in ((question.text, QUESTION_LENGTH), (question.answer, ANSWER_LENGTH))
        )
        return cls(question, text, answer)


def _first_matches(records: Iterable[Record], words: tuple[str, ...]) -> dict[int, Match]:
    """By record, its first question that holds one of the words. One query."""
    questions = Question.objects.filter(record__in=list(records)).holding_any(words).order_by("-position")
    matches = {}
    for found in questions:  # the first of a record comes last, and stays
        sought = [
            search.marked(search.excerpt(part, words, EXCERPT_LENGTH), words) for part in (found.text, found.answer)
        ]
        pieces = next((part for part in sought if any(hit for _text, hit in part)), sought[0])
        matches[found.record_id] = Match(found, pieces)
    return matches


def _index(request: HttpRequest, template: str, chosen: BaseFilter, **context: Any) -> HttpResponse:
    listing = _listing(request, chosen, chosen.qs, INDEX_PAGE_SIZE)
    return render(request, template, {"listing": listing, **context})


def _listing(
    request: HttpRequest, chosen: BaseFilter, rows: QuerySet, size: int, fixed: Iterable[str] = ()
) -> Listing:
    paginator = Paginator(rows, size)
    wanted = request.GET.get("page", "1")
    page = paginator.get_page(wanted)
    complaints = chosen.sentences
    if wanted != str(page.number):
        sentence = gettext("There is no page “%(wanted)s”; this is page %(number)s of %(last)s.")
        params = {"wanted": shortened(wanted), "number": page.number, "last": paginator.num_pages}
        complaints = [*complaints, (gettext("Page"), sentence % params)]
    address = facets.Address(request.path, chosen.parameters, frozenset(fixed))
    return Listing(chosen, page, address, complaints)


@dataclasses.dataclass(frozen=True)
class Visitor:
    """One institution as filed, with the people it sent."""

    name: str
    institution: Institution | None
    people: list[Participant]


def visitors_by_type(participants: Iterable[Participant]) -> list[tuple[str, list[Visitor]]]:
    """Participants by type of institution, in the order of the types, then by institution as filed."""
    groups: dict[str, dict[str, Visitor]] = {}
    for row in participants:
        kind = row.institution.type if row.institution else InstitutionType.UNKNOWN
        name = row.name_as_filed or (row.institution.name if row.institution else "")
        visitor = groups.setdefault(kind, {}).setdefault(name, Visitor(name, row.institution, []))
        if row.person:
            visitor.people.append(row)
    return [(str(kind.label), list(groups[kind].values())) for kind in InstitutionType if kind in groups]
