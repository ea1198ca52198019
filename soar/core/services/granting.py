"""Giving a new permission, in a migration, to the groups that hold what it follows from."""

from collections.abc import Iterable
from typing import Any

from django.db.models import F

# codename, label, bit, and the codename of the permission whose holders get it
Granted = tuple[str, str, int, str]


def grant_to_holders(apps: Any, granted: Iterable[Granted]) -> None:
    """Grant each to the groups concerned, and to the masks of their members; twice is as good as once."""
    Permission = apps.get_model("auth", "Permission")
    User = apps.get_model("core", "User")
    for codename, label, bit, followed in granted:
        held = Permission.objects.filter(content_type__app_label="core", codename=followed).first()
        groups = list(held.group_set.all()) if held is not None else []
        if not groups:
            continue  # a new database: the groups are seeded with it
        permission, _ = Permission.objects.get_or_create(
            content_type=held.content_type, codename=codename, defaults={"name": label}
        )
        members = set()
        for group in groups:
            group.permissions.add(permission)
            members |= set(group.user_set.values_list("pk", flat=True))
        concerned = User.objects.filter(pk__in=members)
        concerned.update(permission_mask=F("permission_mask").bitor(bit))
