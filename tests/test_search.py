"""Search finds what a plain substring search finds, on either engine, and reads what people type."""

from __future__ import annotations

import string
import sys
import unicodedata

import pytest
from django.db import connection
from django.db.models import QuerySet
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from records import search, search_index
from records.models import Participant, Question, Record
from tests.fuzz import examples

from . import build

WIDE = (
    "境外收入大模型数据ＡＩaiAB12３４１.5%，。 ,、-\"'é\n①⑴½㈱株㋀月日㍘點点\uf969數⽉\u0301\u0327\u3099かe\u212aK℃c"
)
texts = st.text(alphabet=WIDE, max_size=30) | st.text(max_size=12).filter(lambda text: "\0" not in text)


def hits(word: str) -> list[int]:
    return sorted(
        Question.objects.filter(pk__in=search.ids_holding(search.QUESTIONS, word, connection.vendor)).values_list(
            "pk", flat=True
        )
    )


def looked_at(word: str) -> list[int]:
    return sorted(Question.objects.filter(search.Holds(search.QUESTIONS, word)).values_list("pk", flat=True))


def matching(query: str, common: bool) -> QuerySet:
    """Found by the index, or by looking at each record, as where many hold the words."""
    asked = search.parse(query)
    words = {*asked.wanted, *asked.unwanted} if common else ()
    return Record.objects.published().matching(query, {word: Record.objects.named(word) for word in words})


either_way = pytest.mark.parametrize("common", [False, True], ids=["by the index", "row by row"])


@pytest.mark.django_db
@pytest.mark.fuzz
@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(corpus=st.lists(st.tuples(texts, texts), min_size=1, max_size=8), words=st.lists(texts, max_size=6))
def test_the_index_answers_like_a_plain_substring_search(corpus, words) -> None:
    Question.objects.all().delete()
    Record.objects.all().delete()
    asked = [(f"问{text}", answer) for text, answer in corpus]
    record = build.draft(
        asked=[
            (text.encode("utf-8", "ignore").decode(), answer.encode("utf-8", "ignore").decode())
            for text, answer in asked
        ]
    )
    rows = {row.pk: search.fold(f"{row.text}\n{row.answer}") for row in record.questions.all()}
    from_texts = [text[at : at + size] for text in rows.values() for at, size in ((0, 1), (1, 2), (2, 3), (3, 5))]
    for word in {search.fold(word.encode("utf-8", "ignore").decode()) for word in [*words, *from_texts]}:
        for query in search.parse(word).wanted:
            expected = [pk for pk, text in rows.items() if query in text]
            assert hits(query) == expected, query
            assert looked_at(query) == expected, query


@pytest.mark.django_db
@pytest.mark.parametrize(
    "query", ["境外", "数", "大模型", "AI", "ａｉ", "ai大模型", "2024", "１８．４％", '"境外 收入"', "Point"]
)
@either_way
def test_words_of_any_length_and_width_are_found(query: str, common: bool) -> None:
    found = build.record(number="1", asked=[("AI大模型的境外 收入数是多少？", "2024年为18.4%，来自Point72。")])
    build.record(build.company("999002"), number="2", visitors=["远山 李四"], held="2023-01-05")
    assert list(matching(query, common)) == [found]


@pytest.mark.django_db
@pytest.mark.parametrize("query", ["贾静雯", "华夏", "晨光", "2024-077", "上海策略会", "致辞", "未尽"])
@either_way
def test_names_numbers_and_the_forms_own_lines_are_found(query: str, common: bool) -> None:
    found = build.record(number="2024-077", place="上海策略会", introduction="董事长致辞", closing="未尽事宜")
    build.record(build.company("999002"), number="1", visitors=["中信证券 王五"])
    assert list(matching(query, common)) == [found]


@pytest.mark.django_db
@either_way
def test_all_words_must_hold_and_none_that_is_ruled_out(common: bool) -> None:
    both = build.record(number="1", asked=[("境外业务如何？", "平稳。"), ("毛利率呢？", "上升。")])
    one = build.record(number="2", asked=[("境外业务如何？", "下降。")])
    assert list(matching("境外 毛利率", common)) == [both]
    assert list(matching("境外 -毛利率", common)) == [one]
    assert set(matching("", common)) == {both, one}
    assert set(matching("-没有这个词", common)) == {both, one}


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["e\u0301xxé", "か\u3099", "⾦融", "①②", "ﬁn", "Ａ\u0301"])
def test_signs_that_folding_joins_or_splits_are_found_the_same_either_way(text: str) -> None:
    record = build.draft(asked=[(f"问{text}", "答")])
    for word in {*text, *search.fold(text), search.fold(text), "金", "1", "2", "e", "か", "fi", "a"}:
        for asked in search.parse(word).wanted:
            found = asked in search.fold(f"问{text}\n答")
            assert bool(hits(asked)) is bool(looked_at(asked)) is found, asked
    assert record.questions.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("２０２４年", ["2024", "0", "2024年"]),
        ("1①2", ["112", "12", "11"]),
        ("㈱有限", ["株", "有限"]),
        ("㋀报告", ["1月", "月", "月报", "1月报告"]),
        ("\uf969字", ["數", "數字"]),
        ("⽉报", ["月", "月报"]),
        ("1½年", ["11", "2年"]),
        ("1\u0301年", ["1", "年", "1年"]),
        ("𝟏𝟐倍", ["12", "12倍"]),
        ("\U0002f800人", ["丽", "丽人", "人"]),
        ("ＡＩ5Ｇ", ["ai", "5g", "i5", "a"]),
        ("25℃", ["c", "°c", "5c"]),
        ("ﬁnance", ["fi", "fin", "f", "in"]),
        ("OK\u212a", ["kk", "okk", "o"]),
        ("ae\u0301b", ["e", "ae", "b", "eb", "é"]),
        ("aé\u0327b", ["e", "ae", "a", "b"]),
        ("A股", ["a股", "a"]),
        ("Penrose Partne\u0301", ["penrose", "partne", "partné", "e", "n"]),
        ("cafe\u0323\u0301 Cafe", ["cafe", "caf", "af"]),
    ],
)
def test_what_only_folding_makes_of_a_text_is_found(text: str, words: list[str]) -> None:
    build.draft(asked=[(text, "答")])
    for word in words:
        assert len(hits(word)) == len(looked_at(word)) == (word in search.fold(text)), word


def test_characters_that_stay_as_they_are_come_of_no_pair_and_are_lost_in_none() -> None:
    """That is why a look at the text as it is written tells whether it holds them, but for their disguises."""
    everything = list(map(chr, range(sys.maxunicode + 1)))
    stays = {character for character in everything if search._Sought(character).stays_as_it_is}
    assert len(stays) > 27_000
    assert not [character for character in stays if search.fold(character) != character]
    assert not [character for character in stays if unicodedata.combining(character)]
    pairs = [
        told for character in everything if " " in (told := unicodedata.decomposition(character)) and told[0] != "<"
    ]
    assert len(pairs) > 900
    assert not [told for told in pairs if stays.intersection(chr(int(part, 16)) for part in told.split())]


def test_nothing_but_an_accent_changes_the_letter_before_it() -> None:
    """That is why a word of letters that stands in a text without one is not lost by folding."""
    accents = set(search.accents())
    assert "\u0301" in accents
    for character in map(chr, range(sys.maxunicode + 1)):
        if character not in accents and (unicodedata.combining(character) or unicodedata.decomposition(character)):
            for letter in string.ascii_letters:
                assert search.fold(letter + character).startswith(letter.lower()), (letter, character)


@pytest.mark.django_db
def test_the_database_folds_as_python_does() -> None:
    """Above all it leaves the capitals of other alphabets alone, whatever its locale makes of them."""
    for text in ("ABCxyzÀÉÎÖØŒΑΩЖЯԱ", "ＡＢ１２㈱ﬁ①", "İIıi", "ẞßÇ", "か\u3099e\u0301"):
        with connection.cursor() as cursor:
            cursor.execute("SELECT irsite_fold(%s)", [text])
            assert cursor.fetchone() == (search.fold(text),)


@pytest.mark.django_db
def test_the_engine_tells_which_words_many_rows_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    others = "".join(
        map(chr, range(0x5000, 0x5080))
    )  # PostgreSQL guesses at beginnings where it knows a hundred grams
    build.draft(asked=[(f"订单第{n}次？", "充足") for n in range(40)] + [("产能呢？", "满产"), ("其他？", others)])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    monkeypatch.setattr(search, "COMMON", 10)
    words = ("订单", "订", "充", "订单第", "产能", "产", "订单产", "不在")
    assert search.common(" ".join(words), connection) == {"订单", "订", "充", "订单第"}
    assert search.common("", connection) == set()
    monkeypatch.setattr(search, "COMMON", 50)
    assert search.common(" ".join(words), connection) == set()


@pytest.mark.django_db
def test_a_rare_word_of_common_grams_is_not_taken_for_a_common_one(monkeypatch: pytest.MonkeyPatch) -> None:
    others = "".join(map(chr, range(0x5000, 0x5080)))
    build.draft(asked=[(f"订单{n}", "单数") for n in range(40)] + [("订单数？", others)])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    monkeypatch.setattr(search, "COMMON", 10)
    assert search.common("订单 单数 订单数", connection) == {"订单", "单数"}
    assert [row.text for row in Question.objects.matching("订单数")] == ["订单数？"]


@pytest.mark.django_db
def test_drafts_are_not_found() -> None:
    build.draft(asked=[("机密问题？", "机密。")])
    assert not Record.objects.published().matching("机密").exists()


@pytest.mark.django_db
def test_the_index_follows_every_way_of_writing() -> None:
    record = build.draft(asked=[("甲乙丙？", "丁戊。")])
    question = record.questions.get()
    assert hits("甲乙") == [question.pk]
    Question.objects.filter(pk=question.pk).update(text="己庚？")
    assert (hits("甲乙"), hits("己庚")) == ([], [question.pk])
    Question.objects.bulk_update([Question(pk=question.pk, answer="辛壬")], ["answer"])
    assert (hits("丁戊"), hits("辛壬")) == ([], [question.pk])
    question.delete()
    assert hits("己庚") == []


@pytest.mark.django_db
def test_a_new_visitor_is_found_once_the_record_is_counted_anew() -> None:
    record = build.record(visitors=["华夏基金 贾静雯"])
    Participant.objects.create(record=record, position=2, name_as_filed="外星资本", person="甲")
    Record.objects.filter(pk=record.pk).recount()
    assert list(Record.objects.matching("外星资本")) == [record]


@pytest.mark.django_db(transaction=True)
def test_a_lost_index_is_noticed_and_built_again() -> None:
    question = build.record(asked=[("甲乙丙？", "丁戊。")]).questions.get()
    assert search_index.is_installed(connection)
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("DROP TRIGGER records_question_grams_update")
        else:
            cursor.execute("DROP INDEX records_question_grams")
    assert not search_index.is_installed(connection)
    search_index.install(connection)
    assert search_index.is_installed(connection)
    assert hits("甲乙") == [question.pk]


on_postgresql = pytest.mark.skipif("connection.vendor == 'sqlite'", reason="SQLite's functions are those of Python")


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_an_index_of_another_version_is_noticed_and_built_again() -> None:
    question = build.record(asked=[("甲乙丙？", "丁戊。")]).questions.get()
    build.index_of_another_version()
    assert search_index.is_installed(connection)
    assert not search_index.is_current(connection)
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")  # the planner takes an index for many rows
        assert hits("甲乙") == []
        cursor.execute("RESET enable_seqscan")
    search_index.install(connection)
    assert search_index.is_current(connection)
    assert hits("甲乙") == [question.pk]


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_grams_that_earlier_versions_stored_go() -> None:
    question = build.record(asked=[("甲乙丙？", "丁戊。")]).questions.get()
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX records_question_grams")
        cursor.execute(
            "ALTER TABLE records_question ADD COLUMN grams tsvector "
            """GENERATED ALWAYS AS (array_to_tsvector(irsite_grams("text" || chr(10) || "answer"))) STORED"""
        )
        cursor.execute("CREATE INDEX records_question_grams ON records_question USING gin (grams)")
        assert not search_index.is_current(connection)
        search_index.install(connection)
        assert search_index.is_current(connection)
        cursor.execute("SELECT * FROM records_question")
        assert "grams" not in [column.name for column in cursor.description]
    assert hits("甲乙") == [question.pk]


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_an_index_that_is_right_is_left_alone() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 'records_question_grams'::regclass::oid")
        before = cursor.fetchall()
        search_index.install(connection)
        cursor.execute("SELECT 'records_question_grams'::regclass::oid")
        assert cursor.fetchall() == before


@pytest.mark.parametrize(
    ("text", "wanted", "unwanted"),
    [
        ("境外 毛利率", ("境外", "毛利率"), ()),
        ("境外　ＡＩ", ("境外", "ai"), ()),
        ('"境外 收入" -毛利率', ("境外 收入",), ("毛利率",)),
        ("“境外 收入”", ("境外 收入",), ()),
        ("「境外」", ("境外",), ()),
        ('-"境外 收入"', (), ("境外 收入",)),
        ("a-b", ("a-b",), ()),
        ("", (), ()),
        ("   ", (), ()),
    ],
)
def test_a_query_is_understood(text: str, wanted: tuple, unwanted: tuple) -> None:
    query = search.parse(text)
    assert (query.wanted, query.unwanted, query.complaints) == (wanted, unwanted, ())


@pytest.mark.parametrize(
    "text", ['"境外 收入', "！！", "a -", '"', "境外 、", "x " * 0 + " ".join(f"w{n}" for n in range(20))]
)
def test_a_broken_query_is_a_sentence_and_the_rest_counts(text: str) -> None:
    query = search.parse(text)
    assert query.complaints or text == "a -"


@pytest.mark.fuzz
@settings(max_examples=examples(100))
@given(st.text())
def test_any_query_is_parsed(text: str) -> None:
    query = search.parse(text)
    assert len(query.wanted) + len(query.unwanted) <= search.MAX_WORDS
    assert all(search.grams(word) for word in query.wanted + query.unwanted)


@pytest.mark.fuzz
@settings(max_examples=examples(100))
@given(st.text(max_size=60), st.lists(st.text(min_size=1, max_size=4), max_size=3))
def test_marking_changes_no_character(text: str, words: list[str]) -> None:
    asked = tuple(search.fold(word) for word in words)
    pieces = search.marked(text, asked)
    assert "".join(piece for piece, _is_word in pieces) == text


def test_the_original_text_is_marked_and_cut() -> None:
    assert search.marked("在ＡＩ领域，Ai", ("ai",)) == [("在", False), ("ＡＩ", True), ("领域，", False), ("Ai", True)]
    assert search.marked("１．５％", ("1.5%",)) == [("１．５％", True)]
    long = "前" * 200 + "境外" + "后" * 200
    assert "境外" in search.excerpt(long, ("境外",))
    assert len(search.excerpt(long, ("境外",))) <= 82
