"""Merging institutions at the desk: what it comes to is shown before it is done, and once more before it is undone."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from records import levels
from records.models import Company, Institution, InstitutionMerge, Participant, Record, institution_refusal, name_of
from records.querysets import id_of
from records.workflow import Status

from .access import ReadOnly
from .exporting import export_action
from .lists import DeskAdmin
from .widgets import SuggestInput

SHOWN = 20  # companies of a preview
# It reaches into the records of all companies: to change institutions is not enough.
PERMISSIONS = ("records.change_institution", "records.delete_institution")
STALE = gettext_lazy("The list has changed meanwhile and nothing was done: look at it once more.")


def page(model_admin: Any, route: str, view: Any, name: str, *methods: str) -> URLPattern:
    """A page of an admin that looks after itself who may see it."""
    guarded = model_admin.admin_site.admin_view(require_http_methods(methods or ["GET", "HEAD", "POST"])(view))
    return path(route, guarded, name=f"records_{model_admin.opts.model_name}_{name}")


def row_of(text: str) -> Institution | None:
    return Institution.objects.filter(pk=id_of(text)).first()


class MergingAdmin(admin.ModelAdmin):
    """The part of the institutions' admin that merges them."""

    def get_urls(self) -> list[URLPattern]:
        return [page(self, "<str:object_id>/merge/", self.merge_view, "merge"), *super().get_urls()]

    def has_merge_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perms(PERMISSIONS)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **options: Any) -> HttpResponse:
        context["may_merge"] = self.has_merge_permission(request)
        return super().render_change_form(request, context, *args, **options)

    @admin.action(description=gettext_lazy("Merge two institutions"), permissions=["merge"])
    def merge_two(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        """The one with more records is offered as the one that remains."""
        chosen = list(queryset.order_by("record_count", "-pk")[:3])
        if len(chosen) != 2:
            messages.error(request, _("Choose two institutions."))
            return None
        return redirect(preview_of(chosen[0].pk, chosen[1].pk))

    def merge_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Asks into which institution, then shows what that comes to; posted, it is done."""
        if not self.has_merge_permission(request):
            raise PermissionDenied
        former = row_of(object_id)
        if not former:
            return self._no_longer_there(request, object_id)
        if request.method == "POST":
            return self._merge(request, former)
        into, problem = self._chosen(request, former)
        if into and "into" not in request.GET:
            return redirect(preview_of(former.pk, into.pk))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Merge “%(name)s” into another institution") % {"name": former.name},
            "opts": self.opts,
            "institution": former,
            "problem": problem,
            "box": SuggestInput("participant.institution", maxlength=120).render(
                "name", into.name if into else request.GET.get("name", ""), {"id": "id_name"}
            ),
            "merging": into and _told(former, into, request.user),
        }
        return render(request, "admin/records/institution/merge.html", context)

    def _chosen(self, request: HttpRequest, former: Institution) -> tuple[Institution | None, str]:
        """The institution that it is to become part of, by id or by a name or alias; else what is wrong with it."""
        if "into" in request.GET:
            text = request.GET["into"]
            into = row_of(text)
            problem = _refusal(text)
        elif text := request.GET.get("name", "").replace("\0", "").strip():
            into = next(iter(Institution.objects.resolve([text], create=False).values()), None)
            problem = _("No institution is called “%(name)s”: choose one of those that are offered.") % {
                "name": text[:60]
            }
        else:
            return None, ""
        if into == former:
            return None, _("An institution cannot be merged with itself: choose another one.")
        return into, "" if into else problem

    def _merge(self, request: HttpRequest, former: Institution) -> HttpResponse:
        into = row_of(request.POST.get("into", ""))
        if not into:
            messages.error(request, _refusal(request.POST.get("into", "")))
            return redirect("admin:records_institution_merge", former.pk)
        try:
            with transaction.atomic():
                merge = former.merge_into(into, request.user)
                self.log_change(request, into, _("“%(name)s” was merged into it.") % {"name": merge.name})
        except (ValidationError, IntegrityError) as refusal:
            messages.error(request, _sentence(refusal))
            if not row_of(str(former.pk)):
                return redirect("admin:records_institution_changelist")
            return redirect(preview_of(former.pk, into.pk))
        told = _("“%(name)s” is part of “%(into)s” now; its address leads there.")
        undo = reverse("admin:records_institutionmerge_undo", args=[merge.pk])
        sentence = told % {"name": merge.name, "into": merge.into_name}
        messages.success(request, format_html('{} <a href="{}">{}</a>', sentence, undo, _("Undo")))
        return redirect("admin:records_institution_change", into.pk)

    def _no_longer_there(self, request: HttpRequest, text: str) -> HttpResponse:
        messages.error(request, _refusal(text))
        return redirect("admin:records_institution_changelist")


def preview_of(former: int, into: int) -> str:
    return f"{reverse('admin:records_institution_merge', args=[former])}?into={into}"


def _refusal(text: str) -> str:
    return institution_refusal(id_of(text))


def _sentence(refusal: ValidationError | IntegrityError) -> str:
    return " ".join(refusal.messages) if isinstance(refusal, ValidationError) else str(STALE)


def _told(former: Institution, into: Institution, user: Any) -> dict[str, Any]:
    """What merging comes to, counted over all records; companies are named for what the user may know of."""
    participants = Participant.objects.filter(institution=former)
    records = Record.objects.filter(pk__in=participants.values("record")).order_by()
    own = Q(company__in=Company.objects.for_user(user))
    published = Q(status=Status.PUBLISHED)
    known = records.filter(own | published)
    companies = (
        known.values("company__code", "company__short_name")
        .annotate(n=Count("pk"), open=Count("pk", filter=~published))
        .order_by("-n", "company__code")
    )
    count = records.count()
    sides = [_side(former), _side(into)]
    return {
        "into": into,
        "sides": sides,
        "participants": sides[0]["participants"],
        "records": count,
        "published": records.filter(published).count(),
        "hidden": count - known.count(),
        "both": records.filter(pk__in=Participant.objects.filter(institution=into).values("record")).count(),
        "companies": companies[:SHOWN],
        "more_companies": max(companies.count() - SHOWN, 0),
        "aliases": [former.name, *(alias.name for alias in sides[0]["aliases"])],
        "swapped": preview_of(into.pk, former.pk),
    }


def _side(one: Institution) -> dict[str, Any]:
    """What tells two institutions apart. Days are those of published records; of others only the number is told."""
    rows = Participant.objects.filter(institution=one).order_by()
    return {
        "institution": one,
        "aliases": list(one.aliases.all()),
        **rows.aggregate(participants=Count("pk"), records=Count("record", distinct=True)),
    }


@admin.register(InstitutionMerge)
class InstitutionMergeAdmin(ReadOnly, DeskAdmin):
    """What was merged, by whom, and whether it was undone: read, and never written but by undoing."""

    list_display = ("name", "into_name", "at", "who", "participant_count", "record_count", "undone")
    list_filter = (("undone_at", admin.EmptyFieldListFilter),)
    search_fields = ("name", "into_name")
    list_select_related = ("user", "undone_by")
    fields = ("name", "remaining", "at", "who", "participant_count", "record_count", "aliases", "undone")
    actions = (export_action(levels.MERGED_INSTITUTIONS, gettext_lazy("Export")),)

    def get_urls(self) -> list[URLPattern]:
        return [page(self, "<str:object_id>/undo/", self.undo_view, "undo"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).defer("moved")  # thousands of ids

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perms(PERMISSIONS)

    @admin.display(description=gettext_lazy("who"), ordering="user")
    def who(self, merge: InstitutionMerge) -> str:
        return name_of(merge.user)

    @admin.display(description=gettext_lazy("undone"), ordering="undone_at")
    def undone(self, merge: InstitutionMerge) -> str:
        return merge.undone_told

    @admin.display(description=gettext_lazy("aliases"))
    def aliases(self, merge: InstitutionMerge) -> str:
        return "、".join([merge.name, *merge.moved_aliases.values()])

    @admin.display(description=gettext_lazy("became part of"))
    def remaining(self, merge: InstitutionMerge) -> Any:
        """Leads to the institution, while there is one."""
        if not Institution.objects.filter(pk=merge.into_id).exists():
            return merge.into_name
        address = reverse("admin:records_institution_change", args=[merge.into_id])
        return format_html('<a href="{}">{}</a>', address, merge.into_name)

    def undo_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Shows what comes back and what does not; posted, it is done."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        merge = InstitutionMerge.objects.filter(pk=id_of(object_id)).first()
        if not merge:
            raise Http404
        if request.method == "POST":
            return self._undo(request, merge)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Undo the merge %(merge)s") % {"merge": merge},
            "opts": self.opts,
            "original": merge,
            "plan": merge.undoing(),
        }
        return render(request, "admin/records/institutionmerge/undo.html", context)

    def _undo(self, request: HttpRequest, merge: InstitutionMerge) -> HttpResponse:
        try:
            with transaction.atomic():
                merge.undo(request.user)
                self.log_change(request, merge, _("The merge was undone."))
        except (ValidationError, IntegrityError) as refusal:
            messages.error(request, _sentence(refusal))
            return redirect("admin:records_institutionmerge_change", merge.pk)
        messages.success(request, _("“%(name)s” is an institution of its own again.") % {"name": merge.name})
        return redirect("admin:records_institution_change", merge.former_id)
