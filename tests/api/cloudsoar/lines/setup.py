"""Who may call what, and one of each thing to call it with: users, groups, tokens and set-up (contract §4.7)."""

import itertools
from collections.abc import Mapping
from typing import Any

from incidents.services.custom_fields import add_custom_field
from incidents.services.folders import add_folder
from incidents.services.labels import add_label
from incidents.services.saved_searches import add_search
from incidents.services.templates import add_template
from soar.core.actor import Actor
from soar.core.models import User
from soar.core.permissions import Permission
from soar.core.services.api_tokens import issue_token
from soar.core.services.groups import add_group
from soar.core.services.users import add_user, set_groups
from tests.api.cloudsoar.lines.line import Line, Maker
from tests.cast import ANALYSTS, PASSWORD

ADMINISTRATOR = (Permission.SERVER_ADMINISTRATOR,)
TOKENS = (Permission.API_ADMIN,)
READERS = (Permission.ALL_ACTIVITIES_READ, Permission.SERVER_ADMINISTRATOR)
MINE = (200, 204, 404)  # what another user keeps is missing for everybody else
FIELD = {"section": "tasks", "label": "Room", "type": "Text"}


def set_up(path: str, noun: str, body: Mapping[str, Any], *, methods: str) -> list[Line]:
    """Return the lines of what everybody reads and administrators write."""
    one = f"{path}{{{noun}}}/"
    return [
        Line("GET", path),
        Line("POST", path, ADMINISTRATOR, body=body),
        Line("GET", one),
        *(
            Line(method, one, ADMINISTRATOR, body={} if method == "DELETE" else body)
            for method in methods.split()
        ),
    ]


def holder(actor: Actor, place: int) -> User:
    """Return a user who may use the API, one per place."""
    login = f"holder{place}"
    found = User.objects.filter(login=login).first()
    if found is not None:
        return found
    mail = f"{login}@example.org"
    user, _ = add_user(actor, login=login, name=login, email=mail, password=PASSWORD)
    return set_groups(actor, user.pk, group_ids=[ANALYSTS])


def member(ids: Mapping[str, Any]) -> dict[str, Any]:
    """Return a body that names a user as a member."""
    return {"members": [ids["user_id"]]}


NUMBERS = itertools.count(1)
LINES: list[Line] = [
    # Users
    Line("GET", "users/"),
    Line("GET", "users/{user_id}/"),
    # Tokens
    Line("GET", "users/{user_id}/tokens/", TOKENS),
    Line("POST", "users/{user_id}/tokens/", TOKENS, body={"name": "export"}),
    Line("DELETE", "users/{user_id}/tokens/{jti}/", TOKENS),
    Line("GET", "tokens/"),
    Line("GET", "tokens/current/"),
    Line("DELETE", "tokens/current/"),
    # Groups
    Line("GET", "groups/", ADMINISTRATOR),
    Line("POST", "groups/", ADMINISTRATOR, body={"name": "Night shift"}),
    Line("GET", "groups/{group_id}/", ADMINISTRATOR),
    Line("PUT", "groups/{group_id}/", ADMINISTRATOR, body={"profile": "Analyst"}),
    Line("PATCH", "groups/{group_id}/", ADMINISTRATOR, body={"description": "x"}),
    Line("DELETE", "groups/{group_id}/", ADMINISTRATOR),
    Line("POST", "groups/{group_id}/members/", ADMINISTRATOR, body=member),
    Line("DELETE", "groups/{group_id}/members/", ADMINISTRATOR, body=member),
    # Set-up
    *set_up("incident_templates/", "template_id", {"name": "New"}, methods="PUT PATCH DELETE"),
    *set_up(
        "incident_labels/",
        "label_id",
        {"name": "New", "value": "N-{day}"},
        methods="PUT PATCH DELETE",
    ),
    Line("POST", "incident_labels/{label_id}/preview/"),
    *set_up("folders/", "folder_id", {"name": "New"}, methods="PUT PATCH DELETE"),
    *set_up("custom_fields/", "field_id", FIELD, methods="PATCH DELETE"),
    Line("GET", "list_values/"),
    # One's own
    Line("GET", "saved_searches/"),
    Line("POST", "saved_searches/", body={"name": "Mine"}),
    *(
        Line(method, "saved_searches/{search_id}/", body={"name": "Other"}, ok=MINE)
        for method in ("GET", "PUT", "PATCH", "DELETE")
    ),
    # Audit and dashboard
    Line("GET", "audit/", READERS),
    Line("GET", "dashboard/summary/"),
]


def named(noun: str) -> str:
    """Return a name nothing else has."""
    return f"{noun} {next(NUMBERS)}"


MAKERS: dict[str, Maker] = {
    "user_id": lambda actor, place: holder(actor, place).pk,
    "jti": lambda actor, place: str(issue_token(actor, holder(actor, place).pk).jti),
    "group_id": lambda actor, place: add_group(actor, name=named("Group")).pk,
    "template_id": lambda actor, place: add_template(actor, name=named("Template")).pk,
    "label_id": lambda actor, place: add_label(actor, name=named("Label"), value="L-{counter}").pk,
    "folder_id": lambda actor, place: add_folder(actor, name=named("Folder")).pk,
    "field_id": lambda actor, place: (
        add_custom_field(actor, section="tasks", label=named("Field"), type="Text").pk
    ),
    "search_id": lambda actor, place: add_search(actor, name=named("Search")).pk,
}
