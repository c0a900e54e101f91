"""The cell of activity types: on which side of a type its mark stands, and what the marks are."""

from __future__ import annotations

import pytest

from records.filing.cells import read_activities

CELLS = {
    "in front": ("√特定对象调研 □分析师会议 □其他（请文字说明其他活动内容）", ["特定对象调研"], ""),
    "behind": ("特定对象调研 √ 分析师会议 □ 媒体采访 □ 路演活动 √ 其他 □", ["特定对象调研", "路演活动"], ""),
    "behind, with the prompt": ("特定对象调研 √ 分析师会议 □ 其他 □（请文字说明其他活动内容）", ["特定对象调研"], ""),
    "behind, with the other": ("特定对象调研 □ 分析师会议 □ 其他 ■（策略会）", ["其他"], "策略会"),
    "on both sides": ("□特定对象调研√ □分析师会议 □媒体采访 □其他", ["特定对象调研"], ""),
    "on both sides, the last": ("□特定对象调研 □分析师会议 □其他√", ["其他"], ""),
    "touching the type before": ("特定对象调研√、分析师会议、媒体采访、路演活动、其他", ["特定对象调研"], ""),
    "two marks in front": ("□√特定对象调研 □分析师会议", ["特定对象调研"], ""),
    "brackets behind": ("特定对象调研（√） 分析师会议（ ） 其他（ ）", ["特定对象调研"], ""),
}


@pytest.mark.parametrize("name", CELLS)
def test_every_way_of_marking(name):
    text, types, other = CELLS[name]
    found, words, doubts = read_activities(text)
    assert (list(found), words, doubts) == (types, other, [])
