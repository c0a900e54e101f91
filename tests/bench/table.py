"""Tables of figures as text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def shown(value: Any) -> str:
    """A figure with as many digits as tell something."""
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def table(headings: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Markdown that is readable as it stands: the first column to the left, figures to the right."""
    cells = [list(headings), *([shown(value) for value in row] for row in rows)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(headings))]

    def line(row: Sequence[str]) -> str:
        padded = [
            text.rjust(width) if place else text.ljust(width)
            for place, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        return f"| {' | '.join(padded)} |"

    rule = [f"{'-' * (width - 1)}:" if place else "-" * width for place, width in enumerate(widths)]
    return "\n".join([line(cells[0]), line(rule), *map(line, cells[1:])])


def ratio(one: float | None, other: float | None) -> float | None:
    return one / other if one is not None and other else None
