"""What the first screen of Cloud SOAR counts, over what the actor may see."""

import datetime as dt
from typing import Any

from django.db.models import Avg, Count, F, QuerySet
from django.utils import timezone

from cases.selectors import visible_tasks
from incidents.models import Alert, Incident, IncidentType
from incidents.selectors import visible_alerts, visible_incidents
from soar.core.actor import Actor

Counts = list[dict[str, Any]]


def summary(actor: Actor, *, days: int) -> dict[str, Any]:
    """Return how many incidents are open, by what they are, and what became of those of the last days.

    `mean_seconds_to_close` is over what was closed in these days, None when nothing was.
    """
    now = timezone.now()
    since = now - dt.timedelta(days=days)
    incidents = visible_incidents(actor).order_by()
    still_open = incidents.filter(case__closed_on=None)
    closed = incidents.filter(case__closed_at__gte=since)
    spans = closed.aggregate(
        count=Count("pk"), mean=Avg(F("case__closed_at") - F("case__opened_at"))
    )
    mean: dt.timedelta | None = spans["mean"]
    by_status = _counted(still_open, "case__state__list_value")
    overdue = visible_tasks(actor).filter(closed_at=None, details__due_at__lt=now)
    return {
        "days": days,
        "open": {
            "total": sum(row["count"] for row in by_status),
            "by_status": by_status,
            "by_severity": _counted(still_open, "case__severity__list_value"),
            "by_owner": _by_owner(still_open),
            "by_type": _by_type(still_open),
        },
        "opened": incidents.filter(case__opened_at__gte=since).count(),
        "closed": spans["count"],
        "mean_seconds_to_close": None if mean is None else round(mean.total_seconds()),
        "triage_pending": visible_alerts(actor).filter(state=Alert.State.PENDING).count(),
        "tasks_overdue": overdue.count(),
    }


def _counted(incidents: QuerySet[Incident], path: str) -> Counts:
    """Return how many have each list value; those that have none yet are one row without id."""
    rows = incidents.values_list(path, f"{path}__label").annotate(count=Count("pk"))
    return _sorted({"id": pk, "label": label or "", "count": count} for pk, label, count in rows)


def _by_owner(incidents: QuerySet[Incident]) -> Counts:
    """Return how many each has: a group where one owns them, as `Admins (group)`."""
    rows = incidents.values_list(
        "case__owner_id", "case__owner__login", "case__owner_group_id", "case__owner_group__name"
    ).annotate(count=Count("pk"))
    found: dict[tuple[str, int], dict[str, Any]] = {}
    for user_id, login, group_id, group, count in rows:
        kind, pk, label = (
            ("group", group_id, f"{group} (group)") if group_id else ("user", user_id, login)
        )
        row = found.setdefault((kind, pk), {"id": pk, "kind": kind, "label": label, "count": 0})
        row["count"] += count
    return _sorted(found.values())


def _by_type(incidents: QuerySet[Incident]) -> Counts:
    """Return how many are of each type; one of several types counts for each."""
    links = IncidentType.objects.filter(incident_id__in=incidents.values("pk")).order_by()
    rows = links.values_list("value_id", "value__label").annotate(count=Count("pk"))
    return _sorted({"id": pk, "label": label, "count": count} for pk, label, count in rows)


def _sorted(rows: Any) -> Counts:
    return sorted(rows, key=lambda row: (-row["count"], row["label"]))
