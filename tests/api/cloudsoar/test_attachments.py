"""Attachments at the door (contract §4.3, §5 example 8)."""

import base64
import hashlib
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from incidents.models import Alert, Attachment, CustomField, IncidentSettings
from soar.core.models import User
from tests.api.cloudsoar.answers import assert_shape
from tests.api.cloudsoar.asking import Asking
from tests.incidents.stored import store, stored_files

__all__ = ["store"]
FILES = "incidents/1/attachments/"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 100
NAME = "Attachment 04-03-2025 09:40:12.png"


@pytest.fixture(autouse=True)
def _empty_store(store: Path) -> None:
    """Start with nothing stored."""


@pytest.fixture
def ask(analyst: User) -> Asking:
    """The analyst asking."""
    return Asking(analyst)


def part(content: bytes = PNG, name: str = "page.png") -> SimpleUploadedFile:
    """Return a file part as clients send it, of a type it does not have."""
    return SimpleUploadedFile(name, content, "application/octet-stream")


def add(ask: Asking, **parts: Any) -> dict[str, Any]:
    """Attach a file and return the answer."""
    answer = ask.upload(FILES, **{"attachment": part()} | parts)
    assert answer.status_code == 201, answer.content
    made: dict[str, Any] = answer.json()
    return made


def test_the_documented_upload_gets_the_documented_answer(ask: Asking) -> None:
    told = add(ask, file_name=NAME, additional_info="Add attachment from API", reference="00")
    assert told | {"id": 0, "datetime": ""} == {
        "id": 0,
        "datetime": "",
        "uploader": "analyst",
        "file_name": NAME,
        "file_size": len(PNG),
        "file_type": "image/png",
        "description": "Add attachment from API",
        "reference": "00",
        "md5": hashlib.md5(PNG, usedforsecurity=False).hexdigest(),
        "sha1": hashlib.sha1(PNG, usedforsecurity=False).hexdigest(),
        "sha256": hashlib.sha256(PNG).hexdigest(),
    }
    assert ask("GET", f"{FILES}{told['id']}/").json() == told
    assert ask("GET", FILES).json() == [told]


def test_the_part_may_be_called_file_and_names_itself(ask: Asking) -> None:
    answer = ask.upload(FILES, file=part(b"", "empty.txt"))
    told = answer.json()
    assert (answer.status_code, told["file_name"], told["file_size"]) == (201, "empty.txt", 0)


def test_a_file_may_come_in_base64(ask: Asking) -> None:
    text = base64.encodebytes(PNG).decode()
    answer = ask("POST", FILES, {"file_name": "a.png", "content_base64": text})
    assert answer.status_code == 201
    assert answer.json()["sha256"] == hashlib.sha256(PNG).hexdigest()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "attachment"),
        ({"file_name": "a"}, "attachment"),
        ({"content_base64": "YQ=="}, "file_name"),
        ({"file_name": "a", "content_base64": "?"}, "content_base64"),
        ({"file_name": "a", "content_base64": "YQ"}, "content_base64"),
        ({"file_name": "a", "attachment": "text"}, "attachment"),
        ({"file_name": "x" * 256, "content_base64": "YQ=="}, "file_name"),
        ({"file_name": "a", "content_base64": "YQ==", "reference": "x" * 201}, "reference"),
        ({"file_name": "a", "content_base64": "YQ==", "opt_1": "x"}, "opt_1"),
    ],
)
def test_bad_uploads_change_nothing(ask: Asking, body: dict[str, Any], field: str) -> None:
    told = assert_shape(ask("POST", FILES, body), 400, "Invalid request")
    assert list(told["fields"]) == [field]
    assert (Attachment.objects.count(), stored_files()) == (0, [])


def test_an_extension_that_is_not_accepted_is_refused_wherever_a_file_gets_in(
    ask: Asking, alert: Alert
) -> None:
    IncidentSettings.objects.update(allowed_extensions=["pdf", "png"])
    in_text = {"file_name": "a.pdf.EXE", "content_base64": "TVo="}
    taken_in = {"type": "Phishing", "source": "gate", "external_id": "1", "attachments": [in_text]}
    answers = {
        "file_name": [
            ask.upload(FILES, attachment=part(), file_name="page.exe"),
            ask.upload(f"triage/{alert.pk}/attachments/", file=part(name="page")),
            ask("POST", FILES, in_text),
            ask("POST", "triage/", taken_in),
        ],
        "file": [ask.upload("entities/", type="file", value="x.pdf", file=part(name="a.exe"))],
    }
    for field, refused in answers.items():
        for answer in refused:
            told = assert_shape(answer, 400, "Invalid request")
            assert "Accepted are: pdf, png." in told["fields"][field][0]
    assert (Attachment.objects.count(), Alert.objects.count(), stored_files()) == (0, 1, [])
    assert add(ask, file_name="A.PNG")["file_name"] == "A.PNG"


def test_a_file_part_of_another_name_is_refused(ask: Asking) -> None:
    told = assert_shape(ask.upload(FILES, upload=part()), 400, "Invalid request")
    assert list(told["fields"]) == ["upload"]


def test_of_several_files_none_is_lost_unseen(ask: Asking) -> None:
    answer = ask.upload(FILES, attachment=part(), file=part(b"other"))
    assert "attachment" in assert_shape(answer, 400, "Invalid request")["fields"]
    assert not Attachment.objects.exists()


def test_a_file_over_the_limit_is_413(ask: Asking, settings: Any) -> None:
    settings.SOAR_MAXIMUM_UPLOAD_MB = 1
    large = b"x" * (2**20 + 1)
    in_base64 = {"file_name": "a", "content_base64": base64.b64encode(large).decode()}
    for answer in (ask.upload(FILES, attachment=part(large)), ask("POST", FILES, in_base64)):
        assert_shape(answer, 413, "Payload too large")
    assert stored_files() == []
    assert ask.upload(FILES, attachment=part(large[:-1])).status_code == 201


def test_an_upload_may_be_larger_than_other_bodies(ask: Asking, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    assert ask.upload(FILES, attachment=part(b"x" * 5000)).status_code == 201
    assert_shape(ask.upload("incidents/1/notes/", title="x" * 5000), 413, "Payload too large")
    settings.SOAR_MAXIMUM_UPLOAD_MB = 1
    answer = ask.upload(FILES, attachment=part(b"x" * 2**22))
    assert_shape(answer, 413, "Payload too large")


def test_details_change_and_bytes_do_not(ask: Asking) -> None:
    made = add(ask)
    changes = {"file_name": "b.png", "additional_info": "B", "reference": "01", "sha256": "0"}
    told = ask("PATCH", f"{FILES}{made['id']}/", changes).json()
    assert told == made | {"file_name": "b.png", "description": "B", "reference": "01"}


def test_custom_fields_of_attachments_are_kept(ask: Asking) -> None:
    CustomField.objects.create(section="attachments", number=1, label="Source", type="Text")
    made = add(ask, opt_1="mail")
    assert made["opt_1"] == "mail"
    told = ask("PATCH", f"{FILES}{made['id']}/", {"opt_1": "web"}).json()
    assert told == made | {"opt_1": "web"}


def test_a_download_is_the_bytes_to_be_saved(ask: Asking) -> None:
    made = add(ask, file_name=NAME)
    answer = ask("GET", f"{FILES}{made['id']}/download/")
    assert answer.streaming
    assert answer.getvalue() == PNG
    assert answer["Content-Length"] == str(len(PNG))
    assert answer["Content-Disposition"] == (
        'attachment; filename="Attachment 04-03-2025 09_40_12.png"; '
        "filename*=UTF-8''Attachment%2004-03-2025%2009_40_12.png"
    )


def test_data_is_the_bytes_in_base64(ask: Asking) -> None:
    made = add(ask, file_name=NAME)
    told = ask("GET", f"{FILES}{made['id']}/data/").json()
    text = base64.b64encode(PNG).decode()
    assert told == {"id": made["id"], "file_name": NAME, "base64": text}


def test_lost_bytes_are_a_conflict(ask: Asking) -> None:
    made = add(ask)
    stored_files()[0].unlink()
    for way in ("download", "data"):
        assert_shape(ask("GET", f"{FILES}{made['id']}/{way}/"), 409, "Conflict")


def test_a_deleted_attachment_is_gone(ask: Asking, django_capture_on_commit_callbacks: Any) -> None:
    path = f"{FILES}{add(ask)['id']}/"
    with django_capture_on_commit_callbacks(execute=True):
        assert ask("DELETE", path).status_code == 204
    for way in ("", "download/", "data/"):
        assert_shape(ask("GET", path + way), 404, "Not found")
    assert stored_files() == []


def test_attachments_are_found_by_what_they_are(ask: Asking) -> None:
    made = add(ask)
    ask.upload(FILES, attachment=part(b"text", "b.txt"))
    for query in (f"filter=sha256={made['sha256']}", "filter=file_size>10", "filter=page"):
        assert [row["id"] for row in ask("GET", f"{FILES}?{query}").json()] == [made["id"]]


def test_a_list_takes_a_constant_number_of_queries(
    ask: Asking, django_assert_num_queries: Any
) -> None:
    ask("GET", FILES)
    for number in range(3):
        add(ask, attachment=part(bytes([number])))
        with django_assert_num_queries(5) as found:
            ask("GET", FILES)
        assert len(found) == 5
