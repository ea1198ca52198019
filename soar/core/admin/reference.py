"""Reference data in the console: everybody reads it, administrators change it."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet

from soar.core.actor import Actor
from soar.core.admin.base import ServiceAdmin, Services
from soar.core.selectors import visible_reference_rows
from soar.core.services.reference_rows import ReferenceTable, add_row, delete_row, update_row


class ReferenceAdmin(ServiceAdmin):
    """A table of names that other records refer to."""

    list_display: tuple[str, ...] = ("id", "name")
    list_display_links: tuple[str, ...] = ("name",)
    search_fields: tuple[str, ...] = ("name",)


def reference_rows(model: type[Model]) -> Callable[[Actor], QuerySet[Any]]:
    """Return the reader of a table of reference data."""
    return lambda actor: visible_reference_rows(actor, model)


def register_table(
    table: ReferenceTable, *, columns: tuple[str, ...], fixed: tuple[str, ...] = ()
) -> None:
    """Put a table of reference data into the console, with these columns beside its name."""

    def add(actor: Actor, **values: Any) -> Any:
        return add_row(actor, table, **values)

    def change(actor: Actor, pk: int, **changes: Any) -> Any:
        return update_row(actor, table, pk, **changes)

    def delete(actor: Actor, pk: int) -> None:
        delete_row(actor, table, pk)

    admin.site.register(
        table.model,
        ReferenceAdmin,
        services=Services(reference_rows(table.model), add, change, delete),
        fields=("name", *columns, *fixed),
        readonly_fields=fixed,
        list_display=("id", "name", *columns, *fixed),
    )
