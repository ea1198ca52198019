"""Groups in the console: what members may do, as the permissions of the one table."""

from typing import Any

import django.contrib.auth.admin  # noqa: F401  (registers the page that is replaced here)
from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from soar.core.actor import Actor
from soar.core.admin.base import ServiceAdmin, Services
from soar.core.models import GroupProfile
from soar.core.permissions import LABELS, AccessLevel, Permission
from soar.core.selectors import visible_groups
from soar.core.services.groups import add_group, delete_group, mask_of_group, update_group


class GroupForm(forms.ModelForm):
    """A group with its profile and its permissions."""

    description = forms.CharField(
        required=False, max_length=1000, widget=UnfoldAdminTextInputWidget()
    )
    bits = forms.TypedMultipleChoiceField(
        label="Permissions",
        coerce=int,
        choices=[(int(bit), LABELS[bit]) for bit in Permission],
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
    )
    auto_follow = forms.BooleanField(
        label="Members follow new cases", required=False, widget=UnfoldBooleanSwitchWidget()
    )
    auto_follow_access_level = forms.TypedChoiceField(
        label="Access to new cases",
        coerce=int,
        choices=[(0, "none"), *AccessLevel.choices()],
        initial=0,
        widget=UnfoldAdminSelectWidget(),
    )

    class Meta:
        model = Group
        fields = ("name",)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.instance.pk is None:
            return
        profile = GroupProfile.objects.filter(group=self.instance.pk).first()
        mask = mask_of_group(self.instance)
        self.initial["bits"] = [int(bit) for bit in Permission if bit in mask]
        for name in ("description", "auto_follow", "auto_follow_access_level"):
            self.initial[name] = getattr(profile, name, self.fields[name].initial)


admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(ServiceAdmin):
    """Groups, for administrators."""

    services = Services(
        visible=visible_groups, add=add_group, change=update_group, delete=delete_group
    )
    readers = (Permission.SERVER_ADMINISTRATOR,)
    form = GroupForm
    list_display = ("name", "description", "members")
    list_select_related = ("profile",)
    search_fields = ("name",)
    fields = ("name", "description", "bits", "auto_follow", "auto_follow_access_level")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        """Return the groups with the number of their members."""
        return super().get_queryset(request).annotate(member_count=Count("user"))

    @admin.display(description="description")
    def description(self, group: Group) -> str:
        """Return the description of the group's profile."""
        return group.profile.description if hasattr(group, "profile") else ""

    @admin.display(description="members", ordering="member_count")
    def members(self, group: Any) -> int:
        """Return how many users are in the group."""
        return int(group.member_count)

    def perform_add(self, actor: Actor, values: dict[str, Any]) -> Group:
        """Make the group."""
        return add_group(actor, permissions=_mask(values.pop("bits")), **values)

    def perform_change(self, actor: Actor, obj: Group, values: dict[str, Any]) -> Group:
        """Change what the form changed of the group."""
        if "bits" in values:
            values["permissions"] = _mask(values.pop("bits"))
        return update_group(actor, obj.pk, **values)


def _mask(bits: list[int]) -> Permission:
    return Permission(sum(bits))
