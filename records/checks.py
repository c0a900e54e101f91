"""What is to be looked at before a record is published: errors that stop it, warnings that somebody acknowledges."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from .models import Acknowledgement, Level, Light, Participant, Question, Record, WatchWord
from .names import institution_key, split_list
from .search import fold, marked

# Those who come to these sign a 承诺书 beforehand; meetings open to everybody, or held by a broker, ask for none.
WITH_LETTERS = frozenset({"特定对象调研", "媒体采访", "现场参观"})
LONGEST_NAME = 25  # of one in a list
_CROWD = re.compile(r"(?:投资者|股东|人员|代表|网友)等?$")  # of whom no name is told
PLACES = 10  # of one finding that are named; the others are counted


class Place(NamedTuple):
    """Where on the form: the name of the field there, such as `questions-3-answer`, and what to call it."""

    field: str
    label: str
    word: str = ""  # that stands there


@dataclasses.dataclass(frozen=True)
class Finding:
    """One thing to look at. `about` is what was found, apart from where: while it is the same, so is the `key`."""

    level: Level
    code: str
    sentence: str
    places: tuple[Place, ...]
    about: str = ""
    offer: str = ""  # a value for the first place

    @property
    def key(self) -> str:
        return hashlib.sha256(f"{self.code}\0{self.about}".encode(errors="replace")).hexdigest()

    @property
    def text(self) -> str:
        """The finding in one line, for whoever does not see the form."""
        words = "、".join(place.label for place in self.places if place.word or len(self.places) > 1)
        return f"{self.sentence} {words}".strip()


class Rows(NamedTuple):
    """What belongs to a record, stored or just being typed: rows by the prefix of their fields in the form."""

    activities: Collection[str]
    participants: dict[str, Participant]
    questions: dict[str, Question]

    @classmethod
    def stored(cls, record: Record) -> Rows:
        return cls(
            [kind.name for kind in record.activity_types.all()],
            {f"participants-{at}": row for at, row in enumerate(record.participants.all())},
            {f"questions-{at}": row for at, row in enumerate(record.questions.all())},
        )


def check(record: Record, rows: Rows | None = None) -> list[Finding]:
    """Everything to look at in a record, errors first. At most nine queries for a stored record, six with `rows`."""
    rows = Rows.stored(record) if rows is None else rows
    found = [
        *_gaps(record, rows),
        *_number(record),
        *_dates(record),
        *_deadline(record),
        *_rows(rows),
        *_letters(rows),
        *_watched(record, rows),
    ]
    return sorted(found, key=lambda finding: finding.level != Level.ERROR)


def _field_name(field: str) -> str:
    return str(Record._meta.get_field(field).verbose_name)  # type: ignore[union-attr]


def _at(field: str) -> tuple[Place]:
    return (Place(field, _field_name(field)),)


def _gaps(record: Record, rows: Rows) -> Iterator[Finding]:
    for field, sentences in record.gaps(asked=bool(rows.questions), activities=rows.activities).items():
        yield Finding(Level.ERROR, f"gap_{field}", " ".join(sentences), _at(field))
    if not record.material_information.strip():
        sentence = gettext("Say whether undisclosed material information was involved.")
        yield Finding(Level.ERROR, "material_information", sentence, _at("material_information"))


def _dates(record: Record) -> Iterator[Finding]:
    held, signed, disclosed = record.last_day, record.signed_on, record.disclosed_on
    about = f"{held} {signed} {disclosed}"
    if held and disclosed and disclosed < held:
        sentence = gettext("The record is disclosed before the activity was over.")
        yield Finding(Level.ERROR, "disclosed_before_held", sentence, _at("disclosed_on"), about)
    if held and signed and signed < held:
        sentence = gettext("The form bears a date before the activity was over.")
        yield Finding(Level.WARNING, "signed_before_held", sentence, _at("signed_on"), about)
    if signed and disclosed and disclosed < signed:
        sentence = gettext("The record is disclosed before the date of the form.")
        yield Finding(Level.WARNING, "disclosed_before_signed", sentence, _at("disclosed_on"), about)


def _deadline(record: Record) -> Iterator[Finding]:
    if not record.company_id or not record.held_from:
        return
    due = record.due
    disclosed_in_time = due and record.disclosed_on and record.disclosed_on <= due.day
    if due and record.light == Light.OVERDUE and not disclosed_in_time:
        sentence = gettext("The record is overdue: it was to be published by %(due)s.") % {"due": due}
        yield Finding(Level.WARNING, "overdue", sentence, _at("held_from"), str(due.day))
    for period in record.quiet_periods:
        sentence = gettext("Held in a quiet period of the company, %(first)s to %(last)s: %(reason)s.") % {
            "first": period.first_day,
            "last": period.last_day,
            "reason": period.reason.rstrip("。."),
        }
        about = f"{period.first_day} {period.last_day} {period.reason}"
        yield Finding(Level.WARNING, "quiet_period", sentence, _at("held_from"), about)


def _rows(rows: Rows) -> Iterator[Finding]:
    strangers = {
        prefix: row for prefix, row in rows.participants.items() if not institution_key(row.name_as_filed or "")
    }
    if strangers:
        yield Finding(
            Level.WARNING,
            "no_institution",
            ngettext(
                "%(n)d participant is without an institution:",
                "%(n)d participants are without an institution:",
                len(strangers),
            )
            % {"n": len(strangers)},
            tuple(Place(f"{prefix}-name_as_filed", row.person) for prefix, row in strangers.items()),
            "\n".join(sorted(row.person for row in strangers.values())),
        )
    if crowded := list(_crowded(rows)):
        yield Finding(
            Level.WARNING,
            "several_names",
            ngettext(
                "%(n)d row names several; give each a row of its own, so that it is found and counted:",
                "%(n)d rows name several; give each a row of its own, so that it is found and counted:",
                len(crowded),
            )
            % {"n": len(crowded)},
            tuple(crowded[:PLACES]),
            "\n".join(sorted(place.label for place in crowded)),
        )
    unanswered = [
        (prefix, place, row) for place, (prefix, row) in enumerate(rows.questions.items(), 1) if not row.answer.strip()
    ]
    if unanswered:
        yield Finding(
            Level.WARNING,
            "no_answer",
            ngettext("%(n)d question is without an answer:", "%(n)d questions are without an answer:", len(unanswered))
            % {"n": len(unanswered)},
            tuple(
                Place(f"{prefix}-answer", gettext("Question %d") % place) for prefix, place, _question in unanswered
            ),
            "\n".join(sorted(row.text for _prefix, _place, row in unanswered)),
        )


def _crowded(rows: Rows) -> Iterator[Place]:
    """Fields of participants that hold a list of names; a sentence about who came is none."""
    for prefix, row in rows.participants.items():
        for field in ("name_as_filed", "person"):
            names = split_list(getattr(row, field) or "")
            if len(names) > 1 and max(map(len, names)) <= LONGEST_NAME and not _CROWD.search(names[-1]):
                yield Place(f"{prefix}-{field}", "、".join(names))


def _letters(rows: Rows) -> Iterator[Finding]:
    """Where it is not known whether one is needed, one is missing."""
    letter, attendance = Participant.CommitmentLetter, Participant.Attendance
    missing = {
        prefix: row
        for prefix, row in rows.participants.items()
        if row.commitment_letter not in {letter.SIGNED, letter.NOT_NEEDED} and row.attended != attendance.NO
    }
    if not missing or not WITH_LETTERS.intersection(rows.activities):
        return
    sentence = ngettext(
        "%(n)d visitor has not signed a commitment letter:",
        "%(n)d visitors have not signed a commitment letter:",
        len(missing),
    )
    places = [Place(f"{prefix}-commitment_letter", str(row)) for prefix, row in missing.items()]
    if (more := len(places) - PLACES) > 0:
        places[PLACES:] = [places[PLACES]._replace(label=f"+{more}")]
    about = "\n".join(sorted(map(str, missing.values())))
    yield Finding(Level.WARNING, "commitment_letter", sentence % {"n": len(missing)}, tuple(places), about)


# Words to watch for


def _watched(record: Record, rows: Rows) -> Iterator[Finding]:
    # The statement on material information names what it denies.
    watched = [(word, fold(word.word)) for word in WatchWord.objects.all()]
    for field, label, text in _texts(record, rows):
        folded = fold(text)
        for word, looked_for in watched:
            if looked_for not in folded or not (said := _surroundings(text, looked_for)):
                continue
            sentence = f"“{word.word}”：{word.reason}" if word.reason else f"“{word.word}”"
            yield Finding(
                Level(word.level),
                "watch_word",
                sentence,
                (Place(field, f"{label}：{said[0]}{_more(len(said) - 1)}", word.word),),
                "\n".join([word.word, *said]),
            )


def _more(count: int) -> str:
    return f" (+{count})" if count else ""


def _texts(record: Record, rows: Rows) -> Iterator[tuple[str, str, str]]:
    """Field, name and text of all that the record says in its own words, in the order of the form."""
    for field in ("place", "introduction"):
        yield field, _field_name(field), getattr(record, field)
    for number, (prefix, row) in enumerate(rows.questions.items(), 1):
        yield f"{prefix}-text", gettext("Question %d") % number, row.text
        yield f"{prefix}-answer", gettext("Answer %d") % number, row.answer
    yield "closing", _field_name("closing"), record.closing
    yield "attachment_list", _field_name("attachment_list"), record.attachment_list
    for label, text in record.extra:
        yield "extra", label, text


# 没有泄露未公开重大信息: what a meeting closes with names what it denies.
_DENIED = re.compile(
    r"(?:没有|未曾|并未|未|不)(?:发生|出现|存在|有)?(?:泄露|泄漏|透露|涉及|提供|披露)[^，。；！？\n]{0,12}$"
)


def _surroundings(text: str, word: str, width: int = 10) -> list[str]:
    """Each place of a folded word with the characters beside it, but where a sentence says that it was not told."""
    pieces = marked(text, (word,))
    found = []
    for at, (piece, hit) in enumerate(pieces):
        if hit:
            before = pieces[at - 1][0] if at else ""
            if _DENIED.search(before):
                continue
            after = pieces[at + 1][0] if at + 1 < len(pieces) else ""
            cut = ("…" if len(before) > width else "", "…" if len(after) > width else "")
            found.append(f"{cut[0]}{before[-width:]}{piece}{after[:width]}{cut[1]}")
    return found


# The number


class _Number(NamedTuple):
    """A number that counts within a year, such as 2024-010."""

    style: tuple[str, str, str]  # what stands before, between and after
    year: int
    place: int
    width: int

    @classmethod
    def read(cls, text: str) -> _Number | None:
        match = re.fullmatch(r"(\D*)((?:19|20)\d\d)(\D*)(\d{1,4})(\D*)", text.strip(), re.ASCII)
        if not match or (not match[3] and len(match[4]) > 3):  # 20190102 is a day
            return None
        return cls((match[1], match[3], match[5]), int(match[2]), int(match[4]), len(match[4]))

    def __str__(self) -> str:
        before, between, after = self.style
        return f"{before}{self.year}{between}{self.place:0{self.width}}{after}"


def next_number(numbers: Iterable[str], year: int) -> str:
    """The number that follows the company's others in a year, in their style; empty where they do not count so.

    `numbers` come newest first.
    """
    numbers = [number for number in numbers if number]
    counted = [number for text in numbers if (number := _Number.read(text))]
    if not counted:
        return "" if numbers else f"{year}-001"
    if of_year := [number for number in counted if number.year == year]:
        last = max(of_year, key=lambda number: number.place)
        return str(last._replace(place=last.place + 1))
    return str(counted[0]._replace(year=year, place=1))


def _number(record: Record) -> Iterator[Finding]:
    if not record.company_id:
        return
    others = Record.objects.filter(company=record.company_id, corrects=None).exclude(pk=record.pk).newest_first()
    numbers = list(others.values_list("number", flat=True))
    if numbers and not any(numbers):
        return  # this company does without
    year = (record.held_from or timezone.localdate()).year
    offer = next_number(numbers, year)
    if not record.number.strip():
        sentence = gettext("The record has no number.")
    elif wrong := _break_in(record.number, numbers):
        sentence = wrong
    else:
        return
    if offer:
        following = gettext("The next one is %(number)s.") % {"number": offer}
        sentence = f"{sentence} {following}"
    yield Finding(Level.WARNING, "number", sentence, _at("number"), record.number, offer)


def _break_in(own: str, numbers: list[str]) -> str:
    """How a number breaks the sequence of the company's others, in a sentence; empty where it does not."""
    counted = [number for text in numbers if (number := _Number.read(text))]
    number = _Number.read(own)
    if not counted:
        return ""
    if not number:
        return gettext("The number is written otherwise than %(number)s.") % {"number": counted[0]}
    before = number._replace(place=number.place - 1)
    there = {(other.year, other.place) for other in counted}
    if number.place > 1 and (number.year, number.place - 1) not in there:
        return gettext("The number before it, %(number)s, is not there.") % {"number": before}
    return ""


# Before publishing


@dataclasses.dataclass(frozen=True)
class Report:
    """What was found, and who acknowledged which warning, by its key."""

    findings: list[Finding]
    acknowledged: dict[str, Acknowledgement]

    @property
    def lines(self) -> list[tuple[Finding, Acknowledgement | None]]:
        """Each finding with who acknowledged it."""
        return [(finding, self.acknowledged.get(finding.key)) for finding in self.findings]

    @property
    def errors(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.level == Level.ERROR]

    @property
    def open_warnings(self) -> list[Finding]:
        return [
            finding
            for finding in self.findings
            if finding.level == Level.WARNING and finding.key not in self.acknowledged
        ]

    @property
    def errors_by_field(self) -> dict[str, list[str]]:
        by_field: dict[str, list[str]] = {}
        for finding in self.errors:
            by_field.setdefault(finding.places[0].field, []).append(finding.text)
        return by_field


def report(record: Record, rows: Rows | None = None) -> Report:
    there: Any = Acknowledgement.objects.filter(record=record.pk).select_related("user") if record.pk else ()
    return Report(check(record, rows), {row.key: row for row in there})


class OpenWarningsError(ValidationError):
    """Nothing is wrong but that nobody has acknowledged the warnings."""


def refuse(record: Record, *, with_warnings: bool) -> None:
    """Raises ValidationError with what keeps a stored record from being published: errors, else open warnings."""
    found = report(record)
    if found.errors:
        raise ValidationError([finding.text for finding in found.errors])
    if with_warnings and found.open_warnings:
        texts = [finding.text for finding in found.open_warnings]
        raise OpenWarningsError([gettext("Warnings are to be acknowledged first:"), *texts])


def acknowledge(record: Record, keys: Collection[str], user: Any) -> None:
    """Keep who saw which of the warnings that the stored record gives now. Keys of others are passed over."""
    if not keys:
        return
    Acknowledgement.objects.bulk_create(
        [
            Acknowledgement(record=record, key=finding.key, sentence=finding.text, user=user)
            for finding in report(record).open_warnings
            if finding.key in keys
        ],
        ignore_conflicts=True,  # somebody else may have been quicker
    )
