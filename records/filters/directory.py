"""Filters of companies and institutions, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from records.models import Company, Institution, InstitutionType

from .base import BaseFilter
from .values import SearchFilter, ValuesFilter, find_institution_types


class CompanyFilter(BaseFilter):
    q = SearchFilter(label=_("Search"), method="by_name")

    def by_name(self, rows: Any, _name: str, text: str) -> QuerySet:
        return rows.found_by(text)

    class Meta(BaseFilter.Meta):
        model = Company


class InstitutionFilter(CompanyFilter):
    type = ValuesFilter(label=_("Type"), method="by_type", find=find_institution_types)

    def by_type(self, rows: Any, _name: str, types: Mapping[str, InstitutionType]) -> QuerySet:
        return rows.filter(type__in=types.values())

    class Meta(BaseFilter.Meta):
        model = Institution
