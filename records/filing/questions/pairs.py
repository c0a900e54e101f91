"""From paragraphs and the places where questions begin to questions with answers, and what stands around them."""

from __future__ import annotations

import dataclasses
import re
from itertools import pairwise

from ..shape import Content, Doubt, Question, gettext_noop
from .lines import Paragraph
from .marks import Level, Mark, Role
from .starts import ASKING_WORDS, words_of

# What the company adds behind the last answer, and where two records stand in one cell, before the second:
# that all went by the rules, and that a letter of commitment was signed.
_NUMBERED = r"^(?:[（(]?[一二三四五六七八九十\d]{1,2}[）)、.．]\s*)?"
_MEETING = r"(?:接待|调研|交流|会议|会谈|沟通|活动|访谈|座谈|谈话|电话会议?|说明会)"
_NOT_DONE = r"(?:未|没有)(?:发生|出现|涉及|提供|透露|泄露|披露)|不存在|不涉及"
_PLEDGE = re.compile(
    rf"{_NUMBERED}(?:"
    rf"(?:在?(?:本次|此次|整个)?(?:的|现场)?{_MEETING}(?:活动)?(?:的?过程|期间|当中|中)|以上(?:内容|交流|回答|回复|信息))"
    r".{0,80}(?:承诺书|重大信息|内幕|信息披露|泄露|泄密|保密)"
    rf"|.{{0,60}}(?:{_NOT_DONE}).{{0,16}}(?:未公开|未披露|内幕|重大).{{0,12}}信息"
    r"|.{0,60}(?:签署|签订|签定).{0,16}承诺[书函]"
    r"|未公开重大信息)"
)
# Only behind the last answer: notes, the end of the meeting, a tour after it.
_AFTERWARDS = re.compile(
    rf"{_NUMBERED}(?:注[：:]|备注|风险提示|附件[：:清]"
    rf"|(?:{_MEETING}|提问|问答)(?:到此|至此|环节|活动)?(?:结束|完毕)"
    rf"|(?:最后|随后|之后|会后|{_MEETING}(?:结束)?后|[^，。]{{0,12}}(?:调研|来访|投资者|机构)[^，。]{{0,10}})"
    r"[，,]?.{0,24}(?:参观|观看)(?!.{0,40}[？?])"
    r"|[^，。？?]{0,10}参观[^，。？?]{0,24}[。.]?$)"
)
_HEADING_LEVELS = (Level.HEADING, Level.BRACKET_HEADING)
_SENTENCE_END = re.compile(r"[。？?！!；;]+[”\"』」）)]*")
_LONG_QUESTION = 300
_LONGEST_ADDED = 40  # of a question behind another one
_NO_MARK = Mark()
_PURE = re.compile(r"提问|问题|回?答复?|回复|A")
_PURE_ANSWER = re.compile(r"\s*(?:[答Aa]|回?答复|回答|回复)\s*[：:]")
_STRAY = "、：:，,．。；; \t\u3000"  # left over where a page lost the number or the marker

TEXT_MISSING = gettext_noop("The words of this question are missing.")
UNANSWERED = gettext_noop("This question has no answer.")
LONG = gettext_noop("This question is very long; it may hold its answer.")
HEADING = gettext_noop("Text between the questions was put into the introduction.")
NO_MARKER = gettext_noop("Where the question ends and its answer begins is a guess.")
SPEAKER = gettext_noop("%(speaker)s: who spoke is not kept in questions and answers.")
NONE_FOUND = gettext_noop("There are question marks here, but no question was found.")


@dataclasses.dataclass(slots=True)
class Block:
    """A question's paragraphs, and its answer's; `left` are those behind that belong to neither."""

    question: list[Paragraph]
    answer: list[Paragraph] = dataclasses.field(default_factory=list)
    left: list[Paragraph] = dataclasses.field(default_factory=list)
    marked: bool = True


def build_content(paragraphs: list[Paragraph], starts: list[int], text: str) -> Content:
    """The parts of a cell from its paragraphs and the indices of those that begin a question."""
    if not starts:
        doubts = []
        asked = text.count("？") + text.count("?")
        if asked > 2:
            doubts.append(Doubt("questions", NONE_FOUND, {}, paragraphs[0].start, paragraphs[-1].end))
        return Content(introduction=_text(paragraphs), doubts=tuple(doubts))
    bounds = [*starts, len(paragraphs)]
    blocks = [_read_block(paragraphs[begin:end], end == bounds[-1]) for begin, end in pairwise(bounds)]
    blocks = _merged(blocks)
    outside = paragraphs[: starts[0]]
    for block in blocks[:-1]:
        outside += block.left
    questions = tuple(Question(_question_text(block), _answer_text(block)) for block in blocks)
    all_doubts = (*_doubts(blocks), *_speaker_doubts(paragraphs))
    return Content(_text(outside), questions, _text(blocks[-1].left), all_doubts)


def named_turns(paragraphs: list[Paragraph]) -> list[Paragraph]:
    """Those that are asked or answered by somebody named: the name goes the way of a marker."""
    return [each for each in paragraphs if each.role and each.mark.speaker and not _PURE.fullmatch(each.mark.speaker)]


def _speaker_doubts(paragraphs: list[Paragraph]) -> list[Doubt]:
    """One for each name, where it stands first."""
    first = {each.mark.speaker: each for each in reversed(named_turns(paragraphs)) if not each.mark.visitor}
    return [
        Doubt("questions", SPEAKER, {"speaker": name}, each.start, each.start + each.mark.speaker_length)
        for name, each in first.items()
    ]


def _read_block(paragraphs: list[Paragraph], last: bool) -> Block:
    """A question and what follows it up to the next one, or for the last to the end."""
    paragraphs, left = _without_tail(paragraphs, last)
    answer = next((index for index, each in enumerate(paragraphs) if index and each.role is Role.ANSWER), None)
    if answer is not None:
        return Block(paragraphs[:answer], paragraphs[answer:], left)
    first = paragraphs[0]
    asked, answered = _cut_inside(first)
    if answered is not None and not (len(paragraphs) > 1 and _asks_more(answered.text)):
        return Block([asked], [answered, *paragraphs[1:]], left, marked=False)
    count = 1
    if not words_of(first) and len(paragraphs) > 1 and (first.role is Role.ASK or paragraphs[1].ends_asking):
        count += 1
    while count < len(paragraphs) and _continues_question(paragraphs[count - 1], paragraphs[count]):
        count += 1
    return Block(paragraphs[:count], paragraphs[count:], left, marked=count == 1 and first.ends_asking)


def _continues_question(last: Paragraph, paragraph: Paragraph) -> bool:
    """Whether a paragraph without marker still asks."""
    if paragraph.role or len(paragraph.text) > 200:
        return False
    if paragraph.ends_asking:
        return not paragraph.mark.number or last.text[-1:] in "：:"
    return False


def _cut_inside(paragraph: Paragraph) -> tuple[Paragraph, Paragraph | None]:
    """Question and answer of one line: the answer begins behind the last sentence of the first that ask."""
    if paragraph.ends_asking:
        return paragraph, None
    end = 0
    for sign in _SENTENCE_END.finditer(paragraph.text):
        asks = "？" in sign[0] or "?" in sign[0]
        if (end and not asks) or (not asks and sign.end() > _LONG_QUESTION):
            break
        if asks:
            end = sign.end()
    if not end or not paragraph.text[end:].strip():
        return paragraph, None
    rest = paragraph.text[end:].strip()
    asked = dataclasses.replace(paragraph, text=paragraph.text[:end].strip(), end=paragraph.end - len(rest))
    return asked, dataclasses.replace(paragraph, text=rest, mark=_NO_MARK, role=None, start=paragraph.end - len(rest))


def _asks_more(rest: str) -> bool:
    """Whether the one sentence behind a question mark asks, too: `会不会扩产。`"""
    return len(rest) <= _LONGEST_ADDED and bool(ASKING_WORDS.search(rest)) and not _SENTENCE_END.search(rest[:-1])


def _without_tail(paragraphs: list[Paragraph], last: bool) -> tuple[list[Paragraph], list[Paragraph]]:
    """Split off what closes a meeting, and headings above the next group of questions."""
    for index, paragraph in enumerate(paragraphs):
        if not index or paragraph.role:
            continue
        if _PLEDGE.match(paragraph.text) or (last and _AFTERWARDS.match(paragraph.text)):
            return paragraphs[:index], paragraphs[index:]
    end = len(paragraphs)
    while end > 2 and _is_heading(paragraphs[end - 1]):
        end -= 1
    return paragraphs[:end], paragraphs[end:]


def _is_heading(paragraph: Paragraph) -> bool:
    number = paragraph.mark.number
    if paragraph.mark.timed:
        return paragraph.role is None
    return bool(
        number and number.level in _HEADING_LEVELS and len(paragraph.text) < 40 and paragraph.text[-1] not in "。；"
    )


def _merged(blocks: list[Block]) -> list[Block]:
    """Questions of an inner numbering right under one without answer are its parts."""
    merged: list[Block] = []
    for block in blocks:
        outer = merged[-1] if merged else None
        if outer and not outer.answer and not outer.left and _is_part(outer.question[0], block.question[0]):
            outer.question += block.question
            outer.answer, outer.left = block.answer, block.left
        else:
            merged.append(block)
    return merged


def _is_part(outer: Paragraph, inner: Paragraph) -> bool:
    if inner.role or not outer.mark.number or not inner.mark.number:
        return False
    return outer.mark.number.level is not inner.mark.number.level


def _question_text(block: Block) -> str:
    return _text(block.question, without_mark=True).lstrip(_STRAY)


def _answer_text(block: Block) -> str:
    answer = [
        _unmarked(each) if index and each.mark.role is Role.ANSWER else each for index, each in enumerate(block.answer)
    ]
    return _text(answer, without_mark=bool(answer) and answer[0].role is Role.ANSWER).lstrip(_STRAY)


def _unmarked(paragraph: Paragraph) -> Paragraph:
    """A further `答：` of the same answer is left out; the name of who gives it stays."""
    if not _PURE_ANSWER.match(paragraph.text) or not words_of(paragraph):
        return paragraph
    return dataclasses.replace(paragraph, text=words_of(paragraph), mark=_NO_MARK, role=None)


def _text(paragraphs: list[Paragraph], without_mark: bool = False) -> str:
    """Paragraphs as lines; the first one's marker is left out if asked."""
    parts: list[str] = []
    for index, paragraph in enumerate(paragraphs):
        words = words_of(paragraph) if without_mark and not index else paragraph.text
        if parts and words:
            parts.append("" if paragraph.inside else "\n")
        parts.append(words)
    return "".join(parts).strip()


def _doubts(blocks: list[Block]) -> list[Doubt]:
    doubts = []
    for number, block in enumerate(blocks):
        start, end = block.question[0].start, block.question[-1].end
        if not _question_text(block):
            doubts.append(Doubt("questions", TEXT_MISSING, {}, start, end))
        if not block.answer:
            doubts.append(Doubt("questions", UNANSWERED, {}, start, end))
        elif not block.marked and not ASKING_WORDS.search(_question_text(block)):
            doubts.append(Doubt("questions", NO_MARKER, {}, start, end))
        if len(_question_text(block)) > _LONG_QUESTION:
            doubts.append(Doubt("questions", LONG, {}, start, end))
        if block.left and number + 1 < len(blocks):
            doubts.append(Doubt("questions", HEADING, {}, block.left[0].start, block.left[-1].end))
    return doubts
