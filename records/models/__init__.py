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
    topics_held,
)
from .intake import Intake
from .ledger import Mention, Tally, Visit
from .record import ActivityType, Attachment, Participant, Question, Record
from .retention import end_of_retention
from .step import Step, name_of
from .tagging import Retagging, StaleError, retag

__all__ = [
    "Acknowledgement",
    "ActivityType",
    "Attachment",
    "AuditEntry",
    "Closure",
    "Company",
    "DeadlineRule",
    "Deadlines",
    "Exchange",
    "Institution",
    "InstitutionAlias",
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
    "StaleError",
    "Step",
    "Tally",
    "Topic",
    "Visit",
    "WatchWord",
    "audit",
    "end_of_retention",
    "name_of",
    "retag",
    "topics_held",
]
