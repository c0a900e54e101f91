"""The words of a list of visitors: which name an institution, and which a person with a title."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

from . import vocabulary

_MAX_NAME = 120  # characters; what is longer is prose, or damage
LATIN = re.compile(r"\d{0,3}[A-Za-z][A-Za-z0-9.&'’\- ]*")
BRACKETS = re.compile(r"[（(]([^（）()]*)[）)]")
_TITLE_IN_BRACKETS = re.compile(
    f"{vocabulary.TITLE.pattern}$|{vocabulary.TITLE_END.pattern}|^(?:线上|现场|电话|视频|男|女|.?)$"
)
_HAN = re.compile("[\u3400-\u9fff]+")
_COURTEOUS = re.compile("(.{3,})(?:先生|女士|小姐)")
_PLACES = re.compile(
    "有限合伙|普通合伙|特殊普通合伙|集团|中国|香港|上海|北京|深圳|广州|天津|海南|亚太|亚洲|国际|[A-Za-z]{2,}"
)


@dataclasses.dataclass(frozen=True, slots=True)
class Part:
    """A name with what it is: institution, person, title or unknown."""

    kind: str
    text: str
    title: str = ""


def person_of(text: str) -> tuple[str, str] | None:
    """Name and title of a person written as one word (张三, 张三研究员, 研究员张三, 王总), else None."""
    text = text.strip()
    if not 1 < len(text) <= 60 or not (_HAN.fullmatch(text[:2]) or _HAN.fullmatch(text[-2:])):
        return None
    if bracket := re.fullmatch(r"(.+?)\s*[（(](.*)[）)]", text):
        inner = person_of(bracket[1])
        return (inner[0], " ".join(filter(None, (inner[1], bracket[2].strip())))) if inner else None
    if _is_name(text):
        return text, ""
    if len(text) > 2 and text[0] in vocabulary.SURNAMES and vocabulary.SHORT_TITLE.fullmatch(text[1:]):
        return text[0], text[1:]
    if len(text) == 2 and text[0] in vocabulary.SURNAMES and text[1] == "总":
        return text[0], "总"
    for length in (3, 2, 4):
        if _is_name(text[:length]) and vocabulary.TITLE.fullmatch(text[length:]):
            return text[:length], text[length:]
    for length in (3, 2, 4):
        title, name = text[:-length], text[-length:]
        # 董事长孙膑 is no 长孙膑.
        if _is_name(name) and vocabulary.TITLE.fullmatch(title) and not vocabulary.TITLE.fullmatch(title + name[0]):
            return name, title
    if (courteous := _COURTEOUS.fullmatch(text)) and (inner := person_of(courteous[1])) and inner[1]:
        return inner  # 董事长张三先生: 先生 says nothing beside an office
    return None


def _is_name(text: str) -> bool:
    """Two or three characters of which the first is a family name, or four with a family name of two."""
    if text in vocabulary.NOT_A_NAME or vocabulary.TITLE.fullmatch(text):
        return False
    if not all("\u3400" <= sign <= "\u9fff" for sign in text):
        return (
            "·" in text and 4 <= len(text) <= 15 and all("\u3400" <= sign <= "\u9fff" or sign == "·" for sign in text)
        )
    if text[:2] in vocabulary.COMPOUND_SURNAMES:
        return 3 <= len(text) <= 4
    return 2 <= len(text) <= 3 and text[0] in vocabulary.SURNAMES


def is_institution(text: str) -> bool:
    if vocabulary.BRAND.fullmatch(text):
        return True
    return any(match.end() == len(text) for match in _ends(text))


def _ends(text: str) -> Iterator[re.Match[str]]:
    """Every place at which the name of an institution may end."""
    for start in range(1, len(text)):
        if match := vocabulary.INSTITUTION_END.match(text, start):
            yield match


def parts_of(word: str) -> list[Part]:
    """A word that holds no separator: one name, or an institution with the person glued to it."""
    word = word.strip(" 、,，。.;；:：-—")
    word = re.sub(r"(?<=.)等+$", "", word)
    if not word or word in "等和及与":
        return []
    if len(word) > _MAX_NAME:
        return [Part("unknown", word)]
    if vocabulary.TITLE.fullmatch(word) or re.fullmatch(r"\d{1,3}[人名位]", word):  # 2人 stands for those unnamed
        return [Part("title", word)]
    if word[0] in "（(" and word[-1] in "）)" and vocabulary.TITLE.fullmatch(word[1:-1]):
        return [Part("title", word[1:-1])]
    if LATIN.fullmatch(word):
        return _latin(word)
    if paper := re.fullmatch(r"(《[^《》]+》)(.*)", word):
        person = person_of(paper[2])
        reporter = [Part("person", *person)] if person else parts_of(paper[2])
        return [Part("institution", paper[1]), *reporter]
    if "（" in word or "(" in word:
        return _with_brackets(word)
    if vocabulary.BRAND.fullmatch(word):
        return [Part("institution", word)]
    if not is_institution(word) and (person := person_of(word)):
        return [Part("person", *person)]
    if dashed := _dashed(word):
        return dashed
    if is_institution(word):
        return [Part("institution", word)]
    if people := _joined_people(word):
        return people
    if glued := _glued(word):
        return glued
    if vocabulary.TITLE_END.search(word) and len(word) <= 14:
        return [Part("title", word)]
    return [Part("unknown", word)]


def _joined_people(text: str) -> list[Part]:
    """One person, or several with 和 between them; a name that holds the sign (何清和) is one."""
    if person := person_of(text):
        return [Part("person", *person)]
    people = [person_of(name) for name in re.split("[和及与]", text)]
    return [Part("person", *person) for person in people if person] if all(people) else []


def _glued(word: str) -> list[Part]:
    """南方基金史博 -> the institution and the person; the longest institution that leaves a person."""
    if (latin := re.fullmatch(r"([A-Za-z][\w.&'’\- ]*[A-Za-z.])([\u3400-\u9fff]{2,8})", word, re.ASCII)) and (
        person := person_of(latin[2])
    ):
        return [Part("institution", latin[1].strip()), Part("person", *person)]
    ends = {match.end() for match in _ends(word)}
    if brand := vocabulary.BRAND.match(word):
        ends.add(brand.end())
    for end in sorted(ends, reverse=True):
        left, right = word[:end], word[end:].strip(" -—–_").removeprefix("的")
        if people := _joined_people(right):
            return [Part("institution", left), *people]
        if vocabulary.TITLE.fullmatch(right):
            return [Part("institution", left), Part("title", right)]
        if LATIN.fullmatch(right) and not vocabulary.FOREIGN_WORD.search(right) and len(right) > 2:
            return [Part("institution", left), Part("person", right)]
    for end in range(2, len(word) - 3):  # 某某新闻记者张三: an office parts the two, whatever the firm is called
        if (person := person_of(word[end:])) and person[1] and not word[end:].startswith(person[0]):
            return [Part("institution", word[:end]), Part("person", *person)]
    return []


def _dashed(word: str) -> list[Part]:
    left, dash, right = re.sub(r"[—–\-－]+", "-", word).partition("-")
    if dash and left and right and not LATIN.fullmatch(word):
        name, _, title = right.partition("-")
        if vocabulary.TITLE.fullmatch(title) and (person := person_of(name)):
            return [Part("institution", left), Part("person", person[0], title)]
        if person := person_of(right):
            return [Part("institution", left), Part("person", *person)]
        if (person := person_of(left)) and not person_of(right):
            return [Part("institution", right), Part("person", *person)]
    return []


def spaced_dash(group: str) -> list[Part]:
    """Value Partners – 李明: what stands before the dash is one name, of however many words."""
    left, dash, right = re.sub(r"\s+[-–—－]{1,2}\s+", "\0", group).partition("\0")
    left, right = left.strip(), right.strip()
    if not (dash and left and right) or "\0" in right:
        return []
    if person := person_of(right):
        return [Part("institution", left), Part("person", *person)]
    if LATIN.fullmatch(right) and not vocabulary.FOREIGN_WORD.search(right) and not person_of(left):
        return [Part("institution", left), Part("person", right)]
    if person := person_of(left):
        return [Part("institution", right), Part("person", *person)]
    return []


def latin_brackets(group: str) -> list[Part]:
    """Kate Lin（Harbour Ridge Capital）: of two Latin names that which is a firm's by its words."""
    match = re.fullmatch(r"\s*([A-Za-z][A-Za-z.'’\- ]*?)\s*[（(]([^（）()]+)[）)]\s*", group)
    if not match:
        return []
    left, inner = match[1], match[2].strip()
    firm = vocabulary.FOREIGN_FIRMS.match(inner) or vocabulary.FOREIGN_WORD.search(inner) or is_institution(inner)
    known = vocabulary.FOREIGN_FIRMS.match(left) or vocabulary.FOREIGN_WORD.search(left)
    if firm and not known and not re.fullmatch(r"Hong Kong|HK|China|Asia|Singapore|Japan|London|Global", inner):
        return [Part("institution", inner), Part("person", left)]
    if known and not firm and re.fullmatch(r"[A-Z][a-z'’.\-]+(?: [A-Z][A-Za-z'’.\-]*){1,2}", inner):
        return [Part("institution", left), Part("person", inner)]
    return []


def _with_brackets(word: str) -> list[Part]:
    """Brackets hold a part of the firm's name, a title, or the firm's persons."""
    match = BRACKETS.search(word)
    if match is None:
        return [Part("unknown", word)]
    before, inner, after = word[: match.start()].strip(), match[1].strip(), word[match.end() :].strip()
    if _PLACES.fullmatch(inner) or not inner:
        if after and (glued := parts_of(after)) and glued[0].kind in ("person", "title"):
            return [Part("institution", word[: match.end()]), *glued]
        if len(glued := _glued(after)) == 2:
            return [Part("institution", word[: match.end()] + glued[0].text), *glued[1:]]
        return [Part("institution", word)]
    if not after:
        if person := person_of(before):
            if not _TITLE_IN_BRACKETS.search(inner):
                return [Part("institution", inner), Part("person", *person)]
            return [Part("person", person[0], " ".join(filter(None, (person[1], inner))))]
        people = [part for name in re.split(r"[、,，/\s]+", inner) if name for part in parts_of(name)]
        if {part.kind for part in people} in ({"person"}, {"person", "title"}):
            return [*parts_of(before), *people]
        if vocabulary.TITLE.fullmatch(inner):
            return [*parts_of(before), Part("title", inner)]
        if len(parts := _glued(before)) == 2:
            return [parts[0], Part("person", parts[1].text, " ".join(filter(None, (parts[1].title, inner))))]
    return [Part("institution", word)]


def _latin(word: str) -> list[Part]:
    """Morgan Stanley and Point72 Hong Kong are firms; so is a firm that is known, before a person's name."""
    firm = vocabulary.FOREIGN_FIRMS.match(word)
    if firm and (rest := word[firm.end() :].strip()):
        if not vocabulary.FOREIGN_WORD.search(rest) and re.fullmatch(
            r"[A-Z][A-Za-z.'’\-]*(?: [A-Z][A-Za-z.'’\-]*){0,2}", rest
        ):
            return [Part("institution", firm[0]), Part("person", rest)]
        return [Part("institution", word)]
    if firm or vocabulary.FOREIGN_WORD.search(word) or re.search(r"\d|&", word):
        return [Part("institution", word)]
    return [Part("latin", word)]


# 毛敬亭/Ostara Japan: what stands behind a person and a stroke is the firm.
NAME_AND_FIRM = (["person", "institution"], ["person", "latin"])
