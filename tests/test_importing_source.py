"""The source beside its reading: what is doubtful is marked, and each doubt leads to its place in the form."""

from __future__ import annotations

import re

from records.admin.importing_rows import Rows
from records.admin.importing_source import marked, notes_on, target_of
from records.filing.shape import Attendee, Doubt, Question

TEXT = "1、订单<b>如何？\n充足。"


def doubt(start: int | None, end: int | None, field: str = "questions") -> Doubt:
    return Doubt(field, "Doubtful: %(what)s", {"what": "this"}, start, end)


def plain(html: str) -> str:
    return re.sub(r'<a class="doubt-sign"[^>]*>\d+</a>|<[^>]+>', "", html)


def test_a_doubt_is_marked_at_its_place() -> None:
    html = marked(TEXT, [doubt(0, 2), doubt(2, 4)])
    assert '<mark id="doubt-1"><a class="doubt-sign" href="#note-1">1</a>1、</mark>' in html
    assert '<mark id="doubt-2"><a class="doubt-sign" href="#note-2">2</a>订单</mark>' in html


def test_the_text_is_escaped_and_whole() -> None:
    html = marked(TEXT, [doubt(3, 6)])
    assert "<b>" not in html
    assert plain(html) == "1、订单&lt;b&gt;如何？\n充足。"


def test_doubts_may_overlap_touch_and_be_empty() -> None:
    doubts = [doubt(0, 8), doubt(2, 4), doubt(2, 10), doubt(5, 5), doubt(len(TEXT), len(TEXT))]
    html = marked(TEXT, doubts)
    assert plain(html) == "1、订单&lt;b&gt;如何？\n充足。"
    for number in range(1, 6):
        assert html.count(f'id="doubt-{number}"') == 1


def test_a_doubt_without_a_place_or_outside_the_text_marks_nothing() -> None:
    assert marked("文", [doubt(None, None), doubt(5, 9), doubt(1, 0)]) == "文"
    assert [note.has_place for note in notes_on([doubt(None, None), doubt(0, 1)], "文", Rows())] == [False, True]


def test_a_doubt_leads_to_its_field_or_row() -> None:
    rows = Rows(
        (Attendee("华夏基金", "李四"), Attendee("中信证券", "王五")),
        questions=(Question("毛利率？", "降。"), Question("订单如何？", "充足。")),
    )
    text = "华夏基金 李四；中信证券 王五\n2、订单如何？\n充足。"
    start = text.index("2、")
    assert target_of(doubt(start, len(text)), text, rows) == "row-question-2"
    place = text.index("中信")
    assert target_of(doubt(place, place + 7, "attendees"), text, rows) == "row-attendee-2"
    assert target_of(doubt(None, None, "attendees"), text, rows) == "section-attendees"
    assert target_of(doubt(0, 4, "held_from"), text, rows) == "field-held_from"


def test_what_the_reader_says_is_put_into_words() -> None:
    assert notes_on([doubt(0, 1)], "文", Rows())[0].words == "Doubtful: this"
