"""Writing indicators and their reference data."""

from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError
from django.db.models import Q

from iocs.models import Ioc, IocType, Tlp, Verdict
from iocs.models.iocs import fingerprint
from soar.core.actor import Actor
from soar.core.errors import Conflict, Invalid, NotFound
from soar.core.history import apply_changes, is_possible_id
from soar.core.inserting import insert_if_absent
from soar.core.permissions import Permission
from soar.core.recording import recording
from soar.core.services.reference_rows import ReferenceTable

IOC_TYPE_EDITABLE = frozenset(
    {"name", "description", "taxonomy", "validation_regex", "validation_expect"}
)
# What keeps an IOC that no case holds: somebody's catalogue, an alert, a lock.
NOT_KEPT = Q(catalogued_by=None, catalogue_entries=None, alert_iocs=None, locked_at=None)
TLP_LEVELS = ReferenceTable(Tlp, "tlp", editable=frozenset({"name", "bscolor"}))


def ensure_ioc(*, type_id: int, value: str) -> tuple[Ioc, bool]:
    """Return the one row of a type and value, and whether it was made now.

    Runs inside the caller's transaction and keeps a known row from being dropped until it ends. The row
    carries no statement of its own, so it is audited with the case that uses it.
    """
    ioc = Ioc(type_id=type_id, value=value, value_hash=fingerprint(value))
    while not insert_if_absent(ioc):
        known = Ioc.objects.select_for_update(no_key=True)
        present = known.filter(type_id=type_id, value_hash=ioc.value_hash).first()
        if present is not None:
            return present, False
    return ioc, True


def rewrite_ioc(ioc: Ioc, *, type_id: int, value: str) -> Ioc:
    """Give an IOC that one case alone uses another type or value, keeping its id."""
    ioc.type_id, ioc.value, ioc.value_hash = type_id, value, fingerprint(value)
    ioc.save(update_fields=["type", "value", "value_hash"])
    return ioc


def may_be_rewritten(ioc: Ioc) -> bool:
    """Tell whether only cases know an IOC and nobody judged it, so that its value can become another."""
    plain = Ioc.objects.filter(NOT_KEPT, pk=ioc.pk, verdict=Verdict.NONE, deleted_at=None)
    return plain.select_for_update(of=("self",)).first() is not None


def drop_unreferenced_iocs(ioc_ids: Iterable[int]) -> int:
    """Delete those of the IOCs that nothing keeps and no case refers to, and return how many they were."""
    ids = sorted(set(ioc_ids))
    # Lock first, look second: whoever linked one of them meanwhile has then committed and counts.
    list(Ioc.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk"))
    _, deleted = Ioc.objects.filter(NOT_KEPT, pk__in=ids, case_iocs=None).delete()
    return deleted.get(Ioc._meta.label, 0)


def add_ioc_type(actor: Actor, *, name: str, description: str, **fields: Any) -> IocType:
    """Add a type of indicator. Raise Forbidden, or Invalid when the name is taken."""
    actor.require(Permission.SERVER_ADMINISTRATOR)
    unknown = set(fields) - IOC_TYPE_EDITABLE
    if unknown:
        raise Invalid.field(unknown.pop(), "This field cannot be set.")
    with recording(actor) as record:
        ioc_type = IocType(name=name, description=description, **fields)
        _save_ioc_type(ioc_type)
        record("ioc_type.created", ioc_type, summary=f"added IOC type {name}", after={"name": name})
    return ioc_type


def update_ioc_type(actor: Actor, type_id: int, **changes: Any) -> IocType:
    """Change a type of indicator. Raise Forbidden, NotFound, or Invalid when the name is taken."""
    actor.require(Permission.SERVER_ADMINISTRATOR)
    with recording(actor) as record:
        ioc_type = _locked_ioc_type(type_id, f"Invalid ioc type ID {type_id}")
        before, after = apply_changes(ioc_type, changes, IOC_TYPE_EDITABLE)
        _save_ioc_type(ioc_type)
        summary = f"updated IOC type {ioc_type.name}"
        record("ioc_type.updated", ioc_type, summary=summary, before=before, after=after)
    return ioc_type


def delete_ioc_type(actor: Actor, type_id: int) -> None:
    """Delete a type of indicator. Raise Forbidden, NotFound, or Conflict when an IOC uses it."""
    actor.require(Permission.SERVER_ADMINISTRATOR)
    with recording(actor) as record:
        message = f"Attempted to delete ioc type ID {type_id}, but was not found"
        ioc_type = _locked_ioc_type(type_id, message)
        if ioc_type.iocs.exists():
            raise Conflict(
                "Cannot delete a referenced ioc type. Please delete any ioc of this type first."
            )
        summary = f"deleted IOC type {ioc_type.name}"
        record("ioc_type.deleted", ioc_type, summary=summary, before={"name": ioc_type.name})
        ioc_type.delete()


def _locked_ioc_type(type_id: int, message: str) -> IocType:
    rows = IocType.objects.select_for_update().filter(pk=type_id)
    ioc_type = rows.first() if is_possible_id(type_id) else None
    if ioc_type is None:
        raise NotFound(message)
    return ioc_type


def _save_ioc_type(ioc_type: IocType) -> None:
    try:
        ioc_type.save()
    except IntegrityError as error:
        raise Invalid.field("name", "IOC type name already exists") from error
