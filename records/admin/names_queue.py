"""The queue of names of institutions: new ones, and pairs that look alike. A person decides, and nothing else does."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Page, Paginator
from django.db import DatabaseError, transaction
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from records import levels
from records.models import (
    Institution,
    InstitutionType,
    SimilarNames,
    ToldApart,
    changed_names,
    compare_names,
    institution_refusal,
    name_of,
)
from records.querysets import id_of

from .access import ReadOnly
from .exporting import export_action
from .lists import DeskAdmin
from .merging import PERMISSIONS, STALE, page, preview_of

ON_PAGE = 20
AT_ONCE = 500  # names that are compared while somebody waits for the page
SHOWN = 5  # names that look like a new one


def names_waiting() -> tuple[int, int]:
    """How many new names and how many pairs wait. Two queries."""
    return Institution.objects.new().count(), SimilarNames.objects.waiting().of_reviewed().count()


def address_of_queue() -> str:
    return reverse("admin:records_institution_queue")


class QueueAdmin(admin.ModelAdmin):
    """The part of the institutions' admin that shows the queue."""

    change_list_template = "admin/records/institution/change_list.html"

    def get_urls(self) -> list[URLPattern]:
        return [page(self, "queue/", self.queue_view, "queue"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        may_decide = self.has_change_permission(request)
        return super().changelist_view(request, {**(extra_context or {}), "may_decide": may_decide})

    def queue_view(self, request: HttpRequest) -> HttpResponse:
        """New names, or with `show=similar` pairs of names that were looked at; posted, what was decided of one."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            self._decide(request)
            return redirect(request.get_full_path())
        changed = changed_names()
        if 0 < len(changed) <= AT_ONCE:
            compare_names(changed)  # only what is told of the names anyway is written
            changed = set()
        show = "similar" if request.GET.get("show") == "similar" else "new"
        new, similar = Institution.objects.new(), SimilarNames.objects.waiting().of_reviewed()
        pages = {"new": Paginator(new, ON_PAGE), "similar": Paginator(_told(similar), ON_PAGE)}
        shown = pages[show].get_page(request.GET.get("p"))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Names to look at"),
            "opts": self.opts,
            "show": show,
            "tabs": [
                ("new", _("New names"), pages["new"].count),
                ("similar", _("Similar names"), pages["similar"].count),
            ],
            "page": shown,
            "page_range": shown.paginator.get_elided_page_range(shown.number),
            "ellipsis": Paginator.ELLIPSIS,
            "lines": _new_lines(shown) if show == "new" else [_pair(pair) for pair in shown],
            "types": InstitutionType.choices,
            "may_merge": request.user.has_perms(PERMISSIONS),
            "not_compared": len(changed),
        }
        return render(request, "admin/records/institution/queue.html", context)

    def _decide(self, request: HttpRequest) -> None:
        try:
            with transaction.atomic():
                {"confirm": self._confirm, "apart": self._tell_apart, "compare": self._compare}[
                    request.POST.get("op", "")
                ](request)
        except KeyError:
            messages.error(request, _("Nothing was done: use one of the buttons of the page."))
        except ValidationError as refusal:
            messages.error(request, " ".join(refusal.messages))
        except DatabaseError:
            messages.error(request, STALE)

    def _confirm(self, request: HttpRequest) -> None:
        pk = id_of(request.POST.get("id", ""))
        one = Institution.objects.filter(pk=pk).first()
        if not one:
            raise ValidationError(institution_refusal(pk))
        if one.confirm(request.POST.get("type", "")):
            self.log_change(request, one, _("The name was looked at."))
        messages.success(request, _("“%(name)s” is confirmed.") % {"name": one.name})

    def _tell_apart(self, request: HttpRequest) -> None:
        told = ToldApart.tell(id_of(request.POST.get("id", "")), id_of(request.POST.get("other", "")), request.user)
        names = {"one": told.first.name, "other": told.second.name}
        messages.success(
            request, _("“%(one)s” and “%(other)s” are not the same: the pair is not shown again.") % names
        )

    def _compare(self, request: HttpRequest) -> None:
        n = len(changed := changed_names())
        compare_names(changed)
        told = ngettext(
            "The name of %(n)d institution was compared.", "The names of %(n)d institutions were compared.", n
        )
        messages.success(request, told % {"n": n})


def _told(pairs: QuerySet) -> QuerySet:
    return pairs.select_related("first", "second").order_by("-degree", "pk")


def _new_lines(shown: Page) -> list[dict[str, Any]]:
    """New names, each with those that look like it. Two queries, however many."""
    new = list(shown)
    ids = [one.pk for one in new]
    counts = dict(
        Institution.objects.filter(pk__in=ids).order_by().annotate(n=Count("participations")).values_list("pk", "n")
    )
    like: dict[int, list[dict[str, Any]]] = {pk: [] for pk in ids}
    for pair in _told(SimilarNames.objects.waiting().of(ids)):
        for one in (pair.first, pair.second):
            if one.pk in like and len(like[one.pk]) < SHOWN:
                like[one.pk].append(_pair(pair, one))
    return [{"institution": one, "participants": counts[one.pk], "like": like[one.pk]} for one in new]


def _pair(pair: SimilarNames, new: Institution | None = None) -> dict[str, Any]:
    """Two institutions, the one that would go first: the new one, else that with fewer records."""
    sides = [(pair.first, pair.first_name), (pair.second, pair.second_name)]
    sides.sort(key=lambda side: (side[0] != new, side[0].record_count, -side[0].pk))
    (goes, by), (stays, stays_by) = sides
    return {
        "goes": goes,
        "stays": stays,
        # Where an alias looks like the other, not the name.
        "goes_by": "" if by == goes.name else by,
        "stays_by": "" if stays_by == stays.name else stays_by,
        "percent": round(pair.degree * 100),
        "preview": preview_of(goes.pk, stays.pk),
    }


@admin.register(ToldApart)
class ToldApartAdmin(ReadOnly, DeskAdmin):
    """What was told not to be the same, by whom and when; deleted, the pair is offered again."""

    list_display = ("one", "other", "who", "at")
    list_select_related = ("user",)
    fields = ("one", "other", "who", "at")
    readonly_fields = fields
    actions = (export_action(levels.TOLD_APART, gettext_lazy("Export")),)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return (
            super()
            .get_queryset(request)
            .filter(first__key__gt="", second__key__gt="")
            .select_related("first", "second")
        )

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("records.change_institution")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_view_permission(request)

    @admin.display(description=gettext_lazy("institution"), ordering="first__name")
    def one(self, told: ToldApart) -> str:
        return told.first.name

    @admin.display(description=gettext_lazy("is not"), ordering="second__name")
    def other(self, told: ToldApart) -> str:
        return told.second.name

    @admin.display(description=gettext_lazy("who"), ordering="user")
    def who(self, told: ToldApart) -> str:
        return name_of(told.user)
