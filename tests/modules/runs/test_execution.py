"""One run from its start to its end."""

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from cases.models import CaseIoc
from cases.services.iocs import remove_ioc, update_ioc
from modules.models import Module, ModuleParameter, ModuleRun, ModuleRunLog
from modules.runner.host import Ending
from modules.services import ending, execution
from modules.services.control import cancel_run
from modules.services.ending import Finding, end_run
from modules.services.execution import Lease, execute, finish, recover_lost, start
from modules.services.sealing import seal
from soar.core.actor import Actor
from soar.core.errors import Conflict
from soar.core.recording import BUSY
from tests.modules.runs.conftest import ToldRunner, ended, finished, let_pass, logged

TAGGED = {"changes": {"ioc_tags": ["first", "first,seen"]}, "attributes": {}}


def diff_of(run: ModuleRun, **parts: Any) -> dict[str, Any]:
    """Return the diff of the run's one IOC."""
    return {"kind": "ioc", "index": 0, "id": run.targets[0]["id"]} | TAGGED | parts


def test_a_run_gets_its_object_user_and_case(run: ModuleRun, runner: ToldRunner) -> None:
    assert execute(run.pk)
    job = runner.jobs[0]
    assert (job["hook"], job["ui_name"], job["case_id"]) == (run.hook_name, None, 1)
    assert (job["user"]["login"], job["run_id"]) == ("administrator", run.pk)
    assert [(one["__kind__"], one["ioc_value"]) for one in job["data"]] == [("ioc", "198.51.100.7")]
    assert job["surroundings"]["case"]["case_id"] == 1


def test_what_came_of_it_stands_in_the_run_and_on_the_object(
    run: ModuleRun, runner: ToldRunner
) -> None:
    lines = [logged("looked it up"), logged("found it")]
    runner.outcome = finished(message="done", logs=lines, diffs=[diff_of(run)])
    execute(run.pk)
    run.refresh_from_db()
    assert (run.status, run.message, run.result_code, run.has_errors) == (
        "success",
        "done",
        2,
        False,
    )
    assert [line.text for line in run.log.all()] == ["looked it up", "found it"]
    assert CaseIoc.objects.get(case_id=1, ioc_id=run.targets[0]["id"]).tags == "first,seen"
    assert run.applied
    assert run.snapshot[0]["ioc_value"] == "198.51.100.7"
    assert (run.lease_token, run.lease_until) == (None, None)
    assert run.done_at is not None


def test_a_run_is_executed_once(run: ModuleRun, runner: ToldRunner) -> None:
    assert [execute(run.pk), execute(run.pk)] == [True, False]
    assert len(runner.jobs) == 1


def test_a_failure_status_fails_the_run_and_keeps_what_it_wrote(
    run: ModuleRun, runner: ToldRunner
) -> None:
    runner.outcome = finished("failure", message="no key", code=0xFFFE, diffs=[diff_of(run)])
    execute(run.pk)
    run.refresh_from_db()
    assert (run.status, run.message, run.result_code) == ("failure", "no key", 0xFFFE)
    assert run.applied


def test_after_an_exception_nothing_is_written(run: ModuleRun, runner: ToldRunner) -> None:
    runner.outcome = finished("failure", traceback="Traceback: boom", diffs=[diff_of(run)])
    execute(run.pk)
    run.refresh_from_db()
    assert (run.status, run.traceback, run.applied) == ("failure", "Traceback: boom", [])
    assert CaseIoc.objects.get(case_id=1, ioc_id=run.targets[0]["id"]).tags == "first"


def test_success_with_errors_in_the_log_says_so(run: ModuleRun, runner: ToldRunner) -> None:
    runner.outcome = finished(logs=[logged("HTTP 500", "ERROR")])
    execute(run.pk)
    run.refresh_from_db()
    assert (run.status, run.has_errors) == ("success", True)


@pytest.mark.parametrize(
    ("how", "status"),
    [
        (Ending.TIMEOUT, "timeout"),
        (Ending.DIED, "died"),
        (Ending.NOT_STARTED, "failure"),
        (Ending.CANCELLED, "cancelled"),
    ],
)
def test_a_run_without_result_ends_as_what_happened(
    run: ModuleRun, runner: ToldRunner, how: Ending, status: str
) -> None:
    runner.outcome = ended(how, "killed by signal 11")
    execute(run.pk)
    run.refresh_from_db()
    assert (run.status, run.message) == (status, "killed by signal 11")


def test_secrets_appear_in_no_text_of_the_run(
    run: ModuleRun, listener: Module, runner: ToldRunner
) -> None:
    sealed = seal(listener.pk, "key", "hunter2-secret")
    ModuleParameter.objects.create(
        module=listener,
        position=0,
        name="key",
        human_name="Key",
        type="sensitive_string",
        sealed=sealed,
        is_set=True,
    )
    line = "GET https://api.example/?key=hunter2-secret"
    runner.outcome = finished("failure", message=line, traceback=line, logs=[logged(line)])
    runner.outcome.output = line
    execute(run.pk)
    run.refresh_from_db()
    texts = [run.message, run.traceback, *run.log.values_list("text", flat=True)]
    assert len(texts) == 4
    assert not [text for text in texts if "hunter2" in text]
    assert runner.jobs[0]["configuration"][0]["value"] == "hunter2-secret"


def test_prints_of_the_module_are_in_the_log(run: ModuleRun, runner: ToldRunner) -> None:
    runner.outcome = finished()
    runner.outcome.output = "one\n\ntwo\x00\ud800"
    execute(run.pk)
    lines = list(run.log.values_list("level", "text"))
    assert lines == [("OUTPUT", "one"), ("OUTPUT", "two\ufffd?")]


def test_an_endless_log_is_cut_and_says_so(
    run: ModuleRun, runner: ToldRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ending, "MAXIMUM_LINES", 3)
    runner.outcome = finished(logs=[logged(str(number)) for number in range(10)])
    execute(run.pk)
    assert list(run.log.values_list("text", flat=True)) == [
        "0",
        "1",
        "2",
        "7 more lines were left out",
    ]


def test_an_object_deleted_before_the_start_skips_the_run(
    run: ModuleRun, runner: ToldRunner, as_administrator: Actor
) -> None:
    remove_ioc(as_administrator, 1, run.targets[0]["id"])
    execute(run.pk)
    run.refresh_from_db()
    assert (run.status, runner.jobs) == ("skipped", [])


def test_an_object_deleted_meanwhile_skips_the_run(
    run: ModuleRun, runner: ToldRunner, as_administrator: Actor
) -> None:
    runner.meanwhile = lambda: remove_ioc(as_administrator, 1, run.targets[0]["id"])
    runner.outcome = finished(diffs=[diff_of(run)])
    execute(run.pk)
    run.refresh_from_db()
    assert run.status == "skipped"


def test_what_an_analyst_wrote_meanwhile_stays_and_the_conflict_is_told(
    run: ModuleRun, runner: ToldRunner, as_administrator: Actor
) -> None:
    ioc_id = run.targets[0]["id"]
    runner.meanwhile = lambda: update_ioc(as_administrator, 1, ioc_id, description="by hand")
    change = {"ioc_description": ["", "by the module"]}
    runner.outcome = finished(diffs=[diff_of(run, changes=change)])
    execute(run.pk)
    run.refresh_from_db()
    assert CaseIoc.objects.get(case_id=1, ioc_id=ioc_id).description == "by hand"
    assert (run.status, len(run.conflicts), run.applied) == ("success", 1, [])


def test_a_result_that_cannot_be_applied_fails_the_run_and_writes_nothing(
    run: ModuleRun, runner: ToldRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any) -> None:
        CaseIoc.objects.update(tags="half done")
        raise ValueError("odd result")

    monkeypatch.setattr(ending, "apply_result", fail)
    runner.outcome = finished(diffs=[diff_of(run)])
    execute(run.pk)
    run.refresh_from_db()
    assert run.status == "failure"
    assert run.message == "Its result could not be applied: ValueError: odd result"
    assert not CaseIoc.objects.filter(tags="half done").exists()


def test_the_wall_limit_is_that_of_the_module(
    run: ModuleRun, listener: Module, runner: ToldRunner
) -> None:
    Module.objects.filter(pk=listener.pk).update(wall_seconds=7, memory_mb=128)
    execute(run.pk)
    assert (runner.limits[0].wall_seconds, runner.limits[0].memory_bytes) == (7, 128 * 2**20)


def test_whoever_lost_the_lease_writes_nothing(run: ModuleRun, runner: ToldRunner) -> None:
    lease = start(run.pk)
    assert lease is not None
    ModuleRun.objects.filter(pk=run.pk).update(lease_token=uuid.uuid4())
    assert not finish(lease, finished(diffs=[diff_of(run)]), {"data": []})
    run.refresh_from_db()
    assert (run.status, run.applied) == ("running", [])


def test_a_lost_worker_ends_the_run(run: ModuleRun) -> None:
    start(run.pk)
    assert recover_lost() == 0
    let_pass(run, 31)
    assert (recover_lost(), recover_lost()) == (1, 0)
    run.refresh_from_db()
    assert (run.status, run.message) == ("died", execution.LOST)


def test_a_lost_run_of_an_idempotent_module_is_tried_again(
    run: ModuleRun, listener: Module, runner: ToldRunner
) -> None:
    Module.objects.filter(pk=listener.pk).update(maximum_retries=1)
    first = start(run.pk)
    let_pass(run, 31)
    recover_lost()
    run.refresh_from_db()
    assert (run.status, run.attempts) == ("pending", 1)
    assert execute(run.pk)
    assert first is not None
    assert not finish(first, finished("failure"), {"data": []})
    run.refresh_from_db()
    assert (run.status, run.attempts) == ("success", 2)


def test_a_failure_of_the_module_is_never_tried_again(
    run: ModuleRun, listener: Module, runner: ToldRunner
) -> None:
    Module.objects.filter(pk=listener.pk).update(maximum_retries=3)
    runner.outcome = finished("failure")
    execute(run.pk)
    run.refresh_from_db()
    assert (run.status, run.attempts) == ("failure", 1)


def test_what_did_not_start_is_tried_as_often_as_allowed(
    run: ModuleRun, listener: Module, runner: ToldRunner
) -> None:
    Module.objects.filter(pk=listener.pk).update(maximum_retries=1)
    runner.outcome = ended(Ending.NOT_STARTED, "no interpreter")
    assert execute(run.pk)
    run.refresh_from_db()
    assert (run.status, run.message) == ("pending", "Tried again: no interpreter")
    execute(run.pk)
    run.refresh_from_db()
    assert (run.status, run.attempts) == ("failure", 2)


def test_waiting_renews_the_lease_and_hears_of_a_cancellation(
    run: ModuleRun, runner: ToldRunner, as_administrator: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(execution, "RENEWAL_SECONDS", 0)
    soon = timezone.now() + dt.timedelta(seconds=1)
    kept: list[Any] = []

    def meanwhile() -> None:
        ModuleRun.objects.filter(pk=run.pk).update(lease_until=soon)
        cancel_run(as_administrator, run.pk)

    runner.meanwhile = meanwhile
    runner.outcome = ended(Ending.CANCELLED, "cancelled")
    real = execution.finish

    def noted(*args: Any) -> bool:
        kept.append(ModuleRun.objects.get(pk=run.pk).lease_until)
        return real(*args)

    monkeypatch.setattr(execution, "finish", noted)
    execute(run.pk)
    assert runner.went_on == [False]
    assert kept[0] > soon
    run.refresh_from_db()
    assert run.status == "cancelled"


def test_the_number_of_queries_of_a_run_is_bounded(
    run: ModuleRun, runner: ToldRunner, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    runner.outcome = finished(logs=[logged("x")] * 50, diffs=[diff_of(run)])
    with django_assert_max_num_queries(50):
        execute(run.pk)
    assert ModuleRunLog.objects.count() == 50


def test_an_unknown_run_is_no_error(db: None, runner: ToldRunner) -> None:
    assert not execute(10**9)
    assert not finish(Lease(10**9, uuid.uuid4()), finished(), {"data": []})


def test_a_lease_renewed_in_the_last_moment_is_left_alone(
    run: ModuleRun, listener: Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease = start(run.pk)
    assert lease is not None
    lost = Finding("died", execution.LOST, is_lost=True)
    assert not end_run(run.pk, lease.token, lost)
    let_pass(run, 31)
    assert end_run(run.pk, lease.token, lost)


def test_a_database_away_for_a_moment_ends_no_run(
    run: ModuleRun, runner: ToldRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(execution, "RETRY_SECONDS", 0)
    monkeypatch.setattr(execution.connection, "close", lambda: None)
    real, failures = execution.finish, [OperationalError("away"), OperationalError("away")]

    def fail_first(*args: Any) -> bool:
        if failures:
            raise failures.pop()
        return real(*args)

    monkeypatch.setattr(execution, "finish", fail_first)
    execute(run.pk)
    run.refresh_from_db()
    assert (run.status, failures) == ("success", [])


def test_asking_whether_to_go_on_outlives_a_database_that_is_away(
    run: ModuleRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease = start(run.pk)
    assert lease is not None
    keep_on = execution._renewing(lease, "modules")
    monkeypatch.setattr(execution.connection, "close", lambda: None)

    def away(**filters: Any) -> Any:
        raise OperationalError("away")

    monkeypatch.setattr(ModuleRun.objects, "filter", away)
    assert keep_on()
    monkeypatch.setattr(execution, "PATIENCE_SECONDS", 0)
    assert not keep_on()


def test_a_mutual_wait_with_another_write_is_tried_again(
    run: ModuleRun, runner: ToldRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, waits = ending.apply_result, [Conflict(BUSY), Conflict(BUSY)]

    def wait_first(*args: Any) -> Any:
        if waits:
            raise waits.pop()
        return real(*args)

    monkeypatch.setattr(ending, "apply_result", wait_first)
    runner.outcome = finished(diffs=[diff_of(run)])
    execute(run.pk)
    run.refresh_from_db()
    assert (run.status, waits, len(run.applied)) == ("success", [], 1)


def test_a_secret_changed_during_the_run_is_masked_all_the_same(
    run: ModuleRun, listener: Module, runner: ToldRunner
) -> None:
    parameter = ModuleParameter.objects.create(
        module=listener,
        position=0,
        name="key",
        human_name="Key",
        type="sensitive_string",
        sealed=seal(listener.pk, "key", "ab+cd/ef=="),
        is_set=True,
    )
    runner.meanwhile = parameter.delete
    runner.outcome = finished("failure", message="GET /?key=ab%2Bcd%2Fef%3D%3D and ab+cd/ef==")
    execute(run.pk)
    run.refresh_from_db()
    assert run.message == "GET /?key=******** and ********"
