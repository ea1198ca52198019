"""What lies in the store of files, for tests."""

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages

from incidents.models import Attachment
from incidents.services.attachments import add_attachment
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


@pytest.fixture
def store(settings: Any, tmp_path: Path) -> Path:
    """An empty store of files."""
    files = {"BACKEND": "soar.core.file_storage.DurableStorage", "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = {**settings.STORAGES, "files": files}
    return tmp_path
