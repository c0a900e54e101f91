"""The site's settings with what tests need: no environment, a fast password hash, a guard against queries in loops."""

import os
import tempfile

os.environ.setdefault("SECRET_KEY", "tests")
os.environ.setdefault("ALLOWED_HOSTS", "*")
os.environ["DEBUG"] = "False"
os.environ["HTTPS"] = "False"
# A test asks more often than a reader, and forgets answers half-way; test_bounds sets bounds of its own.
os.environ |= {"SEARCH_RATE": "", "EXPORT_RATE": "", "LOGIN_RATE": "", "EXPORTS_AT_ONCE": "1000"}

from irsite.settings import *  # noqa: F403
from irsite.settings import DATABASES, INSTALLED_APPS, MIDDLEWARE

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
AXES_ENABLED = False
INSTALLED_APPS = [*INSTALLED_APPS, "zeal"]
MIDDLEWARE = ["zeal.middleware.zeal_middleware", *MIDDLEWARE]
ZEAL_RAISE = True

if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # In a file, as in use: connections lock one another there, which they do not in memory.
    DATABASES["default"]["TEST"] = {"NAME": f"{tempfile.gettempdir()}/irsite-test-{os.getpid()}.sqlite3"}
    DATABASES["default"]["OPTIONS"]["init_command"] += " PRAGMA synchronous=OFF;"
# A verb takes each record in a transaction of its own, with the row as it stands then.
ZEAL_ALLOWLIST = [
    {"model": "records.Record", "field": "get()"},
    {"model": "auth.User", "field": "get()"},  # who asks, and whose page it is
    {"model": "contenttypes.ContentType", "field": "get()"},  # known once in the life of a server
    {"model": "sessions.Session", "field": "get()"},  # asked for once more on logging out
]
