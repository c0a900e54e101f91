"""Nouns, their constraints in the database, and the verbs that change a record's state."""

from . import audit
from .audit import AuditEntry
from .checking import Acknowledgement, Level, WatchWord
from .deadlines import Closure, DeadlineRule, Deadlines, Light, QuietPeriod, Reminder
from .directory import (
    Company,
    Exchange,
    Institution,
    InstitutionAlias,
    InstitutionType,
    MergedTopic,
    Topic,
    institutions_held,
    symbol_of,
    topics_held,
)
from .intake import Intake
from .ledger import Attendance, Mention, Summary, Tally, Visit
from .merging import InstitutionMerge, Undoing, institution_refusal
from .parts import Attachment, Participant, Question
from .record import ActivityType, Record, host_line
from .retention import end_of_retention
from .similar_names import ComparedName, SimilarNames, ToldApart, changed_names, compare_names
from .step import Step, name_of
from .tagging import Retagging, StaleError, give_by_words, retag

__all__ = [
    "Acknowledgement",
    "ActivityType",
    "Attachment",
    "Attendance",
    "AuditEntry",
    "Closure",
    "Company",
    "ComparedName",
    "DeadlineRule",
    "Deadlines",
    "Exchange",
    "Institution",
    "InstitutionAlias",
    "InstitutionMerge",
    "InstitutionType",
    "Intake",
    "Level",
    "Light",
    "Mention",
    "MergedTopic",
    "Participant",
    "Question",
    "QuietPeriod",
    "Record",
    "Reminder",
    "Retagging",
    "SimilarNames",
    "StaleError",
    "Step",
    "Summary",
    "Tally",
    "ToldApart",
    "Topic",
    "Undoing",
    "Visit",
    "WatchWord",
    "audit",
    "changed_names",
    "compare_names",
    "end_of_retention",
    "give_by_words",
    "host_line",
    "institution_refusal",
    "institutions_held",
    "name_of",
    "retag",
    "symbol_of",
    "topics_held",
]
