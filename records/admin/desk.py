"""The first page of the desk: what is this user's to do, in short lists, each leading to the whole of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from django.db.models import Prefetch
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from records.models import Deadlines, Intake, Record, Step
from records.workflow import Status

from .deadlines import light_of
from .names_queue import address_of_queue, names_waiting

SHOWN = 6  # lines of a list


@dataclasses.dataclass(frozen=True)
class Line:
    """One row of a list: where it leads, and what is told of it; `light` is how it stands to its deadline."""

    address: str
    name: str
    told: str = ""
    light: SafeString | None = None
    status: Status | None = None
    comment: str = ""


@dataclasses.dataclass(frozen=True)
class Section:
    """A list with its heading; `count` is how many there are in all, where that is worth telling."""

    name: str
    heading: str
    none: str
    whole: str
    address: str
    lines: list[Line]
    count: int | None = None


def ways_in(request: HttpRequest) -> list[tuple[str, str, str]]:
    """What one comes to the desk for: address, words, and what they mean."""
    if not request.user.has_perm("records.add_record"):
        return []
    bring = reverse("admin:import")
    return [
        (bring, _("Import a filing"), _("Word, PDF, web page or text: read, corrected by you, made a draft.")),
        (reverse("admin:records_record_add"), _("Add a record"), _("Enter it row by row, as on the form.")),
        (f"{bring}#id_text", _("Paste a text"), _("Of a filing, as it was mailed or stands on a page.")),
    ]


def sections(request: HttpRequest) -> list[Section]:
    """The lists that this user's permissions allow, of the companies that the user works for."""
    user: Any = request.user
    names = [waiting_names()] if user.has_perm("records.change_institution") else []
    if not (user.has_perm("records.view_record") or user.has_perm("records.change_record")):
        return names
    desk = Desk(user)
    found = [desk.due()]
    if user.has_perm("records.publish_record"):
        found.append(desk.waiting())
    if user.has_perm("records.change_record"):
        found += [desk.returned(), desk.drafts()]
    if user.has_perm("records.add_record"):
        found.append(desk.imports())
    return [*found, *names, desk.published()]


def waiting_names() -> Section:
    """Institutions are everybody's: what waits is the same for all who may decide."""
    new, similar = names_waiting()
    queue = address_of_queue()
    told = (
        (new, queue, ngettext("%(n)d new name", "%(n)d new names", new)),
        (
            similar,
            f"{queue}?show=similar",
            ngettext("%(n)d pair that looks alike", "%(n)d pairs that look alike", similar),
        ),
    )
    return Section(
        "names",
        _("Names of institutions"),
        _("No name waits to be looked at."),
        _("All names to look at"),
        queue,
        [Line(address, words % {"n": n}) for n, address, words in told if n],
        new + similar,
    )


class Desk:
    """The lists of one user, each by a fixed number of queries."""

    def __init__(self, user: Any) -> None:
        self.user = user
        self.records = Record.objects.for_user(user).select_related("company")
        self.deadlines = Deadlines.load()

    def due(self) -> Section:
        rows = self.deadlines.outstanding(self.records)
        shown = self._shown(rows)
        shown.sort(key=lambda record: (record.due.moment, record.pk))  # two rules may cross within a day or two
        return Section(
            "due",
            _("Due"),
            _("Nothing is due: all that was held is published."),
            _("All that is due"),
            # What was held first is due first.
            _list_of("due=outstanding&o=1"),
            [self._line(record, status=Status(record.status)) for record in shown],
            rows.count(),
        )

    def waiting(self) -> Section:
        return self._mine(
            "waiting",
            _("Waits for you"),
            _("Nothing waits for your approval."),
            _("All that waits for you"),
            self.records.waiting_for(self.user).order_by("updated_at", "pk"),
            lambda step: {"told": _told(step)},
        )

    def returned(self) -> Section:
        return self._mine(
            "returned",
            _("Came back to you"),
            _("Nothing came back to you."),
            _("All that came back to you"),
            self.records.returned_to(self.user).order_by("-updated_at", "-pk"),
            lambda step: {"told": _told(step), "comment": step.comment},
        )

    def _mine(
        self,
        name: str,
        heading: str,
        none: str,
        whole: str,
        rows: Any,
        about: Callable[[Step], dict[str, Any]],
    ) -> Section:
        """A list of what the last step of each record brought there."""
        shown = self._shown(rows.prefetch_related(Prefetch("steps", Step.objects.select_related("user"))))
        steps = [list(record.steps.all())[-1:] for record in shown]  # records older than the steps have none
        lines = [
            self._line(record, **(about(*last) if last else {})) for record, last in zip(shown, steps, strict=True)
        ]
        return Section(name, heading, none, whole, _list_of(f"mine={name}"), lines, rows.count())

    def drafts(self) -> Section:
        rows = self.records.drafted_by(self.user).order_by("-updated_at", "-pk")
        return Section(
            "drafts",
            _("Your drafts"),
            _("You have no drafts."),
            _("All your drafts"),
            _list_of("mine=drafts"),
            [
                self._line(record, told=_("changed %(at)s") % {"at": _minute(record.updated_at)})
                for record in self._shown(rows)
            ],
            rows.count(),
        )

    def imports(self) -> Section:
        rows = Intake.objects.visible_to(self.user).of_kind(Intake.Kind.FILING)
        return Section(
            "imports",
            _("Imported, and not yet a draft"),
            _("Nothing that was imported waits for you."),
            _("All that was imported"),
            reverse("admin:import"),
            [
                Line(reverse("admin:import_preview", args=[intake.pk]), intake.name, _doubts_of(intake))
                for intake in rows.order_by("-pk")[:SHOWN]
            ],
            rows.count(),
        )

    def published(self) -> Section:
        """How many there are says nothing here, and to count them would cost the most."""
        return Section(
            "published",
            _("Published last"),
            _("Nothing is published yet."),
            _("All that is published"),
            _list_of(f"status__exact={Status.PUBLISHED}"),
            [
                self._line(record, told=_("published %(at)s") % {"at": _minute(record.published_at)})
                for record in self._shown(self.records.published().newest_published_first())
            ],
        )

    def _shown(self, rows: Any) -> list[Any]:
        shown = list(rows[:SHOWN])
        self.deadlines.attach(shown)
        return shown

    def _line(self, record: Record, status: Status | None = None, **more: Any) -> Line:
        page = "review" if record.status == Status.REVIEW else "change"
        address = reverse(f"admin:records_record_{page}", args=[record.pk])
        return Line(address, str(record), light=light_of(record), status=status, **more)


def _list_of(query: str) -> str:
    return f"{reverse('admin:records_record_changelist')}?{query}"


def _minute(moment: Any) -> str:
    return date_format(timezone.localtime(moment), "Y-m-d H:i")


def _told(step: Step) -> str:
    return _("%(step)s: %(who)s, %(at)s") % {"step": step.label, "who": step.who, "at": _minute(step.at)}


def _doubts_of(intake: Intake) -> str:
    if intake.doubt_count is None:
        told = _("not read yet")
    elif intake.doubt_count:
        told = ngettext("%(n)d doubt to look at", "%(n)d doubts to look at", intake.doubt_count) % {
            "n": intake.doubt_count
        }
    else:
        told = _("no doubts")
    return f"{told} · {_minute(intake.created_at)}"
