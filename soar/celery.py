"""The Celery application."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from celery import Celery
from celery.signals import worker_ready
from kombu.transport.redis import Channel, QoS

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "soar.settings")
MODULES_WORKER = "modules@"
MODULES_NICENESS = 10  # analysts wait for the API, nobody for a module: measured by bench.modules
FIRST_NICENESS = os.nice(0)
AUTOGROUP = Path("/proc/self/autogroup")


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


@worker_ready.connect  # type: ignore[untyped-decorator]
def step_back(sender: Any, **_: Any) -> None:
    """Let the worker of modules, and all it starts, leave the processor to others that want it.

    Only once it listens: on a busy machine a start that waits for everybody else takes minutes.
    """
    if str(sender.hostname).startswith(MODULES_WORKER):
        niceness = FIRST_NICENESS + MODULES_NICENESS
        os.setpriority(os.PRIO_PROCESS, 0, niceness)
        with suppress(OSError):  # Linux may share the processor among sessions first
            AUTOGROUP.write_text(str(min(niceness, 19)))
