"""Customers, and who is a member of them."""

from typing import Any

from cases.attributes import merge_attributes
from cases.models import Case, Customer, CustomerMembership
from cases.selectors import find, visible_customers
from cases.services.references import check_references, unique
from soar.core.actor import Actor
from soar.core.errors import Conflict
from soar.core.history import apply_changes
from soar.core.models import User
from soar.core.permissions import AccessLevel, Permission
from soar.core.recording import recording

EDITABLE = frozenset({"name", "description", "sla", "custom_attributes"})
UNKNOWN = "Invalid Customer ID"
NAME_TAKEN = "Customer already exists"


def add_customer(
    actor: Actor, *, name: str, custom_attributes: dict[str, Any] | None = None, **fields: Any
) -> Customer:
    """Add a customer, of whom the actor becomes a member. Raise Forbidden or Invalid."""
    actor.require(Permission.CUSTOMERS_WRITE)
    with recording(actor) as record:
        customer = Customer()
        attributes = merge_attributes("client", custom_attributes)
        values = fields | {"name": name, "custom_attributes": attributes}
        _, after = apply_changes(customer, values, EDITABLE)
        with unique("name", NAME_TAKEN):
            customer.save()
        CustomerMembership.objects.create(
            customer=customer, user_id=actor.user_id, level=AccessLevel.FULL_ACCESS
        )
        record("customer.created", customer, summary=f"added customer {name}", after=after)
    return customer


def update_customer(actor: Actor, customer_id: int, **changes: Any) -> Customer:
    """Change a customer. Raise Forbidden, NotFound or Invalid."""
    actor.require(Permission.CUSTOMERS_WRITE)
    with recording(actor) as record:
        customer = _locked(actor, customer_id)
        if "custom_attributes" in changes:
            changes["custom_attributes"] = merge_attributes(
                "client", changes["custom_attributes"], customer.custom_attributes
            )
        before, after = apply_changes(customer, changes, EDITABLE)
        with unique("name", NAME_TAKEN):
            customer.save()
        summary = f"updated customer {customer.name}"
        record("customer.updated", customer, summary=summary, before=before, after=after)
    return customer


def delete_customer(actor: Actor, customer_id: int) -> None:
    """Delete a customer with his memberships. Raise Forbidden, NotFound, or Conflict when used."""
    actor.require(Permission.CUSTOMERS_WRITE)
    with recording(actor) as record:
        customer = _locked(actor, customer_id)
        if Case.objects.filter(customer=customer).exists():
            raise Conflict("Cannot delete a referenced customer")
        summary = f"deleted customer {customer.name}"
        record("customer.deleted", customer, summary=summary, before={"name": customer.name})
        customer.delete()


def set_membership(
    actor: Actor, customer_id: int, *, user_id: int, level: AccessLevel | None
) -> None:
    """Give a user a level on all cases of a customer, or with None take his membership away.

    Raise Forbidden, NotFound or Invalid.
    """
    actor.require(Permission.SERVER_ADMINISTRATOR)
    check_references(user_id=(User, user_id, "Invalid user ID"))
    with recording(actor) as record:
        customer = _locked(actor, customer_id)
        if level is None:
            CustomerMembership.objects.filter(customer=customer, user_id=user_id).delete()
        else:
            CustomerMembership.objects.update_or_create(
                customer=customer, user_id=user_id, defaults={"level": level}
            )
        summary = f"changed members of customer {customer.name}"
        after = {"user_id": user_id, "level": level}
        record("customer.membership_changed", customer, summary=summary, after=after)


def _locked(actor: Actor, customer_id: int) -> Customer:
    return find(visible_customers(actor).select_for_update(of=("self",)), customer_id, UNKNOWN)
