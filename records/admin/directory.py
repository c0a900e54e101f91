"""Companies, institutions and topics at the desk."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from records.models import Company, Institution, InstitutionAlias, Topic


@admin.register(Company)
class CompanyAdmin(admin.ModelAdmin):
    list_display = ("code", "short_name", "full_name", "board")
    list_filter = ("board",)
    search_fields = ("code", "short_name", "full_name", "pinyin")
    fields = ("code", "short_name", "full_name", "board", "pinyin")


class AliasInline(admin.TabularInline):
    model = InstitutionAlias
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


@admin.register(Topic)
class TopicAdmin(admin.ModelAdmin):
    list_display = ("name", "slug", "keywords")
    search_fields = ("name", "pinyin", "keywords")
    fields = ("name", "slug", "keywords", "pinyin")
