"""Two people, or two windows, at one record: what a page was opened with, and what becomes of a save that is late.

A page carries a fingerprint of each field and row that it was opened with. A save compares them, under the lock of
the record's row, with what is stored by then. Where they differ nothing is stored: the page comes back with what was
typed, with what was stored meanwhile where nothing was typed, and with a list of both.
"""

from __future__ import annotations

import base64
import dataclasses
import datetime
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePath
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from records.compare import Piece, difference, only_changes
from records.models import Attachment, Company, Participant, Question, Record
from records.names import fold, split_list
from records.querysets import id_of
from records.workflow import VERBS

from .forms import RecordForm

OPENED = "_opened"  # what the page was opened with
SEEN = "_seen"  # what its user has been shown since, and saves over
WORK = "_work"  # the id of one piece of unsaved work, from the opened page to its save
MOST_ROWS = 2000

# The boxes of a row that are one thing to decide on.
UNITS: dict[str, tuple[tuple[str, ...], ...]] = {
    "participants": (("name_as_filed", "person", "title"), ("attended",), ("commitment_letter",)),
    "questions": (("text",), ("answer",), ("topic_names",)),
    "attachments": (("kind", "name", "is_public"),),
}
# Boxes that do not make a row of a blank one.
CHOSEN = frozenset({"kind", "is_public", "attended", "commitment_letter"})
MODELS: dict[str, Any] = {"participants": Participant, "questions": Question, "attachments": Attachment}
PART_OF = {model: part for part, model in MODELS.items()}

Texts = dict[str, str]


def _plain(text: Any) -> str:
    return "" if text is None else str(text).replace("\r\n", "\n").strip()


def _alike(name: str, text: str) -> str:
    """What two texts of a box have in common that are stored as the same."""
    return "、".join(sorted(map(fold, split_list(text)))) if name == "topic_names" else _plain(text)


def _print(*texts: str) -> str:
    digest = hashlib.blake2b("\0".join(texts).encode(errors="replace"), digest_size=6).digest()
    return base64.urlsafe_b64encode(digest).decode()


def _prints(part: str, texts: Texts) -> str:
    return ".".join(_print(*(_alike(name, texts.get(name, "")) for name in unit)) for unit in UNITS[part])


def _values(field: forms.Field, value: Any) -> list[str]:
    """What the page shows of a field, in one writing for each value: one text, or a key for each tick."""
    value = field.prepare_value(value)
    if isinstance(value, datetime.date):
        return [value.isoformat()]
    if isinstance(value, list | tuple):
        return sorted(map(str, value))
    return [_plain(value)]


@dataclasses.dataclass(frozen=True)
class State:
    """A record as a page shows it: values by field, and for each part its rows by id, in their order."""

    fields: dict[str, list[str]]
    rows: dict[str, dict[int, Texts]]

    @classmethod
    def stored(cls, record: Record, parts: Iterable[str]) -> State:
        sources = {
            "participants": lambda: record.participants.all(),
            "questions": lambda: record.questions.prefetch_related("topics"),
            "attachments": lambda: record.attachments.all(),
        }
        form = RecordForm(instance=record)
        return cls(fields_shown(form), {part: rows_shown(part, sources[part]()) for part in parts})


def fields_shown(form: forms.ModelForm) -> dict[str, list[str]]:
    """The values that an unbound form shows."""
    return {name: _values(field, form.get_initial_for_field(field, name)) for name, field in form.fields.items()}


def rows_shown(part: str, rows: Iterable[Any]) -> dict[int, Texts]:
    return {row.pk: _texts_of(part, row) for row in rows}


def _texts_of(part: str, row: Any) -> Texts:
    if part == "questions":
        topics = "、".join(topic.name for topic in row.topics.all())
        return {"text": row.text, "answer": row.answer, "topic_names": topics}
    if part == "attachments":
        return {"kind": row.kind, "name": row.name, "is_public": "on" if row.is_public else ""}
    return {name: getattr(row, name) for unit in UNITS[part] for name in unit}


@dataclasses.dataclass(frozen=True)
class Opened:
    """What a page was opened with: fingerprints by part and key, and the last entry of its history by then."""

    version: int
    prints: dict[str, dict[str, str]]

    @classmethod
    def of(cls, state: State, version: int) -> Opened:
        fields = {name: _print(*values) for name, values in state.fields.items()}
        rows = {
            part: {str(pk): _prints(part, texts) for pk, texts in there.items()} for part, there in state.rows.items()
        }
        return cls(version, {"fields": fields, **rows})

    @classmethod
    def read(cls, text: str) -> Opened | None:
        """What `str` wrote; None for anything else."""
        version, *parts = text.split("~")
        prints: dict[str, dict[str, str]] = {}
        for part in parts:
            name, _colon, pairs = part.partition(":")
            prints[name] = {
                key: value for key, _sign, value in (pair.partition("=") for pair in pairs.split(",")) if key
            }
        keys = [key for name, there in prints.items() if name != "fields" for key in there]
        if "fields" not in prints or not all(map(id_of, keys)) or str(id_of(version)) != version:
            return None
        return cls(int(version), prints)

    def __str__(self) -> str:
        parts = (
            f"{name}:{','.join(f'{key}={value}' for key, value in prints.items())}"
            for name, prints in self.prints.items()
        )
        return "~".join([str(self.version), *parts])

    def tells_of(self, now: Opened) -> bool:
        """Whether what it was opened with still is what is stored. A field that only one page knows says nothing."""
        known, present = self.prints["fields"], now.prints["fields"]
        if any(present[name] != known[name] for name in known.keys() & present.keys()):
            return False
        parts = [part for part in now.prints if part != "fields"]
        return all(list(self.prints.get(part, {}).items()) == list(now.prints[part].items()) for part in parts)


def last_version(pk: int) -> int:
    """The id of a record's last entry in its history, 0 where it has none."""
    return Record.history.filter(id=pk).order_by("-history_id").values_list("history_id", flat=True).first() or 0


@dataclasses.dataclass(eq=False)
class Row:
    """A row that was sent: `pk` is the stored row that it says it is, `at` its place in the form that comes back."""

    pk: int | None
    texts: Texts
    dropped: bool = False
    at: int = -1

    def is_blank(self) -> bool:
        return not any(text.strip() for name, text in self.texts.items() if name not in CHOSEN)


class Rows:
    """The rows of one part as they were sent, in their order; `whole` is whether a page of ours sends such."""

    def __init__(self, part: str, data: QueryDict, files: Mapping[str, Any]) -> None:
        self.part = part
        found: dict[int, Texts] = {}
        name_of_box = re.compile(rf"{part}-(\d{{1,6}})-([A-Za-z_]+)")
        for key in [*data, *files]:
            if match := name_of_box.fullmatch(key):
                file = files.get(key)
                value = PurePath(str(file.name)).name if file else data.get(key, "")
                found.setdefault(int(match[1]), {})[match[2]] = value or ""
        total, known = self._counts(data)
        self.whole = 0 <= known <= total <= MOST_ROWS and all(at < total for at in found)
        self.rows: list[Row] = []
        for _place, at in sorted((self._place(found[at]), at) for at in found):
            self._take(found[at], is_known=at < known)
        pks = [row.pk for row in self.rows if row.pk]
        self.pks = set(pks)
        self.whole = self.whole and len(pks) == len(self.pks) and all(at in found for at in range(known))

    def _counts(self, data: QueryDict) -> tuple[int, int]:
        try:
            return int(str(data[f"{self.part}-TOTAL_FORMS"])), int(str(data[f"{self.part}-INITIAL_FORMS"]))
        except (KeyError, ValueError):
            return -1, -1

    @staticmethod
    def _place(boxes: Texts) -> int:
        place = boxes.get("position", "")
        return int(place) if place.isdecimal() and len(place) < 9 else MOST_ROWS

    def _take(self, boxes: Texts, *, is_known: bool) -> None:
        typed = boxes.get("id", "")
        pk = id_of(typed) or None
        self.whole = self.whole and bool(pk) == is_known and (bool(pk) or not typed)
        texts = {name: _plain(boxes.get(name)) for unit in UNITS[self.part] for name in unit}
        if self.part == "attachments":
            texts["name"] = texts["name"] or boxes.get("file", "")
        row = Row(pk, texts, dropped=bool(boxes.get("DELETE")))
        if pk or not row.is_blank():
            self.rows.append(row)


@dataclasses.dataclass
class Item:
    """One thing that was stored meanwhile. `kind`: "both" changed it, only "theirs" did, "added" or "deleted" by them,
    "revived" is deleted by them and changed here, so that it is there again; "moved" are rows put in another order.

    `mine` and `theirs` are the values to put into the boxes of these names.
    """

    label: str
    kind: str
    old: str = ""
    new: str = ""
    row: Row | None = None
    mine: dict[str, list[str]] = dataclasses.field(default_factory=dict)
    theirs: dict[str, list[str]] = dataclasses.field(default_factory=dict)
    part: str = ""

    @property
    def pieces(self) -> list[Piece]:
        return only_changes(difference(self.old, self.new))

    @property
    def mine_pieces(self) -> list[Piece]:
        return [piece for piece in difference(self.old, self.new) if piece.kind != "new"]

    @property
    def their_pieces(self) -> list[Piece]:
        return [piece for piece in difference(self.old, self.new) if piece.kind != "old"]

    @property
    def is_dropped(self) -> bool:
        return bool(self.row and self.row.dropped)

    def boxes(self, values: dict[str, list[str]]) -> dict[str, list[str]]:
        return {f"{self.part}-{self.row.at}-{name}" if self.row else name: texts for name, texts in values.items()}

    @property
    def choices(self) -> str:
        """For the script: what goes into which boxes, whichever is chosen."""
        if not self.mine:
            return ""
        return json.dumps({"mine": self.boxes(self.mine), "theirs": self.boxes(self.theirs)}, ensure_ascii=False)

    @property
    def anchor(self) -> str:
        if not self.row:
            return "".join(f"id_{name}" for name in self.mine)
        return f"id_{self.part}-{self.row.at}-{next(iter(self.mine), UNITS[self.part][0][0])}"


class Late:
    """A save that came after somebody else's, or that no page of ours sends; nothing of it is stored.

    `data` is what the page comes back with, `items` what was stored meanwhile, `unstored` what only its user changed.
    Without a record, the one that was edited is there no more.
    """

    def __init__(
        self, record: Record | None, base: Opened | None, now: Opened, theirs: State, data: QueryDict, sent: list[Rows]
    ) -> None:
        self.record, self.base, self.now = record, base, now
        self.broken = not all(rows.whole for rows in sent)
        self.items: list[Item] = []
        self.unstored: list[Item] = []
        self.adds_nothing = True
        self.data = data.copy()
        self._settle_fields(theirs)
        for rows in sent:
            self._settle_rows(rows, theirs.rows.get(rows.part, {}))

    @property
    def is_overtaken(self) -> bool:
        """Whether something else was stored since the page was opened, or it does not say with what it was."""
        return self.base is None or not self.base.tells_of(self.now)

    @property
    def is_twice(self) -> bool:
        """Whether all that was sent is stored already: somebody pressed the button twice."""
        return self.adds_nothing and not self.items and not self.broken

    @property
    def to_decide(self) -> list[Item]:
        return [item for item in self.items if item.kind == "both"]

    @property
    def settled(self) -> list[Item]:
        return [item for item in self.items if item.kind != "both"]

    @property
    def mine(self) -> list[Item]:
        """All that its user changed and that is not stored."""
        return [*self.to_decide, *self.unstored]

    # Fields

    def _settle_fields(self, theirs: State) -> None:
        form = RecordForm(instance=self.record or Record())
        prints = self.base.prints["fields"] if self.base else {}
        for name, stored in theirs.fields.items():
            field, known = form.fields[name], prints.get(name)
            typed = _typed(field, name, self.data)
            if typed == stored or (self.base and known is None):
                continue
            label = capfirst(str(field.label or name))
            texts = [_in_words(name, values) for values in (typed, stored)]
            if known is not None and _print(*stored) == known:
                self.adds_nothing = False
                self.unstored.append(Item(label, "", texts[0], texts[1]))
                continue
            touched = known is None or _print(*typed) != known
            mine, now = self.data.getlist(name), [text for text in stored if text] or [""]
            kind = "both" if touched else "theirs"
            self.items.append(Item(label, kind, texts[0], texts[1], mine={name: mine or [""]}, theirs={name: now}))
            if touched:
                self.adds_nothing = False
            else:
                self.data.setlist(name, now)

    # Rows

    def _settle_rows(self, sent: Rows, theirs: dict[int, Texts]) -> None:
        part = sent.part
        base = None if self.base is None else {int(pk): p for pk, p in self.base.prints.get(part, {}).items()}
        named = {row.pk for row in sent.rows}
        added = [pk for pk in theirs if pk not in (base or {}) and pk not in named]
        kept: list[Row] = []
        items: list[Item] = []
        for row in sent.rows:
            if row.pk in theirs and row.pk is not None:
                kept.append(row)
                items += self._settle_row(part, row, theirs[row.pk], (base or {}).get(row.pk))
                if row.dropped:
                    self.adds_nothing = False
            elif row.pk in (base or {}) and row.pk is not None:
                before, row_prints = (base or {})[row.pk], _prints(part, row.texts)
                row.pk = None
                if row.dropped:
                    continue
                if row_prints != before:
                    self.adds_nothing = False
                    kept.append(row)
                    items.append(Item("", "revived", new=_said(part, row.texts), row=row, part=part))
                else:
                    items.append(Item(_name_of(part), "deleted", old=_said(part, row.texts), part=part))
            else:
                self.broken = self.broken or row.pk is not None
                row.pk = next((pk for pk in added if _prints(part, theirs[pk]) == _prints(part, row.texts)), None)
                if row.pk:
                    added.remove(row.pk)  # the same row has been stored by the same save
                elif row.dropped:
                    continue
                else:
                    self.adds_nothing = False
                kept.append(row)
        order = self._order(kept, list(theirs), None if base is None else list(base))
        if base is not None and [pk for pk in base if pk in theirs] != [pk for pk in theirs if pk in base]:
            items.append(Item(capfirst(str(MODELS[part]._meta.verbose_name_plural)), "moved"))
        for pk in added:
            row = Row(pk, dict(theirs[pk]))
            earlier = list(theirs)[: list(theirs).index(pk)]
            order.insert(max((at for at, other in enumerate(order, 1) if other.pk in earlier), default=0), row)
            items.append(Item("", "added", new=_said(part, row.texts), row=row, part=part))
        self.unstored += [Item("", "", _said(part, row.texts), row=row, part=part) for row in order if row.pk is None]
        if [row.pk for row in order] != list(theirs):
            self.adds_nothing = False
        self._write(part, order)
        for item in [*items, *(item for item in self.unstored if item.part == part)]:
            if item.row:
                item.label = " · ".join(filter(None, (_name_of(part, order.index(item.row) + 1), item.label)))
        self.items += sorted(items, key=lambda item: order.index(item.row) if item.row else len(order))

    def _settle_row(self, part: str, row: Row, stored: Texts, known: str | None) -> Iterator[Item]:
        before: list[str | None] = [*(known.split(".") if known else ()), *[None] * len(UNITS[part])]
        for unit, unit_print in zip(UNITS[part], before, strict=False):
            mine, now = ({name: texts.get(name, "") for name in unit} for texts in (row.texts, stored))
            same = [[_alike(name, text) for name, text in texts.items()] for texts in (mine, now)]
            if same[0] == same[1] and not (row.dropped and _print(*same[1]) != unit_print):
                continue
            label = capfirst(_label(part, unit[0])) if len(unit) == 1 else ""
            texts = [" ".join(filter(None, _shown(part, texts).values())) for texts in (mine, now)]
            if unit_print == _print(*same[1]):
                self.adds_nothing = False
                self.unstored.append(Item(label, "", texts[0], texts[1], row=row, part=part))
                continue
            touched = unit_print != _print(*same[0]) or row.dropped
            values = [{name: [text] for name, text in texts.items()} for texts in (mine, now)]
            if touched:
                self.adds_nothing = False
                if row.dropped:
                    texts[0] = ""
                    values = [{**values[0], "DELETE": ["on"]}, {**values[1], "DELETE": []}]
            else:
                row.texts.update(now)
            kind = "both" if touched else "theirs"
            yield Item(label, kind, texts[0], texts[1], row=row, mine=values[0], theirs=values[1], part=part)

    @staticmethod
    def _order(kept: list[Row], theirs: list[int], base: list[int] | None) -> list[Row]:
        """Rows in the order of the page, or, if that was left alone, in the one that somebody else gave them."""
        rows = {row.pk: row for row in kept if row.pk}
        if base is None:
            return list(kept)
        mine_order = [pk for pk in rows if pk in base]
        common = set(mine_order)
        if mine_order != [pk for pk in base if pk in common]:
            return list(kept)
        order = [rows[pk] for pk in theirs if pk in rows]
        for at, row in enumerate(kept):
            if row not in order:
                order.insert(order.index(kept[at - 1]) + 1 if at else 0, row)
        return order

    def _write(self, part: str, order: list[Row]) -> None:
        """The rows as a page of ours sends them: the stored ones first, whatever the places say."""
        for key in [key for key in self.data if re.fullmatch(rf"{part}-\d+-.*", key)]:
            del self.data[key]
        numbered = sorted(order, key=lambda row: row.pk is None)
        for at, row in enumerate(numbered):
            row.at = at
            boxes = {**row.texts, "id": row.pk or "", "position": order.index(row) + 1}
            if row.dropped:
                boxes["DELETE"] = "on"
            for name, text in boxes.items():
                if text or name != "is_public":
                    self.data[f"{part}-{at}-{name}"] = str(text)
        self.data[f"{part}-TOTAL_FORMS"] = str(len(numbered))
        self.data[f"{part}-INITIAL_FORMS"] = str(sum(1 for row in numbered if row.pk))

    # Who

    @property
    def savers(self) -> list[dict[str, Any]]:
        """Who stored something since the page was opened, when, and by which verb if by one; the last one first."""
        if self.record is None:
            return []
        entries = Record.history.filter(id=self.record.pk).order_by("-history_id").select_related("history_user")
        since = entries.filter(history_id__gt=self.base.version) if self.base else entries[:1]
        return [
            {
                "who": entry.history_user,
                "when": entry.history_date,
                "what": VERBS.get(entry.history_change_reason or ""),
            }
            for entry in since[:5]
        ]


def _typed(field: forms.Field, name: str, data: QueryDict) -> list[str]:
    """What was typed into a field, as `_values` writes what is stored; as it stands where it is not understood."""
    raw = field.widget.value_from_datadict(data, {}, name)
    if isinstance(field, forms.ModelChoiceField):
        return _values(field, raw or ([] if isinstance(field, forms.ModelMultipleChoiceField) else ""))
    try:
        return _values(field, field.to_python(raw))
    except ValidationError:
        return [_plain(raw)]


def _in_words(name: str, values: list[str]) -> str:
    if name == "company":
        keys = [key for key in values if id_of(key)]
        return "、".join(map(str, Company.objects.filter(pk__in=keys)))
    return "、".join(values)


def _label(part: str, name: str) -> str:
    field = {"topic_names": "topics"}.get(name, name)
    return str(MODELS[part]._meta.get_field(field).verbose_name)


def _name_of(part: str, place: int | None = None) -> str:
    if place is None:
        return capfirst(str(MODELS[part]._meta.verbose_name))
    if part == "questions":
        return _("Question %d") % place
    if part == "participants":
        return _("Participant %d") % place
    return _("Attachment %d") % place


def _shown(part: str, texts: Texts) -> Texts:
    if part == "participants":
        words = {"attended": Participant.Attendance, "commitment_letter": Participant.CommitmentLetter}
        return {name: _word(words[name], text) if name in words and text else text for name, text in texts.items()}
    if part != "attachments":
        return texts
    kinds = dict(Attachment.Kind.choices)
    public = str(Attachment._meta.get_field("is_public").verbose_name) if texts["is_public"] else ""
    return {"name": texts["name"], "kind": str(kinds.get(texts["kind"], "")), "is_public": public}


def _word(choices: Any, value: str) -> str:
    return str(dict(choices.choices).get(value, value))


def _said(part: str, texts: Texts) -> str:
    sign = "\n" if part == "questions" else " "
    return sign.join(text for name, text in _shown(part, texts).items() if text and name != "topic_names")


def late_save(
    record: Record, parts: Iterable[str], data: QueryDict, files: Mapping[str, Any], *, only_added: bool = False
) -> Late | None:
    """What to answer where a save must not be carried out, None where it may; under the lock of the record's row.

    `parts` are those whose rows are edited. `only_added` says that there are rows which the user may add and not edit:
    they are not compared, so that any other save stands in the way.
    """
    parts = list(parts)
    sent = [Rows(part, data, files) for part in parts]
    base = Opened.read(data.get(SEEN) or data.get(OPENED, ""))
    theirs = State.stored(record, parts)
    now = Opened.of(theirs, 0)
    whole = all(rows.whole and rows.pks <= theirs.rows[rows.part].keys() for rows in sent)
    if base and whole and base.tells_of(now) and (not only_added or base.version == last_version(record.pk)):
        return None
    now = dataclasses.replace(now, version=last_version(record.pk))
    late = Late(record, base, now, theirs, data, sent)
    late.adds_nothing = late.adds_nothing and not only_added
    return late


def beside_stored(record: Record, parts: Iterable[str], data: QueryDict, files: Mapping[str, Any]) -> Late:
    """A save that cannot be carried out whatever it says, beside what is stored."""
    parts = list(parts)
    base = Opened.read(data.get(SEEN) or data.get(OPENED, ""))
    theirs = State.stored(record, parts)
    return Late(record, base, Opened.of(theirs, 0), theirs, data, [Rows(part, data, files) for part in parts])


def late_entry(
    parts: Iterable[str], data: QueryDict, files: Mapping[str, Any], *, is_known_late: bool = False
) -> Late | None:
    """The same for a record that is to be entered: none of its rows can be a stored one."""
    sent = [Rows(part, data, files) for part in parts]
    if not is_known_late and all(rows.whole and not rows.pks for rows in sent):
        return None
    late = Late(None, None, Opened(0, {"fields": {}}), State({}, {}), data, sent)
    late.broken, late.adds_nothing = not is_known_late, False
    return late
