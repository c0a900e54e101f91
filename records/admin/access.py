"""Who sees what at the desk: rows of a company are there for those who work for it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, Permission
from django.db.models import QuerySet
from django.forms import BaseInlineFormSet, ModelMultipleChoiceField
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from records import levels
from records.models import Company
from records.roles import permission_label
from records.signals import note_links_of

from .exporting import export_action
from .lists import DeskAdmin
from .widgets import SafeAutocompleteSelect


def works_for(request: HttpRequest, company_id: int) -> bool:
    """Asked many times a page, answered by one query."""
    user: Any = request.user
    if user.is_superuser:
        return True
    if not hasattr(request, "own_companies"):
        request.own_companies = set(Company.objects.for_user(user).values_list("pk", flat=True))  # type: ignore[attr-defined]
    return company_id in request.own_companies  # type: ignore[attr-defined]


class ReadOnly:
    """What nobody writes by hand."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class OfCompanyAdmin(DeskAdmin):
    """Rows that belong to a company, their list, their pages, and the choice of the company."""

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        rows: Any = super().get_queryset(request)
        return rows.for_user(request.user)

    def _is_theirs(self, request: HttpRequest, obj: Any) -> bool:
        return obj is None or works_for(request, obj.company_id)

    # Pages that find the row by other ways than the list, such as its history, ask for it here.

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._is_theirs(request, obj) and super().has_view_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._is_theirs(request, obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._is_theirs(request, obj) and super().has_delete_permission(request, obj)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        if db_field.name == "company":
            options.setdefault("widget", SafeAutocompleteSelect(db_field, self.admin_site))
            options.setdefault("queryset", Company.objects.for_user(request.user))
        return super().formfield_for_foreignkey(db_field, request, **options)


class SuperusersInline(admin.TabularInline):
    """What superusers alone decide: nobody lets themselves into a company."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)

    has_add_permission = has_change_permission = has_delete_permission = has_view_permission


class CompaniesFormSet(BaseInlineFormSet):
    """Notes whom it lets into which company: rows of a link are saved without a signal."""

    def save(self, commit: bool = True) -> Any:
        user: Any = self.instance
        before = set(user.companies.all())
        saved = super().save(commit)
        after = set(user.companies.all())
        for companies, gained in ((after - before, True), (before - after, False)):
            note_links_of(user, companies, gained=gained, reverse=False)
        return saved


class CompaniesInline(SuperusersInline):
    model = Company.staff.through
    formset = CompaniesFormSet
    autocomplete_fields = ("company",)
    extra = 1
    verbose_name = _("company")
    verbose_name_plural = _("works for these companies")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        return super().formfield_for_foreignkey(db_field, request, label=_("company"), **options)


class PermissionsField(ModelMultipleChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return permission_label(obj)


class PermissionsAdmin(DeskAdmin):
    """Permissions by the names that they have in the reader's language."""

    def formfield_for_manytomany(self, db_field: Any, request: Any = None, **options: Any) -> Any:
        if db_field.related_model is Permission:
            options["form_class"] = PermissionsField
        return super().formfield_for_manytomany(db_field, request, **options)


admin.site.unregister([get_user_model(), Group])


@admin.register(get_user_model())
class PersonAdmin(PermissionsAdmin, UserAdmin):
    """Django's, with the companies that somebody works for."""

    inlines = (CompaniesInline,)
    actions = (export_action(levels.PEOPLE, _("Export")),)


@admin.register(Group)
class RoleAdmin(PermissionsAdmin, GroupAdmin):
    actions = (export_action(levels.GROUPS, _("Export")),)
