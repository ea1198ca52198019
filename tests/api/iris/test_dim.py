"""`/dim/*`: manual module hooks, and the runs of all."""

import datetime as dt
from typing import Any

import pytest

from modules.models import Module, ModuleRun, ModuleRunLog
from soar.core.models import AuditLog, OutboxEvent, User
from tests.api.iris.answers import assert_data_error, assert_denied, assert_refused, data_of
from tests.api.iris.shapes import UUID, assert_fits
from tests.http import ApiClient
from tests.modules.rows import add_row, subscribe

HUGE = 111155551111
KINDS = ("ioc", "asset", "note", "event", "task", "evidence")
NAME = "Look it up"
DONE = dt.datetime(2026, 3, 1, 12, 30, tzinfo=dt.UTC)


@pytest.fixture
def looker(db: None) -> Module:
    """An active module with a manual hook of the same name for every kind of object."""
    module = add_row("looker_module")
    for kind in (*KINDS, "case", "global_task"):
        subscribe(module, f"on_manual_trigger_{kind}", NAME)
    return module


def call(client: ApiClient, cid: int, **changes: Any) -> Any:
    """Return the answer to calling a hook; the hook's name is what client 2.0.4 always sends."""
    body = {"hook_name": "on_manual_trigger_ioc", "hook_ui_name": NAME, "cid": cid}
    return client.post("/dim/hooks/call", body | {"module_name": "looker_module"} | changes)


@pytest.mark.parametrize("kind", KINDS)
def test_a_hook_is_queued_by_type_whatever_its_name_says(
    api_administrator: ApiClient, filled: dict[str, int], looker: Module, kind: str
) -> None:
    targets = [filled[kind], str(filled[kind])]
    answer = call(api_administrator, filled["case"], type=kind, targets=targets)
    (queued,) = data_of(answer, "Queued task with 1 objects")
    run = ModuleRun.objects.get()
    assert queued == {
        "task_id": str(run.task_id),
        "hook_name": f"on_manual_trigger_{kind}",
        "hook_ui_name": NAME,
        "module_name": "looker_module",
    }
    assert (run.hook_name, run.ui_name, run.object_kind) == (queued["hook_name"], NAME, kind)
    assert run.targets == [{"type": kind, "id": filled[kind]}]
    assert (run.module, run.module_name, run.case_id) == (looker, "looker_module", filled["case"])
    assert (run.user_id, run.user_login, run.status) == (1, "administrator", "pending")


def test_for_the_type_case_the_context_case_is_the_target(
    api_administrator: ApiClient, filled: dict[str, int], looker: Module
) -> None:
    answer = call(api_administrator, filled["case"], type="case", targets=[1, 2, 3])
    data_of(answer, "Queued task with 1 objects")
    assert ModuleRun.objects.get().targets == [{"type": "case", "id": filled["case"]}]


def test_a_queued_run_is_audited_and_sent_to_the_workers(
    api_administrator: ApiClient, filled: dict[str, int], looker: Module
) -> None:
    call(api_administrator, filled["case"], type="ioc", targets=[filled["ioc"]])
    line = AuditLog.objects.latest("id")
    assert (line.action, line.object_id) == ("hook.requested", ModuleRun.objects.get().pk)
    assert OutboxEvent.objects.get(pk=line.pk).delivered_at is None


def test_every_click_is_a_run_of_its_own(
    api_administrator: ApiClient, filled: dict[str, int], looker: Module
) -> None:
    for _ in range(2):
        call(api_administrator, filled["case"], type="ioc", targets=[filled["ioc"]])
    keys = ModuleRun.objects.values_list("dedup_key", flat=True)
    assert len(set(keys)) == 2


def test_every_matching_hook_is_called(
    api_administrator: ApiClient, filled: dict[str, int], looker: Module
) -> None:
    subscribe(looker, "on_manual_trigger_ioc", "Another")
    subscribe(add_row("second"), "on_manual_trigger_ioc", NAME)
    subscribe(add_row("asleep", is_active=False), "on_manual_trigger_ioc", NAME)
    for changes, expected in (
        ({"hook_ui_name": None}, {("looker_module", NAME), ("looker_module", "Another")}),
        ({"module_name": None}, {("looker_module", NAME), ("second", NAME)}),
        ({"hook_ui_name": "Another"}, {("looker_module", "Another")}),
    ):
        answer = call(
            api_administrator, filled["case"], type="ioc", targets=[filled["ioc"]], **changes
        )
        queued = data_of(answer, "Queued task with 1 objects")
        assert {(one["module_name"], one["hook_ui_name"]) for one in queued} == expected


def test_the_check_module_every_iris_has_is_played_by_ours(
    api_administrator: ApiClient, filled: dict[str, int]
) -> None:
    subscribe(add_row("watchfloor_check"), "on_manual_trigger_case", "Watchfloor check")
    answer = call(
        api_administrator,
        filled["case"],
        type="case",
        targets=[1],
        module_name="iris_check_module",
        hook_ui_name="iris_check_module::on_manual_trigger_case",
    )
    assert data_of(answer, "Queued task with 1 objects")[0]["module_name"] == "watchfloor_check"


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


@pytest.mark.parametrize("target", ["abc", "1.5", "-1", None, [1]])
def test_a_target_that_is_no_id_is_refused(api_analyst: ApiClient, target: Any) -> None:
    assert_refused(call(api_analyst, 1, type="ioc", targets=[1, target]), "Invalid target")


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        (
            {"module_name": "planet"},
            "Module planet is not registered and active on on_manual_trigger_ioc "
            "under the name 'Look it up'",
        ),
        (
            {"hook_ui_name": "Other"},
            "Module looker_module is not registered and active on on_manual_trigger_ioc "
            "under the name 'Other'",
        ),
        (
            {"module_name": "", "hook_ui_name": "Other"},
            "No active module is registered on on_manual_trigger_ioc under the name 'Other'",
        ),
    ],
)
def test_a_missing_registration_is_named(
    api_administrator: ApiClient,
    filled: dict[str, int],
    looker: Module,
    changes: dict[str, Any],
    text: str,
) -> None:
    answer = call(api_administrator, filled["case"], type="ioc", targets=[filled["ioc"]], **changes)
    assert_refused(answer, text)
    assert not ModuleRun.objects.exists()


@pytest.mark.parametrize("kind", KINDS)
def test_a_target_of_a_hidden_case_is_not_found_like_a_missing_one(
    api_analyst: ApiClient, hidden: dict[str, int], looker: Module, kind: str
) -> None:
    for pk in (hidden[kind], HUGE):
        assert_refused(
            call(api_analyst, 1, type=kind, targets=[pk]),
            "Errors encountered during processing of data. Queued task with 0 objects",
            data=[f"Object ID {pk} not found"],
        )
    assert not ModuleRun.objects.exists()


def test_what_is_found_is_queued_and_the_rest_is_told(
    api_administrator: ApiClient, filled: dict[str, int], looker: Module
) -> None:
    targets = [HUGE, filled["ioc"], HUGE + 1]
    assert_refused(
        call(api_administrator, filled["case"], type="ioc", targets=targets),
        "Errors encountered during processing of data. Queued task with 1 objects",
        data=[f"Object ID {HUGE} not found", f"Object ID {HUGE + 1} not found"],
    )
    assert ModuleRun.objects.get().targets == [{"type": "ioc", "id": filled["ioc"]}]


@pytest.mark.parametrize("kind", ["planet", "alert", "report"])
def test_an_unknown_type_is_told(api_analyst: ApiClient, looker: Module, kind: str) -> None:
    assert_refused(
        call(api_analyst, 1, type=kind, targets=[1]),
        "Errors encountered during processing of data. Queued task with 0 objects",
        data=[f"Data type {kind} not supported"],
    )


def test_a_reader_calls_no_hook(api_reader: ApiClient, looker: Module) -> None:
    assert_denied(call(api_reader, 1, type="ioc", targets=[1]), 1)


# --- options


@pytest.mark.parametrize("kind", ["ioc", "case", "planet", "on_manual_trigger_ioc", "%00"])
def test_without_modules_there_are_no_manual_hooks(api_guest: ApiClient, kind: str) -> None:
    assert data_of(api_guest.get(f"/dim/hooks/options/{kind}/list")) == []


def test_the_manual_hooks_of_active_modules_are_offered(
    api_guest: ApiClient, looker: Module
) -> None:
    subscribe(looker, "on_postload_ioc_create")
    subscribe(add_row("asleep", is_active=False), "on_manual_trigger_ioc")
    assert data_of(api_guest.get("/dim/hooks/options/ioc/list")) == [
        {
            "hook_name": "on_manual_trigger_ioc",
            "manual_hook_ui_name": NAME,
            "module_name": "looker_module",
        }
    ]


# --- runs


@pytest.fixture
def runs(db: None) -> list[ModuleRun]:
    """45 runs on case 1, the last one ended well, the one before not."""
    made = [
        ModuleRun(module_name="m", hook_name=f"h{n}", case_id=1, user_id=1, user_login="a")
        for n in range(45)
    ]
    made[-1].status, made[-1].done_at = "success", DONE
    made[-2].status, made[-2].done_at, made[-2].message = "failure", DONE, "No key"
    return ModuleRun.objects.bulk_create(made)


def test_runs_are_listed_newest_first(api_analyst: ApiClient, runs: list[ModuleRun]) -> None:
    rows = data_of(api_analyst.get("/dim/tasks/list", cid=1))
    shape = {"task_id": UUID, "case": str, "module": str, "state": str, "user": str}
    assert_fits(rows, [shape | {"date_done": (str, None)}])
    assert [row["module"] for row in rows] == [f"m::h{n}" for n in reversed(range(45))]
    assert [row["state"] for row in rows[:3]] == ["success", "failure: No key", "pending"]
    expected = {"case": "Case #1", "user": "administrator"}
    assert rows[0].items() >= expected.items()
    assert rows[0]["date_done"] == "Sun, 01 Mar 2026 12:30:00 GMT"


@pytest.mark.parametrize(
    ("path", "count"),
    [
        ("/dim/tasks/limited-list", 40),
        ("/dim/tasks/list/3", 3),
        ("/dim/tasks/list/0", 0),
        ("/dim/tasks/list/99999999999999999999", 45),
    ],
)
def test_the_last_runs_are_listed(
    api_analyst: ApiClient, runs: list[ModuleRun], path: str, count: int
) -> None:
    rows = data_of(api_analyst.get(path))
    assert [row["module"] for row in rows] == [f"m::h{44 - n}" for n in range(count)]


def test_whoever_is_not_known_is_shown_as_iris_does(
    api_analyst: ApiClient, runs: list[ModuleRun]
) -> None:
    ModuleRun.objects.filter(pk=runs[-1].pk).update(user_id=None, user_login="")
    ModuleRun.objects.filter(pk=runs[-2].pk).update(user_id=999_999)
    rows = data_of(api_analyst.get("/dim/tasks/list/2"))
    assert [row["user"] for row in rows] == ["Shadow Iris", "a"]


def test_a_run_about_no_case_names_none(api_analyst: ApiClient, analyst: User) -> None:
    ModuleRun.objects.create(module_name="m", hook_name="h", user_login=analyst.login)
    (row,) = data_of(api_analyst.get("/dim/tasks/list"))
    assert row["case"] == ""


def test_runs_on_hidden_cases_are_not_listed(
    api_outsider: ApiClient, api_guest: ApiClient, runs: list[ModuleRun]
) -> None:
    for client in (api_outsider, api_guest):
        assert data_of(client.get("/dim/tasks/list")) == []
        answer = client.get(f"/dim/tasks/status/{runs[0].task_id}")
        assert_refused(answer, "Invalid task ID")


def test_the_status_of_a_run_tells_everything(
    api_analyst: ApiClient, runs: list[ModuleRun]
) -> None:
    run = runs[-2]
    ModuleRun.objects.filter(pk=run.pk).update(
        ui_name=NAME, traceback="Traceback...", started_at=DONE - dt.timedelta(seconds=2)
    )
    ModuleRunLog.objects.create(run=run, position=0, level="INFO", logged_at=DONE, text="Hello")
    data = data_of(api_analyst.get(f"/dim/tasks/status/{run.task_id}"))
    assert data == {
        "task_id": str(run.task_id),
        "case": "Case #1",
        "case_id": 1,
        "module": "m::h43",
        "module_name": "m",
        "hook_name": "h43",
        "hook_ui_name": NAME,
        "state": "failure: No key",
        "success": False,
        "has_errors": False,
        "message": "No key",
        "user": "administrator",
        "date_done": "Sun, 01 Mar 2026 12:30:00 GMT",
        "duration_seconds": 2.0,
        "logs": [{"level": "INFO", "time": "2026-03-01T12:30:00Z", "text": "Hello"}],
        "traceback": "Traceback...",
        "applied": [],
        "conflicts": [],
        "refused": [],
        "created": [],
    }


@pytest.mark.parametrize(
    "task_id", ["0b6c2b5e-5a0f-4f0a-9f5e-1d2c3b4a5968", "1", "abc", "%00", "x" * 300]
)
def test_an_unknown_task_is_told(api_analyst: ApiClient, task_id: str) -> None:
    assert_refused(api_analyst.get(f"/dim/tasks/status/{task_id}"), "Invalid task ID")


def test_targets_of_no_list_are_refused(api_analyst: ApiClient) -> None:
    answer = call(api_analyst, 1, type="ioc", targets="1")
    assert_data_error(answer, targets="Not a valid list.")
