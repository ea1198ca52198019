"""Reference data of alerts."""

from incidents.models import AlertStatus
from soar.core.admin.reference import register_table
from soar.core.services.reference_rows import ReferenceTable

ALERT_STATUSES = ReferenceTable(AlertStatus, "alert_status", frozenset({"name", "description"}))
register_table(ALERT_STATUSES, columns=("description",))
