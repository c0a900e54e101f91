"""Search: what a query asks for, what finds it on either engine, and where it stands in a text.

A text is indexed by its grams: within each run of letters, digits and CJK characters every pair of neighbours, and
the last character alone. A query asks the index for all grams of a word and then looks whether the folded text holds
the word, so that the result is exactly that of a plain substring search.

How the index comes into being and is kept up stands in `search_index`.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import json
import operator
import re
import string
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, Case, F, Func, Value, When
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext

MAX_QUERY_LENGTH = 200
MAX_WORDS = 12
MAX_GRAMS = 50_000  # of one text; PostgreSQL holds no larger vector

# Letters and digits as ranges, since what `\w` means depends on the engine and its locale.
_RUN_RANGES = (
    ("0", "9"),
    ("a", "z"),
    ("\u00c0", "\u024f"),  # Latin with accents
    ("\u0370", "\u052f"),  # Greek, Cyrillic
    ("\u3040", "\u30ff"),  # kana
    ("\u3400", "\u4dbf"),  # CJK
    ("\u4e00", "\u9fff"),
    ("\uac00", "\ud7a3"),  # Hangul
)
RUN_CLASS = "[" + "".join(f"{first}-{last}" for first, last in _RUN_RANGES) + "]+"
_RUNS = re.compile(RUN_CLASS)
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def fold(text: str) -> str:
    """Full and half width alike, A and a alike; other scripts keep their case, which engines fold differently."""
    return unicodedata.normalize("NFKC", text).translate(_LOWER)


def grams(text: str) -> list[str]:
    """The grams of a text, without repeats, in the order of their first place."""
    return grams_of(fold(text))


def grams_of(folded: str) -> list[str]:
    """The same of a text that is folded already."""
    found = (run[at : at + 2] for run in _RUNS.findall(folded) for at in range(len(run)))
    return list(itertools.islice(dict.fromkeys(found), MAX_GRAMS))


# What a query asks for


@dataclasses.dataclass(frozen=True)
class Query:
    """A search as understood: folded words and phrases that must be there, and such that must not."""

    wanted: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()
    complaints: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.wanted or self.unwanted)


_QUOTES = str.maketrans("“”„‟「」『』", '""""""""')
_WORDS = re.compile(r'(?P<minus>-?)(?:"(?P<phrase>[^"]*)(?P<closed>"?)|(?P<word>[^\s"]+))')


def parse(text: str) -> Query:
    """Words are separated by white space; "a phrase" stands together; -word must not be there. Never raises."""
    wanted: dict[str, None] = {}
    unwanted: dict[str, None] = {}
    complaints: dict[str, None] = {}
    for match in _WORDS.finditer(fold(text.replace("\0", " ").translate(_QUOTES))):
        if match["phrase"] is not None and not match["closed"]:
            complaints[gettext("A quotation mark was not closed; the phrase was taken to go on to the end.")] = None
        word = " ".join((match["phrase"] if match["phrase"] is not None else match["word"]).split())
        if not can_be_found(word):
            if word.strip("-"):
                complaints[gettext("“%(word)s” holds no letter or digit and was left out.") % {"word": word}] = None
            continue
        (unwanted if match["minus"] else wanted)[word] = None
    if len(wanted) + len(unwanted) > MAX_WORDS:
        complaints[gettext("Only the first %(count)d words were looked for.") % {"count": MAX_WORDS}] = None
    kept = tuple(wanted)[:MAX_WORDS]
    return Query(kept, tuple(unwanted)[: MAX_WORDS - len(kept)], tuple(complaints))


def can_be_found(word: str) -> bool:
    """Whether the index knows of such a word at all: it must hold a letter or a digit."""
    return bool(_RUNS.search(fold(word)))


def phrase(text: str) -> str:
    """A word or phrase as it is looked for, folded; empty where it cannot be found."""
    folded = " ".join(fold(text).split())
    return folded if can_be_found(folded) else ""


@dataclasses.dataclass(frozen=True)
class Index:
    """What is searched of a table: `columns` are joined by line feeds."""

    table: str
    columns: tuple[str, ...]
    rows_each: int  # rows of a record in which a common word stands, or more
    suffix: str = "grams"

    @property
    def name(self) -> str:
        return f"{self.table}_{self.suffix}"

    @property
    def many(self) -> int:
        """Rows; a word that may stand in more is looked for in the rows themselves."""
        return COMMON * self.rows_each

    def text(self, row: str) -> str:
        """SQL for the text of a row that goes by this name."""
        return " || '\n' || ".join(f'{row}."{column}"' for column in self.columns)

    def vector(self, row: str) -> str:
        """SQL for what PostgreSQL's index holds of a row; made of a row itself it takes a hundred times as long."""
        return f"array_to_tsvector(irsite_grams({self.text(row)}))"


QUESTIONS = Index("records_question", ("text", "answer"), 2)
RECORDS = Index(
    "records_record", ("number", "place", "other_activity", "introduction", "closing", "visitor_names"), 20_000
)
INDEXES = (QUESTIONS, RECORDS)
ASKED = dataclasses.replace(QUESTIONS, columns=("text",))  # what is asked alone, which has no index of its own


TOKEN_WIDTH = 6


def token(gram: str) -> str:
    """A gram as FTS5 is given it: hexadecimal digits, so that no tokenizer splits or folds it on its own terms."""
    return "".join(f"{ord(character):0{TOKEN_WIDTH}x}" for character in gram)


COMMON = 20_000  # records; how often a word is common
_SAMPLE = 1_000  # rows by which that is judged


@dataclasses.dataclass(frozen=True)
class _Sought:
    """A folded word as the index knows it."""

    word: str

    @functools.cached_property
    def grams(self) -> list[str]:
        """A single character stands for all grams that begin with it."""
        runs = _RUNS.findall(self.word)
        return [run[at : at + 2] for run in runs for at in range(max(len(run) - 1, 1))]

    @property
    def is_gram(self) -> bool:
        """Whether the index alone knows the answer."""
        return len(self.grams) == 1 and self.word in self.grams

    @property
    def stays_as_it_is(self) -> bool:
        """Whether a text that holds the word holds it after folding too: what stands beside it does not change it."""
        return bool(re.fullmatch("[0-9\u3400-\u4dbf\u4e00-\u9fff]+", self.word))

    def match(self, vendor: str) -> str:
        if vendor == "sqlite":
            return " AND ".join(map(_asked_of_sqlite, self.grams))
        return " & ".join(f"'{gram}'" if len(gram) == 2 else f"'{gram}':*" for gram in self.grams)

    def held(self, text: str, vendor: str) -> tuple[str, list[str]]:
        """SQL for whether a text holds the word once it is folded.

        Folding costs ten times as much as a look at the text as it is written: where that tells, it is not folded.
        """
        if vendor == "sqlite":
            find, matches, written = "instr", "REGEXP", f"lower({text})"
        else:
            find, matches, written = "strpos", "~", f'lower(({text}) COLLATE "C")'
        folded = f"{find}(irsite_fold({text}), %s) > 0"
        if not re.fullmatch("[0-9a-z\u3400-\u4dbf\u4e00-\u9fff]+", self.word):
            return folded, [self.word]
        others = "".join(sorted({other for character in self.word for other in disguises().get(character, ())}))
        if not self.stays_as_it_is:  # a letter may belong to an accent that follows
            stands, has_one = f"{find}({written}, %s) > 0", f"({text}) {matches} %s"
            # Of conditions joined by AND the planner would begin with the other, whose cost it takes for less.
            as_written = f"CASE WHEN {has_one} THEN {folded} ELSE 1 = 1 END"
            params = [self.word, f"[{accents()}]", self.word, f"[{others}]", self.word]
            return f"CASE WHEN {stands} THEN {as_written} WHEN {has_one} THEN {folded} ELSE 1 = 0 END", params
        plain = f"{find}({text}, %s) > 0"
        if not others:
            return plain, [self.word]
        return f"({plain} OR ({text}) {matches} %s AND {folded})", [self.word, f"[{others}]", self.word]


@functools.cache
def disguises() -> dict[str, list[str]]:
    """By character the others that hold it once they are folded: １, ① and more for 1, ㈱ for 株.

    A word of digits, ASCII letters and CJK characters comes into a text by nothing else: no signs are joined to one
    of these, and what is taken apart where one stood is joined again.
    """
    found: dict[str, list[str]] = {}
    for other in filter(unicodedata.decomposition, map(chr, range(sys.maxunicode + 1))):
        for character in set(fold(other)):
            found.setdefault(character, []).append(other)
    return found


@functools.cache
def accents() -> str:
    """Every character that may become one with an ASCII letter before it."""
    letters = string.ascii_letters
    every = [
        character
        for character in map(chr, range(sys.maxunicode + 1))
        if unicodedata.combining(character) or unicodedata.decomposition(character)
    ]
    taken_apart = (unicodedata.normalize("NFD", character) for character in every)
    marks = {mark for parts in taken_apart if parts[0] in letters for mark in parts[1:]}
    return "".join(character for character in every if unicodedata.normalize("NFKD", character)[0] in marks)


def _asked_of_sqlite(gram: str) -> str:
    """A single character is the beginning of all grams that it begins."""
    return token(gram) if len(gram) == 2 else f"{token(gram)}*"


def ids_holding(index: Index, word: str, vendor: str) -> RawSQL:
    """The ids of rows whose text holds a folded word, for `filter(pk__in=…)`."""
    sought = _Sought(word)
    if vendor == "sqlite":
        source = f'"{index.name}" AS found JOIN "{index.table}" AS source ON source.id = found.rowid'
        condition = f'"{index.name}" MATCH %s'
    else:
        source, condition = f'"{index.table}" AS source', f"{index.vector('source')} @@ %s::tsquery"
    params = [sought.match(vendor)]
    if not sought.is_gram:
        held, more = sought.held(index.text("source"), vendor)
        condition, params = f"{condition} AND {held}", [*params, *more]
    sql = f"SELECT source.id FROM {source} WHERE {condition}"  # noqa: S608 - names of our own tables
    if vendor == "postgresql":
        # By itself, by the index: else the planner may go through other rows and work out the grams of each.
        sql = f"WITH found AS MATERIALIZED ({sql}) SELECT id FROM found"  # noqa: S608
    return RawSQL(sql, params)  # noqa: S611 - what comes from outside is a parameter


class Holds(Func):
    """Whether a row holds a folded word, looked at in the row and not in the index: for words that many rows hold."""

    def __init__(self, index: Index, word: str) -> None:
        self.index = index
        self.sought = _Sought(word)
        super().__init__(F("pk"), output_field=BooleanField())

    def as_sql(self, compiler: Any, connection: Any, **_context: Any) -> tuple[str, list[str]]:  # type: ignore[override]
        key: Any = self.source_expressions[0]
        text = self.index.text(compiler.quote_name_unless_alias(key.alias))
        sql, params = self.sought.held(text, connection.vendor)
        return f"({sql})", params


def common(query: str, connection: BaseDatabaseWrapper) -> frozenset[str]:
    """Words of a search that stand in many rows, as far as the engine knows and a sample of rows tells.

    It is a guess about speed: a word is found all the same, whichever it is taken for.
    """
    parsed = parse(query)
    asked = [_Sought(word) for word in (*parsed.wanted, *parsed.unwanted)]
    known = _common_on_sqlite if connection.vendor == "sqlite" else _common_on_postgresql
    wanted = sorted({gram for each in asked for gram in each.grams})
    grams = known(wanted, connection) if wanted else set()
    # Words of which every gram is common may be rare themselves.
    return frozenset(
        each.word
        for each in asked
        if grams.issuperset(each.grams)
        and (each.is_gram or any(_stands_in_many(each, index, connection) for index in INDEXES))
    )


def _stands_in_many(sought: _Sought, index: Index, connection: BaseDatabaseWrapper) -> bool:
    """Judged by rows whose ids are spread evenly."""
    ends = f'SELECT (SELECT min(id) FROM "{index.table}"), (SELECT max(id) FROM "{index.table}")'  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(ends)
        first, last = cursor.fetchone()
        if first is None:
            return False
        step = -(-(last - first + 1) // _SAMPLE)
        drawn = ",".join(map(str, range(first, last + 1, step)))
        held, params = sought.held(index.text("source"), connection.vendor)
        if connection.vendor == "sqlite":
            among, keys = "IN (SELECT value FROM json_each(%s))", f"[{drawn}]"
        else:
            among, keys = "= ANY(%s::bigint[])", f"{{{drawn}}}"
        cursor.execute(
            f'SELECT count(*) FROM "{index.table}" AS source WHERE id {among} AND ({held})',  # noqa: S608
            [keys, *params],
        )
        (found,) = cursor.fetchone()
    return found * step > index.many


def _common_on_sqlite(asked: Sequence[str], connection: BaseDatabaseWrapper) -> set[str]:
    counted = ", ".join(
        f'(SELECT count(*) FROM (SELECT 1 FROM "{index.name}" WHERE "{index.name}" MATCH %s LIMIT {index.many + 1}))'  # noqa: S608
        for _gram in asked
        for index in INDEXES
    )
    tokens = [_asked_of_sqlite(gram) for gram in asked for _index in INDEXES]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {counted}", tokens)
        numbers = iter(cursor.fetchone())
    told = {gram: [next(numbers) for _index in INDEXES] for gram in asked}
    return {gram for gram, counts in told.items() if any(map(operator.gt, counts, (one.many for one in INDEXES)))}


def _common_on_postgresql(asked: Sequence[str], connection: BaseDatabaseWrapper) -> set[str]:
    """By what the planner expects from the statistics of the index; whoever is not its owner cannot read these."""
    pairs = [(gram, index) for gram in asked for index in INDEXES]
    looks = (
        f'(SELECT 1 FROM "{index.table}" AS source WHERE {index.vector("source")} @@ %s::tsquery)'  # noqa: S608
        for _gram, index in pairs
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"EXPLAIN (FORMAT JSON) {' UNION ALL '.join(looks)}",
            [_Sought(gram).match(connection.vendor) for gram, _index in pairs],
        )
        ((told,),) = cursor.fetchall()
    plans = (json.loads(told) if isinstance(told, str) else told)[0]["Plan"]["Plans"]
    return {gram for (gram, index), plan in zip(pairs, plans, strict=True) if plan["Plan Rows"] > index.many}


def held_by(index: Index, words: Iterable[str]) -> Any:
    """An expression: how many of the folded words a row holds."""
    held = (Case(When(Holds(index, word), then=1), default=0) for word in words)
    return functools.reduce(operator.add, held, Value(0))


FOUND_AT_MOST = 200
_FEW = 2000  # rows that PostgreSQL reads in a moment, wherever they lie
_RECENT = 8000  # the newest rows, read one after the other


def newest_holding(
    index: Index, asked: Sequence[str], connection: BaseDatabaseWrapper, most: int = FOUND_AT_MOST
) -> list[int] | None:
    """Ids of the newest rows that hold all of these grams, of two characters each, at most so many.

    None where PostgreSQL finds too many to put them in order in a moment: see `recent_holding`.
    """
    if connection.vendor == "sqlite":  # goes through its lists from the newest row on
        match = " AND ".join(map(token, asked))
        sql = f'SELECT rowid FROM "{index.name}" WHERE "{index.name}" MATCH %s ORDER BY rowid DESC LIMIT %s'  # noqa: S608
        return _ids(connection, sql, [match, most])
    ids = _ids(connection, _unordered(index), [_all_of(asked), _FEW + 1])
    return sorted(ids, reverse=True)[:most] if len(ids) <= _FEW else None


def _unordered(index: Index) -> str:
    """SQL for ids of rows that hold what a query asks for, and for at most so many.

    The planner always takes the index: it cannot guess from the query, which stands in a subquery, nor see the limit.
    """
    found = f'SELECT id FROM "{index.table}" AS source WHERE {index.vector("source")} @@ (SELECT %s::tsquery)'  # noqa: S608
    return f"WITH found AS MATERIALIZED ({found}) SELECT id FROM found LIMIT %s"  # noqa: S608


def occurs(index: Index, gram: str, connection: BaseDatabaseWrapper) -> bool:
    """Whether any row holds a gram."""
    if connection.vendor == "sqlite":
        return bool(newest_holding(index, [gram], connection, 1))
    return bool(_ids(connection, _unordered(index), [_all_of([gram]), 1]))


def recent_holding(index: Index, sets: Sequence[Sequence[str]], connection: BaseDatabaseWrapper) -> list[int]:
    """Ids of rows that hold all grams of one of the sets, for grams of which each occurs in many rows.

    On PostgreSQL out of the newest rows alone, as they are written; those that hold more of the sets first.
    """
    if connection.vendor == "sqlite":
        found = (newest_holding(index, asked, connection) or [] for asked in sets)
        return list(dict.fromkeys(itertools.chain.from_iterable(found)))[:FOUND_AT_MOST]
    recent = f'SELECT id, lower(({index.text("source")}) COLLATE "C") AS told FROM "{index.table}" AS source'  # noqa: S608
    held = " + ".join(f"({' AND '.join(['strpos(told, %s) > 0'] * len(asked))})::int" for asked in sets)
    sql = f"""
        WITH recent AS ({recent} ORDER BY id DESC LIMIT {_RECENT}),
            counted AS MATERIALIZED (SELECT id, {held} AS held FROM recent)
        SELECT id FROM counted WHERE held > 0 ORDER BY held DESC, id DESC LIMIT %s
    """  # noqa: S608 - names of our own tables
    return _ids(connection, sql, [*itertools.chain.from_iterable(sets), FOUND_AT_MOST])


def _ids(connection: BaseDatabaseWrapper, sql: str, parameters: list[Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return [pk for (pk,) in cursor.fetchall()]


def _all_of(asked: Iterable[str]) -> str:
    return " & ".join(f"'{gram}'" for gram in asked)


def marked(text: str, words: tuple[str, ...]) -> list[tuple[str, bool]]:
    """The text in pieces, each with whether it is one of the words; joined, the pieces are the text."""
    spans = list(_spans(text, words))
    pieces, at = [], 0
    for start, end in spans:
        if start > at:
            pieces.append((text[at:start], False))
        pieces.append((text[start:end], True))
        at = end
    return [*pieces, (text[at:], False)] if at < len(text) else pieces


def excerpt(text: str, words: tuple[str, ...], length: int = 80) -> str:
    """A part of the text with the first of the words in it, about `length` characters, cut marks included."""
    first = next(_spans(text, words), (0, 0))
    start = max(0, first[0] - length // 4)
    end = start + length
    return f"{'…' if start else ''}{text[start:end].strip()}{'…' if end < len(text) else ''}"


def _spans(text: str, words: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    """Places of the words in the original text, in order, those that touch or overlap as one."""
    folded, origins = _folded_with_origins(text)
    found = sorted(
        (match.start(), match.end()) for word in words if word for match in re.finditer(re.escape(word), folded)
    )
    current: tuple[int, int] | None = None
    for start, end in found:
        place = (origins[start], origins[end - 1] + 1)
        if current and place[0] <= current[1]:
            current = (current[0], max(current[1], place[1]))
            continue
        if current:
            yield current
        current = place
    if current:
        yield current


def _folded_with_origins(text: str) -> tuple[str, list[int]]:
    """The folded text and, for each of its characters, the place it came from."""
    pieces = [fold(character) for character in text]
    origins = [place for place, piece in enumerate(pieces) for _ in piece]
    return "".join(pieces), origins
