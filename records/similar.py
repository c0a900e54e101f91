"""Questions that ask nearly the same."""

from __future__ import annotations

import collections
import re
from collections.abc import Iterable, Mapping, Sequence

from .models import Question
from .search import fold, grams

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
    bare = _COMMON.sub(" ", fold(text))
    pairs = frozenset(gram for gram in grams(bare) if len(gram) == 2)
    return pairs or frozenset(grams(text))


def likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """From 0 (nothing in common) to 1 (the same grams)."""
    return 2 * len(one & other) / (len(one) + len(other)) if one and other else 0.0


def closest(asked: Mapping[int, str], candidates: Iterable[tuple[int, str]]) -> dict[int, list[tuple[int, float]]]:
    """For each text by key, the candidates that ask nearly the same with their likeness, the likest first."""
    places: dict[str, list[int]] = collections.defaultdict(list)
    sizes: dict[int, int] = {}
    for key, text in candidates:
        gist_of_candidate = gist(text)
        sizes[key] = len(gist_of_candidate)
        for gram in gist_of_candidate:
            places[gram].append(key)
    found = {}
    for key, text in asked.items():
        own = gist(text)
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
