"""Examples of the contract (§5) for the document of this API: incidents."""

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
