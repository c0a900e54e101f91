"""The IR desk."""

from . import deadlines, directory, record

__all__ = ["deadlines", "directory", "record"]
