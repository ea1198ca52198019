"""Incident templates: what is kept in one was checked, so that an incident can begin with it."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from django.contrib.auth.models import Group

from cases.models import Note
from cases.selectors import find
from cases.services.references import check_references, unique
from incidents.models import Folder, IncidentLabel, IncidentTemplate, ListField
from incidents.services.custom_values import NAME, NO, YES, checked_values
from incidents.services.lists import LOCK, find_types, find_value
from incidents.services.names import check_length, strip_name
from soar.core.actor import Actor
from soar.core.errors import Invalid
from soar.core.history import apply_changes, is_possible_id
from soar.core.locking import lock_for_transaction
from soar.core.models import User
from soar.core.permissions import Permission
from soar.core.recording import recording

EDITABLE = frozenset(
    {
        "name",
        "category",
        "tags",
        "description",
        "fields",
        "investigators",
        "notes",
        "label_id",
        "folder_id",
    }
)
NAME_LENGTH, TAG_LENGTH, LONGEST_TEXT = 200, 200, 100_000
MOST_TAGS, MOST_INVESTIGATORS, MOST_NOTES, MOST_FIELDS = 100, 100, 50, 200
UNKNOWN = "There is no such incident template."
TAKEN = "There is a template of this name already."
LISTED = {
    field.value: field
    for field in (
        ListField.STATUS,
        ListField.RESTRICTION,
        ListField.KIND,
        ListField.CATEGORY,
        ListField.PURPOSE,
        ListField.PHASE,
    )
}
DIGITS = re.compile(r"[0-9]{1,18}", re.ASCII)
# The texts among the fields of an incident, and how long they may be.
TEXTS = {"description": 200, "additional_info": LONGEST_TEXT, "timezone": 200}


def add_template(actor: Actor, *, name: str, **values: Any) -> IncidentTemplate:
    """Add a template. Raise Forbidden, or Invalid naming what an incident could not begin with.

    Naming investigators or an owner is also a matter of INVESTIGATORS_MANAGE: who uses the template lets them in.
    """
    actor.require(Permission.SERVER_ADMINISTRATOR)
    with recording(actor) as record:
        template = IncidentTemplate()
        _, after = _apply(template, {"name": name, **values})
        _require_invitations(actor, {}, after)
        summary = f"added template {template}"
        record("incident_template.created", template, summary=summary, after=after)
    return template


def update_template(actor: Actor, template_id: int, **changes: Any) -> IncidentTemplate:
    """Change a template; incidents that began with it stay as they are. `fields` are replaced as a whole.

    Raise Forbidden, also for other people without INVESTIGATORS_MANAGE, NotFound, or Invalid.
    """
    actor.require(Permission.SERVER_ADMINISTRATOR)
    with recording(actor) as record:
        rows = IncidentTemplate.objects.select_for_update(of=("self",))
        template = find(rows, template_id, UNKNOWN)
        before, after = _apply(template, changes)
        _require_invitations(actor, before, after)
        summary = f"updated template {template}"
        if after:
            record(
                "incident_template.updated", template, summary=summary, before=before, after=after
            )
    return template


def delete_template(actor: Actor, template_id: int) -> None:
    """Delete a template; incidents that began with it stay. Raise Forbidden or NotFound."""
    actor.require(Permission.SERVER_ADMINISTRATOR)
    with recording(actor) as record:
        rows = IncidentTemplate.objects.select_for_update(of=("self",))
        template = find(rows, template_id, UNKNOWN)
        before = {"name": template.name, "fields": template.fields}
        summary = f"deleted template {template}"
        record("incident_template.deleted", template, summary=summary, before=before)
        template.delete()


def checked_fields(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return defaults of incidents as they are kept: list values as ids, types as a list of ids.

    An empty value is no default. Raise Invalid naming each as fields.<name>.
    """
    if not isinstance(given, Mapping) or len(given) > MOST_FIELDS:
        raise Invalid.field("fields", f"An object of at most {MOST_FIELDS} fields.")
    kept: dict[str, Any] = {}
    errors: dict[str, Any] = {}
    custom = {name: value for name, value in given.items() if NAME.fullmatch(name)}
    for name, value in given.items():
        try:
            if name not in custom:
                kept[name] = _checked_field(name, value)
        except Invalid as error:
            errors |= error.fields
    try:
        kept |= checked_values("incidents", custom)
    except Invalid as error:
        errors |= error.fields
    if errors:
        raise Invalid("Data error", {f"fields.{name}": texts for name, texts in errors.items()})
    return {name: value for name, value in kept.items() if value not in (None, "", [])}


def _require_invitations(actor: Actor, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Raise Forbidden when a change names investigators or another owner and the actor may invite nobody."""
    owners = [values.get("fields", {}).get("owner") for values in (before, after)]
    is_owner_named = owners[1] is not None and owners[0] != owners[1]
    if after.get("investigators") or is_owner_named:
        actor.require(Permission.INVESTIGATORS_MANAGE)


def _apply(
    template: IncidentTemplate, changes: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Change and save a template, and return what was and what is."""
    lock_for_transaction(LOCK)  # no value that is taken up here is deleted meanwhile
    strip_name(changes, length=NAME_LENGTH)
    check_length(changes, field="category", length=NAME_LENGTH)
    check_length(changes, field="description", length=LONGEST_TEXT)
    checks: dict[str, Callable[[Any], Any]] = {
        "fields": checked_fields,
        "tags": _checked_tags,
        "investigators": _checked_investigators,
        "notes": _checked_notes,
    }
    for name in checks.keys() & changes.keys():
        given = changes[name]
        changes[name] = checks[name](given if given is not None else _empty(name))
    check_references(
        label_id=(IncidentLabel, changes.get("label_id"), "There is no such incident label."),
        folder_id=(Folder, changes.get("folder_id"), "There is no such folder."),
    )
    made = apply_changes(template, changes, EDITABLE)
    with unique("name", TAKEN):
        template.save()
    return made


def _empty(name: str) -> Any:
    return {} if name == "fields" else []


def _checked_field(name: str, value: Any) -> Any:
    if name in LISTED:
        found = find_value(LISTED[name], value, name)
        return found and found.pk
    if name == "type":
        return [one.pk for one in find_types(value)]
    if name == "owner":
        return _checked_owner(value)
    if name == "tags":
        return _checked_tags(value)
    if name == "inhibit_phases":
        return _checked_flag(name, value)
    if name not in TEXTS:
        raise Invalid.field(name, "This is no field that incidents can begin with.")
    if value is not None and (not isinstance(value, str) or len(value) > TEXTS[name]):
        raise Invalid.field(name, f"Not a text of at most {TEXTS[name]} characters.")
    return value


def _checked_flag(name: str, value: Any) -> bool | None:
    """Return true or false, also where a form says it in a word."""
    if value in (None, ""):
        return None
    word = str(value).lower()
    if not isinstance(value, bool | str) or word not in YES + NO:
        raise Invalid.field(name, "Not true or false.")
    return word in YES


def _checked_owner(value: Any) -> Any:
    """Return the id of a user given by id or user name, or {"group": id}."""
    if value in (None, ""):
        return None
    if isinstance(value, Mapping):
        group_id = value.get("group")
        if value.keys() != {"group"} or not _exists(Group, group_id):
            raise Invalid.field("owner", "There is no such group.")
        return {"group": group_id}
    user_id = _user_id(value)
    if user_id is None:
        raise Invalid.field("owner", "There is no such active user.")
    return user_id


def _user_id(value: Any) -> int | None:
    """Return the id of an active user given by id or user name; forms send ids as texts."""
    active = User.objects.filter(is_active=True)
    if isinstance(value, str):
        found = active.filter(login__iexact=value).values_list("pk", flat=True).first()
        if found is not None or not DIGITS.fullmatch(value):
            return found
        value = int(value)
    is_known = is_possible_id(value) and active.filter(pk=value).exists()
    return value if is_known else None


def _exists(model: Any, pk: Any) -> bool:
    return is_possible_id(pk) and bool(model.objects.filter(pk=pk).exists())


def _checked_tags(value: Any) -> list[str]:
    given = value.split(",") if isinstance(value, str) else value or []
    if not isinstance(given, list) or len(given) > MOST_TAGS:
        raise Invalid.field("tags", f"A list of at most {MOST_TAGS} tags.")
    if not all(isinstance(tag, str) and len(tag) <= TAG_LENGTH for tag in given):
        raise Invalid.field("tags", f"A tag is a text of at most {TAG_LENGTH} characters.")
    tags = [tag.strip() for tag in given]
    return list(dict.fromkeys(tag for tag in tags if tag))


def _checked_investigators(value: Any) -> list[dict[str, Any]]:
    """Return who is to investigate: [{"user"|"group": id, "role": text}], each once."""
    if not isinstance(value, list) or len(value) > MOST_INVESTIGATORS:
        raise Invalid.field("investigators", f"A list of at most {MOST_INVESTIGATORS}.")
    rows: dict[tuple[str, int], dict[str, Any]] = {}
    for one in value:
        is_known = isinstance(one, Mapping) and ("user" in one) != ("group" in one)
        if not is_known or one.keys() - {"user", "group", "role"}:
            raise Invalid.field("investigators", 'Each is {"user" or "group": id, "role": text}.')
        kind = "user" if "user" in one else "group"
        pk = _user_id(one["user"]) if kind == "user" else one["group"]
        if pk is None or (kind == "group" and not _exists(Group, pk)):
            raise Invalid.field(
                "investigators", f"There is no such {kind}, or none that is active."
            )
        role = one.get("role") or ""
        if not isinstance(role, str) or len(role) > 100:
            raise Invalid.field("investigators", "A role is a text of at most 100 characters.")
        rows[kind, pk] = {kind: pk, "role": role}
    return list(rows.values())


def _checked_notes(value: Any) -> list[dict[str, str]]:
    """Return the notes an incident begins with: [{"title": text, "additional_info": HTML}]."""
    if not isinstance(value, list) or len(value) > MOST_NOTES:
        raise Invalid.field("notes", f"A list of at most {MOST_NOTES}.")
    notes = []
    for one in value:
        if not isinstance(one, Mapping) or one.keys() - {"title", "additional_info"}:
            raise Invalid.field("notes", 'Each is {"title": text, "additional_info": HTML}.')
        title, text = one.get("title"), one.get("additional_info") or ""
        is_title = isinstance(title, str) and 0 < len(title.strip()) <= Note.TITLE_LENGTH
        if not is_title or not isinstance(text, str) or len(text) > LONGEST_TEXT:
            raise Invalid.field(
                "notes",
                f"A title has 1 to {Note.TITLE_LENGTH}, a text at most {LONGEST_TEXT} characters.",
            )
        notes.append({"title": str(title).strip(), "additional_info": text})
    return notes
