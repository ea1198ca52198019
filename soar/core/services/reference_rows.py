"""Reference data that is a name with at most a description and a colour: one set of services for all."""

from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, models
from django.db.models import ProtectedError

from soar.core.actor import Actor
from soar.core.errors import Conflict, Invalid, NotFound
from soar.core.history import apply_changes, is_possible_id
from soar.core.permissions import Permission
from soar.core.recording import recording


@dataclass(frozen=True, slots=True)
class ReferenceTable:
    """One table of reference data: its columns, and the rows the program itself relies on."""

    model: type[models.Model]
    action: str  # first part of the audited action, such as `severity`
    editable: frozenset[str] = frozenset({"name"})
    relied_on: frozenset[int] = frozenset()

    @property
    def noun(self) -> str:
        """Return what a row is called in messages."""
        return str(self.model._meta.verbose_name)


def add_row(actor: Actor, table: ReferenceTable, **values: Any) -> Any:
    """Add a row of reference data. Raise Forbidden, or Invalid when the name is taken."""
    actor.require(Permission.SERVER_ADMINISTRATOR)
    with recording(actor) as record:
        row = table.model()
        _, after = apply_changes(row, values, table.editable)
        _save(row, table)
        record(f"{table.action}.created", row, summary=f"added {table.noun} {row}", after=after)
    return row


def update_row(actor: Actor, table: ReferenceTable, pk: int, **changes: Any) -> Any:
    """Change a row of reference data. Raise Forbidden, NotFound, or Invalid when the name is taken."""
    actor.require(Permission.SERVER_ADMINISTRATOR)
    with recording(actor) as record:
        row = _locked(table, pk)
        before, after = apply_changes(row, changes, table.editable)
        _save(row, table)
        summary = f"updated {table.noun} {row}"
        record(f"{table.action}.updated", row, summary=summary, before=before, after=after)
    return row


def delete_row(actor: Actor, table: ReferenceTable, pk: int) -> None:
    """Delete a row of reference data.

    Raise Forbidden, NotFound, or Conflict when it is protected or anything refers to it.
    """
    actor.require(Permission.SERVER_ADMINISTRATOR)
    with recording(actor) as record:
        row = _locked(table, pk)
        if pk in table.relied_on or getattr(row, "protected", False):
            raise Conflict(f"This {table.noun} is protected")
        before = {name: getattr(row, name) for name in sorted(table.editable)}
        record(f"{table.action}.deleted", row, summary=f"deleted {table.noun} {row}", before=before)
        try:
            row.delete()
        except ProtectedError as error:
            raise Conflict(f"Cannot delete a referenced {table.noun}") from error


def _locked(table: ReferenceTable, pk: int) -> Any:
    rows = table.model._default_manager.select_for_update().filter(pk=pk)
    row = rows.first() if is_possible_id(pk) else None
    if row is None:
        raise NotFound(f"Invalid {table.noun} ID")
    return row


def _save(row: models.Model, table: ReferenceTable) -> None:
    try:
        row.save()
    except IntegrityError as error:
        raise Invalid.field("name", f"{table.noun.capitalize()} name already exists") from error
