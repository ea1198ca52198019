"""Giving and taking access to cases."""

from django.contrib.auth.models import Group

from cases.models import Case, GroupCaseAccess, UserCaseAccess
from cases.selectors import find
from cases.services.references import check_references
from soar.core.actor import Actor
from soar.core.models import GroupProfile, User
from soar.core.permissions import AccessLevel, Permission
from soar.core.recording import recording


def set_user_access(actor: Actor, case_id: int, *, user_id: int, level: AccessLevel | None) -> None:
    """Give a user a level on one case, or with None take his record away.

    Raise Forbidden, NotFound or Invalid.
    """
    actor.require(Permission.SERVER_ADMINISTRATOR)
    check_references(user_id=(User, user_id, "Invalid user ID"))
    with recording(actor) as record:
        case = find(Case.objects.select_for_update(), case_id, "Case not found")
        if level is None:
            UserCaseAccess.objects.filter(case=case, user_id=user_id).delete()
        else:
            UserCaseAccess.objects.update_or_create(
                case=case, user_id=user_id, defaults={"level": level}
            )
        after = {"user_id": user_id, "level": level}
        summary = f"changed access of user {user_id} to case {case}"
        record("case.access_changed", case, case_id=case.pk, summary=summary, after=after)


def set_group_access(
    actor: Actor, case_id: int, *, group_id: int, level: AccessLevel | None
) -> None:
    """Give the members of a group a level on one case, or with None take the record away.

    Raise Forbidden, NotFound or Invalid.
    """
    actor.require(Permission.SERVER_ADMINISTRATOR)
    check_references(group_id=(Group, group_id, "Invalid group ID"))
    with recording(actor) as record:
        case = find(Case.objects.select_for_update(), case_id, "Case not found")
        if level is None:
            GroupCaseAccess.objects.filter(case=case, group_id=group_id).delete()
        else:
            GroupCaseAccess.objects.update_or_create(
                case=case, group_id=group_id, defaults={"level": level}
            )
        after = {"group_id": group_id, "level": level}
        summary = f"changed access of group {group_id} to case {case}"
        record("case.access_changed", case, case_id=case.pk, summary=summary, after=after)


def grant_initial_access(case: Case, opener_id: int) -> None:
    """Give a new case's opener full access and the members of auto-follow groups their level.

    Part of opening a case, inside its transaction and its audit row (contract §5).
    """
    UserCaseAccess.objects.create(case=case, user_id=opener_id, level=AccessLevel.FULL_ACCESS)
    following = GroupProfile.objects.filter(auto_follow=True, auto_follow_access_level__gt=0)
    GroupCaseAccess.objects.bulk_create(
        GroupCaseAccess(case=case, group_id=pk, level=level)
        for pk, level in following.values_list("group_id", "auto_follow_access_level")
    )
