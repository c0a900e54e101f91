"""Names of companies, institutions and topics: when two are one, and how to find one by typing pinyin."""

import re
import unicodedata

# Longest first: what a legal name adds to the name that people use.
_LEGAL_SUFFIXES = (
    "股份有限责任公司",
    "股份有限公司",
    "有限责任公司",
    "有限公司",
    "(特殊普通合伙)",
    "(普通合伙)",
    "(有限合伙)",
    "合伙企业",
    "companylimited",
    "colimited",
    "coltd",
    "limited",
    "ltd",
    "llc",
    "inc",
)
_NAME_OF_MANAGER = re.compile(r"基金管理$")
_IGNORED = re.compile(r"[\s·•.,，、;；:：'\"“”‘’\-—_/&]+")
_LIST_SIGNS = re.compile(r"[、，,;；\n\r\t]+")


def fold(text: str) -> str:
    """Width, case and white space folded: what two spellings of one name share."""
    return _IGNORED.sub("", unicodedata.normalize("NFKC", text)).lower()


def institution_key(name: str) -> str:
    """What identifies an institution among all spellings of its name: folded, without its legal form.

    华夏基金管理有限公司 and 华夏基金 are one; 国泰君安资管 and 国泰君安证券 are two.
    """
    key = whole = fold(name)
    stripped = True
    while stripped:
        stripped = False
        for suffix in _LEGAL_SUFFIXES:
            if key.endswith(suffix) and len(key) > len(suffix) + 1:
                key, stripped = key.removesuffix(suffix), True
                break
    return _NAME_OF_MANAGER.sub("基金", key) or whole


_DASHES = re.compile(r"\s*[-‐‑‒–—―−]+\s*")
_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}


def plain_number(text: str) -> str:
    """A record's number in the one way of writing it: 2026—001 and ２０２６－００１ are 2026-001. Never longer."""
    return _DASHES.sub("-", text.translate(_HALF_WIDTH)).strip()


def pinyin_index(name: str) -> str:
    """Initials and full pinyin of a name, separated by a space: `hxjj huaxiajijin`.

    Polyphones may come out wrong, so the columns that hold this can be edited.
    """
    # Imported here: the dictionary takes 57 MB and a third of a second, and only saving a name needs it.
    from pypinyin import Style, lazy_pinyin

    plain = unicodedata.normalize("NFKC", name)
    initials = "".join(lazy_pinyin(plain, style=Style.FIRST_LETTER))
    full = "".join(lazy_pinyin(plain))
    return f"{fold(initials)} {fold(full)}"[:200]


def split_list(text: str) -> list[str]:
    """The items of a list as people type it: `大模型、境外业务, 订单；毛利率` -> four; no empties, no repeats."""
    return list(dict.fromkeys(item for part in _LIST_SIGNS.split(text) if (item := part.strip())))
