"""SEC-07: where a file lies is the server's doing; the name it came with is only text."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from incidents.models import Attachment
from soar.core.models import User
from tests.api.cloudsoar.answers import assert_shape
from tests.api.cloudsoar.asking import Asking
from tests.incidents.stored import store, stored_files

__all__ = ["store"]
FILES = "incidents/1/attachments/"
NAMES = [
    "../../x",
    "/etc/cron.d/x",
    "..",
    ".htaccess",
    "C:\\Windows\\System32\\x.dll",
    "\\\\server\\share\\x",
    "CON",
    "a:b",
    "x" * 255,
    "%2e%2e%2fx",
    "\u202egpj.exe",
]
STORED = re.compile(r"[0-9a-f]{2}/[0-9a-f]{64}")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("way", ["text", "part"])
def test_sec_07_no_name_decides_where_bytes_lie(
    analyst: User, store: Path, name: str, way: str
) -> None:
    ask = Asking(analyst)
    part = SimpleUploadedFile("x", b"bytes")
    if way == "part":
        part._name = name
        answer = ask.upload(FILES, attachment=part, reference="x")
    else:
        answer = ask.upload(FILES, attachment=part, file_name=name)
    assert answer.status_code in ({201, 400} if way == "part" else {201})
    places = [path.relative_to(store).as_posix() for path in stored_files()]
    assert all(STORED.fullmatch(place) for place in places)
    assert len(places) == Attachment.objects.count()
    if way == "text":
        assert answer.json()["file_name"] == name


@pytest.mark.parametrize("name", ["x" * 300, "a\0b"])
def test_sec_07_names_that_cannot_be_kept_are_refused(
    analyst: User, store: Path, name: str
) -> None:
    body = {"file_name": name, "content_base64": "YQ=="}
    assert_shape(Asking(analyst)("POST", FILES, body), 400, "Invalid request")
    assert stored_files() == []


@pytest.mark.parametrize(
    "field", ["sha256", "file", "file_id", "stored_name", "path", "file_local_name", "user_id"]
)
def test_sec_07_no_field_reaches_the_store(analyst: User, store: Path, field: str) -> None:
    ask = Asking(analyst)
    body: dict[str, Any] = {"file_name": "a", "content_base64": "YQ=="}
    made = ask("POST", FILES, body).json()
    before = Attachment.objects.values().get()
    ask("PATCH", f"{FILES}{made['id']}/", {field: "../../../etc/passwd"})
    assert Attachment.objects.values().get() == before
