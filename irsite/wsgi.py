"""What an application server loads: `gunicorn irsite.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application
from django.db.backends.signals import connection_created

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "irsite.settings")

application = get_wsgi_application()

from .bounds import bound_statements  # noqa: E402 - it needs the settings

connection_created.connect(bound_statements)
