"""Modules that see a request before we do, and requests that wait for modules."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from cases.models import CaseIoc
from iocs.models import IocType, Tlp
from modules.models import HookSubscription, Module, ModuleRun
from modules.runner.host import Ending
from modules.services import preload, waiting
from modules.services.delivery import deliver_due
from modules.services.execution import execute
from modules.services.preload import forget_synchronous_hooks
from modules.services.registry import set_paused
from soar.core.actor import Actor
from soar.core.models import User
from tests.http import ApiClient, key_of
from tests.modules.runs.conftest import ToldRunner, deliver_all, ended, finished

CREATE, DELETE = "on_preload_ioc_create", "on_preload_ioc_delete"
Make = Callable[..., Module]


@pytest.fixture
def asked(runner: ToldRunner, monkeypatch: pytest.MonkeyPatch) -> ToldRunner:
    """The runner, also for modules that are asked within a request."""
    monkeypatch.setattr(preload, "run_job", runner)
    return runner


@pytest.fixture
def gatekeeper(make_module: Make) -> Module:
    """A module that is allowed to keep requests waiting, on new and deleted IOCs."""
    module = make_module("gatekeeper", CREATE, DELETE, may_run_synchronously=True)
    forget_synchronous_hooks()
    return module


def body(**fields: Any) -> dict[str, Any]:
    """Return the body that adds an IOC."""
    kinds = {"ioc_type_id": IocType.objects.get(name="ip-any").pk, "ioc_tlp_id": 2}
    return kinds | {"ioc_value": "198.51.100.7", "ioc_description": "d", "ioc_tags": ""} | fields


def add(api: ApiClient, **fields: Any) -> Any:
    """Add an IOC over the IRIS door."""
    return api.post("/case/ioc/add", body(**fields))


def test_a_module_changes_the_body_before_it_is_validated(
    gatekeeper: Module, asked: ToldRunner, api_administrator: ApiClient
) -> None:
    asked.outcome = finished(data=[body(ioc_value="198.51.100.8", ioc_tags="seen")])
    data = add(api_administrator).json()["data"]
    assert (data["ioc_value"], data["ioc_tags"]) == ("198.51.100.8", "seen")
    assert asked.jobs[0]["data"] == [body()]
    assert asked.limits[0].wall_seconds <= preload.BUDGET_SECONDS
    run = ModuleRun.objects.get()
    assert (run.status, run.hook_name, run.case_id) == ("success", CREATE, 1)


def test_what_comes_back_is_validated_like_any_request(
    gatekeeper: Module, asked: ToldRunner, api_administrator: ApiClient
) -> None:
    asked.outcome = finished(data=[body(ioc_tlp_id=9999)])
    answer = add(api_administrator)
    assert answer.status_code == 400
    assert not CaseIoc.objects.filter(ioc__value="198.51.100.7").exists()


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (ended(Ending.TIMEOUT, "took longer than 2 s"), "timeout"),
        (ended(Ending.DIED, "killed by signal 11"), "died"),
        (finished("failure", message="no", data=[{"ioc_value": "x"}]), "failure"),
        (finished("failure", traceback="Traceback: crash"), "failure"),
        (finished(data=None), "success"),
        (finished(data=["text"]), "success"),
        (finished(data=[{}, {}]), "success"),
    ],
)
def test_whatever_goes_wrong_the_request_goes_on_unchanged(
    gatekeeper: Module, asked: ToldRunner, api_administrator: ApiClient, outcome: Any, status: str
) -> None:
    asked.outcome = outcome
    answer = add(api_administrator)
    assert (answer.status_code, answer.json()["data"]["ioc_value"]) == (200, "198.51.100.7")
    run = ModuleRun.objects.get()
    assert run.status == status
    assert status == "failure" or "The body of the request stays as it was" in run.message


def test_two_modules_see_the_body_one_after_the_other(
    gatekeeper: Module, make_module: Make, asked: ToldRunner, api_administrator: ApiClient
) -> None:
    make_module("second", CREATE, may_run_synchronously=True)
    asked.outcome = finished(data=[body(ioc_value="198.51.100.9")])
    add(api_administrator)
    assert [job["data"][0]["ioc_value"] for job in asked.jobs] == ["198.51.100.7", "198.51.100.9"]


def test_a_deletion_hands_over_the_id_and_nothing_can_change_it(
    gatekeeper: Module, asked: ToldRunner, api_administrator: ApiClient
) -> None:
    asked.outcome = finished(data=[body()])
    ioc_id = add(api_administrator).json()["data"]["ioc_id"]
    asked.outcome = finished(data=[1])
    assert api_administrator.post(f"/case/ioc/delete/{ioc_id}", {}).status_code == 200
    assert asked.jobs[-1]["data"] == [ioc_id]
    assert CaseIoc.objects.filter(case_id=1, ioc_id=1).exists()


def test_who_may_not_write_reaches_no_module(
    gatekeeper: Module, asked: ToldRunner, api_reader: ApiClient
) -> None:
    assert add(api_reader).status_code == 403
    assert asked.jobs == []


def test_a_module_is_asked_only_where_it_may_keep_requests_waiting(
    make_module: Make, asked: ToldRunner, api_administrator: ApiClient
) -> None:
    make_module("patient", CREATE)
    forget_synchronous_hooks()
    assert add(api_administrator).status_code == 200
    assert (asked.jobs, ModuleRun.objects.count()) == ([], 0)


def test_paused_broken_and_disabled_modules_are_not_asked(
    gatekeeper: Module, asked: ToldRunner, api_administrator: ApiClient, as_administrator: Actor
) -> None:
    set_paused(as_administrator, is_paused=True, reason="now")
    assert add(api_administrator).status_code == 200
    set_paused(as_administrator, is_paused=False)
    Module.objects.update(is_active=False)
    assert add(api_administrator, ioc_value="198.51.100.10").status_code == 200
    assert asked.jobs == []


def test_an_ioc_above_the_tlp_of_the_module_is_not_told_before_it_exists(
    gatekeeper: Module, asked: ToldRunner, api_administrator: ApiClient
) -> None:
    Module.objects.update(maximum_tlp=Tlp.objects.get(name="green"))
    red = Tlp.objects.get(name="red").pk
    assert add(api_administrator, ioc_tlp_id=red).status_code == 200
    assert asked.jobs == []
    assert ModuleRun.objects.get().status == "rejected"


def test_form_bodies_reach_modules_as_dicts(
    gatekeeper: Module, asked: ToldRunner, client: Client, administrator: User
) -> None:
    form = {name: str(value) for name, value in body().items()}
    bearer = {"Authorization": f"Bearer {key_of(administrator)}"}
    answer = client.post("/case/ioc/add", form, headers=bearer)
    assert answer.status_code == 200
    assert asked.jobs[0]["data"][0]["ioc_value"] == "198.51.100.7"


def test_a_request_waits_for_a_synchronous_module_and_shows_what_it_wrote(
    make_module: Make,
    runner: ToldRunner,
    api_administrator: ApiClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_module("quick", may_run_synchronously=True)
    HookSubscription.objects.update(is_asynchronous=False)
    forget_synchronous_hooks()
    monkeypatch.setattr(waiting.time, "sleep", lambda seconds: work(runner))
    data = add(api_administrator).json()["data"]
    assert data["ioc_tags"] == "quick"
    assert ModuleRun.objects.get().status == "success"


def work(runner: ToldRunner) -> None:
    """Do what relay and worker do meanwhile."""
    deliver_due()
    for run in ModuleRun.objects.filter(status="pending"):
        change = {"ioc_tags": ["", "quick"]}
        diff = {"kind": "ioc", "index": 0, "id": run.targets[0]["id"], "changes": change}
        runner.outcome = finished(diffs=[diff | {"attributes": {}}])
        execute(run.pk)


def test_a_module_that_takes_too_long_goes_on_without_the_request(
    make_module: Make, api_administrator: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_module("slow", may_run_synchronously=True)
    HookSubscription.objects.update(is_asynchronous=False)
    forget_synchronous_hooks()
    monkeypatch.setattr(waiting, "BUDGET_SECONDS", 0)
    assert add(api_administrator).status_code == 200
    deliver_all()
    assert ModuleRun.objects.get().status == "pending"


def test_a_process_learns_of_a_new_subscription_without_being_told(
    gatekeeper: Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert preload.synchronous_hooks() == {CREATE, DELETE}
    HookSubscription.objects.filter(hook_name=DELETE).delete()
    assert preload.synchronous_hooks() == {CREATE, DELETE}
    monkeypatch.setattr(preload, "KEPT_SECONDS", -1)
    assert preload.synchronous_hooks() == {CREATE}
