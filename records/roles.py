"""Who does what at the desk: the two groups that every site begins with. What they are given here, an administrator
may change; for which companies somebody works is said at the user.
"""

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

_SEEN = (
    "view_record",
    "view_participant",
    "view_question",
    "view_attachment",
    "view_company",
    "view_institution",
    "view_topic",
    "view_quietperiod",
    "view_closure",
    "view_deadlinerule",
    "view_watchword",
)

ROLES = {
    "IR staff": (
        *_SEEN,
        *(
            f"{what}_{row}"
            for row in ("record", "participant", "question", "attachment", "quietperiod")
            for what in ("add", "change", "delete")
        ),
        "change_institution",
        "add_topic",
    ),
    "IR reviewer": (
        *_SEEN,
        "publish_record",
        # To merge institutions, which reaches into the records of all companies, and to undo it.
        "change_institution",
        "delete_institution",
        *(f"{what}_institutionalias" for what in ("add", "change", "delete")),
        "add_watchword",
        "change_watchword",
        "delete_watchword",
    ),
}

_MAY = {"add": _("add"), "change": _("change"), "delete": _("delete"), "view": _("view"), "publish": _("publish")}


def permission_label(permission: Any) -> str:
    """A permission in the reader's language; Django stores what it calls one in English."""
    thing, act = permission.content_type.name, permission.codename.partition("_")[0]
    return gettext("%(thing)s: %(act)s") % {"thing": thing, "act": _MAY.get(act, permission.name)}
