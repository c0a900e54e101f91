"""Indexes whose order is that of a list, on either engine."""

from __future__ import annotations

from typing import Any

from django.db import models


class NewestFirstIndex(models.Index):
    """Descending with rows without a day at the end, as lists are ordered.

    SQLite's DESC means that; PostgreSQL's would put such rows first, and an index of that order serves no list.
    """

    def create_sql(self, model: Any, schema_editor: Any, using: str = "", **options: Any) -> Any:
        declared = self.fields_orders
        if schema_editor.connection.vendor == "postgresql":
            self.fields_orders = [
                (name, f"{order} NULLS LAST" if order and model._meta.get_field(name).null else order)
                for name, order in declared
            ]
        try:
            return super().create_sql(model, schema_editor, using, **options)
        finally:
            self.fields_orders = declared
