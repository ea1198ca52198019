"""An incident with something in every part of its report, and its reports."""

import csv
import json
from io import StringIO
from typing import Any

from cases.models import CaseIoc
from cases.services.iocs import add_ioc
from incidents.models import CustomField
from incidents.services.custom_fields import add_custom_field
from incidents.services.editing import change_incident
from incidents.services.incident_notes import write_note
from incidents.services.incidents import open_incident
from incidents.services.relations import add_relation
from incidents.services.reports import ReportType, write_report
from incidents.services.task_details import add_incident_task
from incidents.services.war_room import add_timeline_entry, mark_step
from soar.core.actor import Actor
from soar.core.tags import LONGEST_TAG
from tests.incidents.stored import make_parts


def fill(actor: Actor, text: str, incident_id: int = 1) -> CaseIoc:
    """Write a text into everything of incident 1 that a report shows, and return its entity."""
    make_parts(actor, text[:200])
    tags = ",".join(text[at : at + LONGEST_TAG] for at in range(0, len(text), LONGEST_TAG))
    other = open_incident(actor, name=text[:150], reference=text[:150], customer_id=1)
    add_relation(actor, incident_id, other_id=other.pk, relation="related")
    write_note(actor, incident_id, title=text[:150], content_html=text)
    add_incident_task(actor, incident_id, title=text[:150], description_html=text)
    step = add_timeline_entry(actor, incident_id, title=text[:150], body_html=text)
    mark_step(actor, incident_id, step.pk, is_printed=True)
    fields = {
        "description": text[:200],
        "additional_info": text,
        "closing_note": text,
        "tags": tags,
    }
    change_incident(actor, incident_id, fields)
    said = {"description": text[:200], "tags": tags}
    return add_ioc(actor, incident_id, type_id=20, tlp_id=2, value=text, **said)[0]


def add_site(actor: Actor, value: str) -> None:
    """Give incident 1 a value in a custom field."""
    field = add_custom_field(
        actor,
        section=CustomField.Section.INCIDENTS,
        label="Affected site",
        type=CustomField.Type.TEXT,
    )
    change_incident(actor, 1, {field.name: value})


def text_of_report(actor: Actor, type: ReportType) -> str:
    """Return the report of incident 1."""
    with write_report(actor, 1, type=type).content as content:
        return str(content.read().decode("utf-8-sig"))


def json_of_report(actor: Actor) -> dict[str, Any]:
    """Return the report of incident 1 as a program reads it."""
    return dict(json.loads(text_of_report(actor, ReportType.JSON)))


def lines_of_report(actor: Actor) -> list[dict[str, str]]:
    """Return the report of incident 1 as a spreadsheet reads it."""
    return list(csv.DictReader(StringIO(text_of_report(actor, ReportType.CSV), newline="")))
