"""`incident_templates/`: what new incidents begin with (contract §3.9, §4.7)."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cases.selectors import find
from incidents.selectors import visible_incident_templates
from incidents.services.templates import (
    UNKNOWN,
    add_template,
    delete_template,
    update_template,
)
from soar.api.base import represent
from soar.api.cloudsoar.fields import Html, Integer, TagList, Text
from soar.api.cloudsoar.set_up import ADMINISTRATOR, CONFLICT, PARTLY, AnyObject, NothingRequired
from soar.api.cloudsoar.views import ANY_TOKEN, CloudSoarViewSet, endpoint
from soar.core.rich_text import sanitised_html

FIELDS = (
    "Values by field: description, additional_info, timezone, inhibit_phases, owner, tags, type, status, "
    "restriction, incident_kind, incident_category, purpose, phase, opt_n. List values by id or label."
)
EXAMPLE = {
    "id": 4,
    "name": "Account compromise",
    "category": "Identity",
    "tags": ["identity"],
    "fields": {"type": [20], "status": 1, "restriction": 14, "owner": {"group": 2}},
    "description": "<p>Somebody else uses an account.</p>",
    "playbooks": [],
    "investigators": [{"user": 12, "role": "Lead"}],
    "notes": [{"title": "Checklist", "additional_info": "<ul><li>Call the owner</li></ul>"}],
    "label_id": 1,
    "folder_id": None,
}


class TemplateNoteOut(serializers.Serializer[Any]):
    """A note that incidents begin with."""

    title = Text()
    additional_info = Html()


class TemplateOut(serializers.Serializer[Any]):
    """A template."""

    id = Integer()
    name = Text()
    category = Text()
    tags = serializers.ListField(child=Text())
    fields = serializers.SerializerMethodField("get_defaults")  # type: ignore[assignment]
    description = Html()
    playbooks = serializers.SerializerMethodField()
    investigators = serializers.ListField(child=serializers.DictField())
    notes = TemplateNoteOut(many=True)
    label_id = Integer(allow_null=True)
    folder_id = Integer(allow_null=True)

    def get_defaults(self, template: Any) -> dict[str, Any]:
        """Return the defaults, what is rich text among them made harmless."""
        given: dict[str, Any] = template.fields
        if "additional_info" not in given:
            return given
        return given | {"additional_info": sanitised_html(given["additional_info"])}

    def get_playbooks(self, template: Any) -> list[dict[str, Any]]:
        """Return []: there are no playbooks here yet."""
        return []


class TemplateIn(serializers.Serializer[Any]):
    """A new template."""

    name = Text(max_length=200)
    category = Text(required=False, max_length=200)
    tags = TagList(required=False)
    fields = AnyObject(required=False, help_text=FIELDS)  # type: ignore[assignment]
    description = Html(required=False, max_length=100_000)
    playbooks = serializers.ListField(required=False, help_text="None yet: only an empty list.")
    investigators = serializers.ListField(
        child=AnyObject(), required=False, help_text='Each {"user" or "group": id, "role": text}.'
    )
    notes = serializers.ListField(
        child=AnyObject(),
        required=False,
        help_text='Each {"title": text, "additional_info": HTML}.',
    )
    label_id = Integer(required=False, allow_null=True)
    folder_id = Integer(required=False, allow_null=True)

    def validate_playbooks(self, value: list[Any]) -> list[Any]:
        """Refuse playbooks, rather than lose them."""
        if value:
            raise serializers.ValidationError("There are no playbooks on this server yet.")
        return value


class TemplateChangesIn(NothingRequired, TemplateIn):
    """What changes of a template; `fields` are replaced as a whole."""


class TemplateViewSet(CloudSoarViewSet):
    """Incident templates."""

    @endpoint(
        ANY_TOKEN,
        summary="List the templates",
        gives=TemplateOut(many=True),
        examples={"One": [EXAMPLE]},
    )
    def list(self, request: Request) -> Response:
        """Answer all of them."""
        rows = visible_incident_templates(self.actor)
        return Response([represent(TemplateOut, row) for row in rows])

    @endpoint(
        ADMINISTRATOR,
        summary="Add a template",
        takes=TemplateIn,
        gives=TemplateOut,
        code=201,
        also=CONFLICT,
        examples={"Added": EXAMPLE},
    )
    def create(self, request: Request) -> Response:
        """Answer the new template."""
        template = add_template(self.actor, **self._values(TemplateIn))
        return Response(represent(TemplateOut, template), status=201)

    @endpoint(ANY_TOKEN, summary="Fetch a template", gives=TemplateOut, examples={"One": EXAMPLE})
    def retrieve(self, request: Request, template_id: int) -> Response:
        """Answer one template."""
        template = find(visible_incident_templates(self.actor), template_id, UNKNOWN)
        return Response(represent(TemplateOut, template))

    @endpoint(
        ADMINISTRATOR,
        summary="Change a template",
        description=f"{PARTLY} `fields` are replaced as a whole.",
        takes=TemplateChangesIn,
        gives=TemplateOut,
        also=CONFLICT,
        examples={"Changed": EXAMPLE},
    )
    def update(self, request: Request, template_id: int) -> Response:
        """Answer the template as it is now."""
        template = update_template(self.actor, template_id, **self._values(TemplateChangesIn))
        return Response(represent(TemplateOut, template))

    @endpoint(ADMINISTRATOR, summary="Delete a template", code=204, also=CONFLICT)
    def destroy(self, request: Request, template_id: int) -> Response:
        """Answer nothing; incidents that began with it stay."""
        delete_template(self.actor, template_id)
        return Response(status=204)

    def _values(self, shape: type[TemplateIn]) -> dict[str, Any]:
        values = self.read(shape)
        values.pop("playbooks", None)  # an empty list
        return values
