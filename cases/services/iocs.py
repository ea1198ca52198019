"""Indicators in the context of a case."""

from typing import Any

from django.db.models import Case as Choice
from django.db.models import Exists, Value, When

from cases.attributes import merge_attributes
from cases.models import CaseIoc
from cases.permissions import default_level, level_query, require_case
from cases.selectors import WRITE, find, visible_case_iocs
from cases.services.references import check_references
from iocs.models import Ioc, IocType, Tlp
from iocs.services import drop_unreferenced_iocs, ensure_ioc, may_be_rewritten, rewrite_ioc
from soar.core.actor import Actor
from soar.core.compiled import CompiledQuery
from soar.core.errors import Invalid
from soar.core.history import apply_changes, is_possible_id, note
from soar.core.inserting import insert_if_absent
from soar.core.recording import recording
from soar.core.tags import check_tags

COUNTER = "ioc"
EDITABLE = frozenset({"description", "tags", "tlp_id", "custom_attributes"})
NOT_IN_CASE = "Invalid IOC ID for this case"


class Added:
    """How an indicator came into a case."""

    NEW = "new"
    KNOWN = "known"  # in another case that the actor may read
    ALREADY_HERE = "already here"


def add_ioc(
    actor: Actor,
    case_id: int,
    *,
    type_id: int,
    tlp_id: int,
    value: str,
    description: str | None = None,
    tags: str | None = None,
    custom_attributes: dict[str, Any] | None = None,
    found_in: str = "",
) -> tuple[CaseIoc, str]:
    """Put an indicator into a case and return it with how it came there (Added).

    `found_in` names the text it was read from, where nobody added it himself. An indicator already in the
    case is returned unchanged. Raise Forbidden or Invalid.
    """
    _require_case_and_references(actor, case_id, type_id, tlp_id)
    check_tags(tags)
    with recording(actor) as record:
        ioc, is_new = ensure_ioc(type_id=type_id, value=value)
        case_ioc = CaseIoc(
            case_id=case_id,
            ioc=ioc,
            tlp_id=tlp_id,
            description=description,
            tags=tags,
            user_id=actor.user_id,
            custom_attributes=merge_attributes("ioc", custom_attributes),
        )
        note(actor, case_ioc, "created")
        if not insert_if_absent(case_ioc):
            return CaseIoc.objects.select_related("ioc").get(
                case_id=case_id, ioc=ioc
            ), Added.ALREADY_HERE
        record(
            "ioc.created",
            case_ioc,
            case_id=case_id,
            counter=COUNTER,
            summary=f'added ioc "{value}"{_found(found_in)}',
            after={"ioc_id": ioc.pk, "value": value, "type_id": type_id, "tlp_id": tlp_id},
        )
    if is_new:
        return case_ioc, Added.NEW
    known = visible_case_iocs(actor).filter(ioc=ioc).exclude(case_id=case_id).exists()
    return case_ioc, Added.KNOWN if known else Added.NEW


def update_ioc(actor: Actor, case_id: int, ioc_id: int, **changes: Any) -> CaseIoc:
    """Change what a case says of an indicator, or correct its type or value.

    Another case's record never changes: correcting a shared indicator gives this case the indicator of
    the new value and leaves the old one to the others. Raise Forbidden, NotFound or Invalid.
    """
    require_case(actor, case_id)
    type_id, value = changes.pop("type_id", None), changes.pop("value", None)
    check_references(
        type_id=(IocType, type_id, "Invalid ioc type ID"),
        tlp_id=(Tlp, changes.get("tlp_id"), "Invalid TLP ID"),
    )
    check_tags(changes.get("tags"))
    with recording(actor) as record:
        case_ioc = _locked(actor, case_id, ioc_id, NOT_IN_CASE)
        if "custom_attributes" in changes:
            changes["custom_attributes"] = merge_attributes(
                "ioc", changes["custom_attributes"], case_ioc.custom_attributes
            )
        before, after = apply_changes(case_ioc, changes, EDITABLE)
        old = case_ioc.ioc
        new_type, new_value = type_id or old.type_id, value or old.value
        if (new_type, new_value) != (old.type_id, old.value):
            before |= {"type_id": old.type_id, "value": old.value}
            after |= {"type_id": new_type, "value": new_value}
            case_ioc.ioc = _corrected(case_ioc, type_id=new_type, value=new_value)
        note(actor, case_ioc, "updated")
        case_ioc.save()
        drop_unreferenced_iocs([ioc_id])
        record(
            "ioc.updated",
            case_ioc,
            case_id=case_id,
            counter=COUNTER,
            summary=f'updated ioc "{case_ioc.ioc.value}"',
            before=before,
            after=after | {"ioc_id": case_ioc.ioc_id},
        )
    return case_ioc


def remove_ioc(actor: Actor, case_id: int, ioc_id: int) -> bool:
    """Take an indicator out of a case; return whether it is gone altogether.

    True also when only cases the actor may not read still hold it. Raise Forbidden or NotFound.
    """
    require_case(actor, case_id)
    with recording(actor) as record:
        case_ioc = _locked(actor, case_id, ioc_id, "Not a valid IOC for this case")
        ioc, pk = case_ioc.ioc, case_ioc.pk
        case_ioc.delete()
        case_ioc.pk = pk  # forgotten with the row, but the audit row is about it
        record(
            "ioc.deleted",
            case_ioc,
            case_id=case_id,
            counter=COUNTER,
            summary=f'deleted ioc "{ioc.value}"',
            before={
                "ioc_id": ioc_id,
                "value": ioc.value,
                "type_id": ioc.type_id,
                "tlp_id": case_ioc.tlp_id,
            },
            after={"is_gone": bool(drop_unreferenced_iocs([ioc_id]))},
        )
    return not visible_case_iocs(actor).filter(ioc_id=ioc_id).exists()


def _found(place: str) -> str:
    return f", found in {place}" if place else ""


def _level_and_references(user: Any, case: Any, default: Any, ioc_type: Any, tlp: Any) -> Any:
    types, levels = IocType.objects.filter(pk=ioc_type), Tlp.objects.filter(pk=tlp)
    are_known = Choice(When(Exists(types) & Exists(levels), then=Value(1)), default=Value(0))
    return level_query(user, case, default).values_list("access_level", are_known)


# One query instead of two: adding an indicator is the most frequent write of all (bench/).
_LEVEL_AND_REFERENCES = CompiledQuery(
    _level_and_references, user=int, case=int, default=int, ioc_type=int, tlp=int
)


def _require_case_and_references(actor: Actor, case_id: int, type_id: int, tlp_id: int) -> None:
    """Raise Forbidden without full access to the case, then Invalid naming what is unknown."""
    if is_possible_id(case_id) and is_possible_id(type_id) and is_possible_id(tlp_id):
        row = _LEVEL_AND_REFERENCES.first(
            user=actor.user_id,
            case=case_id,
            default=int(default_level(actor)),
            ioc_type=type_id,
            tlp=tlp_id,
        )
        if row and row[0] in WRITE and row[1]:
            return
    require_case(actor, case_id)
    check_references(
        type_id=(IocType, type_id, "Invalid ioc type ID"),
        tlp_id=(Tlp, tlp_id, "Invalid TLP ID"),
    )


def _locked(actor: Actor, case_id: int, ioc_id: int, message: str) -> CaseIoc:
    if not is_possible_id(ioc_id):
        ioc_id = 0  # no row has it
    rows = visible_case_iocs(actor, WRITE).select_for_update(of=("self",)).select_related("ioc")
    pk = rows.filter(case_id=case_id, ioc_id=ioc_id).values_list("pk", flat=True).first() or 0
    return find(rows, pk, message)


def _corrected(case_ioc: CaseIoc, *, type_id: int, value: str) -> Ioc:
    others = CaseIoc.objects.filter(ioc=case_ioc.ioc_id).exclude(pk=case_ioc.pk)
    is_shared = others.exists() or not may_be_rewritten(case_ioc.ioc)
    target, is_new = ensure_ioc(type_id=type_id, value=value)
    if CaseIoc.objects.filter(case_id=case_ioc.case_id, ioc=target).exists():
        raise Invalid.field("value", "IOC already exists in this case")
    if is_new and not is_shared:
        target.delete()  # the value is free, so the row keeps its id and takes the new value
        return rewrite_ioc(case_ioc.ioc, type_id=type_id, value=value)
    return target
