"""Boxes to type into. Those of the rows are written without a template: a long record shows two thousand of them."""

from __future__ import annotations

from html import escape
from typing import Any, NamedTuple

from django import forms
from django.contrib.admin.widgets import AdminDateWidget, AdminFileWidget, AutocompleteSelect
from django.utils.safestring import SafeString, mark_safe

from records.querysets import id_of


def _written(attrs: dict[str, Any]) -> str:
    return "".join(
        f" {name}" if value is True else f' {name}="{escape(str(value))}"'
        for name, value in attrs.items()
        if value is not None and value is not False
    )


class QuickInput(forms.Widget):
    """What Django's own box looks like, in a fraction of its time."""

    def _render(self, template_name: str, context: Any, renderer: Any = None) -> SafeString:
        widget = context["widget"]
        attrs = {"type": widget["type"], "name": widget["name"], **widget["attrs"]}
        attrs["value"] = widget["value"]
        return mark_safe(f"<input{_written(attrs)}>")  # noqa: S308 - every value was escaped


class QuickText(QuickInput, forms.TextInput):
    """A line of text."""


class QuickNumber(QuickInput, forms.NumberInput):
    """A whole number."""


class QuickHidden(QuickInput, forms.HiddenInput):
    """A value that is sent and not shown."""


class QuickSelect(forms.Select):
    """A choice of few. What is not among them is shown as the first."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        written = _written({"name": name, **self.build_attrs(self.attrs, attrs)})
        options = "".join(
            f'<option value="{escape(key)}"{" selected" if key == (value or "") else ""}>{escape(str(label))}</option>'
            for key, label in self.choices
        )
        return mark_safe(f"<select{written}>{options}</select>")  # noqa: S308 - every value was escaped


class QuickCheckbox(QuickInput, forms.CheckboxInput):
    """A box to tick."""


class SuggestInput(QuickText):
    """A line of text that offers names while one types; what is typed counts, offered or not.

    `source` is the relation whose names are offered, such as `participant.institution`. With `several`, the box
    holds a list and each of its names is offered for.
    """

    def __init__(self, source: str, *, several: bool = False, **attrs: Any) -> None:
        marks = {"data-several": True} if several else {}
        super().__init__(attrs={"autocomplete": "off", "data-suggest": source, **marks, **attrs})


class GrowingTextarea(forms.Textarea):
    """As high as its text."""

    def __init__(self, rows: int = 2, **attrs: Any) -> None:
        super().__init__(attrs={"rows": rows, "class": "vLargeTextField growing", **attrs})

    def _render(self, template_name: str, context: Any, renderer: Any = None) -> SafeString:
        widget = context["widget"]
        attrs = {"name": widget["name"], **widget["attrs"]}
        # A browser drops one line end at the beginning.
        text = escape(widget["value"] or "")
        return mark_safe(f"<textarea{_written(attrs)}>\n{text}</textarea>")  # noqa: S308 - every value was escaped


class DayWidget(AdminDateWidget):
    """A text box with a calendar beside it; shows days as 2026-03-12."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(
            attrs={"placeholder": "2026-03-12", "autocomplete": "off", **(attrs or {})}, format="%Y-%m-%d"
        )


class StoredFile(NamedTuple):
    """A stored file as it is called, and where it is to be had."""

    name: str
    url: str

    def __str__(self) -> str:
        return self.name


class StoredFileInput(AdminFileWidget):
    """Leads to the file of an attachment by the address that asks who may have it."""

    def format_value(self, value: Any) -> Any:
        stored: Any = super().format_value(value)
        return StoredFile(stored.instance.name, stored.instance.get_absolute_url()) if stored else None


class SafeAutocompleteSelect(AutocompleteSelect):
    """Django's, which asks the database for whatever was posted, a key or not."""

    def optgroups(self, name: str, value: Any, attrs: Any = None) -> Any:
        return super().optgroups(name, [key for key in value if not key or id_of(key)], attrs)
