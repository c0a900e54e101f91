"""Companies, institutions and topics at the desk."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from records.models import Company, Institution, InstitutionAlias, Topic
from records.names import institution_key

from .forms import LabelledForm


@admin.register(Company)
class CompanyAdmin(admin.ModelAdmin):
    list_display = ("code", "short_name", "full_name", "board")
    list_filter = ("board",)
    search_fields = ("code", "short_name", "full_name", "pinyin")
    fields = ("code", "short_name", "full_name", "board", "pinyin", "one_person_desk")


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
    fields = ("name",)


@admin.register(Institution)
class InstitutionAdmin(admin.ModelAdmin):
    list_display = ("name", "type", "reviewed")
    list_filter = ("reviewed", "type")
    list_editable = ("type", "reviewed")
    search_fields = ("name", "aliases__name", "pinyin")
    search_help_text = _("Name, alias, or pinyin: hxjj finds 华夏基金.")
    fields = ("name", "type", "reviewed", "pinyin")
    inlines = (AliasInline,)
    list_per_page = 50

    def get_changelist_form(self, request: HttpRequest, **options: Any) -> Any:
        return super().get_changelist_form(request, **{**options, "form": LabelledForm})


@admin.register(Topic)
class TopicAdmin(admin.ModelAdmin):
    list_display = ("name", "slug", "keywords")
    search_fields = ("name", "pinyin", "keywords")
    fields = ("name", "slug", "keywords", "pinyin")
