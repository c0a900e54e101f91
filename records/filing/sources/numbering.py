"""Automatic numbers of Word paragraphs (1、 一、 （1）), which the file holds as rules and not as text."""

from __future__ import annotations

import dataclasses
import re

from lxml import etree

from .blocks import symbol

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MAX_LEVEL = 9
_DIGITS = "〇一二三四五六七八九"


@dataclasses.dataclass(frozen=True, slots=True)
class _Level:
    format: str
    text: str  # such as %1、
    start: int


class Numbering:
    """Counts the numbered paragraphs of a document, in the order in which they are asked for."""

    def __init__(self, numbering: etree._Element | None, styles: etree._Element | None) -> None:
        self._lists: dict[str, dict[int, _Level]] = {}  # by w:numId
        self._abstract: dict[str, str] = {}  # w:numId -> w:abstractNumId; lists of one definition count on
        self._styles: dict[str, tuple[str, int]] = {}  # style -> w:numId, level
        self._counts: dict[str, list[int]] = {}
        self._restarted: set[str] = set()
        self._overrides: dict[str, dict[int, int]] = {}
        if numbering is not None:
            self._read_lists(numbering)
        if styles is not None:
            self._read_styles(styles)

    def number(self, paragraph: etree._Element) -> str:
        """The number of a paragraph as it is printed, or an empty text."""
        place = self._place(paragraph)
        if place is None:
            return ""
        list_id, level_number = place
        level = self._lists.get(list_id, {}).get(level_number)
        if level is None:
            return ""
        if level.format == "bullet":
            return _bullet(level.text)
        if level.format == "none":
            return ""
        counts = self._counts.setdefault(self._abstract.get(list_id, list_id), [])
        if list_id not in self._restarted:
            self._restarted.add(list_id)
            if level_number in self._overrides.get(list_id, {}):
                del counts[level_number:]
        while len(counts) <= level_number:
            missing = len(counts)
            start = self._start(list_id, missing)
            counts.append(start - 1 if missing == level_number else start)
        del counts[level_number + 1 :]
        counts[level_number] += 1
        return self._printed(list_id, level, counts)

    def _start(self, list_id: str, level: int) -> int:
        override = self._overrides.get(list_id, {}).get(level)
        definition = self._lists[list_id].get(level)
        return override if override is not None else definition.start if definition else 1

    def _printed(self, list_id: str, level: _Level, counts: list[int]) -> str:
        levels = self._lists[list_id]

        def one(match: re.Match[str]) -> str:
            place = int(match[1]) - 1
            definition = levels.get(place)
            return (
                _formatted(counts[place], definition.format if definition else "decimal")
                if place < len(counts)
                else ""
            )

        return re.sub(r"%([1-9])", one, level.text)

    def _place(self, paragraph: etree._Element) -> tuple[str, int] | None:
        """List and level, named by the paragraph itself or by its style; the list 0 takes the number away."""
        properties = paragraph.find(f"{W}pPr")
        if properties is None:
            return None
        own = properties.find(f"{W}numPr")
        style = properties.find(f"{W}pStyle")
        inherited = self._styles.get(style.get(f"{W}val", "")) if style is not None else None
        if own is None:
            return inherited
        list_id = _value(own, "numId") or (inherited[0] if inherited else "")
        level = _integer(_value(own, "ilvl"), inherited[1] if inherited else 0)
        return (list_id, level) if list_id not in ("", "0") and 0 <= level < _MAX_LEVEL else None

    def _read_lists(self, root: etree._Element) -> None:
        definitions = {
            item.get(f"{W}abstractNumId", ""): _levels(item) for item in root.iterchildren(f"{W}abstractNum")
        }
        for item in root.iterchildren(f"{W}num"):
            list_id, abstract = item.get(f"{W}numId", ""), _value(item, "abstractNumId")
            levels = dict(definitions.get(abstract, {}))
            for override in item.iterchildren(f"{W}lvlOverride"):
                level = _integer(override.get(f"{W}ilvl"), 0)
                levels.update(_levels(override))
                start = _value(override, "startOverride")
                if start:
                    self._overrides.setdefault(list_id, {})[level] = _integer(start, 1)
            self._lists[list_id], self._abstract[list_id] = levels, abstract

    def _read_styles(self, root: etree._Element) -> None:
        based: dict[str, str] = {}
        for style in root.iterchildren(f"{W}style"):
            name = style.get(f"{W}styleId", "")
            based[name] = _value(style, "basedOn")
            numbered = style.find(f"{W}pPr/{W}numPr")
            if numbered is not None and (list_id := _value(numbered, "numId")) not in ("", "0"):
                self._styles[name] = (list_id, _integer(_value(numbered, "ilvl"), 0))
        for name in based:
            ancestor = based[name]
            for _ in range(10):  # a damaged file may base styles on one another in a circle
                if name in self._styles or not ancestor:
                    break
                if ancestor in self._styles:
                    self._styles[name] = self._styles[ancestor]
                ancestor = based.get(ancestor, "")


def _levels(item: etree._Element) -> dict[int, _Level]:
    return {
        _integer(level.get(f"{W}ilvl"), 0): _Level(
            _value(level, "numFmt") or "decimal", _value(level, "lvlText"), _integer(_value(level, "start"), 1)
        )
        for level in item.iterchildren(f"{W}lvl")
    }


def _value(element: etree._Element, name: str) -> str:
    child = element.find(f"{W}{name}")
    return "" if child is None else child.get(f"{W}val", "")


def _integer(text: str | None, default: int) -> int:
    text = text or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else default


def _bullet(text: str) -> str:
    """A bullet that is a box of a symbol font is a tick; any other is ornament."""
    return symbol(ord(text)) if len(text) == 1 and 0xF000 <= ord(text) <= 0xF0FF and ord(text) != 0xF06E else ""


def _formatted(number: int, style: str) -> str:
    if style in (
        "chineseCounting",
        "chineseCountingThousand",
        "japaneseCounting",
        "ideographDigital",
        "taiwaneseCounting",
    ):
        return _chinese(number)
    if style in ("lowerLetter", "upperLetter") and number > 0:
        letter = chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 % 5 + 1)
        return letter.upper() if style == "upperLetter" else letter
    if style in ("lowerRoman", "upperRoman"):
        return _roman(number).lower() if style == "lowerRoman" else _roman(number)
    if style.startswith("decimalEnclosedCircle") and 1 <= number <= 20:
        return chr(0x2460 + number - 1)
    return str(number)


def _chinese(number: int) -> str:
    if number >= 100:
        return str(number)
    tens, ones = divmod(number, 10)
    if not tens:
        return _DIGITS[ones]
    return (_DIGITS[tens] if tens > 1 else "") + "十" + (_DIGITS[ones] if ones else "")


def _roman(number: int) -> str:
    signs = [(100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")]
    text = ""
    for value, sign in signs:
        while number >= value and len(text) < 20:
            text += sign
            number -= value
    return text
