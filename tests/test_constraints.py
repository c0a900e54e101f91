"""The rules that the database itself holds, whatever writes to it."""

import datetime
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction

from records.models import Company, Institution, InstitutionAlias, Participant, Question, Record, Topic

from . import build

pytestmark = pytest.mark.django_db


def refused(make) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        make()


@pytest.mark.parametrize("code", ["12345", "1234567", "12345a", "", "１２３４５６"])
def test_a_securities_code_has_six_digits(code: str) -> None:
    build.company("123456")
    with pytest.raises(Exception, match=r"company_code|too long|value"), transaction.atomic():
        Company.objects.create(code=code, short_name="甲")


def test_a_number_is_unique_within_its_company_where_there_is_one() -> None:
    build.draft(number="2024-001")
    build.draft(build.company("999002"), number="2024-001")
    build.draft(number="")
    build.draft(number="")
    for alike in ("2024-001", "2024—001", "２０２４－００１", "2024 – 001", " 2024——001"):
        refused(lambda alike=alike: Record.objects.create(company=build.company(), number=alike))
        assert Record.objects.filter(number=alike).count() == 2


def test_the_last_day_is_not_before_the_first() -> None:
    day = datetime.date(2024, 6, 6)
    Record.objects.create(company=build.company(), held_from=day, held_to=day)
    refused(
        lambda: Record.objects.create(
            company=build.company(), held_from=day, held_to=day - datetime.timedelta(days=1), number="x"
        )
    )
    refused(lambda: Record.objects.create(company=build.company(), held_to=day, number="y"))


def test_a_published_record_has_its_dates() -> None:
    record = build.draft()
    refused(lambda: Record.objects.filter(pk=record.pk).update(status="published"))
    refused(lambda: Record.objects.filter(pk=record.pk).update(status="nonsense"))


def test_the_days_of_an_alias_are_in_order() -> None:
    of, day = build.institution(), datetime.date(2024, 6, 6)
    for number, days in enumerate([(None, None), (day, None), (None, day), (day, day)]):
        InstitutionAlias.objects.create(institution=of, name=f"名{number}", used_from=days[0], used_until=days[1])
    before = day - datetime.timedelta(days=1)
    refused(lambda: InstitutionAlias.objects.create(institution=of, name="名", used_from=day, used_until=before))


@pytest.mark.parametrize("model", [Participant, Question])
def test_a_position_is_taken_once_in_a_record(model) -> None:
    record, other = build.draft(number="1"), build.draft(number="2")
    text = {"text": "问"} if model is Question else {"person": "甲"}
    model.objects.create(record=record, position=9, **text)
    model.objects.create(record=other, position=9, **text)
    refused(lambda: model.objects.create(record=record, position=9, **text))


def test_a_participant_is_somebody_and_a_question_says_something() -> None:
    record = build.draft()
    refused(lambda: Participant.objects.create(record=record, position=9))
    refused(lambda: Question.objects.create(record=record, position=9, text="", answer=""))
    Question.objects.create(record=record, position=9, text="", answer="问题的文字已缺失")


def test_a_spelling_stands_for_one_institution() -> None:
    known = Institution.objects.create(name="华夏基金管理有限公司")
    refused(lambda: Institution.objects.create(name="华夏基金"))
    InstitutionAlias.objects.create(institution=known, name="华夏")
    refused(lambda: InstitutionAlias.objects.create(institution=known, name="华 夏"))


def test_what_is_in_use_is_not_deleted() -> None:
    record = build.draft()
    for owner in (record.company, record.participants.get().institution):
        refused(owner.delete)


def test_topics_with_one_reading_get_addresses_of_their_own() -> None:
    assert [Topic.objects.create(name=name).slug for name in ("境外业务", "境外 业务", "AI")] == [
        "jingwaiyewu",
        "jingwaiyewu-2",
        "ai",
    ]


def test_numbers_of_former_days_are_written_alike_where_none_is_in_the_way() -> None:
    migration = import_module("records.migrations.0027_numbers_alike")
    first = build.record(number="2024-001")
    second = first.correct()
    clash, clashing = build.draft(number="2024-003"), build.draft(number="2024-004")
    with connection.cursor() as cursor:  # past the field, which writes none of these any more
        for row, number in ((first, "2024—001"), (second, "2024—001"), (clashing, "2024—003")):
            cursor.execute("UPDATE records_record SET number = %s WHERE id = %s", [number, row.pk])
    migration.write_alike(apps, SimpleNamespace(connection=connection))
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, number FROM records_record")
        numbers = dict(cursor.fetchall())
    assert (numbers[first.pk], numbers[second.pk]) == ("2024-001", "2024-001")
    assert (numbers[clash.pk], numbers[clashing.pk]) == ("2024-003", "2024—003")
