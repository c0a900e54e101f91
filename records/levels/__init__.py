"""What can be taken along: the levels, a row for each thing, and the columns of each."""

from .desk import (
    AUDIT_LOG,
    CLOSURES,
    COMPANIES,
    DEADLINE_RULES,
    GROUPS,
    INSTITUTIONS,
    MERGED_INSTITUTIONS,
    PEOPLE,
    QUIET_PERIODS,
    REMINDERS,
    TOLD_APART,
    TOPICS,
    WATCH_WORDS,
)
from .disclosed import LEVELS, PARTICIPANTS, QUESTIONS, RECORDS
from .level import Column, Level

__all__ = [
    "AUDIT_LOG",
    "CLOSURES",
    "COMPANIES",
    "DEADLINE_RULES",
    "GROUPS",
    "INSTITUTIONS",
    "LEVELS",
    "MERGED_INSTITUTIONS",
    "PARTICIPANTS",
    "PEOPLE",
    "QUESTIONS",
    "QUIET_PERIODS",
    "RECORDS",
    "REMINDERS",
    "TOLD_APART",
    "TOPICS",
    "WATCH_WORDS",
    "Column",
    "Level",
]
