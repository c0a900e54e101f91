"""Names that look alike: what a person should look at, and never a reason to take two for one."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

# Of all that two names hold, weighed by how rare it is, what both must hold: 1 would be all.
THRESHOLD = 0.6


class Likeness(NamedTuple):
    """That another name, by its place among those of the index, looks like the one that was asked for."""

    place: int
    degree: float


# Words of names that tell little of whose they are, however rare they may be in a small directory.
_COMMON = (
    *("基金管理", "资产管理", "投资管理", "股权投资", "证券投资", "创业投资", "私募基金", "财富管理"),
    *("股份", "集团", "资管", "资本", "信托", "期货", "保险", "人寿", "银行", "理财", "控股", "咨询"),
    *("国际", "中国", "香港", "北京", "上海", "深圳", "广州", "杭州"),
    *("capital", "management", "partners", "investment", "asset", "fund", "group"),
)
COMMON_WEIGHT = 0.3
# Of so few names as a new directory has, none tells how rare its pieces are: as though so many others were there.
_SUPPOSED = 1000
_NUMBERS = re.compile("[0-9]+")
_IN_BRACKETS = re.compile(r"\([^()]*\)")


def pieces(key: str) -> frozenset[str]:
    """The pairs of neighbouring characters of a name's key, without what stands in brackets: mostly a place."""
    bare = _IN_BRACKETS.sub("", key) or key
    return frozenset(bare[at : at + 2] for at in range(max(len(bare) - 1, 1)))


_COMMON_PIECES = frozenset(piece for word in _COMMON for piece in pieces(word))


class Names:
    """An index over keys as `names.institution_key` gives them. What most names hold weighs little."""

    def __init__(self, keys: Iterable[str]) -> None:
        known = list(keys)
        self._pieces = [pieces(key) for key in known]
        self._numbers = [_NUMBERS.findall(key) for key in known]
        held: Counter[str] = Counter(piece for one in self._pieces for piece in one)
        size = len(self._pieces) + _SUPPOSED
        self._weight = {piece: _factor(piece) * math.log1p(size / n) for piece, n in held.items()}
        self._unknown = math.log1p(size)
        self._total = [self._weighed(one) for one in self._pieces]
        self._places: dict[str, list[int]] = defaultdict(list)
        for place, one in enumerate(self._pieces):
            for piece in one:
                self._places[piece].append(place)

    def like(self, key: str) -> Iterator[Likeness]:
        """All names that share enough with this one, itself among them if it is there; none is missed."""
        own = pieces(key)
        total, numbers = self._weighed(own), _NUMBERS.findall(key)
        found: set[int] = set()
        # What two names share is at least this much of the one; if it is found in none of the rarer pieces, the
        # commoner ones, which are in thousands of names, do not come to it.
        rest = total
        for piece in sorted(own, key=self._of, reverse=True):
            if rest < total * THRESHOLD / (2 - THRESHOLD):
                break
            found.update(self._places.get(piece, ()))
            rest -= self._of(piece)
        for place in found:
            if (degree := self._degree(own, total, numbers, place)) >= THRESHOLD:
                yield Likeness(place, degree)

    def degree(self, key: str, place: int) -> float:
        """How much a name and one of the index look alike, from 0 to 1."""
        own = pieces(key)
        return self._degree(own, self._weighed(own), _NUMBERS.findall(key), place)

    def _degree(self, own: frozenset[str], total: float, numbers: list[str], place: int) -> float:
        if numbers and self._numbers[place] and numbers != self._numbers[place]:
            return 0.0  # the first fund of a house is not its second
        return 2 * self._weighed(own & self._pieces[place]) / (total + self._total[place])

    def _of(self, piece: str) -> float:
        return self._weight.get(piece) or _factor(piece) * self._unknown

    def _weighed(self, held: Iterable[str]) -> float:
        return sum(map(self._of, held))


def _factor(piece: str) -> float:
    return COMMON_WEIGHT if piece in _COMMON_PIECES else 1.0
