"""Participants and questions pasted into a draft: split into rows, corrected, and added after those it has."""

from __future__ import annotations

import dataclasses

from django import forms
from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from records import filing, translate
from records.filing.participants import read_participants
from records.filing.shape import Doubt, gettext_noop
from records.filing.sources import MAX_CELL
from records.filing.sources.blocks import clean
from records.models import Record

from . import importing_rows
from .importing import beside, require_permission, shown_rows, transformed
from .importing_rows import Rows, RowsError

CELLS = ("participants_cell", "content_cell")
TOTALS = ("stated_institutions", "stated_people")


@dataclasses.dataclass(frozen=True)
class Pasted:
    """Two cells as they were pasted, one text, and what the reader made of them."""

    text: str = ""
    doubts: tuple[Doubt, ...] = ()
    rows: Rows = dataclasses.field(default_factory=Rows)
    stated_institutions: int | None = None
    stated_people: int | None = None
    rest: str = ""  # what names nobody


class TotalsForm(forms.ModelForm):
    """What the participants cell states beyond the names; from there, or as the record has it."""

    class Meta:
        model = Record
        fields = TOTALS


def read_pasted(participants: str, content: str, record: Record) -> Pasted:
    """FilingError where a cell is too long."""
    for cell in (participants, content):
        if len(cell) > MAX_CELL:
            raise filing.FilingError(
                gettext_noop("A cell may have %(limit)d characters at most: paste it in parts."),
                limit=MAX_CELL,
            )
    visitors = read_participants(participants, (record.company.full_name, record.company.short_name))
    said = filing.read_content(content)
    shift = len(participants) + 2 if participants else 0
    moved = [
        doubt
        if doubt.start is None or doubt.end is None
        else dataclasses.replace(doubt, start=doubt.start + shift, end=doubt.end + shift)
        for doubt in said.doubts
    ]
    return Pasted(
        "\n\n".join(filter(None, (participants, content))),
        (*visitors.doubts, *moved),
        Rows(visitors.attendees, said.introduction, said.questions, said.closing),
        visitors.stated_institutions,
        visitors.stated_people,
        visitors.rest,
    )


def paste(request: HttpRequest, pk: int) -> HttpResponse:
    """Two boxes; then the rows that they hold, to be corrected; then back to the draft."""
    require_permission(request, "records.add_record", "records.change_record")
    record = Record.objects.for_user(request.user).select_related("company").filter(pk=pk).first()
    if record is None:
        raise Http404
    if record.is_locked:
        messages.error(request, _("Only a draft can be added to: this one is in review, or was published."))
        return redirect("admin:records_record_change", pk)
    if request.method != "POST":
        return _show(request, record, Pasted(), Rows(), TotalsForm(instance=record))
    participants, content = (clean(request.POST.get(name, "")).strip() for name in CELLS)
    op = request.POST.get("op", "")
    try:
        pasted = read_pasted(participants, content, record)
    except filing.FilingError as refusal:
        problem = translate.reason(refusal)
        return _show(request, record, Pasted(), Rows(), TotalsForm(instance=record), problem=problem, status=422)
    if op == "read":
        stated = {name: total for name in TOTALS if (total := getattr(pasted, name)) is not None}
        totals = TotalsForm(instance=record, initial=stated)
        problem = "" if participants or content else _("Paste a cell first.")
        return _show(request, record, pasted, pasted.rows, totals, problem=problem)
    totals = TotalsForm(request.POST, instance=record)
    try:
        rows = importing_rows.posted(request.POST.getlist)
    except RowsError as torn:
        return _show(request, record, pasted, pasted.rows, totals, problem=_(torn.message), status=422)
    if op != "append":
        rows, focus, problem = transformed(rows, op, request.POST.get("cursor", ""))
        return _show(request, record, pasted, rows, totals, focus, problem)
    filled = rows.filled()
    if filled.complaints() or not totals.is_valid():
        problem = _("Nothing was added yet: correct what is marked below.")
        return _show(request, record, pasted, rows, totals, problem=problem, status=422)
    try:
        made = translate.append_to(
            record,
            attendees=filled.attendees,
            questions=filled.questions,
            introduction=filled.introduction,
            closing=filled.closing,
            **totals.cleaned_data,
            user=request.user,
        )
    except filing.FilingError as refusal:
        return _show(request, record, pasted, rows, totals, problem=translate.reason(refusal), status=422)
    messages.success(request, _("Added: %(counts)s.") % {"counts": "，".join(made.counts())})
    return redirect("admin:records_record_change", pk)


def _show(
    request: HttpRequest,
    record: Record,
    pasted: Pasted,
    rows: Rows,
    totals: TotalsForm,
    focus: str = "",
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {
        **admin.site.each_context(request),
        "title": _("Paste participants or questions"),
        "subtitle": str(record),
        "record": record,
        "cells": {name: request.POST.get(name, "") for name in CELLS},
        "was_read": bool(pasted.text),
        "totals": totals,
        "is_nav_sidebar_enabled": False,  # two columns need the room
        "rest": pasted.rest,
        "problem": problem,
        **shown_rows(rows, request.method == "POST", focus),
        **beside(pasted.text, pasted.doubts, rows),
    }
    return render(request, "admin/importing/paste.html", context, status=status)
