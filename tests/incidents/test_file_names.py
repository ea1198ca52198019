"""What files may be called, in every way a file gets in; a refused one leaves nothing behind."""

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from incidents.models import Alert, Attachment, IncidentSettings, StoredFile
from incidents.services.alert_parts import take_in
from incidents.services.attachments import add_attachment, update_attachment
from incidents.services.entity_files import catalogue_file
from incidents.services.file_names import extension_of
from incidents.services.settings import update_settings
from iocs.models import Ioc
from soar.core.actor import Actor
from soar.core.errors import Invalid
from soar.core.models import AuditLog
from tests.incidents.stored import store, stored_files

__all__ = ["store"]
pytestmark = pytest.mark.django_db
FILE_TYPE = 37


@pytest.fixture
def only_pdf(as_administrator: Actor, store: Path) -> None:
    """An installation that accepts two extensions."""
    given = [" .PDF", "pdf", "*.png", ""]
    update_settings(as_administrator, IncidentSettings.ONLY, allowed_extensions=given)


def test_extensions_are_kept_in_one_form(only_pdf: None) -> None:
    assert IncidentSettings.objects.get().allowed_extensions == ["pdf", "png"]
    assert AuditLog.objects.latest("id").details["after"] == {"allowed_extensions": ["pdf", "png"]}


@pytest.mark.parametrize(
    "given", ["pdf", [".tar.gz"], ["a b"], ["x" * 33], [str(n) for n in range(201)]]
)
def test_what_is_no_list_of_extensions_is_refused(as_administrator: Actor, given: Any) -> None:
    with pytest.raises(Invalid) as refusal:
        update_settings(as_administrator, IncidentSettings.ONLY, allowed_extensions=given)
    assert set(refusal.value.fields) == {"allowed_extensions"}


@pytest.mark.parametrize(
    ("name", "extension"),
    [
        ("a.PDF", "pdf"),
        ("a.pdf.exe", "exe"),
        ("a.exe. ", "exe"),
        ("b.pdf/a", ""),
        ("b.pdf\\a.exe", "exe"),
        ("a", ""),
        (".pdf", ""),
        ("a.", ""),
    ],
)
def test_the_last_extension_counts(name: str, extension: str) -> None:
    assert extension_of(name) == extension


def test_a_file_of_another_extension_is_refused_everywhere(
    only_pdf: None, as_analyst: Actor
) -> None:
    file: dict[str, Any] = {"content": BytesIO(b"MZ"), "file_name": "a.pdf.exe"}
    counts = (AuditLog.objects.count(), Alert.objects.count(), Ioc.objects.count())
    ways = [
        lambda: add_attachment(as_analyst, incident_id=1, **file),
        lambda: add_attachment(as_analyst, incident_id=1, **file | {"file_name": "noextension"}),
        lambda: take_in(as_analyst, type_id=17, customer_id=1, files=[file]),
        lambda: catalogue_file(as_analyst, type_id=FILE_TYPE, value="x.pdf", **file),
    ]
    for way in ways:
        with pytest.raises(Invalid):
            way()
    assert counts == (AuditLog.objects.count(), Alert.objects.count(), Ioc.objects.count())
    assert (StoredFile.objects.count(), stored_files()) == (0, [])


def test_an_accepted_file_gets_in_and_takes_no_other_extension(
    only_pdf: None, as_administrator: Actor
) -> None:
    kept = add_attachment(
        as_administrator, content=BytesIO(b"x"), file_name="a.exe.Pdf", incident_id=1
    )
    with pytest.raises(Invalid) as refusal:
        update_attachment(as_administrator, kept.pk, file_name="a.exe", description="y")
    assert "Accepted are: pdf, png." in refusal.value.fields["file_name"][0]
    update_settings(as_administrator, IncidentSettings.ONLY, allowed_extensions=["docx"])
    update_attachment(as_administrator, kept.pk, file_name="a.exe.Pdf", description="z")
    assert Attachment.objects.get().description == "z"
