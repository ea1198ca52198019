"""Who may enter which case or customer, in the console: for administrators."""

from typing import Any

from django.contrib import admin

from cases.admin.base import BY_CASE
from cases.models import CustomerMembership, GroupCaseAccess, UserCaseAccess
from cases.selectors import visible_group_access, visible_memberships, visible_user_access
from cases.services.access import set_group_access, set_user_access
from cases.services.customers import set_membership
from soar.core.actor import Actor
from soar.core.admin.base import ServiceAdmin, Services
from soar.core.admin.filters import VisibleChoiceFilter
from soar.core.permissions import AccessLevel, Permission


class AccessAdmin(ServiceAdmin):
    """One level of one user or group somewhere: `address` names the place and who.

    One service sets, changes and, with None for the level, takes it away.
    """

    readers = (Permission.SERVER_ADMINISTRATOR,)

    def perform_add(self, actor: Actor, values: dict[str, Any]) -> Any:
        """Give the level and return its row."""
        place, who = self.address
        self._set(actor, values[place], {who: values[who], "level": values["level"]})
        return self.services.visible(actor).get(**{place: values[place], who: values[who]})

    def perform_change(self, actor: Actor, obj: Any, values: dict[str, Any]) -> None:
        """Give another level."""
        self._set_of(actor, obj, AccessLevel(values["level"]))

    def perform_delete(self, actor: Actor, obj: Any) -> None:
        """Take the level away."""
        self._set_of(actor, obj, None)

    def _set_of(self, actor: Actor, obj: Any, level: AccessLevel | None) -> None:
        place, who = self.address
        self._set(actor, getattr(obj, place), {who: getattr(obj, who), "level": level})

    def _set(self, actor: Actor, place_id: int, values: dict[str, Any]) -> None:
        if self.services.change is not None:
            self.services.change(actor, place_id, **values)


def _services(visible: Any, service: Any) -> Services:
    return Services(visible, add=service, change=service, delete=service)


@admin.register(UserCaseAccess)
class UserCaseAccessAdmin(AccessAdmin):
    """Levels of single users on cases: the strongest word of all."""

    services = _services(visible_user_access, set_user_access)
    address = ("case_id", "user_id")
    fixed_fields = ("case", "user")
    fields = ("case", "user", "level")
    autocomplete_fields = ("case", "user")
    list_display = ("user", "case", "level")
    list_select_related = ("user", "case")
    list_filter = (BY_CASE, ("user", VisibleChoiceFilter), "level")
    search_fields = ("user__login", "case__name")


@admin.register(GroupCaseAccess)
class GroupCaseAccessAdmin(AccessAdmin):
    """Levels of groups on cases."""

    services = _services(visible_group_access, set_group_access)
    address = ("case_id", "group_id")
    fixed_fields = ("case", "group")
    fields = ("case", "group", "level")
    autocomplete_fields = ("case", "group")
    list_display = ("group", "case", "level")
    list_select_related = ("group", "case")
    list_filter = (BY_CASE, "group", "level")
    search_fields = ("group__name", "case__name")


@admin.register(CustomerMembership)
class CustomerMembershipAdmin(AccessAdmin):
    """Levels of users on all cases of a customer."""

    services = _services(visible_memberships, set_membership)
    address = ("customer_id", "user_id")
    fixed_fields = ("customer", "user")
    fields = ("customer", "user", "level")
    autocomplete_fields = ("customer", "user")
    list_display = ("user", "customer", "level")
    list_select_related = ("user", "customer")
    list_filter = (
        ("customer", VisibleChoiceFilter),
        ("user", VisibleChoiceFilter),
        "level",
    )
    search_fields = ("user__login", "customer__name")
