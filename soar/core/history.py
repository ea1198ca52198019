"""Small helpers services share: applying changes and finding a row by an id from outside."""

from collections.abc import Mapping
from typing import Any

from django.db import models

from soar.core.actor import Actor
from soar.core.errors import Invalid
from soar.core.models import TrackedModel

MAXIMUM_ID = 2**63 - 1


def apply_changes(
    subject: models.Model, changes: Mapping[str, Any], editable: frozenset[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Set the changed attributes and return their values before and after.

    Raise Invalid for a name that is not editable. The caller saves.
    """
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for name, value in changes.items():
        if name not in editable:
            raise Invalid.field(name, "This field cannot be changed.")
        old = getattr(subject, name)
        if old != value:
            before[name], after[name] = old, value
            setattr(subject, name, value)
    return before, after


def note(actor: Actor, subject: TrackedModel, action: str) -> None:
    """Append a line of the actor's to the object's history; the caller saves."""
    subject.note_change(user_id=actor.user_id, login=actor.login, action=action)


def is_possible_id(value: object) -> bool:
    """Tell whether a value from outside can be the id of a row at all."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MAXIMUM_ID
