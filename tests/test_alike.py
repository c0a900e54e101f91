"""Names that look alike are found, those that only end alike are not; and none is missed for the sake of speed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from records.alike import THRESHOLD, Names
from records.names import institution_key

CAST = [
    *("华夏基金", "南方基金", "博时基金", "易方达基金", "广发基金", "嘉实基金", "平安基金", "华安基金", "诺安基金"),
    *("中信证券", "中信建投证券", "广发证券", "海通证券", "国泰君安证券", "招商证券", "浙商证券", "银河证券"),
    *("高毅资产", "景林资产", "淡水泉投资", "重阳投资", "高瓴资本", "平安信托", "招商银行", "Morgan Stanley"),
]
KEYS = [institution_key(name) for name in CAST]


def like(name: str) -> list[str]:
    """Names of the cast that look like this one, the likest first."""
    found = sorted(Names(KEYS).like(institution_key(name)), key=lambda one: -one.degree)
    return [CAST[one.place] for one in found]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("易方达", "易方达基金"),
        ("上海高毅资产管理合伙企业（有限合伙）", "高毅资产"),
        ("淡水泉（北京）投资管理有限公司", "淡水泉投资"),
        ("中国银河证券股份有限公司", "银河证券"),
        ("国泰君安资管", "国泰君安证券"),  # which are two: somebody says so, once
        ("Morgan Stanley Asia", "Morgan Stanley"),
    ],
)
def test_other_forms_of_a_name_look_like_it(name: str, found: str) -> None:
    assert like(name)[0] == found


@pytest.mark.parametrize("name", ["安信基金", "长江证券", "上海睿郡资产管理有限公司", "华泰保险", "建信信托"])
def test_what_only_ends_alike_does_not(name: str) -> None:
    assert like(name) == []


def test_an_empty_directory_and_a_name_of_one_character() -> None:
    assert list(Names([]).like("华夏基金")) == []
    assert [one.degree for one in Names(["甲", "乙"]).like("甲")] == [1.0]


def test_names_with_other_numbers_are_two() -> None:
    index = Names(
        [institution_key(name) for name in ("远望成长1号私募基金", "远望成长私募基金", "Point72", "海山资本88")]
    )
    found = {one.place for one in index.like(institution_key("远望成长2号私募基金"))}
    assert found == {1}
    assert {one.place for one in index.like(institution_key("远望成长1号私募基金"))} == {0, 1}
    assert {one.place for one in index.like(institution_key("Point 72 Asset Management"))} >= {2}


@settings(deadline=None)
@given(st.lists(st.text("12华安信达资产基金管理中证券", min_size=1, max_size=8), min_size=1, max_size=30, unique=True))
def test_all_are_found_that_a_comparison_with_each_finds(keys: list[str]) -> None:
    index = Names(keys)
    everyone = range(len(keys))
    for key in keys:
        degrees = {place: index.degree(key, place) for place in everyone}
        expected = {place: degree for place, degree in degrees.items() if degree >= THRESHOLD}
        assert {one.place: one.degree for one in index.like(key)} == expected
