"""What follows for users from the groups they are in: their permission mask, and whether the console lets them in."""

from collections.abc import Iterable

from django.db.models import OuterRef

from soar.core.models import User
from soar.core.permissions import Permission, mask_of_user

ENTERING = Permission.STANDARD_USER | Permission.SERVER_ADMINISTRATOR


def refresh_standing(user_ids: Iterable[int] | None = None) -> int:
    """Give the users, or all, the mask of their groups and let in those it lets in; return how many changed.

    Part of every service that changes groups or their members, inside its transaction.
    """
    users = User.objects.annotate(mask=mask_of_user(OuterRef("pk")))
    if user_ids is not None:
        users = users.filter(pk__in=list(user_ids))
    changed = []
    for user in users:
        mask = Permission(user.mask)
        is_staff = bool(mask & ENTERING) or user.is_superuser
        if (user.permission_mask, user.is_staff) != (int(mask), is_staff):
            user.permission_mask, user.is_staff = int(mask), is_staff
            changed.append(user)
    User.objects.bulk_update(changed, ["permission_mask", "is_staff"], batch_size=500)
    return len(changed)
