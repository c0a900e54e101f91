"""What a line says of itself by the way it begins: a number, a marker of question or answer, a speaker."""

from __future__ import annotations

import dataclasses
import enum
import re
from typing import NamedTuple


class Role(enum.Enum):
    """What the marker of a line promises."""

    ASK = "ask"
    ANSWER = "answer"


class Level(enum.Enum):
    """The family a number is written in: numbers of one family count on, whatever sign follows them."""

    PLAIN = "1、"
    HEADING = "一、"
    BRACKET = "（1）"
    HALF_BRACKET = "1）"
    BRACKET_HEADING = "（一）"
    CIRCLE = "①"
    ORDINAL = "第一"
    MARKER = "问题1"


class Number(NamedTuple):
    """A number at the beginning of a line."""

    level: Level
    value: int


@dataclasses.dataclass(frozen=True, slots=True)
class Mark:
    """What stands before a line's own words; `length` counts its characters.

    `speaker` is a name before a colon that is no marker by itself; whether it asks or answers shows only in
    the whole cell, and until then it belongs to the line's words: `speaker_length` is where these would begin.
    `timed`: the whole line says who spoke and when. `visitor`: the name is that of a kind of visitor, as 投资者.
    """

    number: Number | None = None
    role: Role | None = None
    length: int = 0
    speaker: str = ""
    speaker_length: int = 0
    timed: bool = False
    visitor: bool = False


_DIGITS = {sign: value for value, sign in enumerate("〇一二三四五六七八九")}
_CHINESE = "[一二三四五六七八九十]{1,3}"
_COLON = "[：:﹕︰∶]"

_DECORATION = re.compile(r"[\s*•●◆■▪◇□➢Ø\-—–·※★“”\ufeff\u200b]*")
# Gaps are bounded, so that no text of mere spaces makes a search slow.
_NUMBER = re.compile(
    rf"""
    [（(【\[〔]\s{{0,9}}(?:(?P<bracket>\d{{1,3}})|(?P<bracket_heading>{_CHINESE}))\s{{0,9}}[）)】\]〕][、.．：:,，]?
    | (?P<half_bracket>\d{{1,3}})\s{{0,9}}[)）][、.．：:]?
    | (?P<plain>\d{{1,3}})\s{{0,9}}
      (?:(?<=\s)(?P=plain)\s{{0,9}})?                                         # `7 7、`
      (?:[、．。，]|[.,：:](?!\d)|[.：:](?=\s{{0,9}}20[0-3]\d\s{{0,9}}年))[、.．]?  # 1.5 is no number 1, 1.2015年 is
    | (?P<bold>\d)(?P=bold){{1,3}}[、．.]{{2,4}}                                    # `2222、、、、`: printed over
    | (?P<heading>{_CHINESE})\s{{0,9}}(?:[、．.：:，。]|\s)
    | (?P<circle>[①-⑳])[、.．：:]?
    | 第(?:(?P<ordinal>\d{{1,2}})|(?P<ordinal_heading>{_CHINESE}))(?:个?问题?)?[、，,：:]
    """,
    re.VERBOSE,
)
_FAMILY = {
    "bracket": Level.BRACKET,
    "bracket_heading": Level.BRACKET_HEADING,
    "half_bracket": Level.HALF_BRACKET,
    "plain": Level.PLAIN,
    "bold": Level.PLAIN,
    "heading": Level.HEADING,
    "circle": Level.CIRCLE,
    "ordinal": Level.ORDINAL,
    "ordinal_heading": Level.ORDINAL,
}

# A marker's own number: 问题一, Q1, 问12. With a number, any sign after the marker will do; without, only a colon.
_OWN_NUMBER = rf"\s{{0,9}}[（(]?\s{{0,9}}(?:(?P<digits>\d{{1,3}})|(?P<chinese>{_CHINESE}))\s{{0,9}}[）)]?"
_AFTER_NUMBER = rf"\s{{0,9}}(?:{_COLON}|[】\]、．，]|\.(?!\d)|\s|$)\s{{0,9}}{_COLON}?"
_ASKING = r"(?:问题?|提问|问答|[Qq](?:uestion)?)"
_ANSWERING = r"(?:回?答复?|回复|解答|[Aa](?:nswer)?)"
_NUMBERED_ASK = re.compile(rf"[【\[]?{_ASKING}{_OWN_NUMBER}(?!、[Qq]\d){_AFTER_NUMBER}")
_NUMBERED_ANSWER = re.compile(rf"[【\[]?{_ANSWERING}{_OWN_NUMBER}{_AFTER_NUMBER}")
# The sign may stand several times: a bold letter that was printed twice comes out of a PDF twice.
_ASK = re.compile(
    rf"(?:[【\[（(]\s{{0,9}}{_ASKING}\s{{0,9}}[】\]）)]\s{{0,9}}{_COLON}?|(?:问题|提问|[问Qq]+)\s{{0,9}}{_COLON}+|[Qq]\s{{0,9}}[、.．])"
)
_ANSWER = re.compile(
    rf"""
    [【\[（(]\s{{0,9}}{_ANSWERING}\s{{0,9}}[】\]）)]\s{{0,9}}{_COLON}?
    | (?:回?答(?:复|案|题)?|回复|解答|[答Aa]+)(?:要点|内容)?\s{{0,9}}(?:{_COLON}+|[；;])
    | (?:答|答复|回复|回答)\s{{0,9}}[、，,.．](?!\d)
    | 答(?:\s+|(?=[“"]))
    """,
    re.VERBOSE,
)

# A transcript of an online meeting: who, when, and at the end of the line whether he asked.
_STAMPED = re.compile(
    r"(?P<name>\S{1,20})\s+\d{4}-\d{1,2}-\d{1,2}\s+\d{1,2}:\d\d(?::\d\d)?\s{0,9}(?P<sign>[问答])\s{0,9}$"
)
# `A、` is an answer or the first of A、B、C: like a name, the whole cell has to tell.
_LETTER = re.compile(r"(?P<label>A)\s{0,9}[、.．](?!\d)")
_LABEL = re.compile(
    rf"(?P<label>[^\s：:。，,；;？?！!、“”\"]{{1,18}}(?:\s{{1,4}}[^\s：:。，,；;？?！!、“”\"]{{1,8}})?)\s{{0,9}}{_COLON}+"
)
_ASKS_BY_NAME = re.compile(r"(?:提问|询问|发问|追问|问)[\dA-Za-z一二三四五六七八九十]{0,3}$")
_VISITOR = re.compile(
    r"(?:机构|个人|现场|网上|参会)?(?:投资者?|投资人|机构人员|机构代表|调研(?:员|者|人员|机构|人|方)?"
    r"|来访(?:者|人|人员|方|机构)?|来宾|记者|媒体|分析师|研究员|股东|网友|访谈者|嘉宾|机构)"
    r"(?P<which>[\dA-Za-z一二三四五六七八九十]{0,3})"
)
_ANSWERS_BY_NAME = re.compile(r"(?:回?答复?|回复|解答|作答)$")
# `以下为投资者提问：` and `主要问答：` announce questions; they are none.
_ANNOUNCES = re.compile(r"如下|以下|主要|内容|情况|环节|问答|请问|疑问|交流|关于|及|和|与|^第")


def chinese_value(text: str) -> int:
    """The value of a Chinese number up to 99, as 十二 or 二十一; 0 where it is none."""
    tens, ten, ones = text.rpartition("十")
    if not ten:
        return _DIGITS.get(text, 0)
    return (_DIGITS.get(tens, 1) if tens else 1) * 10 + (_DIGITS.get(ones, 0) if ones else 0)


def read_mark(text: str) -> Mark:
    """What stands at the beginning of a line, decoration included."""
    start = _DECORATION.match(text).end()  # type: ignore[union-attr]  # it matches nothing, too
    number, after = _read_number(text, start)
    if found := _STAMPED.match(text, after):
        stamped = Role.ASK if found["sign"] == "问" else Role.ANSWER
        return Mark(number, stamped, len(text), found["name"], len(text), timed=True)
    role, own, after_role = _read_role(text, after)
    if role is None and number is None:
        after_role = after = 0
    if own is not None:
        number = number or own
    speaker, after_speaker = ("", 0) if role else _read_label(text, after or start)
    if speaker and _ASKS_BY_NAME.search(speaker) and not _ANNOUNCES.search(speaker):
        return Mark(number, Role.ASK, after_speaker, speaker, after_speaker)
    if speaker and _ANSWERS_BY_NAME.search(speaker) and not _ANNOUNCES.search(speaker):
        return Mark(number, Role.ANSWER, after_speaker, speaker, after_speaker)
    visitor = _VISITOR.fullmatch(speaker)
    if visitor:
        speaker = speaker[: visitor.start("which")]
    return Mark(number, role, after_role if role else after, speaker, after_speaker, visitor=visitor is not None)


def _read_number(text: str, start: int) -> tuple[Number | None, int]:
    found = _NUMBER.match(text, start)
    if not found:
        return None, start
    kind, sign = next((kind, sign) for kind, sign in found.groupdict().items() if sign)
    if kind == "circle":
        return Number(Level.CIRCLE, ord(sign) - ord("①") + 1), _skip_spaces(text, found.end())
    value = int(sign) if sign.isdecimal() else chinese_value(sign)
    return Number(_FAMILY[kind], value), _skip_spaces(text, found.end())


def _read_role(text: str, start: int) -> tuple[Role | None, Number | None, int]:
    """The marker at `start`, the number it carries, and where the words begin."""
    for pattern, role in ((_NUMBERED_ASK, Role.ASK), (_NUMBERED_ANSWER, Role.ANSWER)):
        if found := pattern.match(text, start):
            digits = found["digits"]
            value = int(digits) if digits else chinese_value(found["chinese"])
            number = Number(Level.MARKER, value) if role is Role.ASK else None
            return role, number, _skip_spaces(text, found.end())
    if found := _ASK.match(text, start):
        words = _skip_spaces(text, found.end())
        number, after = _read_number(text, words)
        # `问题：3、…` is the third question, `问：1、… 2、…` one question of two points.
        if number and not re.search(rf"(?<!\d){number.value + 1}\s*[、.．)）]", text[after:]):
            return Role.ASK, number, after
        return Role.ASK, None, words
    if found := _ANSWER.match(text, start):
        return Role.ANSWER, None, _skip_spaces(text, found.end())
    return None, None, start


def _read_label(text: str, start: int) -> tuple[str, int]:
    found = _LETTER.match(text, start) or _LABEL.match(text, start)
    return (found["label"], _skip_spaces(text, found.end())) if found else ("", start)


def _skip_spaces(text: str, start: int) -> int:
    return start + len(text[start:]) - len(text[start:].lstrip())
