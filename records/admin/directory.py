"""Companies and institutions at the desk."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from records import levels
from records.models import Company, Institution, InstitutionAlias, institutions_held
from records.models.ledger import held
from records.names import institution_key

from .exporting import export_action
from .forms import DayField, LabelledForm
from .lists import DeskAdmin
from .merging import MergingAdmin
from .names_queue import QueueAdmin
from .tables import TableAdmin
from .widgets import DayWidget


class HeldAdmin(DeskAdmin):
    """Who saves a row holds from the beginning what others would change it under: what is stored is what was checked.

    `held_by_saving` is by default the ledger, which counts records by what stands in these rows.
    """

    held_by_saving: Any = staticmethod(held)

    def changeform_view(self, request: HttpRequest, *args: Any, **options: Any) -> Any:
        with self.held_by_saving() if request.method == "POST" else contextlib.nullcontext():
            return super().changeform_view(request, *args, **options)


@admin.register(Company)
class CompanyAdmin(HeldAdmin, TableAdmin):
    """Superusers say who works for a company, and whether two persons publish."""

    list_display = ("code", "short_name", "full_name", "board")
    list_filter = ("board",)
    search_fields = ("code", "short_name", "full_name", "pinyin")
    fields = ("code", "short_name", "full_name", "board", "pinyin", "one_person_desk", "staff")
    autocomplete_fields = ("staff",)
    actions = (export_action(levels.COMPANIES, _("Export")),)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).for_user(request.user)  # type: ignore[attr-defined]

    def get_readonly_fields(self, request: HttpRequest, obj: Company | None = None) -> Any:
        return () if request.user.is_superuser else ("one_person_desk", "staff")

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if not change:
            form.instance.take_on(request.user)


class AliasFormSet(forms.BaseInlineFormSet):
    def clean(self) -> None:
        """Each row is checked against what is stored; two rows that are typed at once, against one another."""
        super().clean()
        keys: set[str] = set()
        for form in self.forms:
            name: Any = form.cleaned_data.get("name") if form.is_valid() and form not in self.deleted_forms else ""
            if name and (key := institution_key(name)) in keys:
                form.add_error("name", _("This name stands here twice."))
            elif name:
                keys.add(key)


class AliasInline(admin.TabularInline):
    model = InstitutionAlias
    form = LabelledForm
    formset = AliasFormSet
    extra = 1
    fields = ("name", "used_from", "used_until")
    formfield_overrides = {models.DateField: {"form_class": DayField, "widget": DayWidget}}


class SharedAdmin(HeldAdmin):
    """Institutions and topics are everybody's; in which records they stand is not.

    Who deletes one holds what a merge holds, so that it is there, or is gone: `held_alone` is of what refers to them.
    """

    held_alone: Any

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        with self.held_alone(alone=True), held():
            yield

    def delete_view(self, request: HttpRequest, *args: Any, **options: Any) -> Any:
        with self._alone() if request.method == "POST" else contextlib.nullcontext():
            return super().delete_view(request, *args, **options)

    def changelist_view(self, request: HttpRequest, *args: Any, **options: Any) -> Any:
        deletes = request.POST.get("action") == "delete_selected" and "post" in request.POST
        with self._alone() if deletes else held() if "_save" in request.POST else contextlib.nullcontext():
            return super().changelist_view(request, *args, **options)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What keeps a row from being deleted is counted, not named: it may be of a company of others."""
        to_delete, counts, permissions, protected = super().get_deleted_objects(objs, request)
        if request.user.is_superuser:
            return to_delete, counts, permissions, protected
        named = [ngettext("%(n)d row of records", "%(n)d rows of records", len(protected)) % {"n": len(protected)}]
        return [str(obj) for obj in objs], counts, permissions, named if protected else []


@admin.register(Institution)
class InstitutionAdmin(QueueAdmin, MergingAdmin, TableAdmin, SharedAdmin):
    list_display = ("name", "type", "reviewed")
    list_filter = ("reviewed", "type")
    list_editable = ("type", "reviewed")
    search_fields = ("name", "aliases__name", "pinyin")
    search_help_text = _("Name, alias, or pinyin: hxjj finds 华夏基金.")
    fields = ("name", "type", "reviewed", "pinyin")
    inlines = (AliasInline,)
    list_per_page = 50
    actions = ("merge_two", export_action(levels.INSTITUTIONS, _("Export")))

    # Nobody gives one to a participant meanwhile: what refers to it keeps it, and is asked for once.
    held_alone = staticmethod(institutions_held)

    def get_changelist_form(self, request: HttpRequest, **options: Any) -> Any:
        return super().get_changelist_form(request, **{**options, "form": LabelledForm})
