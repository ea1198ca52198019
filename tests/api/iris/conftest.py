"""A case with one object of every kind in it, for the tests of this door."""

from collections.abc import Callable
from typing import Any

import pytest

from cases.models import Case
from cases.services.access import set_user_access
from incidents.services.incidents import open_incident
from modules.services import describing
from soar.core.actor import Actor
from soar.core.models import User
from soar.core.permissions import AccessLevel
from tests.api.iris.world import World, build_world, fill_case
from tests.modules.rows import PLAYED
from tests.modules.scripted import Part, ScriptedRunner, wish

Ids = dict[str, Any]


@pytest.fixture(autouse=True)
def modules_by_script(monkeypatch: pytest.MonkeyPatch) -> ScriptedRunner:
    """Play modules from a script: here it counts what the door says, not what modules do."""
    runner = ScriptedRunner()
    runner.parts = {
        PLAYED: Part(wishes=lambda values: [wish("on_manual_trigger_ioc")]),
        "watchfloor_refang": Part("Refang"),
    }
    monkeypatch.setattr(describing, "run_job", runner)
    return runner


@pytest.fixture
def open_case(as_administrator: Actor) -> Callable[..., Case]:
    """Open a case of customer 1 as the administrator."""

    def make(name: str = "Second case") -> Case:
        incident = open_incident(as_administrator, name=name, description="Opened", customer_id=1)
        return incident.case

    return make


@pytest.fixture
def second_case(open_case: Callable[..., Case]) -> Case:
    """An empty case of customer 1."""
    return open_case()


@pytest.fixture(scope="module")
def world(for_module: Actor) -> World:
    """Two customers, each with a case of its own and people who may do different things."""
    return build_world()


@pytest.fixture(scope="module")
def filled(for_module: Actor) -> Ids:
    """The ids, by noun, of a case of customer 1 with one object of every kind."""
    return fill_case(for_module, 1, "Full")


@pytest.fixture
def hidden(outsider: User, outsider_case: Case, as_administrator: Actor) -> Ids:
    """The ids of the outsider's case, which holds one object of every kind."""
    actor = Actor.of(outsider, "iris")
    return fill_case(actor, outsider_case.customer_id, "Hidden")


@pytest.fixture
def deny(as_administrator: Actor) -> Callable[[User, int], None]:
    """Deny a case to a user."""

    def make(user: User, case_id: int) -> None:
        set_user_access(as_administrator, case_id, user_id=user.pk, level=AccessLevel.DENY_ALL)

    return make
