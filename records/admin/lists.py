"""What an address may ask of a list at the desk: what the list itself offers to ask."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest


class DeskList(ChangeList):
    """A list that is narrowed by its filters and its days. Django's looks up anything in any field, a pattern that
    takes for ever too.
    """

    def get_filters(self, request: HttpRequest) -> Any:
        found = super().get_filters(request)
        _filters, _has_any, left, *_more = found
        days = {f"{self.date_hierarchy}__{bound}" for bound in ("gte", "lt")}  # what Django makes of a year or a month
        if left.keys() - days:
            raise DisallowedModelAdminLookup("a list was asked for what none of its filters knows")
        return found


class DeskAdmin(admin.ModelAdmin):
    """What holds for every list of the desk: each admin that is registered is one of these."""

    def get_changelist(self, request: HttpRequest, **options: Any) -> Any:
        return DeskList
