"""The public site: a query string in, a page or bytes out."""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import datetime
import functools
from collections.abc import Callable, Iterable
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe
from django_htmx.http import push_url
from django_htmx.middleware import HtmxDetails

from . import compare, facets, insights, search
from .filetypes import content_type_of
from .filing.labels import by_row
from .filing.shape import ACTIVITY_TYPES, Board
from .filters import BaseFilter, CompanyFilter, InstitutionFilter, QuestionFilter, RecordFilter, shortened
from .models import (
    Attachment,
    Company,
    Institution,
    InstitutionMerge,
    InstitutionType,
    MergedTopic,
    Participant,
    Question,
    Record,
    Tally,
    Topic,
    audit,
)
from .similar import asked_before

PAGE_SIZE = 30
INDEX_PAGE_SIZE = 100
EXCERPT_LENGTH = 56
MATCHES_SHOWN = 3  # questions of a record, in a list of records
QUESTION_LENGTH = 160  # characters of a question, and of its answer, in a list of questions
ANSWER_LENGTH = 120
CONTENTS_FROM = 8  # questions: from here on a record has a table of contents


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    context = {
        "records": Record.objects.published().newest_first().for_list()[:10],
        "record_count": sum(Tally.objects.by_month().values()),
        "companies": Company.objects.public().last_visited_first()[:12],
        "topics": Topic.objects.public().most_recorded_first()[:24],
    }
    return render(request, "home.html", context)


@require_safe
def record_list(request: HttpRequest) -> HttpResponse:
    return _browse(request, "record_list.html")


@require_safe
def insights_page(request: HttpRequest) -> HttpResponse:
    """Charts of the records that fit, with the filters of their list."""
    chosen = RecordFilter(request.GET, Record.objects.published())
    listing = _listing(request, chosen, PAGE_SIZE)
    _first, last = chosen.first_and_last()
    charts = _charts(chosen, last) if last else {}  # before facets, which take what is at hand then
    by_month, about = _by_month(chosen)
    context = {
        "results": "_insights.html",
        "facets": facets.facets(chosen, by_month, about=about),
        "months": _bars(listing, by_month, about),
        "tables": {name: listing.address.elsewhere(reverse(f"records:insights_{name}")) for name in insights.TABLES},
        **charts,
    }
    return _filtered(request, "insights.html", listing, "records", context)


def _charts(chosen: RecordFilter, last: datetime.date) -> dict[str, Any]:
    quarter = insights.Quarter.of(last)
    topics, ticks, institutions = insights.Topics(quarter), insights.Ticks(), insights.Institutions()
    days: collections.Counter[datetime.date] = collections.Counter()
    totals: list[insights.Total] = [topics]
    if chosen.is_everything:  # of which the ledger knows the rest
        asked = chosen.pieces("topics", since=quarter.needed_since)
    else:
        asked = chosen.pieces(*insights.CHARTED)
        totals += [ticks, institutions]
    with contextlib.closing(asked) as pieces:
        for piece in pieces:
            for total in totals:
                total.add(piece)
            days.update(piece.days)
    in_months: Iterable[tuple[str, str, int]]
    if chosen.is_everything:
        in_months = Tally.objects.by_value("activity")
        rankings = {kind: insights.contacts_of_all(kind) for kind in insights.CONTACTS}
    else:
        in_months = ticks
        rankings = {"company": insights.companies(chosen.records()), "institution": institutions.ranked()}
    by_activity = {box: dict(points) for box, points in insights.months_by_activity(in_months).items()}
    ticked = [insights.Point(name, total) for counts in by_activity.values() for name, total in counts.items()]
    names = [point.name for point in insights.series(ticked)]
    rows = {box: [insights.Point(name, counts.get(name, 0)) for name in names] for box, counts in by_activity.items()}
    moved = topics.moves()
    return {
        "month_table": [(name, [points[place].total for points in rows.values()]) for place, name in enumerate(names)],
        "activities": [(box, points, sum(by_activity[box].values())) for box, points in rows.items()],
        "most_in_month": max((point.total for points in rows.values() for point in points), default=0),
        "rankings": [
            ("company", _("Most visited companies"), "companies", rankings["company"]),
            ("institution", _("Most active institutions"), "institutions", rankings["institution"]),
        ],
        "quarter": quarter,
        "rising": [move for move in moved if move.change > 0][: insights.RANKED],
        "falling": [move for move in moved[::-1] if move.change < 0][: insights.RANKED],
        "most_moved": max((abs(move.change) for move in moved), default=0),
        "year": last.year,
        "days": {day: n for day, n in sorted(days.items()) if day.year == last.year},
    }


@require_safe
def question_list(request: HttpRequest) -> HttpResponse:
    chosen = QuestionFilter(request.GET, Record.objects.published())
    listing = _listing(request, chosen, PAGE_SIZE, load=lambda: Question.objects.public().for_list())
    by_month, about = _by_month(chosen)
    context = {
        "found": [Found.of(question, chosen.words) for question in listing.page],
        "facets": facets.facets(chosen, by_month, about=about, groupings=facets.QUESTION_GROUPINGS),
        "months": _bars(listing, by_month, about),
    }
    return _filtered(request, "question_list.html", listing, "questions", context)


@require_safe
def company(request: HttpRequest, code: str) -> HttpResponse:
    shown = get_object_or_404(Company.objects.public(), code=code)
    return _browse(request, "company.html", {"company": code}, "institution", company=shown)


@require_safe
def institution(request: HttpRequest, pk: int) -> HttpResponse:
    institutions = Institution.objects.public().prefetch_related("aliases")
    shown = institutions.filter(pk=pk).first()
    if not shown:
        into = get_object_or_404(institutions, pk=InstitutionMerge.objects.led_to([pk]).get(pk))
        return _moved(request, into)
    return _browse(request, "institution.html", {"institution": str(pk)}, "company", institution=shown)


@require_safe
def topic(request: HttpRequest, slug: str) -> HttpResponse:
    shown = Topic.objects.public().filter(slug=slug).first()
    if not shown:
        return _moved(request, get_object_or_404(MergedTopic.objects.standing(), slug=slug).into)
    return _browse(request, "topic.html", {"topic": slug}, "company", topic=shown)


def _moved(request: HttpRequest, to: Any) -> HttpResponse:
    """From the address of what was merged to that of what remained, with the same filters."""
    parameters = f"?{request.GET.urlencode()}" if request.GET else ""
    return redirect(f"{to.get_absolute_url()}{parameters}", permanent=True)


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
    beyond, others = by_row(shown.extra)
    context = {
        "record": shown,
        "address": request.build_absolute_uri(shown.get_absolute_url()),
        "correction": getattr(shown, "correction", None) if not shown.is_published else None,
        "boxes": [(name, name in ticked) for name in ACTIVITY_TYPES],
        "visitors": visitors_by_type(shown.participants.all()),
        "beyond": beyond,
        "other_rows": others,
        "files": [file for file in shown.attachments.all() if file.is_public] if shown.is_published else [],
        "has_contents": shown.question_count >= CONTENTS_FROM,
        "earlier": earlier,
        "later": later,
        "asked_before": asked_before(shown.questions.all(), shown.company_id) if shown.is_published else {},
    }
    return render(request, "record.html", context)


@require_safe
def changes(request: HttpRequest, code: str, slug: str) -> HttpResponse:
    """What a version of a record has that the one before it had otherwise."""
    versions = Record.objects.readable().for_page()
    shown = get_object_or_404(versions.filter(corrects__isnull=False), company__code=code, slug=slug)
    former = versions.filter(pk=shown.corrects_id).first()
    if not former or not shown.is_readable:
        raise Http404
    context = {"record": shown, "former": former, "changes": compare.changes(former, shown)}
    return render(request, "changes.html", context)


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


@dataclasses.dataclass(frozen=True)
class Answer:
    """One time that a question was asked, with its answer beside the one before."""

    question: Question
    pieces: list[compare.Piece]
    is_shown: bool  # whether it is the question of this page

    @property
    def is_rewritten(self) -> bool:
        return compare.is_rewritten(self.pieces)


@require_safe
def answers(request: HttpRequest, pk: int) -> HttpResponse:
    """How the answer to a question changed each time that the company was asked; htmx is given the answers alone."""
    shown = get_object_or_404(Question.objects.public().select_related("record__company"), pk=pk)
    others = asked_before([shown], shown.record.company_id).get(shown.pk, [])
    times = sorted([shown, *others], key=lambda row: (row.record.held_from, row.pk))
    told = []
    for at, row in enumerate(times):
        former = times[at - 1].answer if at else row.answer
        told.append(Answer(row, compare.difference(former, row.answer), row == shown))
    context = {"question": shown, "answers": told[::-1]}
    template = "_answers.html" if HtmxDetails(request) else "answers.html"
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


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
    if not is_public and not _may_see(request.user, found):
        raise Http404
    try:
        content = found.file.open("rb")
    except FileNotFoundError:
        raise Http404 from None
    kind = content_type_of(found.name)
    response = FileResponse(content, as_attachment=True, filename=found.name, content_type=kind)
    response["X-Content-Type-Options"] = "nosniff"
    if not is_public:
        audit.note("export", found)
        response["Cache-Control"] = "private, no-store"
    return response


def _may_see(user: Any, attachment: Attachment) -> bool:
    """Whether somebody sees at the desk what the public does not."""
    return (
        user.has_perm("records.view_attachment")
        and Record.objects.for_user(user).filter(pk=attachment.record_id).exists()
    )


@require_safe
def company_list(request: HttpRequest) -> HttpResponse:
    chosen = CompanyFilter(request.GET, Company.objects.public().order_by("code"))
    return _index(request, "company_list.html", chosen)


@require_safe
def institution_list(request: HttpRequest) -> HttpResponse:
    chosen = InstitutionFilter(request.GET, Institution.objects.public().order_by("pinyin", "pk"))
    return _index(request, "institution_list.html", chosen, types=InstitutionType)


@require_safe
def topic_list(request: HttpRequest) -> HttpResponse:
    topics = Topic.objects.public().most_recorded_first()
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


def _browse(
    request: HttpRequest, template: str, fixed: dict[str, str] | None = None, contacts: str = "", **context: Any
) -> HttpResponse:
    """A page with a filtered list of records.

    `fixed` are parameters that its path stands for; such a page also tells of its `contacts`, companies or
    institutions.
    """
    fixed = fixed or {}
    parameters = request.GET.copy()
    for name, value in fixed.items():
        parameters.setlist(name, [value])
    chosen = RecordFilter(parameters, Record.objects.published())
    listing = _listing(request, chosen, PAGE_SIZE, fixed, load=lambda: Record.objects.published().for_list())
    by_month, about = _by_month(chosen)
    context["facets"] = facets.facets(chosen, by_month, about=about, but=fixed)
    context["months"] = _bars(listing, by_month, about)
    if contacts and listing.page.paginator.count:
        context |= _profile(chosen, contacts, fixed, context["facets"])
        context["questions_address"] = listing.address.elsewhere(reverse("records:question_list"))
    if chosen.words:
        context["matches"] = _matches(listing.page, chosen.words)
    return _filtered(request, template, listing, "records", context)


def _by_month(chosen: RecordFilter) -> tuple[dict[str, int], bool]:
    """How many fit of each month, whichever years and months are chosen; and whether that is an estimate."""
    if chosen.chosen.keys() <= {"year", "month", "sort"}:
        return Tally.objects.by_month(chosen.unit), False
    hits = chosen.hits("year", "month")
    months = insights.by_month(collections.Counter(hits.days))
    return {month: n * hits.step for month, n in months}, hits.is_sample


def _bars(listing: Listing, by_month: dict[str, int], about: bool) -> list[facets.Bar]:
    points = facets.within_years(by_month, listing.address.parameters.get("year", ()))
    return facets.bars(insights.series(insights.Point(*pair) for pair in points.items()), listing.address, about)


def _profile(chosen: RecordFilter, kind: str, fixed: dict[str, str], shown: list[facets.Facet]) -> dict[str, Any]:
    """What a company, institution or topic has to do with others: whom it met, and the commonest of the rest."""
    if kind == "company":
        contacts = insights.companies(chosen.records())
    else:
        contacts = insights.Institutions.of(chosen.pieces("institutions")).ranked()
    profile = {
        "contacts": contacts,
        "contacts_kind": kind,
        "first_and_last": chosen.first_and_last(),
        "commonest": [facet for facet in shown if facet.name in {"topic", "institution"} - {kind}],
    }
    if "institution" in fixed:
        others = insights.Institutions.of(chosen.pieces("institutions"), int(fixed["institution"]))
        profile["together"] = others.ranked()
    return profile


def _filtered(
    request: HttpRequest, template: str, listing: Listing, level: str, context: dict[str, Any]
) -> HttpResponse:
    """A list beside its filters, with the addresses of the same rows as data.

    htmx is given the list and the filters alone, and the address without what was not understood.
    """
    context = {
        "results": "_results.html",
        "listing": listing,
        "conditions": facets.conditions(listing.filter, listing.address),
        "lines": f"_{level}.html",
        "downloads": {
            kind: listing.address.elsewhere(reverse(f"records:{level}_{kind}")) for kind in ("csv", "xlsx", "json")
        },
        **context,
    }
    if level == "records":
        context["feed"] = listing.address.elsewhere(reverse("records:records_atom")).having("sort")
    if HtmxDetails(request):
        response = push_url(render(request, "_swap.html", context), str(listing.here))
    else:
        response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


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


@dataclasses.dataclass(frozen=True)
class Matches:
    """The questions of a record that a search found: the first of them with the text in pieces, and their number."""

    first: list[tuple[Question, list[tuple[str, bool]]]]
    total: int

    @property
    def more(self) -> int:
        return self.total - len(self.first)


def _matches(records: Iterable[Record], words: tuple[str, ...]) -> dict[int, Matches]:
    """By record, its questions that hold one of the words. One query."""
    found: dict[int, list[Question]] = {}
    for question in Question.objects.filter(record__in=list(records)).saying_any(words).order_by("position"):
        found.setdefault(question.record_id, []).append(question)
    return {
        record_id: Matches([(row, _sought(row, words)) for row in rows[:MATCHES_SHOWN]], len(rows))
        for record_id, rows in found.items()
    }


def _sought(question: Question, words: tuple[str, ...]) -> list[tuple[str, bool]]:
    """The part of a question, or of its answer, in which the words stand."""
    parts = [
        search.marked(search.excerpt(part, words, EXCERPT_LENGTH), words) for part in (question.text, question.answer)
    ]
    return next((part for part in parts if any(hit for _text, hit in part)), parts[0])


def _index(request: HttpRequest, template: str, chosen: BaseFilter, **context: Any) -> HttpResponse:
    listing = _listing(request, chosen, INDEX_PAGE_SIZE)
    return render(request, template, {"listing": listing, **context})


class KeyPaginator(Paginator):
    """Finds the keys of a page first and loads its rows by them: those before it are counted off in the index."""

    def __init__(self, chosen: RecordFilter, size: int, load: Callable[[], QuerySet] | None) -> None:
        # Where it is known how many there are, or about how many, only those of the page are looked for.
        self.known = chosen.known_count()
        self.is_about = False
        keys: Any = chosen.qs.values_list("pk", flat=True)
        if self.known is None:
            hits = chosen.hits()
            self.is_about = hits.is_sample
            if hits.is_sample:
                self.known = hits.count
            else:
                keys = hits.keys
        super().__init__(keys, size)
        self.load = load

    @functools.cached_property
    def count(self) -> int:
        return super().count if self.known is None else self.known

    def _get_page(self, keys: Any, number: int, paginator: Any) -> Page:
        if not self.load:
            return Page(keys, number, paginator)
        keys = list(keys)
        loaded = {row.pk: row for row in self.load().filter(pk__in=keys).order_by()} if keys else {}
        return Page([loaded[key] for key in keys if key in loaded], number, paginator)


def _listing(
    request: HttpRequest,
    chosen: BaseFilter,
    size: int,
    fixed: Iterable[str] = (),
    load: Callable[[], QuerySet] | None = None,
) -> Listing:
    """A page of the rows that fit; of records and questions, `load` fetches what their lines need."""
    keyed = isinstance(chosen, RecordFilter)
    paginator = KeyPaginator(chosen, size, load) if keyed else Paginator(chosen.qs, size)
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
