"""The IR desk."""

from . import access, audit, deadlines, directory, record

__all__ = ["access", "audit", "deadlines", "directory", "record"]
