"""Nouns, their constraints in the database, and the verbs that change a record's state."""

from .directory import Company, Exchange, Institution, InstitutionAlias, InstitutionType, Topic
from .intake import Intake
from .ledger import Mention, Tally, Visit
from .record import ActivityType, Attachment, Participant, Question, Record

__all__ = [
    "ActivityType",
    "Attachment",
    "Company",
    "Exchange",
    "Institution",
    "InstitutionAlias",
    "InstitutionType",
    "Intake",
    "Mention",
    "Participant",
    "Question",
    "Record",
    "Tally",
    "Topic",
    "Visit",
]
