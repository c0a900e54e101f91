"""The IR desk."""

from . import directory, record

__all__ = ["directory", "record"]
