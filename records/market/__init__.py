"""A made-up market of any size, to measure on: companies, institutions and their records, the same for the same seed.

Its proportions are those of the real market (a few companies and houses take most, results are talked about in April,
August and October, texts have the length they have in filings); its words are invented. No database.
"""

from __future__ import annotations

import bisect
import collections
import datetime
import itertools
import math
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from records.filing.shape import ACTIVITY_TYPES, OTHER_ACTIVITY
from records.names import institution_key

from . import words

# What ten years of the whole market come to; smaller markets have fewer of each, but not in proportion.
WHOLE = 250_000
COMPANIES, INSTITUTIONS = 5_400, 30_000

FIRST_DAY, LAST_DAY = datetime.date(2016, 1, 1), datetime.date(2025, 12, 31)
MONTHS = {1: 5, 2: 4, 3: 6, 4: 19, 5: 10, 6: 7, 7: 6, 8: 18, 9: 10, 10: 16, 11: 10, 12: 6}
GROWTH = 0.15  # of a year, on the first one

MOST_INSTITUTIONS, MOST_QUESTIONS, FEWEST_QUESTIONS = 239, 87, 3
REPEATED = 0.18  # questions that the same company was asked before, word for word
TEXT_LENGTH, TEXT_SPREAD = 945, 0.70  # median of a record's characters, and the spread of their logarithm
KEPT = 300  # earlier questions of a company that may be asked again
PEOPLE = 20_000

BOARDS = (  # first and last code of a board, and its share of a hundred companies
    (600_000, 605_599, 31),
    (1, 3_999, 28),
    (300_000, 301_699, 25),
    (688_000, 688_999, 11),
    (920_000, 920_999, 5),
)
# Boxes of the form and how often each is ticked first.
ACTIVITIES = dict(zip(ACTIVITY_TYPES, (52, 8, 1, 11, 1, 6, 5, 12, 4), strict=True))


class Company(NamedTuple):
    code: str
    short_name: str
    full_name: str
    fillers: Mapping[str, Sequence[str]]  # what its people talk about


class Institution(NamedTuple):
    name: str
    type: str


class Visitor(NamedTuple):
    institution: int  # its place among the market's institutions
    name_as_filed: str
    person: str
    title: str


class Question(NamedTuple):
    text: str
    answer: str
    subjects: tuple[int, ...]  # places in `words.SUBJECTS`


class Record(NamedTuple):
    """One record; `company` is its place among the market's companies, `serial` counts that company's in a year."""

    company: int
    serial: int  # 0 where the form bears no number
    held_from: datetime.date
    held_to: datetime.date | None
    disclosed_on: datetime.date
    activities: list[str]
    other_activity: str
    place: str
    hosts: list[dict[str, str]]
    stated_institutions: int | None
    introduction: str
    closing: str
    visitors: list[Visitor]
    questions: list[Question]


def scaled(most: int, size: int, fewest: int, power: float) -> int:
    """How many companies or institutions a market of this many records has."""
    return max(fewest, min(most, round(most * (size / WHOLE) ** power)))


class Lot:
    """Places 0, 1, 2 …, of which those of more weight are drawn more often."""

    def __init__(self, rng: random.Random, weights: Sequence[float]) -> None:
        self._random = rng.random
        self._bounds = list(itertools.accumulate(weights))

    def draw(self) -> int:
        return bisect.bisect(self._bounds, self._random() * self._bounds[-1], 0, len(self._bounds) - 1)

    def several(self, count: int) -> list[int]:
        """That many different ones."""
        found: dict[int, None] = {}
        while len(found) < count:
            found[self.draw()] = None
        return list(found)


def falling(count: int, power: float, head: int) -> list[float]:
    """Weights by rank: the first few are about the same, then fewer and fewer."""
    return [1 / (rank + head) ** power for rank in range(count)]


Pattern = list[tuple[str, str]]  # texts, each with the gap that follows it, if any


def _compiled(patterns: Sequence[str]) -> list[Pattern]:
    return [
        list(itertools.zip_longest(pieces[::2], pieces[1::2], fillvalue=""))
        for pieces in (re.split(r"\{(\w+)\}", pattern) for pattern in patterns)
    ]


QUESTIONS, SMALL_TALK, ANSWERS = map(_compiled, (words.QUESTIONS, words.SMALL_TALK, words.ANSWERS))
((INTRODUCTION,), (CLOSING,)) = map(_compiled, ([words.INTRODUCTION], [words.CLOSING]))
PLAIN_ANSWERS = [pattern for pattern in ANSWERS if all(gap != "word" for _text, gap in pattern)]
FIGURES = {
    "count": [str(number) for number in range(2, 80)],
    "number": [f"{number / 10:.1f}" for number in range(11, 600, 7)],
    "amount": [f"{number / 100:.2f}亿" for number in range(13, 6000, 13)],
}
HALF_SENTENCE = 18


class Market:
    """`size` records with everything they name. Companies and institutions are lists, records come one by one."""

    def __init__(self, size: int, seed: int) -> None:
        self.size = size
        self._rng = rng = random.Random(seed)  # noqa: S311 - the same for the same seed is what is wanted
        self.companies = self._make_companies(scaled(COMPANIES, size, 12, 0.6))
        self.institutions = self._make_institutions(scaled(INSTITUTIONS, size, MOST_INSTITUTIONS, 0.65))
        self._people = [
            self._pick(words.SURNAMES) + "".join(self._characters(1 + (rng.random() < 0.7))) for _ in range(PEOPLE)
        ]
        ranks = falling(len(self.companies), 0.9, 8)
        rng.shuffle(ranks)
        self._company_lot = Lot(rng, ranks)
        self._institution_lot = Lot(rng, falling(len(self.institutions), 0.85, 5))
        # The commonest subject comes up in two records of five, the last in a few of a thousand.
        subjects = [0.067 * math.exp(-rank / 11) for rank in range(len(words.SUBJECTS))]
        self._subject_lot = Lot(rng, [*subjects, 1 - sum(subjects)])
        self._activity_lot = Lot(rng, list(ACTIVITIES.values()))
        self._asked: dict[int, list[tuple[str, tuple[int, ...]]]] = collections.defaultdict(list)
        self._questions = self._repeated = 0

    def records(self) -> Iterator[Record]:
        """The records from the first day to the last."""
        serials: collections.Counter[tuple[int, int]] = collections.Counter()
        for day in self._days():
            company = self._company_lot.draw()
            serial = 0
            if self._rng.random() > 0.06:
                serials[company, day.year] += 1
                serial = serials[company, day.year]
            yield self._record(company, serial, day)

    def _days(self) -> list[datetime.date]:
        days = [FIRST_DAY + datetime.timedelta(days=n) for n in range((LAST_DAY - FIRST_DAY).days + 1)]
        weights = [
            MONTHS[day.month] * (1 + GROWTH * (day.year - FIRST_DAY.year)) * (1 if day.weekday() < 5 else 0.05)
            for day in days
        ]
        return sorted(self._rng.choices(days, weights, k=self.size))

    # Who

    def _pick(self, things: Any) -> Any:
        return things[int(self._rng.random() * len(things))]

    def _characters(self, count: int) -> list[str]:
        """Characters of names; the first ones of the list are met most often."""
        all_of_them = words.NAME_CHARACTERS
        return [all_of_them[int(len(all_of_them) * self._rng.random() ** 2.2)] for _ in range(count)]

    def _make_companies(self, count: int) -> list[Company]:
        codes: list[int] = []
        for first, last, share in BOARDS:
            most = last - first + 1
            codes += self._rng.sample(range(first, last + 1), min(most, math.ceil(count * share / 100)))
        codes = sorted(self._rng.sample(codes, count))
        return [self._make_company(f"{code:06}") for code in codes]

    def _make_company(self, code: str) -> Company:
        brand, business, place = "".join(self._characters(2)), self._pick(words.BUSINESSES), self._pick(words.PLACES)
        things = [self._pick(words.THINGS) for _ in range(4)]
        fillers = {
            "product": [*(self._pick(words.KINDS) + thing for thing in things[:3]), things[3]],
            "line": [f"{brand}系列产品", f"{things[0]}事业部", f"{business}板块"],
            "base": [f"{place}基地", f"{self._pick(words.PLACES)}二期项目", f"{self._pick(words.PLACES)}工厂"],
        }
        return Company(code, brand + business, f"{place}{brand}{business}股份有限公司", fillers)

    def _make_institutions(self, count: int) -> list[Institution]:
        endings = Lot(self._rng, [share for _ending, share, _type in words.INSTITUTIONS])
        found: dict[str, Institution] = {}
        while len(found) < count:
            ending, _share, kind = words.INSTITUTIONS[endings.draw()]
            if ending.startswith(" "):
                name = f"{self._pick(words.LATIN)} {self._pick(words.LATIN)}{ending}"
            else:
                name = "".join(self._characters(2)) + ending
            found.setdefault(institution_key(name), Institution(name, kind))
        return list(found.values())

    def _visitors(self) -> list[Visitor]:
        wanted = round(self._rng.lognormvariate(math.log(6.6), 1.1))
        visitors = []
        for place in self._institution_lot.several(min(max(wanted, 1), MOST_INSTITUTIONS)):
            name = self.institutions[place].name
            chance = self._rng.random()
            if chance < 0.15 and not name.isascii():
                name += "管理有限公司" if name.endswith("基金") else "有限公司"
            people = 0 if chance > 0.8 else 1 + (chance < 0.03)
            for n in range(people or 1):
                # A house sends the same few people again and again.
                person = self._people[(place * 31 + n * 7 + int(self._rng.random() * 6)) % PEOPLE] if people else ""
                title = self._pick(words.TITLES) if person and chance < 0.3 else ""
                visitors.append(Visitor(place, name, person, title))
        return visitors

    # What

    def _record(self, company: int, serial: int, day: datetime.date) -> Record:
        rng = self._rng
        held_to = day + datetime.timedelta(days=1 + int(rng.random() * 3)) if rng.random() < 0.08 else None
        late = 1 + int(rng.random() * 3) + (int(rng.random() * 20) if rng.random() < 0.05 else 0)
        activities = [ACTIVITY_TYPES[n] for n in sorted(self._activity_lot.several(1 + (rng.random() < 0.165)))]
        visitors = self._visitors()
        known = self.companies[company].fillers
        fillers = {**words.FILLERS, **FIGURES, **known, **_periods(day), "host": ["董秘"]}
        introduction = self._say(INTRODUCTION, fillers) if rng.random() < 0.35 else ""
        closing = self._say(CLOSING, fillers) if rng.random() < 0.1 else ""
        return Record(
            company=company,
            serial=serial,
            held_from=day,
            held_to=held_to,
            disclosed_on=(held_to or day) + datetime.timedelta(days=late),
            activities=activities,
            other_activity=self._pick(words.OTHER_ACTIVITIES) if OTHER_ACTIVITY in activities else "",
            place=self._pick(words.VENUES),
            hosts=[
                {"title": title, "name": self._people[(company * 17 + n) % PEOPLE]}
                for n, title in enumerate(words.HOST_TITLES[: 1 + int(rng.random() * 3)])
            ],
            stated_institutions=len(visitors) + int(rng.random() * 40) if rng.random() < 0.08 else None,
            introduction=introduction,
            closing=closing,
            visitors=visitors,
            questions=self._conversation(company, fillers, len(introduction) + len(closing)),
        )

    def _conversation(self, company: int, fillers: dict[str, Any], length: int) -> list[Question]:
        """Questions with answers that bring a text of this length to the one that a record's text has."""
        rng = self._rng
        talk = rng.gauss(0, 1)
        wanted = TEXT_LENGTH * math.exp(TEXT_SPREAD * talk)
        spread = math.exp(0.85 * (0.8 * talk + 0.6 * rng.gauss(0, 1)))
        count = min(FEWEST_QUESTIONS + int(3.6 * spread), MOST_QUESTIONS)
        asked = self._ask(company, fillers, count)
        length += sum(len(text) for text, _subjects in asked)
        shares = list(itertools.accumulate(0.3 + rng.random() for _ in asked))
        room = wanted - length
        written, questions = 0, []
        for (text, subjects), share in zip(asked, shares, strict=True):
            patterns = ANSWERS if subjects else PLAIN_ANSWERS
            if subjects:
                fillers["word"] = words.SUBJECTS[subjects[0]][2]
            sentences: list[str] = []
            while not sentences or written + HALF_SENTENCE < room * share / shares[-1]:
                sentences.append(self._say(self._pick(patterns), fillers))
                written += len(sentences[-1])
            questions.append(Question(text, "".join(sentences), subjects))
        return questions

    def _ask(self, company: int, fillers: dict[str, Any], count: int) -> list[tuple[str, tuple[int, ...]]]:
        """Different questions, some of them such as this company was asked before."""
        earlier = self._asked[company]
        asked: dict[str, tuple[int, ...]] = {}
        new: list[tuple[str, tuple[int, ...]]] = []
        while len(asked) < count:
            if earlier and self._repeated < REPEATED * self._questions and self._rng.random() < 0.5:
                text, subjects = self._pick(earlier)
                self._repeated += text not in asked
            else:
                text, subjects = self._new_question(fillers)
                new.append((text, subjects))
            self._questions += text not in asked
            asked.setdefault(text, subjects)
        earlier += new
        del earlier[:-KEPT]
        return list(asked.items())

    def _new_question(self, fillers: dict[str, Any]) -> tuple[str, tuple[int, ...]]:
        subjects = {self._subject_lot.draw(): None}
        if self._rng.random() < 0.15:
            subjects[self._subject_lot.draw()] = None
        subjects.pop(len(words.SUBJECTS), None)  # small talk
        if not subjects:
            return self._say(self._pick(SMALL_TALK), fillers), ()
        spoken = [self._pick(words.SUBJECTS[subject][2]) for subject in subjects]
        fillers["word"] = ["和".join(spoken)]
        return self._say(self._pick(QUESTIONS), fillers), tuple(subjects)

    def _say(self, pattern: Pattern, fillers: Mapping[str, Sequence[str]]) -> str:
        said = []
        draw = self._rng.random
        for text, gap in pattern:
            said.append(text)
            if gap:
                values = fillers[gap]
                said.append(values[int(draw() * len(values))])
        return "".join(said)


def _periods(day: datetime.date) -> dict[str, list[str]]:
    """Times that are talked about on a day."""
    year, quarter = day.year, "一二三四"[(day.month - 1) // 3]
    half = f"{year}年上半年" if day.month > 6 else f"{year - 1}年下半年"
    return {"period": ["报告期内", "今年以来", f"{year}年", f"{year - 1}年", half, f"{year}年{quarter}季度"]}
