"""A made-up market to measure on: `manage.py make_market --records N [--seed S]`."""

from __future__ import annotations

import datetime
import itertools
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext as _
from tqdm import tqdm

from records import market
from records.filing.shape import Board, board_of
from records.market import words
from records.models import Company, Institution, Participant, Question, Record, Topic, end_of_retention, ledger
from records.names import institution_key, pinyin_index
from records.workflow import Status

CHUNK = 1000  # records written at once
DIRECTORY = (Company, Institution, Topic)
PARTS = (Record, Record.activity_types.through, Participant, Question, Question.topics.through)
PUBLISHED = datetime.time(18, 30)


class Command(BaseCommand):
    help = (
        "Fills an empty database with a made-up market of published records, all of it or nothing. "
        "The same number and seed give the same rows."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--records", type=int, required=True, metavar="N", help="how many records, from 1 on")
        parser.add_argument(
            "--seed", type=int, default=1, metavar="S", help="another market of that size (default: 1)"
        )

    def handle(self, *, records: int, seed: int, **options: Any) -> None:
        if records < 1:
            raise CommandError(_("--records: give a number from 1 on."))
        mark = f"market {records} {seed}"
        if Record.objects.filter(source_digest=mark).count() == records == Record.objects.count():
            self.stdout.write(_("This market of %(count)d records is there already.") % {"count": records})
            return
        if any(model.objects.exists() for model in (*DIRECTORY, Record)) or Record.history.exists():
            raise CommandError(
                _("This database is in use; a market goes into an empty one only. Name another in DATABASE_URL.")
            )
        with transaction.atomic(), tqdm(total=records, disable=None, unit="record", leave=False) as progress:
            for rows in Rows(market.Market(records, seed), mark).chunks():
                for model in (*DIRECTORY, *PARTS):
                    insert(model, rows.get(model, ()))
                progress.update(len(rows.get(Record, ())))
            with connection.cursor() as cursor:
                for statement in connection.ops.sequence_reset_sql(no_style(), [*DIRECTORY, *PARTS]):
                    cursor.execute(statement)
                cursor.execute("ANALYZE")  # before the ledger asks for all of it
            ledger.renew()
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        self.stdout.write(_("Made a market of %(count)d records.") % {"count": records})


class Rows:
    """A market as rows with ids of their own, from 1 on; every record bears the `mark` as its source.

    What else is written whenever a record is saved or published is filled in here (address, counts, names of
    visitors), except the history: nobody worked on these records.
    """

    def __init__(self, source: market.Market, mark: str) -> None:
        self.market = source
        self.mark = mark
        self.participant_ids, self.question_ids = itertools.count(1), itertools.count(1)

    def chunks(self) -> Iterator[dict[Any, list[Model]]]:
        """Rows by model: the directory, then some records at a time with all that belongs to them."""
        yield {Company: self.companies(), Institution: self.institutions(), Topic: self.topics()}
        numbered = enumerate(self.market.records(), 1)
        while chunk := list(itertools.islice(numbered, CHUNK)):
            rows: dict[Any, list[Model]] = {model: [] for model in PARTS}
            for pk, told in chunk:
                self.add(rows, pk, told)
            yield rows

    def companies(self) -> list[Model]:
        return [
            Company(
                pk=pk,
                code=made.code,
                short_name=made.short_name,
                full_name=made.full_name,
                board=board_of(made.code) or Board.SSE_MAIN,
                pinyin=pinyin_index(made.short_name),
            )
            for pk, made in enumerate(self.market.companies, 1)
        ]

    def institutions(self) -> list[Model]:
        return [
            Institution(
                pk=pk,
                name=made.name,
                key=institution_key(made.name),
                type=made.type,
                pinyin=pinyin_index(made.name),
            )
            for pk, made in enumerate(self.market.institutions, 1)
        ]

    def topics(self) -> list[Model]:
        return [
            Topic(pk=pk, name=name, slug=slug, keywords="、".join(keywords), pinyin=pinyin_index(name))
            for pk, (name, slug, keywords) in enumerate(words.SUBJECTS, 1)
        ]

    def add(self, rows: dict[Any, list[Model]], pk: int, told: market.Record) -> None:
        """A record and its parts, beside those that are there."""
        rows[Record].append(self.record(pk, told))
        rows[Record.activity_types.through] += [
            Record.activity_types.through(record_id=pk, activitytype_id=name) for name in told.activities
        ]
        rows[Participant] += [
            Participant(
                pk=next(self.participant_ids),
                record_id=pk,
                position=position,
                institution_id=visitor.institution + 1,
                name_as_filed=visitor.name_as_filed,
                person=visitor.person,
                title=visitor.title,
            )
            for position, visitor in enumerate(told.visitors, 1)
        ]
        for position, asked in enumerate(told.questions, 1):
            question = Question(
                pk=next(self.question_ids), record_id=pk, position=position, text=asked.text, answer=asked.answer
            )
            rows[Question].append(question)
            rows[Question.topics.through] += [
                Question.topics.through(question_id=question.pk, topic_id=subject + 1) for subject in asked.subjects
            ]

    def record(self, pk: int, told: market.Record) -> Record:
        number = f"{told.held_from.year}-{told.serial:03}" if told.serial else ""
        published_at = timezone.make_aware(datetime.datetime.combine(told.disclosed_on, PUBLISHED))
        return Record(
            pk=pk,
            company_id=told.company + 1,
            number=number,
            slug=number or f"id-{pk}",
            other_activity=told.other_activity,
            held_from=told.held_from,
            held_to=told.held_to,
            place=told.place,
            hosts=told.hosts,
            stated_institutions=told.stated_institutions,
            introduction=told.introduction,
            closing=told.closing,
            signed_on=told.held_from,
            disclosed_on=told.disclosed_on,
            status=Status.PUBLISHED,
            published_at=published_at,
            retain_until=end_of_retention(told.disclosed_on),
            created_at=published_at,
            updated_at=published_at,
            source_digest=self.mark,
            institution_count=len({visitor.institution for visitor in told.visitors}),
            person_count=sum(bool(visitor.person) for visitor in told.visitors),
            question_count=len(told.questions),
            visitor_names="\n".join(
                part for visitor in told.visitors for part in (visitor.name_as_filed, visitor.person) if part
            ),
        )


def insert(model: Any, rows: Iterable[Model]) -> None:
    """Write rows as they are, by the fastest way that the database has; `bulk_create` would set its own times."""
    own_key = not model._meta.auto_created  # rows that only link two others are numbered by the database
    fields = [field for field in model._meta.concrete_fields if own_key or not field.primary_key]
    values = ([field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields] for row in rows)
    quote = connection.ops.quote_name
    columns = f"{quote(model._meta.db_table)} ({', '.join(quote(field.column) for field in fields)})"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {columns} FROM STDIN") as copy:
                for row in values:
                    copy.write_row(row)
        else:
            places = ", ".join(["%s"] * len(fields))
            cursor.executemany(f"INSERT INTO {columns} VALUES ({places})", list(values))  # noqa: S608 - our own tables
