"""Who may read or write which case: the one place that decides (docs/permissions.md has the table).

Levels are asked in this order and the last that has a record wins: groups, customer, user. Within the
groups a deny wins over any other level. Without any record an administrator has full access and
everybody else none; a record that denies therefore also keeps an administrator out.
Source: DFIR-IRIS access model (contract §5).
"""

from typing import Any

from django.db.models import Case as Choice
from django.db.models import (
    Exists,
    F,
    IntegerField,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from cases.models import Case, Customer, CustomerMembership, GroupCaseAccess, UserCaseAccess
from soar.core.actor import Actor
from soar.core.compiled import CompiledQuery
from soar.core.compiled_expression import CompiledExpression
from soar.core.errors import Forbidden
from soar.core.history import is_possible_id
from soar.core.permissions import AccessLevel, Permission

READ = (AccessLevel.READ_ONLY, AccessLevel.FULL_ACCESS)
WRITE = (AccessLevel.FULL_ACCESS,)


def _level(user: Any, case: Any, customer: Any, default: Any) -> Coalesce:
    groups = (
        GroupCaseAccess.objects.filter(case=case, group__user=user)
        .order_by()
        .values("case")
        .annotate(lowest=Min("level"), highest=Max("level"))
        .annotate(
            effective=Choice(
                When(lowest=AccessLevel.DENY_ALL, then=Value(int(AccessLevel.DENY_ALL))),
                default=F("highest"),
                output_field=IntegerField(),
            )
        )
    )
    return Coalesce(
        Subquery(UserCaseAccess.objects.filter(case=case, user=user).values("level")[:1]),
        Subquery(
            CustomerMembership.objects.filter(customer=customer, user=user).values("level")[:1]
        ),
        Subquery(groups.values("effective")[:1]),
        Value(default),
        output_field=IntegerField(),
    )


def level_expression(
    user: Combinable | int, case: Combinable, customer: Combinable, default: Combinable | int
) -> CompiledExpression:
    """Return the expression of a user's effective level on a case; `default` when no record exists."""
    return CompiledExpression(_level, user, case, customer, default, output_field=IntegerField())


def default_level(actor: Actor) -> AccessLevel:
    """Return the level of an actor on a case that no record of his mentions."""
    return AccessLevel.FULL_ACCESS if actor.is_administrator else AccessLevel.DENY_ALL


def cases_with_level(actor: Actor) -> QuerySet[Any]:
    """Return every case, deleted ones too, with the actor's level as `access_level`; see visible_cases."""
    return Case.objects.annotate(
        access_level=level_expression(
            actor.user_id, F("pk"), F("customer_id"), int(default_level(actor))
        )
    )


def level_query(user: Any, case: Any, default: Any) -> QuerySet[Any]:
    """Return the query of a user's level on a case as `access_level`, for a CompiledQuery."""
    level = level_expression(user, F("pk"), F("customer_id"), default)
    return Case.objects.filter(pk=case, deleted_at=None).order_by().annotate(access_level=level)


_LEVEL_ON_CASE = CompiledQuery(
    lambda user, case, default: level_query(user, case, default).values_list("access_level"),
    user=int,
    case=int,
    default=int,
)


def level_on_case(actor: Actor, case_id: int) -> int:
    """Return the actor's effective level on a case; a missing case denies like a hidden one."""
    if not is_possible_id(case_id):
        return AccessLevel.DENY_ALL
    row = _LEVEL_ON_CASE.first(user=actor.user_id, case=case_id, default=int(default_level(actor)))
    return int(row[0]) if row else AccessLevel.DENY_ALL


def require_case(actor: Actor, case_id: int, levels: tuple[AccessLevel, ...] = WRITE) -> None:
    """Raise Forbidden unless the actor has one of the levels; a missing case answers alike."""
    if level_on_case(actor, case_id) not in levels:
        raise Forbidden(case_id=case_id)


def visible_customer_filter(actor: Actor) -> Q:
    """Return the filter of customers an actor may know: all for administrators, else his own.

    A customer is his when he is a member, not denied, or may read one of its cases.
    """
    denied = CustomerMembership.objects.filter(
        user=actor.user_id, customer=OuterRef("pk"), level=AccessLevel.DENY_ALL
    )
    if actor.may(Permission.SERVER_ADMINISTRATOR):
        return ~Q(Exists(denied))
    member = CustomerMembership.objects.filter(
        user=actor.user_id, customer=OuterRef("pk"), level__in=READ
    )
    readable = cases_with_level(actor).filter(customer=OuterRef("pk"), access_level__in=READ)
    return Q(Exists(member)) | (Q(Exists(readable)) & ~Q(Exists(denied)))


def visible_customers(actor: Actor) -> QuerySet[Customer]:
    """Return the customers an actor may know of."""
    return Customer.objects.filter(visible_customer_filter(actor))
