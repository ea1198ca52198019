"""An alert as a dict of JSON values, under the names IRIS gives its columns (contract iris-modules §2.3)."""

from incidents.models import Alert, AlertIoc
from modules.snapshots.shapes import Shape, customer, ioc_type, iso, user


def alert(row: Alert) -> Shape:
    """Return an alert with its indicators, and the incident it became as its case."""
    severity, classification = row.severity, row.type.classification
    return {
        "alert_id": row.pk,
        "alert_uuid": str(row.uuid),
        "alert_title": row.title,
        "alert_description": row.description,
        "alert_source": row.source,
        "alert_source_ref": row.external_id,
        "alert_source_link": "",
        "alert_source_content": row.content,
        "alert_source_event_time": iso(row.created_at),
        "alert_context": row.custom,
        "alert_creation_time": iso(row.created_at),
        "alert_note": row.reason,
        "alert_tags": row.tags,
        "alert_severity_id": row.severity_id,
        "severity": severity and {"severity_id": severity.pk, "severity_name": severity.name},
        "alert_status_id": row.status_id,
        "status": {"status_id": row.status_id, "status_name": row.status.name},
        "alert_customer_id": row.customer_id,
        "customer": customer(row.customer),
        "alert_owner_id": row.owner_id,
        "owner": user(row.owner),
        "alert_classification_id": row.type.classification_id,
        "classification": classification and {"id": classification.pk, "name": classification.name},
        "alert_resolution_status_id": None,
        "resolution_status": None,
        "iocs": [_ioc(one) for one in row.alert_iocs.all()],
        "assets": [],
        "cases": [row.incident_id] if row.incident_id else [],
        "comments": [],
        "user_id": row.created_by_id,
        "user": user(row.created_by),
        "custom_attributes": {},
        "modification_history": {},
    }


def _ioc(row: AlertIoc) -> Shape:
    return {
        "ioc_id": row.ioc_id,
        "ioc_uuid": str(row.ioc.uuid),
        "ioc_value": row.ioc.value,
        "ioc_type_id": row.ioc.type_id,
        "ioc_type": ioc_type(row.ioc.type),
        "ioc_tlp_id": row.tlp_id,
        "ioc_description": row.description,
        "ioc_tags": row.tags,
        "ioc_enrichment": row.ioc.enrichment or {},
    }
