"""The IR desk."""

from . import access, audit, deadlines, directory, record, topics

__all__ = ["access", "audit", "deadlines", "directory", "record", "topics"]
