"""Finding whom an owner or an investigator names: a user, or a group."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import Group
from django.db.models import Model, QuerySet

from soar.core.errors import Invalid
from soar.core.history import is_possible_id
from soar.core.models import User

GROUP_MARK = " (group)"
LONGEST_ID = 18
NOBODY = 'Name a user, or a group as {"group": id}.'


@dataclass(frozen=True, slots=True)
class Party:
    """A user or a group, never both."""

    user: User | None = None
    group: Group | None = None

    @property
    def name(self) -> str:
        """Return the login, or the name of the group with a mark that it is one."""
        return self.user.login if self.user else f"{self.group}{GROUP_MARK}"


def find_party(given: Any, name: str) -> Party:
    """Return an active user by id or login, or a group by {"group": id or name} or `Name (group)`.

    Raise Invalid, calling the field `name`.
    """
    if isinstance(given, Mapping):
        if len(given) != 1 or not set(given) <= {"user", "group"}:
            raise Invalid.field(name, NOBODY)
        kind, key = next(iter(given.items()))
        return _group(key, name) if kind == "group" else _user(key, name)
    if isinstance(given, str) and given.endswith(GROUP_MARK):
        return _group(given.removesuffix(GROUP_MARK), name)
    return _user(given, name)


def party_of(entry: Mapping[str, Any], name: str, *, is_leaving: bool = False) -> Party:
    """Return whom an entry names by its member `user` or `group`; see find_party.

    Who leaves may be inactive already.
    """
    whom = {key: entry[key] for key in ("user", "group") if entry.get(key) is not None}
    if is_leaving and set(whom) == {"user"}:
        return _user(whom["user"], name, User.objects.all())
    return find_party(whom, name)


def _user(given: Any, name: str, users: QuerySet[User] | None = None) -> Party:
    known = User.objects.filter(is_active=True) if users is None else users
    if given in (None, ""):
        raise Invalid.field(name, NOBODY)
    found = _found(known, "login", given)
    if found is None:
        raise Invalid.field(name, f"There is no active user {given}.")
    return Party(user=found)


def _group(given: Any, name: str) -> Party:
    found = _found(Group.objects.all(), "name", given)
    if found is None:
        raise Invalid.field(name, f"There is no group {given}.")
    return Party(group=found)


def _found(rows: QuerySet[Any], column: str, given: Any) -> Any:
    """Return the row of an id, or of a name without regard to case; digits are a name before an id."""
    if isinstance(given, int):
        return rows.filter(pk=given).first() if is_possible_id(given) else None
    if not isinstance(given, str) or not given:
        return None
    found: Model | None = rows.filter(**{column: given}).first()
    found = found or rows.filter(**{f"{column}__iexact": given}).first()
    is_number = given.isascii() and given.isdigit() and len(given) <= LONGEST_ID
    return _found(rows, column, int(given)) if found is None and is_number else found
