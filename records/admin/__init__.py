"""The IR desk."""

from . import access, audit, deadlines, directory, merging, record, topics

__all__ = ["access", "audit", "deadlines", "directory", "merging", "record", "topics"]
