"""The query string as a queryset: the one `RecordFilter` behind every list, its facets and its CSV.

A filter keeps what it understands and says in a sentence what it does not: `errors` holds the sentences by field,
`parameters` what was understood, as it stands in an address.
"""

from .base import BaseFilter
from .directory import CompanyFilter, InstitutionFilter
from .records import ParticipantFilter, QuestionFilter, RecordFilter
from .values import shortened

__all__ = [
    "BaseFilter",
    "CompanyFilter",
    "InstitutionFilter",
    "ParticipantFilter",
    "QuestionFilter",
    "RecordFilter",
    "shortened",
]
