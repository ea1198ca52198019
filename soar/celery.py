"""The Celery application."""

import os

from celery import Celery
from kombu.transport.redis import Channel, QoS

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "soar.settings")


class ForgetfulQoS(QoS):
    """What a worker knows of the messages it has got, forgotten together with their connection.

    Each message is only a hint and sent again when nothing came of it. kombu 5.7 instead tries to give
    messages back to a broker that is away, and to acknowledge them on a connection that is closed; it
    fails at both in a way that ends the worker, and every run with it.
    """

    restore_at_shutdown = False

    def ack(self, delivery_tag: str) -> None:
        """Acknowledge a message, unless its connection was lost."""
        if not self.channel.closed:
            super().ack(delivery_tag)


Channel.QoS = ForgetfulQoS
app = Celery("soar")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["modules"])
