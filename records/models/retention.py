"""How long what was disclosed is kept, and what refuses to delete it before, by whatever way.

What may be deleted is said by `Record.why_kept` and, of sets, by `RecordQuerySet.deletable`.
"""

from __future__ import annotations

import datetime
from typing import Any

from django.apps import apps
from django.db.models import ProtectedError
from django.db.models.signals import pre_delete
from django.dispatch import receiver

YEARS = 3  # after disclosure, by the rules of the exchanges
MOST_YEARS = (
    30  # from today: a day can be made later and never earlier again, so a slip of the pen must not be for ever
)


def years_after(day: datetime.date, years: int) -> datetime.date:
    """The same day of a later year; of a 29 February, the day after it where there is none."""
    year = min(day.year + years, datetime.MAXYEAR)
    try:
        return day.replace(year=year)
    except ValueError:
        return datetime.date(year, 3, 1)


def end_of_retention(disclosed_on: datetime.date) -> datetime.date:
    """The day from which it need not be kept any longer."""
    return years_after(disclosed_on, YEARS)


def _as_stored(pk: int, using: str) -> Any:
    """The record as it is now, held until the deletion is over: nobody publishes it meanwhile."""
    records: Any = apps.get_model("records", "Record")._default_manager.using(using)
    held = records.select_for_update(of=("self",)).select_related("company", "correction")
    return held.filter(pk=pk).first()


@receiver(pre_delete, sender="records.Record")
def keep_record(instance: Any, using: str, **options: Any) -> None:
    stored = _as_stored(instance.pk, using)
    if stored and (reason := stored.why_kept):
        raise ProtectedError(reason, {instance})


@receiver(pre_delete, sender="records.Participant")
@receiver(pre_delete, sender="records.Question")
@receiver(pre_delete, sender="records.Attachment")
def keep_row(sender: Any, instance: Any, using: str, origin: Any = None, **options: Any) -> None:
    """Rows that go with their record are the record's to speak for; of others it is asked once for all of its rows."""
    asked_for = getattr(origin, "model", type(origin))
    if asked_for is apps.get_model("records", "Record"):
        return
    known: dict[int, str] = vars(origin).setdefault("_why_kept", {}) if origin is not None else {}
    if instance.record_id not in known:
        stored = _as_stored(instance.record_id, using)
        is_file = sender is apps.get_model("records", "Attachment")
        known[instance.record_id] = (stored and (stored.why_files_kept if is_file else stored.why_rows_kept)) or ""
    if reason := known[instance.record_id]:
        raise ProtectedError(reason, {instance})
