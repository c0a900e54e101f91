"""Records at the desk: the list, and entry and editing of a whole record on one page."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import AdminErrorList
from django.contrib.admin.views.main import SEARCH_VAR
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Q, QuerySet
from django.forms import BooleanField
from django.forms.utils import ErrorDict, ErrorList
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from records import checks
from records.models import Attachment, Company, Deadlines, Institution, Participant, Question, Record
from records.workflow import Status

from . import deadlines, filters
from .access import OfCompanyAdmin
from .actions import ACTIONS
from .answers import AnswersAdmin
from .deleting import RetentionAdmin
from .forms import AttachmentForm, RecordForm
from .history import HistoryAdmin
from .lists import asked
from .review import SAVED_WITH, VerbsAdmin
from .rows import ParticipantForm, ParticipantFormSet, QuestionForm, QuestionFormSet
from .saving import CarefulSaving


class SearchPaginator(Paginator):
    """Counts what a search finds as far as anybody pages: words that most records hold stand in all too many."""

    most = 2000

    @cached_property
    def _counted(self) -> int:
        rows: Any = self.object_list
        return rows[: self.most + 1].count()

    @property
    def count(self) -> int:
        return min(self._counted, self.most)

    @property
    def is_cut(self) -> bool:
        return self._counted > self.most


class PartOfRecord:
    """What holds for every inline: a published record is read, not edited. It is shown after one of the fieldsets."""

    shown_after: int

    def has_add_permission(self, request: HttpRequest, obj: Record | None = None) -> bool:
        return not (obj and obj.is_locked) and super().has_add_permission(request, obj)  # type: ignore[misc]

    def has_change_permission(self, request: HttpRequest, obj: Record | None = None) -> bool:
        return not (obj and obj.is_locked) and super().has_change_permission(request, obj)  # type: ignore[misc]

    def has_delete_permission(self, request: HttpRequest, obj: Record | None = None) -> bool:
        return not (obj and obj.is_locked) and super().has_delete_permission(request, obj)  # type: ignore[misc]


class ParticipantInline(PartOfRecord, admin.TabularInline):
    model = Participant
    form = ParticipantForm
    formset = ParticipantFormSet
    shown_after = 0
    template = "admin/records/participants.html"
    extra = 2

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("institution")


class QuestionInline(PartOfRecord, admin.StackedInline):
    model = Question
    form = QuestionForm
    formset = QuestionFormSet
    shown_after = 3
    template = "admin/records/questions.html"
    extra = 1

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).prefetch_related("topics")

    def get_formset(self, request: HttpRequest, obj: Any = None, **options: Any) -> Any:
        formset: Any = super().get_formset(request, obj, **options)
        formset.may_add_topics = request.user.has_perm("records.add_topic")
        return formset


class AttachmentInline(PartOfRecord, admin.TabularInline):
    model = Attachment
    form = AttachmentForm
    fields = ("kind", "file", "name", "is_public")
    readonly_fields = ("file_link",)
    shown_after = 5
    extra = 0

    def has_delete_permission(self, request: HttpRequest, obj: Record | None = None) -> bool:
        return not (obj and obj.why_files_kept) and super().has_delete_permission(request, obj)

    def get_formset(self, request: HttpRequest, obj: Any = None, **options: Any) -> Any:
        formset: Any = super().get_formset(request, obj, **options)
        formset.form.keeps_files = bool(obj and obj.why_files_kept)
        return formset

    def get_fieldsets(self, request: HttpRequest, obj: Record | None = None) -> Any:
        """What is read leads to the file by its name; Django would show where it is stored."""
        if self.has_add_permission(request, obj) or self.has_change_permission(request, obj):
            return super().get_fieldsets(request, obj)
        return [(None, {"fields": ("kind", "file_link", "is_public")})]

    @admin.display(description=Attachment._meta.get_field("file").verbose_name)
    def file_link(self, attachment: Attachment) -> str:
        return format_html('<a href="{}">{}</a>', attachment.get_absolute_url(), attachment.name)


# The form's rows in the form's order; participants stand after the first, questions after the introduction.
FIELDSETS: Any = (
    (None, {"fields": (("company", "number"), "activity_types", "other_activity")}),
    (None, {"fields": (("stated_institutions", "stated_people"),)}),
    (
        gettext_lazy("When, where, by whom"),
        {"fields": (("held_from", "held_to"), "held_text", "place", "hosts")},
    ),
    (gettext_lazy("Main content"), {"fields": ("introduction",)}),
    (None, {"fields": ("closing", "material_information")}),
    (
        gettext_lazy("Foot of the form"),
        {"fields": ("attachment_list", "extra", ("signed_on", "disclosed_on"))},
    ),
)


# What is stored as lists, where it is read and not edited; Django would show the lists.
READ_AS = {"hosts": "hosts_told", "extra": "extra_told"}

# What every row says, translated once for all of them.
ROW_WORDS = {
    "drag": gettext_lazy("Drag to another place"),
    "up": gettext_lazy("Move up (Alt+↑)"),
    "down": gettext_lazy("Move down (Alt+↓)"),
    "order": gettext_lazy("Order"),
    "delete": gettext_lazy("Delete"),
    "question": gettext_lazy("Question"),
}


@admin.register(Record)
class RecordAdmin(VerbsAdmin, RetentionAdmin, OfCompanyAdmin, HistoryAdmin, AnswersAdmin, CarefulSaving):
    form = RecordForm
    fieldsets = FIELDSETS
    inlines = (ParticipantInline, QuestionInline, AttachmentInline)
    autocomplete_fields = ("company",)
    actions = ACTIONS
    list_display = (
        "held_from",
        "company",
        "number",
        "activities",
        "institution_count",
        "question_count",
        "state",
        "deadline",
    )
    list_display_links = ("held_from", "company", "number")
    list_filter = (
        "status",
        filters.MineFilter,
        filters.DeadlineFilter,
        filters.RetentionFilter,
        filters.CompanyFilter,
        filters.InstitutionFilter,
        filters.TopicFilter,
        "held_from",
        "activity_types",
    )
    list_per_page = 50
    show_full_result_count = False
    date_hierarchy = "held_from"
    search_fields = ("number",)  # what is searched is said by `get_search_results`
    search_help_text = gettext_lazy("Words in questions, answers and names; pinyin initials of names.")

    class Media:
        css = {"all": ("records/desk.css",)}
        js = ("adminsortable2/js/adminsortable2.min.js", "records/desk.js", "records/checks.js", "records/answers.js")

    # The list

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("company").prefetch_related("activity_types")

    @admin.display(description=gettext_lazy("activity types"))
    def activities(self, record: Record) -> str:
        return "、".join(kind.name for kind in record.activity_types.all())

    @admin.display(description=gettext_lazy("status"), ordering="status")
    def state(self, record: Record) -> str:
        return format_html('<span class="status {}">{}</span>', record.status, record.get_status_display())

    @admin.display(description=gettext_lazy("deadline"))
    def deadline(self, record: Record) -> str | None:
        return deadlines.light_of(record)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        Deadlines.load().attach(changelist.result_list)
        if changelist.result_count >= SearchPaginator.most:
            changelist.date_hierarchy = None  # it looks at all there are to offer their years
        if getattr(changelist.paginator, "is_cut", False) and request.method == "GET":
            said = _("More was found than the first %(count)d, which are listed: add a word or choose a filter.")
            messages.info(request, said % {"count": changelist.paginator.count})
        return changelist

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[QuerySet, bool]:
        if not (text := asked(search_term)):
            return queryset, False
        found = queryset.holding(text, queryset.common(text))
        if text.isascii():  # pinyin, or part of a code
            came = Record.objects.order_by().with_participant_of(Institution.objects.found_by(text))
            found |= Q(company__in=Company.objects.found_by(text)) | Q(pk__in=came.values("pk"))
        return queryset.filter(found), False

    def get_paginator(self, request: HttpRequest, queryset: Any, per_page: int, *args: Any, **options: Any) -> Any:
        kind = SearchPaginator if asked(request.GET.get(SEARCH_VAR, "")) else self.paginator
        return kind(queryset, per_page, *args, **options)

    def response_action(self, request: HttpRequest, queryset: Any, *args: Any, **options: Any) -> HttpResponse | None:
        """What is done to all that a search found is done to what the list shows and counts, or not at all."""
        is_for_all = BooleanField(required=False).clean(request.POST.get("select_across", "0"))
        paginator = self.get_paginator(request, queryset, self.list_per_page)
        if is_for_all and getattr(paginator, "is_cut", False):
            messages.error(request, _("More was found than is listed: add a word or choose a filter first."))
            return HttpResponseRedirect(request.get_full_path())
        return super().response_action(request, queryset, *args, **options)

    # Who may

    def has_change_permission(self, request: HttpRequest, obj: Record | None = None) -> bool:
        return not (obj and obj.is_locked) and super().has_change_permission(request, obj)

    def has_publish_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("records.publish_record")

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """For whoever is about to write: as it is once nobody else is writing it. It may have gone into review."""
        record = super().get_object(request, object_id, from_field)
        if record and request.method == "POST" and transaction.get_connection().in_atomic_block:
            list(Record.objects.select_for_update(of=("self",)).filter(pk=record.pk).values("pk"))
            record = super().get_object(request, object_id, from_field)
        return record

    # The page

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Who works for one company need not choose it."""
        companies = Company.objects.for_user(request.user)[:2]
        own = {"company": companies[0].pk} if len(companies) == 1 else {}
        return {**own, **super().get_changeform_initial_data(request)}

    def get_fieldsets(self, request: HttpRequest, obj: Record | None = None) -> Any:
        fieldsets: Any = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return fieldsets
        return [
            (name, {**options, "fields": [READ_AS.get(field, field) for field in options["fields"]]})
            for name, options in fieldsets
        ]

    @admin.display(description=Record._meta.get_field("hosts").verbose_name)
    def hosts_told(self, record: Record) -> str:
        return "\n".join(record.host_lines) or self.get_empty_value_display()

    @admin.display(description=Record._meta.get_field("extra").verbose_name)
    def extra_told(self, record: Record) -> str:
        return "\n".join(f"{label}：{text}" for label, text in record.extra) or self.get_empty_value_display()

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        field: Any = super().formfield_for_dbfield(db_field, request, **options)
        if db_field.name == "company" and field:
            # A company is not deleted or looked at from here: its links would stand in the way of the next field.
            field.widget.can_delete_related = field.widget.can_view_related = field.widget.can_change_related = False
        return field

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **options: Any) -> HttpResponse:
        record = options.get("obj")
        if record and record.status == Status.REVIEW and request.method == "GET":
            return redirect(self.page_of(record))
        if not record or self.has_change_permission(request, record):
            context["editing"] = self.about_editing(request, context, record)
        context["words"] = {name: str(text) for name, text in ROW_WORDS.items()}
        context["parts"] = [
            (fieldset, [inline for inline in context["inline_admin_formsets"] if inline.opts.shown_after == at])
            for at, fieldset in enumerate(context["adminform"])
        ]
        context["verbs"] = self.verbs_for(request, record)
        context |= self.checks_context(request, record, context["verbs"])
        context["saved_with"] = [
            (verb.name, SAVED_WITH[verb.name]) for verb in context["verbs"] if verb.name in SAVED_WITH
        ]
        context["may_follow_up"] = self.may_follow_up(request, record)
        if record:
            context["deadline"] = deadlines.light_of(record)
            context["caution"] = deadlines.caution(record)
            if request.method == "GET" and "check" in request.GET and not record.is_locked:
                self._show_gaps(context, record)
        return super().render_change_form(request, context, *args, **options)

    def _show_gaps(self, context: Any, record: Record) -> None:
        """What keeps the record from being published, each beside its field; one goes on in the first of them."""
        form = context["adminform"].form
        gaps = {field: said for field, said in context["report"].errors_by_field.items() if field in form.fields}
        form._errors = ErrorDict({field: ErrorList(said) for field, said in gaps.items()})
        context["errors"] = AdminErrorList(form, [])
        if first := next((name for name in form.fields if name in gaps), None):
            form.fields[first].widget.attrs["autofocus"] = True

    def view_on_site(self, obj: Record) -> str | None:
        return obj.get_absolute_url() if obj.is_published else None

    def get_view_on_site_url(self, obj: Record | None = None) -> str | None:
        return obj.get_absolute_url() if obj and obj.is_published else None

    # Saving

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        formset.save()
        if new := getattr(formset, "new_institutions", ()):
            messages.info(request, _("New institutions, to be reviewed: %(names)s") % {"names": "、".join(new)})
        if new := getattr(formset, "new_topics", ()):
            messages.info(request, _("New topics, check the spelling: %(names)s") % {"names": "、".join(new)})

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        Record.objects.filter(pk=form.instance.pk).recount()
        checks.acknowledge(form.instance, request.POST.getlist("acknowledge"), request.user)
