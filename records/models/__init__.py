"""Nouns, their constraints in the database, and the verbs that change a record's state."""

from .checking import Acknowledgement, Level, WatchWord
from .deadlines import Closure, DeadlineRule, Deadlines, Light, QuietPeriod, Reminder
from .directory import Company, Exchange, Institution, InstitutionAlias, InstitutionType, Topic
from .intake import Intake
from .ledger import Mention, Tally, Visit
from .record import ActivityType, Attachment, Participant, Question, Record
from .retention import end_of_retention
from .step import Step, name_of

__all__ = [
    "Acknowledgement",
    "ActivityType",
    "Attachment",
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
    "Participant",
    "Question",
    "QuietPeriod",
    "Record",
    "Reminder",
    "Step",
    "Tally",
    "Topic",
    "Visit",
    "WatchWord",
    "end_of_retention",
    "name_of",
]
