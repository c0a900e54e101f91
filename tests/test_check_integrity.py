"""`manage.py check_integrity`: each thing that is broken is named, and what is only derived is made anew."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import translation

from records import integrity, reindexing, search_index
from records.models import (
    Attachment,
    Attendance,
    Company,
    Institution,
    Intake,
    Mention,
    Participant,
    Question,
    Record,
    Summary,
    Tally,
    Topic,
    Visit,
    stored,
)
from records.workflow import Status

from . import build

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture
def record() -> Record:
    """A published record with a new version begun, and a file that both name; beside it a withdrawn one."""
    made = build.record(
        visitors=["华夏基金 贾静雯", "中信证券 王五"],
        asked=[("甲乙？", "丙丁。"), ("戊己？", "庚辛。")],
        topics=["大模型"],
    )
    attach(made)
    made.correct()
    build.record(number="gone").withdraw()
    return made


def attach(to: Record, data: bytes = b"slides") -> Attachment:
    return Attachment.objects.create(record=to, kind=Attachment.Kind.SLIDES, file=ContentFile(data, name="a.pdf"))


def run(**options: Any) -> tuple[str, str]:
    """What the command says, and by which sentence it fails."""
    out = io.StringIO()
    try:
        call_command("check_integrity", stdout=out, **options)
    except CommandError as error:
        return out.getvalue(), str(error)
    return out.getvalue(), ""


def sql(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def old(path: Path) -> None:
    """As if it had been there for long."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    os.utime(path, (0, 0))


def test_nothing_is_wrong_with_what_the_site_made_itself(record: Record) -> None:
    assert run() == ("Everything agrees.\n", "")
    record.refresh_from_db()
    record.correction.publish()
    Record.objects.get(corrects=record).correct()
    Record.objects.get(corrects__corrects=record).publish()
    assert run() == ("Everything agrees.\n", "")
    Record.objects.published().get().withdraw()
    assert run() == ("Everything agrees.\n", "")
    Record.objects.get(corrects__corrects=record).reopen()
    assert run() == ("Everything agrees.\n", "")


def test_an_empty_site_is_whole() -> None:
    assert run() == ("Everything agrees.\n", "")


# What is broken, and what the command says of it: {pk} is the record's id.
DERIVED: dict[str, tuple[Callable[[Record], Any], str]] = {
    "institution count": (
        lambda record: Record.objects.filter(pk=record.pk).update(institution_count=9),
        "counts: record {pk}: institution_count is 9, a count gives 2",
    ),
    "person count": (
        lambda record: Record.objects.filter(pk=record.pk).update(person_count=0),
        "counts: record {pk}: person_count is 0, a count gives 2",
    ),
    "question count": (
        lambda record: Record.objects.filter(pk=record.pk).update(question_count=3),
        "counts: record {pk}: question_count is 3, a count gives 2",
    ),
    "visitor names": (
        lambda record: Record.objects.filter(pk=record.pk).update(visitor_names="甲"),
        "counts: record {pk}: visitor_names is 甲, a count gives 华夏基金／贾静雯／中信证券／王五",
    ),
    "visit lost": (
        lambda record: Visit.objects.filter(institution__name="华夏基金").delete(),
        "ledger: visit {pk} {institution}: the ledger holds nothing, a count gives 2024-06-06",
    ),
    "visit too many": (
        lambda record: Visit.objects.create(
            record=record, institution=build.institution("高瓴资本"), held_from="2024-06-06"
        ),
        "a count gives nothing",
    ),
    "attendance": (
        lambda record: Attendance.objects.filter(type="mutual-fund").delete(),
        "ledger: attendance {pk} mutual-fund: the ledger holds nothing, a count gives 2024-06-06",
    ),
    "mention": (
        lambda record: Mention.objects.update(questions=7),
        "ledger: mention {pk} {topic}: the ledger holds 2024-06-06 7, a count gives 2024-06-06 2",
    ),
    "summary": (
        lambda record: Summary.objects.update(topics="7"),
        "ledger: summary {pk}: the ledger holds 2024-06-06",
    ),
    "summary lost": (
        lambda record: Summary.objects.all().delete(),
        "ledger: summary {pk}: the ledger holds nothing, a count gives 2024-06-06",
    ),
    "company": (
        lambda record: Company.objects.update(record_count=5),
        "ledger: company {company}: the ledger holds 5 2024-06-06 2024-06-06 2, a count gives 1",
    ),
    "institution": (
        lambda record: Institution.objects.filter(name="华夏基金").update(first_held=None),
        "ledger: institution {institution}: the ledger holds 1 nothing 2024-06-06, a count gives 1 2024-06-06",
    ),
    "topic": (
        lambda record: Topic.objects.update(question_count=1),
        "ledger: topic {topic}: the ledger holds 1 2024-06-06 2024-06-06 1, a count gives 1 2024-06-06 2024-06-06 2",
    ),
    "tally": (
        lambda record: Tally.objects.filter(facet="").update(records=8),
        "ledger: tally 2024-06: the ledger holds 8 2, a count gives 1 2",
    ),
    "tally lost": (
        lambda record: Tally.objects.filter(facet="activity").delete(),
        "ledger: tally 2024-06 activity 特定对象调研: the ledger holds nothing, a count gives 1 2",
    ),
    "index never told": (
        lambda record: behind_the_index(record, "INSERT"),
        "search index: records_question {new}: the index is not that of its text"
        if connection.vendor == "sqlite"
        else "search index: records_question: the index was made by another version",
    ),
    "index of another text": (
        lambda record: behind_the_index(record, "UPDATE"),
        "search index: records_question {question}: the index is not that of its text"
        if connection.vendor == "sqlite"
        else "search index: records_record: the index was made by another version",
    ),
    "index of a part": (
        lambda record: sql(
            "DROP TRIGGER records_record_grams_update"
            if connection.vendor == "sqlite"
            else "DROP INDEX records_record_grams"
        ),
        "search index: records_record: the index lacks records_record_grams",
    ),
    "index": (
        lambda record: sql(
            "DROP TABLE records_question_grams"
            if connection.vendor == "sqlite"
            else "DROP INDEX records_question_grams"
        ),
        "search index: records_question: the index lacks records_question",
    ),
    "index half built": (
        lambda record: sql(
            "DROP TRIGGER records_question_grams_insert"
            if connection.vendor == "sqlite"
            else "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'records_question_grams'::regclass"
        ),
        "search index: records_question: the index lacks records_question_grams",
    ),
}


def behind_the_index(record: Record, how: str) -> None:
    """A question is written while SQLite's triggers are gone; PostgreSQL's index was made by functions that see nothing."""
    if connection.vendor == "sqlite":
        sql("DROP TRIGGER records_question_grams_insert")
        sql("DROP TRIGGER records_question_grams_update")
    if how == "INSERT":
        draft = Record.objects.get(corrects=record)
        Question.objects.create(record=draft, position=3, text="壬癸？")
        Record.objects.filter(pk=draft.pk).recount()
    else:
        Question.objects.filter(record=record, position=1).update(text="子丑？")
    if connection.vendor == "sqlite":
        for event in ("insert", "update"):  # back as they were, as if they had never been gone
            sql(TRIGGERS[event])
    else:
        build.index_of_another_version()


@pytest.fixture(autouse=True)
def whole_index() -> Iterator[None]:
    """What a test breaks of the index outlives its rows."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'records_question'"
            )
            TRIGGERS.update({name.rpartition("_")[2]: text for name, text in cursor.fetchall()})
    yield
    reindexing.reindex(connection)
    search_index.install(connection)


TRIGGERS: dict[str, str] = {}


@pytest.mark.parametrize("what", DERIVED)
def test_what_is_derived_is_named_and_made_anew(record: Record, what: str) -> None:
    breaking, sentence = DERIVED[what]
    breaking(record)
    sentence = sentence.format(
        pk=record.pk,
        company=record.company_id,
        institution=build.institution().pk,
        topic=build.topic().pk,
        question=record.questions.get(position=1).pk,
        new=Question.objects.latest("pk").pk,
    )
    out, failure = run()
    assert sentence in out
    assert failure.endswith("wrong.")
    assert run() == (out, failure)  # looking changes nothing
    out, failure = run(repair=True)
    assert sentence in out
    assert out.endswith("made anew\nEverything agrees.\n")
    assert failure == ""
    assert run() == ("Everything agrees.\n", "")


def test_the_index_finds_again_what_it_had_missed(record: Record) -> None:
    behind_the_index(record, "UPDATE")
    assert not Question.objects.matching("子丑").exists()
    run(repair=True)
    assert Question.objects.matching("子丑").get().record == record


def test_a_row_that_only_the_index_knows_is_named(record: Record) -> None:
    if connection.vendor == "postgresql":
        pytest.skip("PostgreSQL keeps an index in step with its rows")
    sql("DROP TRIGGER records_question_grams_delete")
    gone = record.correction.questions.get(position=2)
    pk = gone.pk
    gone.delete()
    Record.objects.filter(pk=record.correction.pk).recount()
    sql(TRIGGERS["delete"])
    out, _failure = run()
    assert out == f"search index: records_question {pk}: the index is not that of its text\n"


# What only a person can put right.
OWN: dict[str, tuple[Callable[[Record], Any], str]] = {
    "a gap": (
        lambda record: record.questions.filter(position=2).update(position=3),
        "positions: record {pk} ({record}): questions stand at 1, 3 instead of 1, 2, 3 …",
    ),
    "from nought": (
        lambda record: record.participants.filter(position=1).update(position=0),
        "positions: record {pk} ({record}): participants stand at 0, 2 instead of 1, 2, 3 …",
    ),
    "never set down": (
        lambda record: record.participants.filter(position=1).update(position=1_000_001),
        "participants stand at 2, 1000001 instead of 1, 2, 3 …",
    ),
    "no successor": (
        lambda record: Record.objects.filter(number="gone").update(status=Status.SUPERSEDED),
        "is superseded, and no record corrects it",
    ),
    "two published": (
        lambda record: publish_behind_its_back(Record.objects.get(corrects=record)),
        "versions: record {pk} ({record}): is published, though record {draft} corrects it",
    ),
    "corrected though a draft": (
        lambda record: [Record.objects.filter(pk=record.pk).update(status=Status.DRAFT), integrity.ledger.renew()],
        "versions: record {pk} ({record}): is draft, though record {draft} corrects it",
    ),
    "another company": (
        lambda record: Record.objects.filter(corrects=record).update(company=build.company("999002")),
        "corrects record {pk} of another company",
    ),
    "a circle": (
        lambda record: Record.objects.filter(pk=record.pk).update(corrects=record.correction),
        "versions: record {pk} ({record}): corrects itself, by way of its own versions",
    ),
    "file lost": (
        lambda record: path_of(record).unlink(),
        "files: attachment {file}: its file {name} is not there",
    ),
    "other bytes": (
        lambda record: path_of(record).write_bytes(b"slidez"),
        "files: attachment {file}: the bytes of {name} are not those that were stored",
    ),
    "a file of nobody": (
        lambda record: old(stored.root() / "attachments" / "stray.pdf"),
        "files: attachments/stray.pdf: no row names this file",
    ),
    "an intake of nobody": (
        lambda record: old(stored.root() / "intakes" / "stray.pdf"),
        "files: intakes/stray.pdf: no row names this file",
    ),
}


def publish_behind_its_back(draft: Record) -> None:
    Record.objects.filter(pk=draft.pk).update(
        status=Status.PUBLISHED,
        published_at=draft.created_at,
        disclosed_on=draft.held_from,
        retain_until=draft.held_from,
    )
    integrity.ledger.renew()


def path_of(record: Record) -> Path:
    return Path(record.attachments.get().file.path)


@pytest.mark.parametrize("what", OWN)
def test_what_is_no_copy_is_named_and_left_alone(record: Record, what: str) -> None:
    breaking, sentence = OWN[what]
    file, draft = record.attachments.get(), Record.objects.get(corrects=record)
    told = {"pk": record.pk, "record": record, "draft": draft.pk, "file": file.pk, "name": file.file.name}
    breaking(record)
    for options in ({}, {"repair": True}, {}):
        out, failure = run(**options)
        assert sentence.format(**told) in out
        assert failure


def test_an_intake_without_its_file_is_named() -> None:
    intake = Intake.take(build.person("editor"), "a.txt", b"text")
    Path(intake.file.path).unlink()
    assert run() == (f"files: intake {intake.pk}: its file {intake.file.name} is not there\n", "1 thing is wrong.")


def test_a_file_that_is_being_brought_in_is_no_fault() -> None:
    folder = stored.root() / "intakes"
    folder.mkdir(parents=True)
    (folder / "new.pdf").write_bytes(b"x")
    assert run() == ("Everything agrees.\n", "")


def test_a_row_that_leads_nowhere_is_named(record: Record) -> None:
    if connection.vendor == "postgresql":
        pytest.skip("PostgreSQL lets nobody write such a row")
    sql("PRAGMA foreign_keys = OFF")
    pk = record.participants.first().pk
    Participant.objects.filter(pk=pk).update(institution_id=12345)
    sql("PRAGMA foreign_keys = ON")
    out, _failure = run()
    assert f"database: row {pk} of records_participant leads to a row of records_institution that is not there" in out
    Participant.objects.filter(pk=pk).update(institution=build.institution())


def test_each_record_is_looked_at_however_many_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(integrity, "CHUNK", 2)
    made = build.records(5)
    Record.objects.filter(pk__in=[made[1].pk, made[4].pk]).update(person_count=4)
    out, failure = run()
    assert [line.split(":")[1] for line in out.splitlines()] == [f" record {made[n].pk}" for n in (1, 4)]
    assert failure == "2 things are wrong."


def test_a_look_holds_up_nobody_who_writes(record: Record) -> None:
    """The site goes on meanwhile, and what it does is seen by the next look."""
    looked = iter(integrity.Check("counts", integrity.check_counts).faults())
    Record.objects.filter(pk=record.pk).update(person_count=0)
    assert next(looked)
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("UPDATE records_company SET full_name = 'x'")
    finally:
        other.close()
    looked.close()
    assert Company.objects.get().full_name == "x"
