"""Who may call what, and one of each thing to call it with: triage (contract §4.5)."""

from io import BytesIO

from cases.models import Case
from incidents.models import Alert
from incidents.services.alerts import add_alert
from incidents.services.attachments import add_attachment
from soar.core.actor import Actor
from soar.core.permissions import Permission
from tests.api.cloudsoar.lines.line import WRITE, Line, Maker
from tests.triage_cast import PHISHING

READERS = (Permission.ALERTS_READ,)
WRITERS = (Permission.ALERTS_WRITE,)
DELETERS = (Permission.ALERTS_DELETE,)
ONE = "triage/{triage}/"
# An event of a customer the caller may not know is missing; test_triage.py tells who gets which.
SERVED = (200, 201, 204, 404)


def _one(
    method: str,
    path: str,
    any_of: tuple[Permission, ...] = WRITERS,
    body: dict[str, object] | None = None,
    also: tuple[int, ...] = (),
) -> Line:
    return Line(method, f"{ONE}{path}", any_of, body=body or {}, ok=(*SERVED, *also))


LINES: list[Line] = [
    Line("GET", "triage/", READERS, ok=(200,)),
    Line("POST", "triage/", WRITERS, body={"type": "Phishing"}, ok=(201,)),
    Line("POST", "triage/search/", READERS, ok=(200,)),
    Line("GET", "triage/columns/", READERS, ok=(200,)),
    Line(
        "POST",
        "triage/bulk/",
        WRITERS + DELETERS,
        body=lambda ids: {"ids": [ids["triage"]], "action": "discard"},
        ok=(200,),
    ),
    _one("GET", "", READERS),
    _one("PUT", "", body={"description": "x"}),
    _one("PATCH", "", body={"description": "x"}),
    _one("DELETE", "", DELETERS),
    _one("POST", "grab/"),
    _one("POST", "reassign/", body={"owner": 1}),
    _one("POST", "discard/", body={"reason": "x"}),
    _one("POST", "restore/", also=(409,)),  # what a maker makes was not discarded
    _one("POST", "convert/"),
    _one("GET", "notes/", READERS),
    _one("POST", "notes/", body={"title": "x"}),
    _one("GET", "entities/", READERS),
    _one("POST", "entities/", body={"type": "domain", "value": "a.example"}),
    _one("GET", "attachments/", READERS),
    _one("POST", "attachments/", body={"file_name": "a.txt", "content_base64": "YQ=="}),
    _one("GET", "attachments/{triage_file}/data/", READERS),
    Line("POST", "incidents/{incident}/to_triage/", WRITERS, level=WRITE, ok=(201,)),
]


def _event(actor: Actor, case_id: int) -> int:
    customer_id = Case.objects.get(pk=case_id).customer_id
    return add_alert(actor, type_id=PHISHING, customer_id=customer_id)[0].pk


def _file(actor: Actor, case_id: int) -> int:
    customer_id = Case.objects.get(pk=case_id).customer_id
    alert = Alert.objects.filter(customer=customer_id).latest("pk")
    return add_attachment(actor, content=BytesIO(b"a"), file_name="a.txt", alert_id=alert.pk).pk


MAKERS: dict[str, Maker] = {"triage": _event, "triage_file": _file}
