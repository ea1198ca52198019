"""What modules propose to create: only in the case of the run, by their own user, and not twice."""

from typing import Any

import pytest

from cases.models import Asset, Case, CaseIoc, Evidence, Note, NoteDirectory
from cases.services.assets import add_asset
from cases.services.notes import add_note_directory
from modules.hooks import hooks_of_event
from modules.models import Module, ModuleRun
from modules.services.creating import MAXIMUM_CREATIONS
from soar.core.actor import Actor
from soar.core.models import AuditLog
from tests.api.iris.world import fill_case
from tests.modules.results import apply, creations, diff, html, make_module, make_run

DIRECTORY = ("note_directory", -1, {"name": "AbuseIPDB"})
NOTE = ("note", -2, {"note_title": "Report", "note_content": "# Bad", "directory_id": -1})


@pytest.fixture
def module(db: None) -> Module:
    """A module with the default field policy."""
    return make_module()


@pytest.fixture
def run(module: Module, as_analyst: Actor, case: Case) -> ModuleRun:
    """A run the analyst caused on case 1."""
    return make_run(module, as_analyst, "case", case.pk, case.pk)


def reasons(run: ModuleRun) -> list[str]:
    """Return why things were refused."""
    return [entry["reason"] for entry in run.refused]


def test_a_note_goes_into_a_directory_proposed_with_it(run: ModuleRun, module: Module) -> None:
    apply(run, creations(NOTE, DIRECTORY))
    note = Note.objects.select_related("directory").latest("pk")
    assert (note.title, note.content, note.case_id) == ("Report", "# Bad", 1)
    assert (note.directory.name, note.directory.case_id) == ("AbuseIPDB", 1)
    assert note.user == note.directory.user == module.service_user
    assert run.created == [
        {"kind": "note_directory", "id": note.directory_id, "title": "AbuseIPDB"},
        {"kind": "note", "id": note.pk, "title": "Report"},
    ]
    assert run.refused == []


def test_creations_are_told_as_the_modules_and_fire_no_hooks(run: ModuleRun) -> None:
    apply(run, creations(DIRECTORY, NOTE))
    rows = list(AuditLog.objects.filter(channel="module").order_by("id"))
    assert [row.action for row in rows] == [
        "note_directory.created",
        "note.created",
        "case.enriched",
    ]
    assert rows[-1].summary == 'module Sample created note directory "AbuseIPDB", note "Report"'
    assert hooks_of_event(rows[-1].action, rows[-1].details) == []
    history = Note.objects.latest("pk").history
    assert [line["user"] for line in history.values()] == ["module_iris_sample_module"]


def test_every_kind_can_be_created(run: ModuleRun, module: Module) -> None:
    asset = {"asset_name": "WS-9", "asset_type_id": 1, "asset_tags": "a", "asset_ip": "10.0.0.9"}
    evidence = {"filename": "log.evtx", "size": 5, "sha256": "ab", "description": "From disk"}
    ioc = {"ioc_value": "evil.example", "ioc_type": "domain", "ioc_tags": "c2", "case_id": 1}
    apply(run, creations(("asset", -1, asset), ("evidence", -2, evidence), ("ioc", -3, ioc)))
    made = Asset.objects.get(name="WS-9")
    assert (made.ip, made.tags, made.analysis_status_id) == ("10.0.0.9", "a", 1)
    found = Evidence.objects.get(filename="log.evtx")
    assert (found.size_bytes, found.file_hash, found.description) == (5, "ab", "From disk")
    held = CaseIoc.objects.get(case_id=1, ioc__value="evil.example")
    assert (held.ioc.type.name, held.tags, held.tlp.name) == ("domain", "c2", "amber")
    assert {made.user, found.user, held.user} == {module.service_user}
    assert [(one["kind"], one["id"]) for one in run.created] == [
        ("ioc", held.ioc_id),
        ("asset", made.pk),
        ("evidence", found.pk),
    ]


def test_attributes_come_with_a_creation(run: ModuleRun) -> None:
    fields = {"asset_name": "WS-9", "asset_type_id": 1}
    given = {"Scan": {"Report": html("<b>open</b>"), "Ports": 3}}
    apply(run, creations(("asset", -1, fields | {"custom_attributes": given})))
    ports = {"mandatory": False, "type": "raw", "value": 3}
    stored = Asset.objects.get(name="WS-9").custom_attributes
    assert stored == {"Scan": {"Report": html("<b>open</b>"), "Ports": ports}}


def test_creating_again_creates_nothing(run: ModuleRun) -> None:
    asset = ("asset", -3, {"asset_name": "WS-9", "asset_type_id": 1})
    ioc = ("ioc", -4, {"ioc_value": "evil.example", "ioc_type_id": 20})
    evidence = ("evidence", -5, {"filename": "log.evtx"})
    wanted = creations(DIRECTORY, NOTE, asset, ioc, evidence)
    apply(run, wanted)
    assert len(run.created) == 5
    audited = AuditLog.objects.count()
    apply(run, wanted)
    assert (run.created, run.refused) == ([], [])
    assert AuditLog.objects.count() == audited


def test_what_is_there_already_is_used(run: ModuleRun, as_analyst: Actor) -> None:
    known = add_note_directory(as_analyst, 1, name="AbuseIPDB")
    add_asset(as_analyst, 1, name="WS-9", type_id=1, analysis_status_id=1)
    asset = ("asset", -3, {"asset_name": "WS-9", "asset_type_id": 1})
    apply(run, creations(DIRECTORY, NOTE, asset))
    assert [one["kind"] for one in run.created] == ["note"]
    assert Note.objects.latest("pk").directory == known


def test_a_directory_may_lie_in_one_proposed_before(run: ModuleRun) -> None:
    apply(run, creations(DIRECTORY, ("note_directory", -7, {"name": "Raw", "parent_id": -1})))
    assert NoteDirectory.objects.get(name="Raw").parent == NoteDirectory.objects.get(
        name="AbuseIPDB"
    )


@pytest.mark.parametrize("name", ["case_id", "caseid", "note_case_id"])
def test_nothing_is_created_in_another_case(run: ModuleRun, name: str, outsider_case: Case) -> None:
    apply(run, creations(("note_directory", -1, {"name": "x", name: outsider_case.pk})))
    assert run.created == []
    assert reasons(run)[0].startswith("a module creates only in the case of its run")


def test_a_directory_of_another_case_is_unknown(
    run: ModuleRun, as_outsider: Actor, outsider_case: Case
) -> None:
    ids = fill_case(as_outsider, outsider_case.customer_id, "Hidden")
    fields = {"note_title": "Report", "directory_id": ids["group"]}
    parent = {"name": "x", "parent_id": ids["group"]}
    apply(run, creations(("note", -1, fields), ("note_directory", -2, parent)))
    assert (run.created, reasons(run)) == ([], ["Invalid group ID"] * 2)


def test_a_run_without_a_case_creates_nothing(module: Module, as_analyst: Actor) -> None:
    run = make_run(module, as_analyst, "global_task", 1, None)
    apply(run, creations(DIRECTORY))
    assert (run.created, reasons(run)) == ([], ["the run belongs to no case"])


@pytest.mark.parametrize(
    ("kind", "fields", "reason"),
    [
        ("note", {"note_title": "x"}, "directory_id is missing"),
        ("note", {"note_title": "", "directory_id": -1}, "note_title is missing"),
        ("note", {"note_title": "x" * 155, "directory_id": 1}, "note_title is longer than 154"),
        (
            "note",
            {"note_title": "x", "directory_id": -9},
            "refers to something that was not created",
        ),
        ("note", {"note_title": "x", "directory_id": 2**70}, "directory_id is not a whole number"),
        ("note", {"note_title": "x", "directory_id": True}, "directory_id is not a whole number"),
        ("note", {"note_title": 5, "directory_id": 1}, "note_title is not a text"),
        ("note_directory", {"name": "x" * 201}, "name is longer than 200"),
        ("ioc", {"ioc_value": "x"}, "ioc_type is missing"),
        ("ioc", {"ioc_value": "x", "ioc_type": "nonsense"}, "There is no IOC type nonsense"),
        ("ioc", {"ioc_value": "x", "ioc_type_id": 10**6}, "Invalid ioc type ID"),
        ("ioc", {"ioc_value": "x", "ioc_type_id": 1, "ioc_tlp_id": 99}, "Invalid TLP ID"),
        ("asset", {"asset_name": "x"}, "asset_type_id is missing"),
        ("asset", {"asset_name": "x", "asset_type_id": 10**6}, "Invalid asset type ID"),
        (
            "asset",
            {"asset_name": "x", "asset_type_id": 1, "asset_compromise_status_id": 9},
            "Invalid compromise status ID",
        ),
        ("evidence", {"filename": "x", "file_size": 2**64}, "file_size is not a whole number"),
        ("evidence", {"filename": "x", "type_id": 10**6}, "Invalid evidence type ID"),
        ("evidence", {}, "filename is missing"),
        ("user", {"login": "x"}, "modules cannot create this"),
        ("case", {"name": "x"}, "modules cannot create this"),
    ],
)
def test_what_cannot_be_made_is_refused_with_a_reason_and_stops_nothing_else(
    run: ModuleRun, kind: str, fields: dict[str, Any], reason: str
) -> None:
    apply(run, creations((kind, -5, fields), ("evidence", -6, {"filename": "fine.log"})))
    assert [one["title"] for one in run.created] == ["fine.log"]
    assert len(run.refused) == 1
    assert reason in reasons(run)[0]


def test_a_run_creates_only_so_many_objects(run: ModuleRun) -> None:
    many = [("evidence", -n, {"filename": "same.log"}) for n in range(1, MAXIMUM_CREATIONS + 4)]
    apply(run, creations(*many))
    assert len(run.created) == 1
    assert reasons(run) == [f"a run creates at most {MAXIMUM_CREATIONS} objects"] * 3


def test_changes_and_creations_of_one_run_are_written_together(run: ModuleRun) -> None:
    apply(run, diff(run, case_tags=("", "noted")) | creations(DIRECTORY, NOTE))
    assert Case.objects.get(pk=1).tags == "noted"
    assert (len(run.applied), len(run.created)) == (1, 2)
