"""What an application server loads: `gunicorn irsite.wsgi`."""

import os
from pathlib import Path

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db.backends.signals import connection_created

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "irsite.settings")

database = settings.DATABASES["default"]
if database["ENGINE"] == "django.db.backends.sqlite3":
    # Commands make a database where there is none; a server whose file was moved away waits for it to come back.
    database["NAME"] = f"{Path(database['NAME']).absolute().as_uri()}?mode=rw"

handler = get_wsgi_application()

from .bounds import bound_statements  # noqa: E402 - it needs the settings
from .middleware import utf8_only  # noqa: E402

application = utf8_only(handler)

connection_created.connect(bound_statements)
