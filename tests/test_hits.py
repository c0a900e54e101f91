"""What fits, counted: as a plain count of each row's values would have it."""

from __future__ import annotations

import datetime
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from records import hits
from records.hits import FIELDS, Hits

DAY = datetime.date(2024, 6, 6)
IDS = st.lists(st.integers(1, 9), unique=True, max_size=4)
WORDS = st.lists(st.sampled_from(["路演活动", "现场参观", "其他"]), unique=True, max_size=3)
ROWS = st.lists(
    st.tuples(st.integers(1, 4), st.sampled_from(["star", "bse"]), WORDS, WORDS, IDS, IDS) | st.none(), max_size=30
)


@given(rows=ROWS, at_once=st.integers(1, 5), most=st.integers(0, 12), besides=st.lists(st.integers(1, 12), max_size=3))
def test_numbers_are_those_of_a_plain_count(
    rows: list[tuple | None], at_once: int, most: int, besides: list[int]
) -> None:
    told = [
        (
            pk,
            DAY,
            *(
                ("".join(v) if isinstance(v, str) else " ".join(map(str, v)) if isinstance(v, list) else v)
                for v in row
            ),
        )
        if row
        else (pk, DAY, *[None] * len(FIELDS))
        for pk, row in enumerate(rows)
    ]
    kept, hits.AT_ONCE = hits.AT_ONCE, at_once
    try:
        found = Hits(told, tuple(FIELDS.values()))
        for place, field in enumerate(FIELDS.values()):
            values = [row[place] for row in rows if row]
            plain = Counter(value for cell in values for value in (cell if isinstance(cell, list) else [cell]))
            assert found.numbers(field) == {str(value): n for value, n in plain.items()}
            first = sorted(plain, key=lambda value: (-plain[value], value))[:most]
            wanted = {value: plain[value] for value in [*first, *(value for value in besides if value in plain)]}
            assert found.commonest(field, most, besides) == wanted
    finally:
        hits.AT_ONCE = kept
    assert len(found) == found.count == len(rows)
