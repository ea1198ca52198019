"""Settings of the plain program: persistent connections, and for the rest what Django and REST framework come with."""

from soar.settings import *  # noqa: F403

if DATABASES["default"]["ENGINE"] == "soar.core.postgresql":  # noqa: F405
    _TUNED = ("server_side_binding", "prepare_threshold")
    _OPTIONS = DATABASES["default"]["OPTIONS"]  # noqa: F405
    DATABASES["default"] |= {  # noqa: F405
        "ENGINE": "django.db.backends.postgresql",
        "CONN_HEALTH_CHECKS": False,
        "OPTIONS": {name: value for name, value in _OPTIONS.items() if name not in _TUNED},
    }
ROOT_URLCONF = "bench.plain"
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
REST_FRAMEWORK = {
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
}
