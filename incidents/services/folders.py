"""Folders of incidents: a tree that stays one, and loses no incident."""

from typing import Any

from django.db.models import ProtectedError

from cases.selectors import find
from cases.services.references import check_references, unique
from incidents.models import Folder
from incidents.services.names import strip_name
from soar.core.actor import Actor
from soar.core.errors import Conflict, Invalid
from soar.core.history import apply_changes
from soar.core.locking import lock_for_transaction
from soar.core.permissions import Permission
from soar.core.recording import recording

EDITABLE = frozenset({"name", "parent_id"})
NAME_LENGTH = 200
UNKNOWN = "There is no such folder."
TAKEN = "There is a folder of this name here already."
CYCLE = "A folder cannot lie in itself or below."
NOT_EMPTY = "The folder is not empty: it holds incidents, folders or belongs to a template."


def add_folder(actor: Actor, *, name: str, parent_id: int | None = None) -> Folder:
    """Add a folder, on top or in another. Raise Forbidden, or Invalid for a taken name or no such parent."""
    actor.require(Permission.SERVER_ADMINISTRATOR)
    with recording(actor) as record:
        folder = Folder()
        _, after = _apply(folder, {"name": name, "parent_id": parent_id})
        record("folder.created", folder, summary=f"added folder {folder}", after=after)
    return folder


def update_folder(actor: Actor, folder_id: int, **changes: Any) -> Folder:
    """Rename or move a folder. Raise Forbidden, NotFound, or Invalid also for a move into itself."""
    actor.require(Permission.SERVER_ADMINISTRATOR)
    with recording(actor) as record:
        lock_for_transaction("folders")  # two moves at once could close a circle
        folder = find(Folder.objects.select_for_update(), folder_id, UNKNOWN)
        before, after = _apply(folder, changes)
        summary = f"updated folder {folder}"
        if after:
            record("folder.updated", folder, summary=summary, before=before, after=after)
    return folder


def delete_folder(actor: Actor, folder_id: int) -> None:
    """Delete an empty folder. Raise Forbidden, NotFound, or Conflict when anything is in it."""
    actor.require(Permission.SERVER_ADMINISTRATOR)
    with recording(actor) as record:
        folder = find(Folder.objects.select_for_update(), folder_id, UNKNOWN)
        before = {"name": folder.name, "parent_id": folder.parent_id}
        record("folder.deleted", folder, summary=f"deleted folder {folder}", before=before)
        try:
            folder.delete()
        except ProtectedError as error:
            raise Conflict(NOT_EMPTY) from error


def _apply(folder: Folder, changes: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Change and save a folder, and return what was and what is."""
    strip_name(changes, length=NAME_LENGTH)
    check_references(parent_id=(Folder, changes.get("parent_id"), UNKNOWN))
    _refuse_cycle(folder, changes.get("parent_id"))
    made = apply_changes(folder, changes, EDITABLE)
    with unique("name", TAKEN):
        folder.save()
    return made


def _refuse_cycle(folder: Folder, parent_id: int | None) -> None:
    parents = dict(Folder.objects.values_list("pk", "parent_id")) if parent_id else {}
    while parent_id is not None:
        if parent_id == folder.pk:
            raise Invalid.field("parent_id", CYCLE)
        parent_id = parents.get(parent_id)
