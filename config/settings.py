"""Settings and wiring. Every value an operator may change comes from the
environment and is listed in .env.example and docs/settings.md."""

import os
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from config.env import (
    env,
    env_contact,
    env_flag,
    env_int,
    env_replicas,
    env_storage,
    env_url,
    private_directory,
    public_directory,
    secret_from,
)

# Whatever the Hub makes is for its own user: database, keys, media, temporary files.
# Here, as each way to start it reads the settings before it makes a file.
os.umask(0o077)
BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = private_directory(Path(os.environ.get("HUB_DATA_DIR") or BASE_DIR / "data"))

# --- where the Hub stands
HOST = os.environ.get("HOST") or "127.0.0.1"
PORT = env_int("PORT", 8000, at_most=65535)
HUB_URL = env_url("HUB_URL", f"http://localhost:{PORT}")
ADMIN_URL = env_url("ADMIN_URL", f"{HUB_URL}/admin")
_hub = urlsplit(HUB_URL)
# Of /.well-known/security.txt.
CONTACT = env_contact("CONTACT", f"{HUB_URL}/docs/reporting")
HTTPS = _hub.scheme == "https"
LOOPBACK = {"localhost", "127.0.0.1", "::1"}

DEBUG = env_flag("DEBUG", False)
SEED_DEMO = env_flag("SEED_DEMO", True)
RATE_LIMITS = env_flag("RATE_LIMITS", True)
ALLOWED_HOSTS = sorted(
    {"localhost", "127.0.0.1", _hub.hostname, urlsplit(ADMIN_URL).hostname}
    | set(env.list("ALLOWED_HOSTS", default=[]))
)
TRUSTED_PROXIES = env.list("TRUSTED_PROXIES", default=["127.0.0.1", "::1"])
SECRET_KEY = os.environ.get("SECRET_KEY") or secret_from(DATA_DIR / "secret_key")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])

if _hub.hostname not in LOOPBACK:
    if DEBUG:
        raise ImproperlyConfigured(
            f"DEBUG=1 shows the Hub's insides to everyone at {HUB_URL}: "
            "unset it, or use a localhost HUB_URL while developing."
        )
    if "*" in ALLOWED_HOSTS:
        raise ImproperlyConfigured(
            "ALLOWED_HOSTS=* lets anyone pick the host name in links the Hub "
            "writes: list the names this Hub answers to."
        )
if len(SECRET_KEY) < 32:
    raise ImproperlyConfigured(
        "SECRET_KEY is shorter than 32 characters: unset it, and one is made and "
        "kept in HUB_DATA_DIR, or use a long random one."
    )

# --- applications
INSTALLED_APPS = [
    "accounts",
    "registry",
    "api",
    "hub",
    "admin_portal",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "crispy_forms",
    "crispy_bootstrap5",
    "csp",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "api.middleware.OneSpellingMiddleware",
    "core.cache.middleware.PageCacheMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "api.middleware.ApiMiddleware",
    "core.http.nul.RefuseNulMiddleware",
    "core.http.methods.RefuseMethodsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.RequireSecondFactorMiddleware",
    "accounts.middleware.ReadOnlyMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = False
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
CRISPY_ALLOWED_TEMPLATE_PACKS = CRISPY_TEMPLATE_PACK = "bootstrap5"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- database: SQLite out of the box, PostgreSQL by DATABASE_URL
# On PostgreSQL values go beside the SQL, not into it, and what is run for the sixth
# time on a connection is prepared: nothing is quoted in Python, planned once, and
# psycopg keeps SQL without values, of the last 100 statements.
_PREPARING = {"server_side_binding": True, "prepare_threshold": 5}
DATABASES = {
    "default": env.db_url(
        "DATABASE_URL", default=f"sqlite:///{DATA_DIR.resolve() / 'hub.sqlite3'}"
    )
}
_database = DATABASES["default"]
if _database["ENGINE"].endswith("sqlite3"):
    # synchronous=FULL syncs each commit, so an answered write is on disk. IMMEDIATE
    # takes the write lock at BEGIN, the only place where SQLite can wait for it.
    # mmap_size=0: with a mapped file, SQLite before 3.51.3 can corrupt it under load
    # (docs/self-hosting.md, "SQLite"). A larger cache_size saves no CPU: the operating
    # system caches the pages too, once for all connections.
    _database["ENGINE"] = "core.db.sqlite3"
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "cached_statements": 500,  # Python's default of 128 is too few
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; "
            "PRAGMA cache_size=-2000; PRAGMA mmap_size=0;"
        ),
    }
    # A file, because a database in memory locks whole tables between threads; the
    # process id keeps two test runs apart.
    _database["TEST"] = {"NAME": f"{DATA_DIR.resolve()}/test-{os.getpid()}.sqlite3"}
else:
    _database["ENGINE"] = "core.db.postgresql"
    _database["CONN_HEALTH_CHECKS"] = True
    # The server ends a statement within 10 s when its process has ended, as one with a
    # request that hangs does (core/http/worker.py).
    _database.setdefault("OPTIONS", {})["options"] = (
        "-c synchronous_commit=on -c client_connection_check_interval=10s"
    )
    _database["OPTIONS"] |= _PREPARING
# Keep connections between requests: opening one costs more than most answers. On SQLite
# the last close would also checkpoint and delete the WAL file.
_database["CONN_MAX_AGE"] = None
# Streaming replicas for public pages; core/db/replicas.py chooses between them.
_replicas = env_replicas("DATABASE_REPLICA_URLS", _database)
for _replica in _replicas.values():
    _replica["OPTIONS"] |= _PREPARING
REPLICAS = sorted(_replicas)
DATABASES |= _replicas
DATABASE_ROUTERS = ["core.db.replicas.Router"] if REPLICAS else []

# --- caches: "default" is shared by all processes (sign-in limits), "local" is not.
# "drawn" holds what a sandbox made and is large: images, comparisons.
_cache_url = env.str("CACHE_URL", default="")
CACHE_IS_SHARED = bool(_cache_url)  # by several machines
# Public answers kept as ready bytes by each worker process (core/cache/middleware.py).
PAGE_CACHE_BYTES = env_int("PAGE_CACHE_MB", 32, at_least=0, at_most=4096) * 2**20
if _cache_url:
    _shared = env.cache_url("CACHE_URL") | {"BACKEND": "core.cache.redis.SharedCache"}
    if not _cache_url.startswith(("redis://", "rediss://")):
        raise ImproperlyConfigured("CACHE_URL has to be redis://host:6379/0.")
    CACHES = {"default": _shared, "local": _shared}
else:
    # A full cache drops a third of its entries, counters of failed sign-ins included.
    # With Django's default of 300 entries, a flood would reset the limits.
    _room = {"OPTIONS": {"MAX_ENTRIES": 20_000}}
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.db.DatabaseCache",
            "LOCATION": "cache",
            **_room,
        },
        "local": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", **_room},
    }
CACHES["drawn"] = {
    "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
    "LOCATION": "drawn",
    "OPTIONS": {"MAX_ENTRIES": 100},
}

# --- accounts
AUTH_USER_MODEL = "accounts.Account"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in [
        ("UserAttributeSimilarityValidator", {}),
        ("MinimumLengthValidator", {"min_length": 12}),
        ("CommonPasswordValidator", {}),
    ]
]
LOGIN_URL = "/account/login/"
LOGIN_REDIRECT_URL = "/admin/"

# --- accounts in the browser: django-allauth (docs/accounts.md)
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*"]
ACCOUNT_USERNAME_MIN_LENGTH = 2
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True  # only in the browser that signed up
ACCOUNT_CHANGE_EMAIL = True  # a new address replaces the old one once confirmed
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_RATE_LIMITS = {} if RATE_LIMITS else False  # {}: allauth's own limits
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_FORMS = {
    "login": "accounts.forms.LoginForm",
    "signup": "accounts.forms.SignupForm",
    "add_email": "accounts.forms.ChangeEmailForm",
    "change_password": "accounts.forms.ChangePasswordForm",
    "reset_password": "accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "accounts.forms.ResetPasswordKeyForm",
    "reauthenticate": "accounts.forms.ReauthenticateForm",
}
MFA_ADAPTER = "accounts.adapter.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RATE_LIMITS = {} if RATE_LIMITS else False
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_RECOVERY_CODE_DIGITS = 10
# Without HTTPS, browsers allow passkeys on localhost only.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = _hub.hostname in LOOPBACK
MFA_FORMS = {
    "authenticate": "accounts.forms.SecondFactorForm",
    "reauthenticate": "accounts.forms.SecondFactorAgainForm",
    "activate_totp": "accounts.forms.ActivateTOTPForm",
    "add_webauthn": "accounts.forms.AddPasskeyForm",
    "edit_webauthn": "accounts.forms.RenamePasskeyForm",
    "login_webauthn": "accounts.forms.PasskeyLoginForm",
    "authenticate_webauthn": "accounts.forms.PasskeySecondFactorForm",
    "reauthenticate_webauthn": "accounts.forms.PasskeyAgainForm",
}
PASSWORD_RESET_TIMEOUT = 3600  # seconds
# OWASP ASVS 4.0.3: 12 hours (3.3.2); the prefix binds the cookie to this host (3.4.4).
SESSION_COOKIE_AGE = 12 * 3600  # seconds
SESSION_COOKIE_NAME = "__Host-sessionid" if HTTPS else "sessionid"
EMAIL_TIMEOUT = 10  # seconds

# --- security
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = HTTPS
# The API never redirects; health checks come from inside.
SECURE_REDIRECT_EXEMPT = [r"^/?api/", r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = False
# HSTS for subdomains and preloading are for the operator to set at the proxy.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_TRUSTED_ORIGINS = sorted({HUB_URL, ADMIN_URL.removesuffix("/admin")})
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "manifest-src": ["'self'"],
    }
}

# --- request limits; the API reads and bounds its own bodies (api/body.py)
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024  # bytes; the editor's whole form
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000

# Seconds of the worker that one address may have for validations in a minute; its limit
# of requests alone would let 24 KB texts that take 2 seconds keep the worker busy.
VALIDATE_WORKER_SECONDS = env_int("VALIDATE_WORKER_SECONDS", 10, at_most=3600)

# --- HTML and inspection reports are made after each publish, in a thread
DERIVE_IN_BACKGROUND = env_flag("DERIVE_IN_BACKGROUND", True)
# Checked here; the worker's starter reads it without settings (sandbox_child.py).
REQUIRE_CONFINEMENT = env_flag("REQUIRE_CONFINEMENT", False)

# --- quotas of one account: accounts/quotas.py declares what they are of. Staff can
# raise them for an account.
QUOTA_NEW_SLUGS = env_int("QUOTA_NEW_SLUGS", 20, at_most=100_000)  # at once
QUOTA_NEW_SLUGS_A_DAY = env_int("QUOTA_NEW_SLUGS_A_DAY", 60, at_most=1_000_000)
QUOTA_OPEN_DRAFTS = env_int("QUOTA_OPEN_DRAFTS", 1_000, at_most=1_000_000)
QUOTA_DRAFT_MB = env_int("QUOTA_DRAFT_MB", 256, at_most=1_000_000)
QUOTA_PUBLISHED_MB = env_int("QUOTA_PUBLISHED_MB", 1_024, at_most=1_000_000)
QUOTA_KEYS = env_int("QUOTA_KEYS", 100, at_most=1_000_000)
QUOTA_PROJECTS = env_int("QUOTA_PROJECTS", 100, at_most=1_000_000)
QUOTA_VALIDATIONS = env_int("QUOTA_VALIDATIONS", 60, at_most=1_000_000)  # a minute
QUOTA_PREVIEWS = env_int("QUOTA_PREVIEWS", 120, at_most=1_000_000)  # a minute

# --- static files and media
STATIC_URL = "/static/"
STATIC_ROOT = public_directory(DATA_DIR / "static")
STATICFILES_DIRS = [BASE_DIR / "static", ("docs", BASE_DIR / "docs" / "pictures")]
MEDIA_ROOT = DATA_DIR / "media"
MEDIA_URL = "/media/"
# Django sets the mode of stored files itself. The Hub reads its media, nginx the static
# files, as another user.
FILE_UPLOAD_PERMISSIONS, STATIC_FILE_PERMISSIONS = 0o600, 0o644
STORAGES = {
    "default": env_storage("MEDIA_STORAGE_URL"),
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage",
        "OPTIONS": {
            "file_permissions_mode": STATIC_FILE_PERMISSIONS,
            "directory_permissions_mode": 0o755,
        },
    },
}
# Until prepare_hub has collected and compressed the files, serve the originals.
WHITENOISE_USE_FINDERS = not any(STATIC_ROOT.iterdir())
# Folders with a version in their name never change.
WHITENOISE_IMMUTABLE_FILE_TEST = r"^/static/vendor/[^/]+-\d+\.\d+\.\d+/"

# --- mail: printed, unless EMAIL_URL names a server
EMAIL_CONFIG = env.email_url("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL = os.environ.get("EMAIL_FROM") or f"hub@{_hub.hostname}"

# --- language and time
LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "accounts.redaction.RedactingFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django.server": {"handlers": ["stderr"], "propagate": False},
        "django.request": {"level": "ERROR"},
        "django.security.DisallowedHost": {"level": "CRITICAL"},
    },
}
