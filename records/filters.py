"""The query string as a queryset: the one `RecordFilter` behind every list, its facets and its CSV.

A filter keeps what it understands and says in a sentence what it does not: `errors` holds the sentences by field,
`parameters` what was understood, as it stands in an address.
"""

from __future__ import annotations

import datetime
import functools
import itertools
import math
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db import connections
from django.db.models import Max, Min, QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from . import search
from .filing.dates import parse_date
from .filing.shape import ACTIVITY_TYPES
from .hits import COUNTED, Hits
from .models import (
    ActivityType,
    Company,
    Exchange,
    Institution,
    InstitutionMerge,
    InstitutionType,
    MergedTopic,
    Participant,
    Question,
    Record,
    Summary,
    Tally,
    Topic,
)
from .querysets import Among, Named, Period

MAX_VALUES = 100  # of one parameter
FEW = 20_000  # rows of a list up to which all of them are counted one by one
PIECE = 5_000  # rows that are added up at once, where all of very many are
SAMPLE = 4_000  # rows of which those that fit are looked at, where more fit
DOUBT = 1.3  # an estimate up to so many times `FEW` is put to the test
# Which parameter asks for what stands in a field of a summary.
FIELDS = {
    "company": "company",
    "board": "exchange",
    "activities": "activity",
    "institution_types": "institution_type",
    "topics": "topic",
    "institutions": "institution",
}
# Parameters of which the summaries know which published records fit.
IN_SUMMARIES = {*FIELDS.values(), "year", "month"}
SHOWN_LENGTH = 30  # of a value that a sentence quotes


class Values(NamedTuple):
    """The values of one repeated parameter: those that stand for something, and the rest."""

    known: dict[str, Any]
    unknown: list[str]


class ValuesField(forms.Field):
    """Several values of one parameter; `find` gives what each stands for, and leaves out what it does not know."""

    widget = forms.SelectMultiple  # it reads every repetition of a parameter

    def __init__(self, *, find: Callable[[list[str]], Mapping[str, Any]], **options: Any) -> None:
        super().__init__(**options)
        self.find = find

    def clean(self, value: Iterable[str] | None) -> Values:
        texts = list(dict.fromkeys(text for item in value or () if (text := item.strip())))
        found = self.find(texts[:MAX_VALUES])
        return Values(
            known={text: found[text] for text in texts if text in found},
            unknown=[text for text in texts if text not in found],
        )


def rows_by(key: str, pattern: str, rows: Callable[[], QuerySet]) -> Callable[[list[str]], Mapping[str, Any]]:
    """A `find` over rows of the database; only values of the pattern's shape are looked for."""

    def find(texts: list[str]) -> Mapping[str, Any]:
        shaped = [text for text in texts if re.fullmatch(pattern, text)]
        return {str(getattr(row, key)): row for row in rows().filter(**{f"{key}__in": shaped})} if shaped else {}

    return find


def find_topics(texts: list[str]) -> Mapping[str, Topic]:
    """Addresses are promises: that of a topic which was merged stands for what it became part of."""
    found = rows_by("slug", r"[-\w]{1,60}", Topic.objects.public)(texts)
    former = [text for text in texts if text not in found]
    merged = rows_by("slug", r"[-\w]{1,60}", lambda: MergedTopic.objects.standing())(former)
    return {**found, **{slug: row.into for slug, row in merged.items()}}


def find_institutions(texts: list[str]) -> Mapping[str, Institution]:
    """The same of institutions, by their ids."""
    find = rows_by("pk", r"[0-9]{1,18}", lambda: Institution.objects.public())
    found = find(texts)
    former = [int(text) for text in texts if text not in found and re.fullmatch(r"[1-9][0-9]{0,17}", text)]
    leads = InstitutionMerge.objects.led_to(former)
    remaining = find([str(pk) for pk in leads.values()])
    return {**found, **{str(pk): remaining[str(into)] for pk, into in leads.items() if str(into) in remaining}}


def find_activities(texts: list[str]) -> Mapping[str, ActivityType]:
    return {text: ActivityType(name=text) for text in texts if text in ACTIVITY_TYPES}


def find_years(texts: list[str]) -> Mapping[str, int]:
    return {text: int(text) for text in texts if re.fullmatch(r"(19|20)[0-9]{2}", text)}


def find_months(texts: list[str]) -> Mapping[str, str]:
    return {text: text for text in texts if re.fullmatch(r"(19|20)[0-9]{2}-(0[1-9]|1[0-2])", text)}


def find_exchanges(texts: list[str]) -> Mapping[str, Exchange]:
    return {text: Exchange(text) for text in texts if text in Exchange.values}


def find_institution_types(texts: list[str]) -> Mapping[str, InstitutionType]:
    return {text: InstitutionType(text) for text in texts if text in InstitutionType.values}


class DayField(forms.CharField):
    """A day as people write it: 2026-03-12, 2026年3月12日, 2026/3/12, 2026.3.12, 20260312."""

    def clean(self, value: str | None) -> datetime.date | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            return parse_date(text)
        except (ValueError, OverflowError):
            raise ValidationError(
                _("“%(text)s” is no date; write one such as 2026-03-12 or 2026年3月12日."),
                params={"text": shortened(text)},
            ) from None


class SearchField(forms.CharField):
    def clean(self, value: str | None) -> str:
        text = super().clean(value)
        if len(text) > search.MAX_QUERY_LENGTH:
            raise ValidationError(
                _("A search may have %(limit)d characters at most; this one has %(length)d."),
                params={"limit": search.MAX_QUERY_LENGTH, "length": len(text)},
            )
        return text


class WordsField(SearchField):
    """A search in the syntax of `search.parse`."""

    def remarks(self, text: str) -> tuple[str, ...]:
        """What the search asks for that is not done; the rest of it is."""
        return search.parse(text).complaints


class ValuesFilter(django_filters.Filter):
    field_class = ValuesField


class DayFilter(django_filters.Filter):
    field_class = DayField


class SearchFilter(django_filters.Filter):
    field_class = SearchField


class WordsFilter(django_filters.Filter):
    field_class = WordsField


def shortened(text: str) -> str:
    """A value that came with the address, short enough to stand in a sentence."""
    plain = "".join(sign for sign in text if sign.isprintable())
    return plain if len(plain) <= SHOWN_LENGTH else f"{plain[:SHOWN_LENGTH]}…"


class ForgivingForm(forms.Form):
    """Complains of what it does not understand and keeps the rest, also the rest of one field."""

    def clean(self) -> dict[str, Any]:
        for name, value in list(self.cleaned_data.items()):
            if isinstance(value, Values):
                kept, remarks = value.known, [self._unknown(value.unknown)] if value.unknown else []
            else:
                kept, remarks = value, [*self._remarks_on(name, value)]
            for remark in remarks:
                self.add_error(name, remark)
            self.cleaned_data[name] = kept  # add_error took it out
        self._compare_days()
        return self.cleaned_data

    def _remarks_on(self, name: str, value: Any) -> Iterator[str]:
        data: Any = self.data
        field: Any = self.fields[name]
        if len(set(data.getlist(name))) > 1:
            yield gettext("It was given more than once; only the last value counts.")
        if value and hasattr(field, "remarks"):
            yield from field.remarks(value)

    def _compare_days(self) -> None:
        first, last = self.cleaned_data.get("date_after"), self.cleaned_data.get("date_before")
        if first and last and last < first:
            self.add_error(None, gettext("The last day is before the first, so nothing can fit."))

    def _unknown(self, texts: list[str]) -> str:
        quoted = "、".join(f"“{shortened(text)}”" for text in texts[:3])
        if len(texts) > 3:
            return gettext("%(values)s and %(count)d more are not known here.") % {
                "values": quoted,
                "count": len(texts) - 3,
            }
        return gettext("%(values)s is not known here.") % {"values": quoted}


class BaseFilter(django_filters.FilterSet):
    """What all filters of the public site share: parameters in, queryset and sentences out."""

    class Meta:
        form = ForgivingForm
        fields: tuple[str, ...] = ()

    @functools.cached_property
    def chosen(self) -> dict[str, Any]:
        """What was understood, by parameter; for parameters of several values, a dict from text to object."""
        self.form.is_valid()  # fills cleaned_data, whatever the answer
        return {name: value for name, value in self.form.cleaned_data.items() if value}

    @functools.cached_property
    def parameters(self) -> dict[str, list[str]]:
        """What was understood, as it stands in an address."""
        return {name: list(value) if isinstance(value, dict) else [str(value)] for name, value in self.chosen.items()}

    @property
    def sentences(self) -> list[tuple[str, str]]:
        """What was ignored: the label of the parameter and why."""
        return [(self.label_of(name), message) for name, messages in self.errors.items() for message in messages]

    def label_of(self, name: str) -> str:
        return str(self.filters[name].label) if name in self.filters else ""

    def without(self, *names: str) -> QuerySet:
        """The rows as if these parameters had not been given."""
        return self._narrowed(self.queryset.all(), self.chosen.keys() - set(names))

    def objections(self, besides: Iterable[str] = ()) -> list[str]:
        """Why data is refused: what of the address is not understood, parameters that do not exist included.

        A page ignores those and says so to whoever reads it; a program would take the wrong rows for the right
        ones. `besides` are parameters that are not the filter's.
        """
        unknown = [name for name in self.data if name not in self.filters and name not in besides]
        return [
            *(f"{label}: {sentence}" if label else sentence for label, sentence in self.sentences),
            *(gettext("There is no parameter “%(name)s”.") % {"name": shortened(name)} for name in unknown[:20]),
        ]

    def _narrowed(self, rows: QuerySet, names: Iterable[str]) -> QuerySet:
        """The rows narrowed by some of the parameters that were understood; their order is another matter."""
        for name in sorted(set(names) - {"sort"}):
            rows = self.filters[name].filter(rows, self.chosen[name])
        return rows


class RecordFilter(BaseFilter):
    """Records by what the address asks for; parameters narrow one another, values of one parameter widen it.

    `unit` is what the ledger calls the rows; `counted` are the parameters whose values know how many they have.
    `record` leads from a row to its record.
    """

    unit = "records"
    record = ""
    counted: frozenset[str] = frozenset({"company", "institution", "topic"})

    q = WordsFilter(label=_("Search"), method="by_words")
    company = ValuesFilter(
        label=_("Company"),
        method="by_company",
        find=rows_by("code", r"[0-9]{6}", lambda: Company.objects.public()),
    )
    institution = ValuesFilter(
        label=_("Institution"),
        method="by_institution",
        find=find_institutions,
    )
    institution_type = ValuesFilter(
        label=_("Institution type"),
        method="by_institution_type",
        find=find_institution_types,
    )
    topic = ValuesFilter(
        label=_("Topic"),
        method="by_topic",
        find=find_topics,
    )
    activity = ValuesFilter(label=_("Activity"), method="by_activity", find=find_activities)
    exchange = ValuesFilter(label=_("Stock exchange"), method="by_exchange", find=find_exchanges)
    year = ValuesFilter(label=_("Year"), method="by_year", find=find_years)
    month = ValuesFilter(label=_("Month"), method="by_month", find=find_months)
    date_after = DayFilter(label=_("From"), method="from_day")
    date_before = DayFilter(label=_("To"), method="to_day")
    sort = django_filters.ChoiceFilter(
        label=_("Order"),
        method="in_order",
        choices=[
            ("visit", _("newest visit first")),
            ("disclosure", _("newest disclosure first")),
            ("relevance", _("most relevant first")),
        ],
        error_messages={"invalid_choice": _("The order is “visit”, “disclosure” or, for a search, “relevance”.")},
    )

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self._known: dict[frozenset[str], int | None] = {}
        self._hits: dict[frozenset[str], Hits] = {}
        self._samples: dict[frozenset[str], Hits] = {}
        self._vast: dict[frozenset[str], bool] = {}

    @property
    def qs(self) -> QuerySet:
        return self.in_order(self._narrowed(self.queryset.all(), self.chosen.keys()), "sort", self.order)

    @property
    def order(self) -> str:
        """“visit”, “disclosure” or “relevance”; where nothing is looked for, all is equally relevant."""
        order = self.chosen.get("sort", "visit")
        return order if order != "relevance" or (self.words and not self._is_too_much_to_weigh) else "visit"

    @property
    def sentences(self) -> list[tuple[str, str]]:
        if not self._is_too_much_to_weigh:
            return super().sentences
        message = gettext("So many hold these words that the newest stand first: add a word, or choose a filter.")
        return [*super().sentences, (self.label_of("sort"), message)]

    @functools.cached_property
    def _is_too_much_to_weigh(self) -> bool:
        if self.chosen.get("sort") != "relevance" or not self.words:
            return False
        return self._is_vast(frozenset()) or self.hits("sort").is_sample

    @property
    def words(self) -> tuple[str, ...]:
        """What is looked for, folded."""
        return search.parse(self.chosen.get("q", "")).wanted

    def period_but(self, *names: str) -> Period | None:
        """The months that are asked for, if beside these parameters nothing else is asked for; else nothing."""
        others = self.chosen.keys() - {*names, "sort"}
        if others - {"year", "month"}:
            return None
        years = [f"{year}-{month:02}" for year in self.chosen.get("year", ()) for month in range(1, 13)]
        months = list(self.chosen.get("month", ()))
        if "year" in others and "month" in others:
            return Period(tuple(month for month in months if month in years))
        return Period(tuple(years if "year" in others else months) if others else None)

    def known_count(self, *without: str) -> int | None:
        """How many rows fit, as if some parameters had not been given, where the ledger knows it without counting."""
        names = frozenset(without)
        if names not in self._known:
            self._known[names] = self._in_ledger(names)
        return self._known[names]

    def _in_ledger(self, without: Collection[str]) -> int | None:
        period = self.period_but(*without)
        if period:
            counts = Tally.objects.counts("", self.unit, period.months)
            return sum(counts.values())
        asked = self.chosen.keys() - {"sort", *without}
        if len(asked) == 1 and (name := next(iter(asked))) in self.counted and len(self.chosen[name]) == 1:
            (subject,) = self.chosen[name].values()
            return getattr(subject, f"{self.unit.removesuffix('s')}_count")
        return None

    def hits(self, *without: str) -> Hits:
        """What fits as if some parameters had not been given: all of it if it is few, else a sample."""
        names = frozenset(name for name in without if name in self.chosen)
        if names not in self._hits:
            self._hits[names] = self._found(names)
        return self._hits[names]

    def at_hand(self, *without: str) -> Hits | None:
        """The same, if it was looked for already."""
        return self._hits.get(frozenset(name for name in without if name in self.chosen))

    def records(self) -> QuerySet:
        """Those that fit, in no order."""
        if few := self._few():
            return Record.objects.filter(Among("pk", few.joined))
        return self.without().order_by()

    def pieces(self, *fields: str, since: datetime.date | None = None) -> Iterator[Hits]:
        """All that fits, whatever its number, piece by piece; with `since`, what was held earlier may be missing."""
        if since is not None:
            yield Hits(self._told((), fields).filter(held_from__gte=since), fields)
        elif few := self._few():
            yield few
        else:
            rows = self._told((), fields).iterator(chunk_size=PIECE)
            while piece := list(itertools.islice(rows, PIECE)):
                yield Hits(piece, fields)

    def first_and_last(self) -> tuple[datetime.date | None, datetime.date | None]:
        """The days of the first and the last that fits."""
        if self.period_but() is None and (few := self._few()):  # of a period, an index tells
            return min(few.days), max(few.days)
        found = self._told((), ()).aggregate(first=Min("held_from"), last=Max("held_from"))
        return found["first"], found["last"]

    def _few(self) -> Hits | None:
        """All that fits, if anything does and it is few."""
        if self._is_vast(frozenset()) or (hits := self.hits()).is_sample:
            return None
        return hits if len(hits) else None

    def _found(self, names: frozenset[str]) -> Hits:
        fields = self._asked_of(names)
        is_page = not names and self.known_count() is None  # which is cut out of them
        rows = self._told(names, fields, self.order if is_page else "")
        if not self._is_vast(names):
            found = list(rows[: FEW + 1])
            if len(found) <= FEW:
                return Hits(found, fields)
        sample = self._sample(names)
        return sample if sample.is_sample else Hits(rows, fields)

    def _asked_of(self, names: Collection[str]) -> tuple[str, ...]:
        """What is asked of the summaries of what fits without these parameters: a facet's own."""
        return tuple(field for field in self.summarized if not names or FIELDS.get(field) in names)

    def _told(self, without: Iterable[str], fields: Iterable[str], order: str = "") -> QuerySet:
        """What `Hits` are made of; where summaries alone can tell what fits, no record is looked at."""
        rows: Any
        asked, summary = self.chosen.keys() - {"sort", *without}, f"{self.record}summary__"
        if not self.record and asked <= IN_SUMMARIES and order in {"", "visit"}:
            rows, summary = self._narrowed(Summary.objects.all(), asked), ""
        else:
            rows = self.without(*without)
        rows = self.in_order(rows, "sort", order) if order else rows.order_by()
        return rows.values_list("pk", f"{self.record}held_from", *(f"{summary}{field}" for field in fields))

    @property
    def summarized(self) -> tuple[str, ...]:
        """What facets ask of the summaries."""
        return COUNTED

    def _is_vast(self, names: frozenset[str]) -> bool:
        """Whether more fits than is counted one by one; a guess, so as not to look for all of it in vain."""
        if names not in self._vast:
            self._vast[names] = self._looks_vast(names)
        return self._vast[names]

    def _looks_vast(self, names: frozenset[str]) -> bool:
        if (known := self.known_count(*names)) is not None:
            return known > FEW
        first, last = self._keys
        if last - first < FEW or self._at_most(names) <= FEW:
            return False
        if "q" not in names and not self.common.issuperset(self.words):
            return False  # what the index finds is found as a whole, whatever is asked of it
        if self._asks_for_common_words(names) and self.without("q", *names).order_by()[: FEW + 1].count() <= FEW:
            return False  # to look for such words in few rows is no work
        return self._sample(names).count > DOUBT * FEW

    def _at_most(self, without: frozenset[str]) -> int | float:
        """About how many could fit, by what the ledger says of each subject and month that is asked for."""
        asked = self.chosen.keys() - without
        number = f"{self.unit.removesuffix('s')}_count"
        counts = [sum(getattr(one, number) for one in self.chosen[name].values()) for name in asked & self.counted]
        if min(counts, default=FEW + 1) > FEW and asked & {"year", "month", "date_after", "date_before"}:
            counts.append(self._at_most_in_time(asked))
        return min(counts, default=math.inf)

    def _at_most_in_time(self, asked: Collection[str]) -> int:
        wanted = {name: self.chosen[name] for name in asked}
        first, last = (str(wanted.get(name, ""))[:7] for name in ("date_after", "date_before"))
        return sum(
            n
            for month, n in self._tallied.items()
            if first <= month
            and month <= (last or month)
            and month[:4] in wanted.get("year", {month[:4]})
            and month in wanted.get("month", {month})
        )

    @functools.cached_property
    def _tallied(self) -> Mapping[str, int]:
        return Tally.objects.by_month(self.unit)

    def _sample(self, names: frozenset[str]) -> Hits:
        """Of keys that are spread evenly, those that fit."""
        if names not in self._samples:
            first, last = self._keys
            fields, step = self._asked_of(names), -(-(last - first + 1) // SAMPLE)
            drawn = self._told(names, fields).filter(Among("pk", range(first, last + 1, step)))
            self._samples[names] = Hits(drawn, fields, step)
        return self._samples[names]

    @functools.cached_property
    def _keys(self) -> tuple[int, int]:
        """The lowest and the highest there are, whatever fits."""
        rows = self.without(*self.chosen).model.objects
        # One by one: asked for both at once, SQLite reads all there are.
        return tuple(rows.aggregate(end=end("pk", default=0))["end"] for end in (Min, Max))

    def _asks_for_common_words(self, without: Iterable[str]) -> bool:
        """Whether nothing but words that many rows hold is searched for."""
        return "q" not in without and bool(self.common) and self.common.issuperset(self.words)

    @functools.cached_property
    def common(self) -> frozenset[str]:
        """Words of the search that many rows hold."""
        return search.common(self.chosen.get("q", ""), connections[self.queryset.db])

    @functools.cached_property
    def named(self) -> Mapping[str, Named]:
        """The same with what is named so."""
        return {word: self.queryset.named(word) for word in sorted(self.common)}

    def by_words(self, records: Any, _name: str, query: str) -> QuerySet:
        return records.matching(query, self.named)

    def by_company(self, records: Any, _name: str, companies: Mapping[str, Company]) -> QuerySet:
        return records.filter(company__in=companies.values())

    def by_institution(self, records: Any, _name: str, institutions: Mapping[str, Institution]) -> QuerySet:
        return records.visited_by(institutions.values())

    def by_institution_type(self, records: Any, _name: str, types: Mapping[str, InstitutionType]) -> QuerySet:
        return records.visited_by_types(types.values())

    def by_topic(self, rows: Any, _name: str, topics: Mapping[str, Topic]) -> QuerySet:
        return rows.about(topics.values())

    def by_activity(self, records: Any, _name: str, kinds: Mapping[str, ActivityType]) -> QuerySet:
        return records.of_activity(kinds.values())

    def by_year(self, records: Any, _name: str, years: Mapping[str, int]) -> QuerySet:
        return records.held_within((datetime.date(year, 1, 1), datetime.date(year, 12, 31)) for year in years.values())

    def by_month(self, records: Any, _name: str, months: Mapping[str, str]) -> QuerySet:
        return records.held_in_months(months)

    def by_exchange(self, records: Any, _name: str, exchanges: Mapping[str, Exchange]) -> QuerySet:
        return records.listed_on(board for exchange in exchanges.values() for board in exchange.boards)

    def from_day(self, records: Any, _name: str, day: datetime.date) -> QuerySet:
        return records.held_on_or_after(day)

    def to_day(self, records: Any, _name: str, day: datetime.date) -> QuerySet:
        return records.held_on_or_before(day)

    def in_order(self, rows: Any, _name: str, order: str) -> QuerySet:
        if order == "relevance":
            return rows.most_relevant_first(self.words)
        return rows.newest_disclosed_first() if order == "disclosure" else rows.newest_first()

    class Meta(BaseFilter.Meta):
        model = Record


class PartFilter(RecordFilter):
    """Rows of the records that fit: made like `RecordFilter`, from all published records.

    `own` are the parameters that are asked of the row itself and not of its record.
    """

    model: Any
    own: frozenset[str] = frozenset()
    record = "record__"

    @property
    def qs(self) -> QuerySet:
        return self.in_order(self._parts(self.chosen.keys()), "sort", self.order)

    def without(self, *names: str) -> QuerySet:
        return self._parts(self.chosen.keys() - set(names))

    def _parts(self, names: Iterable[str]) -> QuerySet:
        """Published is said of the row's own record: the list goes through the index that holds its order."""
        asked = set(names) - {"sort"}
        rows: Any = self.model.objects.public()
        if asked - self.own:
            records = self._narrowed(self.queryset.all(), asked - self.own)
            rows = rows.filter(record__in=records.order_by().values("pk"))
        return self._narrowed(rows, asked & self.own)

    class Meta(RecordFilter.Meta):
        pass


class ParticipantFilter(PartFilter):
    """Everybody who was present at the records that fit."""

    model = Participant
    summarized = ()

    @property
    def order(self) -> str:
        """Nobody is more relevant than those who sat beside them."""
        return "visit" if super().order == "relevance" else super().order


class QuestionFilter(PartFilter):
    """Questions of the records that fit, which hold the words and are on the topics themselves."""

    model = Question
    unit = "questions"
    counted = frozenset({"company", "topic"})
    own = frozenset({"q", "topic"})

    @property
    def summarized(self) -> tuple[str, ...]:
        """Topics are its own; of visitors it shows those alone that are asked for."""
        visitors = {"institution": "institutions", "institution_type": "institution_types"}
        return ("company", "board", "activities", *(visitors[name] for name in visitors if name in self.chosen))

    def by_words(self, questions: Any, _name: str, query: str) -> QuerySet:
        return questions.matching(query, self.common)


class CompanyFilter(BaseFilter):
    q = SearchFilter(label=_("Search"), method="by_name")

    def by_name(self, rows: Any, _name: str, text: str) -> QuerySet:
        return rows.found_by(text)

    class Meta(BaseFilter.Meta):
        model = Company


class InstitutionFilter(CompanyFilter):
    type = ValuesFilter(label=_("Type"), method="by_type", find=find_institution_types)

    def by_type(self, rows: Any, _name: str, types: Mapping[str, InstitutionType]) -> QuerySet:
        return rows.filter(type__in=types.values())

    class Meta(BaseFilter.Meta):
        model = Institution
