"""Timeline events of a case."""

import datetime as dt
from typing import Any

from cases.attributes import merge_attributes
from cases.models import Asset, CaseIoc, Event, EventAsset, EventCategory, EventIoc
from cases.permissions import require_case
from cases.selectors import WRITE, find, visible_events
from cases.services.references import assets_of_case, case_iocs_of_case, check_references
from soar.core.actor import Actor
from soar.core.history import apply_changes, note
from soar.core.recording import recording

COUNTER = "events"
COLORS = frozenset(
    {"#fff", "#1572E899", "#6861CE99", "#48ABF799", "#31CE3699", "#F2596199", "#FFAD4699"}
)
EDITABLE = frozenset(
    {
        "title",
        "content",
        "raw",
        "source",
        "date",
        "local_date",
        "tz",
        "category_id",
        "color",
        "tags",
        "is_in_graph",
        "is_in_summary",
        "custom_attributes",
    }
)
NOT_IN_CASE = "Invalid event ID for this case"


def add_event(
    actor: Actor,
    case_id: int,
    *,
    title: str,
    date: dt.datetime,
    local_date: dt.datetime,
    tz: str,
    category_id: int,
    asset_ids: list[int],
    ioc_ids: list[int] | None = None,
    custom_attributes: dict[str, Any] | None = None,
    **fields: Any,
) -> Event:
    """Put an event on the timeline with the assets and indicators it touches.

    Raise Forbidden, or Invalid for a reference outside this case.
    """
    require_case(actor, case_id)
    _check_category(category_id)
    with recording(actor) as record:
        assets = assets_of_case(case_id, asset_ids, field="asset_ids")
        case_iocs = case_iocs_of_case(case_id, ioc_ids or [], field="ioc_ids")
        event = Event(case_id=case_id, user_id=actor.user_id)
        values = _known_color(fields) | {
            "title": title,
            "date": date,
            "local_date": local_date,
            "tz": tz,
            "category_id": category_id,
            "custom_attributes": merge_attributes("event", custom_attributes),
        }
        _, after = apply_changes(event, values, EDITABLE)
        note(actor, event, "created")
        event.save()
        _link(event, assets, case_iocs)
        record(
            "event.created",
            event,
            case_id=case_id,
            counter=COUNTER,
            summary=f'added event "{title}"',
            after=after | {"asset_ids": asset_ids, "ioc_ids": ioc_ids or []},
        )
    return event


def update_event(
    actor: Actor,
    case_id: int,
    event_id: int,
    *,
    asset_ids: list[int] | None = None,
    ioc_ids: list[int] | None = None,
    **changes: Any,
) -> Event:
    """Change an event; None keeps its links to assets or indicators, a list replaces them.

    Raise Forbidden, NotFound or Invalid.
    """
    require_case(actor, case_id)
    _check_category(changes.get("category_id"))
    with recording(actor) as record:
        event = _locked(actor, case_id, event_id, NOT_IN_CASE)
        if "custom_attributes" in changes:
            changes["custom_attributes"] = merge_attributes(
                "event", changes["custom_attributes"], event.custom_attributes
            )
        before, after = apply_changes(event, _known_color(changes), EDITABLE)
        note(actor, event, "updated")
        event.save()
        if asset_ids is not None:
            assets = assets_of_case(case_id, asset_ids, field="asset_ids")
            EventAsset.objects.filter(event=event).delete()
            _link(event, assets, [])
            after["asset_ids"] = asset_ids
        if ioc_ids is not None:
            case_iocs = case_iocs_of_case(case_id, ioc_ids, field="ioc_ids")
            EventIoc.objects.filter(event=event).delete()
            _link(event, [], case_iocs)
            after["ioc_ids"] = ioc_ids
        record(
            "event.updated",
            event,
            case_id=case_id,
            counter=COUNTER,
            summary=f'updated event "{event.title}"',
            before=before,
            after=after,
        )
    return event


def delete_event(actor: Actor, case_id: int, event_id: int) -> None:
    """Delete an event with its links. Raise Forbidden or NotFound."""
    require_case(actor, case_id)
    with recording(actor) as record:
        event = _locked(actor, case_id, event_id, "Not a valid event ID for this case")
        record(
            "event.deleted",
            event,
            case_id=case_id,
            counter=COUNTER,
            summary=f'deleted event "{event.title}"',
            before={"title": event.title, "date": event.date},
        )
        event.delete()


def _locked(actor: Actor, case_id: int, event_id: int, message: str) -> Event:
    rows = visible_events(actor, WRITE).filter(case_id=case_id)
    return find(rows.select_for_update(of=("self",)), event_id, message)


def _check_category(category_id: int | None) -> None:
    check_references(category_id=(EventCategory, category_id, "Invalid event category ID"))


def _known_color(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields with a colour outside the known seven emptied (contract §4, event_colors)."""
    if fields.get("color") is not None and fields["color"] not in COLORS:
        return fields | {"color": ""}
    return fields


def _link(event: Event, assets: list[Asset], case_iocs: list[CaseIoc]) -> None:
    EventAsset.objects.bulk_create(EventAsset(event=event, asset=asset) for asset in assets)
    EventIoc.objects.bulk_create(EventIoc(event=event, case_ioc=row) for row in case_iocs)
