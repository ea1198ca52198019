"""Changing, closing, reopening and deleting cases; opening one is incidents.services.incidents."""

from typing import Any

from django.contrib.auth.models import Group
from django.utils import timezone

from cases.attributes import merge_attributes
from cases.models import (
    Case,
    CaseClassification,
    CaseState,
    ReviewStatus,
    Severity,
)
from cases.models.lookups import OutcomeStatus
from cases.permissions import cases_with_level, level_on_case, require_case
from cases.selectors import READ, WRITE, find, visible_cases, visible_customers
from cases.services.references import check_references
from cases.services.rich_texts import with_both
from iocs.services import drop_unreferenced_iocs
from soar.core.actor import Actor
from soar.core.errors import Conflict, Forbidden, Invalid, NotFound
from soar.core.history import apply_changes, is_possible_id, note
from soar.core.models import AuditLog, ChangeCounter, User
from soar.core.permissions import Permission
from soar.core.recording import recording
from soar.core.tags import check_tags

EDITABLE = frozenset(
    {
        "name",
        "description",
        "description_html",
        "soc_id",
        "customer_id",
        "state_id",
        "outcome",
        "severity_id",
        "classification_id",
        "owner_id",
        "owner_group_id",
        "reviewer_id",
        "review_status_id",
        "tags",
        "protagonists",
        "closing_note",
        "custom_attributes",
        "opened_on",
        "opened_at",
        "closed_on",
        "closed_at",
    }
)
UNKNOWN_CASE = "Case not found"
UNKNOWN_CUSTOMER = "Invalid client id"


def admit(actor: Actor, case_id: int, unknown: str) -> None:
    """Let nobody but a standard user with full access on the case pass.

    An administrator is told `unknown` (NotFound) for a missing case and for one that denies him; for
    anybody else both are Forbidden, so that neither learns which it was (contract §3, cases).
    """
    actor.require(Permission.STANDARD_USER)
    level = level_on_case(actor, case_id)
    if level not in READ and actor.is_administrator:
        raise NotFound(unknown)
    if level not in WRITE:
        raise Forbidden(case_id=case_id)


def check_case_references(actor: Actor, values: dict[str, Any]) -> None:
    """Raise Invalid naming every value of a case that refers to nothing the actor may use."""
    customer_id = values.get("customer_id")
    if customer_id is not None:
        known = is_possible_id(customer_id) and (
            visible_customers(actor).filter(pk=customer_id).exists()
        )
        if not known:
            raise Invalid.field("customer_id", UNKNOWN_CUSTOMER)
    if values.get("outcome", 0) not in OutcomeStatus.values:
        raise Invalid.field("outcome", "Invalid status")
    check_references(
        classification_id=(
            CaseClassification,
            values.get("classification_id"),
            "Invalid case classification ID",
        ),
        severity_id=(Severity, values.get("severity_id"), "Invalid severity ID"),
        state_id=(CaseState, values.get("state_id"), "Invalid case state ID"),
        owner_id=(User, values.get("owner_id"), "Invalid owner ID"),
        owner_group_id=(Group, values.get("owner_group_id"), "Invalid owner group ID"),
        reviewer_id=(User, values.get("reviewer_id"), "Invalid reviewer ID"),
        review_status_id=(ReviewStatus, values.get("review_status_id"), "Invalid review status ID"),
    )


def update_case(actor: Actor, case_id: int, **changes: Any) -> Case:
    """Change a case; entering or leaving the state Closed closes or reopens it.

    Raise Forbidden, NotFound or Invalid.
    """
    admit(actor, case_id, UNKNOWN_CASE)
    check_case_references(actor, changes)
    check_tags(changes.get("tags"))
    with recording(actor) as record:
        case = _locked(actor, case_id)
        if "custom_attributes" in changes:
            changes["custom_attributes"] = merge_attributes(
                "case", changes["custom_attributes"], case.custom_attributes
            )
        state_id = changes.get("state_id")
        if state_id is not None:
            is_closed = CaseState.objects.get(pk=state_id).is_closed
            if is_closed != (case.closed_on is not None):
                changes |= _closing(is_closed=is_closed)
        if changes.get("owner_id") not in (None, case.owner_id):
            changes.setdefault(
                "owner_group_id", None
            )  # whoever owned it with a group no longer does
        changes = with_both(changes, "description")
        before, after = apply_changes(case, changes, EDITABLE)
        note(actor, case, "updated case")
        case.save()
        summary = f"updated case {case}"
        record("case.updated", case, case_id=case_id, summary=summary, before=before, after=after)
    return case


def update_summary(actor: Actor, case_id: int, *, description: str) -> Case:
    """Overwrite the markdown summary of a case. Raise Forbidden."""
    require_case(actor, case_id)
    with recording(actor) as record:
        case = _locked(actor, case_id)
        changes = with_both({"description": description}, "description")
        before, after = apply_changes(case, changes, EDITABLE)
        note(actor, case, "updated summary")
        case.save(update_fields=["description", "description_html", "history"])
        record(
            "case.summary_updated",
            case,
            case_id=case_id,
            summary="updated summary",
            before=before,
            after=after,
        )
    return case


def set_outcome(actor: Actor, case_id: int, *, outcome: int) -> Case:
    """Say how a case turned out. Raise Forbidden or Invalid."""
    require_case(actor, case_id)
    check_case_references(actor, {"outcome": outcome})
    with recording(actor) as record:
        case = _locked(actor, case_id)
        before, after = apply_changes(case, {"outcome": outcome}, EDITABLE)
        note(actor, case, "updated outcome")
        case.save(update_fields=["outcome", "history"])
        record(
            "case.outcome_set",
            case,
            case_id=case_id,
            summary=f"set outcome to {case.get_outcome_display()}",
            before=before,
            after=after,
        )
    return case


def close_case(actor: Actor, case_id: int) -> Case:
    """Close a case as of today; it stays editable. Raise Forbidden or NotFound."""
    admit(actor, case_id, "Tried to close an non-existing case")
    return _move(actor, case_id, CaseState.CLOSED, "case.closed", "closed case")


def reopen_case(actor: Actor, case_id: int) -> Case:
    """Open a case again, whether it was closed or not. Raise Forbidden or NotFound."""
    admit(actor, case_id, "Tried to reopen an non-existing case")
    return _move(actor, case_id, CaseState.OPEN, "case.reopened", "reopened case")


def delete_case(actor: Actor, case_id: int) -> None:
    """Delete a case and everything in it, and the indicators no other case holds.

    Raise Forbidden, NotFound, or Conflict for the initial case.
    """
    admit(actor, case_id, "Tried to delete a non-existing case")
    erase_case(actor, case_id)


def erase_case(actor: Actor, case_id: int) -> None:
    """Delete a case, a hidden one too, for whoever has full access to it.

    Raise NotFound, or Conflict for the initial case.
    """
    if case_id == Case.INITIAL:
        raise Conflict("Cannot delete a primary case to keep consistency")
    with recording(actor) as record:
        rows = cases_with_level(actor).filter(access_level__in=WRITE)
        case = find(rows.select_for_update(of=("self",)), case_id, UNKNOWN_CASE)
        ioc_ids = list(case.case_iocs.values_list("ioc_id", flat=True))
        record(
            "case.deleted",
            case,
            case_id=case_id,
            summary=f"deleted case {case}",
            before={"name": case.name, "customer_id": case.customer_id, "soc_id": case.soc_id},
        )
        case.delete()
        ChangeCounter.objects.filter(case_id=case_id).delete()
        drop_unreferenced_iocs(ioc_ids)


def hide_case(actor: Actor, case_id: int) -> Case:
    """Delete a case so that it can be restored: until then it is hidden with everything in it.

    Raise Forbidden, NotFound, or Conflict for the initial case.
    """
    admit(actor, case_id, UNKNOWN_CASE)
    if case_id == Case.INITIAL:
        raise Conflict("Cannot delete a primary case to keep consistency")
    with recording(actor) as record:
        case = _locked(actor, case_id)
        case.deleted_at = timezone.now()
        note(actor, case, "deleted case")
        case.save(update_fields=["deleted_at", "history"])
        record("case.hidden", case, case_id=case_id, summary=f"deleted case {case}")
    return case


def restore_case(actor: Actor, case_id: int) -> Case:
    """Bring a hidden case back. Raise Forbidden, NotFound, or Conflict when it is not hidden."""
    actor.require(Permission.STANDARD_USER)
    with recording(actor) as record:
        rows = cases_with_level(actor).filter(access_level__in=WRITE)
        case = find(rows.select_for_update(of=("self",)), case_id, UNKNOWN_CASE)
        if case.deleted_at is None:
            raise Conflict("This is not deleted")
        case.deleted_at = None
        note(actor, case, "restored case")
        case.save(update_fields=["deleted_at", "history"])
        record("case.restored", case, case_id=case_id, summary=f"restored case {case}")
    return case


def add_activity(actor: Actor, case_id: int, *, content: str) -> AuditLog:
    """Log what an analyst says he did, and return the line. Raise Forbidden."""
    require_case(actor, case_id)
    with recording(actor) as record:
        case = find(visible_cases(actor), case_id, UNKNOWN_CASE)
        record("case.activity_logged", case, case_id=case_id, summary=content, is_user_input=True)
    lines = AuditLog.objects.filter(
        case_id=case_id, actor_id=actor.user_id, action="case.activity_logged"
    )
    return lines.latest("id")


def _closing(*, is_closed: bool) -> dict[str, Any]:
    """Return when a case that is closed now was closed, or that it is not."""
    now = timezone.now() if is_closed else None
    return {"closed_at": now, "closed_on": now and now.date()}


def _move(actor: Actor, case_id: int, state_id: int, action: str, text: str) -> Case:
    with recording(actor) as record:
        case = _locked(actor, case_id)
        changes = {"state_id": state_id, **_closing(is_closed=state_id == CaseState.CLOSED)}
        before, after = apply_changes(case, changes, EDITABLE)
        note(actor, case, text)
        case.save(update_fields=["state", "closed_on", "closed_at", "history"])
        summary = f"{text} {case}"
        record(action, case, case_id=case_id, summary=summary, before=before, after=after)
    return case


def _locked(actor: Actor, case_id: int) -> Case:
    rows = visible_cases(actor, WRITE).select_for_update(of=("self",))
    return find(rows, case_id, UNKNOWN_CASE)
