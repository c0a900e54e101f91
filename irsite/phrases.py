"""Sentences of installed packages that bring no catalogue Django loads for `zh_Hans`, collected into ours."""

from django.utils.translation import gettext_noop

# django-admin-sortable2
gettext_noop("Move to first position")
gettext_noop("Move to last position")
