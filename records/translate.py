"""Between paper and database: a Filing becomes a draft record, a record becomes a Filing."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Max, Model
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from simple_history.utils import bulk_create_with_history

from .filing import shape
from .filing.shape import ACTIVITY_TYPES, Attendee, Doubt, Filing, FilingError, Host, gettext_noop
from .models import (
    ActivityType,
    Attachment,
    Company,
    Institution,
    Participant,
    Question,
    Record,
    audit,
    give_by_words,
    institutions_held,
    topics_held,
)
from .names import fold


class DuplicateFilingError(Exception):
    """The filing is there already: `record` is the one made from it, or one with the same number."""

    def __init__(self, record: Record) -> None:
        self.record = record
        super().__init__(_("this filing is there already: %(address)s") % {"address": record.get_absolute_url()})


@dataclasses.dataclass(frozen=True)
class Made:
    """What one filing became."""

    record: Record
    participants: int
    questions: int
    topics: int
    new_institutions: int

    def counts(self) -> list[str]:
        """What was made, a phrase each, for the user."""
        phrases = [
            ngettext("%(n)d participant", "%(n)d participants", self.participants) % {"n": self.participants},
            ngettext("%(n)d question", "%(n)d questions", self.questions) % {"n": self.questions},
            ngettext("%(n)d topic", "%(n)d topics", self.topics) % {"n": self.topics},
        ]
        new = ngettext("%(n)d new institution", "%(n)d new institutions", self.new_institutions)
        return [*phrases, new % {"n": self.new_institutions}]


# What is refused for a reason that the user can do something about.
REFUSALS = (FilingError, DuplicateFilingError, ValidationError, OSError)


def reason(refusal: Exception) -> str:
    """One line for the user, in the user's language."""
    if isinstance(refusal, FilingError):
        return in_words(refusal)
    if isinstance(refusal, ValidationError):
        return _("cannot be stored: %(reasons)s") % {"reasons": " ".join(refusal.messages)}
    if isinstance(refusal, OSError):
        return _("cannot be read: %(reason)s") % {"reason": refusal.strerror or refusal}
    return str(refusal)


def in_words(said: FilingError | Doubt) -> str:
    """What the reader says, in the user's language."""
    return _(said.message) % said.params if said.params else _(said.message)


def digest_of(filing: Filing) -> str:
    """SHA-256 of what was said and by whom, width and punctuation folded; the number does not count."""
    texts = [filing.company_code, filing.introduction, filing.closing, str(filing.held_from)]
    texts += [part for entry in filing.questions for part in (entry.question, entry.answer)]
    texts += [part for entry in filing.attendees for part in (entry.institution, entry.person)]
    return hashlib.sha256("\n".join(fold(text) for text in texts).encode()).hexdigest()


def find_duplicate(filing: Filing) -> Record | None:
    """The record that has this filing's number, or was made from the same text; of several versions the latest."""
    records = Record.objects.select_related("company").filter(company__code=filing.company_code).order_by("-pk")
    if filing.number and (same_number := records.filter(number=filing.number).first()):
        return same_number
    return records.filter(source_digest=digest_of(filing)).first()


def make_record(
    filing: Filing,
    *,
    user: Any = None,
    source: tuple[str, bytes] | None = None,
    company: Company | None = None,
    corrects: Record | None = None,
    publish: bool = False,
) -> Made:
    """Make a draft of a filing, or a published record of it: all of it or nothing.

    `source` is the file's name and bytes, kept with the record; `company` is whose it is where the form does not say.
    `corrects` is the published record of which this is a new version.
    Raises FilingError where the company is unknown or a text does not fit, DuplicateFilingError for a known filing,
    ValidationError for what must not be published yet.
    """
    attachment = None
    try:
        with transaction.atomic():
            made = _make_record(_fitting(filing), company, user, corrects)
            if source:
                name, data = source
                attachment = Attachment(
                    record=made.record, kind=Attachment.Kind.SOURCE, file=ContentFile(data, name=name)
                )
                attachment.save()
            audit.note("import", made.record, user=user)
            if publish:
                # Nobody knows when an older filing was disclosed; its own date comes nearest.
                made.record.disclosed_on = filing.signed_on
                made.record.save()
                made.record.publish(user)
    except BaseException:
        # The database forgets the row by itself, the disk does not forget the file.
        if attachment and attachment.file:
            attachment.file.delete(save=False)
        raise
    return made


def append_to(
    record: Record,
    *,
    attendees: Iterable[Attendee] = (),
    questions: Iterable[shape.Question] = (),
    introduction: str = "",
    closing: str = "",
    stated_institutions: int | None = None,
    stated_people: int | None = None,
    user: Any = None,
) -> Made:
    """Add what was pasted to a draft, after what it has: all of it or nothing. Totals take the place of its own.

    Raises FilingError where the record is no draft any more or a text does not fit.
    """
    attendees, questions = list(attendees), list(questions)
    with transaction.atomic():
        current = Record.objects.select_for_update(of=("self",)).get(pk=record.pk)
        if current.is_locked:
            raise FilingError(gettext_noop("Only a draft can be added to: this one is in review, or was published."))
        _fitting(dataclasses.replace(Filing(), attendees=tuple(attendees)))
        known = Institution.objects.count()
        _add_participants(current, attendees, user)
        topics = _add_questions(current, questions, user)
        current.introduction = "\n".join(filter(None, (current.introduction, introduction)))
        current.closing = "\n".join(filter(None, (current.closing, closing)))
        if stated_institutions is not None:
            current.stated_institutions = stated_institutions
        if stated_people is not None:
            current.stated_people = stated_people
        current._history_user = user
        current.save()
        Record.objects.filter(pk=current.pk).recount()
        audit.note("import", current, user=user)
        return Made(
            record=current,
            participants=len(attendees),
            questions=len(questions),
            topics=topics,
            new_institutions=Institution.objects.count() - known,
        )


def _make_record(filing: Filing, company: Company | None, user: Any, corrects: Record | None) -> Made:
    company = company or _company_of(filing)
    duplicate = find_duplicate(dataclasses.replace(filing, company_code=company.code))
    if duplicate and duplicate != corrects:
        raise DuplicateFilingError(duplicate)
    known = Institution.objects.count()
    record = _record_from(filing, company, user, corrects)
    _add_participants(record, filing.attendees, user)
    topics = _add_questions(record, filing.questions, user)
    Record.objects.filter(pk=record.pk).recount()
    return Made(
        record=record,
        participants=len(filing.attendees),
        questions=len(filing.questions),
        topics=topics,
        new_institutions=Institution.objects.count() - known,
    )


def filing_of(record: Record) -> Filing:
    """The form that a record fills."""
    return Filing(
        company_code=record.company.code,
        company_short_name=record.company.short_name,
        company_name=record.company.full_name,
        number=record.number,
        activity_types=tuple(kind.name for kind in record.activity_types.all()),
        other_activity=record.other_activity,
        attendees=tuple(Attendee(row.name_as_filed, row.person, row.title) for row in record.participants.all()),
        stated_institutions=record.stated_institutions,
        stated_people=record.stated_people,
        held_text=record.held_text,
        held_from=record.held_from,
        held_to=record.held_to,
        place=record.place,
        hosts=tuple(Host(host["title"], host["name"]) for host in record.hosts),
        introduction=record.introduction,
        questions=tuple(shape.Question(row.text, row.answer) for row in record.questions.all()),
        closing=record.closing,
        material_information=record.material_information,
        attachments=record.attachment_list,
        signed_on=record.signed_on,
        extra=tuple((label, value) for label, value in record.extra),
    )


def _fitting(filing: Filing) -> Filing:
    """The same filing, known to fit the database's columns; nothing is cut."""

    def check(label: str, text: str, limit: int) -> None:
        if len(text) > limit:
            raise FilingError(
                gettext_noop("“%(label)s” has %(length)d characters and at most %(limit)d fit: “%(start)s…”"),
                label=label,
                length=len(text),
                limit=limit,
                start=text[:20],
            )

    def check_all(model: type[Model], labels: dict[str, str], source: object, names: dict[str, str]) -> None:
        for column, label in labels.items():
            limit = getattr(model._meta.get_field(column), "max_length", None)
            check(label, getattr(source, names.get(column, column)), limit or 0)

    columns = {"number": "编号", "other_activity": "其他", "held_text": "时间", "place": "地点"}
    check_all(Record, columns, filing, {})
    columns = {"name_as_filed": "参与单位名称", "person": "人员姓名", "title": "职务"}
    for attendee in filing.attendees:
        check_all(Participant, columns, attendee, {"name_as_filed": "institution"})
    return filing


def find_company(filing: Filing) -> Company | None:
    """The known company whose filing this is: by code; where the form has none, by a name that only one bears."""
    if filing.company_code:
        return Company.objects.filter(code=filing.company_code).first()
    if filing.company_short_name:
        named = Company.objects.filter(short_name=filing.company_short_name)
    elif filing.company_name:
        named = Company.objects.filter(full_name=filing.company_name)
    else:
        return None
    found = list(named[:2])
    return found[0] if len(found) == 1 else None


def _company_of(filing: Filing) -> Company:
    """The company that is known, or a new one of the filing's code."""
    if company := find_company(filing):
        return company
    if not filing.company_code:
        raise FilingError(gettext_noop("It names no securities code (证券代码): add that line and try again."))
    short_name = filing.company_short_name or filing.company_name or filing.company_code
    company = Company(code=filing.company_code, short_name=short_name[:40], full_name=filing.company_name[:120])
    company.full_clean()
    company.save()
    return company


def _record_from(filing: Filing, company: Company, user: Any, corrects: Record | None) -> Record:
    record = Record(
        corrects=corrects,
        company=company,
        number=filing.number,
        other_activity=filing.other_activity,
        held_from=filing.held_from,
        held_to=filing.held_to,
        held_text=filing.held_text,
        place=filing.place,
        hosts=[dataclasses.asdict(host) for host in filing.hosts],
        stated_institutions=filing.stated_institutions,
        stated_people=filing.stated_people,
        introduction=filing.introduction,
        closing=filing.closing,
        material_information=filing.material_information,
        attachment_list=filing.attachments,
        extra=[list(pair) for pair in filing.extra],
        signed_on=filing.signed_on,
        source_digest=digest_of(dataclasses.replace(filing, company_code=company.code)),
    )
    record._history_user = user
    record.save()
    if names := [name for name in filing.activity_types if name in ACTIVITY_TYPES]:
        record.activity_types.set(ActivityType.objects.filter(name__in=names))
    return record


def _next_position(rows: Any) -> int:
    return (rows.aggregate(last=Max("position"))["last"] or 0) + 1


def _add_participants(record: Record, attendees: Iterable[Attendee], user: Any) -> None:
    """After those that are there."""
    attendees = list(attendees)
    with institutions_held():
        institutions = Institution.objects.resolve(attendee.institution for attendee in attendees)
        bulk_create_with_history(
            [
                Participant(
                    record=record,
                    position=position,
                    institution=institutions.get(attendee.institution),
                    name_as_filed=attendee.institution,
                    person=attendee.person,
                    title=attendee.title,
                )
                for position, attendee in enumerate(attendees, _next_position(record.participants))
            ],
            Participant,
            default_user=user,
        )


def _add_questions(record: Record, questions: Iterable[shape.Question], user: Any) -> int:
    """After those that are there, with the topics that their words suggest; returns how many topics were given."""
    rows = bulk_create_with_history(
        [
            Question(record=record, position=position, text=entry.question, answer=entry.answer)
            for position, entry in enumerate(questions, _next_position(record.questions))
        ],
        Question,
        default_user=user,
    )
    with topics_held():
        return give_by_words(rows)
