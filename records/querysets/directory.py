"""Sets of companies, institutions and topics."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Self

from django.apps import apps
from django.db import models
from django.db.models import Exists, Max, OuterRef, Q

from records.names import institution_key, pinyin_index
from records.workflow import Status

from .relations import related

if TYPE_CHECKING:
    from records.models import Institution


class DirectoryQuerySet(models.QuerySet):
    """Companies, institutions or topics: what published records are about. `path` leads from here to those."""

    path = "records"

    def public(self) -> Self:
        """Those that a published record names; of the others the public learns nothing, not even the name."""
        return self.filter(record_count__gt=0)

    def with_last_publication(self) -> Self:
        """The public ones with `last_published`, when a record that names them was last published."""
        return self.public().annotate(
            last_published=Max(f"{self.path}__published_at", filter=Q(**{f"{self.path}__status": Status.PUBLISHED}))
        )

    def most_recorded_first(self) -> Self:
        return self.order_by("-record_count", "pinyin", "pk")

    def last_visited_first(self) -> Self:
        return self.order_by("-last_held", "pinyin", "pk")

    def found_by(self, text: str) -> Self:
        """Those whose name holds the text, or whose pinyin begins with it."""
        return self.filter(self._named(text) | Q(pinyin__istartswith=text) | Q(pinyin__icontains=f" {text}"))

    def _named(self, text: str) -> Q:
        return Q(name__icontains=text)


class CompanyQuerySet(DirectoryQuerySet):
    def for_user(self, user: Any) -> Self:
        """Those that somebody works for; a superuser sees all."""
        if user.is_superuser:
            return self
        return self.filter(staff=user.pk) if user.is_authenticated else self.none()

    def _named(self, text: str) -> Q:
        return Q(code__startswith=text) | Q(short_name__icontains=text) | Q(full_name__icontains=text)


class TopicQuerySet(DirectoryQuerySet):
    path = "mentions__record"


class MergedTopicQuerySet(models.QuerySet):
    def standing(self) -> Self:
        """Those that lead to a topic which the public sees."""
        return self.filter(into__record_count__gt=0).select_related("into")


class InstitutionQuerySet(DirectoryQuerySet):
    path = "visits__record"

    def resolve(self, names: Iterable[str], *, create: bool = True) -> dict[str, Institution]:
        """The institution that each name as filed stands for: by its own name or an alias, never by likeness.

        With `create`, an unknown name becomes a new institution that waits for review. Four queries at most,
        however many names.
        """
        keys = {name: key for name in names if (key := institution_key(name))}  # “—” names nobody
        found = self._by_key(set(keys.values()))
        missing = {key: name for name, key in reversed(keys.items()) if key not in found}
        if create and missing:
            self.bulk_create(
                [
                    self.model(name=name, key=key, pinyin=pinyin_index(name), reviewed=False)
                    for key, name in reversed(missing.items())
                ],
                ignore_conflicts=True,  # someone else may be adding the same name
            )
            found |= self._by_key(set(missing))
        return {name: found[key] for name, key in keys.items() if key in found}

    def new(self) -> Self:
        """Names that came in with a filing or were typed, and that nobody has looked at; the last one first."""
        return self.filter(reviewed=False).order_by("-pk")

    def _by_key(self, keys: set[str]) -> dict[str, Institution]:
        aliases: Any = related(self, "aliases").select_related("institution")
        found = {alias.key: alias.institution for alias in aliases.filter(key__in=keys)}
        institutions: Iterable[Any] = self.filter(key__in=keys)
        return found | {institution.key: institution for institution in institutions}


class InstitutionMergeQuerySet(models.QuerySet):
    def standing(self) -> Self:
        """Those that were not undone."""
        return self.filter(undone_at=None)

    def led_to(self, ids: Iterable[int]) -> dict[int, int]:
        """By the id of an institution that was merged, the id of the one that it is part of now. Others are left out.

        A query for each merge that one has to follow, however many ids.
        """
        leads: dict[int, int] = {}
        asked = {pk: pk for pk in ids if pk < 2**63}  # how far each has been followed
        while asked:
            found = dict(self.standing().filter(former_id__in=asked.values()).values_list("former_id", "into_id"))
            asked = {pk: found[at] for pk, at in asked.items() if at in found}
            leads |= asked
        return leads


class SimilarNamesQuerySet(models.QuerySet):
    def waiting(self) -> Self:
        """Pairs that are there, and that nobody has told apart."""
        institutions = related(self, "first")
        told: Any = apps.get_model("records", "ToldApart")._default_manager
        return self.filter(
            Exists(institutions.filter(pk=OuterRef("first"))),
            Exists(institutions.filter(pk=OuterRef("second"))),
            ~Exists(told.filter(first=OuterRef("first"), second=OuterRef("second"))),
        )

    def of(self, ids: Iterable[int]) -> Self:
        """With one of these institutions."""
        ids = list(ids)
        return self.filter(Q(first__in=ids) | Q(second__in=ids))

    def of_reviewed(self) -> Self:
        """Without those of new names, which are shown with the new name."""
        return self.filter(first__reviewed=True, second__reviewed=True)
