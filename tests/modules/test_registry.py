"""The registry: registering, enabling, checking, removing modules."""

from collections.abc import Callable

import pytest

from modules.models import Module, ModuleRun
from modules.services.registry import (
    add_module,
    add_shipped,
    check_module,
    disable_module,
    enable_module,
    remove_module,
)
from soar.core.actor import Actor
from soar.core.errors import Conflict, Forbidden, Invalid, NotFound
from soar.core.models import AuditLog, User
from soar.core.services.users import add_user
from tests.cast import PASSWORD
from tests.http import ApiClient, key_of
from tests.modules.scripted import Part, ScriptedRunner, parameter, wish

Make = Callable[..., Module]
Ship = Callable[..., None]
LISTENS = Part(wishes=lambda values: [wish("on_postload_ioc_create")])
NEEDS_KEY = [parameter("key", "sensitive_string", mandatory=True)]


def hooks_of(module: Module) -> list[tuple[str, str]]:
    """Return what a module listens to."""
    return list(module.subscriptions.values_list("hook_name", "ui_name"))


def test_a_shipped_module_is_registered_with_what_it_says_of_itself(module: Make) -> None:
    parameters = [
        parameter("url", default="https://x"),
        parameter("on", "bool", section="Triggers"),
    ]
    made = module(Part(human_name="My module", version="2.1", parameters=parameters))
    assert (made.package, made.human_name, made.version) == ("played", "My module", "2.1")
    assert (made.interface_version, made.kind, made.state) == ("1.2.0", "module_processor", "ready")
    assert (made.is_active, made.environment, made.pipeline) == (True, "", None)
    url, switch = made.parameters.all()
    assert (url.name, url.value, url.is_set, url.default) == ("url", "https://x", True, "https://x")
    assert (switch.section, switch.value, switch.is_set) == ("Triggers", None, False)


def test_a_module_has_an_account_that_opens_no_door(module: Make) -> None:
    user = module(Part()).service_user
    assert (user.login, user.is_active, user.is_staff) == ("module_played", False, False)
    assert (user.is_service_account, user.has_usable_password()) == (True, False)
    assert ApiClient(key_of(user)).get("/api/ping").status_code == 401


def test_an_account_of_a_person_is_not_taken(module: Make, as_administrator: Actor) -> None:
    person = {"name": "A person", "email": "p@example.org", "password": PASSWORD}
    add_user(as_administrator, login="module_played", **person)
    with pytest.raises(Conflict, match="no service account"):
        module(Part())
    assert not Module.objects.exists()


def test_registering_is_audited(module: Make) -> None:
    made = module(LISTENS)
    lines = AuditLog.objects.filter(object_type="modules.module", object_id=made.pk).order_by("id")
    actions = list(lines.values_list("action", flat=True))
    assert actions == ["module.registered", "module.registered_hooks"]


def test_hooks_are_registered_under_their_own_names(module: Make) -> None:
    wishes = [
        wish("on_postload_case_info_update"),
        wish("on_manual_trigger_ioc", "Look it up"),
        wish("on_manual_trigger_ioc", "Another", run_asynchronously=False),
        wish("on_manual_trigger_case"),
        wish("on_postload_ioc_create", "ignored for automatic ones"),
    ]
    made = module(Part(wishes=lambda values: wishes))
    assert hooks_of(made) == [
        ("on_postload_case_update", ""),
        ("on_manual_trigger_ioc", "Look it up"),
        ("on_manual_trigger_ioc", "Another"),
        ("on_manual_trigger_case", "played::on_manual_trigger_case"),
        ("on_postload_ioc_create", ""),
    ]
    assert made.state_reason == (
        "Hook on_postload_case_info_update is called on_postload_case_update now"
    )
    manual = made.subscriptions.filter(is_manual=True).values_list("is_asynchronous", flat=True)
    assert list(manual) == [True, False, True]


def test_unknown_hooks_are_told_and_the_others_registered(module: Make) -> None:
    wishes = [wish("on_postload_planet_create"), wish("on_postload_ioc_create"), "nonsense"]
    made = module(Part(wishes=lambda values: wishes, problems=["Hook on_x is unknown"]))
    assert hooks_of(made) == [("on_postload_ioc_create", "")]
    assert made.state == "ready"
    assert made.state_reason.splitlines() == [
        "Hook on_x is unknown",
        "Hook on_postload_planet_create is unknown",
        "Hook without a name is unknown",
    ]


def test_a_module_without_a_mandatory_value_waits_for_it(module: Make) -> None:
    made = module(Part(parameters=NEEDS_KEY, wishes=LISTENS.wishes))
    assert (made.state, made.is_active) == ("unconfigured", False)
    assert made.state_reason == "Mandatory parameters are not set: key"


def test_a_module_that_cannot_register_its_hooks_stays_broken(
    module: Make, scripted: ScriptedRunner
) -> None:
    def fail(job: dict[str, str]) -> None:
        if job["kind"] == "register":
            scripted.parts["played"].problem = "KeyError: 'hooks'"

    scripted.on_job = fail  # type: ignore[assignment]
    made = module(Part())
    assert (made.state, made.state_reason) == ("broken", "KeyError: 'hooks'")


@pytest.mark.parametrize(
    ("part", "text"),
    [
        (Part(problem="__iris_module_interface is a class"), "__iris_module_interface is a class"),
        (Part(human_name=" "), "The module has no name: _module_name is empty"),
        (Part(parameters=[{"type": "bool"}]), "A parameter of the module has no param_name"),
    ],
)
def test_a_module_that_cannot_be_imported_is_not_registered(
    module: Make, part: Part, text: str
) -> None:
    with pytest.raises(Invalid, match=f"^Cannot import module. {text}"):
        module(part)
    assert not Module.objects.exists()
    assert not User.objects.filter(login="module_played").exists()


def test_a_module_that_dies_is_not_registered(as_administrator: Actor, ship: Ship) -> None:
    ship(other=Part())
    with pytest.raises(Invalid, match=r"^Cannot import module. There is no module 'played' here"):
        add_module(as_administrator, "played")


@pytest.mark.parametrize("part", [Part(is_healthy=False), Part(kind="module_of_another_kind")])
def test_an_unhealthy_module_is_refused_with_the_log(module: Make, part: Part) -> None:
    with pytest.raises(Invalid) as caught:
        module(part)
    assert caught.value.message == (
        "Cannot import module. Health check didn't pass. Please check logs below"
    )
    assert caught.value.details == ["INFO all is well"]


def test_a_module_is_registered_once(module: Make) -> None:
    module(Part())
    with pytest.raises(Conflict, match="Unable to register module: Module already exists in Iris"):
        module(Part())
    with pytest.raises(Conflict, match="There is a module named Scripted already"):
        module(Part(), package="namesake")


def test_of_two_who_register_at_once_one_is_refused(
    as_administrator: Actor, ship: Ship, scripted: ScriptedRunner
) -> None:
    def register_meanwhile(job: dict[str, object]) -> None:
        scripted.on_job = lambda job: None
        add_module(as_administrator, "played")

    ship(played=LISTENS)
    scripted.on_job = register_meanwhile
    with pytest.raises(Conflict, match="Module already exists in Iris"):
        add_module(as_administrator, "played")
    assert hooks_of(Module.objects.get()) == [("on_postload_ioc_create", "")]


def test_a_pipeline_registers_no_hooks(module: Make, scripted: ScriptedRunner) -> None:
    pipeline = {"pipeline_internal_name": "evtx"}
    made = module(Part(kind="module_pipeline", pipeline=pipeline))
    assert (made.kind, made.pipeline, made.state) == ("module_pipeline", pipeline, "ready")
    assert scripted.kinds() == ["describe"]


# --- shipped modules


def test_shipped_modules_start_inactive_and_only_once(
    as_administrator: Actor, ship: Ship, scripted: ScriptedRunner
) -> None:
    ship(one=Part("One"), two=Part("Two"))
    assert [made.package for made in add_shipped(as_administrator)] == ["one", "two"]
    assert not Module.objects.filter(is_active=True).exists()
    scripted.jobs.clear()
    assert add_shipped(as_administrator) == []
    assert scripted.jobs == []


def test_a_shipped_module_that_fails_keeps_no_other_from_starting(
    as_administrator: Actor, ship: Ship
) -> None:
    ship(bad=Part(problem="no"), good=Part("Good"))
    assert [made.package for made in add_shipped(as_administrator)] == ["good"]


def test_a_changed_shipped_module_is_renewed_and_keeps_its_configuration(
    as_administrator: Actor, ship: Ship
) -> None:
    ship(one=Part(parameters=[parameter("a", default="x"), parameter("gone", default="y")]))
    made = add_shipped(as_administrator)[0]
    Module.objects.update(stamp="00000000-0000-0000-0000-000000000000")
    made.parameters.filter(name="a").update(value="mine")
    ship(one=Part(version="2", parameters=[parameter("a", default="z"), parameter("b")]))
    renewed = add_shipped(as_administrator)[0]
    assert (renewed.pk, renewed.version) == (made.pk, "2")
    assert list(renewed.parameters.values_list("name", "value")) == [("a", "mine"), ("b", None)]


# --- enabling, checking, removing


def test_enabling_registers_the_hooks_anew(
    module: Make, as_administrator: Actor, scripted: ScriptedRunner
) -> None:
    made = module(Part())
    assert disable_module(as_administrator, made.pk).is_active is False
    scripted.parts["played"] = LISTENS
    enabled = enable_module(as_administrator, made.pk)
    assert (enabled.is_active, enabled.state) == (True, "ready")
    assert hooks_of(enabled) == [("on_postload_ioc_create", "")]
    actions = AuditLog.objects.filter(object_id=made.pk).values_list("action", flat=True)
    assert {"module.enabled", "module.disabled"} <= set(actions)


def test_an_unconfigured_module_is_not_enabled(module: Make, as_administrator: Actor) -> None:
    made = module(Part(parameters=NEEDS_KEY))
    with pytest.raises(Conflict, match=r"^Unable to enable module$") as caught:
        enable_module(as_administrator, made.pk)
    assert caught.value.details == ["Mandatory parameters are not set: key"]


def test_a_module_that_cannot_register_its_hooks_is_not_enabled(
    module: Make, as_administrator: Actor, scripted: ScriptedRunner
) -> None:
    made = module(LISTENS)
    disable_module(as_administrator, made.pk)
    scripted.parts["played"] = Part(problem="boom")
    with pytest.raises(Conflict, match=r"^Unable to update hooks when enabling module$") as caught:
        enable_module(as_administrator, made.pk)
    assert caught.value.details == ["boom", "ERROR line of the log"]
    made.refresh_from_db()
    assert (made.is_active, made.state, made.state_reason) == (False, "broken", "boom")
    assert hooks_of(made) == [("on_postload_ioc_create", "")]


def test_enabling_closes_the_circuit_breaker(module: Make, as_administrator: Actor) -> None:
    made = module(Part())
    Module.objects.update(
        state="broken", broken_until="2026-01-01T00:00:00Z", failures_in_a_row=5, state_reason="x"
    )
    enabled = enable_module(as_administrator, made.pk)
    assert (enabled.state, enabled.failures_in_a_row, enabled.broken_until) == ("ready", 0, None)


def test_a_check_tells_the_health_and_makes_a_failing_module_broken(
    module: Make, as_administrator: Actor, scripted: ScriptedRunner
) -> None:
    made = module(LISTENS)
    assert check_module(as_administrator, made.pk) == ["INFO all is well"]
    scripted.parts["played"] = Part(is_healthy=False, health=["interface 1.2.1 is too new"])
    with pytest.raises(Invalid) as caught:
        check_module(as_administrator, made.pk)
    assert caught.value.details == ["INFO interface 1.2.1 is too new"]
    made.refresh_from_db()
    assert made.state == "broken"
    scripted.parts["played"] = LISTENS
    check_module(as_administrator, made.pk)
    made.refresh_from_db()
    assert (made.state, made.state_reason) == ("ready", "")


def test_a_removed_module_leaves_its_runs_and_its_account(
    module: Make, as_administrator: Actor
) -> None:
    made = module(LISTENS)
    run = ModuleRun.objects.create(module=made, module_name="played", hook_name="h")
    assert remove_module(as_administrator, made.pk) == "played"
    run.refresh_from_db()
    assert (run.module, run.module_name) == (None, "played")
    again = module(LISTENS)
    assert again.service_user.login == "module_played"


@pytest.mark.parametrize("act", [enable_module, disable_module, remove_module])
def test_what_is_not_there_is_told(as_administrator: Actor, act: Callable[..., object]) -> None:
    for pk in (987, 0, -1, 2**70):
        with pytest.raises(NotFound, match="Invalid module ID"):
            act(as_administrator, pk)


@pytest.mark.parametrize("act", [enable_module, disable_module, remove_module, check_module])
def test_only_administrators_manage_modules(
    module: Make, as_analyst: Actor, act: Callable[..., object]
) -> None:
    made = module(Part())
    with pytest.raises(Forbidden):
        act(as_analyst, made.pk)
    with pytest.raises(Forbidden):
        add_module(as_analyst, "played")
