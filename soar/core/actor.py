"""Who acts: handed explicitly to every service and selector, never looked up from a global."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from soar.core.errors import Forbidden
from soar.core.permissions import ALL_PERMISSIONS, Permission

if TYPE_CHECKING:
    from soar.core.models import User


@dataclass(frozen=True, slots=True)
class Actor:
    """A user acting through one channel: iris, cloudsoar, admin, module or system."""

    user_id: int
    login: str
    name: str
    permissions: Permission
    channel: str
    request_id: str = ""
    address: str = ""

    @property
    def is_administrator(self) -> bool:
        """Tell whether he may administer the server."""
        return Permission.SERVER_ADMINISTRATOR in self.permissions

    def may(self, *any_of: Permission) -> bool:
        """Tell whether he holds at least one of the permissions."""
        return any(permission in self.permissions for permission in any_of)

    def require(self, *any_of: Permission) -> None:
        """Raise Forbidden unless he holds at least one of the permissions."""
        if not self.may(*any_of):
            raise Forbidden()

    @classmethod
    def of(cls, user: User, channel: str, *, request_id: str = "", address: str = "") -> Actor:
        """Return the actor of a user; a Django superuser holds every permission."""
        mask = ALL_PERMISSIONS if user.is_superuser else Permission(user.permission_mask)
        return cls(user.pk, user.login, user.name, mask, channel, request_id, address)


def system_actor(user: User) -> Actor:
    """Return the actor of start-up and command-line work, which may do everything as `user`."""
    return Actor(user.pk, user.login, user.name, ALL_PERMISSIONS, "system")
