"""Writing back what a module changed: the field policy and compare-and-set of contract iris-modules §4.5."""

from typing import Any

import pytest
from django.db import transaction

from cases.models import Asset, Case, CaseIoc, GlobalTask, Task
from cases.services.access import set_user_access
from cases.services.global_tasks import add_global_task
from cases.services.iocs import add_ioc, remove_ioc, update_ioc
from iocs.models import Ioc
from modules.hooks import hooks_of_event
from modules.models import Module, ModuleRun
from modules.services.writeback import NO_ACCESS, NOBODY, apply_result
from soar.core.actor import Actor
from soar.core.models import AuditLog, ChangeCounter, User
from soar.core.permissions import AccessLevel
from tests.api.iris.world import fill_case
from tests.modules.results import apply, diff, fields_of, html, make_module, make_run

REPORT = {"VT Report": {"HTML report": html("<p>bad</p>")}}


@pytest.fixture
def module(db: None) -> Module:
    """A module with the default field policy."""
    return make_module()


@pytest.fixture
def ioc(as_analyst: Actor) -> CaseIoc:
    """An indicator of case 1 with tags and a description."""
    given = {"type_id": 76, "tlp_id": 2, "value": "198.51.100.7|443", "tags": "seen, c2"}
    return add_ioc(as_analyst, 1, description="C2", **given)[0]  # type: ignore[arg-type]


@pytest.fixture
def run(module: Module, as_analyst: Actor, ioc: CaseIoc) -> ModuleRun:
    """A run the analyst caused on the indicator."""
    return make_run(module, as_analyst, "ioc", ioc.ioc_id, 1)


# --- what is written


def test_tags_description_and_attributes_are_written(run: ModuleRun, ioc: CaseIoc) -> None:
    tags, text = ("seen, c2", "seen,c2,vt:malicious"), ("C2", "C2\nWHOIS")
    gone = apply(run, diff(run, REPORT, ioc_tags=tags, ioc_description=text))
    ioc.refresh_from_db()
    assert (gone, run.conflicts, run.refused) == ([], [], [])
    assert (ioc.tags, ioc.description) == ("seen,c2,vt:malicious", "C2\nWHOIS")
    assert ioc.custom_attributes == REPORT
    names = ["ioc_tags", "ioc_description", "custom_attributes.VT Report.HTML report"]
    assert fields_of(run.applied) == names
    assert run.applied[1] == {
        "kind": "ioc",
        "id": ioc.ioc_id,
        "field": "ioc_description",
        "old": "C2",
        "new": "C2\nWHOIS",
    }


def test_a_write_is_the_modules_in_audit_history_and_counter(run: ModuleRun, ioc: CaseIoc) -> None:
    before = ChangeCounter.objects.get(case_id=1, family="ioc").value
    apply(run, diff(run, ioc_description=("C2", "C2, active")))
    ioc.refresh_from_db()
    row = AuditLog.objects.latest("id")
    assert (row.action, row.channel, row.actor_login) == (
        "ioc.enriched",
        "module",
        "module_iris_sample_module",
    )
    assert (row.object_id, row.case_id) == (ioc.pk, 1)
    assert row.summary == 'module Sample enriched ioc "198.51.100.7|443"'
    assert row.details["before"] == {"ioc_description": "C2"}
    assert row.details["after"] == {"ioc_description": "C2, active", "ioc_id": ioc.ioc_id}
    last = ioc.history[max(ioc.history, key=float)]
    assert (last["user"], last["action"]) == (row.actor_login, "enriched by module Sample")
    assert ChangeCounter.objects.get(case_id=1, family="ioc").value == before + 1


def test_a_write_fires_no_hooks(run: ModuleRun) -> None:
    apply(run, diff(run, REPORT, ioc_tags=("seen, c2", "new")))
    rows = AuditLog.objects.filter(channel="module")
    assert rows.exists()
    assert [hooks_of_event(row.action, row.details) for row in rows] == [[]] * len(rows)


def test_applying_a_result_again_changes_nothing(run: ModuleRun, ioc: CaseIoc) -> None:
    change = {"ioc_tags": ("seen, c2", "seen,new"), "ioc_description": ("C2", "worse")}
    result = diff(run, REPORT | {"Empty": {}}, **change, ioc_enrichment=({}, {"score": 9}))
    apply(run, result)
    ioc.refresh_from_db()
    stored, audited = (ioc.tags, ioc.description, ioc.history), AuditLog.objects.count()
    apply(run, result)
    ioc.refresh_from_db()
    assert (ioc.tags, ioc.description, ioc.history) == stored
    assert (run.applied, run.conflicts, run.refused) == ([], [], [])
    assert AuditLog.objects.count() == audited


def test_nothing_is_asked_or_written_for_a_run_without_changes(
    run: ModuleRun, module: Module, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        assert apply_result(run, module, {"diffs": [], "creations": [], "status": "success"}) == []


def test_writing_back_is_part_of_the_transaction(
    run: ModuleRun, module: Module, ioc: CaseIoc
) -> None:
    with transaction.atomic():
        apply_result(run, module, diff(run, REPORT, ioc_description=("C2", "x")))
        transaction.set_rollback(True)
    ioc.refresh_from_db()
    assert (ioc.description, ioc.custom_attributes) == ("C2", None)
    assert not AuditLog.objects.filter(channel="module").exists()


@pytest.mark.parametrize(
    ("kind", "model", "changes", "columns"),
    [
        (
            "asset",
            Asset,
            {"asset_info": ("", "i"), "asset_tags": ("", "t")},
            {"info": "i", "tags": "t"},
        ),
        ("asset", Asset, {"asset_enrichment": ({}, {"os": "x"})}, {"enrichment": {"os": "x"}}),
        (
            "task",
            Task,
            {"task_tags": ("", "t"), "task_description": ("", "d")},
            {"description": "d"},
        ),
        (
            "case",
            Case,
            {"case_tags": ("", "t"), "description": ("Full summary", "d")},
            {"tags": "t"},
        ),
    ],
)
def test_every_kind_has_its_writable_fields(
    module: Module,
    as_administrator: Actor,
    kind: str,
    model: Any,
    changes: dict[str, Any],
    columns: dict[str, Any],
) -> None:
    ids = fill_case(as_administrator, 1, "Full")
    run = make_run(module, as_administrator, kind, int(ids[kind]), int(ids["case"]))
    apply(run, diff(run, REPORT, **changes))
    row = model.objects.get(pk=ids[kind])
    assert {name: getattr(row, name) for name in columns} == columns
    assert row.custom_attributes == REPORT
    assert (run.conflicts, run.refused) == ([], [])


def test_a_global_task_is_written_without_a_case(module: Module, as_analyst: Actor) -> None:
    task = add_global_task(as_analyst, title="Rotate", status_id=1, assignee_id=1)
    run = make_run(module, as_analyst, "global_task", task.pk, None)
    apply(run, diff(run, REPORT, task_tags=("", "keys")))
    assert GlobalTask.objects.get(pk=task.pk).tags == "keys"
    assert fields_of(run.refused) == ["custom_attributes"]


def test_the_case_of_the_run_may_be_written_beside_its_object(run: ModuleRun, ioc: CaseIoc) -> None:
    case = Case.objects.get(pk=1)
    other = {"kind": "case", "index": None, "id": 1, "changes": {"case_tags": ["", "vt"]}}
    apply(run, {"diffs": [other, *diff(run, ioc_description=("C2", "x"))["diffs"]]})
    case.refresh_from_db()
    assert case.tags == "vt"
    assert fields_of(run.applied) == ["case_tags", "ioc_description"]


# --- enrichment of the observable


def test_enrichment_is_merged_member_by_member(run: ModuleRun, ioc: CaseIoc) -> None:
    Ioc.objects.filter(pk=ioc.ioc_id).update(enrichment={"misp": 1, "vt": 2})
    apply(run, diff(run, ioc_enrichment=({"vt": 1, "old": 0}, {"vt": 3, "otx": 4})))
    assert Ioc.objects.get(pk=ioc.ioc_id).enrichment == {"misp": 1, "vt": 2, "otx": 4}
    assert fields_of(run.applied) == ["ioc_enrichment.otx"]
    assert fields_of(run.conflicts) == ["ioc_enrichment.vt"]


# --- who may


@pytest.mark.parametrize("level", [AccessLevel.READ_ONLY, AccessLevel.DENY_ALL])
def test_nothing_is_written_for_someone_who_may_not_write_any_more(
    run: ModuleRun, ioc: CaseIoc, as_administrator: Actor, analyst: User, level: AccessLevel
) -> None:
    set_user_access(as_administrator, 1, user_id=analyst.pk, level=level)
    note = {"kind": "note", "ref": -1, "fields": {"note_title": "x"}}
    result = diff(run, REPORT, ioc_tags=("seen, c2", "x")) | {"creations": [note]}
    apply(run, result)
    ioc.refresh_from_db()
    assert (ioc.tags, ioc.custom_attributes, run.applied) == ("seen, c2", None, [])
    assert fields_of(run.refused) == ["ioc_tags", "custom_attributes", ""]
    assert {entry["reason"] for entry in run.refused} == {NO_ACCESS}


@pytest.mark.parametrize("change", [{"user_id": None}, {"user_id": 987_654_321}])
def test_nothing_is_written_for_nobody(run: ModuleRun, ioc: CaseIoc, change: Any) -> None:
    ModuleRun.objects.filter(pk=run.pk).update(**change)
    apply(run, diff(run, ioc_description=("C2", "x")))
    ioc.refresh_from_db()
    assert ioc.description == "C2"
    assert run.refused[0]["reason"] == NOBODY


def test_nothing_is_written_for_a_deactivated_user(
    run: ModuleRun, ioc: CaseIoc, analyst: User
) -> None:
    User.objects.filter(pk=analyst.pk).update(is_active=False)
    apply(run, diff(run, ioc_description=("C2", "x")))
    ioc.refresh_from_db()
    assert (ioc.description, run.refused[0]["reason"]) == ("C2", NOBODY)


# --- what is gone, and what is not the run's


def test_what_was_deleted_meanwhile_is_reported(
    run: ModuleRun, ioc: CaseIoc, as_analyst: Actor
) -> None:
    remove_ioc(as_analyst, 1, ioc.ioc_id)
    gone = apply(run, diff(run, REPORT, ioc_tags=("seen, c2", "x")))
    assert gone == [("ioc", ioc.ioc_id)]
    assert (run.applied, run.refused[0]["reason"]) == ([], "deleted meanwhile")


def test_a_case_that_was_deleted_meanwhile_takes_all_with_it(
    module: Module, as_administrator: Actor
) -> None:
    ids = fill_case(as_administrator, 1, "Full")
    run = make_run(module, as_administrator, "asset", int(ids["asset"]), int(ids["case"]))
    Case.objects.filter(pk=ids["case"]).delete()
    note = {"kind": "note_directory", "ref": -1, "fields": {"name": "x"}}
    gone = apply(run, diff(run, asset_tags=("", "x")) | {"creations": [note]})
    assert gone == [("asset", ids["asset"])]
    assert [entry["reason"] for entry in run.refused] == ["deleted meanwhile"] * 2


def test_other_cases_holding_the_ioc_are_not_touched(
    run: ModuleRun, ioc: CaseIoc, as_outsider: Actor, outsider_case: Case
) -> None:
    elsewhere, _ = add_ioc(
        as_outsider, outsider_case.pk, type_id=76, tlp_id=1, value=ioc.ioc.value, tags="theirs"
    )
    apply(run, diff(run, REPORT, ioc_tags=("seen, c2", "x")))
    elsewhere.refresh_from_db()
    assert (elsewhere.tags, elsewhere.custom_attributes) == ("theirs", None)


@pytest.mark.parametrize("kind", ["ioc", "asset", "case", "user", "note_directory", None, []])
def test_objects_that_are_not_the_runs_are_refused(
    run: ModuleRun, hidden_ids: dict[str, int], kind: Any
) -> None:
    pk = hidden_ids.get(kind, 1) if isinstance(kind, str) else 1
    pk = pk if kind != "ioc" else hidden_ids["ioc"]
    other = {"kind": kind, "index": 0, "id": pk, "changes": {"tags": ["", "x"]}}
    assert apply(run, {"diffs": [other]}) == []
    assert (run.applied, run.refused[0]["reason"]) == ([], "not an object of this run")


@pytest.fixture
def hidden_ids(as_outsider: Actor, outsider_case: Case) -> dict[str, int]:
    """The ids of a case the analyst may not see."""
    return fill_case(as_outsider, outsider_case.customer_id, "Hidden")  # type: ignore[return-value]


@pytest.mark.parametrize(
    "result",
    [
        {"diffs": "x", "creations": {"a": 1}},
        {"diffs": [None, 1, "x", [], {}], "creations": [None, 1, {}, {"kind": "note"}]},
        {"diffs": [{"kind": "ioc", "id": True, "changes": {"ioc_tags": ["", "x"]}}]},
        {"diffs": [{"kind": "ioc", "id": 2**80, "changes": {"ioc_tags": 5}, "attributes": 3}]},
        {},
    ],
)
def test_a_result_of_any_shape_does_no_harm(
    run: ModuleRun, ioc: CaseIoc, result: dict[str, Any]
) -> None:
    apply(run, result)
    ioc.refresh_from_db()
    assert (run.applied, run.created, ioc.tags) == ([], [], "seen, c2")


def test_values_no_database_stores_are_made_storable(run: ModuleRun, ioc: CaseIoc) -> None:
    report = {"A\x00": {"b": html("x\x00\ud800y"), "c": {"type": "raw", "value": float("nan")}}}
    apply(run, diff(run, report, ioc_description=("C2", "nul\x00")))
    ioc.refresh_from_db()
    assert ioc.description == "nul"
    assert ioc.custom_attributes["A"]["b"]["value"] == "x\ufffdy"
    assert ioc.custom_attributes["A"]["c"]["value"] is None


def test_an_analysts_update_keeps_the_report(
    run: ModuleRun, ioc: CaseIoc, as_analyst: Actor
) -> None:
    apply(run, diff(run, REPORT))
    update_ioc(as_analyst, 1, ioc.ioc_id, tags="x", custom_attributes={"VT Report": {"x": "y"}})
    ioc.refresh_from_db()
    assert ioc.custom_attributes == REPORT
