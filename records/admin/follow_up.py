"""After the visit: who came, who signed, which files there are, and until when all is kept.

None of it is disclosed, so it is kept up to date while what was disclosed is locked.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from simple_history.utils import bulk_update_with_history

from records import filetypes
from records.models import Attachment, Participant, Record

from .forms import DayField
from .widgets import QuickHidden, QuickSelect

# What somebody must be allowed to do who keeps it up to date.
NEEDED = tuple(f"records.{name}" for name in ("change_record", "change_participant", "add_attachment"))
FOLLOWED = ("attended", "commitment_letter")
BATCH = 100


class ChoiceField(forms.ChoiceField):
    widget = QuickSelect
    hidden_widget = QuickHidden


class RowForm(forms.Form):
    """What is followed up of one participant. It carries what it was opened with: only what was changed is stored."""

    attended = ChoiceField(
        label=gettext_lazy("attendance"),
        choices=Participant.Attendance.choices,
        required=False,
        show_hidden_initial=True,
    )
    commitment_letter = ChoiceField(
        label=gettext_lazy("commitment letter"),
        choices=Participant.CommitmentLetter.choices,
        required=False,
        show_hidden_initial=True,
    )

    def __init__(self, row: Participant, data: Any = None) -> None:
        self.row = row
        stored = {name: getattr(row, name) for name in FOLLOWED}
        super().__init__(data, prefix=f"participants-{row.pk}", initial=stored)
        for name in FOLLOWED:
            self.fields[name].widget.attrs["aria-label"] = f"{row} {self.fields[name].label}"

    def clean(self) -> dict[str, Any]:
        """What somebody else stored meanwhile is not stored over before it was shown."""
        cleaned = super().clean() or self.cleaned_data
        for name in set(self.changed_data) & cleaned.keys():
            opened, stored = self.add_initial_prefix(name), self.initial[name]
            if stored not in {self.data.get(opened), cleaned[name]}:
                word = dict(self.fields[name].choices)[stored]  # type: ignore[attr-defined]
                sentence = _("Stored meanwhile: “%(word)s”. Save again to have it as it stands here.")
                self.add_error(name, sentence % {"word": word})
                data: Any = self.data
                data[opened] = stored
        return cleaned


class RestForm(forms.Form):
    """What is said of all at once about whom nothing is known yet."""

    attended = forms.ChoiceField(
        label=gettext_lazy("attendance"), choices=Participant.Attendance.choices, required=False, widget=QuickSelect
    )
    commitment_letter = forms.ChoiceField(
        label=gettext_lazy("commitment letter"),
        choices=Participant.CommitmentLetter.choices,
        required=False,
        widget=QuickSelect,
    )


class FilesInput(forms.FileInput):
    allow_multiple_selected = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return files.getlist(name) if files else []


class FilesField(forms.FileField):
    """Any number of files, each of which is checked; all refusals are told."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> Any:
        errors = []
        for file in data:
            try:
                filetypes.check(file, settings.ATTACHMENT_MEGABYTES)
                super().clean(file, initial)
            except ValidationError as error:
                errors.append(error)
        if errors:
            raise ValidationError(errors)
        return data


class FilesForm(forms.Form):
    kind = forms.ChoiceField(
        label=gettext_lazy("kind"),
        choices=[choice for choice in Attachment.Kind.choices if choice[0] != Attachment.Kind.SOURCE],
        initial=Attachment.Kind.SIGNED,
    )
    added = FilesField(label=gettext_lazy("files"), required=False)


class RetentionForm(forms.Form):
    retain_until = DayField(label=gettext_lazy("kept until"), show_hidden_initial=True)


class FollowUp:
    """All forms of the page for one record, and what they come to."""

    def __init__(self, record: Record, data: Any = None, files: Any = None) -> None:
        data = None if data is None else data.copy()
        self.record = record
        self.rows = [RowForm(row, data) for row in record.participants.all()]
        self.rest = RestForm(data, prefix="rest")
        self.files = FilesForm(data, files)
        self.retention = (
            RetentionForm(data, initial={"retain_until": record.retain_until}) if record.retain_until else None
        )

    @property
    def forms(self) -> list[forms.Form]:
        return [self.rest, self.files, *([self.retention] if self.retention else []), *self.rows]

    def is_valid(self) -> bool:
        refused = [form for form in self.forms if not form.is_valid()]  # each tells what is wrong with it
        return not refused

    def save(self, user: Any) -> bool:
        """All or nothing; gives whether anything was changed. Raises ValidationError for a day that is refused."""
        changed = list(self._changed_rows())
        kept: list[Attachment] = []
        day = self.retention and "retain_until" in self.retention.changed_data
        try:
            with transaction.atomic():
                if self.retention and day:
                    self.record.retain(self.retention.cleaned_data["retain_until"], user)
                bulk_update_with_history(changed, Participant, FOLLOWED, batch_size=BATCH, default_user=user)
                for file in self.files.cleaned_data["added"]:
                    kept.append(Attachment(record=self.record, kind=self.files.cleaned_data["kind"], file=file))
                    kept[-1].save()
        except BaseException:
            for attachment in kept:  # the database forgets the rows by itself, the disk does not forget the files
                if attachment.file._committed:  # type: ignore[attr-defined]
                    attachment.file.delete(save=False)
            raise
        return bool(changed or kept or day)

    def _changed_rows(self) -> Iterator[Participant]:
        for form in self.rows:
            typed = {name: form.cleaned_data[name] for name in form.changed_data}
            for name, value in self.rest.cleaned_data.items():
                if value and not (getattr(form.row, name) or typed.get(name)):
                    typed[name] = value
            if {name: getattr(form.row, name) for name in typed} != typed:
                for name, value in typed.items():
                    setattr(form.row, name, value)
                yield form.row


class FollowUpAdmin(admin.ModelAdmin):
    """The part of the record's admin that follows up a visit."""

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.follow_up)
        return [path("<int:pk>/follow-up/", view, name="records_record_follow_up"), *super().get_urls()]

    def may_follow_up(self, request: HttpRequest, record: Record | None) -> bool:
        """While it is a draft, the same stands on its form."""
        return bool(record and record.is_locked and self._may(request, record))

    def _may(self, request: HttpRequest, record: Record) -> bool:
        user: Any = request.user
        return self.has_view_permission(request, record) and user.has_perms(NEEDED)

    def follow_up(self, request: HttpRequest, pk: int) -> HttpResponse:
        with transaction.atomic():
            records = self.get_queryset(request).filter(pk=pk)
            if request.method == "POST":  # two who save at once: the second finds what the first has stored
                list(records.order_by().select_for_update(of=("self",)).values("pk"))
            record = records.first()
            if record is None:
                raise Http404
            if not self._may(request, record):
                raise PermissionDenied
            newest = record.newest_version
            if request.method == "POST":
                follow_up = FollowUp(record, request.POST, request.FILES)
                refusal = self._store(request, follow_up) if newest == record and record.is_locked else _MOVED
                if refusal is None:
                    return redirect(request.path)
                return self._page(request, follow_up, refusal, status=409 if refusal == _MOVED else 422)
        if newest != record:
            messages.info(request, _("This is the newest version: what belongs to the visit is kept here."))
        if not newest.is_locked:
            return redirect(reverse("admin:records_record_change", args=[newest.pk]))
        if newest != record:
            return redirect(reverse("admin:records_record_follow_up", args=[newest.pk]))
        return self._page(request, FollowUp(record))

    def _store(self, request: HttpRequest, follow_up: FollowUp) -> Any:
        """None once it is stored, else what keeps it from being so; empty where that is said beside a field."""
        if not follow_up.is_valid():
            return ""
        try:
            is_changed = follow_up.save(request.user)
        except ValidationError as error:
            if follow_up.retention:
                follow_up.retention.add_error("retain_until", error)
            return ""
        messages.success(request, _("The follow-up is saved.") if is_changed else _("Nothing was changed."))
        return None

    def _page(self, request: HttpRequest, follow_up: FollowUp, refusal: Any = "", status: int = 200) -> HttpResponse:
        record = follow_up.record
        letters = [row.row.commitment_letter for row in follow_up.rows]
        context = {
            **self.admin_site.each_context(request),
            "title": _("Follow up %(record)s") % {"record": record},
            "opts": self.opts,
            "original": record,
            "follow_up": follow_up,
            "refusal": refusal,
            "attachments": record.attachments.all(),
            "letters": [(label, letters.count(value)) for value, label in Participant.CommitmentLetter.choices],
            "unsent": [file.name for file in request.FILES.getlist("added")] if request.FILES else [],
            "has_errors": any(form.errors for form in follow_up.forms) if request.method == "POST" else False,
        }
        return render(request, "admin/records/record/follow_up.html", context, status=status)


_MOVED = gettext_lazy(
    "Nothing was stored: a new version was begun, or the record was opened again. Enter it on that page."
)
