"""Customers in the console."""

from typing import Any

from django.contrib import admin
from django.db.models import Field
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from cases.admin.base import ATTRIBUTES
from cases.models import Customer
from cases.permissions import visible_customers
from cases.services.customers import add_customer, delete_customer, update_customer
from soar.core.admin.base import ServiceAdmin, Services
from soar.core.admin.forms import JSONObjectField
from soar.core.permissions import Permission


@admin.register(Customer)
class CustomerAdmin(ServiceAdmin):
    """The organisations served."""

    services = Services(visible_customers, add_customer, update_customer, delete_customer)
    readers = (
        Permission.STANDARD_USER,
        Permission.SERVER_ADMINISTRATOR,
        Permission.CUSTOMERS_READ,
    )
    writers = (Permission.CUSTOMERS_WRITE,)
    list_display = ("id", "name", "description", "created_at")
    list_display_links = ("id", "name")
    search_fields = ("name",)
    readonly_fields = ("members", "created_at", "updated_at")
    details = ("name", "description", "sla")
    add_fieldsets = ((None, {"fields": details}),)
    fieldsets = (
        (None, {"fields": (*details, "members", ("created_at", "updated_at"))}),
        ATTRIBUTES,
    )

    def formfield_for_dbfield(self, db_field: Field, request: HttpRequest, **options: Any) -> Any:
        """Return the form field; custom attributes must be a JSON object."""
        if db_field.name == "custom_attributes":
            options["form_class"] = JSONObjectField
        return super().formfield_for_dbfield(db_field, request, **options)

    @admin.display(description="members")
    def members(self, customer: Customer) -> str:
        """Return a link to the customer's members."""
        url = reverse("admin:cases_customermembership_changelist")
        address = f"{url}?customer__id__exact={customer.pk}"
        return format_html('<a class="text-link" href="{}">Show members</a>', address)
