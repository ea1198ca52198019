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


def heartbeat_key(queue: str) -> str:
    """Return the key that exists as long as somebody of this installation works on a queue."""
    return f"{settings.CELERY_TASK_DEFAULT_QUEUE}:consumer:{queue}"


def note_consumer(queue: str) -> None:
    """Let every process know for the next minute that somebody works on a queue."""
    client().set(heartbeat_key(queue), "1", ex=HEARTBEAT_SECONDS)


def has_consumer(queue: str) -> bool:
    """Tell whether somebody worked on a queue within the last minute."""
    return bool(client().exists(heartbeat_key(queue)))
