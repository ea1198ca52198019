"""`/manage/customers/*`: customers."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cases.models import Customer
from cases.selectors import get_customer, visible_customers
from cases.services import customers as services
from soar.api.base import represent
from soar.api.fast import FastRead
from soar.api.iris.envelope import success
from soar.api.iris.fields import Always, Attributes, Integer, Name, Text, Timestamp
from soar.api.iris.shapes import Empty
from soar.api.iris.views import IrisViewSet, endpoint, needs
from soar.core.actor import Actor
from soar.core.permissions import Permission

READER = needs(Permission.CUSTOMERS_READ)
WRITER = needs(Permission.CUSTOMERS_WRITE)


class CustomerRow(serializers.Serializer[Any]):
    """A customer in the list."""

    customer_id = Integer(source="id")
    customer_name = Text(source="name")
    customer_uuid = serializers.UUIDField(source="uuid")
    customer_description = Text(source="description", allow_null=True)
    customer_sla = Text(source="sla", allow_null=True)
    custom_attributes = Attributes()


class CustomerDetailsOut(CustomerRow):
    """A fetched customer."""

    contacts = Always([])


class CustomerOut(serializers.Serializer[Any]):
    """A customer that was written."""

    customer_id = Integer(source="id")
    customer_name = Text(source="name")
    customer_description = Text(source="description", allow_null=True)
    customer_sla = Text(source="sla", allow_null=True)
    client_uuid = serializers.UUIDField(source="uuid")
    creation_date = Timestamp(source="created_at")
    last_update_date = Timestamp(source="updated_at")
    custom_attributes = Attributes()


class CustomerIn(serializers.Serializer[Any]):
    """A customer."""

    customer_name = Name(source="name", max_length=200)
    customer_description = Text(source="description", required=False, allow_null=True)
    customer_sla = Text(source="sla", required=False, allow_null=True)
    custom_attributes = Attributes()


def _customers(actor: Actor) -> QuerySet[Customer]:
    return visible_customers(actor).order_by("id")


CUSTOMER_LIST = FastRead(CustomerRow, _customers)


class CustomerViewSet(IrisViewSet):
    """Customers."""

    @endpoint(READER, summary="List the customers", gives=CustomerRow, many=True)
    def list(self, request: Request) -> Response:
        """Answer the customers the caller may know of."""
        return success(data=CUSTOMER_LIST.all(self.actor))

    @endpoint(READER, summary="Fetch a customer", gives=CustomerDetailsOut)
    def retrieve(self, request: Request, customer_id: int) -> Response:
        """Answer one."""
        return success(data=represent(CustomerDetailsOut, get_customer(self.actor, customer_id)))

    @endpoint(WRITER, summary="Add a customer", takes=CustomerIn, gives=CustomerOut)
    def add(self, request: Request) -> Response:
        """Add one."""
        customer = services.add_customer(self.actor, **self.read(CustomerIn))
        return success("Customer added", represent(CustomerOut, customer))

    @endpoint(WRITER, summary="Update a customer", takes=CustomerIn, gives=CustomerOut)
    def update(self, request: Request, customer_id: int) -> Response:
        """Change one."""
        customer = services.update_customer(self.actor, customer_id, **self.read(CustomerIn))
        return success("Customer updated", represent(CustomerOut, customer))

    @endpoint(WRITER, summary="Delete a customer", takes=Empty)
    def delete(self, request: Request, customer_id: int) -> Response:
        """Delete one."""
        services.delete_customer(self.actor, customer_id)
        return success("Deleted successfully")
