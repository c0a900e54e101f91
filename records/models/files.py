"""The bytes of rows that name a file: where they lie, and when they are forgotten."""

from __future__ import annotations

import uuid
from pathlib import PurePath
from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver


def unguessable(folder: str, name: str) -> str:
    """A name that nobody can guess and that says nothing: the file's own name is kept in the row."""
    return f"{folder}/{uuid.uuid4().hex}{PurePath(name).suffix.lower()[:10]}"


@receiver(post_delete, sender="records.Intake")
@receiver(post_delete, sender="records.Attachment")
def forget_bytes(instance: Any, **options: Any) -> None:
    forget(instance, instance.file.name)


def forget(row: Any, name: str | None) -> None:
    """Once it is certain that a row names this file no more, and no other row does: a transaction that fails keeps it.

    A disk that fails then is told in the log; what was asked for is done all the same.
    """
    storage, rows = row.file.storage, type(row)._default_manager

    def forget_now() -> None:
        if not rows.filter(file=name).exists():
            storage.delete(name)

    if name:
        transaction.on_commit(forget_now, robust=True)
