"""Two institutions become one, and two again. What was moved is written down: exactly that can be moved back."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection, models, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from records.names import institution_key
from records.querysets import InstitutionMergeQuerySet, among

from .audit import note
from .directory import Institution, InstitutionAlias, InstitutionType, institutions_held
from .ledger import held, renew_institutions
from .parts import Participant
from .record import Record
from .step import name_of

BATCH = 500  # rows that are written at once
ATTEMPTS = 5


class InstitutionMerge(models.Model):
    """That an institution became part of another: what it was, and what moved. Undone, it stays as a report.

    The one that was merged is no row any more; that it became part of may have been merged in turn.
    """

    former_id = models.BigIntegerField(editable=False)
    name = models.CharField(_("merged institution"), max_length=120)
    type = models.CharField(max_length=16, choices=InstitutionType)
    pinyin = models.CharField(max_length=200, blank=True)
    reviewed = models.BooleanField()
    into = models.ForeignKey(
        Institution,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="merges",
        verbose_name=_("became part of"),
    )
    into_name = models.CharField(_("became part of"), max_length=120)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,  # a command did it
        related_name="+",
        verbose_name=_("who"),
    )
    at = models.DateTimeField(_("moment"), auto_now_add=True)
    # By name as filed, the ids of the participants: who bears another name since then is not moved back.
    moved = models.JSONField(default=dict)
    moved_aliases = models.JSONField(default=dict)  # name by id; what JSON makes of a number is a text
    participant_count = models.PositiveIntegerField(_("participants"), default=0)
    record_count = models.PositiveIntegerField(_("records"), default=0)
    undone_at = models.DateTimeField(_("undone at"), null=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("undone by"),
    )

    told_apart: Any  # what follows from it

    objects = InstitutionMergeQuerySet.as_manager()

    class Meta:
        verbose_name = _("merge of institutions")
        verbose_name_plural = _("merges of institutions")
        ordering: ClassVar = ["-pk"]
        default_permissions = ()  # who may merge sees them; nobody writes them by hand
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["former_id"], condition=Q(undone_at__isnull=True), name="institution_is_merged_once"
            ),
            models.CheckConstraint(condition=~Q(former_id=models.F("into")), name="institution_is_not_its_own_part"),
            models.CheckConstraint(
                condition=Q(undone_by__isnull=True) | Q(undone_at__isnull=False), name="who_undoes_does_it_some_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} → {self.into_name}"

    @property
    def refusal(self) -> str:
        """What is said to whoever goes on with what was merged."""
        told = {"name": self.name, "into": self.into_name}
        return gettext("“%(name)s” was merged into “%(into)s” already: use that institution.") % told

    @property
    def undone_told(self) -> str:
        """When it was undone, and by whom; empty while it stands."""
        if not self.undone_at:
            return ""
        return f"{date_format(timezone.localtime(self.undone_at), 'Y-m-d H:i')} {name_of(self.undone_by)}"

    @property
    def former_address(self) -> str:
        return reverse("records:institution", args=[self.former_id])

    # Merging

    @classmethod
    def make(cls, former: Institution, into: Institution, user: Any) -> InstitutionMerge:
        """What `Institution.merge_into` does."""
        if former.pk == into.pk:
            raise ValidationError(_("An institution cannot be merged with itself: choose another one."))
        own = Participant.objects.filter(institution=former.pk)
        return _alone(own, lambda: cls._make(former, into, user))

    @classmethod
    def _make(cls, former: Institution, into: Institution, user: Any) -> InstitutionMerge:
        from .similar_names import told_apart_after

        there = Institution.objects.select_for_update().in_bulk([former.pk, into.pk])
        for one in (former, into):
            if one.pk not in there:
                raise ValidationError(institution_refusal(one.pk, one.name))
        former, into = there[former.pk], there[into.pk]
        taken = InstitutionAlias.objects.filter(key=former.key).exclude(institution__in=there).first()
        if taken:  # what no form lets in
            told = {"name": taken.name, "other": taken.institution.name}
            raise ValidationError(_("“%(name)s” already stands for %(other)s.") % told)
        moved: dict[str, list[int]] = defaultdict(list)
        records = set()
        own = Participant.objects.filter(institution=former)
        for pk, record, name in own.order_by("pk").values_list("pk", "record_id", "name_as_filed"):
            moved[name].append(pk)
            records.add(record)
        merge = cls(
            former_id=former.pk,
            name=former.name,
            type=former.type,
            pinyin=former.pinyin,
            reviewed=former.reviewed,
            into=into,
            into_name=into.name,
            user=user,
            moved=moved,
            moved_aliases={alias.pk: alias.name for alias in former.aliases.all()},
            participant_count=sum(map(len, moved.values())),
            record_count=len(records),
        )
        merge.save()
        told_apart_after(merge)
        both = _with_both(former.pk, into.pk)
        _move(merge.moved_ids, into, user, "merge")
        former.aliases.update(institution=into)
        if not InstitutionAlias.objects.filter(key=former.key).exists():
            InstitutionAlias.objects.create(institution=into, name=former.name)
        renew_institutions([former.pk, into.pk], records)
        _recount(both)
        # Not by its `delete`, which would take along whatever else refers to it: the database refuses that.
        row: Any = Institution.objects.filter(pk=former.pk)
        row._raw_delete(row.db)
        note("merge", into, user=user, detail=str(merge))
        return merge

    @property
    def moved_ids(self) -> list[int]:
        return [pk for ids in self.moved.values() for pk in ids]

    # Undoing

    def undo(self, by: Any = None) -> Undoing:
        """Restore the institution with what was moved and is still as it was left. Gives what was done.

        All of that or nothing; raises ValidationError where it cannot be restored at all.
        """
        moved = Participant.objects.filter(institution=self.into_id, pk__in=_among(self.moved_ids))
        return _alone(moved, lambda: self._undo(by))

    def _undo(self, user: Any) -> Undoing:
        current = InstitutionMerge.objects.select_for_update(of=("self",)).get(pk=self.pk)
        list(Institution.objects.select_for_update().filter(pk=current.into_id).values("pk"))
        plan = current.undoing()
        if plan.refusal:
            raise ValidationError(plan.refusal)
        own_name: Any = current._alias_of_own_name()
        own_name._raw_delete(own_name.db)
        former = Institution(
            pk=current.former_id,
            name=current.name,
            type=current.type,
            pinyin=current.pinyin,
            reviewed=current.reviewed,
        )
        former.save(force_insert=True)
        InstitutionAlias.objects.filter(pk__in=plan.aliases).update(institution=former)
        _move(plan.participants, former, user, "unmerge")
        renew_institutions([current.former_id, current.into_id], plan.records)
        _recount(_with_both(current.former_id, current.into_id))
        current.told_apart.all().delete()
        current.undone_at, current.undone_by = timezone.now(), user
        current.save(update_fields=["undone_at", "undone_by"])
        note("unmerge", former, user=user, detail=str(current))
        self.refresh_from_db()
        return plan

    def undoing(self) -> Undoing:
        """What undoing it now would come to."""
        if refusal := self._refusal_to_undo():
            return Undoing(refusal=refusal)
        names = {pk: name for name, ids in self.moved.items() for pk in ids}
        found = Participant.objects.filter(pk__in=_among(names)).order_by("pk")
        there = {
            pk: (record, (institution, name))
            for pk, record, institution, name in found.values_list("pk", "record", "institution", "name_as_filed")
        }
        back = [pk for pk, (_record, now) in there.items() if now == (self.into_id, names[pk])]
        own = {int(pk): name for pk, name in self.moved_aliases.items()}
        rows = InstitutionAlias.objects.filter(institution=self.into_id, pk__in=own).order_by("pk")
        aliases = [alias.pk for alias in rows if alias.key == institution_key(own[alias.pk])]
        names_of_it = {self.name, *self.moved, *own.values()}
        filed = Participant.objects.filter(institution=self.into_id, name_as_filed__in=names_of_it)
        return Undoing(
            participants=back,
            records=sorted({there[pk][0] for pk in back}),
            gone=len(names) - len(there),
            changed=len(there) - len(back),
            since=filed.count() - len(back),
            aliases=aliases,
            lost_aliases=[name for pk, name in own.items() if pk not in aliases],
            lost_days=next((alias.used for alias in self._alias_of_own_name()), ""),
        )

    def _alias_of_own_name(self) -> models.QuerySet[InstitutionAlias]:
        """As what its name stands at the one that remained: it goes when the name is an institution's again."""
        return InstitutionAlias.objects.filter(key=institution_key(self.name), institution=self.into_id)

    def _refusal_to_undo(self) -> str:
        if self.undone_at:
            told = {"who": name_of(self.undone_by), "merge": self}
            return gettext("“%(merge)s” was undone by %(who)s already.") % told
        if later := InstitutionMerge.objects.standing().filter(former_id=self.into_id).first():
            told = {"name": later.name, "into": later.into_name}
            return gettext("“%(name)s” was merged into “%(into)s” since: undo that first.") % told
        key = institution_key(self.name)
        other = Institution.objects.filter(key=key).first()
        alias = InstitutionAlias.objects.filter(key=key).exclude(institution=self.into_id).first()
        if other or alias:
            told = {"name": self.name, "other": other or (alias and alias.institution)}
            return gettext("“%(name)s” stands for %(other)s by now: give that another name first.") % told
        return ""


@dataclasses.dataclass(frozen=True)
class Undoing:
    """What undoing a merge comes to: what moves back, by ids, and what stays as it is now."""

    refusal: str = ""
    participants: Collection[int] = ()
    records: Collection[int] = ()
    gone: int = 0  # participants that were deleted since
    changed: int = 0  # participants that were given another name, or another institution, since
    since: int = 0  # participants that were filed under its names since, and stay with the one that remained
    aliases: Collection[int] = ()
    lost_aliases: Collection[str] = ()
    lost_days: str = ""  # what was noted since of when its name was used: an institution's own name has no such days

    @property
    def is_whole(self) -> bool:
        """Whether nothing stands in its way."""
        return not (self.refusal or self.gone or self.changed or self.since or self.lost_aliases or self.lost_days)


def institution_refusal(pk: int, name: str = "") -> str:
    """Why there is no institution of this id, in a sentence."""
    merge = InstitutionMerge.objects.standing().filter(former_id=pk).first()
    if merge:
        return merge.refusal
    return gettext("“%(name)s” is not there any more.") % {"name": name} if name else gettext("No such institution.")


class _ChangedError(Exception):
    """Somebody wrote between two locks."""


def _alone(participants: models.QuerySet, work: Callable[[], Any]) -> Any:
    """Do what moves these participants while nobody else writes them, their records, or the ledger.

    Records are held before tables, and the ledger after both, as whoever saves or publishes a record does it: who
    saves one at this moment has either finished or begins afterwards.
    """
    records = Record.objects.filter(pk__in=participants.order_by().values("record")).order_by("pk")
    for _attempt in range(ATTEMPTS):
        try:
            with transaction.atomic():
                locked = set(records.select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))
                with institutions_held(alone=True), held():
                    if not locked.issuperset(records.values_list("pk", flat=True)):
                        raise _ChangedError  # gives the locks back
                    return work()
        except _ChangedError:
            continue
    raise ValidationError(_("Its records are being changed at this moment: try again."))


def _among(ids: Iterable[int]) -> Any:
    return among(ids, connection.vendor)


def _with_both(one: int, other: int) -> list[int]:
    """Records that name both institutions: they have one visitor less or more than before."""
    with_other = Participant.objects.filter(institution=other).values("record")
    found = Participant.objects.filter(institution=one, record__in=with_other)
    return sorted(set(found.order_by().values_list("record_id", flat=True)))


def _move(ids: Iterable[int], to: Institution, user: Any, reason: str) -> None:
    """Participants are given their institution, with a row of history each."""
    history: Any = Participant.history
    for batch in _batches(ids):
        rows = Participant.objects.filter(pk__in=_among(batch))
        rows.update(institution=to)
        history.bulk_history_create(
            list(rows), batch_size=BATCH, update=True, default_user=user, default_change_reason=reason
        )


def _recount(records: Iterable[int]) -> None:
    for batch in _batches(records):
        Record.objects.filter(pk__in=batch).recount()


def _batches(ids: Iterable[int]) -> Iterator[list[int]]:
    rest = sorted(ids)
    return (rest[at : at + BATCH] for at in range(0, len(rest), BATCH))
