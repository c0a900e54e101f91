"""What belongs to the page of a PDF and not to the filing: headers, footers, page numbers, radicals."""

from __future__ import annotations

from records.filing.sources.blocks import clean
from records.filing.sources.pdf import _blocks, _Line, _lines, _Part


def page(*lines: tuple[str, float]) -> list[_Part]:
    """A page of lines with their heights on it."""
    texts = [_Line(text, 60, 60 + 10 * len(text), top, top + 10) for text, top in lines]
    return [_Part([texts], [(60, 500)], None)]


def text(*pages: list[_Part]) -> list[str]:
    return [block.cells[0] for block in _blocks(list(pages))]


def test_an_answer_that_is_given_twice_is_no_header():
    pages = [
        page(("1、有何进展？", 60), ("答：感谢您的关注。", 80), ("2、有何计划？", 100), ("答：感谢您的关注。", 120)),
        page(("3、有何风险？", 60), ("答：感谢您的关注。", 90), ("4、订单如何？", 110), ("答：感谢您的关注。", 130)),
    ]
    assert text(*pages).count("答：感谢您的关注。") == 4


def test_a_running_header_stays_once():
    pages = [page(("青禾智能公告", 30), (f"第{number}段话。", 60), (f"{number} / 2", 800)) for number in (1, 2)]
    assert text(*pages) == ["青禾智能公告", "第1段话。", "第2段话。"]


def test_the_address_that_a_browser_prints_is_a_page_number():
    assert text(page(("日期：2026年3月5日", 60), ("https://ir.example.com/form.html 1/1", 800))) == [
        "日期：2026年3月5日"
    ]
    assert len(text(page(("日期：2026年3月5日", 60), ("https://ir.example.com/2026/12", 800)))) == 2


def test_a_page_number_of_radicals():
    page_of_words = _lines([{"text": "第1⻚共2⻚", "x0": 250, "x1": 300, "top": 800, "bottom": 810}])
    assert text([_Part([[*page(("甲。", 60))[0].cells[0], *page_of_words]], [(60, 500)], None)]) == ["甲。"]


def test_a_number_between_lines_is_no_page_number():
    assert "12" in text(
        page(*((line, 60 + 20 * place) for place, line in enumerate(["甲。", "乙。", "丙。", "12", "丁。", "戊。"])))
    )


def test_radicals_are_the_characters_that_they_show():
    assert clean("董事⻓⻢⻩⻋⻅⻚⻛⼾⾦⽇") == "董事长马黄车见页风户金日"
