"""The IR desk."""

from . import access, audit, deadlines, directory, merging, names_queue, record, topics

__all__ = ["access", "audit", "deadlines", "directory", "merging", "names_queue", "record", "topics"]
