"""Names of institutions that look alike, kept ready for whoever decides; and what was decided of them.

None of these rows holds an institution back: one that was merged or deleted leaves them, they say nothing while it is
gone, and they hold again when a merge is undone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection, models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from records import alike
from records.querysets import SimilarNamesQuerySet, among

from .directory import Institution, InstitutionAlias, comparing
from .merging import InstitutionMerge, institution_refusal

BATCH = 500  # rows that are written at once
MOST = 10  # of the names that look like one, the likest


def _institution(**options: Any) -> Any:
    options = {"on_delete": models.DO_NOTHING, "db_constraint": False, "related_name": "+", **options}
    return models.ForeignKey(Institution, **options)


class ComparedName(models.Model):
    """That a name was compared with all others: names that are not here wait for it, however they came in."""

    institution = _institution(db_index=False)
    key = models.CharField(max_length=120)

    class Meta:
        default_permissions = ()
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["institution", "key"], name="name_is_compared_once"),
        ]

    def __str__(self) -> str:
        return self.key


class SimilarNames(models.Model):
    """That two institutions have names that look alike, those that do most, and how much: from 0 to 1."""

    first = _institution(verbose_name=_("institution"))
    second = _institution(verbose_name=_("institution"))
    first_name = models.CharField(max_length=120)
    second_name = models.CharField(max_length=120)
    degree = models.FloatField()

    objects = SimilarNamesQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        indexes: ClassVar = [models.Index(fields=["-degree", "id"], name="similar_names_by_degree")]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["first", "second"], name="pair_of_names_is_unique"),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="pair_of_names_is_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.first_name} / {self.second_name}"


class ToldApart(models.Model):
    """That somebody looked at two institutions, and they are not the same; `merge` where it follows from that one."""

    first = _institution(verbose_name=_("institution"))
    second = _institution(verbose_name=_("is not"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,  # a command did it
        related_name="+",
        verbose_name=_("who"),
    )
    at = models.DateTimeField(_("moment"), default=timezone.now)
    merge = models.ForeignKey(InstitutionMerge, on_delete=models.CASCADE, null=True, related_name="told_apart")

    class Meta:
        verbose_name = _("pair that is not the same")
        verbose_name_plural = _("pairs that are not the same")
        ordering: ClassVar = ["-pk"]
        default_permissions = ()
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["first", "second"], name="pair_is_told_apart_once"),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="pair_told_apart_is_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.first} ≠ {self.second}"

    @classmethod
    def tell(cls, one: int, other: int, by: Any = None) -> ToldApart:
        """Keep that two institutions, by their ids, are not the same. Told twice, the first who told it stays."""
        if one == other:
            raise ValidationError(_("An institution is the same as itself: choose another one."))
        there = set(Institution.objects.filter(pk__in=[one, other]).values_list("pk", flat=True))
        for pk in (one, other):
            if pk not in there:
                raise ValidationError(institution_refusal(pk))
        first, second = sorted((one, other))
        return cls.objects.get_or_create(first_id=first, second_id=second, defaults={"user": by})[0]


def changed_names() -> set[int]:
    """Institutions, some of them gone, whose names are not those that were compared."""
    compared = ComparedName.objects.filter(key=OuterRef("key"))
    own = Institution.objects.filter(~Exists(compared.filter(institution=OuterRef("pk")))).order_by()
    aliases = InstitutionAlias.objects.filter(~Exists(compared.filter(institution=OuterRef("institution"))))
    there = Institution.objects.filter(pk=OuterRef("institution"), key=OuterRef("key"))
    alias = InstitutionAlias.objects.filter(institution=OuterRef("institution"), key=OuterRef("key"))
    former = ComparedName.objects.filter(~Exists(there), ~Exists(alias))
    return {
        *own.values_list("pk", flat=True),
        *aliases.order_by().values_list("institution", flat=True),
        *former.values_list("institution", flat=True),
    }


def compare_names(
    of: Collection[int], progress: Callable[[Iterable[Any]], Iterable[Any]] = lambda names: names
) -> None:
    """Find what looks like the names of these institutions, among all there are.

    It is looked for without holding anything, so that nobody waits; what is written down tells which names were read,
    and whatever changed meanwhile is found to be changed. How much a piece of a name weighs is as of now.
    """
    wanted = set(of)
    names = [
        *Institution.objects.order_by("pk").values_list("pk", "key", "name"),
        *InstitutionAlias.objects.order_by("pk").values_list("institution", "key", "name"),
    ]
    index = alike.Names(key for _pk, key, _name in names)
    found: dict[tuple[int, int], SimilarNames] = {}
    for pk, key, name in progress([row for row in names if row[0] in wanted]):
        likest = sorted(index.like(key), key=lambda like: (-like.degree, like.place))
        others = [(names[like.place], like.degree) for like in likest if names[like.place][0] != pk]
        for (other, _key, other_name), degree in others[:MOST]:
            (first, first_name), (second, second_name) = sorted([(pk, name), (other, other_name)])
            if (first, second) not in found or found[first, second].degree < degree:
                found[first, second] = SimilarNames(
                    first_id=first, second_id=second, first_name=first_name, second_name=second_name, degree=degree
                )
    with comparing():
        ids = among(wanted, connection.vendor)
        SimilarNames.objects.filter(Q(first__in=ids) | Q(second__in=ids)).delete()
        SimilarNames.objects.bulk_create(found.values(), batch_size=BATCH)
        ComparedName.objects.filter(institution__in=ids).delete()
        ComparedName.objects.bulk_create(
            [
                ComparedName(institution_id=pk, key=key)
                for pk, key in sorted({row[:2] for row in names if row[0] in wanted})
            ],
            batch_size=BATCH,
        )


def told_apart_after(merge: InstitutionMerge) -> None:
    """What the merged institution was told not to be, the one that it became part of is not either."""
    former, into = merge.former_id, merge.into_id
    told = ToldApart.objects.filter(Q(first=former) | Q(second=former))
    rows = []
    for row in told:
        other = row.second_id if row.first_id == former else row.first_id
        if other != into:
            first, second = sorted((into, other))
            rows.append(ToldApart(first_id=first, second_id=second, user_id=row.user_id, at=row.at, merge=merge))
    ToldApart.objects.bulk_create(rows, batch_size=BATCH, ignore_conflicts=True)
