"""Examples of the contract (§5) for the document of this API: incidents."""

OPENED = {
    "id": 8508,
    "incidentid": {"name": "Incident ID", "value": "INC-2025-00042"},
    "type": {"name": "Type", "value": ["Account compromise"], "id": [13516]},
    "status": {"name": "Status", "value": "Identification", "id": 41},
    "restriction": {"name": "Severity", "value": "HIGH", "id": 53},
    "description": {"name": "Description", "value": "Impossible travel for j.doe"},
    "owner": {"name": "Owner", "value": "Admins (group)"},
    "folder": {"name": "Folder", "value": "Incidents"},
    "openingtime": {"name": "Opening time", "value": "2025-03-04T09:13:02Z"},
    "closingtime": {"name": "Closing time", "value": None},
    "tags": {"name": "Tags", "value": ["identity"]},
    "is_deleted": {"name": "Deleted", "value": False},
    "created_by": {"name": "Created by", "value": "mrossi"},
    "opt_1": {"name": "Affected site", "value": "Milan"},
}
FOUND = [
    {
        "id": 8509,
        "incidentid": "INSIGHT-28592",
        "status": "Identification",
        "openingtime": "2025-03-04T09:20:11Z",
        "owner": "mrossi",
        "description": "",
        "type": ["Incident Management"],
    }
]
COLUMNS = [
    {
        "field": "restriction",
        "label": "Severity",
        "type": "list",
        "sortable": True,
        "filterable": True,
        "values": [{"id": 12, "label": "LOW"}, {"id": 14, "label": "HIGH"}],
    }
]
