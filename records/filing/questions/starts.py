"""Which paragraphs begin a question: by their marker, by the count of their numbers, or by what follows them."""

from __future__ import annotations

import re
from bisect import bisect
from collections import defaultdict
from itertools import pairwise

from .lines import Paragraph
from .marks import Level, Role

ASKING_WORDS = re.compile(
    r"如何|怎么|怎样|怎麽|什么|哪些|哪里|哪个|哪几|哪方面|为何|是否|会否|能否|可否|有没有|有无|多少|多大|多久|几何|吗|请问"
    r"|(?P<verb>[会能是要可行])不(?P=verb)|[谈说]一?[下谈说]|请.{0,4}介绍"
)
# Words that a heading has, too: they ask only among others that do.
_WEAK_WORDS = re.compile(r"看法|原因")
_REQUEST = re.compile(
    r"^(?:您好[，,])?(?:请|能否|可否|烦请|麻烦|谈谈|如何|怎[么样]|为何|为什么"
    r"|(?:简[要单]|大[致概])?(?:的)?(?:介绍|谈|说)(?:一?下|一谈|一说))"
)
_TOPIC = re.compile(
    r"(?:情况|原因|影响|规划|计划|进展|优势|前景|看法|思路|战略|模式|路径|策略|目的|区别|趋势|背景|特点|构成|占比|展望|措施|方向|定位|布局"
    r"|安排|打算|意义|差异|进度|竞争力)[。.；;：:]?$"
)
# Parts of a meeting: a tour, `互动交流：`. They stand in a count of questions, but ask nothing.
_PROGRAMME = re.compile(
    r"^.{0,12}参观|^(?:现场|互动|会议|投资者|自由)*(?:交流|问答|提问|座谈|沟通)(?:环节|内容|部分|情况|记录|纪要)?[：:。]?$"
)
_QUESTION_SIGN = re.compile(r"[？?]")

# What speaks for a numbered paragraph being a question. From ANCHOR up it is one whatever its number says.
_ANSWERED = 4.0
_ENDS_ASKING = 3.0
ANCHOR = 2.0
_HEADLINE_ASKING = 1.0
_HEADLINE = 0.5
_SENTENCE = 0.1

# What a step of the count costs that is not from n to n + 1.
_SAME, _SKIPPED, _RESTARTED, _BACKWARDS = 0.7, 0.5, 1.5, 2.0
_MISPRINTED = 1.4
_STOLEN = 1.0  # the number follows one that was left out: both belong to an enumeration
_MEMORY = 40  # numbers looked back at; keeps the search linear

_QUESTION_LEVELS = (Level.PLAIN, Level.BRACKET, Level.MARKER)
_LONGEST_QUESTION = 400
_LONGEST_HEADLINE = 60
_LONGEST_STATEMENT = 80
_LONGEST_TOPIC = 40


def find_starts(paragraphs: list[Paragraph]) -> list[int]:
    """Indices of the paragraphs that begin a question, in order."""
    starts = {index for index, paragraph in enumerate(paragraphs) if _marked(paragraphs, index)}
    starts |= _counted(paragraphs, starts)
    starts |= _before_answers(paragraphs, starts)
    starts |= _bare(paragraphs, starts)
    starts |= _left_out(paragraphs, starts)
    return sorted(starts)


def _marked(paragraphs: list[Paragraph], index: int) -> bool:
    """A question's marker with words behind it; alone above a numbered list it is only a heading."""
    paragraph = paragraphs[index]
    if paragraph.role is not Role.ASK:
        return False
    if words_of(paragraph):
        return True
    following = paragraphs[index + 1] if index + 1 < len(paragraphs) else None
    return bool(following and not following.mark.number and following.role is None)


def words_of(paragraph: Paragraph) -> str:
    """The paragraph's own words, without number, marker and the name of who speaks."""
    speaks = paragraph.role is not None and paragraph.mark.role is None
    return paragraph.text[paragraph.mark.speaker_length if speaks else paragraph.mark.length :].strip()


# --- numbers ---------------------------------------------------------------------------------------------------------


def _counted(paragraphs: list[Paragraph], starts: set[int]) -> set[int]:
    """Numbered paragraphs whose numbers count through the cell as its questions."""
    families: dict[Level, list[int]] = defaultdict(list)
    for index, paragraph in enumerate(paragraphs):
        if paragraph.mark.number and paragraph.role is not Role.ANSWER and not paragraph.mark.timed:
            families[paragraph.mark.number.level].append(index)
    found: set[int] = set()
    for level, places in families.items():
        weights = [_ANSWERED if place in starts else _weight(paragraphs, place) for place in places]
        chain = _best_count([paragraphs[place].mark.number.value for place in places], weights)  # type: ignore[union-attr]
        found |= _accepted(paragraphs, level, [(places[link], weights[link]) for link in chain])
    return found


def _weight(paragraphs: list[Paragraph], index: int) -> float:
    """How much a numbered paragraph looks like a question, apart from its number."""
    paragraph = paragraphs[index]
    body = words_of(paragraph)
    if index + 1 < len(paragraphs) and paragraphs[index + 1].role is Role.ANSWER and len(body) < _LONGEST_QUESTION:
        return _ANSWERED
    if paragraph.ends_asking:
        return _ENDS_ASKING
    if _QUESTION_SIGN.search(body[:150]):
        return ANCHOR
    if len(body) > _LONGEST_HEADLINE:
        return _SENTENCE
    if ASKING_WORDS.search(body) or _REQUEST.match(body) or _WEAK_WORDS.search(body):
        return _HEADLINE_ASKING
    return _SENTENCE if body[-1:] in "。；;" and "，" in body else _HEADLINE


def _best_count(values: list[int], weights: list[float]) -> list[int]:
    """The numbers that count on best, as positions: a gain for each taken, a cost for each odd step."""
    best: list[float] = []
    before: list[int] = []
    for i, (value, weight) in enumerate(zip(values, weights, strict=True)):
        best.append(weight - (0.3 if value > 1 else 0.0) * (weight < ANCHOR))
        before.append(-1)
        for j in range(max(0, i - _MEMORY), i):
            cost = _step(values[j], value)
            if min(weights[j], weight) >= _ENDS_ASKING:
                cost = min(cost, _MISPRINTED)  # both ask: a number may be misprinted
            score = best[j] + weight - cost
            if j < i - 1 and weight < ANCHOR and weights[i - 1] < ANCHOR and values[i - 1] == value - 1:
                score -= _STOLEN
            if score > best[i]:
                best[i], before[i] = score, j
    chain: list[int] = []
    at = max(range(len(best)), key=best.__getitem__, default=-1)
    while at >= 0:
        chain.append(at)
        at = before[at]
    return chain[::-1]


def _step(before: int, value: int) -> float:
    if value == before + 1:
        return 0.0
    if value == before:
        return _SAME
    if before < value <= before + 4:
        return _SKIPPED
    return _RESTARTED if value == 1 else _BACKWARDS


def _accepted(paragraphs: list[Paragraph], level: Level, chain: list[tuple[int, float]]) -> set[int]:
    """The members of a count that are questions: all its anchors, and what stands between them in like form."""
    anchors = {place for place, weight in chain if weight >= ANCHOR}
    if not anchors:
        return _asking_topics(paragraphs, level, chain)
    # `一、` more often stands above a topic than before a question; `1、` asks if all in its count look alike.
    if level not in _QUESTION_LEVELS:
        enough = len(anchors) >= 0.5 * len(chain)
    else:
        headlines = sum(weight >= _HEADLINE for _, weight in chain)
        enough = len(anchors) >= 0.25 * len(chain) or headlines >= 0.8 * len(chain)
    if not enough:
        return anchors
    accepted = set(anchors)
    mostly = len(anchors) >= 0.6 * len(chain)
    first = min(anchors)
    by_marker = all(_has_marker(paragraphs, place) for place, _ in chain if place >= first)
    for place in _beside_anchors(paragraphs, [place for place, _ in chain], anchors):
        leads_on = _REQUEST.match(words_of(paragraphs[place])) and paragraphs[place + 1].ends_asking
        if by_marker and place < first and not leads_on:
            continue
        if _PROGRAMME.search(words_of(paragraphs[place])[:_LONGEST_TOPIC]):
            continue
        if _unanswered(paragraphs, place) and not (mostly and place > first and _wants(paragraphs[place])):
            continue
        accepted.add(place)
    return accepted


def _has_marker(paragraphs: list[Paragraph], place: int) -> bool:
    return paragraphs[place].role is Role.ASK or (
        place + 1 < len(paragraphs) and paragraphs[place + 1].role is Role.ANSWER
    )


def _beside_anchors(paragraphs: list[Paragraph], chain: list[int], anchors: set[int]) -> list[int]:
    """The members of a count without evidence of their own; a stretch from 1 up without any anchor is left out."""
    found: list[int] = []
    stretch: list[int] = []
    before = 0
    for place in [*chain, -1]:
        number = paragraphs[place].mark.number
        value = number.value if number and place >= 0 else 0
        if value <= before:
            if anchors.intersection(stretch):
                found += [each for each in stretch if each not in anchors]
            stretch = []
        stretch.append(place)
        before = value
    return found


def _unanswered(paragraphs: list[Paragraph], place: int) -> bool:
    """Whether the next number of the same family follows at once."""
    if place + 1 == len(paragraphs):
        return True
    number, following = paragraphs[place].mark.number, paragraphs[place + 1].mark.number
    return bool(number and following and following.level is number.level)


def _is_weak(paragraph: Paragraph) -> bool:
    words = words_of(paragraph)
    return not ASKING_WORDS.search(words) and not _REQUEST.match(words)


def _wants(paragraph: Paragraph) -> bool:
    """Whether the words ask for something, although nothing answers them."""
    words = words_of(paragraph)
    return bool(ASKING_WORDS.search(words) or _REQUEST.match(words) or words.startswith("介绍"))


def _asking_topics(paragraphs: list[Paragraph], level: Level, chain: list[tuple[int, float]]) -> set[int]:
    """Numbered headlines none of which has a question mark: questions only where some of them ask in words."""
    headlines = [place for place, weight in chain if weight >= _HEADLINE]
    asking = [place for place, weight in chain if weight == _HEADLINE_ASKING]
    strong = [place for place in asking if not _is_weak(paragraphs[place])]
    needed = 1 if strong or level in _QUESTION_LEVELS else max(2, 0.4 * len(chain))
    if len(chain) < 2 or len(asking) < needed or len(headlines) < 0.6 * len(chain):
        return set()
    answered = [place for place, _ in chain if place + 1 < len(paragraphs) and not paragraphs[place + 1].mark.number]
    if len(answered) < 0.7 * len(chain):
        return set()
    return {place for number, (place, _) in enumerate(chain) if _is_topic(paragraphs, place, first=not number)}


def _is_topic(paragraphs: list[Paragraph], place: int, first: bool) -> bool:
    """Whether a headline among asking ones is spoken about, or asks itself; not so a tour or a talk at the start."""
    paragraph = paragraphs[place]
    if _PROGRAMME.search(words_of(paragraph)[:_LONGEST_TOPIC]):
        return False
    if not _unanswered(paragraphs, place) or len(paragraph.text) > _LONGEST_HEADLINE:
        return True
    return not first and _wants(paragraph)


# --- answers ---------------------------------------------------------------------------------------------------------


def _before_answers(paragraphs: list[Paragraph], starts: set[int]) -> set[int]:
    """The paragraph in front of an answer's marker is its question where no other is."""
    found: set[int] = set()
    since = 0  # the first paragraph that could belong to this question
    asked = answered = False
    for index, paragraph in enumerate(paragraphs):
        if index in starts:
            asked, since = True, index + 1
        elif paragraph.role is Role.ANSWER:
            if not asked and since < index:
                place = _question_before(paragraphs, since, index, answered)
                if place is not None:
                    found.add(place)
            asked, answered, since = False, True, index + 1
    return found


def _question_before(paragraphs: list[Paragraph], since: int, answer: int, answered: bool) -> int | None:
    """Where the question begins that ends just before `answer`."""
    place = answer - 1
    last = paragraphs[place]
    if not last.ends_asking:
        by_name = paragraphs[answer].mark.role is None  # a name alone is weaker than `答：`
        if len(last.text) > _LONGEST_QUESTION or (by_name and not _may_ask(last.text)):
            return None
        # A second answer to the same question, by someone else: what stands before is still the first one.
        if answered and not last.mark.number and last.ends_sentence and len(last.text) > _LONGEST_STATEMENT:
            return None
    while place > since and not paragraphs[place].mark.number and paragraphs[place - 1].ends_asking:
        place -= 1
    return place


def _may_ask(text: str) -> bool:
    """Whether words without a question mark ask, or name a topic as a headline does."""
    return bool(ASKING_WORDS.search(text)) or (len(text) <= _LONGEST_TOPIC and bool(_TOPIC.search(text)))


# --- bare questions --------------------------------------------------------------------------------------------------


def _bare(paragraphs: list[Paragraph], starts: set[int]) -> set[int]:
    """Paragraphs that are questions by their own words: no number, no marker."""
    answers = sum(paragraph.role is Role.ANSWER for paragraph in paragraphs)
    answered = answers > 0.5 * max(len(starts), 1)
    found: set[int] = set()
    candidates = [index for index, paragraph in enumerate(paragraphs) if _asks(paragraph)]
    silent = {index for index in candidates if not paragraphs[index].ends_asking}
    if len(silent) == 1 and (answered or len(candidates) == 1):
        candidates = [index for index in candidates if index not in silent]
    asked = set(starts)  # paragraphs of a question that goes on in the next
    for index in candidates:
        if index in starts:
            continue
        if index - 1 in asked or (index - 1 in found and _answered_later(paragraphs, index)):
            asked.add(index)
        else:
            found.add(index)
    if len(found) >= 2:
        found |= _headlines_between(paragraphs, starts | found, found)
    return found


def _headlines_between(paragraphs: list[Paragraph], asked: set[int], bare: set[int]) -> set[int]:
    """Short lines that stand like the bare questions beside them but close with no sign: `海外业务的进展`."""
    found: set[int] = set()
    places = sorted(asked)
    for index in range(places[0] + 1, len(paragraphs) - 1):
        if index in asked or index - 1 in asked or index + 1 in asked or index - 1 in found:
            continue
        after = bisect(places, index)
        if not bare.intersection(places[after - 1 : after + 1]):
            continue  # among numbered questions it heads a part of an answer
        if _is_headline_between(*paragraphs[index - 1 : index + 2]):
            found.add(index)
    return found


def _is_headline_between(previous: Paragraph, paragraph: Paragraph, following: Paragraph) -> bool:
    """Whether a short line without a sign stands between sentences, and did not only break off."""
    if paragraph.role or paragraph.mark.number or paragraph.mark.speaker or paragraph.inside:
        return False
    if not previous.ends_sentence or not following.ends_sentence or following.ends_asking or following.mark.number:
        return False
    if len(paragraph.text) > _LONGEST_TOPIC or paragraph.text[0] in "（(":  # a bracket closes in the next line
        return False
    return bool(_TOPIC.search(paragraph.text)) or not paragraph.ends_sentence


def _left_out(paragraphs: list[Paragraph], starts: set[int]) -> set[int]:
    """The only headline between two questions whose numbers leave one out: a page lost its number."""
    found: set[int] = set()
    for before, after in pairwise(sorted(starts)):
        number, later = paragraphs[before].mark.number, paragraphs[after].mark.number
        if not number or later != number._replace(value=number.value + 2):
            continue
        places = range(before + 2, after - 1)
        headlines = [place for place in places if _is_headline_between(*paragraphs[place - 1 : place + 2])]
        if len(headlines) == 1:
            found.add(headlines[0])
    return found


def _asks(paragraph: Paragraph) -> bool:
    if paragraph.role or paragraph.mark.number or len(paragraph.text) > _LONGEST_QUESTION / 2 or paragraph.inside:
        return False
    if paragraph.ends_asking:
        return len(paragraph.text) > 4
    return bool(_REQUEST.match(paragraph.text)) and len(paragraph.text) < _LONGEST_HEADLINE


def _answered_later(paragraphs: list[Paragraph], index: int) -> bool:
    """Whether words follow that are no question: then questions in a row are one."""
    return any(not _asks(paragraph) for paragraph in paragraphs[index + 1 : index + 3])
