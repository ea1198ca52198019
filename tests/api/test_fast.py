"""Every fast read says exactly what its declared serializer says, on both databases."""

import datetime as dt
import importlib
import pkgutil
from typing import Any

import orjson
import pytest
from django.db import connection
from django.db.models import F

import soar.api
from cases.models import Asset, Case, CaseIoc, Customer, Event, GlobalTask, Note, Task
from cases.services.access import set_user_access
from cases.services.assets import add_asset
from cases.services.customers import add_customer
from cases.services.global_tasks import add_global_task
from cases.services.iocs import add_ioc
from cases.services.notes import add_note, add_note_directory
from cases.services.tasks import add_task
from cases.services.timeline import add_event
from incidents.models import ListValue
from incidents.services.alerts import add_alert
from incidents.services.incidents import open_incident
from soar.api.fast import FastRead
from soar.core.actor import Actor
from soar.core.models import User
from soar.core.permissions import AccessLevel

ODD = 'Ünï "quoted" \\ back\u2028 <b>🔎</b> \t%s'
ATTRIBUTES = {"Täb": {"f": {"type": "raw", "value": [1, 2.5, None, True, {"k": "ü\u2028"}]}}}
WHOLE_SECOND = dt.datetime(2022, 1, 20, 5, 45, 46, tzinfo=dt.UTC)


def fast_reads() -> dict[str, FastRead]:
    """Return every FastRead under soar.api by the name of its module and its own."""
    found: dict[str, FastRead] = {}
    for module in pkgutil.walk_packages(soar.api.__path__, "soar.api."):
        for name, value in vars(importlib.import_module(module.name)).items():
            if isinstance(value, FastRead) and value not in found.values():
                found[f"{module.name}.{name}"] = value
    return found


READS = fast_reads()
Values = dict[str, int]


@pytest.fixture(scope="module")
def values(for_module: Actor) -> Values:
    """A case full of odd data, and the value of every parameter a fast read may have."""
    case = open_incident(for_module, name=ODD, description=ODD, customer_id=1).case.pk
    ioc = _fill_with_iocs_and_assets(for_module, case)
    task = add_global_task(for_module, title=ODD, status_id=2, assignee_id=1)
    asset = Asset.objects.filter(case=case).values_list("pk", flat=True)[0]
    _add_events_notes_and_tasks(for_module, case, asset, ioc)
    add_customer(for_module, name=ODD[:100], custom_attributes={})
    add_alert(for_module, type_id=ListValue.objects.filter(field="type")[0].pk, title=ODD)
    _make_timestamps_and_attributes_odd()
    return {"case": case, "ioc": ioc, "asset": asset, "task": task.pk}


def _fill_with_iocs_and_assets(actor: Actor, case: int) -> int:
    add_ioc(actor, 1, type_id=1, tlp_id=1, value=ODD)
    shared, _ = add_ioc(actor, case, type_id=1, tlp_id=2, value=ODD, description=ODD, tags="a,b")
    add_ioc(actor, case, type_id=2, tlp_id=3, value="plain")
    asset: dict[str, Any] = {"name": ODD, "type_id": 1, "analysis_status_id": 2}
    add_asset(actor, 1, **asset)
    add_asset(
        actor, case, **asset, ioc_ids=[shared.ioc_id], compromise_status=1, ip="::1", tags=ODD
    )
    add_asset(actor, case, **asset | {"name": "no links"}, compromise_status=2)
    add_asset(actor, case, **asset | {"name": "unknown"}, compromise_status=3)
    return int(shared.ioc_id)


def _add_events_notes_and_tasks(actor: Actor, case: int, asset: int, ioc: int) -> None:
    for title, color, assets, iocs in ((ODD, "#fff", [asset], [ioc]), ("bare", "", [], [])):
        links = {"asset_ids": assets, "ioc_ids": iocs, "color": color}
        moment = {"date": WHOLE_SECOND, "local_date": WHOLE_SECOND, "tz": "+00:00"}
        add_event(actor, case, title=title, category_id=1, **moment, **links)  # type: ignore[arg-type]
    group = add_note_directory(actor, case, name=ODD)
    add_note_directory(actor, case, name="empty")
    add_note(actor, case, title=ODD, directory_id=group.pk)
    add_task(actor, case, title=ODD, status_id=1, assignee_ids=[1], tags=ODD)
    add_task(actor, case, title="nobody's", status_id=4, assignee_ids=[])


def _make_timestamps_and_attributes_odd() -> None:
    for model in (Note, Task, GlobalTask):
        model._default_manager.update(updated_at=WHOLE_SECOND)
    for other in (Asset, Case, Customer, Event):
        other._default_manager.update(custom_attributes=ATTRIBUTES)
    CaseIoc.objects.filter(tags=None).update(custom_attributes=ATTRIBUTES)
    Case.objects.filter(pk=1).update(closed_on=dt.date(2022, 1, 2))


@pytest.fixture(params=["administrator", "member"])
def actor(request: pytest.FixtureRequest, values: Values, as_administrator: Actor) -> Actor:
    """Who reads: an administrator, and one whose every level has a record."""
    if request.param == "administrator":
        return as_administrator
    colleague: User = request.getfixturevalue("colleague")
    set_user_access(
        as_administrator, values["case"], user_id=colleague.pk, level=AccessLevel.READ_ONLY
    )
    return Actor.of(colleague, "iris")


def plain(value: Any) -> Any:
    """Return what a client would parse."""
    return orjson.loads(orjson.dumps(value, default=str))


def serialized(read: FastRead, actor: Actor, values: Values) -> Any:
    """Return what the declared serializer says of the same rows, children attached to models."""
    rows = read.build(actor=actor, **values)
    fields = read.row().fields
    for name, nested in read.nested.items():
        key = nested.key
        path = F(fields[key].source.replace(".", "__")) if isinstance(key, str) else key
        rows = rows.annotate(**{f"key_{name}": path})
    rows = list(rows)
    for name, nested in read.nested.items():
        parent = F(nested.parent) if isinstance(nested.parent, str) else nested.parent
        children = list(nested.build(actor=actor, **values).annotate(key_of_parent=parent))
        for row in rows:
            of_row = [one for one in children if one.key_of_parent == getattr(row, f"key_{name}")]
            setattr(row, str(fields[name].source), of_row)
    return plain(read.row(rows, many=True).data)


def arguments(read: FastRead, values: Values) -> Values:
    """Return the values of a read's own parameters; a KeyError asks for a new one above."""
    return {name: values[name] for name in read.parameters}


def test_the_scan_finds_the_fast_reads() -> None:
    assert {"soar.api.iris.iocs.IOC_LIST", "soar.api.iris.cases.CASE_LIST"} <= set(READS)


@pytest.mark.parametrize("name", READS)
def test_a_list_equals_the_serializer(name: str, actor: Actor, values: Values) -> None:
    read, given = READS[name], arguments(READS[name], values)
    expected = serialized(read, actor, given)
    assert expected, "the data set has no row for this read"
    assert plain(read.all(actor, **given)) == expected


@pytest.mark.parametrize("name", READS)
def test_a_single_row_equals_the_serializer(name: str, actor: Actor, values: Values) -> None:
    read, given = READS[name], arguments(READS[name], values)
    assert plain(read.one(actor, **given)) == serialized(read, actor, given)[0]


@pytest.mark.parametrize("name", READS)
def test_the_portable_way_gives_the_same(name: str, actor: Actor, values: Values) -> None:
    read, given = READS[name], arguments(READS[name], values)
    assert plain(read.rows(actor, **given)) == plain(read.all(actor, **given))


@pytest.mark.parametrize("name", READS)
def test_members_come_in_the_order_of_the_serializer(
    name: str, as_administrator: Actor, values: Values
) -> None:
    read, given = READS[name], arguments(READS[name], values)
    row = plain(read.one(as_administrator, **given))
    assert set(row) == set(read.row().fields)


@pytest.mark.parametrize("name", [name for name, read in READS.items() if read.parameters])
def test_one_compiled_query_serves_other_ids(
    name: str, as_administrator: Actor, values: Values
) -> None:
    read, given = READS[name], arguments(READS[name], values)
    first = plain(read.all(as_administrator, **given))
    elsewhere = given | dict.fromkeys(given, 1_000_000)
    assert plain(read.all(as_administrator, **elsewhere)) == []
    assert read.one(as_administrator, **elsewhere) is None
    assert plain(read.all(as_administrator, **given)) == first


@pytest.mark.parametrize("name", READS)
def test_a_guest_reads_no_row_of_a_case(name: str, as_guest: Actor, values: Values) -> None:
    read, given = READS[name], arguments(READS[name], values)
    found = plain(read.all(as_guest, **given))
    assert found == [] or read.row.__name__ == "GlobalTaskRow"


def test_postgresql_builds_the_json_itself(as_administrator: Actor, values: Values) -> None:
    answer = READS["soar.api.iris.iocs.IOC_LIST"].all(as_administrator, case=values["case"])
    assert isinstance(answer, orjson.Fragment) == (connection.vendor == "postgresql")


@pytest.mark.parametrize("name", READS)
def test_a_page_is_a_part_of_the_list(name: str, actor: Actor, values: Values) -> None:
    read, given = READS[name], arguments(READS[name], values)
    rows = plain(read.all(actor, **given))
    shown, total = read.page(actor, start=1, size=2, **given)
    assert (plain(shown), total) == (rows[1:3], len(rows))


def test_without_the_permission_there_is_nothing(as_guest: Actor) -> None:
    read = READS["soar.api.cloudsoar.triage.OPEN_LIST"]
    assert plain(read.all(as_guest)) == []
    assert plain(read.page(as_guest, start=0, size=5)) == [[], 0]
