"""The set-up of the demonstration: custom fields of incidents and events, and templates to open incidents from."""

import json
from pathlib import Path
from typing import Any

from django.conf import settings

from incidents.models import CustomField, IncidentTemplate
from incidents.services.custom_fields import add_custom_field
from incidents.services.templates import add_template
from soar.core.actor import Actor

DATA: Path = settings.BASE_DIR / "incidents" / "demo" / "set_up.json"


def load_set_up(administrator: Actor) -> None:
    """Add custom fields to sections that have none, and the templates whose names are free."""
    values: dict[str, list[dict[str, Any]]] = json.loads(DATA.read_text(encoding="utf-8"))
    taken = set(CustomField.objects.values_list("section", flat=True))
    for field in values["custom_fields"]:
        if field["section"] not in taken:
            add_custom_field(administrator, **field)
    names = set(IncidentTemplate.objects.values_list("name", flat=True))
    for template in values["templates"]:
        if template["name"] not in names:
            add_template(administrator, **template)
