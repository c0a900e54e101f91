"""Tables of companies, institutions and topics: what a table would change in the directory, and the change.

A filled cell says what a field shall hold; an empty one, or a column that is not there, leaves it as it is.
"""

from __future__ import annotations

import abc
import dataclasses
import enum
import functools
import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from . import tables
from .models import Company, Institution, InstitutionAlias, MergedTopic, StaleError, Topic
from .models.ledger import held, renew_values_of
from .names import fold, institution_key, pinyin_index, split_list
from .querysets import among
from .tables import Column, Row

BATCH = 500  # rows that are stored at once


class Outcome(enum.StrEnum):
    """What becomes of a row; the order in which they are looked at."""

    WRONG = "wrong"
    CHANGED = "changed"
    NEW = "new"
    UNCHANGED = "unchanged"

    @property
    def label(self) -> str:
        words = {"wrong": _("wrong"), "changed": _("changed"), "new": _("new"), "unchanged": _("unchanged")}
        return str(words[self.value])


@dataclasses.dataclass
class Line:
    """What one row of a table comes to. Of a change the texts before and after, by field."""

    number: int
    title: str
    outcome: Outcome = Outcome.UNCHANGED
    changes: dict[str, tuple[str, str]] = dataclasses.field(default_factory=dict)
    problems: list[tuple[str, str]] = dataclasses.field(default_factory=list)  # column, or "", and sentence
    subject: Any = None  # as it is afterwards
    values: dict[str, Any] = dataclasses.field(default_factory=dict)

    def object(self, column: str, sentence: Any) -> None:
        self.problems.append((column, str(sentence)))


class DirectoryTable(abc.ABC):
    """The plan for one table; `lines` say what becomes of each row. Nothing is stored before `carry_out`."""

    model: ClassVar[Any]
    columns: ClassVar[tuple[Column, ...]]
    named_by: ClassVar[str]  # the field that pinyin is made of

    def __init__(self, rows: Sequence[Row], user: Any, *, lock: bool = False) -> None:
        self.user = user
        self.lock = lock
        self.lines: list[Line] = []
        self._first: dict[str, int] = {}  # in which line a key stands first
        understood = [self._understood(row) for row in rows]
        self._look_up([line.values for line in understood if not line.problems])
        for line in understood:
            if not line.problems:
                self._compare(line)
            if line.problems:
                line.outcome = Outcome.WRONG
            self.lines.append(line)

    @classmethod
    def of(cls, data: bytes, user: Any) -> DirectoryTable:
        """Raises TableError."""
        return cls(tables.read(data, cls.columns), user)

    @classmethod
    def heading(cls, column: str) -> str:
        """What a column is called in the language of the page."""
        found = next((one for one in cls.columns if one.name == column), None)
        return found.headings[_place_of_language()] if found else ""

    @classmethod
    def label(cls, name: str) -> str:
        """What the field is called at the desk."""
        field: Any = InstitutionAlias if name == "aliases" else cls.model._meta.get_field(name)
        return str(field._meta.verbose_name_plural if name == "aliases" else field.verbose_name)

    @classmethod
    def template(cls) -> bytes:
        return tables.write(cls.columns, _place_of_language())

    @property
    def counts(self) -> dict[Outcome, int]:
        return {outcome: sum(line.outcome == outcome for line in self.lines) for outcome in Outcome}

    @property
    def may_be_imported(self) -> bool:
        counts = self.counts
        return not counts[Outcome.WRONG] and bool(counts[Outcome.NEW] or counts[Outcome.CHANGED])

    @property
    def print(self) -> str:
        """What tells this plan from any other."""
        told = repr([(line.number, line.title, str(line.outcome), line.changes) for line in self.lines])
        return hashlib.sha256(told.encode()).hexdigest()

    # One row

    def _understood(self, row: Row) -> Line:
        """The values of the cells that are filled, as the model keeps them."""
        line = Line(row.line, row.values.get(self.columns[0].name, "")[:60])
        for message, params, column in row.problems:
            line.object(column, gettext(message) % params)
        if not line.problems:
            for name, text in row.values.items():
                if not text:
                    continue
                try:
                    line.values[name] = self._value(name, text)
                except ValidationError as error:
                    line.object(name, " ".join(error.messages))
        return line

    def _value(self, name: str, text: str) -> Any:
        """A cell as the field keeps it. Raises ValidationError."""
        field = self.model._meta.get_field(name)
        value = " ".join(text.split())
        if field.choices:
            return _choice(field, value)
        field.run_validators(value)
        return value

    def _compare(self, line: Line) -> None:
        key = self._key(line.values)
        if (first := self._first.setdefault(key, line.number)) != line.number:
            line.object(self.columns[0].name, _("This stands in line %(line)d already.") % {"line": first})
            return
        subject = self._there(key)
        self._examine(line, subject)
        if line.problems:
            return
        if subject is None:
            line.outcome, line.subject = Outcome.NEW, self.model(**self._own(line.values))
            line.changes = {name: ("", self._text(name, value)) for name, value in line.values.items()}
            self._refuse_without(line, "add")
            return
        line.subject = subject
        named_before = getattr(subject, self.named_by)
        for name, value in line.values.items():
            if self._differs(subject, name, value):
                line.changes[name] = (self._text(name, self._stored(subject, name)), self._text(name, value))
        if not line.changes:
            return
        line.outcome = Outcome.CHANGED
        for name, value in self._own({name: line.values[name] for name in line.changes}).items():
            setattr(subject, name, value)
        is_renamed = self.named_by in line.changes and "pinyin" not in line.values
        if is_renamed and subject.pinyin == pinyin_index(named_before):  # it was not typed by hand
            subject.pinyin = pinyin_index(getattr(subject, self.named_by))
        self._refuse_without(line, "change")

    def _refuse_without(self, line: Line, action: str) -> None:
        if not self._may(action, self.model):
            sentences = {
                "add": _("It is new, and your account may not add any."),
                "change": _("It differs from what is stored, and your account may not change that."),
            }
            line.object("", sentences[action])

    def _may(self, action: str, model: Any) -> bool:
        return self.user.has_perm(f"records.{action}_{model._meta.model_name}")

    def _locked(self, rows: Any) -> Any:
        return rows.select_for_update(of=("self",)) if self.lock else rows

    # What each list knows better

    @abc.abstractmethod
    def _look_up(self, values: list[dict[str, Any]]) -> None:
        """Find what the rows are about."""

    @abc.abstractmethod
    def _key(self, values: dict[str, Any]) -> str:
        """What tells a row from the others."""

    @abc.abstractmethod
    def _there(self, key: str) -> Any:
        """What is stored under a key, or None."""

    def _examine(self, line: Line, subject: Any) -> None:  # noqa: B027 - a list may have nothing to say
        """Object to what does not go together with what is stored."""

    def _own(self, values: dict[str, Any]) -> dict[str, Any]:
        """The values that stand in the row itself."""
        return values

    def _stored(self, subject: Any, name: str) -> Any:
        return getattr(subject, name)

    def _differs(self, subject: Any, name: str, value: Any) -> bool:
        return bool(self._stored(subject, name) != value)

    def _text(self, name: str, value: Any) -> str:
        """A value as it is told."""
        field = self.model._meta.get_field(name)
        return str(dict(field.flatchoices).get(value, value)) if field.choices else str(value)

    # Storing

    def store(self) -> None:
        """Within a transaction that holds the ledger."""
        new = [line.subject for line in self.lines if line.outcome == Outcome.NEW]
        changed = [line for line in self.lines if line.outcome == Outcome.CHANGED]
        self._add(new)
        fields = {name for line in changed for name in line.changes} | ({"pinyin"} if changed else set())
        subjects = [line.subject for line in changed]
        if own := sorted(self._own(dict.fromkeys(fields))):
            # All of them are there and held: each row meets itself. `bulk_update` takes a minute for so many.
            upsert = {"update_conflicts": True, "unique_fields": ["pk"], "update_fields": own}
            self.model.objects.bulk_create(subjects, batch_size=BATCH, **upsert)
        if regrouped := [line.subject for line in changed if self.model.tallied in line.changes]:
            renew_values_of(*regrouped)

    def _add(self, new: list[Any]) -> None:
        for subject in new:
            subject.fill_in()
        self.model.objects.bulk_create(new, batch_size=BATCH)


def carry_out(kind: type[DirectoryTable], data: bytes, user: Any, seen: str) -> DirectoryTable:
    """Store what the plan of this print says, all of it or nothing; raises StaleError where it is not so any more."""
    rows = tables.read(data, kind.columns)
    with held():
        table = kind(rows, user, lock=True)
        if table.print != seen or not table.may_be_imported:
            raise StaleError
        table.store()
    return table


def _place_of_language() -> int:
    return 1 if (translation.get_language() or "").startswith("zh") else 0


# Choices are understood by what is stored, by their names in every language of the site, and by these.
ALSO_CALLED = {
    "沪市主板": "sse-main",
    "科创板": "star",
    "深市主板": "szse-main",
    "创业板": "chinext",
    "券商": "securities",
    "外资": "foreign",
    "QFII": "foreign",
    "上市公司": "corporate",
}


def _choice(field: Any, text: str) -> str:
    known = _known_choices(field)
    if fold(text) not in known:
        names = "、".join(str(label) for _value, label in field.flatchoices)
        message = _("“%(text)s” is not known here; write one of: %(names)s.")
        raise ValidationError(message, params={"text": text[:30], "names": names})
    return known[fold(text)]


@functools.cache
def _known_choices(field: Any) -> dict[str, str]:
    values = {value for value, _label in field.flatchoices}
    known = {fold(text): value for text, value in ALSO_CALLED.items() if value in values}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            known |= {fold(str(label)): value for value, label in field.flatchoices}
    return known | {fold(value): value for value in values}


class CompanyTable(DirectoryTable):
    model = Company
    named_by = "short_name"
    columns = (
        Column("code", ("securities code", "证券代码", "代码", "股票代码", "公司代码"), 12, required=True),
        Column("short_name", ("short name", "证券简称", "简称", "公司简称", "股票简称"), 40, required=True),
        Column("full_name", ("full name", "公司全称", "全称", "公司名称"), 120),
        Column("board", ("board", "板块", "上市板块"), 40),
        Column("pinyin", ("pinyin", "拼音"), 200),
    )
    _SYMBOL = re.compile(r"([0-9]{6})\.(?:SH|SZ|BJ)\Z", re.IGNORECASE)

    def _value(self, name: str, text: str) -> Any:
        if name == "code" and (match := self._SYMBOL.match(text)):
            return match[1]
        if name == "code" and text.isascii() and text.isdecimal() and len(text) < 6:
            message = _("“%(text)s” has lost its zeros in a spreadsheet: write %(code)s.SZ, or make the cell text.")
            raise ValidationError(message, params={"text": text, "code": text.zfill(6)})
        return super()._value(name, text)

    def _look_up(self, values: list[dict[str, Any]]) -> None:
        self._by_code = {}
        for batch in _batches({known["code"] for known in values}):
            for one in self._locked(Company.objects.filter(code__in=batch)).order_by("pk"):
                self._by_code[one.code] = one
        self._own_ids = set(Company.objects.for_user(self.user).values_list("pk", flat=True))

    def _key(self, values: dict[str, Any]) -> str:
        return str(values["code"])

    def _there(self, key: str) -> Any:
        return self._by_code.get(key)

    def _examine(self, line: Line, subject: Any) -> None:
        if subject and subject.pk not in self._own_ids:
            line.object("code", _("You do not work for this company here: ask an administrator to be let in."))

    def _add(self, new: list[Any]) -> None:
        super()._add(new)
        Company.take_on_all(new, self.user)


class InstitutionTable(DirectoryTable):
    model = Institution
    named_by = "name"
    columns = (
        Column("name", ("name", "机构名称", "机构", "名称"), 120, required=True),
        Column("type", ("type", "类型", "机构类型"), 40),
        Column("aliases", ("aliases", "别名", "曾用名"), 4000),
        Column("pinyin", ("pinyin", "拼音"), 200),
    )

    def _value(self, name: str, text: str) -> Any:
        if name == "aliases":
            return self._aliases(text)
        if name == "name" and not institution_key(text):
            raise ValidationError(_("“%(text)s” is no name."), params={"text": text})
        return super()._value(name, text)

    def _aliases(self, text: str) -> dict[str, str]:
        """Names by what identifies them."""
        found: dict[str, str] = {}
        for name in split_list(text):
            if len(name) > 120 or not institution_key(name):
                raise ValidationError(_("“%(text)s” is no name."), params={"text": name[:30]})
            found.setdefault(institution_key(name), name)
        return found

    def _look_up(self, values: list[dict[str, Any]]) -> None:
        keys = {key for known in values for key in [institution_key(known["name"]), *known.get("aliases", ())]}
        self._by_key = {}
        for batch in _batches(keys):
            for one in self._locked(Institution.objects.filter(key__in=batch)).order_by("pk"):
                self._by_key[one.key] = one
        self._alias_of: dict[str, InstitutionAlias] = {}
        for batch in _batches(keys):
            for alias in InstitutionAlias.objects.filter(key__in=batch).select_related("institution"):
                self._alias_of[alias.key] = alias
        self._aliases_there: dict[int, dict[str, str]] = {}
        ids = among([one.pk for one in self._by_key.values()], connection.vendor)
        for alias in InstitutionAlias.objects.filter(institution__in=ids):
            self._aliases_there.setdefault(alias.institution_id, {})[alias.key] = alias.name

    def _key(self, values: dict[str, Any]) -> str:
        return institution_key(values["name"])

    def _there(self, key: str) -> Any:
        return self._by_key.get(key)

    def _examine(self, line: Line, subject: Any) -> None:
        key = self._key(line.values)
        if not subject and key in self._alias_of:
            other = self._alias_of[key].institution.name
            line.object("name", _("This is an alias of %(other)s: write that name.") % {"other": other})
        if "aliases" not in line.values:
            return
        aliases = line.values["aliases"]
        aliases.pop(key, None)  # its own name
        for alias_key, name in aliases.items():
            other = self._stands_for(alias_key, subject)
            if other:
                told = {"name": name, "other": other}
                line.object("aliases", _("“%(name)s” already stands for %(other)s.") % told)
            elif (first := self._first.setdefault(alias_key, line.number)) != line.number:
                told = {"name": name, "line": first}
                line.object("aliases", _("“%(name)s” stands in line %(line)d already.") % told)
        may = self._may("add", InstitutionAlias) and self._may("delete", InstitutionAlias)
        if not may and set(aliases) != set(self._stored(subject, "aliases") if subject else ()):
            line.object("aliases", _("Your account may not change aliases: leave the cell empty."))
        if not aliases:
            del line.values["aliases"]

    def _stands_for(self, key: str, subject: Any) -> str:
        """The other institution that a name belongs to."""
        if key in self._by_key:
            return str(self._by_key[key].name)
        alias = self._alias_of.get(key)
        return str(alias.institution.name) if alias and (not subject or alias.institution_id != subject.pk) else ""

    def _own(self, values: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in values.items() if name != "aliases"}

    def _stored(self, subject: Any, name: str) -> Any:
        return self._aliases_there.get(subject.pk, {}) if name == "aliases" else super()._stored(subject, name)

    def _differs(self, subject: Any, name: str, value: Any) -> bool:
        if name == "aliases":
            return set(self._stored(subject, name)) != set(value)
        return super()._differs(subject, name, value)

    def _text(self, name: str, value: Any) -> str:
        return "、".join(value.values()) if name == "aliases" else super()._text(name, value)

    def store(self) -> None:
        super().store()
        made = []
        for line in self.lines:
            if "aliases" not in line.changes:
                continue
            wanted, stored = line.values["aliases"], self._stored(line.subject, "aliases")
            if gone := set(stored) - set(wanted):
                InstitutionAlias.objects.filter(institution=line.subject, key__in=gone).delete()
            made += [
                InstitutionAlias(institution=line.subject, name=name, key=key)
                for key, name in wanted.items()
                if key not in stored
            ]
        InstitutionAlias.objects.bulk_create(made, batch_size=BATCH)


class TopicTable(DirectoryTable):
    model = Topic
    named_by = "name"
    columns = (
        Column("name", ("name", "主题", "主题名称", "名称"), 40, required=True),
        Column("keywords", ("keywords", "关键词", "关键字"), 8000),
        Column("pinyin", ("pinyin", "拼音"), 200),
    )

    def _value(self, name: str, text: str) -> Any:
        if name == "keywords":
            text = "、".join(" ".join(word.split()) for word in split_list(text))
        elif name == "name" and not fold(text):
            raise ValidationError(_("“%(text)s” is no name."), params={"text": text})
        return super()._value(name, text)

    def _look_up(self, values: list[dict[str, Any]]) -> None:
        self._topics = {fold(topic.name): topic for topic in self._locked(Topic.objects.order_by("-pk"))}
        self._merged = {fold(merged.name): merged for merged in MergedTopic.objects.select_related("into")}

    def _key(self, values: dict[str, Any]) -> str:
        return fold(values["name"])

    def _there(self, key: str) -> Any:
        return self._topics.get(key)

    def _examine(self, line: Line, subject: Any) -> None:
        merged = self._merged.get(self._key(line.values))
        if merged and not subject:
            line.object("name", merged.refusal())

    def _differs(self, subject: Any, name: str, value: Any) -> bool:
        if name == "keywords":
            return split_list(subject.keywords) != split_list(value)
        return super()._differs(subject, name, value)

    def _add(self, new: list[Any]) -> None:
        for topic in new:  # one by one: each address must differ from those before it
            topic.save()


def _batches(keys: Iterable[str]) -> Iterator[list[str]]:
    rest = sorted(keys)
    return (rest[at : at + BATCH] for at in range(0, len(rest), BATCH))


TABLES: dict[str, type[DirectoryTable]] = {
    "company": CompanyTable,
    "institution": InstitutionTable,
    "topic": TopicTable,
}
