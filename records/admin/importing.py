"""The import desk: a file or a pasted text → its reading, to be corrected → a draft. Nothing is stored before."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import time
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from records import filing, translate
from records.filing.shape import gettext_noop
from records.filing.sources import MAX_BYTES
from records.models import (
    Attachment,
    Company,
    Institution,
    Intake,
    Record,
    audit,
    institutions_held,
    topics_held,
)

from . import importing_rows
from .importing_forms import FilingForm
from .importing_rows import Rows, RowsError
from .importing_source import marked, notes_on

MAX_FILES = 20
MAX_PASTED = 1_000_000  # characters
# Files that are still unread after so long are read when their preview is opened: a server gives up on slow answers.
READ_FOR = 12.0  # seconds
COMPANIES_OFFERED = 500
NOT_THEIRS = gettext_noop("It is of a company that you do not work for here: ask an administrator to be let in.")


class GoneError(Exception):
    """The intake is no longer there: a draft was made of it, or it was dropped."""


def urls() -> list[URLPattern]:
    """Addresses below the admin's own; they need no model's admin."""
    from . import pasting

    def page(route: str, view: Any, name: str, *methods: str) -> URLPattern:
        return path(route, admin.site.admin_view(require_http_methods(methods)(view)), name=name)

    return [
        page("import/", desk, "import", "GET", "HEAD", "POST"),
        page("import/<int:pk>/", preview, "import_preview", "GET", "HEAD", "POST"),
        page("records/record/<int:pk>/paste/", pasting.paste, "record_paste", "GET", "HEAD", "POST"),
        page("records/record/<int:pk>/form.docx", official_form, "record_form", "GET", "HEAD"),
    ]


def require_permission(request: HttpRequest, *permissions: str) -> None:
    if not request.user.has_perms(permissions):
        raise PermissionDenied


# What was brought in


def desk(request: HttpRequest) -> HttpResponse:
    """Takes files and pasted text, and lists what waits."""
    require_permission(request, "records.add_record")
    if request.method == "POST":
        taken = _take_all(request)
        return redirect("admin:import_preview", taken[0].pk) if len(taken) == 1 else redirect("admin:import")
    intakes = _filings(request).select_related("user")
    context = {
        **admin.site.each_context(request),
        "title": _("Import filings"),
        "intakes": intakes[:200],
        "max_files": MAX_FILES,
    }
    return render(request, "admin/importing/desk.html", context)


def _filings(request: HttpRequest) -> Any:
    return Intake.objects.visible_to(request.user).of_kind(Intake.Kind.FILING)


def _take_all(request: HttpRequest) -> list[Intake]:
    """An intake of each source that can be read; of the others the user is told why not."""
    files = request.FILES.getlist("files")
    text = request.POST.get("text", "")
    if len(files) > MAX_FILES:
        sentence = _("%(limit)d files at once at most; these were %(count)d: none was taken.")
        messages.error(request, sentence % {"limit": MAX_FILES, "count": len(files)})
        return []
    if not files and not text.strip():
        messages.error(request, _("Choose a file, or paste a text."))
        return []
    taken = []
    ends = time.monotonic() + READ_FOR
    for file in files:
        taken += _take(request, file, str(file.name), ends)
    if len(text) > MAX_PASTED:
        messages.error(request, _("The pasted text is longer than a filing: paste one filing at a time."))
    elif text.strip():
        taken += _take(request, text.encode("utf-8", "replace"), _("pasted text") + ".txt", ends)
    if len(files) + bool(text.strip()) > 1 and taken:
        done = ngettext("%(n)d filing was read.", "%(n)d filings were read.", len(taken)) % {"n": len(taken)}
        messages.success(request, done)
    return taken


def _take(request: HttpRequest, source: UploadedFile | bytes, name: str, ends: float) -> list[Intake]:
    """The intake, or none and a sentence beside the file's name."""
    data = source if isinstance(source, bytes) else source.read(MAX_BYTES + 1)  # one more, for the reader to refuse
    doubt_count = None
    try:
        if time.monotonic() < ends or len(data) > MAX_BYTES:
            doubt_count = len(filing.read(data, name).doubts)
    except filing.FilingError as refusal:
        messages.error(request, _beside_name(name, translate.reason(refusal)))
        return []
    return [Intake.take(request.user, name, data, doubt_count=doubt_count)]


def _beside_name(name: str, sentence: str) -> str:
    """The sentence beside the name of its file, unless it says the name itself."""
    return sentence if name in sentence else _("“%(name)s”: %(reason)s") % {"name": name, "reason": sentence}


# Preview, correction, draft


@functools.lru_cache(maxsize=8)
def _reading(file_name: str, name: str) -> filing.Reading:
    """What the reader makes of a stored file. A file never changes, so that a correction need not read it again."""
    column: Any = Intake._meta.get_field("file")
    with column.storage.open(file_name, "rb") as file:
        return filing.read(file.read(), name)


@dataclasses.dataclass
class Sheet:
    """One filing on the preview page: what was read, and what the user made of it."""

    reading: filing.Reading
    form: FilingForm
    rows: Rows
    as_filed: Any  # the filing with its corrections
    company: Company | None
    may_be_made: bool  # by this user: for a company that they work for, or that they may add
    duplicate: Record | None

    @classmethod
    def of(cls, reading: filing.Reading, user: Any, post: Any = None, rows: Rows | None = None) -> Sheet:
        """As it was read, or as it was posted; `rows` are the posted ones after an operation."""
        form = FilingForm(post, reading.filing)
        rows = rows or rows_of(reading.filing)
        corrected = form.corrected(rows)
        company, may_be_made = own_company(corrected, user)
        duplicate = None
        if company:
            duplicate = translate.find_duplicate(dataclasses.replace(corrected, company_code=company.code))
        return cls(reading, form, rows, corrected, company, may_be_made, duplicate)

    @property
    def may_be_new_version(self) -> bool:
        """Whether the record that is there can be corrected by this filing."""
        return bool(
            self.duplicate
            and self.duplicate.is_published
            and not Record.objects.filter(corrects=self.duplicate).exists()
        )


def own_company(read: Any, user: Any) -> tuple[Company | None, bool]:
    """The company of a filing, if the user works for it, and whether the user may make a record for it at all.

    Of a company of others nothing is told, not even that it is there.
    """
    company = translate.find_company(read)
    if company is None:
        return None, not read.company_code or user.has_perm("records.add_company")
    return (company, True) if company.employs(user) else (None, False)


def rows_of(read: Any) -> Rows:
    return Rows(read.attendees, read.introduction, read.questions, read.closing)


def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """The reading beside its source. A button posts what to do with it, and the page as it stands."""
    require_permission(request, "records.add_record")
    intake = _filings(request).select_related("user").filter(pk=pk).first()
    if intake is None:
        return _gone(request)
    op = request.POST.get("op", "")
    if op == "drop":
        intake.delete()
        messages.success(request, _("“%(name)s” was dropped.") % {"name": intake.name})
        return redirect("admin:import")
    try:
        reading = _reading(intake.file.name, intake.name)
    except (filing.FilingError, FileNotFoundError) as refusal:
        messages.error(request, _beside_name(intake.name, translate.reason(refusal)))
        return redirect("admin:import")
    if intake.doubt_count is None:
        Intake.objects.filter(pk=intake.pk).update(doubt_count=len(reading.doubts))
    if request.method != "POST":
        return _show(request, intake, Sheet.of(reading, request.user))
    try:
        rows = importing_rows.posted(request.POST.getlist)
    except RowsError as torn:
        return _show(request, intake, Sheet.of(reading, request.user), problem=_(torn.message), status=422)
    if op in ("create", "correct"):
        sheet = Sheet.of(reading, request.user, request.POST, rows)
        return _create(request, intake, sheet, as_version=op == "correct")
    rows, focus, problem = transformed(rows, op, request.POST.get("cursor", ""))
    return _show(request, intake, Sheet.of(reading, request.user, request.POST, rows), focus, problem)


def transformed(rows: Rows, op: str, cursor: str) -> tuple[Rows, str, str]:
    """The rows after an operation, the field to go on in, and why it could not be done."""
    if op == "check":
        return rows, "", ""
    try:
        return *importing_rows.changed(rows, op, cursor), ""
    except RowsError as error:
        return rows, "", _(error.message)
    except ValueError:
        raise BadRequest("no such operation") from None


def _show(
    request: HttpRequest, intake: Intake, sheet: Sheet, focus: str = "", problem: str = "", status: int = 200
) -> HttpResponse:
    before = _sources(request, intake.sha256)
    same_file = before.select_related("record__company").order_by("-pk").first()
    context = {
        **admin.site.each_context(request),
        "title": intake.name,
        "is_nav_sidebar_enabled": False,  # two columns need the room
        "intake": intake,
        "sheet": sheet,
        "same_file": same_file if same_file and same_file.record != sheet.duplicate else None,
        "companies": []
        if sheet.company or sheet.as_filed.company_code
        else Company.objects.for_user(request.user)[:COMPANIES_OFFERED],
        "problem": problem,
        **shown_rows(sheet.rows, sheet.form.is_bound, focus),
        **beside(sheet.reading.text, sheet.reading.doubts, sheet.rows),
    }
    return render(request, "admin/importing/preview.html", context, status=status)


def beside(text: str, doubts: Any, rows: Rows) -> dict[str, Any]:
    """The source and the doubts about it, for the page."""
    return {"source": marked(text, doubts), "notes": notes_on(doubts, text, rows)}


def shown_rows(rows: Rows, checked: bool, focus: str) -> dict[str, Any]:
    """The rows for the page: each with its number, what is wrong with it, and which institution it names."""
    known = Institution.objects.resolve({row.institution for row in rows.attendees}, create=False)
    complaints = rows.complaints() if checked else {}
    attendees = [
        {
            "number": number,
            "row": row,
            "known": known.get(row.institution),
            "is_new": bool(row.institution.strip()) and row.institution not in known,
            "complaint": _(complaint) if (complaint := complaints.get(f"institution-{number}")) else "",
            "focused": focus == f"institution-{number}",
        }
        for number, row in enumerate(rows.attendees, 1)
    ]
    questions = [
        {
            "number": number,
            "entry": entry,
            "complaint": _(complaint) if (complaint := complaints.get(f"question-{number}")) else "",
            "question_focused": focus == f"question-{number}",
            "answer_focused": focus == f"answer-{number}",
        }
        for number, entry in enumerate(rows.questions, 1)
    ]
    names = {row.institution.strip() for row in rows.attendees} - {""}
    return {
        "attendees": attendees,
        "questions": questions,
        "introduction": rows.introduction,
        "closing": rows.closing,
        "focus": focus,
        "new_institutions": len({name for name in names if name not in known}),
    }


def _create(request: HttpRequest, intake: Intake, sheet: Sheet, *, as_version: bool) -> HttpResponse:
    """Makes the draft; where it cannot be made, shows the page again with the reason."""
    if not sheet.form.is_valid() or sheet.rows.filled().complaints():
        problem = _("No draft was made yet: correct what is marked below.")
        return _show(request, intake, sheet, problem=problem, status=422)
    try:
        made = _draft_of(request, intake, sheet, as_version)
    except GoneError:
        return _gone(request)
    except (filing.FilingError, ValidationError) as refusal:
        return _show(request, intake, sheet, problem=translate.reason(refusal), status=422)
    except translate.DuplicateFilingError as duplicate:
        sheet.duplicate = duplicate.record
        problem = _("No draft was made: this filing is there already.")
        return _show(request, intake, sheet, problem=problem, status=409)
    except IntegrityError:  # another request stored the same filing between our look and our writing
        problem = _("Somebody stored this filing at the same moment: look at it before you go on.")
        sheet = Sheet.of(sheet.reading, request.user, request.POST, sheet.rows)
        return _show(request, intake, sheet, problem=problem, status=409)
    counts = "，".join(made.counts())
    messages.success(request, _("Draft made: %(counts)s.") % {"counts": counts})
    return redirect("admin:records_record_change", made.record.pk)


def _draft_of(request: HttpRequest, intake: Intake, sheet: Sheet, as_version: bool) -> translate.Made:
    """The draft with all its rows and its source; the intake is used up. All of it or nothing.

    The locks let two tabs, and two people with the same filing, come one after the other: the later one finds what
    the earlier one made.
    """
    company, may_be_made = own_company(sheet.as_filed, request.user)  # anew: somebody may have added it meanwhile
    if not may_be_made:
        raise filing.FilingError(NOT_THEIRS)
    version = sheet.duplicate if as_version and sheet.may_be_new_version else None
    with transaction.atomic(), contextlib.ExitStack() as tables:
        if not version:  # whose record is to be held before them
            tables.enter_context(institutions_held())
            tables.enter_context(topics_held())
        held = Intake.objects.select_for_update(of=("self",)).filter(pk=intake.pk).first()
        if held is None:
            raise GoneError
        if company:
            Company.objects.select_for_update().get(pk=company.pk)
        made = translate.make_record(
            sheet.as_filed,
            user=request.user,
            source=(held.name, held.data()),
            company=company,
            corrects=version,
        )
        if not company:
            made.record.company.take_on(request.user)
        held.delete()
    return made


def _sources(request: HttpRequest, sha256: str) -> Any:
    """Where the user can see that these bytes were brought in before."""
    sources = Attachment.objects.filter(kind=Attachment.Kind.SOURCE, sha256=sha256)
    return sources.filter(record__in=Record.objects.for_user(request.user))


def _gone(request: HttpRequest) -> HttpResponse:
    """To the draft that somebody made of it, where the page that was posted tells of which file."""
    digest = request.POST.get("sha256", "")
    sources = _sources(request, digest).select_related("record__company")
    if digest and (made := sources.order_by("-pk").first()):
        address = reverse("admin:records_record_change", args=[made.record.pk])
        link = format_html('<a href="{}">{}</a>', address, made.record)
        messages.warning(request, format_html("{} {}", _("A draft had been made of this filing already:"), link))
        return HttpResponseRedirect(address)
    messages.warning(request, _("This filing does not wait here any more: a draft was made of it, or it was dropped."))
    return redirect("admin:import")


# The other direction


def official_form(request: HttpRequest, pk: int) -> HttpResponse:
    """The record as the Word form of its company's board; drafts too, so never kept by a cache."""
    require_permission(request, "records.view_record")
    record = Record.objects.for_user(request.user).for_page().filter(pk=pk).first()
    if record is None:
        messages.error(request, _("There is no such record."))
        return redirect("admin:records_record_changelist")
    board = filing.Board(record.company.board) if record.company.board else None
    try:
        content = filing.write_docx(translate.filing_of(record), board)
    except filing.FilingError as refusal:
        messages.error(request, translate.reason(refusal))
        return redirect("admin:records_record_change", pk)
    audit.note("export", record, detail="docx")
    name = f"{record.company.code}-{record.number or record.pk}.docx"
    response = HttpResponse(
        content, content_type="application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    )
    response.headers["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response.headers["Cache-Control"] = "private, no-store"
    return response
