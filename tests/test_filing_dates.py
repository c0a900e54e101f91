"""Dates as people write them."""

import datetime

import pytest

from records.filing.dates import date_range, parse_date


def day(text: str | None) -> datetime.date | None:
    return datetime.date.fromisoformat(text) if text else None


@pytest.mark.parametrize(
    "text",
    [
        "2026年3月12日", "2026 年 3 月 12 日", "2026/3/12", "2026.3.12", "20260312", "2026-03-12", "2026-3-12",
        "２０２６年３月１２日", "二〇二六年三月十二日", "二○二六年三月十二日", " 2026年03月12日。", "2026年3月12号",
    ],
)  # fmt: skip
def test_one_day_in_every_spelling(text):
    assert parse_date(text) == datetime.date(2026, 3, 12)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "明天",
        "2026年",
        "3月12日",
        "2026年13月1日",
        "2026年2月30日",
        "2026年3月12日-13日",
        "2026-03-12 abc",
        "2026年7月",
    ],
)
def test_what_is_not_one_day_is_refused(text):
    with pytest.raises(ValueError, match="not a date"):
        parse_date(text)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2024年6月6日", "2024-06-06", None),
        ("2026年3月12日 上午10:15-11:45", "2026-03-12", None),
        ("2026年3月12日（星期四）下午 15:00~16:30", "2026-03-12", None),
        ("2026年3月12日 10:15-11:45、14:00-15:00", "2026-03-12", None),
        ("2026 年 7月28日-30日", "2026-07-28", "2026-07-30"),
        ("2026年7月28-30日", "2026-07-28", "2026-07-30"),
        ("2026年7月28日至8月2日", "2026-07-28", "2026-08-02"),
        ("2026年7月28日—2026年7月30日", "2026-07-28", "2026-07-30"),
        ("2026年8月4日、8月5日以及8月6日", "2026-08-04", "2026-08-06"),
        ("2026年8月4日、5日和6日", "2026-08-04", "2026-08-06"),
        ("2026年8月4、5日", "2026-08-04", "2026-08-05"),
        ("2026年7月份", "2026-07-01", "2026-07-31"),
        ("2024年2月", "2024-02-01", "2024-02-29"),
        ("2026/3/12-2026/3/13", "2026-03-12", "2026-03-13"),
        ("2026.3.12-3.14", "2026-03-12", "2026-03-14"),
        ("2026年12月31日-2027年1月4日", "2026-12-31", "2027-01-04"),
        ("二〇二六年三月十二日至十三日", "2026-03-12", "2026-03-13"),
        ("2026-03-12 09:30", "2026-03-12", None),
        ("20260312", "2026-03-12", None),
        ("2026 年 3 月 1 2 日", "2026-03-12", None),
        ("（一）2026年3月5日 10:00；（二）2026年3月9日 14:00", "2026-03-05", "2026-03-09"),
        ("上午十点", None, None),
        ("", None, None),
    ],
)
def test_first_and_last_day(text, first, last):
    assert date_range(text) == (day(first), day(last))


def test_the_year_may_stand_elsewhere():
    assert date_range("8月4日、8月6日") == (None, None)
    assert date_range("8月4日、8月6日", year=2026) == (datetime.date(2026, 8, 4), datetime.date(2026, 8, 6))
