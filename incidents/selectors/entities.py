"""Readers of entities and of files."""

from collections.abc import Callable
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import (
    Exists,
    OuterRef,
    Q,
    QuerySet,
)

from cases.permissions import READ
from cases.selectors import (
    Levels,
    visible_case_iocs,
    visible_cases,
)
from incidents.models import (
    Attachment,
    FavoriteIoc,
    StoredFile,
)
from incidents.selectors.alerts import visible_alert_iocs, visible_alerts
from iocs.models import Ioc
from iocs.selectors import visible_catalogue_entries
from soar.core.actor import Actor
from soar.core.models import AuditLog

# What becomes of an indicator as such, wherever it is seen.
SHARED_ACTIONS = (
    "entity.verdict_set",
    "entity.locked",
    "entity.unlocked",
    "entity.deleted",
    "entity.restored",
)
LATEST_PLACES = 1000

# What shows an indicator to whoever sees one of its records there.
ENTITY_PLACES: tuple[Callable[[Actor], QuerySet[Any]], ...] = (
    visible_case_iocs,
    visible_alert_iocs,
    visible_catalogue_entries,
)


def visible_entities(actor: Actor) -> QuerySet[Ioc]:
    """Return the indicators of visible cases and alerts and of his own catalogue; deleted ones too."""
    held = (Q(Exists(visible(actor).filter(ioc=OuterRef("pk")))) for visible in ENTITY_PLACES)
    return Ioc.objects.filter(reduce(or_, held))


def all_visible_entities(actor: Actor) -> QuerySet[Ioc]:
    """Return what visible_entities does, for lists: collected once, where that looks each of them up."""
    held = (Q(pk__in=visible(actor).order_by().values("ioc")) for visible in ENTITY_PLACES)
    return Ioc.objects.filter(reduce(or_, held))


def visible_entity_lines(actor: Actor, ioc_id: int) -> QuerySet[AuditLog]:
    """Return what was done to an indicator: for all, in visible cases and alerts, and by himself."""
    places = {
        "cases.caseioc": visible_case_iocs(actor).filter(ioc_id=ioc_id),
        "incidents.alertioc": visible_alert_iocs(actor).filter(ioc_id=ioc_id),
        "iocs.catalogueentry": visible_catalogue_entries(actor).filter(ioc_id=ioc_id),
    }
    told = Q(action__in=SHARED_ACTIONS) | Q(actor_id=actor.user_id)
    condition = Q(object_type="iocs.ioc", object_id=ioc_id) & told
    for label, rows in places.items():
        # As numbers: the index of the trail serves those, not a subquery that is one of several.
        ids = list(rows.order_by("-pk").values_list("pk", flat=True)[:LATEST_PLACES])
        condition |= Q(object_type=label, object_id__in=ids)
    return AuditLog.objects.filter(condition)


def visible_attachments(actor: Actor, levels: Levels = READ) -> QuerySet[Attachment]:
    """Return the files on visible incidents and alerts, and those he put on indicators himself.

    Others see the same indicator through cases of theirs, which nobody else need know of.
    """
    return Attachment.objects.filter(
        Q(incident_id__in=visible_cases(actor, levels).order_by().values("pk"))
        | Q(alert_id__in=visible_alerts(actor).order_by().values("pk"))
        | Q(ioc__isnull=False, user=actor.user_id)
    )


def visible_stored_files(actor: Actor) -> QuerySet[StoredFile]:
    """Return the stored bytes some visible attachment names."""
    return StoredFile.objects.filter(pk__in=visible_attachments(actor).order_by().values("file"))


def visible_favorite_iocs(actor: Actor) -> QuerySet[FavoriteIoc]:
    """Return his own favourite entities."""
    return FavoriteIoc.objects.filter(user=actor.user_id)
