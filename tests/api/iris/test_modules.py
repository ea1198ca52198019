"""`/dim/*`: module hooks and their runs."""

from typing import Any

import pytest
from django.utils import timezone

from modules.models import ModuleRun
from soar.core.models import AuditLog, OutboxEvent
from tests.api.iris.answers import assert_data_error, assert_denied, assert_refused, data_of
from tests.api.iris.shapes import TS, UUID, assert_fits
from tests.http import ApiClient

HUGE = 111155551111
KINDS = ("ioc", "asset", "note", "event", "task", "evidence")


def call(client: ApiClient, cid: int, **changes: Any) -> Any:
    """Return the answer to calling a hook; the name is what client 2.0.4 always sends."""
    body = {"hook_name": "on_manual_trigger_ioc", "module_name": "iris_check_module", "cid": cid}
    return client.post("/dim/hooks/call", body | changes)


@pytest.mark.parametrize("kind", KINDS)
def test_a_hook_is_queued_by_type_whatever_its_name_says(
    api_administrator: ApiClient, filled: dict[str, int], kind: str
) -> None:
    targets = [filled[kind], str(filled[kind])]
    answer = call(api_administrator, filled["case"], type=kind, targets=targets)
    assert data_of(answer, "Queued task with 1 objects") == []
    run = ModuleRun.objects.get()
    assert run.hook_name == f"on_manual_trigger_{kind}"
    assert run.targets == [{"type": kind, "id": filled[kind]}]


def test_for_the_type_case_the_context_case_is_the_target(
    api_administrator: ApiClient, filled: dict[str, int]
) -> None:
    data_of(
        call(api_administrator, filled["case"], type="case", targets=[1]),
        "Queued task with 1 objects",
    )
    assert ModuleRun.objects.get().targets == [{"type": "case", "id": filled["case"]}]


def test_a_queued_run_is_audited_and_sent_to_the_workers(
    api_administrator: ApiClient, filled: dict[str, int]
) -> None:
    call(api_administrator, filled["case"], type="ioc", targets=[filled["ioc"]])
    line = AuditLog.objects.latest("id")
    assert (line.action, line.object_id) == ("hook.requested", ModuleRun.objects.get().pk)
    assert OutboxEvent.objects.get(pk=line.pk).delivered_at is None


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"hook_name": ""}, "Missing hook_name"),
        ({"hook_name": None}, "Missing hook_name"),
        ({"targets": []}, "Missing targets"),
        ({"targets": None}, "Missing targets"),
        ({"type": ""}, "Missing data type"),
    ],
)
def test_what_is_missing_is_told(
    api_analyst: ApiClient, changes: dict[str, Any], text: str
) -> None:
    body = {"type": "ioc", "targets": [1]} | changes
    assert_refused(call(api_analyst, 1, **body), text)


@pytest.mark.parametrize("kind", KINDS)
def test_a_target_of_a_hidden_case_is_refused_like_a_missing_one(
    api_analyst: ApiClient, hidden: dict[str, int], kind: str
) -> None:
    for pk in (hidden[kind], HUGE):
        answer = call(api_analyst, 1, type=kind, targets=[pk])
        assert_data_error(answer, targets="Invalid target")
    assert not ModuleRun.objects.exists()


def test_an_unknown_type_is_refused(api_analyst: ApiClient) -> None:
    answer = call(api_analyst, 1, type="planet", targets=[1])
    assert_data_error(answer, type="Invalid data type")


def test_a_reader_calls_no_hook(api_reader: ApiClient) -> None:
    assert_denied(call(api_reader, 1, type="ioc", targets=[1]), 1)


@pytest.mark.parametrize("kind", ["ioc", "case", "planet"])
def test_without_modules_there_are_no_manual_hooks(api_guest: ApiClient, kind: str) -> None:
    assert data_of(api_guest.get(f"/dim/hooks/options/{kind}/list")) == []


# --- runs


@pytest.fixture
def runs(db: None) -> None:
    """45 runs on case 1, the last one ended."""
    made = [
        ModuleRun(module_name="m", hook_name=f"h{n}", case_id=1, user_login="a") for n in range(45)
    ]
    made[-1].state, made[-1].done_at = "success", timezone.now()
    ModuleRun.objects.bulk_create(made)


def test_runs_are_listed_newest_first(api_analyst: ApiClient, runs: None) -> None:
    rows = data_of(api_analyst.get("/dim/tasks/list", cid=1))
    shape = {"task_id": UUID, "case": str, "module": str, "state": str, "user": str}
    assert_fits(rows, [shape | {"date_done": (TS, None)}])
    assert [row["module"] for row in rows] == [f"m::h{n}" for n in reversed(range(45))]
    expected = {"case": "Case #1", "state": "success", "user": "a"}
    assert rows[0].items() >= expected.items()


def test_the_limited_list_has_the_last_40(api_analyst: ApiClient, runs: None) -> None:
    rows = data_of(api_analyst.get("/dim/tasks/limited-list"))
    assert [row["module"] for row in rows] == [f"m::h{n}" for n in range(44, 4, -1)]


def test_runs_on_hidden_cases_are_not_listed(
    api_outsider: ApiClient, api_guest: ApiClient, runs: None
) -> None:
    for client in (api_outsider, api_guest):
        assert data_of(client.get("/dim/tasks/list")) == []
