"""The pages that are asked for most find their rows by an index: none of their queries reads a large table through."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from records import search, similar
from records.filters import fitting
from records.models import Institution, Question, Record, Topic
from records.querysets import DAY_OF_ORDER

pytestmark = pytest.mark.django_db

LARGE = ("records_record", "records_question", "records_participant", "records_visit", "records_attendance")
COUNT = 1000
PUBLISHED = re.compile(r"\(+status\)?(::text)? = 'published'::text\)+")
FOUND = r"VIRTUAL TABLE INDEX \d+:M"  # by FTS5's own index

# What is listed; with a word that one record holds, one that half of them do, and pages of one subject.
ADDRESSES = (
    "/",
    "/records/",
    *(f"/records/?sort={order}" for order in DAY_OF_ORDER),
    "/records/?page=3",
    "/records/?month=2024-03",
    "/records/?company={company}",
    "/records/?institution={house}",
    "/records/?institution={house}&topic={topic}&year=2024",
    "/records/?topic={topic}",
    "/records/?q=罕见甲",
    "/records/?q=罕见",
    "/records/?q=订单",
    "/records/?q=订单 罕见甲",
    "/records/?q=订单&institution={house}",
    "/questions/",
    "/questions/?q=罕见甲",
    "/questions/?q=订单",
    "/questions/?company={company}",
    "/questions/?topic={topic}",
    "/questions/?institution={house}",
    "/questions/?company={company}&institution_type=media",
    "/companies/",
    "/companies/{company}/",
    "/institutions/{house}/",
    "/topics/{topic}/",
    "{record}",
    "/records.atom",
    "/records.atom?q=订单",
    "/records.json?limit=30",
    "/records.json?limit=30&company={company}",
    "/questions.json?limit=30",
    "/questions.json?limit=30&q=罕见甲",
)

# Lists that are read from their beginning in the order of an index, until the page is full.
BY_VISIT = ("record_by_visit", "record_newest_first")  # the same order, with and without a status before it
WALKED = {
    "/records/": BY_VISIT,
    "/records/?sort=disclosure": ("record_by_disclosure",),
    "/records/?q=订单": BY_VISIT,
    "/records/?company={company}": ("record_of_company",),
    "/records.json?limit=30": BY_VISIT,
    "/records.atom": ("record_by_publication",),
    "/questions/": BY_VISIT,
    "/questions.json?limit=30": BY_VISIT,
    "/admin/records/record/": ("record_newest_first",),
}

# Where rows are looked up.
LOOKED_UP = {
    "/records/?q=罕见甲": "records_question_grams",
    "/questions/?q=罕见甲": "records_question_grams",
    "/institutions/{house}/": "visit_of_institution",
    "/topics/{topic}/": "mention_of_topic",
}

# What one record holds, wherever a page of the newest is asked for.
RARE = (
    "/records/?q=罕见甲",
    "/records.json?limit=30&q=罕见甲",
    "/records.atom?q=罕见甲",
    "/admin/records/record/?q=罕见甲",
)


@pytest.fixture(scope="module")
def market(django_db_setup: None, django_db_blocker: Any) -> Iterator[dict[str, Any]]:
    """A made-up market, for all tests of this file, and what addresses are filled with."""
    with django_db_blocker.unblock(), transaction.atomic():
        call_command("make_market", records=COUNT)
        Question.objects.filter(pk=Question.objects.order_by("-pk")[COUNT].pk).update(text="罕见甲乙如何？")
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":  # as on a site, where nobody runs ANALYZE
                cursor.execute("DELETE FROM sqlite_stat1")
                cursor.execute("ANALYZE sqlite_schema")
            else:  # what autovacuum does after a while
                cursor.execute("SELECT gin_clean_pending_list('records_question_grams')")
                cursor.execute("SELECT gin_clean_pending_list('records_record_grams')")
        connection.check_constraints()  # else after each test, of all rows
        record = Record.objects.order_by("-pk")[COUNT // 2]
        yield {
            "company": record.company.code,
            "house": Institution.objects.order_by("-record_count")[50].pk,
            "topic": Topic.objects.order_by("record_count")[3].slug,
            "record": record.get_absolute_url(),
        }
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def small_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many rows count as many here as they do among a hundred times as many."""
    monkeypatch.setattr(fitting, "FEW", 200)
    monkeypatch.setattr(fitting, "SAMPLE", 50)
    monkeypatch.setattr(search, "COMMON", 250)


def queries(client: Client, address: str) -> list[str]:
    with CaptureQueriesContext(connection) as asked:
        answer = client.get(address)
    assert answer.status_code == 200, address
    return chosen(asked)


def chosen(asked: CaptureQueriesContext) -> list[str]:
    return [query["sql"] for query in asked.captured_queries if query["sql"].lstrip().startswith(("SELECT", "WITH"))]


def rows(sql: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def read_through(sql: str) -> list[str]:
    """The large tables of which a query looks at every row, or at every published one."""
    return _scanned_on_sqlite(sql) if connection.vendor == "sqlite" else _scanned_on_postgresql(sql)


def _scanned_on_sqlite(sql: str) -> list[str]:
    """Which alias is whose the plan does not tell; the steps of the program tell which trees it walks."""
    if not any(re.match(rf"SCAN (?!.*{FOUND})", step) for step in _steps(sql)):
        return []
    tables = dict(rows("SELECT rootpage, tbl_name FROM sqlite_master WHERE rootpage > 0"))
    program = [row[1:4] for row in rows(f"EXPLAIN {sql}")]
    opened = {cursor: tables.get(root) for step, cursor, root in program if step == "OpenRead"}
    walked = {cursor for step, cursor, _to in program if step in ("Rewind", "Last")}
    walked &= {cursor for step, cursor, _to in program if step in ("Next", "Prev")}
    return sorted({table for cursor in walked if (table := opened.get(cursor)) in LARGE})


def _steps(sql: str) -> list[str]:
    return [row[3] for row in rows(f"EXPLAIN QUERY PLAN {sql}")]


def _scanned_on_postgresql(sql: str) -> list[str]:
    """Those that it reads whatever pages in a row cost: a small table beside them is rightly read through if they are
    cheap, and what earlier tests took back has left it many pages.
    """
    plans = [_nodes(sql, page_cost) for page_cost in (1, 40)]
    return sorted(
        set.intersection(
            *(
                {node["Relation Name"] for node in plan if node.get("Relation Name") in LARGE and _takes_all(node)}
                for plan in plans
            )
        )
    )


def _takes_all(node: dict[str, Any]) -> bool:
    if node["Node Type"] == "Seq Scan":
        return True
    if not node["Node Type"].startswith("Index") or node["is_limited"]:
        return False
    return "Index Cond" not in node or bool(PUBLISHED.fullmatch(node["Index Cond"]))


def _nodes(sql: str, page_cost: int = 40) -> list[dict[str, Any]]:
    """The nodes of a plan, each with whether it is read only until there is enough.

    Planned as if pages in a row cost what they do in tables many times as large.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL seq_page_cost = {page_cost}")
        cursor.execute("SET LOCAL jit = off")
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}")
        ((plans,),) = cursor.fetchall()
        cursor.execute("SET LOCAL seq_page_cost = DEFAULT")
    return list(_walk((json.loads(plans) if isinstance(plans, str) else plans)[0]["Plan"]))


def _walk(node: dict[str, Any], is_limited: bool = False) -> Iterator[dict[str, Any]]:
    is_limited = is_limited or node["Node Type"] == "Limit"
    yield {**node, "is_limited": is_limited}
    takes_all = node["Node Type"] in ("Sort", "Hash", "Aggregate", "Materialize")
    for part in node.get("Plans", ()):
        is_whole = takes_all or part.get("Parent Relationship") == "InitPlan"  # worked out before anything else
        yield from _walk(part, is_limited and not is_whole)


def walks(sql: str, *indexes: str) -> bool:
    """Whether a query begins at one end of one of these indexes and stops when it has enough."""
    if connection.vendor == "sqlite":
        steps = _steps(sql)
        read = [index for index in indexes for step in steps if re.search(rf"INDEX {index}\b", step)]
        return "USE TEMP B-TREE FOR ORDER BY" not in steps and bool(read)
    return any(node.get("Index Name") in indexes and node["is_limited"] for node in _nodes(sql))


def looks_up(sql: str, index: str) -> bool:
    if connection.vendor == "postgresql":
        return any(node.get("Index Name") == index and "Index Cond" in node for node in _nodes(sql))
    if index.endswith("_grams"):
        return index in sql and any(re.search(FOUND, step) for step in _steps(sql))
    return any(re.match(rf"SEARCH .* INDEX {index} ", step) for step in _steps(sql))


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_page_reads_a_large_table_through(market: dict[str, Any], client: Client, address: str) -> None:
    found = [(tables, sql) for sql in queries(client, address.format(**market)) if (tables := read_through(sql))]
    assert not found


@pytest.mark.parametrize("address", WALKED)
def test_a_list_is_read_until_its_page_is_full(
    market: dict[str, Any], client: Client, admin_client: Client, address: str
) -> None:
    asked = queries(admin_client if address.startswith("/admin/") else client, address.format(**market))
    assert any("LIMIT" in sql and walks(sql, *WALKED[address]) for sql in asked), asked


@pytest.mark.parametrize("address", LOOKED_UP)
def test_what_is_looked_for_is_found_by_its_index(market: dict[str, Any], client: Client, address: str) -> None:
    asked = queries(client, address.format(**market))
    assert any(looks_up(sql, LOOKED_UP[address]) for sql in asked), asked


@pytest.mark.skipif(
    "connection.vendor == 'sqlite'", reason="to SQLite it is no work to ask of each key if it was found"
)
@pytest.mark.parametrize("address", RARE)
def test_what_is_rare_is_looked_up_before_a_list_is_put_in_order(
    market: dict[str, Any], client: Client, admin_client: Client, address: str
) -> None:
    """Else all there is would be read in its order for a page that is never full."""
    asked = queries(admin_client if address.startswith("/admin/") else client, address)
    listed = [sql for sql in asked if "LIMIT" in sql and looks_up(sql, "records_question_grams")]
    assert listed
    orders = {index for indexes in WALKED.values() for index in indexes}
    for sql in listed:
        nodes = _nodes(sql)
        assert any(node.get("Subplan Name", "").startswith("InitPlan") for node in nodes), nodes
        assert not walks(sql, *orders)


def test_similar_questions_are_found_by_the_index_of_the_search(market: dict[str, Any]) -> None:
    """But for the newest of all, which are counted: they are read from the end, so many and no more."""
    similar._counted("default", -1)
    with CaptureQueriesContext(connection) as asked:
        similar.answered_before("罕见甲乙怎么样？", Record.objects.none(), Question.objects.public())
    found = [sql for sql in chosen(asked) if "LIMIT 1000" not in sql]
    assert any(looks_up(sql, "records_question_grams") for sql in found), found
    assert not [(tables, sql) for sql in found if (tables := read_through(sql))]


WORDS = ("罕见甲", "罕见", "见", "订单", "订", "2024", "ai", "订单 罕见甲", "订单 -毛利", "-订单")


@pytest.mark.skipif("connection.vendor == 'sqlite'", reason="SQLite has an index of its own kind")
@pytest.mark.parametrize("analyzed", [True, False], ids=["analyzed", "not analyzed"])
@pytest.mark.parametrize("path", ["/records/", "/questions/", "/records.json", "/questions.json"])
def test_no_grams_are_made_of_rows_one_by_one(
    market: dict[str, Any], client: Client, monkeypatch: pytest.MonkeyPatch, path: str, analyzed: bool
) -> None:
    """Which would take longer than anything else: also of a common word that nobody knows to be one."""
    monkeypatch.setattr(search, "COMMON", 1_000_000)
    with connection.cursor() as cursor:
        if not analyzed:
            indexes = [index.name for index in search.INDEXES]
            cursor.execute("DELETE FROM pg_statistic WHERE starelid = ANY(%s::regclass[])", [indexes])
    for word in WORDS:
        asked = [sql for sql in queries(client, f"{path}?q={word}") if "irsite_grams" in sql]
        assert asked, word
        nodes = [node for sql in asked for node in _nodes(sql)]
        assert any(str(node.get("Index Name")).endswith("_grams") for node in nodes), word
        assert not [node for node in nodes if _makes_grams(node)], word


def _makes_grams(node: dict[str, Any]) -> bool:
    return any("irsite_grams" in str(node.get(part)) for part in ("Filter", "Join Filter", "Output"))


@pytest.mark.skipif("connection.vendor == 'sqlite'", reason="SQLite has an index of its own kind")
def test_grams_that_are_made_one_by_one_are_noticed(market: dict[str, Any]) -> None:
    vector = search.QUESTIONS.vector("records_question")
    sql = f"SELECT id FROM records_question WHERE NOT {vector} @@ '订单'::tsquery"  # noqa: S608
    assert any(_makes_grams(node) for node in _nodes(sql))


def test_what_is_read_through_is_noticed(market: dict[str, Any]) -> None:
    assert read_through("SELECT count(*) FROM records_question WHERE answer LIKE '%x%'") == ["records_question"]
    assert read_through("SELECT id FROM records_record ORDER BY place LIMIT 30") == ["records_record"]
    assert read_through("SELECT id FROM records_question WHERE id = 7") == []
    by_place = "SELECT id FROM records_record WHERE status = 'published' ORDER BY {} LIMIT 30"
    assert not walks(by_place.format("place"), *BY_VISIT)
    assert walks(by_place.format("held_from DESC NULLS LAST, id DESC"), *BY_VISIT)
    assert not looks_up("SELECT id FROM records_question WHERE id = 7", "records_question_grams")
