"""How the console asks for permissions: the IRIS table, seen as Django permissions."""

from typing import Any

from django.contrib.auth.backends import ModelBackend

from soar.core.models import User
from soar.core.permissions import ALL_PERMISSIONS, Permission

# Apps whose records a standard user works on; the services behind the forms decide per case.
WORKING_APPS = frozenset({"cases", "iocs", "incidents"})


class ConsoleBackend(ModelBackend):
    """Password log-in for the console, with permissions from the mask of the user's groups."""

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        """Tell whether the mask covers a Django permission such as `cases.change_asset`."""
        if not isinstance(user_obj, User) or not user_obj.is_active:
            return False
        mask = self.mask(user_obj)
        if mask & Permission.SERVER_ADMINISTRATOR:
            return True
        app = perm.partition(".")[0]
        return app in WORKING_APPS and bool(mask & Permission.STANDARD_USER)

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        """Tell whether the user has anything to do in an app."""
        return self.has_perm(user_obj, f"{app_label}.view")

    def mask(self, user: User) -> Permission:
        """Return the user's mask, read once per request."""
        cached: Permission | None = getattr(user, "_mask", None)
        if cached is None:
            cached = ALL_PERMISSIONS if user.is_superuser else Permission(user.permission_mask)
            user._mask = cached  # type: ignore[attr-defined]
        return cached
