"""What changed between two texts, or between two versions of a record."""

from __future__ import annotations

import dataclasses
import difflib
import re
from collections.abc import Iterable, Iterator
from typing import Any

from django.utils.translation import gettext

from .filing.labels import by_row
from .models import Question, Record
from .similar import THRESHOLD, gist, likeness


@dataclasses.dataclass(frozen=True)
class Piece:
    """A stretch of a text compared with another: `kind` is "same", "old" (only there) or "new" (only here)."""

    kind: str
    text: str


# Texts longer than this are compared by sentences: characters would take too long.
_MAX_BY_CHARACTER = 4000
_UNITS = re.compile(r"[0-9][0-9,.]*[%％]?|[A-Za-z]+|.", re.DOTALL)
_SENTENCES = re.compile(r"[^。！？；\n]*[。！？；\n]?")
_CONTEXT = 24  # characters on each side of a change that are kept where only changes are shown


def difference(old: str, new: str) -> list[Piece]:
    """How the new text differs from the old: by characters, where figures and Latin words count as one character.

    Joined, the pieces that are not "old" are the new text, and those that are not "new" the old one.
    """
    split = _UNITS if max(len(old), len(new)) <= _MAX_BY_CHARACTER else _SENTENCES
    before = [unit for unit in split.findall(old) if unit]
    after = [unit for unit in split.findall(new) if unit]
    # What begins and ends alike needs no matching: most changes to a long text are small.
    head = _alike(before, after)
    tail = _alike(before[head:][::-1], after[head:][::-1])
    was, now = before[head : len(before) - tail], after[head : len(after) - tail]
    pieces = [Piece("same", "".join(before[:head]))] if head else []
    opcodes = difflib.SequenceMatcher(None, was, now, autojunk=False).get_opcodes()
    for kind, start, end, other_start, other_end in opcodes:
        if kind == "equal":
            pieces.append(Piece("same", "".join(was[start:end])))
            continue
        if end > start:
            pieces.append(Piece("old", "".join(was[start:end])))
        if other_end > other_start:
            pieces.append(Piece("new", "".join(now[other_start:other_end])))
    if tail:
        pieces.append(Piece("same", "".join(before[len(before) - tail :])))
    return _without_crumbs(pieces)


def _alike(one: list[str], other: list[str]) -> int:
    """How many units two texts share from their beginning on."""
    count = 0
    for unit, counterpart in zip(one, other, strict=False):
        if unit != counterpart:
            break
        count += 1
    return count


def _without_crumbs(pieces: list[Piece], least: int = 3) -> list[Piece]:
    """Single characters that happen to agree inside a rewritten stretch belong to the rewriting."""
    blurred: list[Piece] = []
    for at, piece in enumerate(pieces):
        inside = 0 < at < len(pieces) - 1
        if piece.kind == "same" and inside and len(piece.text) < least:
            blurred += [Piece("old", piece.text), Piece("new", piece.text)]
        else:
            blurred.append(piece)
    joined: list[Piece] = []
    run: dict[str, str] = {"old": "", "new": ""}

    def close() -> None:
        joined.extend(Piece(kind, text) for kind, text in run.items() if text)
        run.update(old="", new="")

    for piece in blurred:
        if piece.kind == "same":
            close()
            joined.append(piece)
        else:
            run[piece.kind] += piece.text
    close()
    return joined


def is_rewritten(pieces: Iterable[Piece]) -> bool:
    """Whether less than half of the shorter text is left in the other: what is marked would be crumbs."""
    lengths = {"same": 0, "old": 0, "new": 0}
    for piece in pieces:
        lengths[piece.kind] += len(piece.text)
    return lengths["same"] < min(lengths["old"], lengths["new"])


def only_changes(pieces: Iterable[Piece]) -> list[Piece]:
    """The pieces with what is the same cut down to the words beside a change."""
    pieces = list(pieces)
    kept = []
    for at, piece in enumerate(pieces):
        text = piece.text
        if piece.kind == "same" and len(text) > 2 * _CONTEXT + 8:
            head = text[:_CONTEXT] if at else ""
            tail = text[-_CONTEXT:] if at < len(pieces) - 1 else ""
            text = f"{head}…{tail}"
        kept.append(Piece(piece.kind, text))
    return kept


@dataclasses.dataclass(frozen=True)
class Change:
    """A part of the form that differs between two versions; `question` is where the present one stands, if it does."""

    label: str
    pieces: list[Piece]
    question: Question | None = None


@dataclasses.dataclass(frozen=True)
class Version:
    """What a record said, now or at some time: the rows themselves or such as history keeps, in the form's order."""

    record: Any
    activities: list[str]
    participants: list[Any]
    questions: list[Any]

    @classmethod
    def of(cls, record: Record) -> Version:
        """As `for_page` gives it."""
        kinds = [kind.name for kind in record.activity_types.all()]
        return cls(record, kinds, list(record.participants.all()), list(record.questions.all()))


def changes(old: Record, new: Record) -> list[Change]:
    """Where a version differs from the one before it, in the order of the form. Both as `for_page` gives them."""
    return between(Version.of(old), Version.of(new))


def between(old: Version, new: Version) -> list[Change]:
    """Where one version differs from another."""
    return [*_changed_fields(old, new), *_changed_questions(old.questions, new.questions)]


def _changed_fields(old: Version, new: Version) -> Iterator[Change]:
    before, after = _form(old), _form(new)
    for label in [*before, *(label for label in after if label not in before)]:
        one, other = before.get(label, ""), after.get(label, "")
        if one != other:
            yield Change(label, only_changes(difference(one, other)))


def _form(version: Version) -> dict[str, str]:
    """The rows of the form but for its questions, each as one text."""
    record = version.record

    def name(field: str) -> str:
        return str(Record._meta.get_field(field).verbose_name)  # type: ignore[union-attr]

    visitors = (" ".join(filter(None, (row.name_as_filed, row.person, row.title))) for row in version.participants)
    hosts = (" ".join(filter(None, (host.get("title"), host.get("name")))) for host in record.hosts)
    beyond, others = by_row(record.extra)

    def row(kind: str, text: Any) -> str:
        return "\n".join(filter(None, (str(text or ""), beyond[kind])))

    texts: dict[str, Any] = {
        name("number"): record.number,
        name("activity_types"): row("activity_types", "、".join(version.activities)),
        name("other_activity"): record.other_activity,
        gettext("participants"): row("participants", "\n".join(visitors)),
        name("stated_institutions"): record.stated_institutions,
        name("stated_people"): record.stated_people,
        name("held_from"): record.held_from,
        name("held_to"): record.held_to,
        name("held_text"): row("held", record.held_text),
        name("place"): row("place", record.place),
        name("hosts"): row("hosts", "\n".join(hosts)),
        name("introduction"): record.introduction,
        name("closing"): row("content", record.closing),
        name("material_information"): row("material_information", record.material_information),
        **{label: "\n".join(text for other, text in others if other == label) for label, _text in others},
        name("attachment_list"): row("attachments", record.attachment_list),
        name("signed_on"): row("signed_on", record.signed_on),
    }
    return {label: "" if value is None else str(value) for label, value in texts.items()}


def _changed_questions(old: list[Question], new: list[Question]) -> Iterator[Change]:
    partners = _partners(old, new)
    for place, question in enumerate(new, 1):
        former = partners.get(question.pk)
        if former is None:
            yield Change(gettext("Question %d, new") % place, [Piece("new", _said(question))], question)
        elif _said(former) != _said(question):
            pieces = only_changes(difference(_said(former), _said(question)))
            yield Change(gettext("Question %d") % place, pieces, question)
    kept = {former.pk for former in partners.values()}
    for place, question in enumerate(old, 1):
        if question.pk not in kept:
            yield Change(
                gettext("Question %d of the earlier version, left out") % place, [Piece("old", _said(question))]
            )


def _said(question: Question) -> str:
    return "\n".join(filter(None, (question.text, question.answer)))


def _partners(old: list[Question], new: list[Question]) -> dict[int, Question]:
    """For each new question by id, the old one that it was: the same words first, then the likest."""
    partners: dict[int, Question] = {}
    free = {question.pk: question for question in old}
    for question in new:  # between versions of one record a row is the same row
        if itself := next((other for other in free.values() if other.id == question.id), None):
            partners[question.pk] = free.pop(itself.pk)
    for question in new:
        if question.pk in partners:
            continue
        same = next((other for other in free.values() if other.text == question.text), None)
        if same:
            partners[question.pk] = free.pop(same.pk)
    gists = {question.pk: gist(_said(question)) for question in [*old, *new]}
    pairs = (
        (likeness(gists[other.pk], gists[question.pk]), other.pk, question.pk)
        for question in new
        if question.pk not in partners
        for other in free.values()
    )
    for score, former, present in sorted(pairs, key=lambda pair: (-pair[0], pair[1:])):
        if score >= THRESHOLD and former in free and present not in partners:
            partners[present] = free.pop(former)
    return partners
