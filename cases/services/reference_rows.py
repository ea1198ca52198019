"""The tables of reference data whose rows are no more than a name, a description and a colour."""

from cases.models import (
    AnalysisStatus,
    CaseState,
    EventCategory,
    EvidenceType,
    ReviewStatus,
    Severity,
    TaskStatus,
)
from soar.core.services.reference_rows import ReferenceTable

DESCRIBED = frozenset({"name", "description"})

ANALYSIS_STATUSES = ReferenceTable(AnalysisStatus, "analysis_status")
CASE_STATES = ReferenceTable(
    CaseState, "case_state", DESCRIBED, relied_on=frozenset({CaseState.OPEN, CaseState.CLOSED})
)
EVENT_CATEGORIES = ReferenceTable(
    EventCategory, "event_category", relied_on=frozenset({EventCategory.UNSPECIFIED})
)
EVIDENCE_TYPES = ReferenceTable(EvidenceType, "evidence_type", DESCRIBED)
REVIEW_STATUSES = ReferenceTable(ReviewStatus, "review_status")
SEVERITIES = ReferenceTable(Severity, "severity", DESCRIBED, relied_on=frozenset({Severity.LOW}))
TASK_STATUSES = ReferenceTable(TaskStatus, "task_status", DESCRIBED | {"bscolor"})
