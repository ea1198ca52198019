"""Parts of incidents for tests, and what lies in the store of files."""

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages

from incidents.models import Attachment
from incidents.services.artifacts import add_artifact
from incidents.services.attachments import add_attachment
from incidents.services.external_alerts import add_external_alert
from incidents.services.task_details import add_incident_task
from incidents.services.war_room import add_timeline_entry, mark_step
from soar.core.actor import Actor


def stored_files() -> list[Path]:
    """Return the files of the store, drafts included."""
    place = Path(storages["files"].location)  # type: ignore[attr-defined]
    return sorted(path for path in place.rglob("*") if path.is_file())


def attach(
    actor: Actor, content: bytes = b"some bytes", name: str = "page.png", **more: Any
) -> Attachment:
    """Attach bytes to incident 1 or to what is named."""
    target = more if {"incident_id", "alert_id", "ioc_id"} & more.keys() else {"incident_id": 1}
    return add_attachment(actor, content=BytesIO(content), file_name=name, **{**target, **more})


def make_parts(actor: Actor, suffix: str) -> None:
    """Put one part of every kind into incident 1, named with a suffix."""
    attach(actor, suffix.encode(), f"page-{suffix}.png")
    add_artifact(actor, 1, field="subject", value=f"Invoice {suffix}")
    add_external_alert(actor, 1, type="mailgate", data={"number": suffix})
    add_incident_task(actor, 1, title=f"Call {suffix}")
    step = add_timeline_entry(actor, 1, title=f"Seen {suffix}")
    mark_step(actor, 1, step.pk, is_locked=True)


@pytest.fixture
def store(settings: Any, tmp_path: Path) -> Path:
    """An empty store of files."""
    files = {"BACKEND": "soar.core.file_storage.DurableStorage", "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = {**settings.STORAGES, "files": files}
    return tmp_path
