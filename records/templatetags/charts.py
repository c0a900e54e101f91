"""Charts as SVG, drawn on the server: positions in per cent of the width, so that text keeps its size."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django import template

register = template.Library()

HEIGHT = 56  # px that the highest bar of a histogram has
STEPS = 4  # tints of a heat map


class Column(NamedTuple):
    """A bar of a histogram; `x` and `width` in per cent, `y` and `height` in px."""

    bar: Any
    x: str
    width: str
    y: float
    height: float
    year: str  # written below where a year begins


def columns(bars: Sequence[Any], height: float, most: int = 0) -> list[Column]:
    """Bars with `name` and `total`, set side by side; `most` is what the full height stands for."""
    most = most or max((bar.total for bar in bars), default=0)
    width = 100 / max(len(bars), 12)
    drawn = []
    for place, bar in enumerate(bars):
        tall = max(round(height * bar.total / most, 1), 2) if bar.total else 0
        year = bar.name[:4] if bar.name.endswith("-01") or (not place and len(bars) < 12) else ""
        drawn.append(Column(bar, f"{place * width:.3f}%", f"{width * 0.8:.3f}%", height - tall, tall, year))
    return drawn


@register.inclusion_tag("_histogram.html")
def histogram(bars: Sequence[Any], title: str) -> dict[str, Any]:
    """Months as bars, each a link that filters; for the eye and the mouse, since the filters offer the same."""
    drawn = {"columns": columns(bars, HEIGHT), "bars": bars, "last": bars[-1] if bars else None}
    return {**drawn, "title": title, "height": HEIGHT, "floor": HEIGHT + 16}


@register.inclusion_tag("_sparkline.html")
def sparkline(points: Sequence[Any], most: int, title: str, number: int) -> dict[str, Any]:
    """Months as small bars, for a cell of a table; `number` tells it from the others of the page."""
    told = {"title": title, "key": f"spark-{number}", "highest": max(point.total for point in points)}
    return {"columns": columns(points, 20, most), "first": points[0], "last": points[-1], **told}


@register.filter
def share_of(value: float, most: float) -> str:
    """A length in per cent of the longest, as an attribute of SVG has it."""
    return f"{100 * abs(value) / most:.1f}%" if most else "0%"


class Square(NamedTuple):
    """A day of a heat map on which something was held; `step` from 1, the highest is most."""

    day: datetime.date
    total: int
    x: int
    y: int
    step: int


SIDE, PITCH, HEAD = 11, 13, 18  # of a square, from one to the next, and above the first, in px


@register.inclusion_tag("_calendar.html")
def calendar(year: int, days: Mapping[datetime.date, int]) -> dict[str, Any]:
    """A year as a column for each week, Monday on top, darker where more was held."""
    first = datetime.date(year, 1, 1)
    most = max(days.values(), default=0)
    squares, empty, labels = [], [], []
    for offset in range((datetime.date(year + 1, 1, 1) - first).days):
        day = first + datetime.timedelta(days=offset)
        x, y = (offset + first.weekday()) // 7 * PITCH, day.weekday() * PITCH + HEAD
        if total := days.get(day, 0):
            squares.append(Square(day, total, x, y, -(-total * STEPS // most)))
        else:
            empty.append(f"M{x} {y}h{SIDE}v{SIDE}h-{SIDE}z")
        if day.day == 1:
            labels.append((day, x))
    drawn = {"squares": squares, "empty": "".join(empty), "labels": labels, "side": SIDE}
    return {**drawn, "year": year, "most": most, "days": days}
