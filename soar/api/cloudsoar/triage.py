"""Triage events: found, taken in, changed, decided about (contract §4.5)."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import orjson
from rest_framework.request import Request
from rest_framework.response import Response

from cases.selectors import find
from incidents.models import Alert, CustomField, ListField
from incidents.selectors import (
    alerts_as_shown,
    involving_alerts,
    visible_alerts,
    visible_incidents,
)
from incidents.services.alert_parts import take_in
from incidents.services.alerts import UNKNOWN_ALERT, delete_alert, update_alert
from incidents.services.converting import convert_alert, merge_alert, move_to_triage
from incidents.services.lists import find_value
from incidents.services.triage import (
    act_on_each,
    discard_alert,
    grab_alert,
    reassign_alert,
    restore_alert,
)
from soar.api.base import encoded, represent, shared
from soar.api.cloudsoar.paging import Page
from soar.api.cloudsoar.triage_examples import CONVERTED, GRABBED, PENDING
from soar.api.cloudsoar.triage_filters import (
    custom_fields,
    exactly,
    triage_table,
    values_by_field,
)
from soar.api.cloudsoar.triage_rows import (
    OPEN_LIST,
    OPEN_PAGE,
    ROW_COLUMNS,
    checked_columns,
    columns_of,
    detail_of,
    flat_of,
    found_row,
    in_words,
    row_of,
)
from soar.api.cloudsoar.triage_shapes import (
    PARAMETERS,
    IncidentOfTriageOut,
    TriageBulkIn,
    TriageBulkOut,
    TriageChangesIn,
    TriageColumnOut,
    TriageConvertedOut,
    TriageConvertIn,
    TriageDetailIn,
    TriageGrabIn,
    TriageIn,
    TriageListIn,
    TriageMovedOut,
    TriageOut,
    TriageOwnedOut,
    TriageReasonIn,
    TriageReassignIn,
    TriageRowOut,
    TriageSearchIn,
)
from soar.api.cloudsoar.uploads import UploadViewSet, upload_of
from soar.api.cloudsoar.views import FailureOut, endpoint, needs
from soar.core.errors import Invalid
from soar.core.permissions import Permission
from soar.core.selectors import visible_users

READ = needs(Permission.ALERTS_READ)
WRITE = needs(Permission.ALERTS_WRITE)
DELETE = needs(Permission.ALERTS_DELETE)
BULK = needs(Permission.ALERTS_WRITE, Permission.ALERTS_DELETE)
REFUSED = {409: FailureOut}
PAGE = ("page_number", "page_size")
PAGING = ("page_number", "page_size", "filter", "order_by", "state", "custom")
LISTED = {
    "type_id": (ListField.TYPE, "type", "pk"),
    "status_id": (ListField.TRIAGE_STATUS, "status", "alert_status_id"),
    "severity_id": (ListField.RESTRICTION, "restriction", "severity_id"),
}
Values = dict[str, Any]


def page_of_rows(request: Request, page: Page, customs: list[CustomField]) -> Response:
    """Answer a page of events that were read as columns."""
    return page.answer(request, encoded([row_of(row, customs) for row in page.rows]))


class TriageViewSet(UploadViewSet):
    """Events that wait for a decision, and what was decided."""

    @endpoint(
        READ,
        summary="List triage events",
        description="Pending and grabbed ones, newest first. A custom field, opt_<number>, can be asked for "
        "like the others where it is marked as a filter.",
        query=TriageListIn,
        gives=TriageRowOut(many=True),
    )
    def list(self, request: Request) -> Response:
        """Answer a page of events."""
        asked = self.query(TriageListIn)
        customs = custom_fields(self.actor)
        if not any(value for name, value in asked.items() if name not in PAGE):
            return self.all_open(request, asked, customs)
        table = triage_table(self.actor, customs)
        given = {name: value for name, value in asked.items() if name not in PAGING}
        condition = exactly(table, given | asked.get("custom", {}))
        states = asked.get("state") or [Alert.State.PENDING, Alert.State.GRABBED]
        rows = in_words(visible_alerts(self.actor)).filter(condition, state__in=states)
        page = Page.of(rows, table, asked, default_order="-id", columns=ROW_COLUMNS)
        return page_of_rows(request, page, customs)

    @endpoint(
        READ,
        summary="Search triage events",
        description="Among events of every state. Without columns, those of the list.",
        takes=TriageSearchIn,
        gives=TriageRowOut(many=True),
    )
    def search(self, request: Request) -> Response:
        """Answer a page of events with the columns that were asked for."""
        asked = self.read(TriageSearchIn)
        customs = custom_fields(self.actor)
        columns = checked_columns(asked.get("columns") or [], customs)
        rows = alerts_as_shown(self.actor) if columns else in_words(visible_alerts(self.actor))
        if not asked["all"]:
            rows = involving_alerts(self.actor, rows)
        table = triage_table(self.actor, customs)
        if not columns:
            page = Page.of(rows, table, asked, default_order="-id", columns=ROW_COLUMNS)
            return page_of_rows(request, page, customs)
        page = Page.of(rows, table, asked, default_order="-id")
        self.show_incidents(page.rows)
        shown = [flat_of(detail_of(alert, customs)) for alert in page.rows]
        return page.answer(request, [{name: row[name] for name in columns} for row in shown])

    @endpoint(
        READ,
        summary="List the fields of triage events",
        gives=TriageColumnOut(many=True),
    )
    def columns(self, request: Request) -> Response:
        """Answer every field with its values, and whether it sorts and filters."""
        customs = custom_fields(self.actor)
        table = triage_table(self.actor, customs)
        return Response(columns_of(customs, table, values_by_field(self.actor)))

    @endpoint(
        WRITE,
        summary="Take a triage event in",
        description="Custom fields, opt_<number>, stand beside the other fields or in `fields`. Files are parts of "
        "a multipart body, `attachment` or `file`, or `attachments`. What a source sent before under the same external ID answers 200 with the event as it is now.",
        takes=TriageIn,
        gives=TriageRowOut,
        code=201,
        also={200: TriageRowOut},
        examples={"A new event": PENDING},
    )
    def create(self, request: Request) -> Response:
        """Answer the event."""
        values = self.read(TriageIn)
        files = [upload_of(one) for one in uploads_in(values)]
        alert, is_new = take_in(self.actor, files=files, **resolved(values))
        return Response(self.row(alert.pk), status=201 if is_new else 200)

    @endpoint(READ, summary="Fetch a triage event", query=TriageDetailIn, gives=TriageOut)
    def fetch(self, request: Request, triage: int) -> Response:
        """Answer the event, wrapped or flat."""
        is_flat = self.query(TriageDetailIn)["flat"]
        shown = self.wrapped(triage)
        return Response(flat_of(shown) if is_flat else shown)

    @endpoint(
        WRITE,
        summary="Change a triage event",
        description="Only what is given changes, with PUT as well.",
        takes=TriageChangesIn,
        gives=TriageOut,
    )
    def change(self, request: Request, triage: int) -> Response:
        """Answer the event as it is now."""
        update_alert(self.actor, triage, **resolved(self.read(TriageChangesIn)))
        return Response(self.wrapped(triage))

    @endpoint(DELETE, summary="Delete a triage event for good", code=204)
    def destroy(self, request: Request, triage: int) -> Response:
        """Answer nothing."""
        delete_alert(self.actor, triage)
        return Response(status=204)

    @endpoint(
        WRITE,
        summary="Grab a triage event",
        description="With another owner it is reassigned.",
        takes=TriageGrabIn,
        gives=TriageOwnedOut,
        also=REFUSED,
        examples={"Grabbed": GRABBED},
    )
    def grab(self, request: Request, triage: int) -> Response:
        """Answer whose it is."""
        return self.owned(
            grab_alert(self.actor, triage, **self.with_owner(self.read(TriageGrabIn)))
        )

    @endpoint(
        WRITE,
        summary="Give a triage event to another user",
        description="He is told by mail where a mail server is set up.",
        takes=TriageReassignIn,
        gives=TriageOwnedOut,
        also=REFUSED,
    )
    def reassign(self, request: Request, triage: int) -> Response:
        """Answer whose it is."""
        values = self.with_owner(self.read(TriageReassignIn))
        return self.owned(reassign_alert(self.actor, triage, **values))

    @endpoint(
        WRITE,
        summary="Discard a triage event",
        takes=TriageReasonIn,
        gives=TriageRowOut,
        also=REFUSED,
    )
    def discard(self, request: Request, triage: int) -> Response:
        """Answer the event."""
        discard_alert(self.actor, triage, **self.read(TriageReasonIn))
        return Response(self.row(triage))

    @endpoint(WRITE, summary="Take a discarded triage event back", gives=TriageRowOut, also=REFUSED)
    def restore(self, request: Request, triage: int) -> Response:
        """Answer the event."""
        restore_alert(self.actor, triage)
        return Response(self.row(triage))

    @endpoint(
        WRITE,
        summary="Convert a triage event to an incident",
        description="Type, custom fields of the same label, entities, notes, files and the event as it came go "
        "along. With incident_id they go into that incident.",
        takes=TriageConvertIn,
        gives=TriageConvertedOut,
        code=201,
        also={200: TriageConvertedOut, **REFUSED},
        examples={"A new incident": CONVERTED},
    )
    def convert(self, request: Request, triage: int) -> Response:
        """Answer the incident: 201 for a new one, 200 for one that was there."""
        values = self.with_owner(self.read(TriageConvertIn))
        incident = converted(self.actor, triage, values)
        body = represent(TriageConvertedOut, {"triage_id": triage, "incident": incident})
        return Response(body, status=200 if values.get("incident_id") is not None else 201)

    @endpoint(
        WRITE,
        summary="Move an incident back to triage",
        description="The incident is closed, with the reason as its closing note.",
        takes=TriageReasonIn,
        gives=TriageMovedOut,
        code=201,
        also=REFUSED,
    )
    def to_triage(self, request: Request, incident: int) -> Response:
        """Answer the new event, and the incident it is linked to."""
        alert = move_to_triage(self.actor, incident, **self.read(TriageReasonIn))
        link = represent(IncidentOfTriageOut, alert.incident)
        return Response(self.row(alert.pk, incident=link), status=201)

    @endpoint(
        BULK,
        summary="Do the same to many triage events",
        description="Each by itself: what is refused for one holds up no other.",
        takes=TriageBulkIn,
        gives=TriageBulkOut,
    )
    def bulk(self, request: Request) -> Response:
        """Answer which were done, and why others were not."""
        asked = self.read(TriageBulkIn)
        shape = shared(PARAMETERS[asked["action"]])
        values = self.with_owner(dict(shape.run_validation(asked["params"])))
        service = partial(SERVICES[asked["action"]], values=values)
        outcome = act_on_each(self.actor, asked["ids"], service)
        failed = [{"id": pk, "error": text} for pk, text in outcome.failed]
        return Response({"done": outcome.done, "failed": failed})

    # --- out

    def all_open(self, request: Request, asked: Values, customs: Iterable[CustomField]) -> Response:
        """Answer a page of the events that wait for a decision."""
        number, size = asked["page_number"], asked["page_size"]
        start, fields = (number - 1) * size, [*customs]
        if fields:
            rows, total = OPEN_PAGE.read(actor=self.actor, start=start, size=size)
            return page_of_rows(request, Page(rows, total, number, size), fields)
        shown, total = OPEN_LIST.page(self.actor, start=start, size=size)
        return Page([], total, number, size).answer(request, shown)

    def row(self, alert_id: int, **more: Any) -> orjson.Fragment:
        """Return an event as it stands in lists, with what else is given."""
        return encoded(found_row(self.actor, alert_id, custom_fields(self.actor)) | more)

    def wrapped(self, alert_id: int) -> Values:
        """Return an event, wrapped."""
        alert = find(alerts_as_shown(self.actor), alert_id, UNKNOWN_ALERT)
        self.show_incidents([alert])
        return detail_of(alert, custom_fields(self.actor))

    def owned(self, alert: Alert) -> Response:
        """Answer whose an event is."""
        return Response(represent(TriageOwnedOut, alert))

    def show_incidents(self, alerts: Iterable[Alert]) -> None:
        """Give each event the incident it became, where the caller may see that."""
        rows = list(alerts)
        ids = {alert.incident_id for alert in rows if alert.incident_id}
        incidents = visible_incidents(self.actor).in_bulk(ids)
        for alert in rows:
            alert.shown_incident = incidents.get(alert.incident_id)  # type: ignore[attr-defined, call-overload]

    def with_owner(self, values: Values) -> Values:
        """Return the values with the id of the user that was named. Raise Invalid."""
        given = values.get("owner_id")
        if given is None:
            return values
        users = visible_users(self.actor).filter(is_active=True)
        is_name = isinstance(given, str)
        found = users.filter(**{"login__iexact" if is_name else "pk": given}).first()
        if found is None and is_name and given.isascii() and given.isdigit():
            found = users.filter(pk=int(given[:18])).first()
        if found is None:
            raise Invalid.field("owner", f"There is no active user {given}.")
        return values | {"owner_id": found.pk}


def converted(actor: Any, alert_id: int, values: Values) -> Any:
    """Convert an event, or merge it where an incident is named, and return the incident."""
    rest = {name: value for name, value in values.items() if name not in ("fields", "incident_id")}
    if values.get("incident_id") is not None:
        return merge_alert(actor, alert_id, incident_id=values["incident_id"])
    return convert_alert(actor, alert_id, **rest)


SERVICES: Mapping[str, Any] = {
    "grab": lambda actor, pk, values: grab_alert(actor, pk, **values),
    "reassign": lambda actor, pk, values: reassign_alert(actor, pk, **values),
    "discard": lambda actor, pk, values: discard_alert(actor, pk, **values),
    "convert": lambda actor, pk, values: converted(actor, pk, values),
    "delete": lambda actor, pk, values: delete_alert(actor, pk),
}


def uploads_in(values: Values) -> list[Values]:
    """Take the files out of the values of a body, and return them as UploadIn reads them."""
    parts = [values.pop(name, None) for name in ("attachment", "file")]
    return [{"attachment": part} for part in parts if part is not None] + values.pop(
        "attachments", []
    )


def resolved(values: Values) -> Values:
    """Return the values of a body as the services take them: labels become ids. Raise Invalid."""
    result = {name: value for name, value in values.items() if name not in ("fields", "tags")}
    for name, (field, wire, attribute) in LISTED.items():
        if name in values:
            value = find_value(field, values[name], wire)
            result[name] = getattr(value, attribute, None)
            if result[name] is None:
                raise Invalid.field(wire, "Events cannot have this value.")
    if "tags" in values:
        result["tags"] = ",".join(values["tags"])
    return result
