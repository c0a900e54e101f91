"""Short cells of the form -> values: the ticked activity types, and the hosts."""

from __future__ import annotations

import re

from . import vocabulary
from .participants import unspaced
from .parties import person_of
from .shape import ACTIVITY_TYPES, OTHER_ACTIVITY, Doubt, Host, gettext_noop

# Activity types

_TICKS = "☑☒✓✔√■✅🗹●◉þüR"
_BOXES = "□☐○◯▢⬜◻❑❏¨£"
_BRACKETED = re.compile(r"[\[［【(（]\s*([xX√✓✔☑■vV ]?)\s*[\]］】)）]")
_MARK = re.compile(f"[{_TICKS}{_BOXES}]")
_PROMPT = re.compile(
    r"(?:请)?(?:用)?(?:以)?文字(?:说明|描述)(?:其他)?(?:活动)?(?:内容|类别|类型)?|如有|请说明|请注明|具体内容|具体说明"
)
_OPTION = re.compile("|".join(r"\s*".join(name) for name in ACTIVITY_TYPES) + r"|其\s*它")

# □特定对象调研√ □分析师会议: a tick that touches only the type before it is that one's, its box or none before it.
_TICK_BEHIND = re.compile(rf"(?:[{_BOXES}]\s*)?({_OPTION.pattern})[{_TICKS}](?=[\s、,，;；]|$)")


def read_activities(text: str) -> tuple[tuple[str, ...], str, list[Doubt]]:
    """The ticked types in the form's order, the free text beside 其他, and what is uncertain.

    Explicit ticks win. Only where there is none, the options that have lost their box count as ticked.
    """
    text = _BRACKETED.sub(lambda match: "☑" if match[1].strip() else "□", text) if _has_brackets(text) else text
    text = text.replace("\u0000", "")
    if "R" in text and "£" not in text:
        text = text.replace("R", "\u0000")  # a tick of Wingdings 2 only beside the box of that font
    marks = _marked_chunks(text)
    options: list[tuple[str, str]] = []  # mark ("☑", "□" or ""), option as written
    for mark, chunk in marks:
        options += _options(mark, chunk.replace("\u0000", "R"))
    boxes = any(mark for mark, _ in options)
    ticked = [name for mark, name in options if mark == "☑"]
    bare = [name for mark, name in options if not mark]
    doubts = []
    if not ticked and (len(bare) < len(options) or len(bare) < 5):
        ticked = bare
        if ticked and boxes:
            message = gettext_noop("No box is ticked; the types without a box are taken as ticked.")
            doubts.append(Doubt("activity_types", message))
    if not ticked and text.strip():
        doubts.append(Doubt("activity_types", gettext_noop("No activity type is ticked.")))
    return _named(ticked, [name for _, name in options], doubts)


def _has_brackets(text: str) -> bool:
    return any(_OPTION.match(text[match.end() :].lstrip()) for match in _BRACKETED.finditer(text))


def _marked_chunks(text: str) -> list[tuple[str, str]]:
    """Each mark with the text that follows it, or that precedes it where the marks stand behind."""
    places = list(_MARK.finditer(text))
    if not places:
        return [("", text)]
    after = text[places[-1].end() :]
    behind = _OPTION.match(text.strip()) and re.fullmatch(r"[\s）)]*(?:[（(][^（）()]*[）)]\s*)?", after)
    chunks = []
    if not behind:
        text = _TICK_BEHIND.sub(r"☑\1", text)
        places = list(_MARK.finditer(text))
    if behind:
        start = 0
        for place in places:
            chunks.append((place[0], text[start : place.start()].rstrip("（( ")))
            start = place.end()
        chunks[-1] = (chunks[-1][0], chunks[-1][1] + after.strip(" \t\n）)"))  # 其他 ■（策略会）
    else:
        chunks.append(("", text[: places[0].start()]))
        ends = [place.start() for place in places[1:]] + [len(text)]
        chunks += [(place[0], text[place.end() : end]) for place, end in zip(places, ends, strict=True)]
    merged: list[tuple[str, str]] = []
    held = ""
    for mark, chunk in chunks:
        mark = "" if not mark else "☑" if mark in _TICKS or held == "☑" else "□"
        if mark and not chunk.strip():  # □√ before one option are one mark
            held = mark
            continue
        merged.append((mark, chunk))
        held = ""
    return merged


def _options(mark: str, chunk: str) -> list[tuple[str, str]]:
    """The options in the text behind one mark: the mark is that of the first of them."""
    chunk = chunk.strip(" \t\n、,，;；/")
    if not chunk:
        return []
    starts = [match.start() for match in _OPTION.finditer(chunk)]
    free = next((match.start() for match in re.finditer(r"其\s*[他它]", chunk)), len(chunk))
    starts = sorted({0, *(start for start in starts if start <= free)})
    pieces = [chunk[a:b].strip(" \t\n、,，;；/") for a, b in zip(starts, [*starts[1:], len(chunk)], strict=True)]
    return [(mark if place == 0 else "", piece) for place, piece in enumerate(pieces) if piece]


def _named(ticked: list[str], options: list[str], doubts: list[Doubt]) -> tuple[tuple[str, ...], str, list[Doubt]]:
    names: set[str] = set()
    words: list[str] = []
    for option in options:
        match = _OPTION.match(option)
        if match is None and option in ticked:  # a type that the official form does not know
            names.add(OTHER_ACTIVITY)
            words.append(option)
            continue
        if match is None:
            continue
        name = re.sub(r"\s", "", match[0]).replace("它", "他")
        rest = _PROMPT.sub("", option[match.end() :])
        rest = re.sub(r"[（(]\s*[）)]", "", rest).strip(" \t\n：:_＿、，,。;；-—")
        if bracket := re.fullmatch(r"[（(](.*?)[）)]?", rest, re.DOTALL):
            rest = bracket[1].strip(" \t\n：:_＿、，,。;；")
        if option in ticked:
            names.add(name)
        if rest:
            words.append(rest)
    if words and OTHER_ACTIVITY not in names:
        message = gettext_noop("“%(text)s” stands beside a type that is not ticked as other.")
        doubts.append(Doubt("other_activity", message, {"text": "；".join(words)}))
    return (
        tuple(name for name in ACTIVITY_TYPES if name in names),
        "；".join(" ".join(w.split()) for w in words),
        doubts,
    )


# Hosts


def read_hosts(text: str) -> tuple[Host, ...]:
    """`职务：姓名`, titles glued to names, several titles of one person; a title without a name stays a title."""
    hosts: list[Host] = []
    for segment in re.split(r"[\n；;]+|(?<=[\u4e00-\u9fff])。", text):
        segment = re.sub(r"^\s*(?:\d{1,2}[、.．)）]|[（(]\d[)）])\s*", "", segment).strip(" 、,，。\t")
        if segment and not re.fullmatch(r"(?:序号|姓名|职务|职位|[\s、/])+", segment):  # the heading of a table
            # 林 立 is one name
            segment = re.sub(
                r"(?<![\u3400-\u9fff])([\u3400-\u9fff]) ([\u3400-\u9fff])(?![\u3400-\u9fff])", r"\1\2", segment
            )
            hosts += _segment_hosts(unspaced(segment))
    return tuple(hosts)


_HOSTS_LABEL = r"(?:姓名|职务|(?:上市)?公司|(?:公司)?接待人员?|(?:公司)?(?:参会|出席|与会)(?:人员|高管|领导|嘉宾))"


def _segment_hosts(segment: str) -> list[Host]:
    label, colon, _ = segment.replace(":", "：").partition("：")
    if not colon:
        return _sequence_hosts(segment)
    if re.fullmatch(_HOSTS_LABEL, label.strip()):
        return _sequence_hosts(re.sub(rf"{_HOSTS_LABEL}\s*[：:]", " ", segment))
    hosts: list[Host] = []
    rest = segment
    while (match := re.match(r"\s*([^：:]+?)\s*[：:]\s*([^：:]*)", rest)) is not None:
        title, value = match[1].strip(" 、,，"), match[2]
        rest = rest[match.end() :]
        if rest.startswith(("：", ":")):
            # The next title stands behind the last name: 董事长：张三 董事会秘书：李四
            cut = max(value.rstrip().rfind(sign) for sign in " 、,，\t")
            if cut < 0:
                hosts += _names(title, value)
                break
            words = re.split(r"(?<=[ 、,，\t])", value)
            names = words[:1]
            while len(words) > len(names) + 1 and person_of(words[len(names)].strip(" 、,，\t")):
                names.append(words[len(names)])
            rest = "".join(words[len(names) :]) + rest
            value = "".join(names)
        if person_of(title) and not vocabulary.TITLE.fullmatch(title) and vocabulary.TITLE.fullmatch(value.strip()):
            hosts.append(Host(value.strip(), title))
        else:
            hosts += _names(title, value)
    return hosts


def _names(title: str, text: str) -> list[Host]:
    names = _host_words(text)
    found: list[Host] = []
    for name in names:
        person = person_of(name)
        found.append(_host([title], *person) if person else Host(title, name))
    return found or [Host(title, "")]


def _host(titles: list[str], name: str, title: str) -> Host:
    """先生 and 女士 say nothing beside an office."""
    if titles and title in ("先生", "女士", "小姐"):
        title = ""
    return Host("、".join(filter(None, [*titles, title])), name)


def _sequence_hosts(segment: str) -> list[Host]:
    """Titles and names in turn; titles before a name are joined as they stand: 董事、副总经理 张三."""
    hosts: list[Host] = []
    titles: list[str] = []
    names_first = False
    for word in _host_words(segment):
        person = None if vocabulary.TITLE.fullmatch(word) else person_of(word) or _person_by_place(word, titles)
        if person:
            name, title = person
            if title and word.startswith(name):
                names_first = not titles
            hosts.append(_host(titles, name, title))
            names_first = names_first or (not titles and not title)
            titles = []
        elif names_first and hosts and vocabulary.TITLE.fullmatch(word):
            hosts[-1] = Host("、".join(filter(None, (hosts[-1].title, word))), hosts[-1].name)
        else:
            titles.append(word)
    if titles:
        hosts.append(Host("、".join(titles), ""))
    return hosts


# Behind an office such a word is a name, whatever its family name; departments and groups are none.
_NAME_BY_PLACE = re.compile(
    r"(?!.*(?:[部室处组层等]|人员|成员|团队|代表|公司)$)([\u3400-\u9fff]{2,3})(?:先生|女士|小姐)?"
)


def _person_by_place(word: str, titles: list[str]) -> tuple[str, str] | None:
    """董事会秘书 海平, or both in one word: who follows an office is a person."""
    if titles and vocabulary.TITLE.fullmatch(titles[-1]) and (name := _NAME_BY_PLACE.fullmatch(word)):
        return name[1], ""
    for place in range(len(word) - 2, 1, -1):
        name = _NAME_BY_PLACE.fullmatch(word, place)
        if name and vocabulary.TITLE.fullmatch(word, 0, place):
            return name[1], word[:place]
    return None


def _host_words(segment: str) -> list[str]:
    """Names and titles between separators; 和 is one only where it does not belong to the name (何清和)."""
    words: list[str] = []
    segment = re.sub(r"(?<=[\u3400-\u9fff]{2})等(?:\d+人|人|人员|高管)?$", "", segment)
    for word in filter(None, re.split(r"[、,，/\s]+", segment)):
        parts = re.split(r"(?<=[\u4e00-\u9fff])[和及与](?=[\u4e00-\u9fff]{2})", word)
        words += [word] if person_of(word) else parts
    return words
