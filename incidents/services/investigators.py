"""Who works on an incident: investigators and owners, and the access to its case that comes with it.

A role decides how far an investigator may go: with one of READING he may only read. A record that denies
stands, and nobody's role takes away what administrators and groups that follow every case have. Inviting and
removing are a permission of their own: a guest of another customer sees the whole incident.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.auth.models import Group

from cases.models import Case, CustomerMembership, GroupCaseAccess, UserCaseAccess
from cases.permissions import WRITE, cases_with_level
from incidents.models import Investigator
from incidents.services.admission import locked_incident
from incidents.services.parties import Party, party_of
from soar.core.actor import Actor
from soar.core.errors import Invalid, NotFound
from soar.core.models import GroupProfile
from soar.core.permissions import AccessLevel, Permission
from soar.core.recording import recording

INVESTIGATOR = "Investigator"
READING = frozenset({"read only", "read-only", "readonly", "viewer", "observer"})
LONGEST_ROLE = 100
DENIED = "A record denies access to this incident."


def level_of_role(role: str) -> AccessLevel:
    """Return the level of access to a case that a role brings with it."""
    is_reader = " ".join(role.replace("_", " ").split()).casefold() in READING
    return AccessLevel.READ_ONLY if is_reader else AccessLevel.FULL_ACCESS


def add_investigator(
    actor: Actor, incident_id: int, *, party: Party, role: str = ""
) -> Investigator:
    """Let a user or a group investigate an incident as what a role says; again, in another role.

    Raise NotFound, Forbidden, Conflict for a deleted incident, or Invalid for whom a record denies.
    """
    actor.require(Permission.INVESTIGATORS_MANAGE)
    return _add(actor, incident_id, party, role)


def _add(actor: Actor, incident_id: int, party: Party, role: str) -> Investigator:
    if len(role) > LONGEST_ROLE:
        raise Invalid.field("role", f"Longer than {LONGEST_ROLE} characters.")
    with recording(actor) as record:
        incident = locked_incident(actor, incident_id)
        role = role.strip() or INVESTIGATOR
        give_access(incident.case, party, level_of_role(role))
        investigator, _ = Investigator.objects.update_or_create(
            incident=incident, user=party.user, group=party.group, defaults={"role": role}
        )
        record(
            "investigator.added",
            investigator,
            case_id=incident_id,
            summary=f"added investigator {party.name} to {incident} as {role}",
            after={**_ids(party), "role": role},
        )
    return investigator


def remove_investigator(actor: Actor, incident_id: int, *, party: Party) -> None:
    """End an investigator's work on an incident, and the access it gave. Raise NotFound or Forbidden.

    Who opened or owns the incident keeps full access.
    """
    actor.require(Permission.INVESTIGATORS_MANAGE)
    with recording(actor) as record:
        incident = locked_incident(actor, incident_id)
        rows = Investigator.objects.filter(incident=incident, user=party.user, group=party.group)
        investigator = rows.first()
        if investigator is None:
            raise NotFound(f"{party.name} does not investigate this incident.")
        record(
            "investigator.removed",
            investigator,
            case_id=incident_id,
            summary=f"removed investigator {party.name} from {incident}",
            before={**_ids(party), "role": investigator.role},
        )
        investigator.delete()
        _take_access(incident.case, party)


def add_investigators(actor: Actor, incident_id: int, entries: Iterable[Mapping[str, Any]]) -> None:
    """Add all that are named as {"user" or "group": whom, "role": text}, or none; see add_investigator."""
    actor.require(Permission.INVESTIGATORS_MANAGE)
    add_named_in_template(actor, incident_id, entries)


def add_named_in_template(
    actor: Actor, incident_id: int, entries: Iterable[Mapping[str, Any]]
) -> None:
    """Add those a template names: who wrote it was asked for the permission then. Raise as add_investigators."""
    with recording(actor):
        locked_incident(actor, incident_id)
        for entry in entries:
            party = party_of(entry, "investigators")
            role = str(entry.get("role") or "")
            _add(actor, incident_id, party, role)


def remove_investigators(
    actor: Actor, incident_id: int, entries: Iterable[Mapping[str, Any]]
) -> None:
    """Remove all that are named as {"user" or "group": whom}, or none; see remove_investigator."""
    actor.require(Permission.INVESTIGATORS_MANAGE)
    with recording(actor):
        locked_incident(actor, incident_id)
        for entry in entries:
            party = party_of(entry, "investigators", is_leaving=True)
            remove_investigator(actor, incident_id, party=party)


def let_owner_in(case: Case, party: Party, *, chosen_by: Actor | None) -> None:
    """Give a new owner full access to the case, unless he has it.

    `chosen_by` is who chose him, None where a template did: letting in somebody who is not in yet is inviting.
    Raise Forbidden, or Invalid for whom a record denies.
    """
    if _has_full_access(case, party):
        return
    if chosen_by is not None:
        chosen_by.require(Permission.INVESTIGATORS_MANAGE)
    try:
        give_access(case, party, AccessLevel.FULL_ACCESS)
    except Invalid as error:
        raise Invalid.field("owner", DENIED) from error


def give_access(case: Case, party: Party, level: AccessLevel) -> None:
    """Write the record of a user's or a group's level on a case, within the caller's transaction.

    Raise Invalid where a record denies it: that one is an administrator's to change.
    """
    name = "user" if party.user is not None else "group"
    if _is_denied(case, party):
        raise Invalid.field(name, DENIED)
    if party.user is not None:
        if Permission.SERVER_ADMINISTRATOR in Permission(party.user.permission_mask):
            level = AccessLevel.FULL_ACCESS
        UserCaseAccess.objects.update_or_create(
            case=case, user=party.user, defaults={"level": level}
        )
    elif party.group is not None:
        level = AccessLevel(max(level, _level_of_following(party.group)))
        GroupCaseAccess.objects.update_or_create(
            case=case, group=party.group, defaults={"level": level}
        )


def _take_access(case: Case, party: Party) -> None:
    """Take the record back, or what of it did not come from investigating."""
    if party.user is not None:
        records = UserCaseAccess.objects.filter(case=case, user=party.user)
        if party.user.pk in (case.opened_by_id, case.owner_id):
            records.update(level=AccessLevel.FULL_ACCESS)
        else:
            records.delete()
    elif party.group is not None:
        level = _level_of_following(party.group)
        if party.group.pk == case.owner_group_id:
            level = AccessLevel.FULL_ACCESS
        group_records = GroupCaseAccess.objects.filter(case=case, group=party.group)
        if level:
            group_records.update(level=level)
        else:
            group_records.delete()


def _has_full_access(case: Case, party: Party) -> bool:
    if party.user is None:
        records = GroupCaseAccess.objects.filter(case=case, group=party.group)
        return records.filter(level=AccessLevel.FULL_ACCESS).exists()
    as_owner = Actor.of(party.user, "system")
    return cases_with_level(as_owner).filter(pk=case.pk, access_level__in=WRITE).exists()


def _is_denied(case: Case, party: Party) -> bool:
    deny = AccessLevel.DENY_ALL
    if party.group is not None:
        return GroupCaseAccess.objects.filter(case=case, group=party.group, level=deny).exists()
    user = party.user
    return (
        UserCaseAccess.objects.filter(case=case, user=user, level=deny).exists()
        or CustomerMembership.objects.filter(
            customer_id=case.customer_id, user=user, level=deny
        ).exists()
        or GroupCaseAccess.objects.filter(case=case, group__user=user, level=deny).exists()
    )


def _level_of_following(group: Group) -> int:
    """Return the level a group has on every new case, 0 for none."""
    profile = GroupProfile.objects.filter(group=group, auto_follow=True).first()
    return profile.auto_follow_access_level if profile else 0


def _ids(party: Party) -> dict[str, int | None]:
    user, group = party.user, party.group
    return {"user_id": user.pk if user else None, "group_id": group.pk if group else None}
