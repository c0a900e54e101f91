"""The site's settings as in production; every answer tells in `Server-Timing` what its SQL cost."""

import os

from irsite.settings import *  # noqa: F403
from irsite.settings import DATABASES, MIDDLEWARE, env

MIDDLEWARE = ["tests.bench.timing.sql_timing", *MIDDLEWARE]
if "SMALL_DATABASE_URL" in os.environ:  # for the bench itself, which looks into both markets
    DATABASES["small"] = {**DATABASES["default"], **env.dj_db_url("SMALL_DATABASE_URL")}
