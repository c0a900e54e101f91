"""The IR desk."""

from . import access, deadlines, directory, record

__all__ = ["access", "deadlines", "directory", "record"]
