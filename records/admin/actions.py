"""What is done with a selection of records: verbs with a report for each, and exports."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy, ngettext

from records import checks, levels
from records.models import Record
from records.workflow import VERBS, Verb, WorkflowError

from .exporting import export_action
from .forms import CommentForm

# Verbs before which the record is checked, and whether every warning must have been acknowledged by then.
CHECKED = {"submit": False, "approve": True, "publish": True}
NAMED = 20  # records that a report names one by one; a selection may be the whole list


def do(record: Record, verb: str, user: Any, comment: str = "", seen: Collection[str] = ()) -> Any:
    """A verb as the desk carries it out: checked further than the record itself asks for. Raises as the verb does.

    `seen` are the keys of warnings that the user acknowledges with it.
    """
    if seen and verb in CHECKED:
        with transaction.atomic():  # seen is seen, whatever else stands in the way
            current = _held(record)
            if current and not current.refusal(verb, user):
                checks.acknowledge(current, seen, user)
    with transaction.atomic():
        if verb in CHECKED:
            current = _held(record)
            if current and not current.refusal(verb, user):
                checks.refuse(current, with_warnings=CHECKED[verb])
        return getattr(record, verb)(user, comment)


def _held(record: Record) -> Record | None:
    """The record as it is now, which nobody changes or deletes meanwhile; none where somebody was quicker."""
    return Record.objects.select_for_update(of=("self",)).filter(pk=record.pk).first()


def carry_out(record: Record, verb: str, user: Any, comment: str = "") -> str | None:
    """Do a verb; gives the reason, in a sentence, where it was refused."""
    try:
        do(record, verb, user, comment)
    except WorkflowError as error:
        return str(error)
    except ValidationError as error:
        return " ".join(error.messages)
    return None


def verb_action(verb: Verb) -> Any:
    @admin.action(description=verb.label, permissions=[verb.kind_of_permission])
    def action(model_admin: Any, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        form = CommentForm(verb, request.POST if "comment" in request.POST else None)
        if verb.asks_comment and not form.is_valid():
            return ask_comment(model_admin, request, verb, form, queryset)
        comment = form.cleaned_data["comment"] if form.is_bound and form.is_valid() else ""
        done, refused = [], []
        for record in queryset.select_related("company"):
            reason = carry_out(record, verb.name, request.user, comment)
            if reason is None:
                done.append(str(record))
            else:
                refused.append(f"{record}: {reason}")
        for line in refused[:NAMED]:
            messages.error(request, line)
        if more := len(refused[NAMED:]):
            messages.error(
                request, ngettext("%(n)d more was refused.", "%(n)d more were refused.", more) % {"n": more}
            )
        if done:
            messages.success(request, _report(verb, done))
        return None

    action.__name__ = f"{verb.name}_selected"
    return action


def _report(verb: Verb, done: list[str]) -> str:
    counted = ngettext("“%(verb)s” is done for %(n)d record:", "“%(verb)s” is done for %(n)d records:", len(done))
    names = "；".join(done[:NAMED]) + ("…" if len(done) > NAMED else "")
    return f"{counted % {'verb': verb.label, 'n': len(done)}} {names}"


def ask_comment(
    model_admin: Any, request: HttpRequest, verb: Verb, form: CommentForm, selected: QuerySet
) -> HttpResponse:
    """A page between, which posts the same again with what was typed."""
    kept = [
        (name, value)
        for name, values in request.POST.lists()
        if name not in {"csrfmiddlewaretoken", "comment"}
        for value in values
    ]
    context = {
        **model_admin.admin_site.each_context(request),
        "title": verb.label,
        "opts": model_admin.opts,
        "form": form,
        "verb": verb,
        "kept": kept,
        "named": selected.select_related("company")[:NAMED],
        "more": max(selected.count() - NAMED, 0),
    }
    return render(request, "admin/records/record/comment.html", context)


ACTIONS = (
    *(verb_action(verb) for verb in VERBS.values() if verb.by_hand),
    export_action(levels.RECORDS, gettext_lazy("Export: a row for each record")),
    export_action(levels.PARTICIPANTS, gettext_lazy("Export: a row for each participant")),
    export_action(levels.QUESTIONS, gettext_lazy("Export: a row for each question")),
)
