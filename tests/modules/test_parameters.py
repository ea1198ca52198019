"""The configuration of a module: setting, showing, exporting and importing it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import override_settings

from modules.models import Module, ModuleParameter
from modules.services.parameters import (
    configuration_for_run,
    export_configuration,
    import_configuration,
    public_configuration,
    secrets_of,
    set_parameter,
)
from modules.services.registry import check_module, upgrade
from modules.services.sealing import CannotOpen
from soar.core.actor import Actor
from soar.core.errors import Conflict, Forbidden, Invalid, NotFound
from soar.core.models import AuditLog
from soar.core.recording import MASK
from tests.modules.scripted import Part, ScriptedRunner, parameter, wish

Make = Callable[..., Module]
SECRET = "s3cret-value-of-the-key"
JSON = json.dumps({"url": "https://x.example", "headers": {"token": SECRET}})
PARAMETERS = [
    parameter("url", default="https://a.example"),
    parameter("wait", "integer", default="15"),
    parameter("on", "bool", default=True),
    parameter("key", "sensitive_string", mandatory=True),
    parameter("api_token", "string"),
    parameter("hooks", "textfield_json", section="Hooks"),
]


def wishes(values: dict[str, Any]) -> list[dict[str, Any]]:
    """Register what the switch says, as modules do."""
    return [wish("on_postload_ioc_create")] if values["on"] else []


@pytest.fixture
def played(module: Make) -> Module:
    """A module with a parameter of every kind, its mandatory key not set."""
    return module(Part(parameters=PARAMETERS, wishes=wishes))


def value_for_run(module: Module, name: str) -> Any:
    """Return what a run of the module would read."""
    return next(one["value"] for one in configuration_for_run(module) if one["param_name"] == name)


def shown(module: Module, name: str) -> dict[str, Any]:
    """Return what people see of a parameter."""
    return next(one for one in public_configuration(module) if one["param_name"] == name)


def tables() -> str:
    """Return everything the tables about modules and the audit trail hold."""
    with connection.cursor() as cursor:
        rows = []
        for table in ("modules_moduleparameter", "modules_module", "core_auditlog"):
            cursor.execute(f"SELECT * FROM {table}")
            rows += cursor.fetchall()
    return str(rows)


def test_defaults_are_values(played: Module) -> None:
    values = {one["param_name"]: one["value"] for one in configuration_for_run(played)}
    expected = {"url": "https://a.example", "wait": 15, "on": True}
    assert values == expected | dict.fromkeys(("key", "api_token", "hooks"))


def test_a_run_gets_the_parameters_as_iris_stores_them(played: Module) -> None:
    assert configuration_for_run(played)[0] == {
        "param_name": "url",
        "param_human_name": "Url",
        "param_description": "What url is for",
        "default": "https://a.example",
        "mandatory": False,
        "type": "string",
        "value": "https://a.example",
    }
    assert configuration_for_run(played)[5]["section"] == "Hooks"


@pytest.mark.parametrize(
    ("name", "given", "stored"),
    [
        ("url", "https://b.example", "https://b.example"),
        ("wait", "30", 30),
        ("on", "false", False),
        ("key", SECRET, SECRET),
        ("api_token", SECRET, SECRET),
        ("hooks", JSON, JSON),
        ("url", "", None),
    ],
)
def test_a_value_is_checked_stored_and_read(
    played: Module, as_administrator: Actor, name: str, given: Any, stored: Any
) -> None:
    set_parameter(as_administrator, played.pk, name, given)
    assert value_for_run(played, name) == stored
    assert shown(played, name)["is_set"] is (stored is not None)


@pytest.mark.parametrize(
    ("name", "given", "text"),
    [
        ("wait", "soon", "Must be a whole number"),
        ("on", "perhaps", "Must be true or false"),
        ("hooks", '[{"url": }]', "Not valid JSON"),
    ],
)
def test_a_wrong_value_is_refused_and_the_old_one_kept(
    played: Module, as_administrator: Actor, name: str, given: Any, text: str
) -> None:
    before = value_for_run(played, name)
    with pytest.raises(Invalid) as caught:
        set_parameter(as_administrator, played.pk, name, given)
    assert caught.value.fields["value"][0].startswith(text)
    assert value_for_run(played, name) == before


def test_the_last_missing_value_makes_a_module_ready(
    played: Module, as_administrator: Actor
) -> None:
    assert played.state == "unconfigured"
    set_parameter(as_administrator, played.pk, "key", SECRET)
    played.refresh_from_db()
    assert (played.state, played.state_reason, played.is_active) == ("ready", "", False)
    set_parameter(as_administrator, played.pk, "key", None)
    played.refresh_from_db()
    assert played.state == "unconfigured"


def test_every_change_lets_the_module_register_its_hooks_again(
    played: Module, as_administrator: Actor
) -> None:
    assert played.subscriptions.count() == 1
    set_parameter(as_administrator, played.pk, "on", False)
    assert played.subscriptions.count() == 0


def test_what_stays_registered_keeps_its_row(played: Module, as_administrator: Actor) -> None:
    before = played.subscriptions.get().pk
    set_parameter(as_administrator, played.pk, "url", "https://b.example")
    assert played.subscriptions.get().pk == before


def test_a_module_that_fails_to_register_keeps_its_hooks_and_the_new_value(
    played: Module, as_administrator: Actor, scripted: ScriptedRunner
) -> None:
    set_parameter(as_administrator, played.pk, "key", SECRET)
    scripted.parts["played"].problem = "ValueError: no webhook"
    with pytest.raises(Conflict, match=r"^Unable to update hooks$") as caught:
        set_parameter(as_administrator, played.pk, "url", "https://b.example")
    assert caught.value.details[0] == "ValueError: no webhook"
    played.refresh_from_db()
    assert (played.state, played.subscriptions.count()) == ("broken", 1)
    assert value_for_run(played, "url") == "https://b.example"


def test_hooks_registered_under_an_outdated_configuration_do_not_count(
    played: Module, as_administrator: Actor, scripted: ScriptedRunner
) -> None:
    def change_meanwhile(job: dict[str, Any]) -> None:
        scripted.on_job = lambda job: None
        ModuleParameter.objects.filter(name="on").update(value=False)

    scripted.on_job = change_meanwhile
    set_parameter(as_administrator, played.pk, "url", "https://b.example")
    assert played.subscriptions.count() == 0
    assert scripted.kinds()[-2:] == ["register", "register"]


# --- secrets


@pytest.mark.parametrize(
    ("name", "given"), [("key", SECRET), ("api_token", SECRET), ("hooks", JSON)]
)
def test_no_secret_is_readable_in_the_database_or_in_an_answer(
    played: Module, as_administrator: Actor, name: str, given: str
) -> None:
    set_parameter(as_administrator, played.pk, name, given)
    set_parameter(as_administrator, played.pk, name, given + " ")
    assert SECRET not in tables()
    exported = export_configuration(as_administrator, played.pk)
    assert SECRET not in json.dumps([exported, public_configuration(played)])
    assert SECRET in secrets_of(played) or f"{SECRET} " in secrets_of(played)


def test_a_secret_is_shown_as_set_only(played: Module, as_administrator: Actor) -> None:
    set_parameter(as_administrator, played.pk, "key", SECRET)
    one = shown(played, "key")
    assert (one["value"], one["is_set"], one["is_secret"]) == (None, True, True)


def test_a_json_text_is_shown_with_its_secrets_masked(
    played: Module, as_administrator: Actor
) -> None:
    set_parameter(as_administrator, played.pk, "hooks", JSON)
    seen = json.loads(shown(played, "hooks")["value"])
    assert seen == {"url": "https://x.example", "headers": {"token": MASK}}


def test_what_comes_back_masked_keeps_its_value(played: Module, as_administrator: Actor) -> None:
    set_parameter(as_administrator, played.pk, "key", SECRET)
    set_parameter(as_administrator, played.pk, "hooks", JSON)
    set_parameter(as_administrator, played.pk, "key", MASK)
    edited = shown(played, "hooks")["value"].replace("x.example", "y.example")
    set_parameter(as_administrator, played.pk, "hooks", edited)
    assert value_for_run(played, "key") == SECRET
    expected = {"url": "https://y.example", "headers": {"token": SECRET}}
    assert json.loads(value_for_run(played, "hooks")) == expected


def test_a_mask_without_a_stored_value_is_refused(played: Module, as_administrator: Actor) -> None:
    with pytest.raises(Invalid):
        set_parameter(as_administrator, played.pk, "hooks", json.dumps({"token": MASK}))
    assert value_for_run(played, "hooks") is None


def test_a_sealed_value_copied_to_another_row_does_not_open(
    played: Module, as_administrator: Actor
) -> None:
    set_parameter(as_administrator, played.pk, "key", SECRET)
    sealed = ModuleParameter.objects.get(name="key").sealed
    ModuleParameter.objects.filter(name="api_token").update(sealed=sealed, is_set=True)
    with pytest.raises(CannotOpen):
        configuration_for_run(played)
    assert shown(played, "api_token")["value"] is None


def test_under_another_token_key_the_module_is_broken_until_the_secret_is_set_anew(
    played: Module, as_administrator: Actor
) -> None:
    set_parameter(as_administrator, played.pk, "key", SECRET)
    with override_settings(SOAR_TOKEN_KEY="n" * 40):
        with pytest.raises(Invalid, match="set it anew"):
            check_module(as_administrator, played.pk)
        played.refresh_from_db()
        assert (played.state, played.state_reason) == (
            "broken",
            "Secrets do not open, set them anew: key",
        )
        set_parameter(as_administrator, played.pk, "key", SECRET)
        played.refresh_from_db()
        assert played.state == "ready"


def test_changes_are_audited_without_secrets(played: Module, as_administrator: Actor) -> None:
    set_parameter(as_administrator, played.pk, "url", "https://b.example")
    line = AuditLog.objects.get(action="module.parameter_set")
    assert line.details == {
        "before": {"parameter": "url", "value": "https://a.example"},
        "after": {"parameter": "url", "value": "https://b.example"},
    }
    set_parameter(as_administrator, played.pk, "hooks", JSON)
    line = AuditLog.objects.filter(action="module.parameter_set").latest("id")
    assert line.details["after"] == {"parameter": "hooks", "value": MASK}


# --- export and import


def test_an_exported_configuration_imports_elsewhere(
    played: Module, as_administrator: Actor
) -> None:
    for name, value in (("url", "https://c.example"), ("key", SECRET), ("hooks", JSON)):
        set_parameter(as_administrator, played.pk, name, value)
    exported = export_configuration(as_administrator, played.pk)
    assert exported["module_name"] == "Scripted"
    set_parameter(as_administrator, played.pk, "url", "https://changed.example")
    import_configuration(as_administrator, played.pk, exported["module_configuration"])
    assert value_for_run(played, "url") == "https://c.example"
    assert (value_for_run(played, "key"), value_for_run(played, "hooks")) == (SECRET, JSON)


def test_an_import_registers_the_hooks_again(played: Module, as_administrator: Actor) -> None:
    entries = [{"param_name": "on", "value": "false"}, {"param_name": "key", "value": SECRET}]
    assert import_configuration(as_administrator, played.pk, entries).state == "ready"
    assert played.subscriptions.count() == 0


def test_a_partial_import_names_what_failed_and_keeps_the_rest(
    played: Module, as_administrator: Actor
) -> None:
    entries = [
        {"param_name": "wait", "value": "soon"},
        {"param_name": "planet", "value": "Mars"},
        {"param_name": "url", "value": "https://d.example"},
        {"param_name": "key"},
    ]
    with pytest.raises(Invalid) as caught:
        import_configuration(as_administrator, played.pk, entries)
    assert caught.value.message.splitlines() == [
        "Configuration is partially imported, we got errors with the followings:",
        "- Unable to save parameter wait",
        "- Unable to save parameter planet",
    ]
    assert caught.value.details == [
        "wait: Must be a whole number",
        "planet: There is no such parameter",
    ]
    assert value_for_run(played, "url") == "https://d.example"


@pytest.mark.parametrize("entries", [["url"], [None], [{}] * 1001])
def test_nonsense_is_not_imported(
    played: Module, as_administrator: Actor, entries: list[Any]
) -> None:
    with pytest.raises(Invalid, match=r"^Invalid data$"):
        import_configuration(as_administrator, played.pk, entries)


def test_only_administrators_configure(played: Module, as_analyst: Actor) -> None:
    for act in (
        lambda: set_parameter(as_analyst, played.pk, "url", "x"),
        lambda: export_configuration(as_analyst, played.pk),
        lambda: import_configuration(as_analyst, played.pk, []),
    ):
        with pytest.raises(Forbidden):
            act()


@pytest.mark.parametrize("name", ["planet", "", "Url"])
def test_an_unknown_parameter_is_told(played: Module, as_administrator: Actor, name: str) -> None:
    for pk in (played.pk, 987):
        with pytest.raises(NotFound, match=r"^Invalid parameter$"):
            set_parameter(as_administrator, pk, name if pk == played.pk else "url", "x")


# --- new versions


def test_a_new_version_keeps_what_still_fits(
    played: Module, as_administrator: Actor, scripted: ScriptedRunner
) -> None:
    for name, value in (("wait", 40), ("key", SECRET), ("url", SECRET)):
        set_parameter(as_administrator, played.pk, name, value)
    scripted.parts["played"].parameters = [
        parameter("key", "sensitive_string"),
        parameter("wait", "string"),
        parameter("url", "sensitive_string"),
        parameter("on", "integer", default=3),
    ]
    stamp = played.stamp
    upgrade(as_administrator, played.pk, "", "11111111-1111-1111-1111-111111111111")  # type: ignore[arg-type]
    played.refresh_from_db()
    values = {one["param_name"]: one["value"] for one in configuration_for_run(played)}
    assert values == {"key": SECRET, "wait": "40", "url": SECRET, "on": 3}
    assert played.stamp != stamp
    assert SECRET not in str(list(played.parameters.values_list("value", flat=True)))
