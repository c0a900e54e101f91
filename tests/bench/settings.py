"""The site's settings as in production; every answer tells in `Server-Timing` what its SQL cost."""

import os

from irsite.settings import *  # noqa: F403
from irsite.settings import DATABASES, MIDDLEWARE, env
from tests.bench.measure import LONGEST

MIDDLEWARE = ["tests.bench.timing.sql_timing", *MIDDLEWARE]
if "SMALL_DATABASE_URL" in os.environ:  # for the bench itself, which looks into both markets
    DATABASES["small"] = {**DATABASES["default"], **env.dj_db_url("SMALL_DATABASE_URL")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
    # What nobody waits for any more is not to slow what is asked next.
    options = DATABASES["default"].setdefault("OPTIONS", {})
    options.setdefault("options", f"-c statement_timeout={LONGEST * 1000}")
