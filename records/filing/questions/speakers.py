"""A dialogue without markers: who asks and who answers is told by the whole cell."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

from .lines import Paragraph
from .marks import Role

_HEADLINE = 60
_ENOUGH = 0.6  # share of a speaker's turns that must look alike


def resolve_speakers(paragraphs: list[Paragraph]) -> None:
    """Give a role to the turns of each name that stands before a colon again and again.

    Who mostly speaks in questions asks; who mostly speaks right after a question answers. A name that does
    neither, as 注： or a heading inside an answer, stays a part of the text.
    """
    _unmark_headings(paragraphs)
    turns: dict[str, list[int]] = defaultdict(list)
    for index, paragraph in enumerate(paragraphs):
        if paragraph.mark.speaker and paragraph.role is None:
            turns[paragraph.mark.speaker].append(index)
    asked = [paragraph.role is Role.ASK for paragraph in paragraphs]
    for places in turns.values():
        asking = sum(paragraphs[place].ends_asking for place in places)
        visitor = paragraphs[places[0]].mark.visitor and (asking or len(places) > 1)
        if visitor or (len(places) > 1 and asking >= _ENOUGH * len(places)):
            for place in places:
                paragraphs[place].role = Role.ASK
                asked[place] = True
    for places in turns.values():
        # `1、营销网络：` heads a point of an answer: who answers has no number.
        if len(places) < 2 or any(paragraphs[place].role or paragraphs[place].mark.number for place in places):
            continue
        behind = [place - 1 for place in places if place]
        after_question = sum(asked[place] or paragraphs[place].ends_asking for place in behind)
        after_headline = sum(_is_headline(paragraphs[place]) for place in behind) if len(places) > 2 else 0
        if after_question + after_headline >= _ENOUGH * len(places):
            for place in places:
                paragraphs[place].role = Role.ANSWER
    _resolve_single_turns(paragraphs)
    _resolve_single_questions(paragraphs)


def _resolve_single_turns(paragraphs: list[Paragraph]) -> None:
    """Where names answer nearly every marked question, one that answers only once is such a name, too."""
    after = [following for asking, following in pairwise(paragraphs) if asking.role is Role.ASK]
    named = [each for each in after if each.mark.speaker and not each.mark.number and each.role is not Role.ASK]
    if len(named) >= 2 and len(named) >= _ENOUGH * len(after):
        for paragraph in named:
            paragraph.role = Role.ANSWER


def _resolve_single_questions(paragraphs: list[Paragraph]) -> None:
    """A name that asks only once: somebody who answers by name speaks next."""
    for paragraph, following in pairwise(paragraphs):
        answered = following.role is Role.ANSWER and following.mark.role is None
        if answered and paragraph.mark.speaker and paragraph.role is None and paragraph.ends_asking:
            paragraph.role = Role.ASK


def _is_headline(paragraph: Paragraph) -> bool:
    """A numbered line that may be a question although it has no question mark."""
    return paragraph.mark.number is not None and len(paragraph.text) < _HEADLINE and not paragraph.ends_asking


def _unmark_headings(paragraphs: list[Paragraph]) -> None:
    """`二、问题回复：` alone above numbered questions announces them; it is no answer."""
    for paragraph, following in pairwise(paragraphs):
        alone = paragraph.role and not paragraph.text[paragraph.mark.length :].strip()
        if paragraph.mark.timed and following.role is not paragraph.role:
            continue  # the words stand below who spoke and when
        if alone and paragraph.role is Role.ANSWER and not paragraph.mark.number:
            continue  # the answer stands below its marker
        if alone and (following.mark.number or following.role):
            paragraph.role = None
