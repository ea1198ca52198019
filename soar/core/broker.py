"""The broker's Redis, for the few keys that are not Celery's."""

from functools import cache

import redis
from django.conf import settings

TIMEOUT_SECONDS = 2
HEARTBEAT_SECONDS = 60


@cache
def client() -> redis.Redis:
    """Return the one client of this process; it connects on first use."""
    url = settings.REDIS_URL.replace("redis+socket://", "unix://", 1)
    return redis.Redis.from_url(
        url, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS
    )


def heartbeat_key() -> str:
    """Return the key that exists as long as a worker of this installation does its work."""
    return f"{settings.CELERY_TASK_DEFAULT_QUEUE}:worker-heartbeat"


def note_worker_heartbeat() -> None:
    """Let every process know for the next minute that a worker is at work."""
    client().set(heartbeat_key(), "1", ex=HEARTBEAT_SECONDS)


def has_worker_heartbeat() -> bool:
    """Tell whether a worker was at work within the last minute."""
    return bool(client().exists(heartbeat_key()))
