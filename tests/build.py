"""Plain builders of test data with a named cast; each gives a saved row and asks only for what a test is about.

The cast: 晨光数据 (999001) and 远山医药 (999002); 华夏基金 with 贾静雯, 中信证券 with 王五, 高瓴资本 with 李四;
the topics 大模型 and 境外业务.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from typing import Any
from unittest import mock

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import connection

from records import search_index
from records.models import ActivityType, Company, Institution, InstitutionType, Participant, Question, Record, Topic
from records.names import institution_key

CAST = {
    "999001": ("晨光数据", "晨光数据科技股份有限公司"),
    "999002": ("远山医药", "远山医药集团股份有限公司"),
}
TYPES = {"基金": InstitutionType.MUTUAL_FUND, "证券": InstitutionType.SECURITIES, "资本": InstitutionType.PRIVATE_FUND}


def company(code: str = "999001", short_name: str = "", **fields: Any) -> Company:
    """The company with this code, made if it is not there. Whoever is at the desk works for it."""
    cast_name, cast_full_name = CAST.get(code, (f"公司{code}", ""))
    fields = {"short_name": short_name or cast_name, "full_name": cast_full_name, **fields}
    made, is_new = Company.objects.get_or_create(code=code, defaults=fields)
    if is_new:
        made.staff.set(get_user_model().objects.filter(is_staff=True))
    return made


def institution(name: str = "华夏基金", **fields: Any) -> Institution:
    """The institution of this name, made if it is not there; its type is told from the end of its name."""
    fields = {"name": name, "type": TYPES.get(name[-2:], InstitutionType.UNKNOWN), **fields}
    return Institution.objects.get_or_create(key=institution_key(name), defaults=fields)[0]


STAFF = ("add_record", "change_record", "delete_record", "view_record")  # and the rows of a record
REVIEWER = ("view_record", "publish_record")


def person(name: str, *permissions: str, **fields: Any) -> Any:
    """Somebody who may log in at the desk, works for all companies, and does this: by default, what the staff does."""
    user = get_user_model().objects.create_user(name, **{"is_staff": True, **fields})
    wanted = set(permissions or STAFF)
    for row in ("participant", "question", "attachment"):
        wanted |= {codename.replace("record", row) for codename in wanted if codename != "publish_record"}
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="records", codename__in=wanted))
    user.companies.set(Company.objects.all())
    return user


def topic(name: str = "大模型", **fields: Any) -> Topic:
    """The topic of this name, made if it is not there."""
    return Topic.objects.get_or_create(name=name, defaults=fields)[0]


def record(
    of: Company | None = None,
    *,
    number: str = "2024-001",
    held: str | None = "2024-06-06",
    activities: Iterable[str] = ("特定对象调研",),
    visitors: Iterable[str] = ("华夏基金 贾静雯",),
    asked: Sequence[tuple[str, str]] = (("订单情况如何？", "订单充足。"),),
    topics: Iterable[str] = (),
    published: bool = True,
    disclosed: str | None = None,
    **fields: Any,
) -> Record:
    """A record, published unless told otherwise.

    A visitor is "institution person", either of which may be missing: "华夏基金", " 贾静雯". Every question is
    given the `topics`. Disclosed on the day it was held, unless `disclosed` says otherwise.
    """
    day = datetime.date.fromisoformat(held) if held else None
    fields.setdefault("disclosed_on", datetime.date.fromisoformat(disclosed) if disclosed else day)
    fields.setdefault("material_information", "不涉及")
    made = Record(company=of or company(), number=number, held_from=day, **fields)
    made.save()
    made.activity_types.set(ActivityType.objects.filter(name__in=list(activities)))
    add_visitors(made, visitors)
    add_questions(made, asked, topics)
    Record.objects.filter(pk=made.pk).recount()
    made.refresh_from_db()
    if published:
        made.publish()
    return made


def draft(of: Company | None = None, **options: Any) -> Record:
    """A record that nobody but staff may see."""
    return record(of, **{"number": "2024-999", **options, "published": False})


def long_ago(made: Record) -> Record:
    """The record once it need not be kept any longer."""
    Record.objects.filter(pk=made.pk).update(retain_until=datetime.date(2020, 1, 1))
    return Record.objects.get(pk=made.pk)


def records(count: int, **options: Any) -> list[Record]:
    """That many published records of one company, each a day after the one before."""
    first = datetime.date(2024, 1, 1)
    return [
        record(**{"number": f"2024-{n:03}", "held": str(first + datetime.timedelta(days=n)), **options})
        for n in range(1, count + 1)
    ]


def add_visitors(to: Record, visitors: Iterable[str]) -> list[Participant]:
    pairs = [visitor.partition(" ") for visitor in visitors]
    return Participant.objects.bulk_create(
        Participant(
            record=to,
            position=position,
            institution=institution(name) if name else None,
            name_as_filed=name,
            person=person,
            commitment_letter=Participant.CommitmentLetter.SIGNED,
        )
        for position, (name, _space, person) in enumerate(pairs, 1)
    )


def add_questions(to: Record, asked: Iterable[tuple[str, str]], topics: Iterable[str] = ()) -> list[Question]:
    rows = Question.objects.bulk_create(
        Question(record=to, position=position, text=text, answer=answer)
        for position, (text, answer) in enumerate(asked, 1)
    )
    subjects = [topic(name) for name in topics]
    for row in rows:
        row.topics.set(subjects)
    return rows


def index_of_another_version() -> None:
    """On PostgreSQL: functions that saw the same in every text made the search's index, and are gone since."""
    fold, grams = search_index.POSTGRESQL_FUNCTIONS
    blind = f"{grams.partition('BEGIN')[0]} AS $$ SELECT ARRAY['错'] $$"
    with mock.patch.object(search_index, "POSTGRESQL_FUNCTIONS", (fold, blind)):
        search_index.install(connection)
    search_index.create_functions(connection)
