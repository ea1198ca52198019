"""Finding the users and groups that clients name, by id or by name."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import Group

from incidents.services.task_details import NOBODY, Assignee
from soar.core.errors import Invalid
from soar.core.history import is_possible_id
from soar.core.models import User

GROUP_MARK = " (group)"  # how a group shows where users show too


def find_user_id(given: Any, field: str) -> int | None:
    """Return the id of the user of an id or a user name, None for nothing given. Raise Invalid."""
    if given in (None, ""):
        return None
    pk = _id_of(given)
    rows = User.objects.filter(is_active=True).values_list("pk", flat=True)
    found = rows.filter(pk=pk).first() if pk is not None else None
    if found is None and isinstance(given, str):
        found = rows.filter(login=given).first()
    if found is None:
        raise Invalid.field(field, f"There is no user {given}.")
    return found


def find_assignee(given: Any, field: str) -> Assignee:
    """Return who is meant by a user's id or name, or by a group: {"group": id} or "NAME (group)". Raise Invalid."""
    if isinstance(given, Mapping):
        if "group" in given:
            return Assignee(group_id=_group_id(given["group"], field))
        return Assignee(user_id=find_user_id(given.get("user"), field))
    if isinstance(given, str) and given.endswith(GROUP_MARK):
        return Assignee(group_id=_group_id(given.removesuffix(GROUP_MARK), field))
    user_id = find_user_id(given, field)
    return NOBODY if user_id is None else Assignee(user_id=user_id)


def _group_id(given: Any, field: str) -> int:
    pk = _id_of(given)
    rows = Group.objects.values_list("pk", flat=True)
    found = rows.filter(pk=pk).first() if pk is not None else None
    if found is None and isinstance(given, str):
        found = rows.filter(name=given).first()
    if found is None:
        raise Invalid.field(field, f"There is no group {given}.")
    return found


def _id_of(given: Any) -> int | None:
    if isinstance(given, str) and given.isascii() and given.isdigit():
        given = int(given[:19])
    return given if is_possible_id(given) else None
