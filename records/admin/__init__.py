"""The IR desk."""

from . import access, deadlines, directory, record, topics

__all__ = ["access", "deadlines", "directory", "record", "topics"]
