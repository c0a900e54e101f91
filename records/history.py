"""Who changed what and when, for a record with all that belongs to it, and what it said at any time."""

from __future__ import annotations

import bisect
import collections
import dataclasses
import datetime
import itertools
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.paginator import Page, Paginator
from django.utils.translation import gettext

from .compare import Change, Piece, Version, between, difference, only_changes
from .models import (
    Acknowledgement,
    Attachment,
    Company,
    Institution,
    InstitutionMerge,
    Participant,
    Question,
    Record,
    Step,
    name_of,
)
from .querysets import id_of

# What one person stores within so many seconds is told as one change: a form is saved table by table.
AT_ONCE = datetime.timedelta(seconds=2)
MOMENTS_ON_PAGE = 20
SHORT = 40  # a value up to this length is told whole, before and after
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_HISTORIES: dict[str, Any] = {
    "record": Record.history.model,
    "participant": Participant.history.model,
    "question": Question.history.model,
    "attachment": Attachment.history.model,
}


class Entry(NamedTuple):
    """One row that was stored: which, when, by whom. `sign` is + for made, ~ for changed, - for deleted."""

    at: datetime.datetime
    user: int | None
    kind: str
    row: int  # of which table's row it tells
    number: int  # its own, in the table that keeps the history
    sign: str = ""


@dataclasses.dataclass
class Moment:
    """What one person did at once, newest first in `entries`; told by `tell`."""

    entries: list[Entry]
    who: str = ""
    events: list[str] = dataclasses.field(default_factory=list)
    changes: list[Change] = dataclasses.field(default_factory=list)

    @property
    def at(self) -> datetime.datetime:
        return self.entries[0].at

    @property
    def key(self) -> int:
        """In addresses: microseconds since 1970."""
        return (self.at - _EPOCH) // datetime.timedelta(microseconds=1)


def entries_of(record_id: int) -> list[Entry]:
    """All that was ever stored of a record, newest first. Six queries."""
    found: list[Entry] = []
    for kind, model in _HISTORIES.items():
        own = {"id" if kind == "record" else "record_id": record_id}
        rows = model.objects.filter(**own).order_by()
        fields = ("history_date", "history_user_id", "id", "history_id", "history_type")
        found += [
            Entry(at, user, kind, row, number, sign) for at, user, row, number, sign in rows.values_list(*fields)
        ]
    for kind, rows in (("step", Step.objects), ("acknowledgement", Acknowledgement.objects)):
        told = rows.filter(record=record_id).order_by().values_list("at", "user_id", "pk")
        found += [Entry(at, user, kind, pk, pk) for at, user, pk in told]
    return sorted(found, key=lambda entry: (entry.at, entry.number), reverse=True)


def moments(entries: Iterable[Entry]) -> list[Moment]:
    """The entries, which come newest first, by what was done at once."""
    found: list[Moment] = []
    for entry in entries:
        last = found[-1].entries[-1] if found else None
        if last and last.user == entry.user and last.at - entry.at <= AT_ONCE:
            found[-1].entries.append(entry)
        else:
            found.append(Moment([entry]))
    return found


def page_of(record_id: int, number: Any) -> Page:
    """A page of moments, told. The number of queries is the same for any page."""
    entries = entries_of(record_id)
    page = Paginator(moments(entries), MOMENTS_ON_PAGE).get_page(number)
    tell(list(page.object_list), entries)
    return page


def tell(told: list[Moment], entries: list[Entry]) -> None:
    """Give the moments their changes, out of all entries of the record."""
    former = _former(entries)
    shown = [entry for moment in told for entry in moment.entries]
    name_doers(told)
    rows = _Rows([*shown, *(former[entry] for entry in shown if entry in former)])
    for moment in told:
        for entry in reversed(_last_of_each(moment.entries)):
            if entry.kind in _HISTORIES:
                first = _first_of(moment.entries, entry)
                moment.changes += _told(rows, former.get(first), entry, made=first.sign == "+")
            else:
                moment.events.append(rows.said[entry.kind, entry.number])


def name_doers(told: list[Moment]) -> None:
    users: Any = get_user_model()._default_manager
    found = users.in_bulk({moment.entries[0].user for moment in told} - {None})
    for moment in told:
        moment.who = name_of(found.get(moment.entries[0].user))


def _former(entries: list[Entry]) -> dict[Entry, Entry]:
    """For each entry the one before it of the same row."""
    found = {}
    latest: dict[tuple[str, int], Entry] = {}
    for entry in reversed(entries):
        if before := latest.get((entry.kind, entry.row)):
            found[entry] = before
        latest[entry.kind, entry.row] = entry
    return found


def _last_of_each(entries: list[Entry]) -> list[Entry]:
    """Of the entries of a moment, newest first, the last one of each row."""
    return list({(entry.kind, entry.row): entry for entry in reversed(entries)}.values())[::-1]


def _first_of(entries: list[Entry], entry: Entry) -> Entry:
    """The first one of the same row: what was before that is what was before the moment."""
    return next(other for other in reversed(entries) if (other.kind, other.row) == (entry.kind, entry.row))


class _Rows:
    """The rows that entries tell of, with the names that they need. A fixed number of queries."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        numbers = collections.defaultdict(set)
        for entry in entries:
            numbers[entry.kind].add(entry.number)
        self._rows = {
            (kind, row.history_id): row
            for kind, model in _HISTORIES.items()
            for row in model.objects.filter(history_id__in=numbers[kind])
        }
        ticked: Any = apps.get_model("records", "HistoricalRecord_activity_types").objects
        self.activities = collections.defaultdict(list)
        for number, name in ticked.filter(history__in=numbers["record"]).values_list("history_id", "activitytype_id"):
            self.activities[number].append(name)
        self.said = {
            ("step", step.pk): f"{step.label}：{step.comment}" if step.comment else str(step.label)
            for step in Step.objects.filter(pk__in=numbers["step"])
        } | {
            ("acknowledgement", seen.pk): gettext("Acknowledged: %(warning)s") % {"warning": seen.sentence}
            for seen in Acknowledgement.objects.filter(pk__in=numbers["acknowledgement"])
        }
        rows = self._rows.values()
        self.companies = Company.objects.in_bulk({getattr(row, "company_id", None) for row in rows} - {None})
        houses: set[Any] = {getattr(row, "institution_id", None) for row in rows} - {None}
        self.institutions = dict(Institution.objects.filter(pk__in=houses).values_list("pk", "name"))
        if merged := houses - self.institutions.keys():
            merges = InstitutionMerge.objects.standing().filter(former_id__in=merged)
            self.institutions |= dict(merges.values_list("former_id", "name"))

    def __getitem__(self, entry: Entry) -> Any:
        return self._rows[entry.kind, entry.number]

    def values(self, entry: Entry) -> dict[str, str]:
        """What a row said, by the names of its fields."""
        row = self[entry]
        if entry.kind == "question":
            return {_name(Question, "text"): row.text, _name(Question, "answer"): row.answer}
        if entry.kind == "participant":
            return {
                _name(Participant, "name_as_filed"): row.name_as_filed,
                _name(Participant, "institution"): self.institutions.get(row.institution_id, ""),
                _name(Participant, "person"): row.person,
                _name(Participant, "title"): row.title,
                _name(Participant, "attended"): row.attended and row.get_attended_display(),
                _name(Participant, "commitment_letter"): row.commitment_letter and row.get_commitment_letter_display(),
            }
        if entry.kind == "attachment":
            return {
                _name(Attachment, "name"): row.name,
                _name(Attachment, "kind"): row.get_kind_display(),
                _name(Attachment, "is_public"): _name(Attachment, "is_public") if row.is_public else "",
            }
        return {
            _name(Record, field.name): self._value(row, field)
            for field in Record._meta.concrete_fields
            if field.editable and not field.primary_key and hasattr(row, field.attname)
        } | {
            _name(Record, "activity_types"): "、".join(sorted(self.activities[row.history_id])),
            _name(Record, "status"): row.get_status_display(),
            _name(Record, "retain_until"): "" if row.retain_until is None else str(row.retain_until),
        }

    def _value(self, row: Any, field: Any) -> str:
        value = getattr(row, field.attname)
        if field.name == "company":
            return str(self.companies.get(value, value))
        if field.name == "hosts":
            return "\n".join(" ".join(filter(None, (host.get("title"), host.get("name")))) for host in value)
        if field.name == "extra":
            return "\n".join(f"【{label}】{text}" for label, text in value)
        return "" if value is None else str(value)


def _name(model: Any, field: str) -> str:
    return str(model._meta.get_field(field).verbose_name)


def _told(rows: _Rows, before: Entry | None, entry: Entry, *, made: bool) -> Iterator[Change]:
    """What changed in a row from one entry to a later one."""
    gone = entry.sign == "-"
    old = rows.values(before) if before and before.sign != "-" else {}
    new = {} if gone else rows.values(entry)
    if entry.kind == "record":
        for label in new or old:
            if (was := old.get(label, "")) != (now := new.get(label, "")):
                yield Change(label, _pieces(was, now))
        return
    words = {
        "question": (gettext("Question"), gettext("New question"), gettext("Deleted question")),
        "participant": (gettext("Participant"), gettext("New participant"), gettext("Deleted participant")),
        "attachment": (gettext("Attachment"), gettext("New attachment"), gettext("Deleted attachment")),
    }[entry.kind]
    if old and new:
        title = next(filter(None, old.values()), "")
        for label, was in old.items():
            if was != new[label]:
                yield Change(f"{words[0]} “{_cut(title)}” · {label}", _pieces(was, new[label]))
    elif old or new:
        # What institution a name stands for is the desk's own; it is told where it changes.
        said = [text for label, text in (old or new).items() if text and label != _name(Participant, "institution")]
        sign = "\n" if entry.kind == "question" else " "
        title = words[2] if gone else words[1] if made else words[0]  # what a migration made has no first entry
        yield Change(title, [Piece("old" if gone else "new", sign.join(said))])


def _cut(text: str) -> str:
    return text if len(text) <= 24 else f"{text[:24]}…"


def _pieces(old: str, new: str) -> list[Piece]:
    if max(len(old), len(new)) <= SHORT:
        return [Piece(kind, text) for kind, text in (("old", old), ("new", new)) if text]
    return only_changes(difference(old, new))


# Any two versions


def moment_at(told: list[Moment], key: str) -> Moment | None:
    """The moment that an address names, or None; `told` as `moments` gives them."""
    wanted = id_of(key)
    at = bisect.bisect_left([-moment.key for moment in told], -wanted)
    return told[at] if at < len(told) and told[at].key == wanted else None


def compared(record_id: int, entries: list[Entry], old: Moment, new: Moment) -> list[Change]:
    """What differs between a record as two moments left it, in the order of the form.

    Raises LookupError where history does not reach back to the first of them.
    """
    states = [_latest(entries, moment) for moment in (old, new)]
    heads = [entry for state in states for entry in state if entry.kind == "record"]
    if len(heads) < len(states):
        raise LookupError
    rows = _Rows(itertools.chain(*states))
    places = dict(Question.objects.filter(record=record_id).values_list("pk", "position"))
    seats = dict(Participant.objects.filter(record=record_id).values_list("pk", "position"))

    def version(state: list[Entry], record: Entry) -> Version:
        # History keeps no places: rows that are there still stand as they do now, those that are gone at the end.
        def of_kind(kind: str, order: dict[int, int]) -> list[Any]:
            found = [entry for entry in state if entry.kind == kind]
            return [rows[entry] for entry in sorted(found, key=lambda entry: (order.get(entry.row, 10**9), entry.row))]

        activities = sorted(rows.activities[record.number])
        return Version(rows[record], activities, of_kind("participant", seats), of_kind("question", places))

    before, after = map(version, states, heads)
    own = ("company", "disclosed_on", "status")  # what the form itself does not show
    first, last = map(rows.values, heads)
    labels = [_name(Record, field) for field in own]
    return [
        *(Change(label, _pieces(first[label], last[label])) for label in labels if first[label] != last[label]),
        *between(before, after),
    ]


def _latest(entries: list[Entry], moment: Moment) -> list[Entry]:
    """The last entry of each row up to a moment, but for rows that were deleted by then."""
    latest: dict[tuple[str, int], Entry] = {}
    start = entries.index(moment.entries[0])
    for entry in entries[start:]:
        if entry.kind in _HISTORIES:
            latest.setdefault((entry.kind, entry.row), entry)
    return [entry for entry in latest.values() if entry.sign != "-"]
