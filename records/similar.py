"""Questions that ask nearly the same."""

from __future__ import annotations

import collections
import functools
import itertools
import operator
import re
from collections.abc import Iterable, Mapping, Sequence

from django.db import connections
from django.db.models import Max

from .models import Question
from .querysets import PositionedQuerySet, RecordQuerySet
from .search import FOUND_AT_MOST, QUESTIONS, fold, grams, grams_of, newest_holding, occurs, recent_holding

# Likeness from which two questions are taken to ask the same.
THRESHOLD = 0.5
# Of one company's questions, the most that are compared: what a page costs stays bounded.
MAX_COMPARED = 4000
SHOWN = 6

# What nearly every question says, and what therefore tells nothing about what is asked.
_COMMON = re.compile(
    r"请问|请教|请|您好|你好|谢谢|公司|贵司|我们|一下|目前|现在|当前|今年|未来|情况|方面|相关|如何|怎么样|怎么|怎样"
    r"|什么|是否|有没有|多少|哪些|为何|为什么|原因|介绍|看待|考虑|主要|具体|能否|可否|可以|的|是|了|吗|呢"
    r"|20\d\d年(?:度)?|(?:上|下)半年|第?[一二三四]季度|\d+"
)


def gist(text: str) -> frozenset[str]:
    """The grams of what a question is about: without courtesies, question words, years and numbers."""
    return frozenset(_gist(text))


def _gist(text: str) -> list[str]:
    """In the order of the text."""
    return _gist_of(fold(text))


def _gist_of(folded: str) -> list[str]:
    return [gram for gram in grams_of(_COMMON.sub(" ", folded)) if len(gram) == 2] or grams_of(folded)


def _pieces(folded: str) -> Iterable[str]:
    """Every character and every pair of neighbours of a folded text: its grams are among them."""
    return itertools.chain(folded, map(operator.add, folded, folded[1:]))


def likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """From 0 (nothing in common) to 1 (the same grams)."""
    return 2 * len(one & other) / (len(one) + len(other)) if one and other else 0.0


def closest(asked: Mapping[int, str], candidates: Iterable[tuple[int, str]]) -> dict[int, list[tuple[int, float]]]:
    """For each text by key, the candidates that ask nearly the same with their likeness, the likest first."""
    gists = {key: gist(text) for key, text in asked.items()}
    wanted = frozenset[str]().union(*gists.values())
    # Fewer than these in common are not enough, however short the other text is.
    least = min(map(len, gists.values()), default=0) * THRESHOLD / (2 - THRESHOLD)
    places: dict[str, list[int]] = collections.defaultdict(list)
    sizes: dict[int, int] = {}
    for key, text in candidates:
        folded = fold(text)
        if len(wanted.intersection(_pieces(folded))) < least:
            continue  # without its gist, which takes four times as long
        gist_of_candidate = frozenset(_gist_of(folded))
        sizes[key] = len(gist_of_candidate)
        for gram in gist_of_candidate & wanted:
            places[gram].append(key)
    found = {}
    for key, own in gists.items():
        shared = collections.Counter(candidate for gram in own for candidate in places.get(gram, ()))
        scored = [(other, 2 * n / (len(own) + sizes[other])) for other, n in shared.items()]
        found[key] = sorted((pair for pair in scored if pair[1] >= THRESHOLD), key=lambda pair: (-pair[1], -pair[0]))
    return found


def asked_before(questions: Sequence[Question], company_id: int) -> dict[int, list[Question]]:
    """For each question of a record, what other published records of the company have that asks nearly the same.

    By id, newest first, at most `SHOWN`; with record and company at hand. Two queries, however many questions.
    """
    if not questions:
        return {}
    others = (
        Question.objects.public()
        .filter(record__company=company_id)
        .exclude(record=questions[0].record_id)
        .order_by("-record__held_from", "-pk")
    )
    candidates = others.values_list("pk", "text")[:MAX_COMPARED]
    found = closest({question.pk: question.text for question in questions}, candidates)
    wanted = {other for pairs in found.values() for other, _score in pairs[:SHOWN]}
    rows = others.filter(pk__in=wanted).select_related("record__company").in_bulk() if wanted else {}
    return {
        key: sorted(
            (rows[other] for other, _score in pairs[:SHOWN] if other in rows),
            key=lambda row: (row.record.held_from, row.pk),
            reverse=True,
        )
        for key, pairs in found.items()
        if pairs
    }


# The answer bank: what was answered to such a question before, by anybody

LIKE_ENOUGH = 0.3  # to be offered to somebody who chooses
_OWN_RECORDS = 200
_OWN_COMPARED = 1000  # questions
_GRAMS_ASKED = 16
_SETS_ASKED = 24
_SAMPLE = 1000
_COMMON_SHARE = 0.02  # of the questions: where every gram occurs in more, the newest questions have enough


def answered_before(
    text: str, own: RecordQuerySet, others: PositionedQuerySet
) -> tuple[list[Question], list[Question]]:
    """Questions like this one that have an answer: of one's own records, and of others; the likest first.

    At most `SHOWN` of each, out of those that are given. One's own are compared one by one, the newest of them; what
    the market asked is found by the index.
    """
    asked = _gist(text)[:_GRAMS_ASKED]
    if not asked:
        return [], []
    answered = Question.objects.using(own.db).exclude(answer="")
    # The records apart, so that the database does not look for them among those of all companies.
    age = {pk: at for at, pk in enumerate(own.newest_first().values_list("pk", flat=True)[:_OWN_RECORDS])}
    near = answered.filter(record__in=age).order_by().values_list("record", "pk", "text")
    newest = sorted(near, key=lambda row: (age[row[0]], -row[1]))[:_OWN_COMPARED]
    mine = _likest(asked, ((pk, text) for _record, pk, text in newest))
    far = others.filter(pk__in=_candidates(asked, own.db)).exclude(answer="")
    theirs = _likest(asked, far.order_by("-record__held_from", "-pk").values_list("pk", "text"))
    rows = answered.filter(pk__in=[*mine, *theirs]).select_related("record__company").in_bulk()
    return [rows[pk] for pk in mine if pk in rows], [rows[pk] for pk in theirs if pk in rows]


def _likest(asked: list[str], candidates: Iterable[tuple[int, str]]) -> list[int]:
    """Candidates come newest first; of two that are equally like, the newer one stands first."""
    own = frozenset(asked)
    scored = []
    for pk, text in candidates:
        folded = fold(text)
        if 2 * sum(gram in folded for gram in own) < LIKE_ENOUGH * len(own):
            continue  # without the grams of the whole text, which take ten times as long
        if (score := likeness(own, gist(text))) >= LIKE_ENOUGH:
            scored.append((score, pk))
    scored.sort(key=lambda pair: -pair[0])
    return [pk for _score, pk in scored[:SHOWN]]


def _candidates(asked: list[str], using: str) -> list[int]:
    """Ids of questions that hold several of the grams: all of them, then the rarest, fewer and fewer."""
    connection = connections[using]
    pairs = [gram for gram in asked if len(gram) == 2]
    share = _shares(pairs, using)
    # What nobody ever said would only stand in the way of the others.
    pairs = [gram for gram in pairs if share[gram] or occurs(QUESTIONS, gram, connection)]
    rarest = sorted(pairs, key=lambda gram: share[gram])
    if pairs and share[rarest[0]] > _COMMON_SHARE:
        return recent_holding(QUESTIONS, [pairs, rarest[:3], rarest[:2]], connection)
    ids: dict[int, None] = {}
    for wanted in _sets(pairs, rarest, share):
        found = newest_holding(QUESTIONS, wanted, connection)
        ids |= dict.fromkeys(recent_holding(QUESTIONS, [wanted], connection) if found is None else found)
        if found is None or len(ids) >= FOUND_AT_MOST:
            break
    return list(ids)


def _sets(asked: list[str], rarest: list[str], share: Mapping[str, float]) -> list[list[str]]:
    """Which grams are to stand together, the strictest and rarest first."""
    if len(asked) < 3:
        return [asked] if asked else []
    least = 1 / _SAMPLE / 2  # of a gram that the sample does not hold
    by_rarity = sorted(
        itertools.combinations(rarest, 2), key=lambda pair: (share[pair[0]] + least) * (share[pair[1]] + least)
    )
    return [asked, rarest[:4], rarest[:3], *map(list, by_rarity)][:_SETS_ASKED]


def _shares(asked: Iterable[str], using: str) -> dict[str, float]:
    """In which share of the questions each gram occurs, by the newest ones."""
    newest = Question.objects.using(using).aggregate(n=Max("pk"))["n"] or 0
    counted = _counted(using, newest // _SAMPLE)
    return {gram: counted[gram] / _SAMPLE for gram in asked}


@functools.lru_cache(maxsize=4)
def _counted(using: str, _thousand: int) -> collections.Counter[str]:
    """In how many of the newest questions each gram occurs; counted anew after every thousand that were added."""
    newest = Question.objects.using(using).order_by("-pk").values_list("text", "answer")[:_SAMPLE]
    return collections.Counter(gram for pair in newest for gram in grams("\n".join(pair)))
