"""Verbs at the desk: as buttons beside the form, on the page where a record is read before it is approved, in bulk."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from records import checks, compare
from records.filing.labels import by_row
from records.filing.shape import ACTIVITY_TYPES
from records.models import Company, Record
from records.workflow import VERBS, Status, Verb, Who, WorkflowError

from . import deadlines
from .actions import ask_comment, do
from .checks import ChecksAdmin
from .follow_up import FollowUpAdmin
from .forms import CommentForm

# Verbs that save the form first.
SAVED_WITH = {"submit": gettext_lazy("Save and submit"), "publish": gettext_lazy("Save and publish")}


class VerbsAdmin(FollowUpAdmin, ChecksAdmin):
    """The part of the record's admin that carries out verbs. What is allowed is the record's to say."""

    def get_urls(self) -> list[Any]:
        def page(route: str, view: Any, name: str) -> Any:
            return path(route, self.admin_site.admin_view(view), name=f"records_record_{name}")

        return [
            page("<int:pk>/verb/<slug:name>/", require_POST(self.verb), "verb"),
            page("<int:pk>/review/", require_safe(self.review), "review"),
            *super().get_urls(),
        ]

    def has_publish_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("records.publish_record")

    def verbs_for(self, request: HttpRequest, record: Record | None) -> list[Verb]:
        """The verbs that this user may carry out on this record now; on a new one, those that save it first."""
        if record:
            verbs = [verb for verb in VERBS.values() if verb.by_hand and record.status in verb.sources]
            return [verb for verb in verbs if not record.refusal(verb.name, request.user)]
        return [VERBS[name] for name in SAVED_WITH if self._may_somewhere(request, VERBS[name])]

    def _may_somewhere(self, request: HttpRequest, verb: Verb) -> bool:
        """Whether there may be a record on which this user carries out the verb."""
        user: Any = request.user
        if not user.has_perm(verb.permission):
            return False
        return (
            verb.who != Who.ALONE
            or user.is_superuser
            or Company.objects.for_user(user).filter(one_person_desk=True).exists()
        )

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        hidden = {f"{verb.name}_selected" for verb in VERBS.values() if not self._may_somewhere(request, verb)}
        return {name: action for name, action in super().get_actions(request).items() if name not in hidden}

    def page_of(self, record: Record) -> str:
        """Where one goes on with a record: while it is in review it is read."""
        name = "review" if record.status == Status.REVIEW else "change"
        return reverse(f"admin:records_record_{name}", args=[record.pk])

    def review(
        self, request: HttpRequest, pk: int, form: CommentForm | None = None, status: int = 200
    ) -> HttpResponse:
        """The record to be read as on paper, with what may be done with it."""
        record = self.get_queryset(request).for_page().filter(pk=pk).first()  # type: ignore[attr-defined]
        if record is None:
            raise Http404
        if not self.has_view_permission(request, record):
            raise PermissionDenied
        former = Record.objects.for_page().filter(pk=record.corrects_id).first()
        ticked = {kind.name for kind in record.activity_types.all()}
        verbs = self.verbs_for(request, record)
        beyond, others = by_row(record.extra)
        context = {
            **self.admin_site.each_context(request),
            **self.checks_context(request, record, verbs),
            "title": record.company.full_name or record.company.short_name,
            "opts": self.opts,
            "original": record,
            "boxes": [(name, name in ticked) for name in ACTIVITY_TYPES],
            "beyond": beyond,
            "other_rows": others,
            "former": former,
            "changes": compare.changes(former, record) if former else [],
            "steps": record.steps.select_related("user"),
            "verbs": verbs,
            "deadline": deadlines.light_of(record),
            "caution": deadlines.caution(record),
            "form": form or CommentForm(),
            "may_follow_up": self.may_follow_up(request, record),
        }
        return render(request, "admin/records/record/review.html", context, status=status)

    def verb(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        """Carry out a verb from a page of the record."""
        record = self.get_object(request, str(pk))
        if not isinstance(record, Record) or name not in VERBS or not VERBS[name].by_hand:
            raise Http404
        if not self.has_view_permission(request, record):
            raise PermissionDenied
        form = CommentForm(VERBS[name], request.POST)
        if not form.is_valid() and not record.refusal(name, request.user):
            return self._ask(request, record, VERBS[name], form)
        seen = request.POST.getlist("acknowledge")
        return self._carry_out(request, record, name, form.cleaned_data.get("comment", ""), seen)

    def _ask(self, request: HttpRequest, record: Record, verb: Verb, form: CommentForm) -> HttpResponse:
        """What is to be said first: where the record is read, or on a page between."""
        if record.status == Status.REVIEW:
            return self.review(request, record.pk, form, status=422)
        if "comment" not in request.POST:  # nobody was asked yet
            form = CommentForm(verb)
        return ask_comment(self, request, verb, form, Record.objects.filter(pk=record.pk))

    def _carry_out(
        self, request: HttpRequest, record: Record, name: str, comment: str = "", seen: Collection[str] = ()
    ) -> HttpResponse:
        """Carry out a verb and lead to where one goes on."""
        try:
            made = do(record, name, request.user, comment, seen)
        except WorkflowError as error:
            kept = _("Your comment was: “%(comment)s”") % {"comment": comment} if comment else ""
            messages.error(request, f"{error} {kept}".strip())
            if not (now := Record.objects.filter(pk=record.pk).first()):
                return redirect("admin:records_record_changelist")
            record = now
        except checks.OpenWarningsError as error:
            messages.warning(request, " ".join(error.messages))
        except ValidationError as error:
            if self.has_change_permission(request, record):
                messages.warning(request, _("It is still a draft: see below what is missing."))
                return redirect(f"{self.page_of(record)}?check={name}")
            messages.error(request, " ".join(error.messages))
        else:
            record = made or record
            messages.success(request, self._done(record, name))
        return redirect(self.page_of(record))

    def _done(self, record: Record, name: str) -> str:
        if name == "correct":
            return _("This is the new version. It takes the place of the present one once it is published.")
        done = _("“%(verb)s” is done.") % {"verb": VERBS[name].label}
        if not record.is_published:
            return done
        shown = format_html('<a href="{}">{}</a>', record.get_absolute_url(), _("See it as the public does."))
        return format_html("{} {}", done, shown)

    def response_add(self, request: HttpRequest, obj: Record, post_url_continue: str | None = None) -> HttpResponse:
        return self._carry_out_if_asked(request, obj) or super().response_add(request, obj, post_url_continue)

    def response_change(self, request: HttpRequest, obj: Record) -> HttpResponse:
        return self._carry_out_if_asked(request, obj) or super().response_change(request, obj)

    def _carry_out_if_asked(self, request: HttpRequest, record: Record) -> HttpResponse | None:
        """“Save and submit” saves first; where something is missing, what was typed stays as a draft."""
        asked = next((name for name in SAVED_WITH if f"_{name}" in request.POST), None)
        return self._carry_out(request, record, asked) if asked else None
