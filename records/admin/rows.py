"""Participants and questions as rows of a record's page: checked, put in order, and stored a few queries at a time."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _
from simple_history.utils import bulk_create_with_history, bulk_update_with_history

from records.models import (
    Institution,
    MergedTopic,
    Participant,
    Question,
    Topic,
    give_by_words,
    institutions_held,
    topics_held,
)
from records.names import fold, split_list
from records.querysets import LIFT

from .forms import LabelledForm
from .widgets import GrowingTextarea, QuickCheckbox, QuickHidden, QuickNumber, QuickSelect, QuickText, SuggestInput

BATCH = 100


class RowForm(forms.ModelForm):
    """One row of an ordered inline. A blank one is no row, whatever place it was given."""

    position = forms.IntegerField(
        label=_("order"),
        required=False,
        min_value=0,
        max_value=LIFT - 1,
        widget=QuickNumber(attrs={"class": "_reorder_"}),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if not self.instance.pk:
            self.initial.pop("position", None)  # a row without a place comes last

    def has_changed(self) -> bool:
        changed = set(self.changed_data)
        return bool(changed if self.instance.pk else changed - {"position"})

    def _get_validation_exclusions(self) -> set[str]:
        # The fields have checked what was typed, and the rules of the table would be asked for by a query for each
        # row. Places are given out anew when the whole set is saved; what was typed only says the order.
        return {field.name for field in self.instance._meta.fields}


class ParticipantForm(LabelledForm, RowForm):
    class Meta:
        model = Participant
        fields = ("name_as_filed", "person", "title", "attended", "commitment_letter", "position")
        widgets = {
            "name_as_filed": SuggestInput("participant.institution"),
            "person": QuickText(attrs={"autocomplete": "off"}),
            "title": QuickText(attrs={"autocomplete": "off"}),
            "attended": QuickSelect,
            "commitment_letter": QuickSelect,
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not (self.errors or cleaned.get("name_as_filed") or cleaned.get("person")):
            raise ValidationError(_("Enter an institution or a person."))
        return cleaned


class QuestionForm(RowForm):
    topic_names = forms.CharField(
        label=_("topics"),
        required=False,
        max_length=1000,
        widget=SuggestInput("question.topics", several=True, **{"class": "vTextField"}),
    )

    class Meta:
        model = Question
        fields = ("text", "answer", "topic_names", "position")
        widgets = {"text": GrowingTextarea(2), "answer": GrowingTextarea(4)}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.instance.pk:
            self.initial["topic_names"] = "、".join(topic.name for topic in self.instance.topics.all())

    def clean_topic_names(self) -> list[str]:
        names = split_list(self.cleaned_data["topic_names"])
        if long := [name for name in names if len(name) > 40]:
            raise ValidationError(_("“%(name)s” is too long for a topic."), params={"name": long[0]})
        return names


class OwnRowField(forms.Field):
    """The hidden id of a row. Django's own field asks the database for each row again; this one knows its row."""

    widget = QuickHidden

    def __init__(self, row: Any) -> None:
        self.row = row if row.pk else None
        super().__init__(required=False, initial=row.pk)

    def clean(self, value: Any) -> Any:
        if str(value or "") != str(self.row.pk if self.row else ""):
            raise ValidationError(_("This row is not one of the record's: open the record anew."))
        return self.row

    def has_changed(self, initial: Any, data: Any) -> bool:
        return False


class OrderedFormSet(forms.BaseInlineFormSet):
    """Rows of a record in the order of their typed places; equal places keep the order of the page, missing ones go
    last. `stored` are the fields that are written, each with that of the page it comes from: only those that
    somebody changed are.
    """

    stored: dict[str, str] = {}
    deletion_widget = QuickCheckbox

    def add_fields(self, form: forms.ModelForm, index: int | None) -> None:
        super().add_fields(form, index)
        form.fields["id"] = OwnRowField(form.instance)
        form.fields[self.fk.name].widget = QuickHidden()

    @property
    def in_order(self) -> list[Any]:
        """The forms as the page shows them: where it comes back, in the order that was sent."""
        return sorted(self.forms, key=_sent_place) if self.is_bound else self.forms

    def validate_unique(self) -> None:
        """Nothing but the place is unique, and places are given out in `save`."""

    def kept_forms(self) -> list[Any]:
        """Forms of the rows that are there afterwards, in the order of the page."""
        deleted = self.deleted_forms  # once: Django looks through all forms for it
        return [form for form in self.forms if form not in deleted and (form.instance.pk or form.has_changed())]

    def forms_with_new(self, field: str) -> list[Any]:
        """Forms of kept rows in which this field was typed anew."""
        return [form for form in self.kept_forms() if field in form.changed_data]

    def save(self, commit: bool = True) -> Any:
        """As Django does, in a number of queries that does not grow with the rows, but for those that are deleted."""
        saved = super().save(commit=False)
        if not commit:
            return saved
        model: Any = self.model
        model.objects.filter(pk__in=[row.pk for row in self.deleted_objects]).delete()
        for at, row in enumerate(self.new_objects):
            row.position = 2 * LIFT + at  # out of the way until all rows are there
        if self.new_objects:
            bulk_create_with_history(self.new_objects, model, batch_size=BATCH)
        typed = {name for _row, names in self.changed_objects for name in names}
        written = [name for name, source in self.stored.items() if source in typed]
        if written:
            edited = [row for row, names in self.changed_objects if set(names) & set(self.stored.values())]
            bulk_update_with_history(edited, model, written, batch_size=BATCH)
        rows = model.objects.filter(record=self.instance)
        rows.arrange([form.instance.pk for form in sorted(self.kept_forms(), key=_place)])
        return saved


def _place(form: Any) -> int:
    place = form.cleaned_data.get("position")
    return LIFT if place is None else place


def _sent_place(form: Any) -> int:
    place = str(form["position"].value() or "")
    return int(place) if place.isdecimal() and len(place) < 9 else LIFT


class ParticipantFormSet(OrderedFormSet):
    """After `save`, `new_institutions` holds the names that nobody had filed before."""

    stored = {
        "institution": "name_as_filed",
        **{name: name for name in ("name_as_filed", "person", "title", "attended", "commitment_letter")},
    }
    new_institutions: list[str] = []

    def save(self, commit: bool = True) -> Any:
        with institutions_held():
            self._match_institutions()
            return super().save(commit)

    def _match_institutions(self) -> None:
        """Rows whose name was typed anew are given the institution that the name stands for."""
        typed = [form.instance for form in self.forms_with_new("name_as_filed")]
        if not typed:
            return
        names = [row.name_as_filed for row in typed]
        known = Institution.objects.resolve(names, create=False)
        institutions = Institution.objects.resolve(names)
        for row in typed:
            row.institution = institutions.get(row.name_as_filed)
        self.new_institutions = [name for name in institutions if name not in known]


class QuestionFormSet(OrderedFormSet):
    """After `save`, `new_topics` holds the names of topics that were made. `may_add_topics` is told by the page."""

    stored = {"text": "text", "answer": "answer"}
    may_add_topics = False
    new_topics: list[str] = []

    def clean(self) -> None:
        super().clean()
        if self.may_add_topics:
            return
        forms_with_topics = [form for form in self.forms_with_new("topic_names") if form.is_valid()]
        known = _topics_by_name() if forms_with_topics else {}
        for form in forms_with_topics:
            if unknown := [name for name in form.cleaned_data["topic_names"] if fold(name) not in known]:
                message = _("No such topic: %(names)s. Check the spelling, or ask for the topic to be added.")
                form.add_error("topic_names", ValidationError(message, params={"names": "、".join(unknown)}))

    def save(self, commit: bool = True) -> Any:
        saved = super().save(commit)
        if commit:
            self._give_topics()
        return saved

    def _give_topics(self) -> None:
        changed = self.forms_with_new("topic_names")
        told = {form.instance for form in changed}
        untold = [row for row in self.new_objects if row not in told]
        if not (changed or untold):
            return
        with topics_held():
            if changed:
                self._write_topics(changed)
            if untold:
                give_by_words(untold)

    def _write_topics(self, changed: list[Any]) -> None:
        topics = _topics_by_name()
        wanted = {fold(name): name for form in changed for name in form.cleaned_data["topic_names"]}
        self.new_topics = [name for key, name in wanted.items() if key not in topics]
        for name in self.new_topics:
            try:
                with transaction.atomic():
                    topics[fold(name)] = Topic.objects.create(name=name)
            except IntegrityError:  # someone else has just added it
                topics[fold(name)] = Topic.objects.get(name=name)
        given: Any = Question.topics.through
        want = {
            (form.instance.pk, topics[fold(name)].pk) for form in changed for name in form.cleaned_data["topic_names"]
        }
        have = {
            (link.question_id, link.topic_id): link.pk
            for link in given.objects.filter(question__in=[form.instance for form in changed])
        }
        given.objects.filter(pk__in=[pk for pair, pk in have.items() if pair not in want]).delete()
        given.objects.bulk_create(
            [given(question_id=question, topic_id=topic) for question, topic in sorted(want - have.keys())],
            ignore_conflicts=True,
        )


def _topics_by_name() -> dict[str, Topic]:
    """By folded name; the name of a topic that was merged stands for what it became part of."""
    merged = {fold(topic.name): topic.into for topic in MergedTopic.objects.select_related("into")}
    return merged | {fold(topic.name): topic for topic in Topic.objects.all()}
