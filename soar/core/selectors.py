"""Readers of users and groups."""

from typing import TypeVar

from django.contrib.auth.models import Group
from django.db.models import Model, QuerySet

from soar.core.actor import Actor
from soar.core.errors import NotFound
from soar.core.models import (
    ApiToken,
    AuditLog,
    AuditSeal,
    ChangeCounter,
    IrisApiKey,
    OutboxEvent,
    User,
)
from soar.core.permissions import Permission

M = TypeVar("M", bound=Model)
ADMINISTRATORS = "Administrators"


def visible_users(actor: Actor) -> QuerySet[User]:
    """Return the users: who they are is known to every colleague (contract §3, users lookup)."""
    return User.objects.all()


def first_administrator() -> User:
    """Return in whose name commands of the shell act. Raise NotFound before the first start."""
    user = User.objects.filter(groups__name=ADMINISTRATORS).order_by("pk").first()
    if user is None:
        raise NotFound("There is no administrator yet: run seed_reference first")
    return user


def visible_groups(actor: Actor) -> QuerySet[Group]:
    """Return the groups, to administrators."""
    return Group.objects.all() if actor.is_administrator else Group.objects.none()


def visible_api_keys(actor: Actor) -> QuerySet[IrisApiKey]:
    """Return the rows of API keys: his own, or all for an administrator."""
    rows = IrisApiKey.objects.all()
    return rows if actor.is_administrator else rows.filter(user=actor.user_id)


def visible_api_tokens(actor: Actor) -> QuerySet[ApiToken]:
    """Return the rows of API tokens: his own, or all for whoever may issue them."""
    rows = ApiToken.objects.all()
    return rows if actor.may(Permission.API_ADMIN) else rows.filter(user=actor.user_id)


def visible_audit(actor: Actor) -> QuerySet[AuditLog]:
    """Return the whole audit trail, to administrators and readers of all activities."""
    if actor.may(Permission.SERVER_ADMINISTRATOR, Permission.ALL_ACTIVITIES_READ):
        return AuditLog.objects.all()
    return AuditLog.objects.none()


def visible_seals(actor: Actor) -> QuerySet[AuditSeal]:
    """Return the hash chain of the audit trail, to administrators."""
    return AuditSeal.objects.all() if actor.is_administrator else AuditSeal.objects.none()


def visible_outbox(actor: Actor) -> QuerySet[OutboxEvent]:
    """Return the delivery state of events, to administrators."""
    return OutboxEvent.objects.all() if actor.is_administrator else OutboxEvent.objects.none()


def visible_counters(actor: Actor) -> QuerySet[ChangeCounter]:
    """Return the change counters of all cases, to administrators."""
    return ChangeCounter.objects.all() if actor.is_administrator else ChangeCounter.objects.none()


def visible_reference_rows(actor: Actor, table: type[M]) -> QuerySet[M]:
    """Return the rows of a table of reference data, which every user may read."""
    return table._default_manager.all()
