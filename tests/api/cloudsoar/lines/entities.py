"""Who may call what, and one of each thing to call it with: entities (contract §4.6)."""

from cases.services.iocs import add_ioc
from modules.models import HookSubscription
from soar.core.actor import Actor
from soar.core.permissions import Permission
from tests.api.cloudsoar.lines.line import Line, Maker
from tests.modules.results import make_module

ANALYST = (Permission.STANDARD_USER,)
JUDGE = Permission.ENTITIES_MANAGE
ONE = "entities/{entity}/"
# An entity is in no incident of the path: who sees none of those that hold it is answered 404, who may
# write none of them 403.
SEEN, WRITTEN = (200, 404), (200, 202, 204, 403, 404)
PACKAGE = "iris_table_module"


def entity(actor: Actor, incident_id: int) -> int:
    """Put an indicator into an incident, with a module that can be called on it."""
    if not HookSubscription.objects.filter(module__package=PACKAGE).exists():
        HookSubscription.objects.create(
            module=make_module(PACKAGE),
            hook_name="on_manual_trigger_ioc",
            ui_name="Look up",
            is_manual=True,
        )
    value = f"in-{incident_id}.example"
    return add_ioc(actor, incident_id, type_id=20, tlp_id=1, value=value)[0].ioc_id


LINES: list[Line] = [
    Line("GET", "entities/", ANALYST),
    Line("POST", "entities/", ANALYST, body={"type": "domain", "value": "new.example"}),
    Line("POST", "entities/search/", ANALYST, body={"filter": "example"}),
    Line("GET", ONE, ANALYST, ok=SEEN),
    Line("PATCH", ONE, ANALYST, body={"tag": "seen"}, ok=WRITTEN),
    Line("DELETE", ONE, ANALYST, JUDGE, ok=WRITTEN),
    Line("POST", f"{ONE}restore/", ANALYST, JUDGE, ok=(403, 404, 409)),  # it is not deleted
    Line(
        "POST",
        f"{ONE}threat_indicator/",
        ANALYST,
        JUDGE,
        body={"value": "malicious"},
        ok=WRITTEN,
    ),
    Line("GET", f"{ONE}incidents/", ANALYST, ok=SEEN),
    Line("GET", f"{ONE}timeline/", ANALYST, ok=SEEN),
    Line(
        "POST",
        f"{ONE}actions/",
        ANALYST,
        body={"module": PACKAGE, "action": "Look up"},
        ok=WRITTEN,
    ),
]
MAKERS: dict[str, Maker] = {"entity": entity}
