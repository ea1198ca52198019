"""Parts of incidents in the console."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cases.models import Case, CaseIoc, Note
from cases.services.notes import add_note_directory
from incidents.models import (
    Artifact,
    Attachment,
    CustomField,
    ExternalAlert,
    Incident,
    IncidentSettings,
    TimelineEntry,
)
from incidents.services.external_alerts import add_external_alert
from incidents.services.incidents import update_incident
from incidents.services.task_details import add_incident_task
from incidents.services.war_room import add_timeline_entry, mark_step
from soar.core.actor import Actor
from soar.core.models import User
from tests.admin.conftest import form_data, last_audit, shown, url
from tests.incidents.stored import attach, store, stored_files

__all__ = ["store"]


@pytest.fixture(autouse=True)
def _empty_store(store: Path) -> None:
    """Start with nothing stored."""


def upload(browser: Client, **fields: Any) -> Any:
    """Return the answer to the form of a new attachment."""
    page = SimpleUploadedFile("page.html", b"<script>x</script>", "text/html")
    data = {"incident": 1, "content": page, "file_name": "", "description": "", "reference": ""}
    return browser.post(reverse("admin:incidents_attachment_add"), {**data, **fields})


def download(browser: Client, pk: int) -> Any:
    """Return the answer to the link of an attachment."""
    return browser.get(reverse("admin:incidents_attachment_download", args=[pk]))


def test_a_file_is_attached_and_downloaded(browser: Client) -> None:
    assert upload(browser, description="A page").status_code == 302
    made = Attachment.objects.get()
    assert (made.file_name, made.description, made.incident_id) == ("page.html", "A page", 1)
    assert last_audit("attachment.created").object_id == made.pk
    answer = download(browser, made.pk)
    assert answer.getvalue() == b"<script>x</script>"
    assert answer["Content-Type"] == "application/octet-stream"
    assert reverse("admin:incidents_attachment_download", args=[made.pk]) in (
        browser.get(url(made)).content.decode()
    )


def test_a_file_that_is_too_large_is_refused_in_the_form(browser: Client, settings: Any) -> None:
    settings.SOAR_MAXIMUM_UPLOAD_MB = 1
    answer = upload(browser, content=SimpleUploadedFile("x", b"x" * (2**20 + 1)))
    assert "too large" in shown(answer)
    assert stored_files() == []


def test_an_extension_that_is_not_accepted_is_refused_in_the_form(browser: Client) -> None:
    IncidentSettings.objects.update(allowed_extensions=["pdf"])
    assert "Accepted are: pdf." in shown(upload(browser))
    assert (Attachment.objects.count(), stored_files()) == (0, [])


def test_custom_fields_of_files_and_notes_are_typed_by_their_numbers(
    browser: Client, as_administrator: Actor
) -> None:
    for section in ("attachments", "notes"):
        CustomField.objects.create(
            section=section, number=1, label="Site", type="Text", is_required=True
        )
    directory = add_note_directory(as_administrator, 1, name="N")
    note = {"directory": directory.pk, "title": "x", "content": "y"}
    assert "This field is required." in shown(upload(browser))
    assert "This field is required." in shown(browser.post(url(Note, "add"), note))
    assert upload(browser, custom='{"opt_1": "Milan"}').status_code == 302
    assert browser.post(url(Note, "add"), note | {"custom": '{"opt_1": "M"}'}).status_code == 302
    for made in (Attachment.objects.get(), Note.objects.get(title="x")):
        data = form_data(browser, url(made), custom='{"opt_1": "Rome"}')
        assert browser.post(url(made), data).status_code == 302
        made.refresh_from_db()
        assert made.custom == {"opt_1": "Rome"}


def test_details_change_and_the_bytes_go_with_the_last(
    browser: Client, as_administrator: Actor, django_capture_on_commit_callbacks: Any
) -> None:
    made = attach(as_administrator)
    data = {"file_name": "b.png", "description": "B", "reference": ""}
    assert browser.post(url(made), data).status_code == 302
    made.refresh_from_db()
    assert (made.file_name, made.description) == ("b.png", "B")
    with django_capture_on_commit_callbacks(execute=True):
        browser.post(url(made, "delete"), {"post": "yes"})
    assert (Attachment.objects.count(), stored_files()) == (0, [])


def test_a_hidden_file_is_like_a_missing_one(
    console: Any, analyst: User, as_outsider: Actor, outsider_case: Case
) -> None:
    hidden = attach(as_outsider, incident_id=outsider_case.pk)
    browser = console(analyst)
    assert {download(browser, pk).status_code for pk in (hidden.pk, 424242)} == {404}
    assert Client().get(f"/admin/incidents/attachment/{hidden.pk}/download/").status_code == 302


def test_a_guest_downloads_nothing(console: Any, guest: User, as_administrator: Actor) -> None:
    made = attach(as_administrator)
    assert download(console(guest), made.pk).status_code in {302, 404}


def test_a_reader_downloads_and_does_not_write(
    console: Any, reader: User, as_administrator: Actor
) -> None:
    made = attach(as_administrator)
    browser = console(reader)
    assert download(browser, made.pk).getvalue() == b"some bytes"
    assert browser.post(url(made), {"file_name": "mine"}).status_code == 403
    assert browser.post(url(made, "delete"), {"post": "yes"}).status_code == 403
    upload(browser)
    assert Attachment.objects.get().file_name == "page.png"


def test_an_artifact_becomes_an_entity(browser: Client) -> None:
    data = {"incident": 1, "field": "domain", "value": "evil.example"}
    assert browser.post(reverse("admin:incidents_artifact_add"), data).status_code == 302
    assert last_audit("artifact.created").object_id == Artifact.objects.get().pk
    assert CaseIoc.objects.filter(case=1, ioc__value="evil.example").exists()


def test_raw_alerts_and_entries_are_only_shown(browser: Client, as_administrator: Actor) -> None:
    alert = add_external_alert(as_administrator, 1, type="mailgate", data={"rule": "Odd"})
    add_timeline_entry(as_administrator, 1, title="Seen", body_html="<b>x</b><script>y</script>")
    entry = TimelineEntry.objects.get()
    for row in (alert, entry):
        assert browser.get(url(row, "add")).status_code == 403
        assert browser.post(url(row), {"title": "x"}).status_code == 403
    assert "Odd" in shown(browser.get(url(alert)))
    assert "<b>x</b>" in browser.get(url(entry)).content.decode()
    assert "<script>y" not in browser.get(url(entry)).content.decode()
    assert ExternalAlert.objects.get().type == "mailgate"


def test_a_task_shows_its_details(browser: Client, as_administrator: Actor) -> None:
    task = add_incident_task(as_administrator, 1, title="Call", percentage=40, is_mandatory=True)
    text = shown(browser.get(url(task)))
    assert "Done 40 %" in text
    assert "Mandatory yes" in text


def test_an_incident_shows_its_war_room(browser: Client, as_administrator: Actor) -> None:
    steps = [add_timeline_entry(as_administrator, 1, title=title) for title in ("Kept", "Gone")]
    mark_step(as_administrator, 1, steps[0].pk, is_printed=True)
    mark_step(as_administrator, 1, steps[1].pk, is_deleted=True)
    page = browser.get(url(Incident.objects.get(pk=1))).content.decode()
    room = page[page.index('id="war-room"') :]
    assert "Kept" in room
    assert "printed" in room
    assert "Gone" not in room
    update_incident(as_administrator, 1, timezone="UTC")
    page = browser.get(url(Incident.objects.get(pk=1))).content.decode()
    assert page[page.index('id="war-room"') :].count("updated incident") == 1


def test_the_war_room_takes_a_constant_number_of_queries(
    browser: Client, as_administrator: Actor
) -> None:
    counts = []
    address = url(Incident.objects.get(pk=1))
    browser.get(address)
    for _ in range(3):
        step = add_timeline_entry(as_administrator, 1, title="Seen")
        mark_step(as_administrator, 1, step.pk, is_locked=True)
        with CaptureQueriesContext(connection) as queries:
            browser.get(address)
        counts.append(len(queries))
    assert len(set(counts)) == 1
