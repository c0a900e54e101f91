"""The made-up market: the proportions of the real one, whole rows, the same for the same seed."""

from __future__ import annotations

import collections
import statistics
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from records import market
from records.management.commands import make_market
from records.market import words
from records.models import Company, Institution, Participant, Question, Record, Topic
from tests import build

SIZE = 40


@pytest.fixture(scope="module")
def large() -> list[market.Record]:
    return list(market.Market(3000, seed=7).records())


def length(record: market.Record) -> int:
    spoken = sum(len(question.text) + len(question.answer) for question in record.questions)
    return len(record.introduction) + spoken + len(record.closing)


def test_texts_have_the_length_of_real_ones(large: list[market.Record]) -> None:
    lengths = sorted(map(length, large))
    assert 850 <= statistics.median(lengths) <= 1040
    assert 3900 <= lengths[int(len(lengths) * 0.99)] <= 5600


def test_as_many_come_and_as_much_is_asked_as_in_real_ones(large: list[market.Record]) -> None:
    visitors = [len({visitor.institution for visitor in record.visitors}) for record in large]
    assert min(visitors) == 1
    assert 100 < max(visitors) <= 239
    assert 11 <= statistics.mean(visitors) <= 13
    questions = [len(record.questions) for record in large]
    assert min(questions) == 3
    assert 40 < max(questions) <= 87
    assert 7.1 <= statistics.mean(questions) <= 8.1


def test_a_company_is_asked_the_same_again(large: list[market.Record]) -> None:
    heard: dict[int, set[str]] = collections.defaultdict(set)
    again, asked = 0, 0
    for record in large:
        texts = [question.text for question in record.questions]
        assert len(set(texts)) == len(texts)
        again += len(heard[record.company].intersection(texts))
        asked += len(texts)
        heard[record.company].update(texts)
    assert 0.16 <= again / asked <= 0.20


def test_few_take_most(large: list[market.Record]) -> None:
    made = market.Market(3000, seed=7)
    companies = collections.Counter(record.company for record in large)
    institutions = collections.Counter(visitor.institution for record in large for visitor in record.visitors)
    for counted, all_of_them in ((companies, made.companies), (institutions, made.institutions)):
        tenth = counted.most_common(len(all_of_them) // 10)
        assert sum(n for _place, n in tenth) > 0.35 * counted.total()


def test_results_are_talked_about_in_april_august_and_october(large: list[market.Record]) -> None:
    months = collections.Counter(record.held_from.month for record in large)
    assert {month for month, _n in months.most_common(3)} == {4, 8, 10}
    assert {record.held_from.year for record in large} == set(range(2016, 2026))
    assert large == sorted(large, key=lambda record: record.held_from)


def test_subjects_go_from_common_to_rare(large: list[market.Record]) -> None:
    counted = collections.Counter(
        subject for record in large for subject in {one for asked in record.questions for one in asked.subjects}
    )
    shares = [counted[place] / len(large) for place in range(len(words.SUBJECTS))]
    assert 0.35 <= shares[0] <= 0.45
    assert 0 < shares[-1] < 0.01


def test_a_question_about_a_subject_names_it(large: list[market.Record]) -> None:
    for record in large[:200]:
        for question in record.questions:
            for subject in question.subjects:
                assert any(word in question.text for word in words.SUBJECTS[subject][2])


@pytest.mark.parametrize("size", [1, 2, 30])
def test_a_small_market_is_a_whole_one(size: int) -> None:
    made = market.Market(size, seed=1)
    assert len(list(made.records())) == size
    assert len({company.code for company in made.companies}) == len(made.companies)


# In the database


def make(records: int = SIZE, seed: int = 1) -> str:
    said = StringIO()
    call_command("make_market", records=records, seed=seed, stdout=said)
    return said.getvalue()


def contents() -> dict[str, list[Any]]:
    models = (*make_market.DIRECTORY, *make_market.PARTS)
    return {model.__name__: list(model._default_manager.order_by("pk").values()) for model in models}


def content_without_link_ids() -> dict[str, list[Any]]:
    """Rows that only link two others are numbered by the database."""
    found = contents()
    for model in make_market.PARTS:
        if model._meta.auto_created:
            for row in found[model.__name__]:
                del row["id"]
    return found


def clear() -> None:
    for model in (*reversed(make_market.PARTS), *make_market.DIRECTORY):
        model._default_manager.all()._raw_delete("default")


@pytest.mark.django_db
def test_the_same_seed_gives_the_same_rows() -> None:
    make(seed=3)
    first = content_without_link_ids()
    clear()
    make(seed=3)
    assert content_without_link_ids() == first
    clear()
    make(seed=4)
    assert content_without_link_ids() != first


@pytest.mark.django_db
def test_every_row_is_one_that_the_desk_could_have_made() -> None:
    make()
    for model in (Company, Institution, Topic, Record, Participant, Question):
        for row in model._default_manager.all():
            row.full_clean()
    connection.check_constraints()
    assert all(topic.holds(question.text) for question in Question.objects.all() for topic in question.topics.all())
    assert all(not record.gaps() for record in Record.objects.all())


@pytest.mark.django_db
def test_counts_names_and_addresses_are_those_that_saving_gives() -> None:
    make()
    before = contents()
    Record.objects.recount()
    assert contents() == before
    assert all(record.slug == record._wanted_slug() for record in Record.objects.all())
    for participant in Participant.objects.select_related("institution"):
        assert participant.institution
        assert Institution.objects.resolve([participant.name_as_filed], create=False) == {
            participant.name_as_filed: participant.institution
        }


@pytest.mark.django_db
def test_search_finds_the_texts(client: Client) -> None:
    make()
    record = Record.objects.order_by("pk")[7]
    question = record.questions.all()[0]
    word = question.answer[3:9]
    holding = {row.record_id for row in Question.objects.all() if word in row.text or word in row.answer}
    assert record.pk in holding
    assert set(Record.objects.published().matching(f'"{word}"').values_list("pk", flat=True)) == holding
    assert client.get(record.get_absolute_url()).status_code == 200


@pytest.mark.django_db
def test_the_desk_goes_on_after_the_market() -> None:
    make()
    made = build.record(build.company("999001"), topics=["大模型之外"])
    assert made.pk == SIZE + 1
    assert made.questions.get().topics.count() == 1


@pytest.mark.django_db
def test_a_market_of_that_size_is_used_again() -> None:
    make()
    before = contents()
    assert str(SIZE) in make()
    assert contents() == before


@pytest.mark.django_db
@pytest.mark.parametrize("other", [{"records": SIZE + 1}, {"seed": 2}])
def test_a_market_is_not_mixed_with_another(other: dict[str, int]) -> None:
    make()
    before = contents()
    with pytest.raises(CommandError, match="DATABASE_URL"):
        make(**other)
    assert contents() == before


@pytest.mark.django_db
def test_a_database_in_use_is_left_alone() -> None:
    record = build.record()
    with pytest.raises(CommandError, match="DATABASE_URL"):
        make()
    assert list(Record.objects.all()) == [record]


@pytest.mark.django_db
@pytest.mark.parametrize("records", [0, -1])
def test_a_market_has_a_record(records: int) -> None:
    with pytest.raises(CommandError, match="--records"):
        make(records)


@pytest.mark.django_db
def test_a_market_that_breaks_off_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(model: Any, rows: Any) -> None:
        if model is Question:
            raise OSError("the disk is full")
        written(model, rows)

    written = make_market.insert
    monkeypatch.setattr(make_market, "insert", broken)
    with pytest.raises(OSError, match="the disk is full"):
        make()
    assert not any(contents().values())
