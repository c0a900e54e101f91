"""The files beside the database: which are named by rows, and which are there.

A file is written before the row that names it is committed, is never changed under its name, and goes after its last
row has gone. So there may be files that no row names, but no row without its file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from django.core.files.storage import default_storage

from .intake import Intake
from .parts import Attachment

KEEPERS: tuple[Any, ...] = (Attachment, Intake)


class Named(NamedTuple):
    """A row and the file that it names."""

    model: Any
    pk: int
    name: str
    sha256: str

    @property
    def is_still_there(self) -> bool:
        return self.model.objects.filter(pk=self.pk, file=self.name).exists()


def named() -> list[Named]:
    """Each row with its file, in the order of their ids; new versions of a record name the files of the old ones."""
    return [
        Named(model, *row)
        for model in KEEPERS
        for row in model.objects.order_by("pk").values_list("pk", "file", "sha256")
    ]


def root() -> Path:
    """The folder that the names begin in. Raises NotImplementedError where they lie in a bucket."""
    return Path(default_storage.path(""))


def present() -> Iterator[str]:
    """Names of the files that are there, whether rows name them or not."""
    for model in KEEPERS:
        yield from _below(model.FOLDER)


def _below(folder: str) -> Iterator[str]:
    try:
        folders, names = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    yield from (f"{folder}/{name}" for name in sorted(filter(None, names)))
    for name in sorted(folders):
        yield from _below(f"{folder}/{name}")


def digest_of(name: str) -> str | None:
    """The sha256 of a file as it is; None where it is not there, or cannot be read."""
    try:
        with default_storage.open(name) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
