"""Modules that listen, runs that wait, and a runner that answers what it is told."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from cases.models import CaseIoc
from cases.services.iocs import add_ioc
from iocs.models import IocType, Tlp
from modules.models import HookSubscription, Module, ModuleRun
from modules.runner.host import Ending, Environment, Limits, Outcome
from modules.services import execution
from modules.services.delivery import claim_due, deliver
from soar.core.actor import Actor
from soar.core.models import OutboxEvent, User

CREATED = "on_postload_ioc_create"


class ToldRunner:
    """Stands for `run_job`: notes the jobs and gives the outcomes it was told to."""

    def __init__(self) -> None:
        self.jobs: list[dict[str, Any]] = []
        self.limits: list[Limits] = []
        self.outcome = finished()
        self.meanwhile: Callable[[], object] = lambda: None
        self.went_on: list[bool] = []

    def __call__(
        self,
        environment: Environment,
        job: dict[str, Any],
        limits: Limits,
        *,
        is_preimported: bool = False,
        keep_on: Callable[[], bool] | None = None,
    ) -> Outcome:
        self.jobs.append(job)
        self.limits.append(limits)
        self.meanwhile()
        if keep_on is not None:
            self.went_on.append(keep_on())
        return self.outcome


def finished(status: str = "success", **parts: Any) -> Outcome:
    """Return the outcome of a run that came to its end by itself."""
    base = {"status": status, "code": 2, "message": "", "logs": [], "traceback": "", "diffs": []}
    result = base | {"creations": [], "data": None} | parts
    return Outcome(Ending.FINISHED, result, "", "", 0.1)


def ended(ending: Ending, detail: str = "it happened") -> Outcome:
    """Return the outcome of a run that brought no result."""
    return Outcome(ending, None, "", detail, 0.1)


def logged(text: str, level: str = "INFO") -> dict[str, str]:
    """Return a line of a module's log."""
    return {"level": level, "time": "2026-01-02T03:04:05+00:00", "text": text}


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch) -> ToldRunner:
    """The runner of this test."""
    told = ToldRunner()
    monkeypatch.setattr(execution, "run_job", told)
    return told


@pytest.fixture
def make_module(as_administrator: Actor) -> Callable[..., Module]:
    """Make an active module that listens to hooks."""

    def make(package: str = "listener", *hooks: str, **fields: Any) -> Module:
        deliver_all()  # what was written before is not its business
        user = User.objects.create(
            login=f"module_{package}", name=package, email=f"{package}@modules.invalid"
        )
        module = Module.objects.create(
            package=package,
            human_name=package.title(),
            service_user=user,
            added_by_id=as_administrator.user_id,
            **{"is_active": True, "state": Module.State.READY} | fields,
        )
        HookSubscription.objects.bulk_create(
            HookSubscription(module=module, hook_name=hook) for hook in hooks or (CREATED,)
        )
        return module

    return make


@pytest.fixture
def listener(make_module: Callable[..., Module]) -> Module:
    """A module that waits for new IOCs."""
    return make_module()


@pytest.fixture
def new_ioc(as_administrator: Actor) -> Callable[..., CaseIoc]:
    """Add an IOC to case 1."""

    def add(value: str = "198.51.100.7", tlp: str = "green", case_id: int = 1) -> CaseIoc:
        case_ioc, _ = add_ioc(
            as_administrator,
            case_id,
            type_id=IocType.objects.get(name="ip-any").pk,
            tlp_id=Tlp.objects.get(name=tlp).pk,
            value=value,
            tags="first",
        )
        return case_ioc

    return add


@pytest.fixture
def run(listener: Module, new_ioc: Callable[..., CaseIoc]) -> ModuleRun:
    """The pending run of a new IOC."""
    new_ioc()
    deliver_all()
    return ModuleRun.objects.get()


def deliver_all() -> None:
    """Deliver every event there is."""
    while ids := claim_due():
        deliver(ids)


def pending_events() -> int:
    """Return how many events nobody has delivered."""
    return OutboxEvent.objects.filter(delivered_at=None).count()


def let_pass(run: ModuleRun, seconds: float) -> None:
    """Make a run's times lie so much further back."""
    run.refresh_from_db()
    for name in ("available_at", "lease_until", "started_at", "queued_at"):
        value = getattr(run, name)
        if value is not None:
            setattr(run, name, value - dt.timedelta(seconds=seconds))
    run.save()


def make_due(run: ModuleRun) -> None:
    """Make a waiting run due now."""
    ModuleRun.objects.filter(pk=run.pk).update(available_at=timezone.now())
