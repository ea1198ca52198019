"""Reports of incidents: complete, only what their reader may see, the same effort whatever the size."""

import datetime as dt
import tracemalloc
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cases.models import Case, Note, NoteDirectory
from cases.services.cases import update_case
from cases.services.iocs import add_ioc
from incidents.models import Incident, IncidentRelation
from incidents.services.custom_fields import add_custom_field
from incidents.services.deleting import delete_incident
from incidents.services.entities import set_verdict
from incidents.services.external_alerts import add_external_alert
from incidents.services.incident_notes import write_note
from incidents.services.incidents import open_incident
from incidents.services.reports import ReportType, write_report
from incidents.services.war_room import add_timeline_entry, mark_step
from soar.core.actor import Actor
from soar.core.errors import NotFound
from tests.growing import grow_case
from tests.incidents.reported import (
    add_site,
    fill,
    json_of_report,
    lines_of_report,
    text_of_report,
)
from tests.incidents.stored import store

__all__ = ["store"]
PRINTED = (ReportType.HTML, ReportType.CSV)


@pytest.fixture(autouse=True)
def _empty_store(store: Path) -> None:
    """Start with nothing stored."""


def test_json_says_everything_and_by_its_label(as_administrator: Actor) -> None:
    entity = fill(as_administrator, "Seen")
    set_verdict(as_administrator, entity.ioc_id, verdict="malicious")
    add_site(as_administrator, "Milan")
    told = json_of_report(as_administrator)
    fields = told.pop("incident")
    assert fields["opt_1"] == {"name": "Affected site", "value": "Milan"}
    assert fields["additional_info"] == {"name": "Additional info", "value": "Seen"}
    assert fields["closing_note"] == {"name": "Closing note", "value": "Seen"}
    assert dt.datetime.fromisoformat(fields["openingtime"]["value"]) < timezone.now()
    assert [one for one in told["entities"] if one["threat_indicator"] == "malicious"] == [
        one for one in told["entities"] if one["value"] == "Seen" and one["tag"] == ["Seen"]
    ]
    assert told["external_alerts"][0]["data"] == {"number": "Seen"}
    assert told["relations"][0]["relation"] == "related"
    assert len(told["attachments"][0]["sha256"]) == 64
    assert all(told[part] for part in ("tasks", "notes", "artifacts"))


def test_html_and_csv_have_the_printed_steps_json_all_with_the_mark(as_analyst: Actor) -> None:
    steps = [add_timeline_entry(as_analyst, 1, title=f"Step {name}") for name in "ABC"]
    mark_step(as_analyst, 1, steps[0].pk, is_printed=True)
    mark_step(as_analyst, 1, steps[2].pk, is_printed=True, is_deleted=True)
    texts = [text_of_report(as_analyst, type) for type in PRINTED]
    assert all("Step A" in text for text in texts)
    assert not any(f"Step {name}" in text for text in texts for name in "BC")
    told = [one for one in json_of_report(as_analyst)["timeline"] if "Step" in one["title"]]
    assert [(one["title"], one["is_printed"]) for one in told] == [
        ("Step A", True),
        ("Step B", False),
    ]


def test_nothing_of_what_its_reader_may_not_see_is_told(
    as_analyst: Actor, as_administrator: Actor, outsider_case: Case
) -> None:
    first, second = Incident.objects.get(pk=1), Incident.objects.get(pk=outsider_case.pk)
    IncidentRelation.objects.create(first=first, second=second, kind="related")
    shared = {"type_id": 20, "tlp_id": 2, "value": "both.example"}
    add_ioc(as_administrator, outsider_case.pk, **shared, tags="theirs", description="Secret")
    add_ioc(as_analyst, 1, **shared, tags="ours")
    for type in ReportType:
        text = text_of_report(as_analyst, type)
        assert "ours" in text
        assert not any(word in text for word in ("theirs", "Secret", second.reference))
    assert second.reference in text_of_report(as_administrator, ReportType.HTML)


@pytest.mark.parametrize("type", ReportType)
def test_what_is_hidden_missing_or_deleted_has_no_report(
    as_analyst: Actor, outsider_case: Case, type: ReportType
) -> None:
    gone = open_incident(as_analyst, name="Gone", customer_id=1)
    delete_incident(as_analyst, gone.pk)
    for incident_id in (outsider_case.pk, gone.pk, 999_999, 2**70):
        with pytest.raises(NotFound) as refusal:
            write_report(as_analyst, incident_id, type=type)
        assert str(refusal.value) == "There is no such incident."


@pytest.mark.parametrize("type", ReportType)
def test_the_number_of_queries_does_not_grow(as_administrator: Actor, type: ReportType) -> None:
    counts = []
    for suffix in ("a", "b"):
        fill(as_administrator, suffix)
        grow_case(Case.objects.get(pk=1), 30, mark=suffix)
        with CaptureQueriesContext(connection) as queries:
            text_of_report(as_administrator, type)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_memory_does_not_grow_with_the_incident(as_administrator: Actor) -> None:
    mine = {"case_id": 1, "user_id": 1}
    directory = NoteDirectory.objects.create(name="Long", **mine)
    text = "<p>A line of a long note.</p>" * 700
    notes = [Note(title="x", directory=directory, content_html=text, **mine) for _ in range(200)]
    Note.objects.bulk_create(notes, batch_size=50)
    text_of_report(as_administrator, ReportType.CSV)  # what is loaded once is not the report's
    tracemalloc.start()
    try:
        file = write_report(as_administrator, 1, type=ReportType.JSON)
        highest = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    file.content.close()
    assert file.size_bytes > 4_000_000
    assert highest < 3_000_000


def test_a_report_is_named_after_the_incident_in_letters_of_every_system(
    as_analyst: Actor, case: Case
) -> None:
    names = []
    for reference in ("INC-2025-00042", "../Vörfall 7\r\n\u202e.exe", "\u6848"):
        Incident.objects.filter(pk=case.pk).update(reference=reference)
        file = write_report(as_analyst, case.pk, type=ReportType.HTML)
        file.content.close()
        names.append(file.name)
    assert names == [
        "INC-2025-00042-report.html",
        "V-rfall-7-exe-report.html",
        "incident-1-report.html",
    ]


def test_markdown_of_the_other_door_is_shown_as_html_and_text(as_analyst: Actor) -> None:
    update_case(as_analyst, 1, description="Seen on **two** hosts\n\n- one\n- two")
    page = text_of_report(as_analyst, ReportType.HTML)
    assert "Seen on <strong>two</strong> hosts" in page
    line = next(x for x in lines_of_report(as_analyst) if x["kind"] == "additional_info")
    assert line["value"] == "Seen on two hosts\none\ntwo"


def test_custom_fields_of_notes_are_in_the_report(as_administrator: Actor) -> None:
    field = add_custom_field(as_administrator, section="notes", label="Site", type="Text")
    note = {"title": "Call", "content_html": "Asked", "custom": {field.name: "Milan"}}
    write_note(as_administrator, 1, **note)
    told = json_of_report(as_administrator)["notes"][-1]
    assert told[field.name] == {"name": "Site", "value": "Milan"}
    (line,) = [one for one in lines_of_report(as_administrator) if one["item"] == "Call"]
    assert line["details"] == "Site: Milan\nAsked"


def test_numbers_of_any_size_are_in_the_report(as_administrator: Actor) -> None:
    add_external_alert(as_administrator, 1, type="x", data={"print": 10**30})
    alerts = json_of_report(as_administrator)["external_alerts"]
    assert alerts[0]["data"] == {"print": 10**30}
    assert dt.datetime.fromisoformat(alerts[0]["datetime"]) < timezone.now()
