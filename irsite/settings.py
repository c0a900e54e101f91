"""The site's configuration, and the only reader of the environment.

`make setup` writes a `.env` beside manage.py for a local site; a production site sets the same names in its
real environment, which wins. README lists them all.
"""

import importlib.util
import logging
import re
import sys
from email.utils import parseaddr
from pathlib import Path
from typing import Any, NoReturn

import dj_database_url
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _
from environs import Env, EnvError, validate
from limits import parse
from limits.storage import storage_from_string

from irsite import logs

BASE_DIR = Path(__file__).resolve().parent.parent

DEFAULT_RATES = {"search": "120/minute", "export": "60/minute", "login": "30/minute"}
ENGINES = {"django.db.backends.sqlite3", "django.db.backends.postgresql"}


def complain(sentence: str) -> NoReturn:
    raise validate.ValidationError(sentence)


def filled(value: object) -> None:
    """Set to nothing is a slip: it is left out, or has a value."""
    if not str(value).strip() or value == Path():
        complain("It is empty: leave it out, or give it a value.")


def hosts(values: list[str]) -> None:
    if not values:
        complain("It is empty: name the hosts of the site, separated by commas.")
    for host in values:
        if not re.fullmatch(r"\*|\.?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*|\[[0-9A-Fa-f:.]+\]", host.strip()):
            complain(f"“{host}” is no host name, such as ir.example.com: no scheme, port or path.")


def origins(values: list[str]) -> None:
    for origin in values:
        if not re.fullmatch(r"https?://[^/?#\s]+", origin.strip()):
            complain(f"“{origin}” is no origin, such as https://ir.example.com.")


def rate(value: str) -> None:
    try:
        if value:
            parse(value)
    except ValueError:
        complain(f"“{value}” is no rate, such as 120/minute.")


def storage(value: str) -> None:
    try:
        storage_from_string(value)
    except Exception as error:  # each kind of storage says in its own way what it needs
        complain(f"“{value.partition(':')[0]}” cannot be used: {str(error).partition('. ')[0]}.")


def redis(value: str) -> None:
    if value and not re.match(r"(rediss?|unix)://.", value):
        complain("It is no address such as redis://host:6379/0.")


def address(value: str) -> None:
    if "@" not in parseaddr(value)[1]:
        complain(f"“{value}” is no mail address.")


env = Env()
env.read_env(BASE_DIR / ".env", recurse=False)

try:
    DEBUG = env.bool("DEBUG", False)
    SECRET_KEY = (
        env.str("SECRET_KEY", "insecure-for-development-only") if DEBUG else env.str("SECRET_KEY", validate=filled)
    )
    ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", ["*"]) if DEBUG else env.list("ALLOWED_HOSTS", validate=hosts)
    # Behind TLS, as every site but a local one should be: secure cookies, redirect to https, HSTS.
    HTTPS = env.bool("HTTPS", not DEBUG)
    # Proxies of ours that a request passes: as many entries from the right of X-Forwarded-For are believed.
    TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", 0, validate=validate.Range(0, 9))
    CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", [], validate=origins)
    DATABASE = env.dj_db_url("DATABASE_URL", f"sqlite:///{BASE_DIR / 'db.sqlite3'}")
    # Streaming replicas of it, to be read from; PostgreSQL only.
    REPLICA_URLS: list[str] = env.list("REPLICA_URLS", [])
    REPLICA_DATABASES = [dj_database_url.parse(url) for url in REPLICA_URLS]
    MEDIA_ROOT = env.path("MEDIA_ROOT", BASE_DIR / "media", validate=filled)
    # A bucket of S3, or of what speaks like it at an address of its own, instead of that folder: with the extra `s3`.
    # Its keys are AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or come from the machine's role.
    MEDIA_BUCKET = env.str("MEDIA_BUCKET", None, validate=filled)
    MEDIA_ENDPOINT = env.url("MEDIA_ENDPOINT", None)
    # Of one file beside a record.
    ATTACHMENT_MEGABYTES = env.int("ATTACHMENT_MEGABYTES", 20, validate=validate.Range(1, 1024))
    # Where `collectstatic` puts hashed copies; unset, files are served from where they lie.
    STATIC_ROOT = env.path("STATIC_ROOT", None, validate=filled)
    LOG_LEVEL = env.str("LOG_LEVEL", "INFO", validate=validate.OneOf(list(logging.getLevelNamesMapping())))
    LOG_FORMAT = env.str("LOG_FORMAT", "text", validate=validate.OneOf(["text", "json"]))
    # Where failures are reported; unset, nowhere.
    SENTRY_DSN = env.str("SENTRY_DSN", "")
    # Where mails go; unset, they are printed.
    EMAIL = env.dj_email_url("EMAIL_URL", "console:")
    DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "irsite@localhost", validate=address)
    # Hours without a page after which a log-in ends; it ends with the browser too.
    SESSION_HOURS = env.float("SESSION_HOURS", 8, validate=validate.Range(0.1, 24 * 30))
    # Whoever may publish shows a second factor: with the extra `otp`.
    REQUIRE_OTP_FOR_REVIEWERS = env.bool("REQUIRE_OTP_FOR_REVIEWERS", False)
    # A request beyond this is not read.
    UPLOAD_MEGABYTES = env.int("UPLOAD_MEGABYTES", 100, validate=validate.Range(1, 10_000))
    # How often one address may ask, such as 120/minute; empty is as often as it likes.
    RATES = {kind: env.str(f"{kind.upper()}_RATE", often, validate=rate) for kind, often in DEFAULT_RATES.items()}
    # For several machines, with the extra `redis`: Django's cache, and rates counted for all. Sessions stay in the
    # database: who logs out while Redis is away must not be logged in when it comes back.
    REDIS_URL = env.str("REDIS_URL", "", validate=redis)
    # Where rates are counted. In memory each process counts for itself.
    RATE_STORAGE = env.str("RATE_STORAGE", REDIS_URL or "memory://", validate=storage)
    # Exports that one process writes at a time.
    EXPORTS_AT_ONCE = env.int("EXPORTS_AT_ONCE", 2, validate=validate.Range(1, 1000))
    # Seconds that PostgreSQL may take over one statement of a page, and insights over adding up; 0 is any time.
    # Commands take their time.
    STATEMENT_TIMEOUT = env.int("STATEMENT_TIMEOUT", 15, validate=validate.Range(0, 3600))
    # By which address mails lead to the site; unset, they lead nowhere.
    SITE = env.url("SITE_URL", None)
    ALLOWED_HOSTS, CSRF_TRUSTED_ORIGINS = (
        [value.strip() for value in values] for values in (ALLOWED_HOSTS, CSRF_TRUSTED_ORIGINS)
    )
    if DATABASE.get("ENGINE") not in ENGINES or not DATABASE.get("NAME"):
        raise EnvError('"DATABASE_URL" is no address such as postgres://user:password@host/name')
    if "EMAIL_BACKEND" not in EMAIL:
        raise EnvError('"EMAIL_URL" is no address such as submission://user:password@host')
except (EnvError, dj_database_url.ParseError, dj_database_url.UnknownSchemeError) as error:
    sys.exit(f"irsite: the environment is not right: {error}")

OTP_PACKAGES = {"django_otp": "django-otp", "segno": "segno"}
OTP = all(map(importlib.util.find_spec, OTP_PACKAGES))
for name, value, packages, group in (
    ("REQUIRE_OTP_FOR_REVIEWERS", REQUIRE_OTP_FOR_REVIEWERS, OTP_PACKAGES, "otp"),
    ("MEDIA_BUCKET", MEDIA_BUCKET, {"storages": "django-storages", "boto3": "boto3"}, "s3"),
    ("REDIS_URL", REDIS_URL, {"redis": "redis"}, "redis"),
):
    if value and (missing := [called for module, called in packages.items() if not importlib.util.find_spec(module)]):
        sys.exit(f'irsite: "{name}" is set, and {missing[0]} is not installed: pip install --group {group}')

EMAIL_BACKEND = EMAIL["EMAIL_BACKEND"]
EMAIL_HOST, EMAIL_PORT = EMAIL["EMAIL_HOST"] or "localhost", EMAIL["EMAIL_PORT"]
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = EMAIL["EMAIL_HOST_USER"], EMAIL["EMAIL_HOST_PASSWORD"]
EMAIL_USE_TLS, EMAIL_USE_SSL = EMAIL["EMAIL_USE_TLS"], EMAIL["EMAIL_USE_SSL"]
EMAIL_TIMEOUT = EMAIL["EMAIL_TIMEOUT"] or 20
EMAIL_FILE_PATH = EMAIL["EMAIL_FILE_PATH"]
SITE_URL = SITE.geturl().rstrip("/") if SITE else ""

INSTALLED_APPS = [
    "records.apps.RecordsConfig",
    "irsite.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.sitemaps",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_filters",
    "django_htmx",
    "simple_history",
    "adminsortable2",
    "axes",
    "csp",
    *(("django_otp", "django_otp.plugins.otp_totp", "django_otp.plugins.otp_static") if OTP else ()),
]

MIDDLEWARE = [
    "irsite.health.HealthMiddleware",  # first: asked by whoever looks after the site, not by visitors
    "irsite.logs.RequestIdMiddleware",
    "irsite.middleware.ClientAddressMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "irsite.middleware.PermissionsPolicyMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "irsite.login.SlidingSessionMiddleware",
    "irsite.middleware.ChosenLanguageMiddleware",
    "irsite.bounds.BoundsMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    *(("django_otp.middleware.OTPMiddleware", "irsite.login.SecondFactorMiddleware") if OTP else ()),
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "axes.middleware.AxesMiddleware",  # last: it answers for a log-in that was refused
]

ROOT_URLCONF = "irsite.urls"
WSGI_APPLICATION = "irsite.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

if DATABASE["ENGINE"] == "django.db.backends.sqlite3":
    DATABASE["OPTIONS"] = {
        # A transaction takes the write lock when it begins: two writers queue instead of failing half-way.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        # FULL, as PostgreSQL does: with NORMAL a power cut takes the last commits along, and a record of which
        # somebody was told that it is public would be a draft again. Each commit waits for the disk.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
        **DATABASE.get("OPTIONS", {}),
    }
else:
    # A server that is cut off says nothing: nobody waits for it as long as the network would.
    DATABASE["OPTIONS"] = {"connect_timeout": 5, **DATABASE.get("OPTIONS", {})}
    for database in (DATABASE, *REPLICA_DATABASES):
        database["CONN_MAX_AGE"] = 60
        database["CONN_HEALTH_CHECKS"] = True
DATABASES = {"default": DATABASE}
for number, database in enumerate(REPLICA_DATABASES, 1):
    if not database["ENGINE"] == DATABASE["ENGINE"] == "django.db.backends.postgresql":
        sys.exit("irsite: the environment is not right: REPLICA_URLS needs DATABASE_URL and replicas on PostgreSQL")
    database["OPTIONS"] = {"connect_timeout": 3, **database.get("OPTIONS", {})}
    DATABASES[f"replica-{number}"] = database
REPLICAS = [alias for alias in DATABASES if alias != "default"]
if REPLICAS:
    DATABASE_ROUTERS = ["irsite.replicas.ReplicaRouter"]
    MIDDLEWARE.insert(
        MIDDLEWARE.index("django.contrib.sessions.middleware.SessionMiddleware"), "irsite.replicas.ReplicaMiddleware"
    )

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
OTP_TOTP_ISSUER = "irsite"
SESSION_COOKIE_AGE = int(SESSION_HOURS * 3600)
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 1  # hour
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "locked_out.html"
AXES_RESET_ON_SUCCESS = True
AXES_ENABLE_ADMIN = False
AXES_CLIENT_IP_CALLABLE = "irsite.middleware.client_address"

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "records" / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = STATIC_ROOT is None
MEDIA_URL = "files/"
STORAGES: dict[str, Any] = {
    "default": {"BACKEND": "irsite.files.DurableStorage"},
    "staticfiles": {
        "BACKEND": (
            "whitenoise.storage.CompressedManifestStaticFilesStorage"
            if STATIC_ROOT
            else "django.contrib.staticfiles.storage.StaticFilesStorage"
        ),
    },
}

if MEDIA_BUCKET:
    from botocore.config import Config

    STORAGES["default"] = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": MEDIA_BUCKET,
            "endpoint_url": MEDIA_ENDPOINT.geturl() if MEDIA_ENDPOINT else None,
            "file_overwrite": False,
            # Of one attempt, of three: boto waits for a minute otherwise, and a worker with it.
            "client_config": Config(connect_timeout=5, read_timeout=20, retries={"total_max_attempts": 3}),
        },
    }
if REDIS_URL:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
# Features of a browser that no page of ours, and nothing that got into one, may use.
PERMISSIONS_POLICY = ("camera", "display-capture", "geolocation", "microphone", "payment", "usb")

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    },
}

# Fields a record may bring when it is saved: 250 participants and 87 questions of up to eight fields each.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 8000
# Text that one form may bring, files not counted: a pasted filing of a million characters comes to 3 MB.
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FILES = 50

LOGGING = logs.configuration(LOG_LEVEL, LOG_FORMAT)
if SENTRY_DSN:
    try:
        logs.report_to(SENTRY_DSN)
    except ImportError:
        sys.exit('irsite: "SENTRY_DSN" is set, and sentry-sdk is not installed: pip install --group sentry')
    except ValueError as error:  # what Sentry calls a bad address
        sys.exit(f'irsite: the environment is not right: "SENTRY_DSN" is no address of Sentry: {error}')
