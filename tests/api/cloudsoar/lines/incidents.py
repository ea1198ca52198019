"""Who may call what, and one of each thing to call it with: incidents (contract §4.2)."""

from typing import Any

from cases.models import Case
from incidents.services.incidents import open_incident
from incidents.services.relations import add_relation
from soar.core.actor import Actor
from soar.core.permissions import Permission
from tests.api.cloudsoar.lines.line import READ, WRITE, Line, Maker

ANALYST = (Permission.STANDARD_USER,)
INVITER = Permission.INVESTIGATORS_MANAGE


def add_relative(actor: Actor, incident_id: int) -> int:
    """Relate an incident to another one of its customer and return the relation."""
    customer_id = Case.objects.get(pk=incident_id).customer_id
    other = open_incident(actor, name="Another", customer_id=customer_id)
    return int(add_relation(actor, incident_id, other_id=other.pk, relation="related").pk)


def itself(ids: Any) -> dict[str, Any]:
    """Return a relation that is refused only after everything else was checked."""
    return {"incident_id": ids["incident"], "relation": "related"}


def line(method: str, path: str, level: int = 0, **more: Any) -> Line:
    """Return a line of a route for analysts."""
    return Line(method, path, any_of=ANALYST, level=level, **more)


ONE = "incidents/{incident}/"
# Incident 1 cannot be deleted, is open, and not deleted.
LINES: list[Line] = [
    line("GET", "incidents/"),
    # A caller of no customer is told so.
    line("POST", "incidents/", body={"description": "Phish"}),
    line("POST", "incidents/search/", body={"all": True, "columns": ["incidentid"]}),
    line("GET", "incidents/columns/"),
    line("POST", "incidents/bulk/", body={"ids": [1], "action": "close"}),
    line("GET", ONE, READ),
    line("PUT", ONE, WRITE, body={"additional_info": "<p>Seen</p>"}),
    line("PATCH", ONE, WRITE, body={"fields": {"tags": "a,b"}}),
    line("DELETE", ONE, WRITE, ok=(204, 409)),
    line("POST", f"{ONE}restore/", WRITE, ok=(409,)),
    line("POST", f"{ONE}close/", WRITE, body={"closing_note": "Done"}),
    line("POST", f"{ONE}reopen/", WRITE, ok=(409,)),
    line("POST", f"{ONE}clone/", READ),
    line("PATCH", f"{ONE}folder/", WRITE, body={"folder_id": 1}),
    line("GET", f"{ONE}owner/", READ),
    line("PATCH", f"{ONE}owner/", WRITE, body={"owner": 1}),
    line("PATCH", f"{ONE}phase/", WRITE, body={"phase": "Identification"}),
    line("POST", f"{ONE}favorite/", READ),
    line("DELETE", f"{ONE}favorite/", READ),
    line("GET", f"{ONE}investigators/", READ),
    line("POST", f"{ONE}investigators/", WRITE, body={"user": 1, "role": "Viewer"}, also=INVITER),
    line("DELETE", f"{ONE}investigators/", WRITE, body={"user": 1}, ok=(404,), also=INVITER),
    line("GET", f"{ONE}relations/", READ),
    line("POST", f"{ONE}relations/", WRITE, body=itself, ok=(400,)),
    line("DELETE", f"{ONE}relations/{{relation}}/", WRITE),
]
MAKERS: dict[str, Maker] = {"relation": add_relative}
