"""The Celery application."""

import os

from celery import Celery
from kombu.transport.redis import QoS

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "soar.settings")
app = Celery("soar")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["modules"])
# A message is only a hint, lost ones are sent again. A worker that has lost its broker would try to give
# back those it has not begun, fail at that without end, and take the runs it is at with it (kombu 5.7).
QoS.restore_at_shutdown = False
