"""All settings, from the environment, each with a default and a comment.

A secret may also stand in a file: NAME_FILE names it, and wins where NAME is not set.
docs/operate.md lists every setting; a test compares the two.
"""

import os
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import csp.constants
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from environs import Env

from audit.proof import pruning

env = Env()


def secret(name: str, default: str = "") -> str:
    """The value of NAME, or what stands in the file that NAME_FILE names."""
    file = env.path(f"{name}_FILE", None)
    if file is None or name in os.environ:
        return env.str(name, default)
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError as problem:
        raise ImproperlyConfigured(f"{name}_FILE names a file that cannot be read: {problem}") from None


# --- Places and addresses ---------------------------------------------------------------------------

# Everything that is written goes under this folder: database, keys, broker, log of the processes.
DATA_DIR: Path = env.path("TRUST_DATA_DIR", Path("var")).resolve()
# What a restored database must not take back with it: the last published head of the log, and the record of erasures.
# Outside the backups of the database, and one place for all sealers.
OUTSIDE_DIR: Path = env.path("TRUST_OUTSIDE_DIR", DATA_DIR / "outside").resolve()
# The address people and systems reach us by; the base of every link. https turns on secure cookies.
PUBLIC_URL = env.str("PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/")
HTTPS = urlsplit(PUBLIC_URL).scheme == "https"
ALLOWED_HOSTS = [urlsplit(PUBLIC_URL).hostname or "localhost", "localhost", "127.0.0.1", "[::1]"]
# Host names besides PUBLIC_URL's that we answer to.
ALLOWED_HOSTS += env.list("ALLOWED_HOSTS", [])
# The brand's own sites, as https://shop.example.org: they may frame the page that asks for one consent, and it sends
# customers back to them.
BRAND_ORIGINS: list[str] = env.list("BRAND_ORIGINS", [])
for _origin in map(urlsplit, BRAND_ORIGINS):
    _near = _origin.scheme == "http" and _origin.hostname in {"localhost", "127.0.0.1"}
    if not (_origin.netloc and (_origin.scheme == "https" or _near)) or any((*_origin[2:], _origin.username)):
        raise ImproperlyConfigured("BRAND_ORIGINS holds origins only, as https://shop.example.org; http on loopback.")
# Reverse proxies (networks, e.g. 10.0.0.0/8) whose X-Forwarded-For and X-Forwarded-Proto are believed.
TRUSTED_PROXIES: list[str] = env.list("TRUSTED_PROXIES", [])

# --- Secrets ----------------------------------------------------------------------------------------

# Signs cookies and links. Without one, `migrate` makes a random one in the key folder.
_secret_file = DATA_DIR / "keys" / "secret.key"
SECRET_KEY = secret("SECRET_KEY") or (
    _secret_file.read_text().strip() if _secret_file.is_file() else secrets.token_urlsafe(48)
)
# Keys as `name:base64` parted by spaces (log, receipt, data, lookup, suppression); without them, files in
# $TRUST_DATA_DIR/keys, which `migrate` makes. Web processes need only data, lookup and suppression.
TRUST_KEYS = secret("TRUST_KEYS")
# Dotted path of what signs for us, called with `log`, `receipt`, or either with `-next` behind it: it gives an object
# with `public` and `sign(bytes)` (audit.keys.Signer), or None for a key of that name that is ours. For a KMS.
SIGNER = env.str("TRUST_SIGNER", "")
# The origin line of the log: a name of yours without a scheme, never changed afterwards.
LOG_ORIGIN = env.str("LOG_ORIGIN", f"{urlsplit(PUBLIC_URL).netloc}/log")

# --- Database ---------------------------------------------------------------------------------------

DATABASE_URL = secret("DATABASE_URL", f"sqlite:///{DATA_DIR / 'trustcenter.sqlite3'}")
DATABASES: dict[str, dict[str, Any]] = {
    "default": Env().dj_db_url("-", default=DATABASE_URL),
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # FULL: in WAL mode NORMAL can lose the last commits at power loss, and a lost withdrawal is a legal event.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        # secure_delete, on every connection: what is erased must be gone from the file, and SQLite leaves copies of a
        # row wherever it moved it on a page.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; "
        "PRAGMA secure_delete=ON;",
    }
else:
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    # A statement is planned once per connection, from its third use on, and not each time: a third less of the
    # database's time. A pooler in between must keep prepared statements apart (PgBouncer does from 1.21 on).
    DATABASES["default"].setdefault("OPTIONS", {}).update(server_side_binding=True, prepare_threshold=2)
# Seconds a connection is kept, one per thread of a web worker: opening one costs more than a check.
DATABASES["default"]["CONN_MAX_AGE"] = env.int("DATABASE_MAX_AGE", 600)
# Whether `serve` refuses to start under a database role that may more than the service needs; it warns otherwise.
STRICT_ROLES = env.bool("STRICT_ROLES", False)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Worker -----------------------------------------------------------------------------------------

# The broker only rings the bell: the truth is in the database. The default needs no server.
BROKER_URL = secret("BROKER_URL", "filesystem://")
# Where the worker and whoever rings it up leave their messages when there is no broker server.
BROKER_FOLDER = DATA_DIR / "broker"
# What each web process counts for /metrics; `serve` empties it when it starts.
METRICS_DIR = DATA_DIR / "metrics"
# The longest list that an audience may be: bytes, unpacked. It is on disk while it is answered, never in memory.
AUDIENCE_BYTES = env.int("AUDIENCE_BYTES", 256 * 1024 * 1024)
# Seconds between two passes of the sealer.
SEAL_EVERY = env.float("SEAL_EVERY", 0.5)

# After how many days uses of data are pruned from the log (docs/operate.md, Retention); 0: never. Whoever verifies
# accepts no policy that keeps less than KEEP_LEAST.
LOG_KEEP_DAYS = env.int("LOG_KEEP_DAYS", 0)
if 0 != LOG_KEEP_DAYS < pruning.KEEP_LEAST:
    raise ImproperlyConfigured(f"LOG_KEEP_DAYS is 0, which keeps all for ever, or at least {pruning.KEEP_LEAST}.")

# Witnesses that are asked to cosign each new head, and how many must: a file in the format of C2SP tlog-policy.
WITNESS_POLICY = env.str("WITNESS_POLICY", "")
# Seconds between two rounds of asking them.
WITNESS_EVERY = env.float("WITNESS_EVERY", 10.0)

# --- Mail -------------------------------------------------------------------------------------------

# The mail server, as smtp://user:password@host:587?tls=True. Without one, mail is written to files in the data folder.
EMAIL_URL = secret("EMAIL_URL")
MAIL_FOLDER = DATA_DIR / "mail"
_mail = Env().dj_email_url("-", default=EMAIL_URL or "file://")
if "EMAIL_BACKEND" not in _mail:
    raise ImproperlyConfigured("EMAIL_URL begins with smtp://, submission:// or console://.")
EMAIL_BACKEND, EMAIL_FILE_PATH = _mail["EMAIL_BACKEND"], str(MAIL_FOLDER)
EMAIL_HOST, EMAIL_PORT = _mail["EMAIL_HOST"], _mail["EMAIL_PORT"]
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail["EMAIL_HOST_USER"], _mail["EMAIL_HOST_PASSWORD"]
EMAIL_USE_TLS, EMAIL_USE_SSL = _mail["EMAIL_USE_TLS"], _mail["EMAIL_USE_SSL"]
EMAIL_TIMEOUT = 10  # seconds; whoever waits behind a slow server waits no longer
# From whom mail comes: `_default_from_email` in EMAIL_URL, or else the controller's e-mail address.
DEFAULT_FROM_EMAIL = _mail.get("DEFAULT_FROM_EMAIL", "")

# --- Brand ------------------------------------------------------------------------------------------

# The brand's colour on light and on dark, as #rrggbb; both or neither. People must be able to read them.
BRAND_COLOUR = env.str("BRAND_COLOUR", "")
BRAND_COLOUR_DARK = env.str("BRAND_COLOUR_DARK", "")
# Path of its logo, a PNG or a plain SVG. Name and contact are the controller's, in the catalogue.
BRAND_LOGO = env.str("BRAND_LOGO", "")

# --- Copies in other houses -------------------------------------------------------------------------

# Seconds for which a copy may be used after it was told everything; shorter reaches cut-off copies sooner.
FEED_LEASE = env.float("FEED_LEASE", 15.0)
# Threads of a web worker. Whoever follows the feed holds one while it waits; two are always left for others, and who
# comes above that is answered at once.
WEB_THREADS = env.int("WEB_THREADS", 2 * (os.cpu_count() or 1) + 1)

# --- The application --------------------------------------------------------------------------------

# Never in production: `serve` refuses it.
DEBUG = env.bool("DEBUG", False)
# Log lines as text for a person; JSON otherwise.
LOG_TEXT = env.bool("LOG_TEXT", False)
# Least severe log line that is written.
LOG_LEVEL = env.str("LOG_LEVEL", "INFO").upper()
LOGGING_CONFIG = "trustcenter.logs.configure"
LOGGING = {"text": LOG_TEXT, "level": LOG_LEVEL}
# How many customers a third party's key may ask about in an hour: a partner that was told of 100,000 asks about all of
# them within half a day, and guessing a million addresses takes four.
THIRD_PARTY_ASKS = env.int("THIRD_PARTY_ASKS", 10_000)
# How often it may be refused in an hour: a partner asks about people it was told of, and most of those said yes to it.
THIRD_PARTY_REFUSALS = env.int("THIRD_PARTY_REFUSALS", 1_000)
# How many customers a key of our own systems and processors may ask about in an hour; 0: no limit.
SYSTEM_ASKS = env.int("SYSTEM_ASKS", 0)
# How many days before a yes runs out the customer is reminded of it; each is a fact in the log.
REMIND_DAYS: list[int] = env.list("REMIND_DAYS", [30, 7], subcast=int)
# Whether customers are told by e-mail, once a day at most, which of their choices changed, and that there is news of
# a request or concern of theirs; False where you tell them.
CHANGE_MAIL = env.bool("CHANGE_MAIL", True)
# How long an idle customer and an idle officer stay signed in, and at most altogether.
PORTAL_IDLE, PORTAL_MAX = timedelta(minutes=30), timedelta(hours=12)
CONSOLE_IDLE = timedelta(minutes=15)

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
    "audit",
    "consent",
    "trustcenter",
]
MIDDLEWARE = [
    "trustcenter.requests.RequestMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "trustcenter.languages.SpeakingMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
ROOT_URLCONF = "trustcenter.urls"
WSGI_APPLICATION = "trustcenter.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": False,
        "DIRS": [Path(__file__).parent / name / "templates" for name in (".", "portal", "console")],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "trustcenter.requests.frame",
            ],
            "libraries": {
                "portal": "trustcenter.portal.words",
                "cases": "trustcenter.portal.case_words",
                "phrases": "trustcenter.portal.phrases",
                "records": "trustcenter.portal.record_words",
            },
        },
    },
]

# --- People -----------------------------------------------------------------------------------------

# Only staff are Django users; customers never are.
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "console:sign-in"
LOGIN_REDIRECT_URL = "console:customers"
_prefix = "__Host-" if HTTPS else ""
SESSION_COOKIE_NAME = f"{_prefix}console"
CSRF_COOKIE_NAME = f"{_prefix}csrf"
PORTAL_COOKIE_NAME = f"{_prefix}portal"
SIGN_IN_COOKIE_NAME = f"{_prefix}sign-in"
LANGUAGE_COOKIE_NAME = f"{_prefix}language"
SEEN_COOKIE_NAME = f"{_prefix}seen"  # somebody closed the first summary; it says nothing else
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
SESSION_COOKIE_AGE = int(CONSOLE_IDLE.total_seconds())
SESSION_SAVE_EVERY_REQUEST = True  # the idle clock starts again with each request
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
CSRF_COOKIE_AGE = None  # it ends with the browser; Django's own lasts a year
CSRF_FAILURE_VIEW = "trustcenter.problems.csrf_failure"

# --- Browsers ---------------------------------------------------------------------------------------

SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
# Taken away from requests that no proxy of TRUSTED_PROXIES hands on (trustcenter/requests.py).
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [csp.constants.NONE],
        "style-src": [csp.constants.SELF],
        "img-src": [csp.constants.SELF],
        "script-src": [csp.constants.SELF],
        "connect-src": [csp.constants.SELF],
        "form-action": [csp.constants.SELF],
        "base-uri": [csp.constants.NONE],
        "frame-ancestors": [csp.constants.NONE],
    },
}
# Bytes of a body. A batch of checks may have more: 10,000 of them, each with a long identifier and a reference.
BODY_LIMIT = 1_048_576
BATCH_BODY_LIMIT = env.int("BATCH_BODY_LIMIT", 8 * BODY_LIMIT)
DATA_UPLOAD_MAX_MEMORY_SIZE = max(BODY_LIMIT, BATCH_BODY_LIMIT)  # each door's own limit stands before it
# A file that is sent with a form stays in memory: what a customer signed never lies on a disk unencrypted.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = 6 * 1_048_576

# --- Languages, time, static files ------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [
    ("en", _("English")),
    ("zh-hans", _("Simplified Chinese")),
    ("es", _("Spanish")),
    ("fr", _("French")),
    ("de", _("German")),
    ("ar", _("Arabic")),
]
# Staff's pages speak these of them.
CONSOLE_LANGUAGES = ("en", "zh-hans")
LOCALE_PATHS = [Path(__file__).parent / "locale", Path(__file__).parent / "console" / "locale"]
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
STATICFILES_DIRS = [Path(__file__).parent / "static"]
WHITENOISE_USE_FINDERS = True

# --- The machine API --------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["trustcenter.api.doors.KeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["trustcenter.api.doors.HasScope"],
    "DEFAULT_PARSER_CLASSES": ["trustcenter.api.doors.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["trustcenter.api.doors.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "trustcenter.api.answers.Description",
    "EXCEPTION_HANDLER": "trustcenter.api.doors.answer_problem",
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "trustcenter.api.doors.AlwaysJSON",
    "DEFAULT_METADATA_CLASS": None,  # the OpenAPI document describes; OPTIONS is a method like any other
}
SPECTACULAR_SETTINGS = {
    "TITLE": "TrustCenter",
    "DESCRIPTION": (
        "Record what customers say, ask before using their data, and prove both. "
        "Every error is problem+json (RFC 9457); its `type` leads to how to mend it."
    ),
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVERS": [{"url": "/"}],
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "RightsState": "consent.rules.rights.STATES",
        "ConcernState": "consent.rules.concerns.STATES",
        "RightsKind": "consent.rules.rights.KINDS",
        "MandateKind": "consent.rules.mandates.KINDS",
        "ChannelEnum": "consent.rules.choice.CHANNELS",
        "OwnChannelEnum": "trustcenter.api.consent_requests.CHANNELS",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "trustcenter.openapi.add_checks",
    ],
}
