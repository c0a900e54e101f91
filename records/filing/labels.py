"""The labels of the form's rows, under all the names that companies give them."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Collection, Iterable
from functools import lru_cache

# What a label stands for. Names of `Filing`'s fields, save for:
# "participants", "held", "content" (read further), "title", "section" (a heading without a value) and
# "other" (a row that the form has no field for, known here so that plain text shows where it begins).
_OF = (
    r"(?:投资者关系|投资者|上市公司|公司|本次|此次|机构){0,3}"
    r"(?:活动|会议|调研|接待|交流|互动|来访|沟通|召开|举办|举行|参会|参观){0,2}的?"
)
_PARTY = r"(?:投资者|机构|单位|人员|对象|嘉宾|来宾|媒体|分析师|方|公司)"
_AND = r"[和及与、]?"
_NAMES = r"(?:姓名|名单|职务|、|和|及|与)*"
_OURS = r"(?:上市公司|本公司|公司|我方)"
_PATTERNS = {
    "company_code": r"(?:[AＡ]股)?(?:证券|股票|公司|股份)代[码号](?:[（(]?[AＡ]股[）)]?)?|[AＡ]股代[码号]",
    "company_short_name": r"(?:[AＡ]股)?(?:证券|股票|公司|股份)简称|[AＡ]股简称",
    "company_name": r"(?:上市)?公司(?:全称|名称|中文名称)",
    "number": r"(?:公告|记录表?|登记表?|文件|活动|投资者关系活动)?编号",
    "title": r"标题|文件标题",
    "activity_types": rf"{_OF}(?:类别|类型|种类|分类|形式类别)|投资者关系(?:类别|类型)",
    "held": rf"{_OF}(?:日期{_AND}时间|时间{_AND}日期|时间|起止时间)"
    rf"|(?:会议|活动|调研|接待|召开|来访|交流)日期|{_OF}(?:时间|日期)[和及与、]地点",
    "place": rf"{_OF}(?:地点|地址|场所)",
    "hosts": rf"{_OURS}?(?:主要)?(?:接待|参会接待|参与接待)(?:人员|人|方|嘉宾){_NAMES}"
    rf"|{_OURS}(?:参与|参会|出席|参加|与会)(?:活动|会议)?的?(?:人员|嘉宾|人){_NAMES}",
    "participants": r"(?:本次|此次)?(?:会议|活动)?(?:参与|参会|参加|来访|到访|调研|出席|与会|接待|采访)"
    rf"(?:活动|会议|本次活动|调研)?的?{_PARTY}{{1,2}}(?:名称|名单|姓名|数量|人数|清单|情况|{_PARTY}|及|和|与|、|其|职务)*"
    r"|(?:投资者|机构)(?:名称|名单|清单)(?:及人员姓名)?",
    "content": rf"(?:主要)?{_OF}(?:主要|具体|详细|基本)?(?:内容|问答|问题|纪要)"
    rf"(?:介绍|情况|纪要|概要|概述|摘要|环节|内容|记录|说明)*{_AND}"
    r"(?:回复|答复|回答|公司回复|公司答复|(?:具体|主要|详细)?问答(?:记录|环节)?)?(?:情况|内容)?"
    rf"|{_OF}(?:情况)?(?:纪要|问答)(?:环节|内容|情况)?"
    r"|(?:投资者)?(?:提出的|关注的)?(?:主要)?问题[及和与](?:公司)?的?(?:回复|答复|回答)(?:情况)?"
    r"|交流(?:情况|环节)|提问[及与和](?:回复|回答|答复)",
    "material_information": r"(?:关于)?(?:本次|此次)?(?:投资者关系)?(?:活动|会议|调研|交流)?(?:过程)?中?"
    r"是否(?:涉及|存在|泄露|披露).{0,8}重大信息的?(?:情况)?(?:的?说明)?",
    "attachments": r"附件(?:清单|列表|目录)?|(?:本次)?(?:活动|会议).{0,12}(?:演示文稿|提供的文档|文档).{0,12}",
    "signed_on": r"(?:填表|记录|填写|制表|填报|登记|签署|报送)?日期",
    "section": r"(?:投资者关系活动|本次活动|活动|会议)?(?:基本)?情况(?:介绍|概述)?|基本信息",
    "other": r"(?:活动|会议|交流|召开|参与|调研)?(?:方式|形式)|(?:特别|重要)?风险提示|注意事项|备注|记录人(?:员)?"
    r"|(?:会议|活动)?主持人|签到(?:人|表)|承诺书.{0,10}|(?:披露|公告|发布)日期|投资者签名|联系人|联系电话"
    r"|其他(?:说明|事项)|网址|会议平台|活动平台|天气|[BHＢＨ]股(?:证券|股票)?(?:代[码号]|简称)",
}
_KINDS = [(kind, re.compile(pattern)) for kind, pattern in _PATTERNS.items()]

# Labels that are clipped, or spread over lines, are found again in these.
_PRINTED = {
    "投资者关系活动类别": "activity_types",
    "参与单位名称及人员姓名": "participants",
    "参与单位及人员姓名": "participants",
    "上市公司接待人员姓名": "hosts",
    "投资者关系活动主要内容介绍": "content",
    "关于本次活动是否涉及应披露重大信息的说明": "material_information",
    "活动过程中所使用的演示文稿、提供的文档等附件": "attachments",
}
# In running text these need a colon or a line of their own: they are ordinary words.
_SHORT = {"other", "section", "title", "signed_on", "attachments"}

_NOISE = re.compile(r"[\s:：*#_]+|[（(][^（）()]*[）)]|[（(][^（）()]*$")
_ORDINAL = re.compile(
    r"^\s*(?:[一二三四五六七八九十]{1,3}\s*[、.．]|[（(][一二三四五六七八九十\d]{1,3}[)）]|\d{1,2}\s*[、.．](?!\d))\s*"
)


def rejoin_labels(lines: list[str]) -> list[str]:
    """Lines in which a printed label that is spread over lines stands on one, its value after it.

    投资者关系活动 ☑路演活动 / 类别 □媒体采访 -> 投资者关系活动类别：☑路演活动 / □媒体采访
    """
    joined: list[str] = []
    place = 0
    while place < len(lines):
        found = _spread_label(lines, place)
        if found:
            label, value, place = found
            joined += [f"{label}：{value[0]}" if value else label, *value[1:]]
        else:
            joined.append(lines[place])
            place += 1
    return joined


def _spread_label(lines: list[str], place: int) -> tuple[str, list[str], int] | None:
    """The label that begins on this line and ends on one of the next four; its value; the line after it."""
    first, _, beside = lines[place].strip().partition(" ")
    for label in _PRINTED:
        if not 3 <= len(first) < len(label) or not label.startswith(first):
            continue
        rest, values = label[len(first) :], [beside.strip()] if beside else []
        for after in range(place + 1, min(place + 6, len(lines))):
            piece, gap, value = lines[after].strip().partition(" ")
            bare = piece.rstrip("：:")
            if bare and rest.startswith(bare):
                rest = rest[len(bare) :]
                values += [value.strip()] if gap else []
            elif values and not kind_of(piece):
                values.append(lines[after].strip())
            else:
                break
            if not rest:
                return label, [text for text in values if text], after + 1
    return None


def plain_label(text: str) -> str:
    """The label without spaces, colon, ordinal and remarks in brackets."""
    text = _NOISE.sub("", _ORDINAL.sub("", unicodedata.normalize("NFKC", text)))
    return text.strip("。.;；,，、-—·")


@lru_cache(maxsize=4096)
def kind_of(label: str) -> str | None:
    """What a row's label stands for; None for a label that is not one of the form's."""
    if len(label) > 80:
        return None
    plain = plain_label(label)
    if len(plain) < 2:
        return None
    for kind, pattern in _KINDS:
        if pattern.fullmatch(plain):
            return kind
    clipped = plain.strip("….")
    if len(clipped) >= 4:
        found = {kind for printed, kind in _PRINTED.items() if clipped in printed}
        if len(found) == 1:
            return found.pop()
        if found and clipped != "投资者关系活动":
            return "content"  # 资者关系活动…: the activity types show their boxes
    return None


_TRANSLATION = re.compile(r"(?<=[\u3400-\u9fff）)])[\s:：/]*[A-Za-z][A-Za-z .,’'/&()-]*[:：]?$")


def label_kind(cell: str) -> str | None:
    """The same of a cell in the column of labels, where the English may stand below the Chinese."""
    return kind_of(cell) or (kind_of(_TRANSLATION.sub("", cell)) if cell[-1:].isascii() else None)


# The form's rows for which a filing has fields.
ROWS = (
    *("activity_types", "participants", "held", "place", "hosts", "content"),
    *("material_information", "attachments", "signed_on"),
)


def by_row(
    extra: Iterable[tuple[str, str]], rows: Collection[str] = ROWS
) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """What a filing's extra rows say beyond the fields of the form's rows, by kind of row; and the extra rows left."""
    beyond: dict[str, list[str]] = {kind: [] for kind in rows}
    others = []
    for label, text in extra:
        if (kind := kind_of(label)) in beyond:
            beyond[kind].append(text)
        else:
            others.append((label, text))
    return {kind: "\n".join(filter(None, texts)) for kind, texts in beyond.items()}, others


_COLON = re.compile(r"^(.{2,60}?)\s*[:：\t]\s*(.*)$", re.DOTALL)
_GLUED = re.compile(
    r"^((?:投资者关系)?活动(?:类别|类型)|参与单位名称及人员姓名|上市公司接待人员(?:姓名)?|投资者关系活动主要内容介绍|"
    r"(?:会议|活动|调研|接待)?(?:时间|地点)|日期)[:：]?\s*(.+)$",
    re.DOTALL,
)
# Without any sign between them, a short label is one only before what it announces.
_GLUED_VALUE = {
    "activity_types": re.compile(r"[□☑√✓■☐☒\[]"),
    "held": re.compile(r"\d{4}"),
    "signed_on": re.compile(r"\d{4}"),
}


def split_label(line: str) -> tuple[str, str, int] | None:
    """(kind, label, where the value starts) of a line that begins with one of the form's labels, else None."""
    if (match := _COLON.match(line)) and (kind := kind_of(match[1])):
        return kind, match[1], match.start(2)
    if len(line) <= 40 and (kind := kind_of(line)):
        return kind, line, len(line)
    label = ""
    words = list(re.finditer(r"\S+", line))[:13]
    for word, following in itertools.pairwise(words):
        label += word[0]
        kind = kind_of(label)
        dated = kind == "signed_on" and re.match(r"\d{4}", following[0])
        plain = dated or (kind == "attachments" and re.fullmatch("无|不适用|/|详见.*|见.*", following[0]))
        # `时 间` is one label, so a longer one may still be there.
        if kind and (plain or kind not in _SHORT) and not (len(following[0]) <= 6 and kind_of(label + following[0])):
            return kind, label, following.start()
    if match := _GLUED.match(line):
        kind = kind_of(match[1])
        begins = _GLUED_VALUE.get(kind or "")
        if kind and (len(match[1]) >= 9 or (begins and begins.match(match[2]))):
            return kind, match[1], match.start(2)
    return None
