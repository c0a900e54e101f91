"""The pages that are measured, one a line: its name, and for a cast what to ask us and what to ask Datasette.

Datasette's tables are those of `rival.py`. Where it has nothing of the kind, it is asked nothing.
"""

from __future__ import annotations

import calendar
import datetime
import itertools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from urllib.parse import urlencode

from .cast import Cast

Ask = tuple[str, str | None]  # our address, Datasette's


class Page(NamedTuple):
    name: str
    asks: Callable[[Cast], Iterator[Ask]]


def ours(path: str, **parameters: Any) -> str:
    return f"{path}?{urlencode(parameters, doseq=True)}" if parameters else path


FACETS = [("_facet", column) for column in ("year", "month", "company", "exchange")] + [
    ("_facet_array", column) for column in ("activities", "topics", "institutions", "institution_types")
]


def theirs(table: str, *where: str, faceted: bool = True, order: str = "held_from", **filters: Any) -> str:
    """A page of 30 rows, the newest first, with the facets that ours has."""
    parameters = [*filters.items(), ("_sort_desc", order), ("_size", "30")]
    parameters += [("_where", condition) for condition in where] + (FACETS if faceted and table == "records" else [])
    return f"/market/{table}?{urlencode(parameters)}"


def holding(word: str, column: str = "id") -> str:
    """SQL for Datasette: questions that hold a word. Its trigram index knows no words of one or two characters."""
    if len(word) >= 3:
        return f"{column} in (select rowid from questions_fts where questions_fts match '\"{word}\"')"
    return f"(text like '%{word}%' or answer like '%{word}%')"


def records_holding(word: str) -> str:
    return f"id in (select record from questions where {holding(word)})"


def month_of(day: datetime.date) -> str:
    return day.isoformat()[:7]


def span(day: datetime.date, months: int = 12) -> dict[str, str]:
    """A year, or some months, that hold a day."""
    first = (day.month - 1) // months * months + 1
    last = first + months - 1
    end = datetime.date(day.year, last, calendar.monthrange(day.year, last)[1])
    return {"date_after": f"{day.year}-{first:02}-01", "date_before": end.isoformat()}


def between(days: dict[str, str]) -> dict[str, str]:
    return {"held_from__gte": days["date_after"], "held_from__lte": days["date_before"]}


def combined(cast: Cast) -> Iterator[Ask]:
    for (pk, name), (slug, topic), day in zip(
        cast.institutions, itertools.cycle(cast.topics), cast.days, strict=False
    ):
        days = span(day)
        yield (
            ours("/records/", institution=pk, topic=slug, **days),
            theirs("records", institutions__arraycontains=name, topics__arraycontains=topic, **between(days)),
        )


def searches(path: str, cast: Cast, **narrowed: Any) -> Iterator[Ask]:
    if path == "/questions/":
        return ((ours(path, q=word), theirs("questions", holding(word))) for word in cast.words)
    return (
        (ours(path, q=word, **narrowed), theirs("records", records_holding(word), **narrowed)) for word in cast.words
    )


def words_of_length(length: int) -> Callable[[Cast], Iterator[Ask]]:
    return lambda cast: (
        (ours("/records/", q=word), theirs("records", records_holding(word)))
        for word in cast.words
        if len(word) == length
    )


def pairs(words: list[str]) -> Iterator[tuple[str, str]]:
    return zip(words, words[1:] + words[:1], strict=True)


PAGES = (
    Page("home", lambda cast: (("/", None) for _day in cast.days)),
    Page("list", lambda cast: (("/records/", theirs("records")) for _day in cast.days)),
    Page("list, by disclosure", lambda cast: (("/records/?sort=disclosure", None) for _day in cast.days)),
    Page(
        "by company",
        lambda cast: ((ours("/records/", company=c), theirs("records", company=c)) for c, _name in cast.companies),
    ),
    Page(
        "by institution",
        lambda cast: (
            (ours("/records/", institution=pk), theirs("records", institutions__arraycontains=name))
            for pk, name in cast.institutions
        ),
    ),
    Page(
        "by type of institution",
        lambda cast: (
            (ours("/records/", institution_type=kind), theirs("records", institution_types__arraycontains=kind))
            for kind in ("pension", "mutual-fund", "media", "securities", "bank", "foreign", "trust", "private-fund")
        ),
    ),
    Page(
        "by topic",
        lambda cast: (
            (ours("/records/", topic=slug), theirs("records", topics__arraycontains=name))
            for slug, name in cast.topics
        ),
    ),
    Page(
        "by activity",
        lambda cast: (
            (ours("/records/", activity=box), theirs("records", activities__arraycontains=box))
            for box in ("特定对象调研", "媒体采访", "业绩说明会", "新闻发布会", "电话会议", "其他")
        ),
    ),
    Page(
        "by exchange",
        lambda cast: ((ours("/records/", exchange=e), theirs("records", exchange=e)) for e in ("SSE", "SZSE", "BSE")),
    ),
    Page(
        "by year",
        lambda cast: ((ours("/records/", year=y), theirs("records", year=y)) for y in range(2016, 2026)),
    ),
    Page(
        "by month",
        lambda cast: (
            (ours("/records/", month=month_of(day)), theirs("records", month=month_of(day))) for day in cast.days
        ),
    ),
    Page(
        "by quarter",
        lambda cast: (
            (ours("/records/", **span(day, 3)), theirs("records", **between(span(day, 3)))) for day in cast.days
        ),
    ),
    Page("date + institution + topic", combined),
    Page(
        "50 institutions",
        lambda cast: (
            (ours("/records/", institution=[pk for pk, _name in cast.institutions[:50]], year=day.year), None)
            for day in cast.days
        ),
    ),
    *(Page(f"search, {length} characters", words_of_length(length)) for length in (1, 2, 3, 4)),
    Page(
        "search, two words",
        lambda cast: (
            (ours("/records/", q=f"{one} {other}"), theirs("records", records_holding(one), records_holding(other)))
            for one, other in pairs(cast.words)
        ),
    ),
    Page(
        "search, without a word",
        lambda cast: ((ours("/records/", q=f"{one} -{other}"), None) for one, other in pairs(cast.words)),
    ),
    Page(
        "search, most relevant",
        lambda cast: ((ours("/records/", q=word, sort="relevance"), None) for word in cast.words),
    ),
    Page(
        "search for a name",
        lambda cast: ((ours("/records/", q=name), None) for _pk, name in cast.institutions),
    ),
    Page(
        "search + institution + year",
        lambda cast: (
            (
                ours("/records/", q=word, institution=pk, year=day.year),
                theirs("records", records_holding(word), institutions__arraycontains=name, year=day.year),
            )
            for word, (pk, name), day in zip(cast.words, cast.institutions, cast.days, strict=False)
        ),
    ),
    Page(
        "deep page",
        lambda cast: ((ours("/records/", page=cast.count // 30 * part // 60), None) for part in range(59, 0, -1)),
    ),
    Page("record", lambda cast: ((address, f"/market/records/{pk}") for pk, address in cast.records)),
    Page(
        "institution",
        lambda cast: (
            (f"/institutions/{pk}/", theirs("records", institutions__arraycontains=name))
            for pk, name in cast.institutions
        ),
    ),
    Page(
        "company",
        lambda cast: ((f"/companies/{code}/", theirs("records", company=code)) for code, _name in cast.companies),
    ),
    Page(
        "topic",
        lambda cast: (
            (f"/topics/{slug}/", theirs("records", topics__arraycontains=name)) for slug, name in cast.topics
        ),
    ),
    Page("companies", lambda cast: ((ours("/companies/", page=n), None) for n in range(1, 9))),
    Page("institutions", lambda cast: ((ours("/institutions/", page=n), None) for n in range(1, 9))),
    Page("topics", lambda cast: (("/topics/", None) for _day in cast.days)),
    Page("insights", lambda cast: (("/insights/", None) for _day in cast.days)),
    Page(
        "insights of an institution",
        lambda cast: ((ours("/insights/", institution=pk), None) for pk, _name in cast.institutions),
    ),
    Page("insights of a year", lambda cast: ((ours("/insights/", year=year), None) for year in range(2016, 2026))),
    Page("questions", lambda cast: (("/questions/", theirs("questions")) for _day in cast.days)),
    Page("search of questions", lambda cast: searches("/questions/", cast)),
    Page(
        "search of questions of a company",
        lambda cast: (
            (ours("/questions/", q=word, company=code), theirs("questions", holding(word), company=code))
            for word, (code, _name) in zip(cast.words, cast.companies, strict=False)
        ),
    ),
    Page("similar questions", lambda cast: ((f"/questions/{pk}/answers/", None) for pk in cast.questions)),
    Page("feed", lambda cast: (("/records.atom", None) for _day in cast.days)),
    Page(
        "feed of an institution",
        lambda cast: ((ours("/records.atom", institution=pk), None) for pk, _name in cast.institutions),
    ),
    Page("feed of a search", lambda cast: ((ours("/records.atom", q=word), None) for word in cast.words)),
    Page("calendar of a company", lambda cast: ((f"/companies/{code}.ics", None) for code, _name in cast.companies)),
    Page("sitemap of records", lambda cast: ((ours("/sitemap-records.xml"), None) for _day in cast.days)),
    Page("records.json", lambda cast: ((ours("/records.json", institution=pk), None) for pk, _n in cast.institutions)),
    Page("questions.json", lambda cast: ((ours("/questions.json", company=c), None) for c, _n in cast.companies)),
    Page("admin list", lambda cast: ((ours("/admin/records/record/", p=n), None) for n in range(1, 20))),
    Page(
        "admin list, filtered",
        lambda cast: (
            (ours("/admin/records/record/", visitor=name, held_from__year=day.year), None)
            for (_pk, name), day in zip(cast.institutions, cast.days, strict=False)
        ),
    ),
    Page("admin search", lambda cast: ((ours("/admin/records/record/", q=word), None) for word in cast.words)),
)


class Export(NamedTuple):
    """A download: our address, Datasette's stream, and the rows as SQL, where there is anything to compare with."""

    name: str
    ours: str
    theirs: str = ""
    sql: str = ""


# The same cells as in our files; `{joined}` becomes what the engine calls the joining of texts.
_RECORD_CELLS = """
    r.id AS record_id, c.code, c.short_name, r.number, r.held_from, coalesce(r.held_to, r.held_from) AS held_to,
    r.disclosed_on,
    (SELECT {joined}(t.activitytype_id, '；') FROM records_record_activity_types t WHERE t.record_id = r.id) AS boxes
"""
_FROM = (
    "JOIN records_company c ON c.id = r.company_id WHERE r.status = 'published' ORDER BY r.held_from DESC, r.id DESC"
)
SQL_OF_RECORDS = f"""
    SELECT {_RECORD_CELLS}, r.place, r.hosts, r.institution_count, r.person_count, r.question_count,
    (SELECT {{joined}}(i.name, '；') FROM records_participant p JOIN records_institution i ON i.id = p.institution_id
     WHERE p.record_id = r.id) AS institutions, r.introduction, r.closing, r.material_information, r.signed_on
    FROM records_record r {_FROM}
"""
SQL_OF_QUESTIONS = f"""
    SELECT q.id, {_RECORD_CELLS}, q.position, q.text, q.answer,
    (SELECT {{joined}}(t.name, '；') FROM records_question_topics l JOIN records_topic t ON t.id = l.topic_id
     WHERE l.question_id = q.id) AS topics, r.institution_count, r.person_count, r.question_count
    FROM records_question q JOIN records_record r ON r.id = q.record_id {_FROM}, q.position
"""

EXPORTS = (
    Export("records.csv", "/records.csv", "/market/records.csv?_stream=on", SQL_OF_RECORDS),
    Export("questions.csv", "/questions.csv", "/market/questions.csv?_stream=on", SQL_OF_QUESTIONS),
    Export("participants.csv", "/participants.csv"),
    Export("records.csv of a year", "/records.csv?year=2024"),
    Export("records.xlsx of a month", "/records.xlsx?month=2024-04"),
    Export("questions.xlsx of a month", "/questions.xlsx?month=2024-04"),
)
