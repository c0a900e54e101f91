"""What may happen to a record: one table of verbs. `Record` carries them out; nothing else changes a status."""

import dataclasses
import enum
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Status(TextChoices):
    DRAFT = "draft", _("draft")
    REVIEW = "review", _("in review")
    PUBLISHED = "published", _("published")
    SUPERSEDED = "superseded", _("superseded")  # by its correction; reachable still, and marked
    WITHDRAWN = "withdrawn", _("withdrawn")


UNPUBLISHED = frozenset({Status.DRAFT, Status.REVIEW})  # what has still to be published, and is due some day
READABLE = frozenset({Status.PUBLISHED, Status.SUPERSEDED})  # what the public has a page of


class Who(enum.Enum):
    """Whom a verb asks for, beside the permission."""

    ANYBODY = enum.auto()
    SUBMITTER = enum.auto()
    ANOTHER = enum.auto()  # than the submitter; who needs no second person may be the submitter
    ALONE = enum.auto()  # only who needs no second person


@dataclasses.dataclass(frozen=True)
class Verb:
    """A change of state: from one of `sources` to `target`, for users with `permission`."""

    name: str
    label: Any
    sources: frozenset[Status]
    target: Status
    permission: str
    who: Who = Who.ANYBODY
    asks_comment: Any = ""  # the sentence that asks for one; where there is none, it may be left out
    by_hand: bool = True  # offered to people; others follow from what people do

    @property
    def kind_of_permission(self) -> str:
        """As the admin names it: change for records.change_record."""
        return self.permission.partition(".")[2].removesuffix("_record")


_ADD, _CHANGE, _PUBLISH = "records.add_record", "records.change_record", "records.publish_record"

VERBS = {
    verb.name: verb
    for verb in (
        Verb("submit", _("Submit for review"), frozenset({Status.DRAFT}), Status.REVIEW, _CHANGE),
        Verb("recall", _("Take back"), frozenset({Status.REVIEW}), Status.DRAFT, _CHANGE, Who.SUBMITTER),
        Verb(
            "send_back",
            _("Return"),
            frozenset({Status.REVIEW}),
            Status.DRAFT,
            _PUBLISH,
            asks_comment=_("Say in a comment what is to be changed."),
        ),
        Verb("approve", _("Approve and publish"), frozenset({Status.REVIEW}), Status.PUBLISHED, _PUBLISH, Who.ANOTHER),
        Verb("publish", _("Publish"), frozenset({Status.DRAFT}), Status.PUBLISHED, _PUBLISH, Who.ALONE),
        # What publishing a correction does to the version that it corrects.
        Verb(
            "supersede",
            _("Supersede"),
            frozenset({Status.PUBLISHED}),
            Status.SUPERSEDED,
            _PUBLISH,
            by_hand=False,
        ),
        # Begins a new version; the present one stays as it is until that is published.
        Verb("correct", _("Correct"), frozenset({Status.PUBLISHED}), Status.PUBLISHED, _ADD),
        Verb(
            "withdraw",
            _("Withdraw"),
            frozenset({Status.PUBLISHED}),
            Status.WITHDRAWN,
            _PUBLISH,
            asks_comment=_("Say in a comment why it is taken back: it leaves the public site at once."),
        ),
        Verb("reopen", _("Edit again"), frozenset({Status.WITHDRAWN}), Status.DRAFT, _CHANGE),
    )
}


class WorkflowError(Exception):
    """A verb that is not allowed now, or not to this user; the message is for the user."""
