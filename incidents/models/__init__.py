"""Models of the operational side."""

from incidents.models.alerts import Alert, AlertIoc, AlertNote
from incidents.models.custom_fields import CustomField
from incidents.models.incidents import (
    FavoriteIncident,
    Incident,
    IncidentRelation,
    IncidentType,
    Investigator,
)
from incidents.models.labels import IncidentLabel, LabelCounter
from incidents.models.lists import Folder, IncidentSettings, ListField, ListValue
from incidents.models.lookups import AlertStatus
from incidents.models.parts import (
    Artifact,
    Attachment,
    ExternalAlert,
    StoredFile,
    TaskDetails,
    TimelineEntry,
    TimelineMark,
)
from incidents.models.personal import FavoriteIoc, SavedSearch
from incidents.models.templates import IncidentTemplate

__all__ = [
    "Alert",
    "AlertIoc",
    "AlertNote",
    "AlertStatus",
    "Artifact",
    "Attachment",
    "CustomField",
    "ExternalAlert",
    "FavoriteIncident",
    "FavoriteIoc",
    "Folder",
    "Incident",
    "IncidentLabel",
    "IncidentRelation",
    "IncidentSettings",
    "IncidentTemplate",
    "IncidentType",
    "Investigator",
    "LabelCounter",
    "ListField",
    "ListValue",
    "SavedSearch",
    "StoredFile",
    "TaskDetails",
    "TimelineEntry",
    "TimelineMark",
]
