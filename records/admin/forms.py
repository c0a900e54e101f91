"""How people type what a record holds, and back: dates, hosts, rows of the form, names of topics."""

from __future__ import annotations

import datetime
import re
from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminDateWidget
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from records.filing.dates import parse_date
from records.models import Attachment, Participant, Question, Record
from records.names import split_list
from records.querysets import LIFT


class DayWidget(AdminDateWidget):
    """A text box with a calendar beside it; shows days as 2026-03-12."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(
            attrs={"placeholder": "2026-03-12", "autocomplete": "off", **(attrs or {})}, format="%Y-%m-%d"
        )


class DayField(forms.DateField):
    """A day as people write it. What is not understood is an error that quotes it; nothing is guessed."""

    widget = DayWidget

    def to_python(self, value: Any) -> datetime.date | None:
        if value in self.empty_values or isinstance(value, datetime.date):
            return value.date() if isinstance(value, datetime.datetime) else value or None
        try:
            return parse_date(str(value))
        except (ValueError, OverflowError):
            raise ValidationError(
                _("“%(text)s” is no date; write one such as 2026-03-12 or 2026年3月12日."),
                code="invalid",
                params={"text": str(value)[:30]},
            ) from None


class GrowingTextarea(forms.Textarea):
    """As high as its text, where the browser can."""

    def __init__(self, rows: int = 2, **attrs: Any) -> None:
        super().__init__(attrs={"rows": rows, "class": "vLargeTextField growing", **attrs})


class HostsField(forms.CharField):
    """People with their titles, one a line or separated by a semicolon: `职务：姓名`, or a name alone."""

    widget = GrowingTextarea

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, list):
            return "\n".join(f"{host['title']}：{host['name']}" if host["title"] else host["name"] for host in value)
        return value

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value) or ""
        lines = [line.strip() for line in re.split(r"[;；\r\n]+", text) if line.strip()]
        hosts = []
        for line in lines:
            # The last colon: a title may hold one, a name does not.
            title, _colon, name = line.replace(":", "：").rpartition("：")
            hosts.append({"title": title.strip(), "name": name.strip()})
        return hosts

    def has_changed(self, initial: Any, data: Any) -> bool:
        return self.to_python(data) != (initial or [])


class RowsField(forms.CharField):
    """Rows of the form that no field took, as `【label】value`; a value may go on over several lines."""

    widget = GrowingTextarea
    _LABEL = re.compile(r"^【([^】\n]*)】", re.MULTILINE)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(f"【{label}】{text}" for label, text in value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        text = (super().to_python(value) or "").replace("\r\n", "\n").strip()
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
    hosts = HostsField(
        label=Record._meta.get_field("hosts").verbose_name,
        required=False,
        help_text=_("One a line: 职务：姓名."),
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

    def _get_validation_exclusions(self) -> set[str]:
        # Not typed, but the rule about numbers asks for it.
        return super()._get_validation_exclusions() - {"corrects"}  # type: ignore[misc]

    def clean_extra(self) -> list[list[str]]:
        # A value that itself holds a line beginning with a bracket comes back as it was, unless it was edited.
        return self.cleaned_data["extra"] if "extra" in self.changed_data else self.instance.extra


class RowForm(forms.ModelForm):
    """One row of an ordered inline. A blank one is no row, whatever place it was given."""

    position = forms.IntegerField(
        label=_("order"),
        required=False,
        min_value=0,
        max_value=LIFT - 1,
        widget=forms.NumberInput(attrs={"class": "_reorder_", "min": 1}),
    )

    def has_changed(self) -> bool:
        changed = set(self.changed_data)
        return bool(changed if self.instance.pk else changed - {"position"})

    def _get_validation_exclusions(self) -> set[str]:
        # Places are given out anew when the whole set is saved; what was typed only says the order.
        return {*super()._get_validation_exclusions(), "position"}  # type: ignore[misc]


class ParticipantForm(RowForm):
    class Meta:
        model = Participant
        fields = ("name_as_filed", "person", "title", "position")
        widgets = {
            "name_as_filed": forms.TextInput(attrs={"data-suggest": "participant.institution", "autocomplete": "off"}),
            "person": forms.TextInput(attrs={"autocomplete": "off"}),
            "title": forms.TextInput(attrs={"autocomplete": "off"}),
        }

    def clean_name_as_filed(self) -> str:
        return self.cleaned_data["name_as_filed"].strip()


class QuestionForm(RowForm):
    topic_names = forms.CharField(
        label=_("topics"),
        required=False,
        max_length=1000,
        widget=forms.TextInput(
            attrs={
                "data-suggest": "question.topics",
                "data-several": "、",
                "autocomplete": "off",
                "class": "vTextField",
            }
        ),
    )

    class Meta:
        model = Question
        fields = ("text", "answer", "topic_names", "position")
        widgets = {"text": GrowingTextarea(2), "answer": GrowingTextarea(4)}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.instance.pk:
            self.initial["topic_names"] = "、".join(topic.name for topic in self.instance.topics.all())

    def clean_topic_names(self) -> list[str]:
        names = split_list(self.cleaned_data["topic_names"])
        if long := [name for name in names if len(name) > 40]:
            raise ValidationError(_("“%(name)s” is too long for a topic."), params={"name": long[0]})
        return names


class OwnRowField(forms.Field):
    """The hidden id of a row. Django's own field asks the database for each row again; this one knows its row."""

    widget = forms.HiddenInput

    def __init__(self, row: Any) -> None:
        self.row = row if row.pk else None
        super().__init__(required=False, initial=row.pk)

    def clean(self, value: Any) -> Any:
        if str(value or "") != str(self.row.pk if self.row else ""):
            raise ValidationError(_("This row is not one of the record's: open the record anew."))
        return self.row

    def has_changed(self, initial: Any, data: Any) -> bool:
        return False


class OrderedFormSet(forms.BaseInlineFormSet):
    """Rows of a record in the order of their typed places; equal or missing places keep the order of the page."""

    def add_fields(self, form: forms.ModelForm, index: int | None) -> None:
        super().add_fields(form, index)
        form.fields["id"] = OwnRowField(form.instance)

    def validate_unique(self) -> None:
        """Nothing but the place is unique, and places are given out in `save`."""

    def save(self, commit: bool = True) -> Any:
        kept = [
            form for form in self.forms if form not in self.deleted_forms and (form.instance.pk or form.has_changed())
        ]
        order = sorted(kept, key=lambda form: form.cleaned_data.get("position") or LIFT)
        for at, form in enumerate(kept):
            form.instance.position = 2 * LIFT + at  # out of the way until all rows are there
        saved = super().save(commit)
        rows: Any = self.model
        rows.objects.filter(record=self.instance).arrange([form.instance.pk for form in order])
        return saved


class AttachmentForm(forms.ModelForm):
    MAX_MEGABYTES = 20

    class Meta:
        model = Attachment
        fields = ("kind", "file", "name", "is_public")

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file and file.size > self.MAX_MEGABYTES * 1024 * 1024:
            raise ValidationError(_("A file may have %(limit)d MB at most."), params={"limit": self.MAX_MEGABYTES})
        return file
