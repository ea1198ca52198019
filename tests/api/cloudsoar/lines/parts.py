"""Who may call what, and one of each thing to call it with: parts of an incident (contract §4.3)."""

from io import BytesIO

from cases.services.iocs import add_ioc
from incidents.services.attachments import add_attachment
from incidents.services.external_alerts import add_external_alert
from incidents.services.incident_notes import write_note
from incidents.services.task_details import add_incident_task
from incidents.services.war_room import add_timeline_entry
from soar.core.actor import Actor
from soar.core.permissions import Permission
from tests.api.cloudsoar.lines.line import READ, WRITE, Line, Maker

WORKERS = (Permission.STANDARD_USER,)
INCIDENT = "incidents/{incident}/"
NOTE, TASK = f"{INCIDENT}notes/{{note}}/", f"{INCIDENT}tasks/{{task}}/"
ATTACHMENT = f"{INCIDENT}attachments/{{attachment}}/"
UPLOAD = {"file_name": "a.txt", "content_base64": "YQ=="}
CHANGES = ("PUT", "PATCH")


def read(path: str) -> Line:
    """Return the line of a route that reads."""
    return Line("GET", path, WORKERS, level=READ)


def write(method: str, path: str, **body: object) -> Line:
    """Return the line of a route that writes."""
    return Line(method, path, WORKERS, level=WRITE, body=body)


LINES: list[Line] = [
    read(f"{INCIDENT}notes/"),
    write("POST", f"{INCIDENT}notes/", title="A note"),
    read(NOTE),
    *(write(method, NOTE, title="Another") for method in CHANGES),
    write("DELETE", NOTE),
    read(f"{INCIDENT}tasks/"),
    write("POST", f"{INCIDENT}tasks/", title="A task"),
    read(TASK),
    *(write(method, TASK, title="Another") for method in CHANGES),
    write("DELETE", TASK),
    write("POST", f"{TASK}approve/", note="Go on"),
    write("POST", f"{TASK}approve_close/"),
    write("POST", f"{TASK}decline/"),
    write("POST", f"{TASK}close/"),
    write("POST", f"{TASK}reassign/", assigned_to=1),
    Line("GET", "tasks/", WORKERS),
    read(f"{INCIDENT}attachments/"),
    write("POST", f"{INCIDENT}attachments/", **UPLOAD),
    read(ATTACHMENT),
    write("PATCH", ATTACHMENT, reference="01"),
    write("DELETE", ATTACHMENT),
    read(f"{ATTACHMENT}download/"),
    read(f"{ATTACHMENT}data/"),
    read(f"{INCIDENT}entities/"),
    write("POST", f"{INCIDENT}entities/", type="domain", value="new.example"),
    write("DELETE", f"{INCIDENT}entities/{{incident_entity}}/"),
    read(f"{INCIDENT}artifacts/"),
    write("POST", f"{INCIDENT}artifacts/", field="domain", value="art.example"),
    read(f"{INCIDENT}external_alerts/"),
    write("POST", f"{INCIDENT}external_alerts/", type="mailgate", data={"a": 1}),
    read(f"{INCIDENT}external_alerts/{{external_alert}}/"),
    read(f"{INCIDENT}timeline/"),
    write("POST", f"{INCIDENT}timeline/", title="Seen"),
    write("PATCH", f"{INCIDENT}timeline/{{step}}/", is_locked=True),
    read(f"{INCIDENT}report/"),
]


def make_note(actor: Actor, incident: int) -> int:
    """Write a note."""
    return write_note(actor, incident, title="A note").pk


def make_task(actor: Actor, incident: int) -> int:
    """Add a task."""
    return add_incident_task(actor, incident, title="A task").pk


def make_attachment(actor: Actor, incident: int) -> int:
    """Attach a file."""
    content = BytesIO(b"x")
    return add_attachment(actor, content=content, file_name="x.txt", incident_id=incident).pk


def make_entity(actor: Actor, incident: int) -> int:
    """Put an entity into an incident, one that no other has."""
    value = f"only-in-{incident}.example"
    return add_ioc(actor, incident, type_id=20, tlp_id=2, value=value)[0].ioc_id


def make_external_alert(actor: Actor, incident: int) -> int:
    """Add an external alert."""
    return add_external_alert(actor, incident, type="mailgate", data={"a": 1}).pk


def make_step(actor: Actor, incident: int) -> int:
    """Write into the war room."""
    return add_timeline_entry(actor, incident, title="Seen").pk


MAKERS: dict[str, Maker] = {
    "note": make_note,
    "task": make_task,
    "attachment": make_attachment,
    "incident_entity": make_entity,
    "external_alert": make_external_alert,
    "step": make_step,
}
