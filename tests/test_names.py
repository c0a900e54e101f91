"""When two spellings are one name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.names import fold, institution_key, pinyin_index, split_list


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("华夏基金", "华夏基金管理有限公司"),
        ("中信证券", "中信证券股份有限公司"),
        ("Point72 Hong Kong", "POINT72  HONG KONG LIMITED"),
        ("Point72 Hong Kong", "Ｐｏｉｎｔ７２ Hong Kong Ltd."),
        ("川流资本(有限合伙)", "川流资本（有限合伙）"),
        ("川流资本", "川流资本（有限合伙）"),
        ("中国人寿", "中国人寿 "),
    ],
)
def test_spellings_of_one_institution_share_a_key(one: str, other: str) -> None:
    assert institution_key(one) == institution_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("国泰君安资管", "国泰君安证券"),
        ("安信证券", "平安信托"),
        ("华夏基金", "华夏银行"),
        ("中信证券", "中信建投证券"),
        ("有限公司", "股份有限公司"),
    ],
)
def test_different_institutions_do_not(one: str, other: str) -> None:
    assert institution_key(one) != institution_key(other)


@given(st.text(min_size=1))
def test_a_key_is_stable_and_never_lost(name: str) -> None:
    key = institution_key(name)
    assert bool(key) == bool(fold(name))
    assert institution_key(key) == key or len(institution_key(key)) < len(key)


def test_initials_come_first() -> None:
    assert pinyin_index("华夏基金") == "hxjj huaxiajijin"
    assert pinyin_index("AI 数据").startswith("aisj ")


@pytest.mark.parametrize(
    "text",
    ["大模型、境外业务,订单；毛利率", "大模型，境外业务;订单\n毛利率", " 大模型 、、境外业务；订单，毛利率、大模型"],
)
def test_a_list_is_split_at_every_sign_that_people_use(text: str) -> None:
    assert split_list(text) == ["大模型", "境外业务", "订单", "毛利率"]
