"""What is asked for: companies, institutions, subjects and words of a market, some in many records, some in few."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import random
import re
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Count

from records.models import Company, Institution, Question, Record, Topic

EACH = 60  # of each kind
SAMPLE = 3000  # questions whose words are counted
RUN = re.compile(r"[\u4e00-\u9fff]+")


@dataclasses.dataclass
class Cast:
    """Each list goes on for ever as far as a page is concerned, and alternates between the common and the rare."""

    companies: list[tuple[str, str]]  # code, short name
    institutions: list[tuple[int, str]]
    topics: list[tuple[str, str]]  # slug, name
    words: list[str]  # common and rare ones of one to four characters
    records: list[tuple[int, str]]  # id, address
    questions: list[int]
    days: list[datetime.date]
    count: int  # of records


def alternating(ranking: Iterable[Any], most: int = EACH) -> list[Any]:
    """The first of a ranking, the last, one out of the middle, the second, and so on."""
    ranked = list(ranking)
    middle = len(ranked) // 2
    found: dict[Any, None] = {}
    for n in range(len(ranked)):
        found |= dict.fromkeys((ranked[n], ranked[-1 - n], ranked[(middle + n) % len(ranked)]))
        if len(found) >= most:
            break
    return list(found)[:most]


def words_of(texts: Sequence[str], rng: random.Random) -> list[str]:
    """Words of one to four characters, of each length common ones and such as stand in one text of all these."""
    found: list[list[str]] = []
    for length in (1, 2, 3, 4):
        counted = collections.Counter(
            word
            for text in texts
            for word in {run[at : at + length] for run in RUN.findall(text) for at in range(len(run) - length + 1)}
        )
        common = [word for word, _n in counted.most_common(12)]
        rare = sorted(word for word, n in counted.items() if n == 1) or common
        found += [common, rng.sample(rare, min(len(rare), 12))]
    return [words[n] for n in range(12) for words in found if n < len(words)]


def cast_of(alias: str) -> Cast:
    """The cast of the market in a database, the same each time."""
    rng = random.Random(1)
    records = Record.objects.using(alias)
    companies = Company.objects.using(alias).annotate(n=Count("records")).filter(n__gt=0).order_by("-n", "pk")
    visits = Institution.objects.using(alias).annotate(n=Count("participations")).filter(n__gt=0).order_by("-n", "pk")
    topics = Topic.objects.using(alias).annotate(n=Count("questions")).filter(n__gt=0).order_by("-n", "pk")
    pks = list(records.order_by("pk").values_list("pk", flat=True))
    chosen = records.select_related("company").in_bulk(rng.sample(pks, min(EACH, len(pks))))
    last = Question.objects.using(alias).order_by("pk").last()
    asked = rng.sample(range(1, last.pk + 1 if last else 1), min(SAMPLE, last.pk if last else 0))
    texts = Question.objects.using(alias).in_bulk(asked)
    return Cast(
        companies=alternating(companies.values_list("code", "short_name")),
        institutions=alternating(visits.values_list("pk", "name")),
        topics=alternating(topics.values_list("slug", "name")),
        words=words_of([texts[pk].answer for pk in asked], rng),
        records=[(pk, record.get_absolute_url()) for pk, record in chosen.items()],
        questions=asked[:EACH],
        days=[record.held_from for record in chosen.values() if record.held_from],
        count=len(pks),
    )
