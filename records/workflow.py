"""What may happen to a record: one table of verbs. `Record` carries them out; nothing else changes a status."""

import dataclasses

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Status(TextChoices):
    DRAFT = "draft", _("draft")
    PUBLISHED = "published", _("published")
    SUPERSEDED = "superseded", _("superseded")  # by its correction; reachable still, and marked


UNPUBLISHED = frozenset({Status.DRAFT})  # what has still to be published, and is due some day
READABLE = frozenset({Status.PUBLISHED, Status.SUPERSEDED})  # what the public has a page of


@dataclasses.dataclass(frozen=True)
class Verb:
    """A change of state: from one of `sources` to `target`, for users with `permission`."""

    name: str
    label: object
    sources: frozenset[Status]
    target: Status
    permission: str
    by_hand: bool = True  # offered to people; others follow from what people do


VERBS = {
    verb.name: verb
    for verb in (
        Verb("publish", _("Publish"), frozenset({Status.DRAFT}), Status.PUBLISHED, "records.publish_record"),
        # What publishing a correction does to the version that it corrects.
        Verb(
            "supersede",
            _("Supersede"),
            frozenset({Status.PUBLISHED}),
            Status.SUPERSEDED,
            "records.publish_record",
            by_hand=False,
        ),
        Verb("withdraw", _("Withdraw"), frozenset({Status.PUBLISHED}), Status.DRAFT, "records.publish_record"),
    )
}


class WorkflowError(Exception):
    """A verb that the record's present status does not allow; the message is for the user."""
