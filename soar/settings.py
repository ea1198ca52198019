"""Settings of Watchfloor: one file, read from the environment by typed readers (docs/operator-guide.md)."""

import hashlib
from pathlib import Path

import environ
import structlog
from django.core.exceptions import ImproperlyConfigured

from soar.core import environment as env

BASE_DIR = Path(__file__).resolve().parent.parent
VERSION = "0.1.0"

# --- where data lives, and how strict to be
SOAR_DATA_DIR = Path(env.text("SOAR_DATA_DIR") or BASE_DIR / "var").resolve()
SOAR_DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
SOAR_SOCKET_DIR = env.socket_directory(SOAR_DATA_DIR)
SOAR_PRODUCTION = env.boolean("SOAR_PRODUCTION", default=False)
SOAR_HTTP_HOST, SOAR_HTTP_PORT = env.address("SOAR_HTTP", "127.0.0.1:8000")
SOAR_WORKERS = env.integer("SOAR_WORKERS", 2, minimum=1, maximum=64)
SOAR_METRICS_ANONYMOUS = env.boolean("SOAR_METRICS_ANONYMOUS", default=False)
SOAR_TRUSTED_PROXIES = env.integer("SOAR_TRUSTED_PROXIES", 0, minimum=0, maximum=5)
SOAR_LOGIN_FAILURES = env.integer("SOAR_LOGIN_FAILURES", 10, minimum=3, maximum=1000)
SOAR_BEARER_FAILURES = env.integer("SOAR_BEARER_FAILURES", 60, minimum=5, maximum=100_000)
SOAR_MAX_BODY_BYTES = env.integer("SOAR_MAX_BODY_BYTES", 50_000_000, minimum=10_000, maximum=2**31)
SOAR_MAXIMUM_UPLOAD_MB = env.integer("SOAR_MAXIMUM_UPLOAD_MB", 50, minimum=1, maximum=2000)

_SECRETS = ("SOAR_SECRET_KEY", "SOAR_TOKEN_KEY", "SOAR_JWT_KEYS")
if SOAR_PRODUCTION and not all(env.text(name) for name in _SECRETS):
    raise ImproperlyConfigured(f"SOAR_PRODUCTION needs {', '.join(_SECRETS)}")
SECRET_KEY = env.secret("SOAR_SECRET_KEY", SOAR_DATA_DIR)
SOAR_TOKEN_KEY = env.secret("SOAR_TOKEN_KEY", SOAR_DATA_DIR)
SOAR_JWT_KEYS = env.secrets_in("SOAR_JWT_KEYS", SOAR_DATA_DIR)  # the first signs, all verify
if min(map(len, (SECRET_KEY, SOAR_TOKEN_KEY, *SOAR_JWT_KEYS))) < 32:
    raise ImproperlyConfigured(f"{', '.join(_SECRETS)} need 32 characters or more each")

DEBUG = env.boolean("SOAR_DEBUG", default=False)
if SOAR_PRODUCTION and DEBUG:
    raise ImproperlyConfigured("SOAR_DEBUG cannot be on in production")
ALLOWED_HOSTS = env.words("SOAR_ALLOWED_HOSTS") or ([] if SOAR_PRODUCTION else ["*"])
CSRF_TRUSTED_ORIGINS = env.words("SOAR_CSRF_TRUSTED_ORIGINS")

# --- applications
INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "soar.core.console.ConsoleConfig",  # django.contrib.admin with our site
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "axes",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "soar.core",
    "iocs",
    "cases",
    "incidents",
    "modules",
]
MIDDLEWARE = [
    "soar.core.middleware.RequestMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "soar.urls"
WSGI_APPLICATION = "soar.wsgi.application"
APPEND_SLASH = False  # a redirect would turn a client's POST into a GET (contract §1.3)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
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
            ]
        },
    }
]

# --- database: PostgreSQL when named, else the embedded SQLite
_DATABASE_URL = env.text("DATABASE_URL")
if _DATABASE_URL:
    _DATABASE = environ.Env.db_url_config(_DATABASE_URL)
    if _DATABASE["ENGINE"] != "django.db.backends.postgresql":
        raise ImproperlyConfigured("DATABASE_URL must name a PostgreSQL database")
    _DATABASE |= {
        "ENGINE": "soar.core.postgresql",
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "connect_timeout": 5,
            **_DATABASE.get("OPTIONS", {}),
            "server_side_binding": True,
            # Off behind a transaction pooler, which cannot keep prepared statements.
            "prepare_threshold": 1 if env.boolean("SOAR_DB_PREPARE", default=True) else None,
        },
    }
else:
    _DATABASE = {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": SOAR_DATA_DIR / "soar.sqlite3",
        "CONN_MAX_AGE": 600,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
        "TEST": {"NAME": SOAR_DATA_DIR / "test.sqlite3"},
    }
DATABASES = {"default": _DATABASE}

# --- accounts
AUTH_USER_MODEL = "core.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "soar.core.backends.ConsoleBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "soar.core.passwords.PolicyValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SOAR_PRODUCTION
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SOAR_TRUSTED_PROXIES else None
SECURE_HSTS_SECONDS = 31_536_000 if SOAR_PRODUCTION else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
AXES_FAILURE_LIMIT = SOAR_LOGIN_FAILURES
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_HTTP_RESPONSE_CODE = 429
AXES_LOCKOUT_CALLABLE = "soar.core.throttling.login_lockout"
AXES_CLIENT_IP_CALLABLE = "soar.core.middleware.client_address"
AXES_USERNAME_FORM_FIELD = "username"
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "password"]
AXES_VERBOSE = False

# --- content security: the theme's Alpine.js evaluates expressions, hence unsafe-eval, on pages only
SOAR_PAGE_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; object-src 'none'; base-uri 'self'; frame-ancestors 'none'; "
    "form-action 'self'"
)
SOAR_API_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

# --- REST
DATA_UPLOAD_MAX_MEMORY_SIZE = SOAR_MAX_BODY_BYTES
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["soar.api.base.DenyUndeclared"],
    "DEFAULT_RENDERER_CLASSES": ["soar.api.base.OrjsonRenderer"],
    "DEFAULT_PARSER_CLASSES": ["soar.api.base.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "soar.api.schema.PathNamedSchema",
    "UNAUTHENTICATED_USER": None,
    "EXCEPTION_HANDLER": "soar.api.base.refuse_untranslated",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Watchfloor",
    "VERSION": VERSION,
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "SuccessEnum": ["success"],
        "ErrorEnum": ["error"],
        "CheckEnum": ["ok", "failed"],
        "ThreatIndicatorEnum": ["none", "suspicious", "malicious"],
    },
    "PATH_CONVERTER_OVERRIDES": {"id": {"type": "integer", "minimum": 0}},
}

# --- queue
# Our own broker asks for a password: modules run as the same system user and could reach its socket.
SOAR_BROKER_KEY = env.secret("SOAR_BROKER_KEY", SOAR_DATA_DIR)
SOAR_BROKER_PASSWORD = hashlib.sha256(SOAR_BROKER_KEY.encode()).hexdigest()
_OWN_BROKER = f"redis+socket://:{SOAR_BROKER_PASSWORD}@{SOAR_SOCKET_DIR / 'broker.sock'}"
REDIS_URL = env.text("REDIS_URL") or _OWN_BROKER
CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 600,
    "socket_timeout": 10,
    "socket_connect_timeout": 3,
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_DB_REUSE_MAX = 1000  # without it Celery reconnects around every task: measured fivefold
CELERY_WORKER_PREFETCH_MULTIPLIER = 4
CELERY_TASK_DEFAULT_QUEUE = env.text("SOAR_QUEUE", "soar")
# A queue of its own for modules: however long they take, nothing of ours waits behind them.
SOAR_MODULES_QUEUE = (
    "modules" if CELERY_TASK_DEFAULT_QUEUE == "soar" else f"{CELERY_TASK_DEFAULT_QUEUE}.modules"
)
SOAR_MODULE_QUEUES = env.words("SOAR_MODULE_QUEUES")  # queues of single modules served here besides
SOAR_MODULE_SLOTS = env.integer("SOAR_MODULE_SLOTS", 4, minimum=1, maximum=100)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE_FILENAME = str(SOAR_DATA_DIR / "beat-schedule")
CELERY_BEAT_SCHEDULE = {
    name: {"task": f"modules.tasks.{task}", "schedule": every, "options": {"expires": 4 * every}}
    for name, task, every in (
        ("seal-audit", "seal_audit", 5.0),
        ("sweep", "sweep", 10.0),
        ("heartbeats", "ask_for_heartbeats", 10.0),
        ("sweep-files", "sweep_files", 3600.0),
    )
}

# --- mail: sent where a server is named, else nobody is told by mail
EMAIL_HOST = env.text("SOAR_MAIL_HOST")
EMAIL_PORT = env.integer("SOAR_MAIL_PORT", 25, minimum=1, maximum=65535)
EMAIL_HOST_USER = env.text("SOAR_MAIL_USER")
EMAIL_HOST_PASSWORD = env.text("SOAR_MAIL_PASSWORD")
EMAIL_USE_TLS = env.boolean("SOAR_MAIL_TLS", default=False)
EMAIL_TIMEOUT = 5  # seconds; a request waits for it
DEFAULT_FROM_EMAIL = env.text("SOAR_MAIL_FROM", "watchfloor@localhost")

# --- language, time, static files
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = SOAR_DATA_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    # Attachments. Any storage of Django's may stand here, such as those of django-storages.
    "files": {
        "BACKEND": env.text("SOAR_FILES_BACKEND", "soar.core.file_storage.DurableStorage"),
        "OPTIONS": env.members("SOAR_FILES_OPTIONS") or {"location": SOAR_DATA_DIR / "files"},
    },
}
WHITENOISE_USE_FINDERS = True
UNFOLD = {
    "SITE_TITLE": "Watchfloor",
    "SITE_HEADER": "Watchfloor",
    "SITE_SUBHEADER": "Incident response",
    "SITE_SYMBOL": "radar",
    "SITE_FAVICONS": [{"rel": "icon", "href": "soar.core.admin.theme.favicon"}],
    "SITE_URL": None,
    "SHOW_BACK_BUTTON": True,
    "ACCOUNT": {"navigation": "soar.core.admin.theme.account_links"},
    "STYLES": ["soar.core.admin.theme.stylesheet"],
    "DASHBOARD_CALLBACK": "soar.core.admin.panels.first_page",
    "SIDEBAR": {"show_search": True, "navigation": "soar.core.admin.theme.navigation"},
}

# --- logs: one JSON object per line, secrets and line breaks never readable
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=True,
)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "soar.core.logs.formatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": env.text("SOAR_LOG_LEVEL", "INFO")},
    "loggers": {
        "django.request": {"level": "ERROR"},
        "django.server": {"level": "WARNING"},
        "axes": {"level": "WARNING"},
    },
}
