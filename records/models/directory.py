"""Who and what records are about: companies, institutions, topics."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import connection, models, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Length
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from records import search
from records.filing.shape import Board, board_of
from records.names import institution_key, pinyin_index, split_list
from records.querysets import CompanyQuerySet, InstitutionQuerySet, MergedTopicQuerySet, TopicQuerySet

if TYPE_CHECKING:
    from .merging import InstitutionMerge

models.CharField.register_lookup(Length)


class Exchange(models.TextChoices):
    """A stock exchange, of one or more boards."""

    SSE = "SSE", _("Shanghai Stock Exchange")
    SZSE = "SZSE", _("Shenzhen Stock Exchange")
    BSE = "BSE", _("Beijing Stock Exchange")

    @property
    def boards(self) -> tuple[Board, ...]:
        return {
            Exchange.SSE: (Board.SSE_MAIN, Board.STAR),
            Exchange.SZSE: (Board.SZSE_MAIN, Board.CHINEXT),
            Exchange.BSE: (Board.BSE,),
        }[self]

    @classmethod
    @functools.cache
    def of(cls, board: str) -> Exchange | None:
        """The one of a board; nothing where the board is unknown."""
        return next((exchange for exchange in cls if board in exchange.boards), None)

    @property
    def suffix(self) -> str:
        """What data vendors put behind a code: 000001.SZ."""
        return {Exchange.SSE: "SH", Exchange.SZSE: "SZ", Exchange.BSE: "BJ"}[self]


class PinyinField(models.CharField):
    """Initials and full pinyin of another field, by which a name is found: filled when left empty."""

    def __init__(self, *, source: str, **options: Any) -> None:
        self.source = source
        options.setdefault("max_length", 200)
        options.setdefault("blank", True)
        options.setdefault("verbose_name", _("pinyin"))
        options.setdefault(
            "help_text", _("Initials and full pinyin, such as “hxjj huaxiajijin”. Empty it to have it made anew.")
        )
        super().__init__(**options)

    def deconstruct(self) -> Any:
        name, path, args, options = super().deconstruct()
        return name, path, args, {**options, "source": self.source}

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        value = super().pre_save(model_instance, add) or pinyin_index(getattr(model_instance, self.source))
        setattr(model_instance, self.attname, value)
        return value


# What the ledger alone writes.
COUNTED = frozenset({"record_count", "question_count", "first_held", "last_held"})


class Recorded(models.Model):
    """What published records are about, with their number and the first and last day on which they were held."""

    tallied = ""  # the field by whose values the ledger counts records

    record_count = models.PositiveIntegerField(_("records"), default=0, editable=False)
    first_held = models.DateField(_("first activity"), null=True, editable=False)
    last_held = models.DateField(_("last activity"), null=True, editable=False)

    class Meta:
        abstract = True

    def save(self, *args: Any, **options: Any) -> None:
        self.fill_in()
        if self._state.adding:
            super().save(*args, **options)
            return
        # What the ledger keeps is not written back from a copy that may be older.
        own = {field.name for field in self._meta.concrete_fields if not field.primary_key} - COUNTED
        options["update_fields"] = options.get("update_fields") or own
        if not self._is_tallied_anew():
            super().save(*args, **options)
            return
        from .ledger import held, renew_values_of

        with held():
            super().save(*args, **options)
            renew_values_of(self)

    def fill_in(self) -> None:
        """Give the fields a value that are told by others; done whenever it is saved."""

    def _is_tallied_anew(self) -> bool:
        """Whether saving puts the subject under another value than the ledger has it."""
        if not self.tallied:
            return False
        stored = type(self)._default_manager.filter(pk=self.pk).values_list(self.tallied, flat=True).first()
        return stored is not None and stored != getattr(self, self.tallied)


class Company(Recorded):
    """A listed company, known to everyone by its six-digit securities code."""

    class BoardChoices(models.TextChoices):
        SSE_MAIN = Board.SSE_MAIN.value, _("SSE main board")
        STAR = Board.STAR.value, _("SSE STAR market")
        SZSE_MAIN = Board.SZSE_MAIN.value, _("SZSE main board")
        CHINEXT = Board.CHINEXT.value, _("SZSE ChiNext")
        BSE = Board.BSE.value, _("Beijing Stock Exchange")

    code = models.CharField(
        _("securities code"),
        max_length=6,
        unique=True,
        validators=[RegexValidator(r"^[0-9]{6}\Z", _("A securities code has six digits."))],
    )
    short_name = models.CharField(_("short name"), max_length=40)
    full_name = models.CharField(_("full name"), max_length=120, blank=True)
    board = models.CharField(
        _("board"),
        max_length=12,
        choices=BoardChoices,
        blank=True,
        help_text=_("Left empty, it is told from the code where the code tells it."),
    )
    pinyin = PinyinField(source="short_name")
    one_person_desk = models.BooleanField(
        _("one-person desk"),
        default=False,
        help_text=_("On, records are published without a second person’s approval; this is shown on each record."),
    )
    staff: models.ManyToManyField = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        related_name="companies",
        blank=True,
        verbose_name=_("who works for it"),
        help_text=_("At the desk they alone see its records; superusers see all."),
    )
    question_count = models.PositiveIntegerField(_("questions"), default=0, editable=False)

    tallied = "board"

    objects = CompanyQuerySet.as_manager()

    class Meta:
        verbose_name = _("company")
        verbose_name_plural = _("companies")
        ordering: ClassVar = ["code"]
        indexes: ClassVar = [
            models.Index(fields=["-record_count", "code"], name="company_by_records"),
            models.Index(fields=["-last_held", "pinyin", "id"], name="company_by_last_day"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(code__regex=r"^[0-9]{6}$") & Q(code__length=6),
                name="company_code_is_six_digits",
                violation_error_message=_("A securities code has six digits."),
            ),
            models.CheckConstraint(condition=Q(short_name__gt=""), name="company_has_a_short_name"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.short_name}"

    def get_absolute_url(self) -> str:
        return reverse("records:company", args=[self.code])

    def fill_in(self) -> None:
        self.board = self.board or board_of(self.code) or ""

    def employs(self, user: Any) -> bool:
        """Whether somebody works for it here."""
        return user.is_superuser or Company.objects.for_user(user).filter(pk=self.pk).exists()

    def take_on(self, user: Any) -> None:
        Company.take_on_all([self], user)

    @staticmethod
    def take_on_all(companies: Iterable[Company], user: Any) -> None:
        """Who adds companies works for them."""
        if not user.is_superuser:
            user.companies.add(*companies)

    @property
    def exchange(self) -> Exchange | None:
        """Nothing where the board is unknown."""
        return Exchange.of(self.board)

    @property
    def symbol(self) -> str:
        return symbol_of(self.code, self.board)


def symbol_of(code: str, board: str) -> str:
    """A code with its exchange, as data vendors write it: 000001.SZ; no spreadsheet takes its zeros away."""
    exchange = Exchange.of(board)
    return f"{code}.{exchange.suffix}" if exchange else code


class InstitutionType(models.TextChoices):
    """What kind of visitor an institution is; the market's own words."""

    MUTUAL_FUND = "mutual-fund", _("mutual fund manager")
    SECURITIES = "securities", _("securities company")
    SECURITIES_AM = "securities-am", _("securities asset manager")
    PRIVATE_FUND = "private-fund", _("private fund manager")
    INSURANCE = "insurance", _("insurer or its asset manager")
    BANK = "bank", _("bank or wealth manager")
    TRUST = "trust", _("trust company")
    FUTURES = "futures", _("futures company")
    FOREIGN = "foreign", _("foreign investor or QFII")
    PENSION = "pension", _("social security or pension fund")
    CORPORATE = "corporate", _("industrial or listed company")
    MEDIA = "media", _("media")
    PERSON = "person", _("individual")
    OTHER = "other", _("other")
    UNKNOWN = "unknown", _("unknown")


class Institution(Recorded):
    """A house whose people visit companies. Spellings of its name that differ are its aliases."""

    name = models.CharField(_("name"), max_length=120)
    key = models.CharField(max_length=120, unique=True, editable=False)
    type = models.CharField(
        _("type"), max_length=16, choices=InstitutionType, default=InstitutionType.UNKNOWN, db_index=True
    )
    pinyin = PinyinField(source="name")
    reviewed = models.BooleanField(
        _("reviewed"),
        default=True,
        help_text=_("Off for names that came in with a filing and that nobody has looked at."),
    )

    tallied = "type"

    objects = InstitutionQuerySet.as_manager()

    class Meta:
        verbose_name = _("institution")
        verbose_name_plural = _("institutions")
        ordering: ClassVar = ["pinyin", "pk"]
        indexes: ClassVar = [
            models.Index(fields=["pinyin", "id"], name="institution_by_pinyin"),
            models.Index(fields=["-record_count", "id"], name="institution_by_records"),
            models.Index(fields=["-id"], condition=Q(reviewed=False), name="institution_not_reviewed"),
        ]
        constraints: ClassVar = [models.CheckConstraint(condition=Q(name__gt=""), name="institution_has_a_name")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("records:institution", args=[self.pk])

    def fill_in(self) -> None:
        self.key = institution_key(self.name)

    def clean(self) -> None:
        _refuse_known_name(self.name, but_of=self.pk)

    def confirm(self, type: str = "") -> bool:
        """Somebody looked at the name, and says of what type it is; gives whether that is news.

        Raises ValidationError where it is not there any more.
        """
        from .ledger import held
        from .merging import institution_refusal

        with held():
            current = Institution.objects.select_for_update().filter(pk=self.pk).first()
            if not current:
                raise ValidationError(institution_refusal(self.pk, self.name))
            before = (current.reviewed, current.type)
            self.reviewed, self.type = current.reviewed, current.type = True, type or current.type
            current.full_clean(exclude={"name", "key"})
            if before == (current.reviewed, current.type):
                return False
            current.save()
        return True

    def merge_into(self, other: Institution, by: Any = None) -> InstitutionMerge:
        """Become part of another: participants, aliases, name and address lead there, and this one is no more.

        All of it or nothing; raises ValidationError. What was filed stays as it was filed, and `undo` of what this
        gives leads back.
        """
        from .merging import InstitutionMerge

        return InstitutionMerge.make(self, other, by)


class InstitutionAlias(models.Model):
    """Another name of an institution: a longer or shorter form, English, or what it was called before."""

    institution = models.ForeignKey(
        Institution, on_delete=models.CASCADE, related_name="aliases", verbose_name=_("institution")
    )
    name = models.CharField(_("name"), max_length=120)
    key = models.CharField(max_length=120, unique=True, editable=False)
    used_from = models.DateField(_("used from"), null=True, blank=True)
    used_until = models.DateField(_("used until"), null=True, blank=True)

    class Meta:
        verbose_name = _("alias")
        verbose_name_plural = _("aliases")
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(name__gt=""), name="alias_has_a_name"),
            models.CheckConstraint(
                condition=Q(used_from__isnull=True) | Q(used_until__isnull=True) | Q(used_until__gte=F("used_from")),
                name="alias_dates_are_in_order",
                violation_error_message=_("The last day is before the first."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **options: Any) -> None:
        self.key = institution_key(self.name)
        super().save(*args, **options)

    def clean(self) -> None:
        _refuse_known_name(self.name, but_of=self.institution_id, but_alias=self.pk)

    @property
    def used(self) -> str:
        """When the institution bore this name, as far as it is known."""
        days = {"first": self.used_from, "last": self.used_until}
        if self.used_from and self.used_until:
            return gettext("%(first)s to %(last)s") % days
        if self.used_from:
            return gettext("from %(first)s") % days
        return gettext("until %(last)s") % days if self.used_until else ""

    @property
    def days(self) -> str:
        """The same for programs: both days with a stroke between, an unknown one as two dots (ISO 8601)."""
        known = [day.isoformat() if day else ".." for day in (self.used_from, self.used_until)]
        return "/".join(known) if self.used_from or self.used_until else ""

    @property
    def is_former(self) -> bool:
        """Whether it was given up, as far as it is known."""
        return self.used_until is not None and self.used_until < timezone.localdate()


def _refuse_known_name(name: str, *, but_of: Any, but_alias: Any = None) -> None:
    """One name stands for one institution, whether as its own name or as an alias."""
    key = institution_key(name)
    other = Institution.objects.filter(key=key).exclude(pk=but_of).first()
    alias = InstitutionAlias.objects.filter(key=key).exclude(pk=but_alias).select_related("institution").first()
    if alias and alias.institution_id != but_of:
        other = other or alias.institution
    if other:
        raise ValidationError(
            {"name": _("“%(name)s” already stands for %(other)s.") % {"name": name, "other": other.name}}
        )


MAX_KEYWORDS = 100
MAX_KEYWORD = 60  # characters


def check_keywords(text: str) -> None:
    """What search could not look for is no keyword."""
    words = split_list(text)
    if len(words) > MAX_KEYWORDS:
        raise ValidationError(_("A topic has at most %(limit)d keywords."), params={"limit": MAX_KEYWORDS})
    for word in words:
        if len(word) > MAX_KEYWORD:
            message = _("The keyword “%(word)s…” is longer than %(limit)d characters.")
            raise ValidationError(message, params={"word": word[:20], "limit": MAX_KEYWORD})
        if not search.phrase(word):
            raise ValidationError(_("The keyword “%(word)s” holds no letter or digit."), params={"word": word})


class Topic(Recorded):
    """A subject that questions are about. Its keywords suggest it for new questions.

    Which topics a question has is our classification, no part of what was disclosed: it may change after publication,
    and no version of the record tells of it.
    """

    name = models.CharField(_("name"), max_length=40, unique=True)
    slug = models.SlugField(
        _("address"),
        max_length=60,
        unique=True,
        blank=True,
        help_text=_("The last part of the topic's address. Left empty, it is made from the name."),
    )
    keywords = models.TextField(
        _("keywords"),
        blank=True,
        validators=[check_keywords],
        help_text=_(
            "A question that holds one of them, or the name, is given this topic. Separate with 、 or a comma."
        ),
    )
    pinyin = PinyinField(source="name")
    question_count = models.PositiveIntegerField(_("questions"), default=0, editable=False)

    objects = TopicQuerySet.as_manager()

    class Meta:
        verbose_name = _("topic")
        verbose_name_plural = _("topics")
        ordering: ClassVar = ["pinyin", "pk"]
        constraints: ClassVar = [models.CheckConstraint(condition=Q(name__gt=""), name="topic_has_a_name")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("records:topic", args=[self.slug])

    def fill_in(self) -> None:
        self.slug = self.slug or self._free_slug()

    def clean(self) -> None:
        """What a merged topic was called, and its address, stay with the topic that it became part of."""
        for merged in MergedTopic.objects.filter(Q(name=self.name) | Q(slug=self.slug)).select_related("into"):
            field = "name" if merged.name == self.name else "slug"
            raise ValidationError({field: merged.refusal()})

    def _free_slug(self) -> str:
        base = slugify(pinyin_index(self.name).partition(" ")[2])[:50] or "topic"
        taken = set(MergedTopic.objects.filter(slug__startswith=base).values_list("slug", flat=True))
        taken |= set(Topic.objects.filter(slug__startswith=base).exclude(pk=self.pk).values_list("slug", flat=True))
        return next(slug for n in range(len(taken) + 1) if (slug := f"{base}-{n + 1}" if n else base) not in taken)

    @property
    def words(self) -> tuple[str, ...]:
        """What a question is found by, as search folds it: the name and the keywords."""
        return tuple(dict.fromkeys(filter(None, map(search.phrase, [self.name, *split_list(self.keywords)]))))

    def holds(self, text: str) -> bool:
        """Whether one of its words stands in a text; the same rule as `Question.objects.holding_any`."""
        folded = search.fold(text)
        return any(word in folded for word in self.words)

    def keywords_with(self, other: Topic) -> str:
        """The keywords after another topic became part of this one: its name and its keywords come to ours."""
        # A name that reads as a list would come apart into words that nobody chose.
        name = [other.name] if split_list(other.name) == [other.name] else []
        own = [search.phrase(self.name)]
        kept = []
        for word in [*split_list(self.keywords), *name, *split_list(other.keywords)]:
            if search.phrase(word) not in own:
                own.append(search.phrase(word))
                kept.append(word)
        return "、".join(kept)

    def merge_into(self, other: Topic) -> Topic:
        """Make this topic part of another, which is returned as it is then; nothing is left of this one but its name
        and its address, which lead there. Raises ValidationError.
        """
        from .ledger import held, renew_topics
        from .parts import Question

        if self.pk == other.pk:
            raise ValidationError(_("A topic cannot be merged with itself: choose another one."))
        with topics_held(alone=True), held():
            there = Topic.objects.select_for_update().in_bulk([self.pk, other.pk])
            for topic in (self, other):
                if topic.pk not in there:
                    merged = MergedTopic.objects.select_related("into").filter(pk=topic.pk).first()
                    told = (
                        merged.refusal() if merged else _("“%(name)s” is not there any more.") % {"name": topic.name}
                    )
                    raise ValidationError(told)
            former, kept = there[self.pk], there[other.pk]
            kept.keywords = kept.keywords_with(former)
            check_keywords(kept.keywords)
            kept.save()
            links: Any = Question.topics.through._default_manager
            theirs = links.filter(topic=kept, question=OuterRef("question"))
            links.filter(topic=former).filter(~Exists(theirs)).update(topic=kept)
            links.filter(topic=former)._raw_delete(links.db)
            renew_topics([former.pk, kept.pk])
            MergedTopic.objects.filter(into=former).update(into=kept)
            MergedTopic.objects.create(pk=former.pk, name=former.name, slug=former.slug, into=kept)
            former.delete()
            kept.refresh_from_db()
        return kept


class MergedTopic(models.Model):
    """A topic that became part of another: its id, and its name and address, which lead to that one."""

    id = models.BigIntegerField(primary_key=True)
    name = models.CharField(_("name"), max_length=40, db_index=True)
    slug = models.SlugField(_("address"), max_length=60, unique=True)
    into = models.ForeignKey(Topic, on_delete=models.CASCADE, related_name="merged")
    at = models.DateTimeField(auto_now_add=True)

    objects = MergedTopicQuerySet.as_manager()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.name

    def refusal(self) -> str:
        return gettext("“%(name)s” was merged into “%(into)s” already: use that topic.") % {
            "name": self.name,
            "into": self.into.name,
        }


@contextlib.contextmanager
def topics_held(*, alone: bool = False) -> Iterator[None]:
    """A transaction that gives topics to questions, or takes them; topics are read within it.

    A merge is `alone` in this: whoever writes at the same moment has either finished, and what they gave is moved, or
    begins afterwards, and finds the topic gone. The ledger is held after this, not before.
    """
    with _table_held("records_question_topics", alone):
        yield


@contextlib.contextmanager
def institutions_held(*, alone: bool = False) -> Iterator[None]:
    """The same for the institutions of participants: names are resolved within it."""
    with _table_held("records_participant", alone):
        yield


@contextlib.contextmanager
def comparing() -> Iterator[None]:
    """A transaction in which nobody else writes down which names look alike."""
    with _table_held("records_comparedname", alone=True):
        yield


@contextlib.contextmanager
def _table_held(table: str, alone: bool) -> Iterator[None]:
    with transaction.atomic():
        if connection.vendor == "postgresql":  # SQLite has one writer at a time anyway
            mode = "SHARE ROW EXCLUSIVE" if alone else "ROW EXCLUSIVE"
            with connection.cursor() as cursor:
                cursor.execute(f'LOCK TABLE "{table}" IN {mode} MODE')
        yield
