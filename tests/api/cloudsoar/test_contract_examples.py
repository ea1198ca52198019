"""The requests of contract §5 over real HTTP, by Python's requests and by curl, below both mounts.

Playbooks are not served yet. Example 14, a revoked token, is in test_over_http.
"""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from incidents.models import (
    CustomField,
    IncidentLabel,
    IncidentSettings,
    IncidentTemplate,
    ListField,
    ListValue,
)
from soar.api.cloudsoar.mounts import CURRENT, LEGACY
from soar.core.models import User
from tests.http import token_of

pytestmark = pytest.mark.slow
HTML = "<table><tr><td>src</td><td>203.0.113.7</td></tr></table>"
HTML_SHOWN = "<table><tbody><tr><td>src</td><td>203.0.113.7</td></tr></tbody></table>"
Sent = tuple[int, Any]


@pytest.fixture
def token(live_server: Any) -> str:
    """The administrator's token; the set-up the examples speak of is there."""
    sections = CustomField.Section
    for section in (sections.INCIDENTS, sections.TRIAGE):
        for number, label in ((1, "Affected site"), (2, "Insight")):
            CustomField.objects.create(
                section=section, number=number, label=label, type=CustomField.Type.TEXT
            )
    return token_of(User.objects.get(pk=1))


def by_requests(base: str, token: str) -> Callable[..., Sent]:
    """Send JSON as Python scripts do, with slashes at the end."""

    def send(method: str, path: str, body: Any = None) -> Sent:
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        text = None if body is None else json.dumps(body)
        if text is not None:
            headers["Content-Type"] = "application/json"
        answer = requests.request(
            method, f"{base}/{path}", data=text, headers=headers, timeout=30, allow_redirects=False
        )
        return answer.status_code, answer.json() if answer.content else None

    return send


def by_curl(base: str, token: str) -> Callable[..., Sent]:
    """Send the same as shell scripts do, without slashes at the end."""

    def send(method: str, path: str, body: Any = None) -> Sent:
        words = ["-X", method, f"{base}/{path.rstrip('/')}"]
        if body is not None:
            words += ["-H", "Content-Type: application/json", "-d", json.dumps(body)]
        return curl(token, *words)

    return send


def curl(token: str, *words: str) -> Sent:
    """Return status and JSON of what curl gets."""
    command = ["curl", "--silent", "--show-error", "--write-out", "\n%{http_code}"]
    command += ["-H", f"Authorization: Bearer {token}", *words]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    body, _, code = out.rpartition("\n")
    return int(code), json.loads(body) if body else None


WAYS = {"legacy by curl": (LEGACY, by_curl), "current by requests": (CURRENT, by_requests)}


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> Any:
    """A mount, and the client that sends to it; both of both are used."""
    return WAYS[request.param]


@pytest.fixture
def base(way: Any, live_server: Any) -> str:
    """The address of the mount."""
    return f"{live_server.url}{way[0]}".rstrip("/")


@pytest.fixture
def send(way: Any, base: str, token: str) -> Any:
    """Send a request."""
    return way[1](base, token)


@pytest.fixture
def incident(send: Any) -> int:
    """An incident the examples work on."""
    _, made = send("POST", "incidents/", {"fields": {"description": "Impossible travel"}})
    return int(made["id"])


def value_of(field: ListField, label: str) -> int:
    """Return the id of a list value."""
    return ListValue.objects.get(field=field, label=label).pk


def test_1_who_am_i(send: Any) -> None:
    code, body = send("GET", "whoami/")
    assert (code, body["id"], body["username"]) == (200, 1, "administrator")
    assert "cloudSoarAPIUse" in body["capabilities"]
    assert set(body["token"]) == {"jti", "created_at", "expires_at", "last_used_at"}


def test_2_the_documented_body(send: Any) -> None:
    template = IncidentTemplate.objects.create(name="Travel", fields={"opt_1": "Milan"})
    body = {
        "template_id": template.pk,
        "fields": {
            "incidentid": "INC-2025-00042",
            "description": "Impossible travel for j.doe",
            "additional_info": "<p>Login from two countries in 9 minutes</p>",
            "starttime": "2025-03-04T08:55:00Z",
            "incident_kind": value_of(ListField.KIND, "Incident response"),
            "incident_category": value_of(ListField.CATEGORY, "General"),
            "status": value_of(ListField.STATUS, "Identification"),
            "restriction": value_of(ListField.RESTRICTION, "HIGH"),
        },
    }
    code, made = send("POST", "incidents/", body)
    assert code == 201
    assert made["incidentid"] == {"name": "Incident ID", "value": "INC-2025-00042"}
    high = value_of(ListField.RESTRICTION, "HIGH")
    assert made["restriction"] == {"name": "Severity", "value": "HIGH", "id": high}
    assert made["status"]["value"] == "Identification"
    assert made["starttime"]["value"] == "2025-03-04T08:55:00Z"
    assert made["closingtime"] == {"name": "Closing time", "value": None}
    assert made["opt_1"] == {"name": "Affected site", "value": "Milan"}


def test_3_the_other_known_body(send: Any) -> None:
    template = IncidentTemplate.objects.create(name="Insight")
    fields = {
        "description": "",
        "incidentid": "INSIGHT-28592",
        "opt_2": "INSIGHT-28592",
        "type": ["Incident Management"],
    }
    body = {"name": "INSIGHT-28592", "incident_type": {"id": template.pk}, "owner": 1}
    code, made = send("POST", "incidents", {**body, "fields": fields})
    assert code == 201
    assert made["description"] == {"name": "Description", "value": ""}
    assert made["type"]["value"] == ["Incident Management"]
    assert made["opt_2"]["value"] == "INSIGHT-28592"


def test_4_a_form_changes_one_field(base: str, token: str, live_server: Any) -> None:
    made = by_requests(base, token)("POST", "incidents/", {"fields": {"description": "Travel"}})[1]
    text = "<p>Login from two countries</p><br>incident field Priority modified to HIGH"
    code, body = curl(
        token,
        *("-X", "PUT", f"{base}/incidents/{made['id']}"),
        *("-H", "Accept: application/json;charset=UTF-8"),
        *("-H", "Content-Type: application/x-www-form-urlencoded"),
        *("--data-urlencode", f"additional_info={text}"),
    )
    assert code == 200
    assert body == made | {"additional_info": {"name": "Additional info", "value": text}}


def test_5_a_form_opens_an_incident(base: str, token: str) -> None:
    template = IncidentTemplate.objects.create(name="Found")
    code, body = curl(
        token,
        *("-X", "POST", f"{base}/incidents"),
        *("-H", "Accept: application/x-www-form-urlencoded"),
        *("-F", f"template_id={template.pk}", "-F", "fields[description]=USB stick found"),
        *("-F", "type=Malware", "-F", "type=Physical"),
    )
    assert (code, body["type"]["value"]) == (201, ["Malware", "Physical"])
    assert body["description"]["value"] == "USB stick found"


def test_6_a_search(send: Any) -> None:
    fields = {"incidentid": "INSIGHT-28592", "type": ["Incident Management"], "description": ""}
    made = send("POST", "incidents/", {"fields": fields})[1]
    columns = ["incidentid", "status", "openingtime", "owner", "description", "type"]
    body = {"all": True, "page_size": 50, "page_number": 1, "columns": columns}
    code, rows = send("POST", "incidents/search/", body | {"filter": "Incident ID: INSIGHT-28592"})
    assert code == 200
    assert rows == [
        {
            "id": made["id"],
            "incidentid": "INSIGHT-28592",
            "status": "Identification",
            "openingtime": made["openingtime"]["value"],
            "owner": "administrator",
            "description": "",
            "type": ["Incident Management"],
        }
    ]


def test_7_a_note(send: Any, incident: int) -> None:
    body = {
        "title": "Investigation",
        "additional_info": HTML,
        "created_on": "2025-03-04T09:31:00.123456Z",
        "created_by": "administrator",
    }
    code, note = send("POST", f"incidents/{incident}/notes/", body)
    assert code == 201
    expected = body | {"additional_info": HTML_SHOWN, "updated_on": None, "is_deleted": False}
    assert {name: note[name] for name in expected} == expected


def test_8_an_attachment(base: str, token: str, tmp_path: Path) -> None:
    made = by_requests(base, token)("POST", "incidents/", {"fields": {"description": "Page"}})[1]
    file = tmp_path / "page.png"
    file.write_bytes(b"\x89PNG\r\n\x1a\n" + b"0" * 40)
    name = "Attachment 04-03-2025 09:40:12.png"
    code, body = curl(
        token,
        f"{base}/incidents/{made['id']}/attachments/",
        *("-H", "Accept: application/json;charset=UTF-8"),
        *("-F", f"attachment=@{file};filename={name};type=application/octet-stream"),
        *("-F", f"file_name={name}", "-F", "additional_info=Add attachment from API"),
        *("-F", "reference=00"),
    )
    assert code == 201
    shown = {"file_name": name, "file_size": 48, "file_type": "image/png", "reference": "00"}
    assert {key: body[key] for key in shown} == shown
    assert (body["uploader"], body["description"]) == ("administrator", "Add attachment from API")
    assert len(body["sha256"]) == 64


def test_9_entities_by_json_under_the_header_of_a_form(
    base: str, token: str, incident_of: Callable[[], int]
) -> None:
    entity = {"type": "ipaddress", "value": "203.0.113.7"}
    by_requests(base, token)("POST", f"incidents/{incident_of()}/entities/", entity)
    form = ("-H", "Content-Type: application/x-www-form-urlencoded")
    search = '{"page_number": 1, "page_size": 150, "filter": "value:\\"203.0.113.7\\""}'
    code, rows = curl(token, f"{base}/entities/search/", *form, "-d", search)
    assert (code, len(rows)) == (200, 1)
    expected = {"value": "203.0.113.7", "type": "ipaddress", "tag": [], "favorite": False}
    expected |= {"related_incidents_count": 1, "locked": False, "deleted": False}
    assert rows[0] == {"id": rows[0]["id"], **expected}
    patch = json.dumps({"tag": "🔴,MALICIOUS", "additional_info": "Seen in feed"})
    address = f"{base}/entities/{rows[0]['id']}/"
    code, body = curl(token, "-X", "PATCH", address, *form, "-d", patch)
    assert (code, body["detail"]) == (200, "Entity updated")
    assert body["tag"] == [{"value": "🔴"}, {"value": "MALICIOUS"}]
    assert body["threat_indicator"] == "malicious"


@pytest.fixture
def incident_of(base: str, token: str) -> Callable[[], int]:
    """Open an incident below the mount."""
    body = {"fields": {"description": "Impossible travel"}}
    return lambda: int(by_requests(base, token)("POST", "incidents/", body)[1]["id"])


def test_10_the_timeline(send: Any, incident: int) -> None:
    send("POST", f"incidents/{incident}/notes/", {"title": "Look", "additional_info": "<p>x</p>"})
    code, steps = send("GET", f"incidents/{incident}/timeline/?category=note")
    assert (code, len(steps)) == (200, 1)
    step = steps[0]
    assert isinstance(step["id"], int)
    assert isinstance(step["starttime"]["value"], int)
    assert step["endtime"]["value"] == 0
    assert step["category"] == {"name": "Category", "value": "note"}
    assert step["title"] == {"name": "Title", "value": "Look"}
    assert step["is_locked"] == {"name": "Locked", "value": False}


def test_11_an_external_alert(send: Any, incident: int) -> None:
    data = {"rule": "Impossible travel", "user": "j.doe", "src": ["203.0.113.7", "198.51.100.23"]}
    body = {"type": "Sumo Logic", "data": data}
    code, alert = send("POST", f"incidents/{incident}/external_alerts/", body)
    assert (code, {name: alert[name] for name in body}) == (201, body)
    assert send("GET", f"incidents/{incident}/external_alerts/{alert['id']}/")[1]["data"] == data


def test_12_triage(send: Any) -> None:
    label = IncidentLabel.objects.get(pk=1)
    body = {
        "type": "Phishing",
        "source": "mailgate",
        "external_id": "MG-99183",
        "opt_1": "invoice.example.com",
        "opt_2": "Urgent invoice",
    }
    code, event = send("POST", "triage/", body)
    assert code == 201
    expected = {"state": "pending", "status": "New", "type": "Phishing", "owner": None}
    assert {name: event[name] for name in expected} == expected
    assert (event["opt_1"], event["opt_2"]) == ("invoice.example.com", "Urgent invoice")
    code, again = send("POST", "triage/", body)
    assert (code, again["id"]) == (200, event["id"])
    code, grabbed = send("POST", f"triage/{event['id']}/grab/", {})
    assert (code, grabbed["state"], grabbed["owner"]) == (200, "grabbed", "administrator")
    convert = {"owner": 1, "label_id": label.pk}
    code, made = send("POST", f"triage/{event['id']}/convert/", convert)
    assert (code, made["triage_id"]) == (201, event["id"])
    code, told = send("POST", f"triage/{event['id']}/convert/", convert)
    converted = made["incident"]
    assert (code, told["error"]) == (409, "Already converted")
    assert told["description"] == (
        f"Triage event {event['id']} was converted to incident {converted['id']} "
        f"({converted['incidentid']})."
    )


def test_13_closing_without_the_note(send: Any, incident: int, requires_note: None) -> None:
    code, body = send("POST", f"incidents/{incident}/close/", {})
    assert code == 400
    assert body == {
        "error": "Invalid request",
        "description": "A closing note is required.",
        "fields": {"closing_note": ["This field is required."]},
    }


@pytest.fixture
def requires_note(live_server: Any) -> None:
    """An incident is closed with a note only."""
    IncidentSettings.objects.update(requires_closing_note=True)
