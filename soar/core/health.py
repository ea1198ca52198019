"""Health for load balancers and monitoring: alive, ready, and numbers."""

import os
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import redis
from django.apps import apps
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Min, QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from soar.core import broker, throttling
from soar.core.middleware import client_address
from soar.core.models import IrisApiKey, OutboxEvent, User
from soar.core.services.api_keys import hash_of_key
from soar.core.services.users import is_administrator

MINIMUM_FREE_BYTES = 200 * 1024 * 1024
OK = "ok"
COUNTED = {"users": "core.User", "cases": "cases.Case"}  # by name: the core knows no app


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer that the process is alive; asks nobody else."""
    return JsonResponse({"status": OK})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when this installation can do its work, else 503 naming what is missing."""
    checks = {name: check() for name, check in CHECKS.items()}
    is_ready = all(result == OK for result in checks.values())
    body = {"status": OK if is_ready else "failed", "checks": checks}
    answer = JsonResponse(body, status=200 if is_ready else 503)
    answer._has_been_logged = True  # type: ignore[attr-defined]  # probes come every second
    return answer


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer the numbers in Prometheus text, to administrators unless everybody may read them.

    All but those of the process are asked of database and broker, so every process answers alike.
    """
    refusal = None if settings.SOAR_METRICS_ANONYMOUS else _refusal(request)
    if refusal is not None:
        return refusal
    return HttpResponse(generate_latest(_registry()), content_type=CONTENT_TYPE_LATEST)


def _check_database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        connection.close()
        return "failed: no answer"
    return OK


def _check_migrations() -> str:
    try:
        missing = _shipped_migrations() - MigrationRecorder(connection).applied_migrations().keys()
    except DatabaseError:
        return "failed: unknown"
    return f"failed: {len(missing)} to apply" if missing else OK


@cache
def _shipped_migrations() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None, ignore_no_migrations=True).disk_migrations)


def _check_broker() -> str:
    try:
        broker.client().ping()
    except redis.RedisError:
        return "failed: no answer"
    return OK


def _check_worker() -> str:
    return _check_consumer(settings.CELERY_TASK_DEFAULT_QUEUE)


def _check_modules() -> str:
    return _check_consumer(settings.SOAR_MODULES_QUEUE)


def _check_consumer(queue: str) -> str:
    try:
        is_working = broker.has_consumer(queue)
    except redis.RedisError:
        return "failed: unknown"
    return OK if is_working else f"failed: nobody worked on queue {queue} in the last minute"


def _check_disk() -> str:
    state = os.statvfs(settings.SOAR_DATA_DIR)
    free_bytes = state.f_bavail * state.f_frsize
    if free_bytes < MINIMUM_FREE_BYTES:
        return f"failed: {free_bytes // 2**20} MiB free of {MINIMUM_FREE_BYTES // 2**20} needed"
    return OK


CHECKS: dict[str, Callable[[], str]] = {
    "database": _check_database,
    "migrations": _check_migrations,
    "broker": _check_broker,
    "worker": _check_worker,
    "modules": _check_modules,
    "disk": _check_disk,
}


def _refusal(request: HttpRequest) -> HttpResponse | None:
    """Return the answer to a caller who is no administrator, or None for one who is."""
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        row = IrisApiKey.objects.select_related("user").filter(
            key_hash=hash_of_key(key.strip()), user__is_active=True
        )
        caller = getattr(row.first(), "user", None)
        if caller is None:
            return _refusal_of_wrong_key(request)
    else:
        caller = request.user
    if not isinstance(caller, User):
        answer = HttpResponse("Authentication required\n", status=401, content_type="text/plain")
        answer["WWW-Authenticate"] = "Bearer"
        return answer
    if not is_administrator(caller):
        return HttpResponse("Permission denied\n", status=403, content_type="text/plain")
    return None


def _refusal_of_wrong_key(request: HttpRequest) -> HttpResponse:
    wait = throttling.note_bad_key(client_address(request), settings.SOAR_BEARER_FAILURES)
    answer = HttpResponse(
        "Too many requests\n" if wait else "Authentication required\n",
        status=429 if wait else 401,
        content_type="text/plain",
    )
    answer["Retry-After" if wait else "WWW-Authenticate"] = str(wait) if wait else "Bearer"
    return answer


class _Numbers(Collector):
    """The gauges asked of the database and the broker at the moment of the scrape."""

    def collect(self) -> Iterator[Metric]:
        """Yield every gauge."""
        yield InfoMetricFamily("soar_build", "What runs here", {"version": settings.VERSION})
        unsealed = OutboxEvent.objects.filter(sealed_at=None)
        yield _gauge("soar_audit_unsealed_rows", "Audit rows without seal", unsealed.count())
        undelivered = OutboxEvent.objects.filter(delivered_at=None)
        yield _gauge("soar_outbox_undelivered_events", "Events to deliver", undelivered.count())
        yield _gauge(
            "soar_outbox_oldest_undelivered_seconds",
            "Age of the oldest event to deliver",
            _age_seconds(undelivered),
        )
        for name, label in COUNTED.items():
            rows = apps.get_model(label)._default_manager
            yield _gauge(f"soar_{name}", f"Number of {name}", rows.count())
        yield _gauge("soar_worker_up", "A worker was at work lately", _check_worker() == OK)
        yield _gauge("soar_modules_up", "A worker ran modules lately", _check_modules() == OK)
        pending = apps.get_model("modules.ModuleRun")._default_manager.filter(status="pending")
        yield _gauge("soar_module_runs_pending", "Module runs to start", pending.count())
        yield _gauge(
            "soar_module_runs_oldest_pending_seconds",
            "Age of the oldest module run to start",
            _age_seconds(pending, "queued_at"),
        )


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)


def _age_seconds(rows: QuerySet[Any], since: str = "created_at") -> float:
    oldest = rows.aggregate(oldest=Min(since))["oldest"]
    return max(0.0, (timezone.now() - oldest).total_seconds()) if oldest else 0.0


@cache
def _registry() -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(_Numbers())
    ProcessCollector(registry=registry)
    return registry
