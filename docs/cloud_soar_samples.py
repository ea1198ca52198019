"""The two Python samples of the vendor's page, with a host and a token, and the quote it forgot.

SOAR_TOKEN=... python cloud_soar_samples.py
"""

import json
import os

import requests

soar = os.environ.get("SOAR_URL", "http://127.0.0.1:8000")
token = os.environ["SOAR_TOKEN"]

# POST/PUT request (with data payload)
headers = {
    "Authorization": f"Bearer {token}",
    "Accept": "application/json",
    "Content-Type": "application/json",
}
new_incident = json.dumps(
    {"fields": {"description": "Impossible travel", "additional_info": "<p>Two countries</p>"}}
)
new_inc = requests.post(
    f"{soar}/incmansuite_ng/api/v3/incidents", data=new_incident, headers=headers, timeout=60
)
incident = json.loads(new_inc.text)
incident_id = incident["id"]

# GET request (without data payload)
headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
inc = requests.get(
    f"{soar}/incmansuite_ng/api/v3/incidents/{incident_id}", headers=headers, timeout=60
)
incident = json.loads(inc.text)
print(incident["id"], incident["incidentid"]["value"], incident["description"]["value"])
