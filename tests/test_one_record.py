"""One record behind all doors: each noun is posted through one door and read through the others (contract §4.8)."""

import itertools
import json
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from cases.models import Case, CaseIoc, Note, NoteDirectory, Task
from incidents.models import Attachment, Incident
from soar.core.models import User
from tests.admin.conftest import BACKEND, shown, url
from tests.http import ApiClient, bearer, key_of, token_of

pytestmark = pytest.mark.django_db
V3 = "/api/csoar/v3/"
TEXT = "Seen twice at night"
DOMAIN_IRIS, DOMAIN_CSOAR = "domain", "domain"


class Iris:
    """The DFIR-IRIS API as its clients use it."""

    def __init__(self, user: User) -> None:
        self.api = ApiClient(key_of(user))

    def _data(self, answer: Any) -> Any:
        assert answer.status_code == 200, answer.content
        return answer.json()["data"]

    def post(self, path: str, **body: Any) -> Any:
        """Return the data of the answer to a POST."""
        return self._data(self.api.post(path, body))

    def get(self, path: str) -> Any:
        """Return the data of the answer to a GET."""
        return self._data(self.api.get(path))

    def add_incident(self, name: str) -> int:
        body = {"case_name": name, "case_description": TEXT, "case_customer": 1, "case_soc_id": ""}
        return int(self.post("/manage/cases/add", **body)["case_id"])

    def incidents(self) -> dict[int, str]:
        rows = self.get("/manage/cases/list")
        return {row["case_id"]: row["case_name"] for row in rows}

    def add_note(self, incident: int, name: str) -> None:
        group = self.post("/case/notes/groups/add", group_title=f"{name} group", cid=incident)
        body = {"note_title": name, "note_content": TEXT, "group_id": group["group_id"]}
        self.post("/case/notes/add", **body, cid=incident)

    def notes(self, incident: int) -> str:
        groups = self.get(f"/case/notes/groups/list?cid={incident}")["groups"]
        ids = [note["note_id"] for group in groups for note in group["notes"]]
        return json.dumps([self.get(f"/case/notes/{pk}?cid={incident}") for pk in ids])

    def add_task(self, incident: int, name: str) -> None:
        body = {"task_title": name, "task_description": TEXT, "task_status_id": 1}
        self.post("/case/tasks/add", **body, task_assignee_id=1, cid=incident)

    def tasks(self, incident: int) -> str:
        return json.dumps(self.get(f"/case/tasks/list?cid={incident}"))

    def add_entity(self, incident: int, name: str) -> None:
        types = self.get("/manage/ioc-types/list")
        kind = next(row["type_id"] for row in types if row["type_name"] == "domain")
        body = {"ioc_type_id": kind, "ioc_tlp_id": 2, "ioc_value": name, "ioc_tags": ""}
        self.post("/case/ioc/add", **body, ioc_description=TEXT, cid=incident)

    def entities(self, incident: int) -> str:
        return json.dumps(self.get(f"/case/ioc/list?cid={incident}"))

    def close(self, incident: int) -> None:
        self.post(f"/manage/cases/close/{incident}")

    def is_closed(self, incident: int) -> bool:
        rows = self.get("/manage/cases/list")
        return any(row["case_id"] == incident and row["case_close_date"] for row in rows)


class CloudSoar:
    """The Cloud SOAR API as scripts use it."""

    def __init__(self, user: User) -> None:
        self.client = Client(headers=bearer(token_of(user)))

    def post(self, path: str, **body: Any) -> Any:
        """Return the answer to a POST."""
        answer = self.client.post(V3 + path, json.dumps(body), content_type="application/json")
        assert answer.status_code in (200, 201), answer.content
        return answer.json()

    def get(self, path: str) -> Any:
        """Return the answer to a GET."""
        answer = self.client.get(V3 + path)
        assert answer.status_code == 200, answer.content
        return answer.json()

    def add_incident(self, name: str) -> int:
        fields = {"description": name, "additional_info": f"<p>{TEXT}</p>"}
        return int(self.post("incidents/", fields=fields)["id"])

    def incidents(self) -> dict[int, str]:
        return {row["id"]: row["description"] for row in self.get("incidents/")}

    def add_note(self, incident: int, name: str) -> None:
        self.post(f"incidents/{incident}/notes/", title=name, additional_info=f"<p>{TEXT}</p>")

    def notes(self, incident: int) -> str:
        return json.dumps(self.get(f"incidents/{incident}/notes/"))

    def add_task(self, incident: int, name: str) -> None:
        self.post(f"incidents/{incident}/tasks/", title=name, description=TEXT)

    def tasks(self, incident: int) -> str:
        return json.dumps(self.get(f"incidents/{incident}/tasks/"))

    def add_entity(self, incident: int, name: str) -> None:
        body = {"type": "domain", "value": name, "additional_info": TEXT}
        self.post(f"incidents/{incident}/entities/", **body)

    def entities(self, incident: int) -> str:
        return json.dumps(self.get(f"incidents/{incident}/entities/"))

    def close(self, incident: int) -> None:
        self.post(f"incidents/{incident}/close/", closing_note="Done")

    def is_closed(self, incident: int) -> bool:
        closing = self.get(f"incidents/{incident}/")["closingtime"]["value"]
        return closing is not None


class Console:
    """The console as operators use it."""

    def __init__(self, user: User) -> None:
        self.client = Client()
        self.client.force_login(user, BACKEND)

    def add(self, model: Any, **data: Any) -> None:
        """Send the form that adds an object."""
        answer = self.client.post(url(model, "add"), data)
        assert answer.status_code == 302, shown(answer)[-2000:]

    def page(self, obj: Any) -> str:
        """Return the text and the fields of an object's page."""
        answer = self.client.get(url(obj))
        assert answer.status_code == 200
        return str(answer.content.decode())

    def add_incident(self, name: str) -> int:
        self.add(Case, name=name, description=TEXT, customer=1, severity=4)
        return Case.objects.latest("pk").pk

    def incidents(self) -> dict[int, str]:
        pages = {one.pk: self.page(one) for one in Incident.objects.select_related("case")}
        names = dict(Case.objects.values_list("pk", "name"))
        return {pk: names[pk] for pk, page in pages.items() if names[pk] in page}

    def add_note(self, incident: int, name: str) -> None:
        self.add(NoteDirectory, case=incident, name=f"{name} folder")
        directory = NoteDirectory.objects.latest("pk").pk
        self.add(Note, case=incident, directory=directory, title=name, content=TEXT)

    def notes(self, incident: int) -> str:
        return "".join(self.page(one) for one in Note.objects.filter(case=incident))

    def add_task(self, incident: int, name: str) -> None:
        text = {"title": name, "description": TEXT}
        self.add(Task, case=incident, **text, status=1, assignee_ids=[1])

    def tasks(self, incident: int) -> str:
        return "".join(self.page(one) for one in Task.objects.filter(case=incident))

    def add_entity(self, incident: int, name: str) -> None:
        kind = CaseIoc._meta.get_field("ioc").related_model.type.field.related_model
        type_id = kind.objects.get(name="domain").pk
        self.add(CaseIoc, case=incident, type=type_id, value=name, tlp=2, description=TEXT)

    def entities(self, incident: int) -> str:
        return "".join(self.page(one) for one in CaseIoc.objects.filter(case=incident))

    def close(self, incident: int) -> None:
        address = url(Case, "changelist")
        self.client.post(address, {"action": "close", "_selected_action": [incident]})

    def is_closed(self, incident: int) -> bool:
        page = self.page(Case.objects.get(pk=incident))
        return "Closed" in page and Case.objects.get(pk=incident).closed_at is not None


DOORS = {"iris": Iris, "cloud soar": CloudSoar, "console": Console}
PAIRS = list(itertools.permutations(DOORS, 2))
NOUNS = {"note": "notes", "task": "tasks", "entity": "entities"}


@pytest.fixture(params=PAIRS, ids=lambda pair: f"{pair[0]} to {pair[1]}")
def doors(request: pytest.FixtureRequest, administrator: User) -> tuple[Any, Any]:
    """A door to post through, and another to read through."""
    return tuple(DOORS[name](administrator) for name in request.param)  # type: ignore[return-value]


def test_an_incident_is_the_same_behind_every_door(doors: tuple[Any, Any]) -> None:
    writer, reader = doors
    pk = writer.add_incident("Beacon to a new domain")
    assert reader.incidents()[pk].removeprefix(f"#{pk} - ") == "Beacon to a new domain"


@pytest.mark.parametrize("noun", NOUNS)
def test_a_part_is_the_same_behind_every_door(doors: tuple[Any, Any], noun: str) -> None:
    writer, reader = doors
    pk = writer.add_incident("Beacon to a new domain")
    getattr(writer, f"add_{noun}")(pk, "c2.example.org")
    read = getattr(reader, NOUNS[noun])(pk)
    assert "c2.example.org" in read
    assert TEXT in read


def test_what_one_door_closes_is_closed_in_the_others(doors: tuple[Any, Any]) -> None:
    writer, reader = doors
    pk = reader.add_incident("Beacon to a new domain")
    assert not reader.is_closed(pk)
    writer.close(pk)
    assert reader.is_closed(pk)


def test_a_file_posted_by_a_script_stands_in_the_console(administrator: User) -> None:
    soar, console = CloudSoar(administrator), Console(administrator)
    pk = soar.add_incident("Beacon to a new domain")
    body = {"file_name": "page.txt", "content_base64": "aGVsbG8=", "additional_info": TEXT}
    soar.post(f"incidents/{pk}/attachments/", **body)
    page = console.page(Attachment.objects.get(incident=pk))
    assert "page.txt" in page
    assert TEXT in page


def test_a_group_that_owns_an_incident_shows_everywhere(administrator: User) -> None:
    soar = CloudSoar(administrator)
    pk = soar.add_incident("Beacon to a new domain")
    group = Group.objects.get(name="Analysts")
    soar.client.patch(
        f"{V3}incidents/{pk}/owner/",
        json.dumps({"owner": {"group": group.pk}}),
        content_type="application/json",
    )
    assert soar.get(f"incidents/{pk}/")["owner"]["value"] == "Analysts (group)"
    assert "Analysts" in Console(administrator).page(Incident.objects.get(pk=pk))
