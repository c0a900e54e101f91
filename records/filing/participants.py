"""The participants cell -> visitors as filed, and the totals that the form states."""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Iterable, Iterator

from . import vocabulary
from .dates import small_number
from .parties import (
    BRACKETS,
    LATIN,
    NAME_AND_FIRM,
    Part,
    is_institution,
    latin_brackets,
    parts_of,
    person_of,
    spaced_dash,
)
from .shape import Attendee, Doubt, gettext_noop

FIELD = "attendees"


@dataclasses.dataclass(frozen=True, slots=True)
class Participants:
    """What the cell says. `rest` is the text that names nobody; doubts point into the cell's text."""

    attendees: tuple[Attendee, ...] = ()
    stated_institutions: int | None = None
    stated_people: int | None = None
    rest: str = ""
    doubts: tuple[Doubt, ...] = ()


def read_participants(text: str, company: Iterable[str] = ()) -> Participants:
    """Take the cell apart; `company` are the names of the filing company, which is no visitor of its own."""
    doubts: list[Doubt] = []
    named_text, institutions, people = _take_totals(text, doubts)
    named_text = _NUMBERED_ON.sub("\n", named_text)
    visitors = _Visitors(doubts)
    columns: list[str] | None = None
    for line in named_text.split("\n"):
        line = unspaced(_NUMBER.sub("", line)) if "\t" not in line else line
        if header := _header(line):
            columns = header
        elif "\t" in line:
            visitors.read_columns(line.split("\t"), columns)
        elif columns and 1 < len(cells := re.split(r" {2,}", line)) == len(columns):  # a table that lost its lines
            visitors.read_columns(cells, columns)
        else:
            for segment in _outside_brackets(line, "；;"):
                visitors.read_segment(segment.strip(" 、,，。"))
    attendees, own = _without_company(visitors.finish(), set(filter(None, company)), doubts)
    named = {attendee.institution for attendee in attendees} - {""}
    if institutions is not None and institutions < len(named):
        message = gettext_noop("The form states %(stated)d institutions and names %(named)d.")
        doubts.append(Doubt("stated_institutions", message, {"stated": institutions, "named": len(named)}))
    return Participants(tuple(attendees), institutions, people, "\n".join([*visitors.rest, *own]), tuple(doubts))


# Totals

_COUNT_UNIT = r"(?:机构投资者|投资机构|证券机构|机构|单位|公司|券商|投资者|媒体)"
_PEOPLE_UNIT = (
    r"(?:机构投资者|投资者|投资人|分析师|研究员|参会人员|参与人员|代表|人员)?"
    r"(?:(?:参会|参与|参加)(?:了?(?:本次|此次|公司)[^，,。；;、：:\n]{0,16}?(?:会议?|活动|调研|交流))?)?"
)
_NUMERAL = r"(?:\d{1,6}|[一二两三四五六七八九十]{1,3})"
_TOTAL = re.compile(
    rf"[（(]?(?:以上|以下)?(?:等|以及其他|及其他|共计|合计|总计|累计|共有|共)\s*(?:共计|合计|共有|共|约)?\s*(?:来自)?\s*"
    rf"(?:(?P<institutions>{_NUMERAL})\s*[余多]?[家个方]\s*{_COUNT_UNIT}?)?[，,、及和的共计合约\s]*"
    rf"(?:(?P<people>{_NUMERAL})\s*[余多]?[人名位]\s*{_PEOPLE_UNIT})?[）)]?"
)
_BARE_TOTAL = re.compile(
    rf"^[（(]?(?:(?P<institutions>{_NUMERAL})\s*[余多]?[家个]\s*{_COUNT_UNIT})?[，,、及和的共计合约\s]*"
    rf"(?:(?P<people>{_NUMERAL})\s*[余多]?[人名位]\s*{_PEOPLE_UNIT})?[）)：:。]*$",
    re.MULTILINE,
)


def _take_totals(text: str, doubts: list[Doubt]) -> tuple[str, int | None, int | None]:
    """The text without its totals, and the totals; the last one that is stated counts for the whole."""
    institutions: int | None = None
    people: int | None = None
    last = None
    totals: set[str] = set()

    def take(match: re.Match[str]) -> str:
        nonlocal institutions, people, last
        if not match["institutions"] and not match["people"]:
            return match[0]
        last = match
        totals.update(filter(None, [match["institutions"]]))
        institutions = _count(match["institutions"]) if match["institutions"] else institutions
        people = _count(match["people"]) if match["people"] else people
        return "\n"

    named = _TOTAL.sub(take, text)
    if (
        last
        and last[0].startswith("等")
        and not last["institutions"]
        and re.match(r"\s*[；;\n]\s*\S", text[last.end() :])
    ):
        message = gettext_noop("“%(text)s” may count only some of the visitors.")
        doubts.append(Doubt("stated_people", message, {"text": last[0]}, *last.span()))
    named = _BARE_TOTAL.sub(take, named)
    if len(totals) > 1:
        message = gettext_noop("The form states several totals; the last is taken.")
        doubts.append(Doubt("stated_institutions", message))
    return named, institutions, people


def _count(numeral: str) -> int:
    return int(numeral) if numeral.isdigit() else small_number(numeral.replace("两", "二"))


# Lines

UNATTACHED = "其他人员"  # stands in our own forms where visitors who named no institution would have theirs
_PERSON_WITH_TITLE = re.compile(r"([^（()）]*)[（(](.+)[）)]")
_NUMBER = re.compile(
    r"^\s*(?:\d{1,3}\s*[、.．)）](?!\d)|[（(](?:\d{1,3}|[一二三四五六七八九十]{1,3})[)）]|[一二三四五六七八九十]{1,3}、|[①-⑳·•●▪◆])\s*"
)
# 1、… 2、… on one line
_NUMBERED_ON = re.compile(r"(?<=[^\s\d])[^\S\n\t]+(?=(?:\d{1,3}\s?[、.．](?!\d)|[①-⑳]))")
_HEADER = {
    "": re.compile("序号|编号|no\\.?"),
    "institution": re.compile(
        "(?:参会|参与|来访|调研|投资者|投资)?(?:机构|单位|公司)(?:投资者)?(?:名称|全称)?|名称|投资者名称"
    ),
    "person": re.compile("(?:参会|参与|来访|调研)?(?:人员|人)?(?:姓名|名单)|参会人员?|参与人员|人员"),
    "title": re.compile("职务|职位|岗位|称谓|职称"),
}


def _header(line: str) -> list[str] | None:
    """What each column of an attendance list holds, where the line is the list's heading."""
    words = [word for word in re.split(r"\t|\s{1,}", line.strip()) if word]
    kinds = []
    for word in words:
        kind = next((kind for kind, pattern in _HEADER.items() if pattern.fullmatch(word.lower())), None)
        if kind is None:
            return None
        kinds.append(kind)
    return kinds if kinds and (len(kinds) > 1 or kinds != [""]) else None


def is_list_heading(cells: Iterable[str]) -> bool:
    """Whether a table's row is the heading of a list of visitors: 序号, 机构, 姓名."""
    kinds = _header("\t".join(cells))
    return kinds is not None and len(kinds) > 1 and ("institution" in kinds or "person" in kinds)


def unspaced(line: str) -> str:
    """上 海 证 券 报 -> 上海证券报; two and more spaces still part words."""
    words = line.split()
    if len(words) > 3 and sum(len(word) == 1 for word in words) > 0.8 * len(words):
        return re.sub(r"(?<=\S) (?=\S)", "", line)
    return line


_CLOCK = re.compile(r"(?<=\d)[:：](?=[0-5]\d(?!\d))")


def _outside_brackets(text: str, separators: str) -> list[str]:
    """The pieces between separators that stand in no brackets; brackets without their match hold nothing.

    The colon of a clock (10:00) parts nothing.
    """
    clocks = {match.start() for match in _CLOCK.finditer(text)}
    even = sum(text.count(sign) for sign in "（(") == sum(text.count(sign) for sign in "）)")
    pieces, depth, start = [], 0, 0
    for place, character in enumerate(text):
        if even and character in "（(":
            depth += 1
        elif even and character in "）)":
            depth = max(0, depth - 1)
        elif character in separators and not depth and place not in clocks:
            pieces.append(text[start:place])
            start = place + 1
    pieces.append(text[start:])
    return [piece for piece in pieces if piece.strip()]


# From names to visitors

_HEADING = re.compile(
    r"(?:第[一二三四五六七八九十\d]+[场次批组]|[（(]?[一二三四五六七八九十\d]+[)）、.]|线上|线下|现场|电话|网络|上午|下午|.*\d+[月日号时点:：]|"
    r".*(?:会议|场次|时间|调研|策略会|说明会|反路演|路演|参会|参加|参与|单位|人员|机构|名单|投资者|嘉宾|如下|类)).*"
)
_COURTESY = re.compile(
    r"[（(](?:以上|以下)?(?:人员|机构|名单)?排名不分(?:先后|前后)[^（）()]{0,24}[）)]"
    r"|[（(]?(?:以上|以下)?(?:人员|机构|名单)?排名不分(?:先后|前后)(?:顺序)?[）)]?"
)
# When a session was, on a line of its own: 第一场, 3月12日（周四）上午.
_SESSION = re.compile(
    r"(?:第[一二三四五六七八九十\d]{1,3}[场次批组]|(?:\d{4}[年./-])?\d{1,2}[月./-]\d{1,2}日?|[上下]午)"
    r"[\d年月日号时点分:：./~～至、，,（）()上下午晚间星期周一二三四五六天场次线现电话网络会议—–-]*"
)
_NOBODY = re.compile(
    r"(?:参与|参加|通过|线上|网络|全体|广大|中小|社会|不特定|现场|各类|其他|电话|关注|机构|公众|众多|部分|多名|若干|所有|公司).*"
    r"(?:投资者|股东|公众|网友|网民|机构|人士|人员|用户|朋友们?)(?:等)?"
    r"|.{0,12}投资者[^，。]{0,16}(?:通过|以|采用).{0,24}(?:方式|平台|形式).{0,8}(?:参与|参加|提问|交流).{0,8}"
    r"|.{0,12}投资者(?:网上|线上|网络|在线)提问"
    r"|.*(?:见|附).*(?:附件|附表|附录|名单|清单|附后|文末|列表|正文|下表).*|[（(]?(?:以上|以下)?排名不分先后.*|无|不适用|/|-+|—+|.*投资者"
)


class _Visitors:
    """Puts names together in the order in which they stand; a person belongs to the institution before it."""

    def __init__(self, doubts: list[Doubt]) -> None:
        self.attendees: list[Attendee] = []
        self.rest: list[str] = []
        self._doubts = doubts
        self._institution = ""
        self._alone = False  # the institution is still without a person

    def read_segment(self, segment: str) -> None:
        """One line or part of a line up to a semicolon."""
        waiting = [segment]  # a list and no recursion: damaged text may nest without end
        while waiting:
            waiting = self._read_first(waiting.pop(0)) + waiting

    def _read_first(self, segment: str) -> list[str]:
        """Take what the segment begins with; gives back what is left to read."""
        segment = re.sub(r"等(?:各类|多家|众多)?(?:机构)?(?:投资者|投资机构|机构)$", "", segment)
        if not segment:
            return []
        bare = re.sub(r"\s", "", segment)
        if note := _COURTESY.search(segment):
            self.rest.append(note[0])
            return [(segment[: note.start()] + " " + segment[note.end() :]).strip(" 、,，。")]
        if _SESSION.fullmatch(bare) or (_NOBODY.fullmatch(bare) and not vocabulary.BRAND.fullmatch(bare)):
            self.rest.append(segment)
            return []
        pieces = _outside_brackets(segment, "：:")
        if len(pieces) > 1 or re.search(r"[：:]\s*$", segment):
            return self._read_colon(segment, pieces)
        self._add(self._sequence(segment))
        return []

    def _read_colon(self, segment: str, pieces: list[str]) -> list[str]:
        """`institution：persons`; several such on one line follow one another with their separators lost."""
        if not pieces:
            return []
        left, right = pieces[0].strip(), segment[len(pieces[0]) :].lstrip("：: ").strip()
        if left == UNATTACHED:
            self._close()
            self._institution = ""
            self._persons(right)
            return []
        if vocabulary.TITLE.fullmatch(left) and right:
            for name in re.split(r"[、,，\s]+", right):
                self._person(name, left)
            return []
        if (
            _HEADING.fullmatch(left)
            and not is_institution(left)
            and not self._sequence(BRACKETS.sub(" ", left), known=True)  # 第一场（3月12日，现场）
        ):
            if not _HEADER["institution"].fullmatch(left) and not _HEADER["person"].fullmatch(left):
                self.rest.append(left)
            return [right]
        if (
            len(pieces) > 2
            and len(parts := _outside_brackets(segment, "，, ")) > 1
            and all("：" in p or ":" in p for p in parts)
        ):
            return parts
        if (person := person_of(left)) and not is_institution(left) and is_institution(right):
            self.attendees.append(Attendee(right, *person))
            return []
        self._close()
        firm, _, title = left.rpartition(" ")
        if vocabulary.TITLE.fullmatch(title) and is_institution(firm) and (person := person_of(right)):
            self._institution = firm  # 东方证券 研究员：张三
            self._person(person[0], title)
            return []
        self._institution, self._alone = left, bool(left)
        self._persons(right)
        return []

    def _persons(self, text: str) -> None:
        """What stands after the colon are persons, whatever they are called."""
        for word in _outside_brackets(text, "、,，/|") if text else []:
            words = word.split()
            if not words:
                continue
            if match := _PERSON_WITH_TITLE.fullmatch(word.strip()):
                self._person(*(person_of(word) or (match[1].strip(), match[2].strip())))
                continue
            if LATIN.fullmatch(word.strip()):
                self._person(word.strip())
                continue
            if len(words) > 1 and vocabulary.TITLE.fullmatch("".join(words[1:])):
                self._person(words[0], " ".join(words[1:]))
                continue
            for name in words:
                if vocabulary.TITLE.fullmatch(name):
                    self._title(name)
                else:
                    self._person(*(person_of(name) or (re.sub(r"(?<=.)等$", "", name),)))

    def read_columns(self, cells: list[str], columns: list[str] | None) -> None:
        """One row of an attendance list; without a heading the cells tell by themselves what they hold."""
        if columns and len(columns) == len(cells):
            row: dict[str, str] = {}
            for kind, cell in zip(columns, cells, strict=True):
                if kind in row:  # two lists side by side
                    self._read_row(row)
                    row = {}
                row[kind] = cell.strip()
            self._read_row(row)
            return
        words = [cell.strip() for cell in cells if cell.strip() and not re.fullmatch(r"\d{1,4}[.、]?", cell.strip())]
        for segment in _outside_brackets("  ".join(words), "；;"):
            self.read_segment(segment.strip(" 、,，。"))

    def _read_row(self, row: dict[str, str]) -> None:
        """One visitor of an attendance list, or several of one institution."""
        if institution := row.get("institution"):
            self._close()
            self._institution, self._alone = institution, True
        if person := row.get("person"):
            count = len(self.attendees)
            self._persons(person)
            if (title := row.get("title")) and len(self.attendees) > count:
                self._title(title)

    def _sequence(self, segment: str, known: bool = False) -> list[Part]:
        """The names of a segment in their order; `known` leaves out what is not told by its words."""
        parts: list[Part] = []
        for group in _outside_brackets(segment, "、,，|"):
            if spaced := spaced_dash(group) or latin_brackets(group):
                parts += spaced
                continue
            for word in _words(group):
                slashed = _outside_brackets(word, "/／")
                found = [parts_of(piece) for piece in slashed]
                if len(found) == 2 and [part.kind for part in itertools.chain(*found)] in NAME_AND_FIRM:
                    found = [[dataclasses.replace(found[1][0], kind="institution")], found[0]]
                for pieces in found:
                    parts += pieces
        return [part for part in parts if part.kind not in ("unknown", "latin")] if known else parts

    def _add(self, parts: list[Part]) -> None:
        kinds = [part.kind for part in parts]
        if self._reversed(kinds):
            waiting: list[Part] = []
            for part in parts:
                if part.kind == "institution":
                    self.attendees += [Attendee(part.text, person.text, person.title) for person in waiting]
                    waiting = []
                elif part.kind == "title" and waiting:
                    waiting[-1] = dataclasses.replace(waiting[-1], title=part.text)
                elif part.kind == "title":
                    self._title(part.text)
                else:
                    waiting.append(part)
            return
        title = ""
        for place, part in enumerate(parts):
            if part.kind == "institution" and not self._is_person_here(kinds, place, part.text):
                self._close()
                self._institution, self._alone = part.text, True
            elif part.kind == "institution":
                self._person(part.text)
            elif part.kind == "title":
                follows_person = place and kinds[place - 1] == "person"
                if not follows_person and kinds[place + 1 : place + 2] == ["person"]:
                    title = part.text
                else:
                    self._title(part.text)
            elif part.kind == "person":
                self._person(part.text, title or part.title)
                title = ""
            elif self._alone and place and self._reads_as_person(part, kinds[place - 1]):
                self._person(part.text)
            else:
                self._unknown(part.text)

    @staticmethod
    def _reads_as_person(part: Part, before: str) -> bool:
        """Behind an institution without a person, a name that tells nothing by its words."""
        if part.kind == "latin":
            return before == "institution"
        return re.fullmatch("[\u3400-\u9fff]{2,3}", part.text) is not None

    def _is_person_here(self, kinds: list[str], place: int, text: str) -> bool:
        """华林 is a firm, and a person where it stands behind a person and before none."""
        shaped = text[0] in vocabulary.SURNAMES and len(text) <= 3 and text not in vocabulary.NOT_A_NAME
        alone = kinds[place + 1 : place + 2] not in (["person"], ["title"])
        return shaped and alone and kinds[max(0, place - 1) : place] == ["person"] and bool(self._institution)

    def _reversed(self, kinds: list[str]) -> bool:
        """Person, institution, person, institution: nobody stands open from the line before."""
        names = [kind for kind in kinds if kind != "title"]
        return bool(names) and names[0] == "person" and names[-1] == "institution" and not self._alone

    def _unknown(self, text: str) -> None:
        """A name of neither kind is a firm; five to seven characters that end like a name may be both."""
        if re.fullmatch("[\u3400-\u9fff]{5,7}", text) and (person := person_of(text[-3:])) and not person[1]:
            self._close()
            message = gettext_noop("“%(text)s” may be %(institution)s with %(person)s.")
            params = {"text": text, "institution": text[:-3], "person": text[-3:]}
            self._doubts.append(Doubt(FIELD, message, params))
            self.attendees.append(Attendee(text[:-3], text[-3:]))
            self._institution = text[:-3]
            return
        if len(text) > 30 and not LATIN.fullmatch(text):
            self.rest.append(text)
            return
        self._close()
        self._institution, self._alone = text, True

    def _person(self, name: str, title: str = "") -> None:
        self.attendees.append(Attendee(self._institution, name, title))
        self._alone = False

    def _title(self, title: str) -> None:
        """A title after a person is that person's; after an institution it stands for a person unnamed.

        After neither it names nobody.
        """
        if self._alone:
            self._person("", title)
            return
        if not self.attendees:
            self.rest.append(title)
            return
        last = self.attendees[-1]
        self.attendees[-1] = dataclasses.replace(last, title=" ".join(filter(None, (last.title, title))))

    def _close(self) -> None:
        """Enter the institution that is still without a person."""
        if self._alone:
            self.attendees.append(Attendee(self._institution))
        self._alone = False

    def finish(self) -> list[Attendee]:
        self._close()
        return self.attendees


def _words(group: str) -> Iterator[str]:
    """Words between spaces; Latin words that stand together are one name, and so are two single characters."""
    waiting: list[str] = []
    open_latin = False
    for word in _outside_brackets(group, " \u3000"):
        # A stroke joins a name to a firm (毛敬亭/Ostara Securities): only the ends of a word meet its neighbours.
        ends = re.split(r"[/／]", word)
        starts_latin, ends_latin = (LATIN.fullmatch(end) is not None for end in (ends[0], ends[-1]))
        single = _is_single(word)
        if waiting and not (single if _is_single(waiting[-1]) else starts_latin and open_latin):
            yield _together(waiting)
            waiting = []
        if starts_latin or ends_latin or single:
            waiting.append(word)
            open_latin = ends_latin
        else:
            yield word
    if waiting:
        yield _together(waiting)


def _is_single(word: str) -> bool:
    return len(word) == 1 and "\u3400" <= word <= "\u9fff"


def _together(words: list[str]) -> str:
    return ("" if _is_single(words[0]) else " ").join(words)


def _without_company(
    attendees: list[Attendee], names: set[str], doubts: list[Doubt]
) -> tuple[list[Attendee], list[str]]:
    """The visitors, and as text those of the company itself."""
    own = [attendee for attendee in attendees if attendee.institution in names]
    for name in sorted({attendee.institution for attendee in own}):
        message = gettext_noop("“%(name)s” is the company itself and was left out of its visitors.")
        doubts.append(Doubt(FIELD, message, {"name": name}))
    visitors = [attendee for attendee in attendees if attendee.institution not in names]
    return visitors, [" ".join(filter(None, (one.institution, one.person, one.title))) for one in own]
