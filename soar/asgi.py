"""ASGI entry point; the WSGI one is faster for these synchronous views (docs/operator-guide.md)."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "soar.settings")
application = get_asgi_application()
