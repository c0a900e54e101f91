"""What is done with a selection of records: verbs with a report for each, and exports."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy, ngettext

from records import exports
from records.models import Record
from records.workflow import WorkflowError

REFUSALS_SHOWN = 20  # one by one; a selection may be the whole list


def carry_out(record: Record, verb: str, user: Any) -> str | None:
    """Do a verb; gives the reason, in a sentence, where it was refused."""
    try:
        getattr(record, verb)(user)
    except WorkflowError as error:
        return str(error)
    except ValidationError as error:
        return " ".join(error.messages)
    return None


def _verb_action(verb: str, description: Any, done: Callable[[int], str]) -> Any:
    @admin.action(description=description, permissions=["publish"])
    def action(model_admin: Any, request: HttpRequest, queryset: QuerySet) -> None:
        count = refused = 0
        for record in queryset.select_related("company"):
            reason = carry_out(record, verb, request.user)
            if reason is None:
                count += 1
                continue
            refused += 1
            if refused <= REFUSALS_SHOWN:
                messages.error(request, f"{record}: {reason}")
        if refused > REFUSALS_SHOWN:
            more = refused - REFUSALS_SHOWN
            messages.error(
                request, ngettext("%(n)d more was refused.", "%(n)d more were refused.", more) % {"n": more}
            )
        if count:
            messages.success(request, done(count))

    action.__name__ = f"{verb}_selected"
    return action


publish_selected = _verb_action(
    "publish",
    gettext_lazy("Publish selected records"),
    lambda n: ngettext("%(n)d record was published.", "%(n)d records were published.", n) % {"n": n},
)
withdraw_selected = _verb_action(
    "withdraw",
    gettext_lazy("Withdraw selected records"),
    lambda n: ngettext("%(n)d record was withdrawn.", "%(n)d records were withdrawn.", n) % {"n": n},
)


def export_action(level: exports.Level, description: Any) -> Any:
    """A selection as CSV at one level, streamed: a large selection costs no memory."""

    @admin.action(description=description, permissions=["view"])
    def action(model_admin: Any, request: HttpRequest, queryset: QuerySet) -> StreamingHttpResponse:
        response = StreamingHttpResponse(
            exports.csv_lines(level, level.of(queryset), staff=True), content_type="text/csv; charset=utf-8"
        )
        response["Content-Disposition"] = f'attachment; filename="{level.name}-{timezone.localdate()}.csv"'
        response["Cache-Control"] = "private, no-store"
        return response

    action.__name__ = f"export_{level.name}"
    return action


ACTIONS = (
    publish_selected,
    withdraw_selected,
    export_action(exports.RECORDS, gettext_lazy("Export as CSV: a row for each record")),
    export_action(exports.PARTICIPANTS, gettext_lazy("Export as CSV: a row for each participant")),
    export_action(exports.QUESTIONS, gettext_lazy("Export as CSV: a row for each question")),
)
