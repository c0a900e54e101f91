"""What all filters of the public site share: parameters in, queryset and sentences out."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.db.models import QuerySet
from django.utils.translation import gettext

from .values import Values, shortened


class ForgivingForm(forms.Form):
    """Complains of what it does not understand and keeps the rest, also the rest of one field."""

    def clean(self) -> dict[str, Any]:
        for name, value in list(self.cleaned_data.items()):
            if isinstance(value, Values):
                kept, remarks = value.known, [self._unknown(value.unknown)] if value.unknown else []
            else:
                kept, remarks = value, [*self._remarks_on(name, value)]
            for remark in remarks:
                self.add_error(name, remark)
            self.cleaned_data[name] = kept  # add_error took it out
        self._compare_days()
        return self.cleaned_data

    def _remarks_on(self, name: str, value: Any) -> Iterator[str]:
        data: Any = self.data
        field: Any = self.fields[name]
        if len(set(data.getlist(name))) > 1:
            yield gettext("It was given more than once; only the last value counts.")
        if value and hasattr(field, "remarks"):
            yield from field.remarks(value)

    def _compare_days(self) -> None:
        first, last = self.cleaned_data.get("date_after"), self.cleaned_data.get("date_before")
        if first and last and last < first:
            self.add_error(None, gettext("The last day is before the first, so nothing can fit."))

    def _unknown(self, texts: list[str]) -> str:
        quoted = "、".join(f"“{shortened(text)}”" for text in texts[:3])
        if len(texts) > 3:
            return gettext("%(values)s and %(count)d more are not known here.") % {
                "values": quoted,
                "count": len(texts) - 3,
            }
        return gettext("%(values)s is not known here.") % {"values": quoted}


class BaseFilter(django_filters.FilterSet):
    """What all filters of the public site share: parameters in, queryset and sentences out."""

    class Meta:
        form = ForgivingForm
        fields: tuple[str, ...] = ()

    @functools.cached_property
    def chosen(self) -> dict[str, Any]:
        """What was understood, by parameter; for parameters of several values, a dict from text to object."""
        self.form.is_valid()  # fills cleaned_data, whatever the answer
        return {name: value for name, value in self.form.cleaned_data.items() if value}

    @functools.cached_property
    def parameters(self) -> dict[str, list[str]]:
        """What was understood, as it stands in an address."""
        return {name: list(value) if isinstance(value, dict) else [str(value)] for name, value in self.chosen.items()}

    @property
    def sentences(self) -> list[tuple[str, str]]:
        """What was ignored: the label of the parameter and why."""
        return [
            (self.label_of(name), message)
            for name, messages in self.errors.items()
            if name != NON_FIELD_ERRORS
            for message in messages
        ]

    @property
    def contradictions(self) -> list[str]:
        """Why nothing can fit what was understood."""
        return list(self.errors.get(NON_FIELD_ERRORS, ()))

    def label_of(self, name: str) -> str:
        return str(self.filters[name].label)

    def without(self, *names: str) -> QuerySet:
        """The rows as if these parameters had not been given."""
        return self._narrowed(self.queryset.all(), self.chosen.keys() - set(names))

    def objections(self, besides: Iterable[str] = ()) -> list[str]:
        """Why data is refused: what of the address is not understood, parameters that do not exist included.

        A page ignores those and says so to whoever reads it; a program would take the wrong rows for the right
        ones. `besides` are parameters that are not the filter's.
        """
        unknown = [name for name in self.data if name not in self.filters and name not in besides]
        return [
            *(f"{label}: {sentence}" for label, sentence in self.sentences),
            *self.contradictions,
            *(gettext("There is no parameter “%(name)s”.") % {"name": shortened(name)} for name in unknown[:20]),
        ]

    def _narrowed(self, rows: QuerySet, names: Iterable[str]) -> QuerySet:
        """The rows narrowed by some of the parameters that were understood; their order is another matter."""
        for name in sorted(set(names) - {"sort"}):
            rows = self.filters[name].filter(rows, self.chosen[name])
        return rows
