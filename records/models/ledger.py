"""The ledger: what published records come to, kept ready for lists that count them.

It is written when a record is published or taken back, by `renew`, when topics are given to questions in bulk, by
`renew_topics`, and when institutions are merged, by `renew_institutions`; it says nothing that could not be counted
anew: `renew()` without ids does that for all.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Iterator
from typing import Any, ClassVar, NamedTuple

from django.db import connection, models, transaction
from django.db.models import Count, Max, Min, OuterRef, Subquery, Sum, TextField, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast, Coalesce, Substr
from django.db.models.signals import pre_delete
from django.dispatch import receiver

from records.querysets import SummaryQuerySet, TallyQuerySet, among
from records.workflow import Status

from .directory import Company, Institution, Topic, topics_held
from .record import Record

BATCH = 500  # of a list of rows that the database is asked for at once
ENTERED = 5_000  # records of which entries are written in one statement


class Visit(models.Model):
    """That an institution came to a published record: one row, however many people it sent."""

    pk = models.CompositePrimaryKey("record", "institution")
    # To look whether the record is there would wait for whoever holds it, and they may wait for the ledger.
    record = models.ForeignKey(
        Record, on_delete=models.CASCADE, related_name="visits", db_index=False, db_constraint=False
    )
    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="visits", db_index=False)
    held_from = models.DateField()

    class Meta:
        default_permissions = ()
        indexes: ClassVar = [
            models.Index(fields=["institution", "-held_from", "-record"], name="visit_of_institution"),
            models.Index(fields=["held_from", "institution", "record"], name="visit_by_day"),
        ]

    def __str__(self) -> str:
        return f"{self.institution} {self.held_from}"


class Attendance(models.Model):
    """That institutions of a type came to a published record: one row, however many of them."""

    pk = models.CompositePrimaryKey("record", "type")
    record = models.ForeignKey(
        Record, on_delete=models.CASCADE, related_name="attendances", db_index=False, db_constraint=False
    )
    type = models.CharField(max_length=16)
    held_from = models.DateField()

    class Meta:
        default_permissions = ()
        indexes: ClassVar = [
            models.Index(fields=["type", "-held_from", "-record"], name="attendance_of_type"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.held_from}"


class Mention(models.Model):
    """That a published record has questions on a topic, and how many."""

    pk = models.CompositePrimaryKey("record", "topic")
    record = models.ForeignKey(
        Record, on_delete=models.CASCADE, related_name="mentions", db_index=False, db_constraint=False
    )
    topic = models.ForeignKey(Topic, on_delete=models.CASCADE, related_name="mentions", db_index=False)
    held_from = models.DateField()
    questions = models.PositiveIntegerField()

    class Meta:
        default_permissions = ()
        indexes: ClassVar = [
            models.Index(fields=["topic", "-held_from", "-record"], name="mention_of_topic"),
            models.Index(fields=["held_from", "topic", "record"], name="mention_by_day"),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.held_from}"


class Summary(models.Model):
    """What a published record is counted under, in one narrow row: a list of thousands is counted by reading these.

    What there may be several of are ids or names with a space between them; `institutions` are those of its visits,
    `topics` those of its mentions.
    """

    record = models.OneToOneField(
        Record, on_delete=models.CASCADE, primary_key=True, related_name="summary", db_constraint=False
    )
    held_from = models.DateField()
    company = models.ForeignKey(
        Company, on_delete=models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    board = models.CharField(max_length=16, blank=True)
    activities = models.TextField(blank=True)
    institution_types = models.TextField(blank=True)
    topics = models.TextField(blank=True)
    institutions = models.TextField(blank=True)

    objects = SummaryQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        indexes: ClassVar = [
            models.Index(fields=["-held_from", "-record"], name="summary_newest_first"),
            models.Index(fields=["company"], name="summary_of_company"),
        ]

    def __str__(self) -> str:
        return f"{self.record_id} {self.held_from}"


class Tally(models.Model):
    """How many published records of a month have one value of a facet, and their questions.

    `facet` "" is all of them. A month is written 2026-03.
    """

    month = models.CharField(max_length=7)
    facet = models.CharField(max_length=16, blank=True)
    value = models.CharField(max_length=16, blank=True)
    records = models.PositiveIntegerField()
    questions = models.PositiveIntegerField(default=0)

    objects = TallyQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["facet", "month", "value"], name="tally_is_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.month} {self.facet} {self.value}: {self.records}"


@contextlib.contextmanager
def held() -> Iterator[None]:
    """A transaction in which nobody else writes the ledger; whoever also locks directory rows begins with this."""
    with transaction.atomic():
        if connection.vendor == "postgresql":  # SQLite has one writer at a time anyway
            with connection.cursor() as cursor:
                cursor.execute(f'LOCK TABLE "{Tally._meta.db_table}" IN EXCLUSIVE MODE')
        yield


def renew(ids: Collection[int] | None = None) -> None:
    """Bring the ledger in line with these records, published or not; without ids, with all there are."""
    with held():
        if ids is None:
            _enter(_ENTRIES, None)
            for model in DIRECTORY:
                recount(model.objects.all())
            recount_months()
            return
        touched = _Touched()
        touched.add(ids)
        _enter(_ENTRIES, ids)
        touched.add(ids)
        for model in DIRECTORY:
            recount(model.objects.filter(pk__in=sorted(touched.keys[model])))
        recount_months(touched.months)


def renew_topics(ids: Collection[int]) -> None:
    """Bring the ledger in line after questions, of whatever records, were given these topics or lost them."""
    with held():
        rows: Any = Mention.objects.filter(topic__in=ids)
        before = set(rows.values_list("record", "topic"))
        rows._raw_delete(rows.db)
        _insert(Mention, f" AND about.topic_id IN ({', '.join(['%s'] * len(ids))})", ids)
        changed = before ^ set(rows.all().values_list("record", "topic"))
        _enter([Summary], {record for record, _topic in changed})
        recount(Topic.objects.filter(pk__in=ids))


def renew_institutions(ids: Collection[int], records: Collection[int]) -> None:
    """Bring the ledger in line after participants of these records came to be of others of these institutions.

    Other records of them are left alone: somebody may hold one, and wait for the ledger.
    """
    with held():
        chosen = among(records, connection.vendor)
        rows: Any = Visit.objects.filter(institution__in=ids, record__in=chosen)
        months = {day.isoformat()[:7] for day in rows.values_list("held_from", flat=True).distinct()}
        rows._raw_delete(rows.db)
        condition = f" AND came.institution_id IN ({', '.join(['%s'] * len(ids))}) AND record.id IN ({chosen.sql})"
        _insert(Visit, condition, [*ids, *chosen.params])
        institutions = Institution.objects.filter(pk__in=ids)
        recount(institutions)
        # Among institutions of one type, every record has visitors of the same types as before.
        if institutions.order_by().values("type").distinct().count() > 1:
            _enter([Attendance], records)
            recount_months(months)
        _enter([Summary], records)


def summarize() -> None:
    """Write the summaries of all published records anew, from what the ledger has of them already."""
    with held():
        _enter([Summary], None)


class _Touched:
    """What the entries of some records are counted under."""

    def __init__(self) -> None:
        self.keys: dict[Any, set[int]] = {model: set() for model in DIRECTORY}
        self.months: set[str] = set()

    def add(self, ids: Collection[int]) -> None:
        self.keys[Institution] |= set(Visit.objects.filter(record__in=ids).values_list("institution", flat=True))
        self.keys[Topic] |= set(Mention.objects.filter(record__in=ids).values_list("topic", flat=True))
        for company, day in Record.objects.filter(pk__in=ids).values_list("company", "held_from"):
            self.keys[Company].add(company)
            self.months |= {day.isoformat()[:7]} if day else set()


def _enter(models_of_entries: Iterable[Any], ids: Collection[int] | None) -> None:
    """Write some kinds of entries anew: of these records, or of all."""
    # No statement lasts long, however many records those are.
    batches: Iterable[RawSQL | None] = [None]
    if ids is not None:
        wanted = sorted(ids)
        batches = (among(wanted[at : at + ENTERED], connection.vendor) for at in range(0, len(wanted), ENTERED))
    for batch in batches:
        for model in models_of_entries:
            rows: Any = model.objects.all() if batch is None else model.objects.filter(record__in=batch)
            rows._raw_delete(rows.db)
            _insert(model, f" AND record.id IN ({batch.sql})" if batch else "", batch.params if batch else [])


def _insert(model: Any, chosen: str, params: Collection[Any]) -> None:
    columns, counted = _counted(model, chosen)
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {model._meta.db_table} ({columns}) {counted}", [Status.PUBLISHED.value, *params])


def _counted(model: Any, chosen: str = "") -> tuple[str, str]:
    """The columns of an entry, and the SQL of what they ought to hold."""
    columns, counted = _ENTRIES[model]
    join, plain = ("group_concat", "BINARY") if connection.vendor == "sqlite" else ("string_agg", '"C"')
    return columns, counted.format(chosen=chosen, join=join, plain=plain)


# The columns of what records have to do with others, and what these ought to hold: by the records themselves, but for
# summaries, which are made of the entries before them.
_ENTRIES: dict[Any, tuple[str, str]] = {
    Visit: (
        "record_id, institution_id, held_from",
        """
    SELECT DISTINCT record.id, came.institution_id, record.held_from
    FROM records_record AS record JOIN records_participant AS came ON came.record_id = record.id
    WHERE record.status = %s AND came.institution_id IS NOT NULL{chosen}
    """,
    ),
    Attendance: (
        "record_id, type, held_from",
        """
    SELECT DISTINCT record.id, institution.type, record.held_from
    FROM records_record AS record
    JOIN records_participant AS came ON came.record_id = record.id
    JOIN records_institution AS institution ON institution.id = came.institution_id
    WHERE record.status = %s{chosen}
    """,
    ),
    Mention: (
        "record_id, topic_id, held_from, questions",
        """
    SELECT record.id, about.topic_id, record.held_from, count(*)
    FROM records_record AS record
    JOIN records_question AS question ON question.record_id = record.id
    JOIN records_question_topics AS about ON about.question_id = question.id
    WHERE record.status = %s{chosen}
    GROUP BY record.id, about.topic_id, record.held_from
    """,
    ),
    Summary: (
        "record_id, held_from, company_id, board, activities, institution_types, topics, institutions",
        """
    SELECT record.id, record.held_from, record.company_id, company.board,
        coalesce((
            SELECT {join}(name, ' ') FROM (
                SELECT box.name FROM records_record_activity_types AS ticked
                JOIN records_activitytype AS box ON box.name = ticked.activitytype_id
                WHERE ticked.record_id = record.id ORDER BY box.position
            ) AS boxes
        ), ''),
        coalesce((
            SELECT {join}(type, ' ') FROM (
                SELECT type FROM records_attendance WHERE record_id = record.id ORDER BY type COLLATE {plain}
            ) AS types
        ), ''),
        coalesce((
            SELECT {join}(CAST(topic_id AS text), ' ') FROM (
                SELECT topic_id FROM records_mention WHERE record_id = record.id ORDER BY topic_id
            ) AS topics
        ), ''),
        coalesce((
            SELECT {join}(CAST(institution_id AS text), ' ') FROM (
                SELECT institution_id FROM records_visit WHERE record_id = record.id ORDER BY institution_id
            ) AS institutions
        ), '')
    FROM records_record AS record JOIN records_company AS company ON company.id = record.company_id
    WHERE record.status = %s{chosen}
    """,
    ),
}


def recount(rows: models.QuerySet) -> None:
    """Bring what companies, institutions or topics say of their records in line with the ledger."""
    rows.order_by().update(**_figures(rows.model))


def _figures(model: Any) -> dict[str, Any]:
    """What rows of a directory ought to say of their records, by field."""
    entries, questions = DIRECTORY[model]
    own: Any = entries().order_by().filter(**{_key(model): OuterRef("pk")}).values(_key(model))

    def counted(expression: Any, default: Any = None) -> Any:
        found = Subquery(own.annotate(n=expression).values("n"))
        return found if default is None else Coalesce(found, default)

    figures: dict[str, Any] = {
        "record_count": counted(Count("*"), 0),
        "first_held": counted(Min("held_from")),
        "last_held": counted(Max("held_from")),
    }
    if questions:
        figures["question_count"] = counted(Sum(questions), 0)
    return figures


def _key(model: Any) -> str:
    return str(model._meta.model_name)


# Where the records of each are, and what holds the number of their questions.
DIRECTORY: dict[Any, tuple[Any, str]] = {
    Company: (lambda: Record.objects.published(), "question_count"),
    Institution: (lambda: Visit.objects.all(), ""),
    Topic: (lambda: Mention.objects.all(), "questions"),
}


def recount_months(months: Iterable[str] | None = None) -> None:
    """Bring the tallies of some months, or of all, in line with the published records."""
    wanted = None if months is None else sorted(months)
    old = Tally.objects.all() if wanted is None else Tally.objects.filter(month__in=wanted)
    old._raw_delete(old.db)
    Tally.objects.bulk_create(_tallies(wanted), batch_size=BATCH)


def _tallies(months: list[str] | None) -> Iterator[Tally]:
    records = Record.objects.published().order_by()
    if months is not None:
        records = records.held_in_months(months)
    kept = records.values("pk")
    ticks = Record.activity_types.through.objects.filter(record__in=kept)
    attended = Attendance.objects.filter(record__in=kept)
    sources: tuple[tuple[str, Any, str, str, Any], ...] = (
        ("", records, "", "", Count("pk")),
        ("board", records, "", "company__board", Count("pk")),
        ("activity", ticks, "record__", "activitytype_id", Count("pk")),
        ("institution_type", attended, "record__", "type", Count("*")),
    )
    for facet, rows, path, value, counted in sources:
        month = Substr(Cast(f"{path}held_from", TextField()), 1, 7)
        keys = ["month", value] if value else ["month"]
        # Lists of questions do not offer types of institutions.
        questions = Value(0) if facet == "institution_type" else Sum(f"{path}question_count")
        found = rows.annotate(month=month).values(*keys).annotate(n=counted, q=questions).values_list(*keys, "n", "q")
        for row in found:
            yield Tally(month=row[0], facet=facet, value=row[1] if value else "", records=row[-2], questions=row[-1])


class Difference(NamedTuple):
    """What the ledger holds under a key and what a count gives; None where the one or the other has nothing."""

    what: str
    key: tuple[Any, ...]
    kept: tuple[Any, ...] | None
    counted: tuple[Any, ...] | None


def differences() -> Iterator[Difference]:
    """What `renew` would change; nothing is written.

    Each part is compared with what it is counted from, the first with the records themselves: where none differs, all
    are what a plain count gives.
    """
    for model in _ENTRIES:
        yield from _differing(model._meta.model_name, *_entries_that_differ(model))
    for model in DIRECTORY:
        figures = _figures(model)
        rows = model.objects.order_by("pk").annotate(**{f"true_{name}": figure for name, figure in figures.items()})
        told = list(rows.values_list("pk", *figures, *(f"true_{name}" for name in figures)))
        width = len(figures)
        kept = {row[:1]: row[1 : 1 + width] for row in told}
        yield from _differing(_key(model), kept, {row[:1]: row[1 + width :] for row in told})
    tallies = [
        {(row.month, row.facet, row.value): (row.records, row.questions) for row in rows}
        for rows in (Tally.objects.all(), _tallies(None))
    ]
    yield from _differing("tally", *tallies)


def _differing(what: str, kept: dict[Any, Any], counted: dict[Any, Any]) -> Iterator[Difference]:
    for key in sorted(kept.keys() | counted.keys()):
        if kept.get(key) != counted.get(key):
            yield Difference(what, key, kept.get(key), counted.get(key))


def _entries_that_differ(model: Any) -> list[dict[Any, Any]]:
    """Entries that are kept and not counted, and such that are counted and not kept."""
    columns, counted = _counted(model)
    kept = f"SELECT {columns} FROM {model._meta.db_table}"  # noqa: S608 - names of our own tables
    counted = f"SELECT * FROM ({counted}) AS counted"  # noqa: S608
    width = len(model._meta.pk_fields)
    found = []
    with connection.cursor() as cursor:
        for left, right in ((kept, counted), (counted, kept)):
            cursor.execute(f"{left} EXCEPT {right}", [Status.PUBLISHED.value])
            found.append({row[:width]: row[width:] for row in cursor.fetchall()})
    return found


def renew_values_of(*subjects: models.Model) -> None:
    """Bring the ledger in line after companies, or institutions, came to stand under another board or type."""
    model = type(subjects[0])
    entries, _questions = DIRECTORY[model]
    chosen = {f"{_key(model)}__in": among([subject.pk for subject in subjects], connection.vendor)}
    rows = entries().filter(**chosen).order_by()
    is_of_types = model is Institution
    records = set(rows.values_list("record" if is_of_types else "pk", flat=True))
    _enter([Attendance, Summary] if is_of_types else [Summary], records)
    recount_months({day.isoformat()[:7] for day in rows.values_list("held_from", flat=True).distinct()})


@receiver(pre_delete, sender=Topic)
def forget_topic(instance: Topic, **options: Any) -> None:
    """Its mentions go with it by themselves, but no summary would be told."""
    from .parts import Question

    with topics_held(alone=True), held():
        links: Any = Question.topics.through._default_manager.filter(topic=instance)
        links._raw_delete(links.db)
        renew_topics([instance.pk])
