"""The short way to load: the services in this process, several writes to a transaction."""

import os
from collections.abc import Callable
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "soar.settings")
django.setup()

# What follows needs the settings.
from django.db import transaction  # noqa: E402
from django.test import Client  # noqa: E402
from rest_framework.serializers import Serializer  # noqa: E402

from bench.client import data_of  # noqa: E402
from cases.services.assets import add_asset  # noqa: E402
from cases.services.iocs import add_ioc  # noqa: E402
from cases.services.notes import add_note, add_note_directory  # noqa: E402
from cases.services.tasks import add_task  # noqa: E402
from cases.services.timeline import add_event  # noqa: E402
from incidents.services.alert_parts import take_in  # noqa: E402
from incidents.services.incidents import open_incident  # noqa: E402
from soar.api.cloudsoar.triage import resolved  # noqa: E402
from soar.api.cloudsoar.triage_shapes import TriageIn  # noqa: E402
from soar.api.iris.assets import AssetIn  # noqa: E402
from soar.api.iris.cases import CaseIn  # noqa: E402
from soar.api.iris.iocs import IocIn  # noqa: E402
from soar.api.iris.notes import GroupIn, NoteIn  # noqa: E402
from soar.api.iris.tasks import TaskIn  # noqa: E402
from soar.api.iris.timeline import EventIn  # noqa: E402
from soar.core.actor import Actor  # noqa: E402
from soar.core.models import User  # noqa: E402

BATCH = 200
Service = Callable[..., Any]


def _open(actor: Actor, _: int, **fields: Any) -> Any:
    return open_incident(actor, **fields)


def _take_in(actor: Actor, _: int, **values: Any) -> Any:
    return take_in(actor, **resolved(values))


SERVICES: dict[str, tuple[type[Serializer[Any]], Service]] = {
    "manage/cases/add": (CaseIn, _open),
    "case/ioc/add": (IocIn, add_ioc),
    "case/assets/add": (AssetIn, add_asset),
    "case/timeline/events/add": (EventIn, add_event),
    "case/tasks/add": (TaskIn, add_task),
    "case/notes/groups/add": (GroupIn, add_note_directory),
    "case/notes/add": (NoteIn, add_note),
    "incmansuite_ng/api/v3/triage/": (TriageIn, _take_in),
}


class ServiceDoor:
    """Reads through the API, writes through the services it would call."""

    def __init__(self, key: str) -> None:
        self.client = Client(headers={"Authorization": f"Bearer {key}"})
        self.actor = Actor.of(User.objects.get(pk=1), "iris")

    def read(self, path: str) -> Any:
        """Return the data of a GET."""
        answer = self.client.get(path)
        if answer.status_code != 200:
            raise RuntimeError(f"{path}: {answer.status_code} {answer.content[:300]!r}")
        return data_of(answer.content)

    def write(self, writes: list[tuple[str, int, dict[str, Any]]]) -> None:
        """Call the service behind each path with what its serializer makes of the body."""
        for start in range(0, len(writes), BATCH):
            with transaction.atomic():
                for path, case_id, body in writes[start : start + BATCH]:
                    shape, service = SERVICES[path]
                    serializer = shape(data=body)
                    serializer.is_valid(raise_exception=True)
                    service(self.actor, case_id, **serializer.validated_data)
