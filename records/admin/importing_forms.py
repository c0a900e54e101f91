"""The fields of a filing as they are corrected before a draft is made of it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from records.filing.shape import ACTIVITY_TYPES, Host
from records.models import Company, Record

from .forms import DayField, GrowingTextarea, HostsField, RowsField
from .importing_rows import Rows

if TYPE_CHECKING:
    from records.filing.shape import Filing


def _label(field: str, model: Any = Record) -> Any:
    return model._meta.get_field(field).verbose_name


def _help(field: str) -> Any:
    column: Any = Record._meta.get_field(field)
    return column.help_text


class FilingForm(forms.Form):
    """A filing but for its rows; each field is named as in `Filing`. Nothing is required: a draft may have gaps."""

    use_required_attribute = False

    company_code = forms.CharField(
        label=_label("code", Company),
        required=False,
        max_length=6,
        validators=[RegexValidator(r"^[0-9]{6}\Z", _("A securities code has six digits."))],
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "list": "companies"}),
    )
    company_short_name = forms.CharField(label=_label("short_name", Company), required=False, max_length=40)
    company_name = forms.CharField(label=_label("full_name", Company), required=False, max_length=120)
    number = forms.CharField(label=_label("number"), required=False, max_length=40, help_text=_help("number"))
    activity_types = forms.MultipleChoiceField(
        label=_label("activity_types"),
        required=False,
        choices=[(name, name) for name in ACTIVITY_TYPES],
        widget=forms.CheckboxSelectMultiple,
    )
    other_activity = forms.CharField(label=_label("other_activity"), required=False, max_length=200)
    held_from = DayField(label=_label("held_from"), required=False, widget=forms.TextInput)
    held_to = DayField(label=_label("held_to"), required=False, widget=forms.TextInput, help_text=_help("held_to"))
    held_text = forms.CharField(label=_label("held_text"), required=False, max_length=500, widget=GrowingTextarea(1))
    place = forms.CharField(label=_label("place"), required=False, max_length=500, widget=GrowingTextarea(1))
    hosts = HostsField(label=_label("hosts"), required=False, help_text=_("One a line: 职务：姓名."))
    stated_institutions = forms.IntegerField(
        label=_label("stated_institutions"),
        required=False,
        min_value=0,
        max_value=1_000_000,
        help_text=_help("stated_institutions"),
    )
    stated_people = forms.IntegerField(label=_label("stated_people"), required=False, min_value=0, max_value=1_000_000)
    material_information = forms.CharField(
        label=_label("material_information"), required=False, widget=GrowingTextarea
    )
    attachments = forms.CharField(label=_label("attachment_list"), required=False, widget=GrowingTextarea(1))
    extra = RowsField(
        label=_label("extra"),
        required=False,
        help_text=_("Rows that have no field of their own, such as 【风险提示】…"),
    )
    signed_on = DayField(label=_label("signed_on"), required=False, widget=forms.TextInput)

    HEAD = (
        "company_code",
        "number",
        "company_short_name",
        "company_name",
        "activity_types",
        "other_activity",
        "held_from",
        "held_to",
        "held_text",
        "place",
        "hosts",
        "stated_institutions",
        "stated_people",
    )
    FOOT = ("material_information", "attachments", "extra", "signed_on")
    # Fields that stand two in a line; the others take the whole of it.
    PAIRED = frozenset(
        {
            "company_code",
            "number",
            "company_short_name",
            "company_name",
            "held_from",
            "held_to",
            "stated_institutions",
            "stated_people",
        }
    )

    def __init__(self, data: Any, filing: Filing) -> None:
        self.filing = filing
        initial = {name: getattr(filing, name) for name in self.base_fields}
        initial["activity_types"] = list(filing.activity_types)
        initial["hosts"] = [dataclasses.asdict(host) for host in filing.hosts]
        initial["extra"] = [list(pair) for pair in filing.extra]
        super().__init__(data, initial=initial)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        first, last = cleaned.get("held_from"), cleaned.get("held_to")
        if last and (not first or last < first):
            self.add_error("held_to", _("The last day is before the first."))
        return cleaned

    def head(self) -> list[forms.BoundField]:
        return [self[name] for name in self.HEAD]

    def foot(self) -> list[forms.BoundField]:
        return [self[name] for name in self.FOOT]

    def corrected(self, rows: Rows) -> Filing:
        """The filing as it was read, with what was changed here; a field in error is still as it was read."""
        values: dict[str, Any] = {}
        if self.is_bound:
            self.full_clean()
            values = {name: self.cleaned_data[name] for name in self.changed_data if name in self.cleaned_data}
        if "activity_types" in values:
            values["activity_types"] = tuple(name for name in ACTIVITY_TYPES if name in values["activity_types"])
        if "hosts" in values:
            values["hosts"] = tuple(Host(**host) for host in values["hosts"])
        if "extra" in values:
            values["extra"] = tuple((label, text) for label, text in values["extra"])
        # A browser ends the lines of a text box in its own way.
        values = {
            name: value.replace("\r\n", "\n") if isinstance(value, str) else value for name, value in values.items()
        }
        filled = rows.filled()
        return dataclasses.replace(
            self.filing,
            **values,
            attendees=filled.attendees,
            introduction=filled.introduction,
            questions=filled.questions,
            closing=filled.closing,
        )
