"""Readers of set-up, which every user may read."""

from django.db.models import (
    QuerySet,
)

from incidents.models import (
    CustomField,
    Folder,
    IncidentLabel,
    IncidentSettings,
    IncidentTemplate,
    ListValue,
)
from soar.core.actor import Actor
from soar.core.compiled import CompiledObjects


def visible_list_values(actor: Actor) -> QuerySet[ListValue]:
    """Return the list values."""
    return ListValue.objects.all()


def visible_folders(actor: Actor) -> QuerySet[Folder]:
    """Return the folders."""
    return Folder.objects.all()


def visible_incident_labels(actor: Actor) -> QuerySet[IncidentLabel]:
    """Return the naming schemes."""
    return IncidentLabel.objects.all()


def visible_incident_templates(actor: Actor) -> QuerySet[IncidentTemplate]:
    """Return the templates."""
    return IncidentTemplate.objects.all()


def visible_custom_fields(actor: Actor) -> QuerySet[CustomField]:
    """Return the custom fields there are; removed ones are not among them."""
    return CustomField.objects.filter(removed_at=None)


_CUSTOM_FIELDS = CompiledObjects(
    CustomField,
    lambda actor, section: visible_custom_fields(actor).filter(section=section),
    section=str,
)


def custom_fields_of(actor: Actor, section: str) -> list[CustomField]:
    """Return the custom fields of a section."""
    return _CUSTOM_FIELDS.all(actor=actor, section=section)


def visible_incident_settings(actor: Actor) -> QuerySet[IncidentSettings]:
    """Return how this installation works."""
    return IncidentSettings.objects.all()
