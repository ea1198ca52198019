"""The evidence register of a case."""

from typing import Any

from cases.attributes import merge_attributes
from cases.models import Evidence, EvidenceType
from cases.permissions import require_case
from cases.selectors import WRITE, find, visible_evidences
from cases.services.references import check_references
from soar.core.actor import Actor
from soar.core.history import apply_changes, note
from soar.core.recording import recording

COUNTER = "evidences"
EDITABLE = frozenset(
    {
        "filename",
        "size_bytes",
        "file_hash",
        "description",
        "type_id",
        "start_at",
        "end_at",
        "custom_attributes",
    }
)
NOT_IN_CASE = "Invalid evidence ID for this case"


def add_evidence(
    actor: Actor,
    case_id: int,
    *,
    filename: str,
    custom_attributes: dict[str, Any] | None = None,
    **fields: Any,
) -> Evidence:
    """Register a piece of evidence. Raise Forbidden or Invalid."""
    require_case(actor, case_id)
    _check_type(fields.get("type_id"))
    with recording(actor) as record:
        evidence = Evidence(case_id=case_id, user_id=actor.user_id)
        attributes = merge_attributes("evidence", custom_attributes)
        values = fields | {"filename": filename, "custom_attributes": attributes}
        _, after = apply_changes(evidence, values, EDITABLE)
        note(actor, evidence, "created")
        evidence.save()
        record(
            "evidence.created",
            evidence,
            case_id=case_id,
            counter=COUNTER,
            summary=f'added evidence "{filename}"',
            after=after,
        )
    return evidence


def update_evidence(actor: Actor, case_id: int, evidence_id: int, **changes: Any) -> Evidence:
    """Change what is known of a piece of evidence. Raise Forbidden, NotFound or Invalid."""
    require_case(actor, case_id)
    _check_type(changes.get("type_id"))
    with recording(actor) as record:
        evidence = _locked(actor, case_id, evidence_id)
        if "custom_attributes" in changes:
            changes["custom_attributes"] = merge_attributes(
                "evidence", changes["custom_attributes"], evidence.custom_attributes
            )
        before, after = apply_changes(evidence, changes, EDITABLE)
        note(actor, evidence, "updated")
        evidence.save()
        record(
            "evidence.updated",
            evidence,
            case_id=case_id,
            counter=COUNTER,
            summary=f'updated evidence "{evidence.filename}"',
            before=before,
            after=after,
        )
    return evidence


def delete_evidence(actor: Actor, case_id: int, evidence_id: int) -> None:
    """Strike a piece of evidence from the register. Raise Forbidden or NotFound."""
    require_case(actor, case_id)
    with recording(actor) as record:
        evidence = _locked(actor, case_id, evidence_id)
        record(
            "evidence.deleted",
            evidence,
            case_id=case_id,
            counter=COUNTER,
            summary=f'deleted evidence "{evidence.filename}"',
            before={"filename": evidence.filename, "file_hash": evidence.file_hash},
        )
        evidence.delete()


def _locked(actor: Actor, case_id: int, evidence_id: int) -> Evidence:
    rows = visible_evidences(actor, WRITE).filter(case_id=case_id)
    return find(rows.select_for_update(of=("self",)), evidence_id, NOT_IN_CASE)


def _check_type(type_id: int | None) -> None:
    check_references(type_id=(EvidenceType, type_id, "Invalid evidence type ID"))
