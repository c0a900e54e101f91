"""The hosts cell in every way in which it is written."""

from __future__ import annotations

import pytest

from records.filing.cells import read_hosts

CELLS = {
    "courtesy behind an office": (
        "董事长孙兰先生、副总经理、董事会秘书尉迟恒女士",
        ["董事长/孙兰", "副总经理、董事会秘书/尉迟恒"],
    ),
    "office that is no family name": ("董事长孙宾", ["董事长/孙宾"]),
    "family name that few have": ("董事会秘书 海平", ["董事会秘书/海平"]),
    "several offices": ("1、董事长、总裁 扁言\n2、独立董事 信长平", ["董事长、总裁/扁言", "独立董事/信长平"]),
    "glued to a rare name": ("副总裁东野归、总经理海涛先生", ["副总裁/东野归", "总经理/海涛"]),
    "department": ("董事会秘书、证券部", ["董事会秘书、证券部/"]),
    "Latin office": ("CFO张三、IR经理李四", ["CFO/张三", "IR经理/李四"]),
    "party and people": (
        "监事会主席张三、党委书记李四、保荐代表人王五",
        ["监事会主席/张三", "党委书记/李四", "保荐代表人/王五"],
    ),
    "and others": ("董事长张三，董事会秘书王五等", ["董事长/张三", "董事会秘书/王五"]),
    "table": ("姓名\t职务\n张三\t董事长\n李四\t总经理", ["董事长/张三", "总经理/李四"]),
    "label within": ("参会高管：董事长张三、总经理李四", ["董事长/张三", "总经理/李四"]),
}


@pytest.mark.parametrize("name", CELLS)
def test_every_way_of_writing(name):
    text, expected = CELLS[name]
    assert [f"{host.title}/{host.name}" for host in read_hosts(text)] == expected
