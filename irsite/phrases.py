"""Sentences of installed packages that bring no Chinese for them which Django loads, collected into our catalogue."""

from django.utils.translation import gettext_noop, ngettext_lazy

# django-admin-sortable2
gettext_noop("Move to first position")
gettext_noop("Move to last position")

# Django's admin and its users, newer than their translation
gettext_noop("Add link")
gettext_noop("After you’ve created a user, you’ll be able to edit more user options.")
gettext_noop("Change or view list link")
gettext_noop("Error:")
gettext_noop("Forgotten your login credentials?")
gettext_noop("In case you’ve forgotten, you are:")
gettext_noop("Model name")
gettext_noop("%(model)s instance with %(field)s %(value)r is not a valid choice.")
ngettext_lazy(
    "This password is too short. It must contain at least %d character.",
    "This password is too short. It must contain at least %d characters.",
)

# Those of its scripts, which have a catalogue of their own; `DeskSite` adds these to it.
OF_SCRIPTS = (
    gettext_noop('Choose %s by selecting them and then select the "Choose" arrow button.'),
    gettext_noop('Remove %s by selecting them and then select the "Remove" arrow button.'),
    gettext_noop("Choose all %s"),
    gettext_noop("Choose selected %s"),
    gettext_noop("Remove all %s"),
    gettext_noop("Remove selected %s"),
    gettext_noop("(click to clear)"),
)
