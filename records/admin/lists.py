"""What an address may ask of a list at the desk: what the list itself offers to ask."""

from __future__ import annotations

import re
from typing import Any

from django.contrib import admin
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import BadRequest
from django.db import DataError, NotSupportedError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from records.querysets import id_of

MOST = 200  # characters that are searched for
KEY_OF_EDITED = re.compile(r"form-\d+-id")


def asked(text: str) -> str:
    """What is searched for: of all that was sent, what a database can hold and somebody might have typed."""
    return text.replace("\0", "").encode(errors="ignore").decode().strip()[:MOST]


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

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        try:
            return super().get_changelist_instance(request)
        except (OverflowError, ValueError, DataError, NotSupportedError) as error:
            # A value that no calendar and no database knows: Django leads on to the whole list.
            raise IncorrectLookupParameters from error

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[QuerySet, bool]:
        return super().get_search_results(request, queryset, asked(search_term))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Whatever is ticked or edited in a list has a key; Django asks the database for anything."""
        edited = [value for name, value in request.POST.items() if KEY_OF_EDITED.fullmatch(name)]
        if not all(map(id_of, [*request.POST.getlist(ACTION_CHECKBOX_NAME), *map(str, edited)])):
            raise BadRequest("what was ticked or edited in a list is no row")
        return super().changelist_view(request, extra_context)
