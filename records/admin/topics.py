"""Topics at the desk: finding their questions by keywords, and merging one into another."""

from __future__ import annotations

import dataclasses
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from records import levels, search
from records.models import MergedTopic, Question, Retagging, StaleError, Topic, audit, retag, topics_held
from records.models.tagging import newest
from records.querysets import id_of

from .directory import SharedAdmin
from .exporting import export_action
from .tables import TableAdmin

MOST_TOPICS = 20  # at once
SHOWN, SHOWN_OF_SEVERAL = 50, 10  # questions of a topic
EXCERPT = 140  # characters of a question, and of its answer


@dataclasses.dataclass(frozen=True)
class Shown:
    """A question of a preview; texts in pieces, each with whether it is one of the words."""

    question: Question
    text: list[tuple[str, bool]]
    answer: list[tuple[str, bool]]

    @classmethod
    def of(cls, question: Question, words: tuple[str, ...]) -> Shown:
        def pieces(text: str) -> list[tuple[str, bool]]:
            return search.marked(search.excerpt(text, words, EXCERPT), words)

        return cls(question, pieces(question.text), pieces(question.answer))


class MergeForm(forms.Form):
    into = forms.ModelChoiceField(label=gettext_lazy("becomes part of"), queryset=Topic.objects.none())

    def __init__(self, topic: Topic, data: Any) -> None:
        super().__init__(data)
        choice: Any = self.fields["into"]
        choice.queryset = Topic.objects.exclude(pk=topic.pk)


@admin.register(Topic)
class TopicAdmin(TableAdmin, SharedAdmin):
    list_display = ("name", "slug", "keywords", "question_count")
    search_fields = ("name", "pinyin", "keywords")
    fields = ("name", "slug", "keywords", "pinyin")
    actions = ("find_questions", export_action(levels.TOPICS, gettext_lazy("Export")))
    held_alone = staticmethod(topics_held)
    held_by_saving = staticmethod(topics_held)  # no record is counted by what a topic says of itself

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Nothing keeps a topic. What goes with it are addresses, and its questions' links, which may be very many."""
        topics = Topic.objects.filter(pk__in=[topic.pk for topic in objs]).order_by("pk")
        named = [
            ngettext("%(topic)s, which %(n)d question has", "%(topic)s, which %(n)d questions have", n)
            % {"topic": topic, "n": n}
            for topic, n in ((topic, topic.n) for topic in topics.annotate(n=Count("questions")))
        ]
        named += [
            _("the address of “%(name)s”, which was merged into it") % {"name": merged.name}
            for merged in MergedTopic.objects.filter(into__in=topics).order_by("name")
        ]
        missing = set() if self.has_delete_permission(request) else {self.opts.verbose_name}
        return named, {self.opts.verbose_name_plural: len(objs)}, missing, []

    def get_urls(self) -> list[URLPattern]:
        def page(route: str, view: Any, name: str) -> URLPattern:
            guarded = self.admin_site.admin_view(require_http_methods(["GET", "HEAD", "POST"])(view))
            return path(route, guarded, name=f"records_topic_{name}")

        return [
            page("<str:ids>/questions/", self.retag_view, "questions"),
            page("<str:object_id>/merge/", self.merge_view, "merge"),
            *super().get_urls(),
        ]

    def has_retag_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) and request.user.has_perm("records.change_question")

    def has_merge_permission(self, request: HttpRequest) -> bool:
        return self.has_change_permission(request) and self.has_delete_permission(request)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **options: Any) -> HttpResponse:
        context["may_retag"] = self.has_retag_permission(request)
        context["may_merge"] = self.has_merge_permission(request)
        return super().render_change_form(request, context, *args, **options)

    @admin.action(description=gettext_lazy("Find questions by keywords"), permissions=["retag"])
    def find_questions(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        ids = list(queryset.order_by("pk").values_list("pk", flat=True)[: MOST_TOPICS + 1])
        if len(ids) > MOST_TOPICS:
            messages.error(request, _("Choose %(limit)d topics at most.") % {"limit": MOST_TOPICS})
            return None
        return redirect("admin:records_topic_questions", ",".join(map(str, ids)))

    # Questions by keywords

    def retag_view(self, request: HttpRequest, ids: str) -> HttpResponse:
        """Shows what changes; posted, it is done as it was shown, or shown anew."""
        if not self.has_retag_permission(request):
            raise PermissionDenied
        topics = self._named(ids)
        if not topics:
            return self._no_longer_there(request, ids)
        also_take = "also_take" in request.POST
        if request.method != "POST":
            return self._preview(request, topics, also_take)
        try:
            with transaction.atomic():
                done = retag(topics, request.user, also_take=also_take, seen=request.POST.getlist("seen"))
                for change in done:
                    self.log_change(request, change.topic, _told(change))
        except (StaleError, IntegrityError):
            stale = _("Questions or keywords have changed meanwhile and nothing was done: look at it once more.")
            return self._preview(request, topics, also_take, problem=stale)
        for change in done:
            messages.success(request, f"{change.topic.name}：{_told(change)}")
        return redirect("admin:records_topic_changelist")

    def _named(self, ids: str) -> list[Topic]:
        pks = [pk for pk in map(id_of, ids.split(",")) if pk]
        return list(Topic.objects.filter(pk__in=pks).order_by("pk")) if len(pks) <= MOST_TOPICS else []

    def _preview(self, request: HttpRequest, topics: list[Topic], also_take: bool, problem: str = "") -> HttpResponse:
        changes = [Retagging(topic, request.user) for topic in topics]
        most = SHOWN if len(topics) == 1 else SHOWN_OF_SEVERAL
        context = {
            **self.admin_site.each_context(request),
            "title": _("Find questions by keywords"),
            "opts": self.opts,
            "topics": topics,
            "problem": problem,
            "also_take": also_take,
            "changes": [
                {
                    "change": change,
                    "gaining": [Shown.of(question, change.topic.words) for question in newest(change.gaining, most)],
                    "without": [Shown.of(question, ()) for question in newest(change.without_words, most)],
                }
                for change in changes
            ],
            "gains": sum(len(change.gaining) for change in changes),
            "without": sum(len(change.without_words) for change in changes),
            "most": most,
        }
        return render(request, "admin/records/topic/questions.html", context, status=409 if problem else 200)

    # Merging

    def merge_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Asks into which topic, then shows what that comes to; posted, it is done."""
        if not self.has_merge_permission(request):
            raise PermissionDenied
        topic = next(iter(self._named(object_id)), None)
        if not topic:
            return self._no_longer_there(request, object_id)
        if request.method == "POST":
            return self._merge(request, topic)
        form = MergeForm(topic, request.GET if "into" in request.GET else None)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Merge “%(name)s” into another topic") % {"name": topic.name},
            "opts": self.opts,
            "topic": topic,
            "form": form,
            "merged": form.is_valid() and _merged(topic, form.cleaned_data["into"]),
        }
        return render(request, "admin/records/topic/merge.html", context)

    def _merge(self, request: HttpRequest, topic: Topic) -> HttpResponse:
        into = next(iter(self._named(request.POST.get("into", ""))), None)
        if not into:
            return self._no_longer_there(request, request.POST.get("into", ""))
        try:
            with transaction.atomic():
                kept = topic.merge_into(into)
                merged = _("“%(name)s” was merged into it.") % {"name": topic.name}
                self.log_change(request, kept, merged)
                audit.note("merge", kept, detail=merged)
        except ValidationError as refusal:
            messages.error(request, " ".join(refusal.messages))
            return redirect("admin:records_topic_changelist")
        told = {"name": topic.name, "into": kept.name}
        messages.success(request, _("“%(name)s” is part of “%(into)s” now; its address leads there.") % told)
        return redirect("admin:records_topic_change", kept.pk)

    def _no_longer_there(self, request: HttpRequest, ids: str) -> HttpResponse:
        """To the list, with what became of a topic that was merged."""
        merged = MergedTopic.objects.select_related("into").filter(pk=id_of(ids)).first()
        messages.error(request, merged.refusal() if merged else _("There is no such topic."))
        return redirect("admin:records_topic_changelist")


def _told(change: Retagging) -> str:
    n = len(change.gaining)
    told = ngettext("given to %(n)d question", "given to %(n)d questions", n) % {"n": n}
    if n := len(change.losing):
        told += "，" + ngettext("taken from %(n)d question", "taken from %(n)d questions", n) % {"n": n}
    return told


def _merged(topic: Topic, into: Topic) -> dict[str, Any]:
    """What merging comes to, counted over all records."""
    links: Any = Question.topics.through._default_manager
    questions = links.filter(topic=topic).values("question")
    both = links.filter(topic=into, question__in=questions).count()
    return {"into": into, "both": both, "moved": questions.count() - both, "keywords": into.keywords_with(topic)}
