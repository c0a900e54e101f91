"""What an application server loads: `gunicorn irsite.wsgi`."""

import os
from pathlib import Path

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "irsite.settings")

database = settings.DATABASES["default"]
if database["ENGINE"] == "django.db.backends.sqlite3":
    # Commands make a database where there is none; a server whose file was moved away waits for it to come back.
    database["NAME"] = f"{Path(database['NAME']).absolute().as_uri()}?mode=rw"

application = get_wsgi_application()
