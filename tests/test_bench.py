"""What `make bench` reckons with: percentiles, tables, the cast, and addresses that the site and Datasette know."""

from __future__ import annotations

import io
import itertools
import random
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from records.models import Question, Record
from tests import build
from tests.bench import cast, measure, pages, rival, timing
from tests.bench.table import ratio, table

SIZE, SEED = 30, 2


@pytest.fixture
def actors(db: None) -> cast.Cast:
    call_command("make_market", records=SIZE, seed=SEED, stdout=io.StringIO())
    return cast.cast_of("default")


def test_a_percentile_is_one_of_the_values() -> None:
    values = [float(n) for n in range(20, 0, -1)]
    assert [measure.percentile(values, share) for share in (0.05, 0.5, 0.95, 1)] == [1, 10, 19, 20]
    assert measure.percentile([7.0], 0.95) == 7


def test_a_table_stands_in_columns() -> None:
    lines = table(["page", "ms"], [["list", 1234.5], ["a record", None], ["home", 3.14159]]).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert lines[2:] == ["| list     | 1,234 |", "| a record |     – |", "| home     |  3.14 |"]


def test_what_is_missing_has_no_ratio() -> None:
    assert ratio(3.0, 2.0) == 1.5
    assert ratio(None, 2.0) is ratio(3.0, None) is ratio(3.0, 0.0) is None


def test_common_and_rare_ones_take_turns() -> None:
    assert cast.alternating("abcdefg", most=5) == ["a", "g", "d", "b", "f"]
    assert cast.alternating("ab") == ["a", "b"]
    assert cast.alternating("") == []


def test_words_are_common_and_rare_ones_of_each_length() -> None:
    texts = [f"公司订单充足{rare}" for rare in "澜湛沅泓"]
    words = cast.words_of(texts, random.Random(1))  # noqa: S311
    assert {len(word) for word in words} == {1, 2, 3, 4}
    holding = [sum(word in text for text in texts) for word in words[:8]]
    assert holding == [4, 1] * 4


def test_every_page_that_is_measured_is_one_of_the_site(actors: cast.Cast, admin_client: Client) -> None:
    complaints = {}
    for page in pages.PAGES:
        for address, _theirs in itertools.islice(page.asks(actors), 2):
            answer: Any = admin_client.get(address)
            assert answer.status_code == 200, address
            listing = answer.context and answer.context.get("listing")
            if listing and listing.complaints and page.name not in {"deep page", "companies", "institutions"}:
                complaints[address] = listing.complaints
    assert not complaints


def test_every_export_that_is_measured_is_one_of_the_site(actors: cast.Cast, client: Client) -> None:
    for export in pages.EXPORTS:
        answer: Any = client.get(export.ours)
        assert answer.status_code == 200, export.ours
        assert b"".join(answer.streaming_content)


def test_pages_have_names_of_their_own_and_enough_to_ask(actors: cast.Cast) -> None:
    names = [thing.name for thing in (*pages.PAGES, *pages.EXPORTS)]
    assert len(set(names)) == len(names)
    assert all(len(list(page.asks(actors))) > 2 for page in pages.PAGES)


def test_datasette_is_given_the_same_market(actors: cast.Cast) -> None:
    made = list(rival.rows(SIZE, SEED))
    assert [record[0] for record, _questions in made] == list(
        Record.objects.order_by("pk").values_list("pk", flat=True)
    )
    theirs = [(row[0], row[1], row[10], row[11]) for _record, questions in made for row in questions]
    assert theirs == list(Question.objects.order_by("pk").values_list("pk", "record_id", "text", "answer"))


def test_the_copy_for_datasette_finds_what_search_finds(actors: cast.Cast, tmp_path: Any) -> None:
    import sqlite3

    file = rival.copy(SIZE, SEED, tmp_path / "market.db")
    assert rival.copy(SIZE, SEED, file) == file
    database = sqlite3.connect(file)
    for word in actors.words[:16]:
        asked = f"SELECT id FROM questions WHERE {pages.holding(word)} ORDER BY id"  # noqa: S608
        theirs = [pk for (pk,) in database.execute(asked)]
        assert theirs == list(Question.objects.matching(word).order_by("pk").values_list("pk", flat=True)), word
        assert theirs
    database.close()


@pytest.mark.django_db
def test_an_answer_tells_what_its_sql_cost(client: Client, settings: Any, django_assert_num_queries: Any) -> None:
    build.record()
    with django_assert_num_queries(1):
        client.get("/topics/")
    settings.MIDDLEWARE = ["tests.bench.timing.sql_timing", *settings.MIDDLEWARE]
    assert Client().get("/topics/").headers["Server-Timing"].endswith('desc="1"')
    assert timing._spent.get() is None
