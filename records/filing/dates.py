"""Dates as people write them in filings: 2026年7月28日-30日, 8月4日以及8月6日, 2026.3.12, 二〇二六年三月十二日."""

from __future__ import annotations

import calendar
import datetime
import re
import unicodedata
from collections.abc import Iterator

# Digits, year/month/day words or separators may be spaced out by a typesetter.
_SPACES = re.compile(
    r"(?<=[年月日号./\-至到、及和])[^\S\n]+(?=\d)|(?<=[\d年月日号])[^\S\n]+(?=[年月日号./\-至到、及和]|\d[^\S\n]*[年月日号])"
)
_CHINESE_DIGITS = str.maketrans("〇○零一二三四五六七八九", "000123456789")
_CHINESE_YEAR = re.compile(r"([二一][〇○零一二三四五六七八九]{3})\s*年")
_CHINESE_PART = re.compile(r"([一二三四五六七八九十]{1,3})(?=\s*[月日号])")
_DASHES = re.compile(r"[‐‑‒–—―−~〜～]+")

_YEAR = r"(?:19|20)\d{2}"
_MENTION = re.compile(
    rf"""
      (?<!\d)(?P<cy>{_YEAR})(?P<cm>0[1-9]|1[0-2])(?P<cd>[0-2]\d|3[01])(?!\d)   # 20260312
    | (?<![\d.])(?P<ny>{_YEAR})(?P<sep>[-/.])(?P<nm>\d{{1,2}})(?P=sep)(?P<nd>\d{{1,2}})(?!\d)  # 2026-03-12
    | (?:(?<!\d)(?P<y>{_YEAR}|\d{{2}})年度?[,，]?)?(?<!\d)(?P<m>\d{{1,2}})月
      (?:(?P<d>\d{{1,2}})(?:[日号]|(?=[-、,,及和至到])|(?!\d))|份)?        # 2026年3月12日, 3月12日, 7月份
    | (?<=[-至到、,及和与])(?P<em>\d{{1,2}})[./](?P<ed>\d{{1,2}})(?![\d:])                 # ...-3.14
    | (?<=[-至到、,及和与])(?P<od>\d{{1,2}})(?:[日号]|(?![\d:.年月时点]))                   # ...-30日, ...、13
    """,
    re.VERBOSE,
)
# A bare number after one of these belongs to the date only where it follows the date at once.
_CONNECTORS = "-至到、,及和与以并同 "


def _plain(text: str) -> str:
    """The text with one width, one dash and Arabic digits."""
    text = _DASHES.sub("-", unicodedata.normalize("NFKC", text))
    text = _CHINESE_YEAR.sub(lambda match: match[1].translate(_CHINESE_DIGITS) + "年", text)
    text = _CHINESE_PART.sub(lambda match: str(small_number(match[1])), text)
    return _SPACES.sub("", text)


def small_number(words: str) -> int:
    """十 -> 10, 十二 -> 12, 二十 -> 20, 三十一 -> 31."""
    tens, ten, ones = words.rpartition("十")
    if not ten:
        return int(words.translate(_CHINESE_DIGITS))
    return (int(tens.translate(_CHINESE_DIGITS)) if tens else 1) * 10 + (
        int(ones.translate(_CHINESE_DIGITS)) if ones else 0
    )


def _spans(text: str, year: int | None) -> Iterator[tuple[datetime.date, datetime.date]]:
    """First and last day of each date in the text; a part left out is that of the date before it."""
    month: int | None = None
    end = 0
    for match in _MENTION.finditer(text):
        near = not text[end : match.start()].strip(_CONNECTORS) and end > 0
        end_before, end = end, match.end()
        if match["cy"]:
            year, month, day = int(match["cy"]), int(match["cm"]), int(match["cd"])
        elif match["ny"]:
            year, month, day = int(match["ny"]), int(match["nm"]), int(match["nd"])
        elif match["m"]:
            if match["y"]:
                year = int(match["y"]) + (2000 if len(match["y"]) == 2 else 0)
            month, day = int(match["m"]), int(match["d"] or 0)
        elif not near:  # a number in a list of something else
            end = end_before
            continue
        elif match["em"]:
            month, day = int(match["em"]), int(match["ed"])
        else:
            day = int(match["od"])
        if year is None or month is None:
            continue
        try:
            first = datetime.date(year, month, day or 1)
        except ValueError:
            continue
        yield first, first if day else first.replace(day=calendar.monthrange(year, month)[1])


def date_range(text: str, year: int | None = None) -> tuple[datetime.date | None, datetime.date | None]:
    """The first and the last day that a text names; no last day for a single one.

    A month alone (2026年7月份) is its first to its last day. `year` is that of dates written without one.
    """
    spans = list(_spans(_plain(text), year))
    if not spans:
        return None, None
    first, last = min(span[0] for span in spans), max(span[1] for span in spans)
    return first, last if last > first else None


def parse_date(text: str) -> datetime.date:
    """The one day that a text names, in any usual spelling; ValueError where it names none, or several."""
    plain = _plain(text).strip()
    match = _MENTION.match(plain)
    rest = plain[match.end() :].strip(" .。") if match else ""
    first, last = date_range(plain)
    if match is None or first is None or last or rest:
        raise ValueError(f"not a date: {text!r}")
    return first
