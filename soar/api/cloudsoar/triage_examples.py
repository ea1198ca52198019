"""Examples of triage in the OpenAPI document (contract §5, 12)."""

PENDING = {
    "id": 640,
    "state": "pending",
    "status": "New",
    "type": "Phishing",
    "owner": None,
    "created_at": "2025-03-04T10:00:00Z",
    "opt_1": "invoice.example.com",
    "opt_2": "Urgent invoice",
}
GRABBED = {"id": 640, "state": "grabbed", "owner": "mrossi"}
CONVERTED = {"triage_id": 640, "incident": {"id": 8510, "incidentid": "INC-2025-00044"}}
NOTE = {
    "id": 3,
    "title": "Sender",
    "additional_info": "<p>Not a supplier of ours</p>",
    "created_on": "2025-03-04T10:05:00.000000Z",
    "created_by": "mrossi",
    "updated_on": None,
    "is_deleted": False,
}
