"""Named rules about sets of rows. What the public sees starts at `RecordQuerySet.published()`."""

from .days import Period, days_of_month, held_within
from .directory import (
    CompanyQuerySet,
    InstitutionMergeQuerySet,
    InstitutionQuerySet,
    MergedTopicQuerySet,
    SimilarNamesQuerySet,
    TopicQuerySet,
)
from .keys import Among, among, id_of, joined
from .ledger import SummaryQuerySet, TallyQuerySet
from .orders import DAY_OF_ORDER, NEWEST_FIRST, Place
from .parts import LIFT, PositionedQuerySet
from .records import Named, OfCompanyQuerySet, QuietPeriodQuerySet, RecordQuerySet

__all__ = [
    "DAY_OF_ORDER",
    "LIFT",
    "NEWEST_FIRST",
    "Among",
    "CompanyQuerySet",
    "InstitutionMergeQuerySet",
    "InstitutionQuerySet",
    "MergedTopicQuerySet",
    "Named",
    "OfCompanyQuerySet",
    "Period",
    "Place",
    "PositionedQuerySet",
    "QuietPeriodQuerySet",
    "RecordQuerySet",
    "SimilarNamesQuerySet",
    "SummaryQuerySet",
    "TallyQuerySet",
    "TopicQuerySet",
    "among",
    "days_of_month",
    "held_within",
    "id_of",
    "joined",
]
