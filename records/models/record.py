"""The record of one activity: what it holds, and what becomes of it."""

from __future__ import annotations

import datetime
import logging
import re
import uuid
from collections.abc import Callable, Collection
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords
from simple_history.utils import bulk_create_with_history

from records.calendar import Due
from records.filing.shape import OTHER_ACTIVITY
from records.names import plain_number
from records.querysets import NEWEST_FIRST, RecordQuerySet
from records.workflow import UNPUBLISHED, VERBS, Status, Verb, Who, WorkflowError

from .audit import note
from .deadlines import Deadlines, Light, QuietPeriod
from .directory import Company, topics_held
from .indexes import NewestFirstIndex
from .parts import Attachment, Participant, Question
from .retention import MOST_YEARS, end_of_retention, years_after
from .step import Step

logger = logging.getLogger("records.workflow")


class ActivityType(models.Model):
    """One of the nine boxes of the form. The rows are made after each migration from the form's own words."""

    name = models.CharField(_("name"), max_length=12, primary_key=True)
    position = models.PositiveSmallIntegerField(unique=True)

    class Meta:
        verbose_name = _("activity type")
        verbose_name_plural = _("activity types")
        ordering: ClassVar = ["position"]

    def __str__(self) -> str:
        return self.name


def host_line(host: dict[str, str]) -> str:
    """One of those who received the visitors, as the form has them: 董事会秘书：张敏."""
    return "：".join(filter(None, (host["title"], host["name"])))


# Columns that tell of a record's participants and questions: `RecordQuerySet.recount` alone writes them.
COUNTED = frozenset({"institution_count", "person_count", "question_count", "visitor_names"})
# Columns that only verbs write.
STATE = frozenset({"status", "published_at", "retain_until"})


class NumberField(models.CharField):
    """The number of a record, looked for and stored in the one way of writing it."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return plain_number(text) if isinstance(text, str) else text

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        number = self.to_python(super().pre_save(model_instance, add))
        setattr(model_instance, self.attname, number)
        return number

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        """To the database it is text as any other."""
        name, _path, args, options = super().deconstruct()
        return name, "django.db.models.CharField", args, options


class Record(models.Model):
    """One 投资者关系活动记录表. Its fields are the form's rows; its status changes only by its verbs."""

    company = models.ForeignKey(  # begins several indexes
        Company, on_delete=models.PROTECT, related_name="records", db_index=False, verbose_name=_("company")
    )
    number = NumberField(
        _("number"),
        max_length=40,
        blank=True,
        help_text=_("As filed, such as 2024-010. Empty where the form has none."),
    )
    slug = models.CharField(max_length=60, editable=False)
    corrects = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        related_name="correction",
        null=True,
        editable=False,
        verbose_name=_("corrects"),
    )
    activity_types: models.ManyToManyField = models.ManyToManyField(
        ActivityType, related_name="records", blank=True, verbose_name=_("activity types")
    )
    other_activity = models.CharField(
        _("other activity"), max_length=200, blank=True, help_text=_("What was it? For the box 其他.")
    )
    held_from = models.DateField(_("held from"), null=True, blank=True)
    held_to = models.DateField(_("held to"), null=True, blank=True, help_text=_("Empty for a single day."))
    held_text = models.CharField(
        _("time as filed"), max_length=500, blank=True, help_text=_("Date and time in the form's own words.")
    )
    place = models.CharField(_("place"), max_length=500, blank=True)
    hosts = models.JSONField(_("hosts"), default=list, blank=True)
    stated_institutions = models.PositiveIntegerField(
        _("institutions stated"), null=True, blank=True, help_text=_("Where the form says so, such as 等31家机构.")
    )
    stated_people = models.PositiveIntegerField(_("people stated"), null=True, blank=True)
    introduction = models.TextField(
        _("introduction"), blank=True, help_text=_("What stands before the first question.")
    )
    closing = models.TextField(_("closing text"), blank=True, help_text=_("What stands after the last answer."))
    material_information = models.TextField(
        _("statement on material information"),
        blank=True,
        help_text=_("Whether undisclosed material information was involved (是否涉及应披露重大信息)."),
    )
    attachment_list = models.TextField(_("list of attachments"), blank=True, help_text=_("In the form's own words."))
    extra = models.JSONField(_("other rows of the form"), default=list, blank=True)
    signed_on = models.DateField(_("date of the form"), null=True, blank=True)
    disclosed_on = models.DateField(
        _("disclosed on"),
        null=True,
        blank=True,
        help_text=_("Left empty, it is the day on which the record is published."),
    )

    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.DRAFT, editable=False)
    published_at = models.DateTimeField(_("published at"), null=True, editable=False)
    retain_until = models.DateField(_("kept until"), null=True, editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("last change"), auto_now=True)
    source_digest = models.CharField(max_length=64, blank=True, editable=False, db_index=True)
    institution_count = models.PositiveIntegerField(_("institutions"), default=0, editable=False)
    person_count = models.PositiveIntegerField(_("people"), default=0, editable=False)
    question_count = models.PositiveIntegerField(_("questions"), default=0, editable=False)
    visitor_names = models.TextField(default="", editable=False)

    # Who did it and by which verb, for the row of history that the next save writes.
    _history_user: Any
    _change_reason: str

    history = HistoricalRecords(
        m2m_fields=[activity_types],
        excluded_fields=[*COUNTED, "created_at", "updated_at"],
    )

    objects = RecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("record")
        verbose_name_plural = _("records")
        ordering: ClassVar = NEWEST_FIRST
        permissions: ClassVar = [("publish_record", _("Can publish records"))]
        indexes: ClassVar = [
            NewestFirstIndex(fields=["status", "-held_from", "-id"], name="record_by_visit"),
            NewestFirstIndex(fields=["status", "-disclosed_on", "-id"], name="record_by_disclosure"),
            models.Index(fields=["status", "-published_at", "-id"], name="record_by_publication"),
            NewestFirstIndex(fields=["company", "status", "-held_from", "-id"], name="record_of_company"),
            # Of the desk's list, which shows them whatever their status.
            NewestFirstIndex(fields=["-held_from", "-id", "status"], name="record_newest_first"),
            # Of those that went on for days: “from a day on” means their last one.
            models.Index(fields=["held_to"], condition=Q(held_to__isnull=False), name="record_by_last_day"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["company", "number"],
                condition=Q(number__gt="", corrects__isnull=True),  # a correction bears the same number
                name="record_number_is_unique",
                violation_error_message=_("This company already has a record with this number."),
            ),
            models.UniqueConstraint(fields=["company", "slug"], name="record_address_is_unique"),
            models.CheckConstraint(
                condition=Q(held_to__isnull=True) | Q(held_from__isnull=False, held_to__gte=models.F("held_from")),
                name="record_dates_are_in_order",
                violation_error_message=_("The last day is before the first."),
            ),
            models.CheckConstraint(condition=Q(status__in=Status.values), name="record_status_is_known"),
            models.CheckConstraint(
                condition=Q(status__in=sorted(UNPUBLISHED))
                | Q(held_from__isnull=False, disclosed_on__isnull=False, published_at__isnull=False),
                name="published_record_has_its_dates",
            ),
            models.CheckConstraint(
                condition=Q(published_at__isnull=True) | Q(retain_until__isnull=False),
                name="what_was_published_is_retained",
            ),
        ]

    def __str__(self) -> str:
        return " ".join(str(part) for part in (self.company, self.number, self.held_from) if part)

    def save(self, *args: Any, **options: Any) -> None:
        if not self.pk:
            self.slug = f"new-{uuid.uuid4().hex}"
            with transaction.atomic(savepoint=False):
                super().save(*args, **options)
                self._settle_slug()
            return
        if self.has_settled_company and not Record.objects.filter(pk=self.pk, company=self.company_id).exists():
            raise ValidationError(gettext("It was published as a record of its company and stays with it."))
        if self._address_is_free_to_change():
            self.slug = self._wanted_slug()
        # What `recount` and the verbs keep is not written back from a copy that may be older.
        own = {field.name for field in self._meta.concrete_fields if not field.primary_key} - COUNTED - STATE
        options["update_fields"] = {*(options.get("update_fields") or own), "slug"}
        super().save(*args, **options)

    def get_absolute_url(self) -> str:
        return reverse("records:record", args=[self.company.code, self.slug])

    @property
    def host_lines(self) -> list[str]:
        return list(map(host_line, self.hosts))

    @property
    def is_published(self) -> bool:
        return self.status == Status.PUBLISHED

    @property
    def is_readable(self) -> bool:
        """Whether the public has a page of it: published, or an earlier version of what is published now."""
        present = self
        while present.status == Status.SUPERSEDED and hasattr(present, "correction"):
            present = present.correction
        return present.is_published

    @property
    def is_locked(self) -> bool:
        """Whether it cannot be edited: what is in review is taken back first, what was published is corrected."""
        return self.status != Status.DRAFT

    @property
    def newest_version(self) -> Record:
        """Itself, or the last of the corrections that were begun since, published or not."""
        newest = self
        while hasattr(newest, "correction"):
            newest = newest.correction
        return newest

    @property
    def has_settled_company(self) -> bool:
        """Whether its company is what it is for good: it was published as one of its records, or corrects one."""
        return bool(self.corrects_id or self.published_at)

    @property
    def is_retained(self) -> bool:
        """Whether it was disclosed so lately that all of it has to be kept, whatever its status is now."""
        return self.retain_until is not None and timezone.localdate() < self.retain_until

    @property
    def why_kept(self) -> str:
        """Why it may not be deleted now, in a sentence; empty where it may. `deletable` says the same of sets."""
        told = {"record": self, "day": self.retain_until}
        if self.is_retained:
            return gettext("%(record)s was disclosed and is kept until %(day)s.") % told
        if self.status == Status.REVIEW:
            return gettext("%(record)s is in review: it is taken back or returned before it is deleted.") % told
        if self.is_published:
            return gettext("%(record)s is published: withdraw it before it is deleted.") % told
        if self.status == Status.SUPERSEDED and hasattr(self, "correction"):
            return gettext("%(record)s has a new version: that is deleted before it.") % told
        return ""

    @property
    def why_rows_kept(self) -> str:
        """The same of its participants and questions, which are edited while it is a draft."""
        return "" if self.status in UNPUBLISHED else self.why_kept

    @property
    def why_files_kept(self) -> str:
        """The same of its files. What was there once is not taken out of a draft either, while it is retained."""
        return self.why_kept if self.is_retained else self.why_rows_kept

    @property
    def last_step(self) -> Step | None:
        return self.steps.select_related("user").last()

    @property
    def submission(self) -> Step | None:
        """The step by which it came into review."""
        return self.steps.select_related("user").filter(verb="submit").last()

    @property
    def returned(self) -> Step | None:
        """The step by which a reviewer sent it back, until it is submitted again."""
        step = self.last_step if self.status == Status.DRAFT else None
        return step if step and step.verb == "send_back" else None

    def needs_second_person(self, user: Any) -> bool:
        """Whether another person approves what this user submits. Superusers stand above the desk."""
        return not (self.company.one_person_desk or user.is_superuser)

    @property
    def last_day(self) -> Any:
        return self.held_to or self.held_from

    @cached_property
    def deadlines(self) -> Deadlines:
        """What the due day is counted by. The records of a list share one: see `Deadlines.attach`."""
        return Deadlines.load()

    @property
    def due(self) -> Due | None:
        return self.deadlines.due_of(self)

    @property
    def light(self) -> Light | None:
        return self.deadlines.light_of(self)

    @property
    def quiet_periods(self) -> models.QuerySet[QuietPeriod]:
        """Those of its company in which it was held."""
        return QuietPeriod.objects.touching(self)

    def gaps(self, *, asked: bool | None = None, activities: Collection[str] | None = None) -> dict[str, list[str]]:
        """What is missing before the record may be published: messages by field name, empty when complete.

        Of a record that is being typed, `asked` says whether it has questions and `activities` which boxes are ticked.
        """
        if asked is None:
            asked = self.questions.exists()
        if activities is None:
            activities = set(self.activity_types.values_list("name", flat=True))
        gaps: dict[str, list[str]] = {}
        if not self.held_from:
            gaps["held_from"] = [gettext("Say on which day the activity was held.")]
        if not self.introduction.strip() and not asked:
            gaps["introduction"] = [gettext("Enter at least one question, or an introduction.")]
        if OTHER_ACTIVITY in activities and not self.other_activity.strip():
            gaps["other_activity"] = [gettext("Say what the other activity was.")]
        return gaps

    def refusal(self, name: str, user: Any) -> str:
        """Why a user may not carry out a verb on this record now, in a sentence; empty where nothing forbids it.

        None is a command, which needs no permission. What is missing before publishing is told by `gaps`.
        """
        verb = VERBS[name]
        if user and not user.has_perm(verb.permission):
            return gettext("“%(verb)s” needs a permission that your account does not have.") % {"verb": verb.label}
        if user and not self.company.employs(user):
            return gettext("You do not work for the company of this record.")
        if self.status not in verb.sources:
            return self._refusal_of_status(verb)
        if user and (reason := self._refusal_of(verb.who, user)):
            return reason
        if name in {"withdraw", "correct"} and hasattr(self, "correction"):
            return gettext("A new version of this record has been begun: publish or delete that first.")
        return ""

    def _refusal_of_status(self, verb: Verb) -> str:
        told = {"record": self, "status": self.get_status_display(), "verb": verb.label}
        if not (last := self.last_step):
            return gettext("%(record)s is %(status)s: “%(verb)s” is not possible.") % told
        told |= {"step": last.label, "who": last.who, "at": date_format(timezone.localtime(last.at), "Y-m-d H:i")}
        return (
            gettext("%(record)s is %(status)s since “%(step)s” by %(who)s, %(at)s: “%(verb)s” is not possible.") % told
        )

    def _refusal_of(self, who: Who, user: Any) -> str:
        if who == Who.ALONE and self.needs_second_person(user):
            return gettext("A second person approves what is published here: submit the record for review.")
        if who not in {Who.SUBMITTER, Who.ANOTHER} or not (submission := self.submission) or not submission.user:
            return ""
        is_submitter = submission.user == user
        if who == Who.SUBMITTER and not is_submitter:
            return gettext("Only %(who)s, who submitted it, can take it back.") % {"who": submission.who}
        if who == Who.ANOTHER and is_submitter and self.needs_second_person(user):
            return gettext("You submitted this record yourself: a second person approves it.")
        return ""

    def submit(self, user: Any = None, comment: str = "") -> None:
        """Hand it to a reviewer; until it comes back nobody edits it. Raises ValidationError for gaps.

        This and all verbs raise WorkflowError where they are not allowed, and keep who did it, when, and the comment.
        """
        self._carry_out("submit", user, comment, Record._refuse_gaps)

    def recall(self, user: Any = None, comment: str = "") -> None:
        """Take one's own out of review to edit it."""
        self._carry_out("recall", user, comment)

    def send_back(self, user: Any = None, comment: str = "") -> None:
        """Give it back to the author, who is told in the comment what to change."""
        self._carry_out("send_back", user, comment)

    def approve(self, user: Any = None, comment: str = "") -> None:
        """Publish what somebody else submitted."""
        self._carry_out("approve", user, comment, lambda record: record._go_public(user))

    def publish(self, user: Any = None, comment: str = "") -> None:
        """Publish a draft without a review, where no second person is needed. Raises ValidationError for gaps."""
        self._carry_out("publish", user, comment, lambda record: record._go_public(user))

    def withdraw(self, user: Any = None, comment: str = "") -> None:
        """Take the record back from the public, with its earlier versions. Its address stays its own.

        Refused while a new version is being written: two of a number would end up side by side.
        """
        self._carry_out("withdraw", user, comment)

    def reopen(self, user: Any = None, comment: str = "") -> None:
        """Make a draft of what was withdrawn."""
        self._carry_out("reopen", user, comment)

    def correct(self, user: Any = None, comment: str = "") -> Record:
        """Begin a new version: a draft with all that this one has, which supersedes it once it is published."""
        with transaction.atomic():
            current = self._held_for(VERBS["correct"], user, comment)
            draft = current._copy(user)
            current.steps.create(verb="correct", user=user, comment=comment)
            note("correct", current, user=user)
        return draft

    def retain(self, until: datetime.date, user: Any = None) -> None:
        """Keep it longer. Raises ValidationError for an earlier day, which nobody may give it any more."""
        latest = years_after(timezone.localdate(), MOST_YEARS)
        with transaction.atomic():
            current = Record.objects.select_for_update(of=("self",)).get(pk=self.pk)
            if current.retain_until is None:
                raise ValidationError(gettext("It is kept from the day on which it is published."))
            if until < current.retain_until:
                sentence = gettext("It is to be kept until %(day)s: choose that day or a later one.")
                raise ValidationError(sentence % {"day": current.retain_until})
            if until > max(latest, current.retain_until):
                sentence = gettext("Choose a day up to %(day)s: it cannot be made earlier again.")
                raise ValidationError(sentence % {"day": latest})
            if until > current.retain_until:
                current.retain_until = until
                current._history_user = user
                current._change_reason = "retain"
                current.save(update_fields=["retain_until"])
        self.retain_until = current.retain_until

    def _held_for(self, verb: Verb, user: Any, comment: str) -> Record:
        """The row as it is in the database now, held until the transaction ends: of two at once, one is refused."""
        rows = Record.objects.select_for_update(of=("self",)).select_related("company", "corrects")
        if not (current := rows.filter(pk=self.pk).first()):
            raise WorkflowError(gettext("%(record)s was deleted meanwhile.") % {"record": self})
        if reason := current.refusal(verb.name, user):
            logger.warning(
                "refused: %s of record %s (%s) by user %s", verb.name, self.pk, current.status, user and user.pk
            )
            raise WorkflowError(reason)
        if user and verb.asks_comment and not comment.strip():
            raise WorkflowError(str(verb.asks_comment))
        return current

    def _carry_out(
        self,
        verb_name: str,
        user: Any,
        comment: str = "",
        prepare: Callable[[Record], None] | None = None,
    ) -> None:
        """One change of state."""
        verb = VERBS[verb_name]
        with transaction.atomic():
            current = self._held_for(verb, user, comment)
            if prepare:
                prepare(current)
            current.status = verb.target
            current._history_user = user
            current._change_reason = verb.name
            current.save(update_fields=[*STATE, "disclosed_on", "updated_at"])
            current.steps.create(verb=verb.name, user=user, comment=comment)
            note(verb.name, current, user=user)
            if Status.PUBLISHED in {verb.target, *verb.sources}:
                from .ledger import renew

                renew([current.pk])
        self.refresh_from_db()

    def _refuse_gaps(self) -> None:
        if gaps := self.gaps():
            raise ValidationError(gaps)

    def _go_public(self, user: Any) -> None:
        """A correction takes the address of the version that it corrects, which is kept under one of its own."""
        self._refuse_gaps()
        self.published_at = timezone.now()
        self.disclosed_on = self.disclosed_on or timezone.localdate()
        by_rule = end_of_retention(self.disclosed_on)
        self.retain_until = max(self.retain_until or by_rule, by_rule)
        if self.corrects and self.corrects.is_published:
            self.slug = self.corrects.slug
            self.corrects._carry_out("supersede", user, prepare=Record._give_up_address)

    def _copy(self, user: Any) -> Record:
        """A draft of the next version, with this one's rows and files."""
        fields = {field.name for field in self._meta.concrete_fields if field.editable and not field.primary_key}
        fields = (fields | {"source_digest"}) - {"disclosed_on"}
        draft = Record(corrects=self, **{name: getattr(self, name) for name in fields})
        draft._history_user = user
        draft._change_reason = "correct"
        draft.save()
        draft.activity_types.add(*self.activity_types.all())
        questions = list(self.questions.all())
        originals = [question.pk for question in questions]
        participants = list(self.participants.all())
        # The bytes of a file never change: both versions may name the same. What it was read from stays behind.
        files = list(self.attachments.exclude(kind=Attachment.Kind.SOURCE))
        rows: list[Any] = [*participants, *questions, *files]
        for row in rows:
            row.pk, row.record = None, draft
            row._state.adding = True
        bulk_create_with_history(participants, Participant, default_user=user)
        copies = bulk_create_with_history(questions, Question, default_user=user)
        copy_of = {original: copy.pk for original, copy in zip(originals, copies, strict=True)}
        links = Question.topics.through
        with topics_held():
            given = links.objects.filter(question__in=copy_of).values_list("question_id", "topic_id")
            links.objects.bulk_create(links(question_id=copy_of[pk], topic_id=topic) for pk, topic in given)
        bulk_create_with_history(files, Attachment, default_user=user)
        Record.objects.filter(pk=draft.pk).recount()
        draft.refresh_from_db()
        return draft

    def _address_is_free_to_change(self) -> bool:
        """Until it was first shown to the public, an address follows the number."""
        return self.published_at is None

    def _give_up_address(self) -> None:
        """Leave the readable address to the correction."""
        version = 1
        earlier = self
        while earlier.corrects:
            earlier, version = earlier.corrects, version + 1
        self.slug = f"{self.slug}-v{version}"

    def _wanted_slug(self) -> str:
        # Control characters and strokes cannot stand in an address, whatever a filing holds.
        wanted = re.sub(r"[/\\\x00-\x1f\x7f]+", "-", self.number.strip()) or f"id-{self.pk}"
        taken = Record.objects.filter(company_id=self.company_id, slug=wanted).exclude(pk=self.pk)
        return f"{wanted}-id-{self.pk}" if wanted in {".", ".."} or taken.exists() else wanted

    def _settle_slug(self) -> None:
        self.slug = self._wanted_slug()
        Record.objects.filter(pk=self.pk).update(slug=self.slug)
        self.history.filter(slug__startswith="new-").update(slug=self.slug)
