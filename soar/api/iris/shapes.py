"""Shapes several nouns of the IRIS wire share."""

from typing import Any

from rest_framework import serializers

from cases.selectors import get_counter
from soar.api.iris.fields import Integer, Text, iso


class Empty(serializers.Serializer[Any]):
    """A body nothing is read from."""


class StateOut(serializers.Serializer[Any]):
    """How often a family of objects of a case has changed, and when last."""

    object_state = serializers.IntegerField()
    object_last_update = serializers.CharField(allow_null=True)


class UserOut(serializers.Serializer[Any]):
    """A colleague inside another object."""

    id = serializers.IntegerField(source="pk")
    user_name = serializers.CharField(source="name")
    user_login = serializers.CharField(source="login")
    user_email = serializers.CharField(source="email")


class TaskStatusOut(serializers.Serializer[Any]):
    """A state of tasks."""

    id = Integer()
    status_name = Text(source="name")
    status_description = Text(source="description")
    status_bscolor = Text(source="bscolor")


def state_of(case_id: int, family: str) -> dict[str, Any]:
    """Return the state object of one family of a case the caller was admitted to."""
    counter = get_counter(case_id, family)
    changed_at = counter["updated_at"]
    return {
        "object_state": counter["value"],
        "object_last_update": iso(changed_at) if changed_at else None,
    }
