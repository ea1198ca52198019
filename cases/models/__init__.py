"""Models of investigations."""

from cases.models.access import CustomerMembership, GroupCaseAccess, UserCaseAccess
from cases.models.assets import Asset, AssetIoc
from cases.models.attributes import AttributeDefinition
from cases.models.cases import Case
from cases.models.customers import Customer
from cases.models.evidences import Evidence
from cases.models.iocs import CaseIoc
from cases.models.lookups import (
    AnalysisStatus,
    AssetType,
    CaseClassification,
    CaseState,
    EventCategory,
    EvidenceType,
    ReviewStatus,
    Severity,
    TaskStatus,
)
from cases.models.notes import Note, NoteDirectory
from cases.models.tasks import GlobalTask, Task, TaskAssignment
from cases.models.timeline import Event, EventAsset, EventIoc

__all__ = [
    "AnalysisStatus",
    "Asset",
    "AssetIoc",
    "AssetType",
    "AttributeDefinition",
    "Case",
    "CaseClassification",
    "CaseIoc",
    "CaseState",
    "Customer",
    "CustomerMembership",
    "Event",
    "EventAsset",
    "EventCategory",
    "EventIoc",
    "Evidence",
    "EvidenceType",
    "GlobalTask",
    "GroupCaseAccess",
    "Note",
    "NoteDirectory",
    "ReviewStatus",
    "Severity",
    "Task",
    "TaskAssignment",
    "TaskStatus",
    "UserCaseAccess",
]
