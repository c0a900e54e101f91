"""What a search means: which words it asks for, and the condition they put on records and questions."""

import unicodedata

from django.db.models import Exists, OuterRef, Q, QuerySet

MAX_QUERY_LENGTH = 200


def words(query: str) -> list[str]:
    """The words of a search, each of which must be found; separated by white space of any width."""
    return list(dict.fromkeys(unicodedata.normalize("NFKC", query).split()))


def question_condition(word: str) -> Q:
    return Q(text__icontains=word) | Q(answer__icontains=word)


def record_condition(word: str, *, questions: QuerySet, participants: QuerySet) -> Q:
    """A word is found in a record's own line, in one of its questions, or in one of its participants."""
    of_record = {"record_id": OuterRef("pk")}
    return (
        Q(number__icontains=word)
        | Q(company__short_name__icontains=word)
        | Q(company__full_name__icontains=word)
        | Q(company__code=word)
        | Q(place__icontains=word)
        | Q(introduction__icontains=word)
        | Q(closing__icontains=word)
        | Q(Exists(questions.filter(question_condition(word), **of_record)))
        | Q(Exists(participants.filter(Q(name_as_filed__icontains=word) | Q(person__icontains=word), **of_record)))
    )
