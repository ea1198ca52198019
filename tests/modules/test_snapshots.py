"""What modules are shown of our objects: column names of DFIR-IRIS, JSON values, a fixed number of queries."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from cases.models import Asset, Case, CaseIoc, Event, Evidence, GlobalTask, Note, Task
from cases.services.assets import delete_asset, update_asset
from cases.services.global_tasks import add_global_task
from cases.services.iocs import add_ioc
from iocs.models import Ioc, IocType
from modules.snapshots import shapes, stand_in, surroundings, take, take_many
from soar.core.actor import Actor
from tests.api.iris.world import fill_case
from tests.growing import grow_case

Ids = dict[str, int]
QUERIES = {
    "case": 1,
    "ioc": 1,
    "asset": 1,
    "note": 1,
    "evidence": 1,
    "task": 2,  # and its assignees
    "event": 3,  # and its assets, and its indicators
}
COLUMNS = {
    "case": "case_id name soc_id client owner state severity classification reviewer user status_name",
    "ioc": "ioc_id ioc_uuid ioc_value ioc_type_id ioc_type ioc_tlp_id tlp ioc_tags ioc_misp",
    "asset": "asset_id asset_name asset_type asset_info asset_tags analysis_status alerts date_added",
    "note": "note_id note_title note_content note_case_id directory comments note_lastupdate",
    "event": "event_id event_title event_date event_date_wtz event_tz category event_tags event_raw",
    "evidence": "id filename file_size file_hash file_description type start_date date_added",
    "task": "id task_title task_case_id task_tags status task_assignees user_update task_open_date",
}


@pytest.fixture
def filled(as_administrator: Actor) -> Ids:
    """The ids, by noun, of a case with one object of every kind."""
    return fill_case(as_administrator, 1, "Full")  # type: ignore[return-value]


@pytest.mark.parametrize("kind", COLUMNS)
def test_a_snapshot_has_the_columns_of_iris(filled: Ids, kind: str) -> None:
    snapshot = take(kind, filled[kind], filled["case"])
    assert snapshot is not None
    assert set(COLUMNS[kind].split()) <= set(snapshot)
    assert (snapshot["__kind__"], snapshot["case_id"]) == (kind, filled["case"])
    assert snapshot["user"]["name"] == snapshot["user"]["user_name"] == "administrator"


@pytest.mark.parametrize("kind", COLUMNS)
def test_a_snapshot_survives_json(filled: Ids, kind: str) -> None:
    snapshot = take(kind, filled[kind], filled["case"])
    assert json.loads(json.dumps(snapshot, allow_nan=False)) == snapshot


@pytest.mark.parametrize("kind", QUERIES)
def test_the_number_of_queries_does_not_grow(
    filled: Ids, kind: str, django_assert_num_queries: Any
) -> None:
    case = Case.objects.get(pk=filled["case"])
    grow_case(case, 30)
    models = {"ioc": CaseIoc, "asset": Asset, "note": Note, "event": Event}
    models |= {"evidence": Evidence, "task": Task, "case": Case}
    column = {"ioc": "ioc_id", "case": "pk"}.get(kind, "pk")
    rows = models[kind].objects.filter(**{"pk" if kind == "case" else "case_id": case.pk})
    ids = list(rows.values_list(column, flat=True))
    with django_assert_num_queries(QUERIES[kind]):
        one = take(kind, filled[kind], case.pk)
    with django_assert_num_queries(QUERIES[kind]):
        many = take_many(kind, ids, case.pk)
    assert len(many) == len(ids)
    assert many[filled[kind]] == one


def test_texts_never_given_are_empty_and_dates_are_iso_text(filled: Ids) -> None:
    ioc = take("ioc", filled["ioc"], filled["case"])
    asset = take("asset", filled["asset"], filled["case"])
    event = take("event", filled["event"], filled["case"])
    assert ioc is not None and asset is not None and event is not None
    assert [ioc[name] for name in ("ioc_tags", "ioc_description")] == ["", ""]
    assert [ioc[name] for name in ("custom_attributes", "ioc_enrichment")] == [{}, {}]
    assert [asset[f"asset_{name}"] for name in ("domain", "ip", "info", "tags")] == [""] * 4
    assert event["event_date"] == "2026-03-01T12:00:00.000000"


def test_related_objects_are_nested(filled: Ids) -> None:
    ioc = take("ioc", filled["ioc"], filled["case"])
    asset = take("asset", filled["asset"], filled["case"])
    event = take("event", filled["event"], filled["case"])
    note = take("note", filled["note"], filled["case"])
    assert ioc and asset and event and note
    assert ioc["ioc_type"]["type_name"] == IocType.objects.get(pk=1).name
    assert ioc["tlp"]["tlp_name"] == "red"
    assert asset["case"]["name"] == f"#{filled['case']} - Full case"
    assert asset["case"]["client"]["name"] == ioc["case"]["client"]["customer_name"]
    assert note["directory"]["name"] == "Full group"
    assert event["assets"] == [{"asset_id": filled["asset"], "asset_name": "Full laptop"}]
    linked = {
        "ioc_id": filled["ioc"],
        "ioc_value": "full.example.org",
        "ioc_tlp_id": ioc["ioc_tlp_id"],
    }
    assert event["iocs"] == [linked]


def test_a_global_task_belongs_to_no_case(
    as_administrator: Actor, django_assert_num_queries: Any
) -> None:
    task = add_global_task(as_administrator, title="Rotate", status_id=1, assignee_id=1)
    with django_assert_num_queries(1):
        snapshot = take("global_task", task.pk, None)
    assert snapshot is not None
    assert snapshot["case_id"] is None
    assert (snapshot["task_title"], snapshot["assignee"]["login"]) == ("Rotate", "administrator")
    assert GlobalTask.objects.get(pk=snapshot["task_id"]) == task


def test_the_tags_of_a_case_are_a_list_and_a_text(filled: Ids) -> None:
    Case.objects.filter(pk=filled["case"]).update(tags="a, b,,a")
    snapshot = take("case", filled["case"], filled["case"])
    assert snapshot is not None
    assert snapshot["tags"] == [{"tag_title": "a"}, {"tag_title": "b"}]
    assert snapshot["case_tags"] == "a, b,,a"


def test_an_ioc_is_what_the_case_of_the_run_says_of_it(
    as_administrator: Actor, filled: Ids
) -> None:
    value = Ioc.objects.get(pk=filled["ioc"]).value
    add_ioc(as_administrator, 1, type_id=1, tlp_id=3, value=value, tags="elsewhere")
    here, there = take("ioc", filled["ioc"], filled["case"]), take("ioc", filled["ioc"], 1)
    assert here is not None and there is not None
    assert (here["ioc_tags"], there["ioc_tags"]) == ("", "elsewhere")


@pytest.mark.parametrize("kind", [*COLUMNS, "global_task", "alert", "report"])
def test_what_is_gone_or_in_another_case_has_no_snapshot(filled: Ids, kind: str) -> None:
    assert take(kind, 987_654_321, filled["case"]) is None
    if kind in COLUMNS and kind != "case":
        assert take(kind, filled[kind], 1) is None


def test_an_update_shows_in_the_next_snapshot(as_administrator: Actor, filled: Ids) -> None:
    update_asset(as_administrator, filled["case"], filled["asset"], tags="new")
    snapshot = take("asset", filled["asset"], filled["case"])
    assert snapshot is not None and snapshot["asset_tags"] == "new"


def test_a_deleted_object_has_a_stand_in(as_administrator: Actor, filled: Ids) -> None:
    delete_asset(as_administrator, filled["case"], filled["asset"])
    snapshot = stand_in("asset", filled["asset"], filled["case"], {"asset_name": "Full laptop"})
    assert (snapshot["__deleted__"], snapshot["id"]) == (True, filled["asset"])
    assert snapshot["asset_name"] == "Full laptop"
    assert snapshot["case"]["name"] == f"#{filled['case']} - Full case"


def test_a_stand_in_of_a_deleted_case_has_no_case_inside(
    outsider_case: Case, django_assert_num_queries: Callable[[int], Any]
) -> None:
    Case.objects.filter(pk=outsider_case.pk).delete()
    with django_assert_num_queries(1):
        snapshot = stand_in("case", outsider_case.pk, outsider_case.pk, {"name": "#9 - Gone"})
    assert "case" not in snapshot
    assert snapshot["name"] == "#9 - Gone"


def test_the_surroundings_are_the_case_its_directories_and_the_types(
    filled: Ids, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(3):
        around = surroundings(filled["case"])
    assert around["case"]["case_id"] == filled["case"]
    assert around["note_directories"] == [
        {"id": filled["group"], "name": "Full group", "parent_id": None, "case_id": filled["case"]}
    ]
    assert around["ioc_types"] == [shapes.ioc_type(row) for row in IocType.objects.order_by("pk")]


def test_a_run_without_a_case_has_only_the_types_around_it(db: None) -> None:
    around = surroundings(None)
    assert (around["case"], around["note_directories"]) == (None, [])
    assert around["ioc_types"][0]["type_id"] == 1
