"""How people type what a record holds, and back: dates, hosts, rows of the form."""

from __future__ import annotations

import datetime
import re
from pathlib import PurePath
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.core.validators import MaxValueValidator, ProhibitNullCharactersValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from records import filetypes
from records.filing.dates import parse_date
from records.filing.vocabulary import TITLE
from records.models import Attachment, Record
from records.workflow import Verb

from .widgets import DayWidget, GrowingTextarea, StoredFileInput


class DayField(forms.DateField):
    """A day as people write it. What is not understood is an error that quotes it; nothing is guessed."""

    widget = DayWidget

    def to_python(self, value: Any) -> datetime.date | None:
        if value in self.empty_values or isinstance(value, datetime.date):
            return value.date() if isinstance(value, datetime.datetime) else value or None
        text = str(value).strip()
        try:
            return parse_date(text)
        except (ValueError, OverflowError):
            message = _("“%(text)s” is no date; write one such as 2026-03-12 or 2026年3月12日.")
        offered = f"{timezone.localdate().year}年{text}"
        try:
            parse_date(offered)
            message = _("“%(text)s” has no year. Is it %(offered)s?")
        except (ValueError, OverflowError):
            pass
        raise ValidationError(message, code="invalid", params={"text": text[:30], "offered": offered})


def _text(value: Any) -> str:
    """Text that is taken apart: later validators no longer see it, and what no database stores would go into JSON."""
    text = value or ""
    ProhibitNullCharactersValidator()(text)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValidationError(_("It holds half of a character, which cannot be stored: type it anew.")) from None
    return text


class HostsField(forms.CharField):
    """People with their titles: `职务：姓名`, or a name alone, one a line; a list is split at `、，,;；` too.

    Lines that stand in `known`, as `line_of` writes them, give the host that they were written from: nothing of it is
    lost, whatever signs its name holds.
    """

    widget = GrowingTextarea
    _LIST_SIGN = re.compile(r"([、，,]+)")

    known: dict[str, dict[str, str]]

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.known = {}

    @staticmethod
    def line_of(host: dict[str, str]) -> str:
        return f"{host['title']}：{host['name']}" if host["title"] else host["name"]

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(map(self.line_of, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        hosts = []
        for line in re.split(r"[\r\n]+", _text(super().to_python(value))):
            if line.strip() in self.known:
                hosts.append(self.known[line.strip()])
                continue
            for part in re.split(r"[;；]+", line):
                hosts += self._hosts_in(part.strip())
        return hosts

    def _hosts_in(self, text: str) -> list[dict[str, str]]:
        """`董事长：张三、董事、总经理：李四` are two; in `独立董事：甲、乙` both have the title."""
        hosts: list[dict[str, str]] = []
        begun = ""  # of a title that goes on: 董事、
        title = ""
        pieces = [*self._LIST_SIGN.split(text), ""]
        for at in range(0, len(pieces) - 1, 2):
            piece, sign = pieces[at].strip(), pieces[at + 1]
            # The last colon: a title may hold one, a name does not.
            before, colon, name = re.fullmatch(r"(?s)(?:(.*)([：:]))?(.*)", piece).groups("")  # type: ignore[union-attr]
            more_titles = any(re.search("[：:]", later) for later in pieces[at + 2 :])
            if colon:
                title = (begun + before).strip()
                begun = ""
                hosts.append({"title": title, "name": name.strip()})
            elif piece and more_titles and (not hosts or TITLE.fullmatch(piece)):
                begun += piece + sign
            elif piece:
                hosts.append({"title": title, "name": piece})
        return hosts

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return self.to_python(data) != (initial or [])
        except ValidationError:
            return True


class RowsField(forms.CharField):
    """Rows of the form that no field took, as `【label】value`; a value may go on over several lines."""

    widget = GrowingTextarea
    _LABEL = re.compile(r"^【([^】\n]*)】", re.MULTILINE)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(f"【{label}】{text}" for label, text in value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        text = _text(super().to_python(value)).replace("\r\n", "\n").strip()
        if not text:
            return []
        before, *parts = self._LABEL.split(text)
        if before.strip():
            raise ValidationError(_("Begin each row with its label in brackets, such as 【风险提示】."))
        return [[label.strip(), row.strip()] for label, row in zip(parts[::2], parts[1::2], strict=True)]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return (self.prepare_value(initial or []) or "").strip() != str(data or "").replace("\r\n", "\n").strip()


DAYS = ("held_from", "held_to", "signed_on", "disclosed_on")


class RecordForm(forms.ModelForm):
    """With `is_late`, what was typed is shown again and checked, and not stored."""

    is_late = False
    BESIDE = {"record_number_is_unique": "number", "record_dates_are_in_order": "held_to"}

    hosts = HostsField(
        label=Record._meta.get_field("hosts").verbose_name,
        required=False,
        help_text=_("One a line: 职务：姓名. A list is split at 、 and ； as well."),
    )
    extra = RowsField(
        label=Record._meta.get_field("extra").verbose_name,
        required=False,
        help_text=_("Rows that have no field of their own, such as 【风险提示】…"),
    )

    class Meta:
        model = Record
        fields = "__all__"  # noqa: DJ007 - the admin names them in its fieldsets
        field_classes = dict.fromkeys(DAYS, DayField)
        widgets = {
            **dict.fromkeys(DAYS, DayWidget),
            "activity_types": forms.CheckboxSelectMultiple,
            "introduction": GrowingTextarea(3),
            "closing": GrowingTextarea,
            "material_information": GrowingTextarea,
            "attachment_list": GrowingTextarea,
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.instance.has_settled_company and "company" in self.fields:
            self.fields["company"].disabled = True
        for name in {"stated_institutions", "stated_people"} & self.fields.keys():
            self.fields[name].validators.append(MaxValueValidator(1_000_000))  # the engines differ
        if hosts := self.fields.get("hosts"):
            hosts.known = {HostsField.line_of(host): host for host in self.instance.hosts}  # type: ignore[attr-defined]

    def is_valid(self) -> bool:
        return super().is_valid() and not self.is_late

    def _get_validation_exclusions(self) -> set[str]:
        # Not typed, but the rule about numbers asks for it.
        return super()._get_validation_exclusions() - {"corrects"}  # type: ignore[misc]

    def _update_errors(self, errors: Any) -> None:
        """What a rule of the table refuses is said beside the field that it is about."""
        beside = {
            str(rule.violation_error_message): self.BESIDE[rule.name]
            for rule in Record._meta.constraints
            if rule.name in self.BESIDE
        }
        for error in errors.error_dict.pop(NON_FIELD_ERRORS, []):
            field = beside.get(str(error.message), NON_FIELD_ERRORS)
            errors.error_dict.setdefault(field, []).append(error)
        super()._update_errors(errors)  # type: ignore[misc]

    def clean_extra(self) -> list[list[str]]:
        # A value that itself holds a line beginning with a bracket comes back as it was, unless it was edited.
        return self.cleaned_data["extra"] if "extra" in self.changed_data else self.instance.extra


class LabelledForm(forms.ModelForm):
    """A row of a table: to whoever cannot see the heading of the column, each box says its own name."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for field in self.fields.values():
            field.widget.attrs["aria-label"] = str(field.label or "")


class AttachmentForm(LabelledForm):
    """With `keeps_files`, which the page says, a stored file is shown and not replaced."""

    keeps_files = False

    class Meta:
        model = Attachment
        fields = ("kind", "file", "name", "is_public")
        widgets = {"file": StoredFileInput}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if file := self.fields.get("file"):
            file.disabled = self.keeps_files and bool(self.instance.pk)

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if isinstance(file, UploadedFile):
            filetypes.check(file, settings.ATTACHMENT_MEGABYTES)
        return file

    def clean(self) -> dict[str, Any]:
        """Whatever it is called, it keeps its extension: by that it is opened."""
        cleaned = super().clean() or self.cleaned_data
        name, file = cleaned.get("name"), cleaned.get("file")
        if name and file and not name.lower().endswith(suffix := PurePath(str(file.name)).suffix.lower()):
            cleaned["name"] = f"{name[: 200 - len(suffix)]}{suffix}"
        return cleaned


class CommentForm(forms.Form):
    """What is said with a verb: asked for by some, welcome with all."""

    comment = forms.CharField(
        label=_("comment"),
        required=False,
        max_length=2000,
        widget=GrowingTextarea(3),
    )

    def __init__(self, verb: Verb | None = None, data: Any = None) -> None:
        super().__init__(data)
        if verb and verb.asks_comment:
            self.fields["comment"].required = True
            self.fields["comment"].error_messages["required"] = verb.asks_comment
