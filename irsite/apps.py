"""The admin site under our own name."""

from django.conf import settings
from django.contrib.admin import site
from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig
from django.contrib.auth.signals import user_logged_in


class AdminConfig(DjangoAdminConfig):
    default_site = "irsite.desk.DeskSite"

    def ready(self) -> None:
        super().ready()
        from . import login  # not before the models are there

        user_logged_in.connect(login.begin_session)
        if settings.OTP:
            from django_otp.plugins.otp_static.models import StaticDevice
            from django_otp.plugins.otp_totp.models import TOTPDevice

            # Their pages show secrets; who lost a device has `manage.py reset_second_factor` run.
            site.unregister([StaticDevice, TOTPDevice])
