"""The admin site itself. It stands outside `records.admin`, which registers with it while it is being imported."""

from typing import Any

from django.contrib.admin import AdminSite
from django.utils.translation import gettext_lazy as _


class DeskSite(AdminSite):
    """The IR desk: Django's admin under our own name."""

    site_header = _("IR desk")
    site_title = _("IR desk")
    index_title = _("Records of investor-relations activities")

    def get_urls(self) -> list[Any]:
        from records.admin import importing  # not before the models are there

        return [*importing.urls(), *super().get_urls()]
