"""Where files lie that must outlive a power cut as the rows that name them do."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

from django.core.files.storage import FileSystemStorage


class DurableStorage(FileSystemStorage):
    """A file is on the disk, and its name in its folder, before the row that names it can be committed.

    What there was no room for leaves nothing behind.
    """

    def _save(self, name: str, content: Any) -> str:
        folder = Path(self.path(name)).parent
        is_new_folder, is_new = not folder.is_dir(), not self.exists(name)
        stored = name
        try:
            stored = super()._save(name, content)  # type: ignore[misc]
            flush(Path(self.path(stored)))
            flush(folder)
            if is_new_folder:
                flush(folder.parent)
        except OSError:
            if is_new or stored != name:
                with contextlib.suppress(OSError):
                    self.delete(stored)
            raise
        return stored


def flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
