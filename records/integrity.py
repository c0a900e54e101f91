"""Whether what is stored agrees with itself: what is kept twice, ordered, chained or beside the database."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.core.files.storage import default_storage
from django.db import DatabaseError, connection, transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from . import reindexing, search, search_index
from .models import Participant, Question, Record, ledger, stored
from .snapshots import snapshot
from .workflow import UNPUBLISHED, Status

CHUNK = 500  # records that are counted at once
UPLOADING = 3600  # seconds for which a file may wait for its row: as long as any request lasts

Advance = Callable[[int], Any]


@dataclasses.dataclass(frozen=True)
class Check:
    """Something that has to be so: `look` gives a sentence for each place where it is not.

    `look` is handed what to tell how far it is, of `total`. What is only derived from other rows has a `repair`.
    """

    label: Any
    look: Callable[[Advance], Iterable[str]]
    total: Callable[[], int] = lambda: 1
    repair: Callable[[], Any] | None = None
    is_of_one_moment: bool = True

    def faults(self, advance: Advance = lambda _n: None) -> Iterator[str]:
        with snapshot() if self.is_of_one_moment else contextlib.nullcontext():
            yield from self.look(advance)


def check_database(_advance: Advance) -> Iterator[str]:
    """Of SQLite's file; PostgreSQL looks after its own."""
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA quick_check")
        yield from (told for (told,) in cursor.fetchall() if told != "ok")
        cursor.execute("PRAGMA foreign_key_check")
        for table, pk, target, _place in cursor.fetchall():
            yield _("row %(pk)s of %(table)s leads to a row of %(target)s that is not there") % {
                "pk": pk,
                "table": table,
                "target": target,
            }


def check_positions(advance: Advance) -> Iterator[str]:
    for model in (Participant, Question):
        broken = model.objects.out_of_order()
        for record in _records(broken):
            places = model.objects.filter(record=record).order_by("position").values_list("position", flat=True)
            told = {"rows": model._meta.verbose_name_plural, "places": ", ".join(map(str, places[:20]))}
            yield _told(record, _("%(rows)s stand at %(places)s instead of 1, 2, 3 …") % told)
        advance(1)


def check_counts(advance: Advance) -> Iterator[str]:
    for chunk in _chunks(Record.objects.order_by("pk").values_list("pk", flat=True)):
        for pk, name, kept, counted in Record.objects.filter(pk__in=chunk).miscounted():
            yield _("record %(pk)s: %(name)s is %(kept)s, a count gives %(counted)s") % {
                "pk": pk,
                "name": name,
                "kept": _shown(kept),
                "counted": _shown(counted),
            }
        advance(len(chunk))


def _recount() -> None:
    for chunk in _chunks(list(Record.objects.order_by("pk").values_list("pk", flat=True))):
        with transaction.atomic():
            Record.objects.filter(pk__in=chunk).recount()


def check_ledger(_advance: Advance) -> Iterator[str]:
    for what, key, kept, counted in ledger.differences():
        yield _("%(what)s %(key)s: the ledger holds %(kept)s, a count gives %(counted)s") % {
            "what": what,
            "key": " ".join(str(part) for part in key if part != ""),
            "kept": _row(kept),
            "counted": _row(counted),
        }


def check_search(advance: Advance) -> Iterator[str]:
    for index in search.INDEXES:
        if missing := search_index.missing_parts(index, connection):
            yield _("%(table)s: the index lacks %(parts)s") % {"table": index.table, "parts": ", ".join(missing)}
            continue
        if connection.vendor == "postgresql":  # which keeps an index in step with its rows
            if search_index.is_stale(index, connection):
                yield _("%(table)s: the index was made by another version") % {"table": index.table}
            continue
        try:
            for pk in search_index.misindexed(index, connection, advance):
                yield _("%(table)s %(pk)s: the index is not that of its text") % {"table": index.table, "pk": pk}
        except DatabaseError as error:
            yield _("%(table)s: the index cannot be read: %(error)s") % {"table": index.table, "error": error}


def check_files(advance: Advance) -> Iterator[str]:
    """Not within a snapshot: a file that went with its row while one looked is no fault."""
    begun = time.time()
    present, rows = list(stored.present()), stored.named()  # in this order: a file comes before its row
    digests: dict[str, str | None] = {}
    for row in rows:
        if row.name not in digests:
            digests[row.name] = stored.digest_of(row.name)
        found = digests[row.name]
        if found != row.sha256 and row.is_still_there:
            told = {"what": f"{row.model._meta.model_name} {row.pk}", "name": row.name}
            if found is None:
                yield _("%(what)s: its file %(name)s is not there") % told
            else:
                yield _("%(what)s: the bytes of %(name)s are not those that were stored") % told
        advance(1)
    for name in present:
        if name not in digests and _is_older(name, begun - UPLOADING):
            yield _("%(name)s: no row names this file") % {"name": name}


def _is_older(name: str, moment: float) -> bool:
    """Whether a file has been there since before; one that is gone has not."""
    try:
        return default_storage.get_modified_time(name).timestamp() < moment
    except FileNotFoundError:
        return False


def check_versions(_advance: Advance) -> Iterator[str]:
    """Of all versions of a record the last is published, or was, or waits to be; the others are superseded.

    That a version is corrected once the database sees to.
    """
    versions = Record.objects.select_related("company", "corrects", "correction").order_by("pk")
    for record in versions.filter(status=Status.SUPERSEDED, correction=None):
        yield _told(record, _("is superseded, and no record corrects it"))
    for record in versions.filter(correction__isnull=False).exclude(status=Status.SUPERSEDED):
        # One version may be published while the next is being written.
        if not (record.is_published and record.correction.status in UNPUBLISHED):
            status = {"status": record.get_status_display(), "other": record.correction.pk}
            yield _told(record, _("is %(status)s, though record %(other)s corrects it") % status)
    for record in versions.filter(corrects__isnull=False).exclude(company=F("corrects__company")):
        yield _told(record, _("corrects record %(other)s of another company") % {"other": record.corrects_id})
    before = dict(versions.filter(corrects__isnull=False).values_list("pk", "corrects"))
    for record in _records(_in_circles(before)):
        yield _told(record, _("corrects itself, by way of its own versions"))


def _in_circles(before: dict[int, Any]) -> Iterator[int]:
    """The lowest id of each circle, of rows each of which leads to one other at most."""
    seen: set[int] = set()
    for start in before:
        path: dict[int, None] = {}
        at: int | None = start
        while at is not None and at not in seen and at not in path:
            path[at] = None
            at = before.get(at)
        if at in path:
            yield min(itertools.dropwhile(at.__ne__, path))
        seen |= path.keys()


CHECKS = (
    Check(gettext_lazy("database"), check_database),
    Check(gettext_lazy("positions"), check_positions, total=lambda: 2),
    Check(gettext_lazy("versions"), check_versions),
    Check(gettext_lazy("counts"), check_counts, total=Record.objects.count, repair=_recount),
    Check(gettext_lazy("ledger"), check_ledger, repair=ledger.renew),
    Check(
        gettext_lazy("search index"),
        check_search,
        total=lambda: Record.objects.count() + Question.objects.count(),
        repair=lambda: reindexing.reindex(connection),
    ),
    Check(gettext_lazy("files"), check_files, total=lambda: len(stored.named()), is_of_one_moment=False),
)


def _chunks(pks: Iterable[int]) -> Iterator[list[int]]:
    rest = iter(pks)
    while chunk := list(itertools.islice(rest, CHUNK)):
        yield chunk


def _records(pks: Iterable[int]) -> Iterator[Record]:
    for chunk in _chunks(pks):
        yield from Record.objects.filter(pk__in=chunk).select_related("company").order_by("pk")


def _told(record: Record, fault: str) -> str:
    return _("record %(pk)s (%(record)s): %(fault)s") % {"pk": record.pk, "record": record, "fault": fault}


def _shown(value: Any) -> str:
    """A value on one line, the beginning of a long text."""
    text = "／".join(str(value).splitlines())
    return text if len(text) <= 60 else f"{text[:60]}…"


def _row(values: tuple[Any, ...] | None) -> str:
    return _("nothing") if values is None else " ".join(_("nothing") if part is None else str(part) for part in values)
