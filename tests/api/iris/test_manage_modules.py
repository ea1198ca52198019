"""`/manage/modules/*`: which modules there are, their configuration and their hooks."""

import base64
import json
from typing import Any

import pytest

from modules.models import Module
from modules.services.parameters import set_parameter
from soar.core.actor import Actor
from soar.core.recording import MASK
from tests.api.iris.answers import assert_data_error, assert_refused, data_of
from tests.api.iris.shapes import TS, assert_fits
from tests.http import ApiClient
from tests.modules.rows import PLAYED, add_parameter, add_row, subscribe
from tests.modules.scripted import Part, ScriptedRunner, parameter, wish

SECRET = "s3cret-value-of-the-key"
HEADERS = json.dumps({"headers": {"Authorization": SECRET}})
ROW = {
    "id": int,
    "module_name": str,
    "module_human_name": str,
    "module_description": str,
    "module_version": str,
    "module_type": str,
    "interface_version": str,
    "has_pipeline": bool,
    "date_added": TS,
    "added_by_id": int,
    "name": str,
    "is_active": bool,
    "module_config": [dict],
    "configured": bool,
    "state": str,
    "state_reason": str,
}


@pytest.fixture
def row(db: None) -> Module:
    """A module with parameters of three kinds and two hooks."""
    module = add_row(PLAYED, human_name="My module")
    for name, kind in (("url", "string"), ("key", "sensitive_string"), ("hooks", "textfield_json")):
        add_parameter(module, name, kind)
    subscribe(module, "on_postload_ioc_create")
    subscribe(module, "on_manual_trigger_ioc", "Look it up")
    return module


@pytest.fixture
def with_secrets(row: Module, as_administrator: Actor) -> Module:
    """The same with all of them set."""
    for name, value in (("url", "https://x"), ("key", SECRET), ("hooks", HEADERS)):
        set_parameter(as_administrator, row.pk, name, value)
    return row


def address(module_id: Any, name: str) -> str:
    """Return the path of a parameter as the pages of IRIS build it."""
    text = base64.b64encode(f"{module_id}##{name}".encode()).decode()
    return f"/manage/modules/set-parameter/{text}"


def shape_of_row(pipeline: Any) -> dict[str, Any]:
    """Return the shape of a module."""
    return ROW | {"pipeline_args": pipeline}


def test_the_modules_are_listed(api_administrator: ApiClient, row: Module) -> None:
    rows = data_of(api_administrator.get("/manage/modules/list"))
    assert_fits(rows, [shape_of_row(None)])
    (one,) = rows
    assert (one["id"], one["module_human_name"], one["name"]) == (
        row.pk,
        "My module",
        "administrator",
    )
    assert (one["is_active"], one["configured"], one["has_pipeline"]) == (True, True, False)
    assert [part["param_name"] for part in one["module_config"]] == ["url", "key", "hooks"]


def test_looking_deactivates_nothing(api_administrator: ApiClient, row: Module) -> None:
    row.parameters.filter(name="key").update(is_mandatory=True)
    (one,) = data_of(api_administrator.get("/manage/modules/list"))
    assert (one["configured"], one["is_active"]) == (False, True)
    row.refresh_from_db()
    assert row.is_active


def test_no_answer_shows_a_secret(api_administrator: ApiClient, with_secrets: Module) -> None:
    pk = with_secrets.pk
    for path in ("list", f"export-config/{pk}", "hooks/list"):
        answer = api_administrator.get(f"/manage/modules/{path}")
        assert answer.status_code == 200
        assert SECRET not in answer.content.decode()
    exported = data_of(api_administrator.get(f"/manage/modules/export-config/{pk}"))
    assert exported["module_name"] == "My module"
    url, key, hooks = exported["module_configuration"]
    assert (url["value"], key["value"], key["is_set"]) == ("https://x", None, True)
    assert json.loads(hooks["value"]) == {"headers": {"Authorization": MASK}}


# --- registering


def test_a_shipped_module_is_registered(
    api_administrator: ApiClient, modules_by_script: ScriptedRunner
) -> None:
    wishes = [wish("on_postload_ioc_create")]
    part = Part("Refang", version="3", wishes=lambda values: wishes, parameters=[parameter("a")])
    modules_by_script.parts["watchfloor_refang"] = part
    body = {"module_name": "watchfloor_refang"}
    one = data_of(api_administrator.post("/manage/modules/add", body), "Module registered")
    assert_fits(one, shape_of_row(None))
    assert (one["module_name"], one["module_version"], one["state"]) == (
        "watchfloor_refang",
        "3",
        "ready",
    )
    assert one["is_active"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (None, "Invalid request"),
        ("", "Invalid request"),
        (
            "iris_vt_module",
            "Cannot import module. There is no module 'iris_vt_module' here: "
            "install it with `manage.py modules install`",
        ),
        (
            "../../etc",
            "Cannot import module. There is no module '../../etc' here: "
            "install it with `manage.py modules install`",
        ),
        ("watchfloor_check", "Cannot import module. killed by signal 11"),
    ],
)
def test_what_cannot_be_imported_is_refused_with_the_reason(
    api_administrator: ApiClient, name: Any, text: str
) -> None:
    assert_refused(api_administrator.post("/manage/modules/add", {"module_name": name}), text)
    assert not Module.objects.exists()


def test_an_unhealthy_module_is_refused_with_its_log(
    api_administrator: ApiClient, modules_by_script: ScriptedRunner
) -> None:
    part = Part("Refang", is_healthy=False, health=["interface 1.2.1 is not supported"])
    modules_by_script.parts["watchfloor_refang"] = part
    body = {"module_name": "watchfloor_refang"}
    assert_refused(
        api_administrator.post("/manage/modules/add", body),
        "Cannot import module. Health check didn't pass. Please check logs below",
        data=["INFO interface 1.2.1 is not supported"],
    )


def test_a_module_is_registered_once(api_administrator: ApiClient, row: Module) -> None:
    answer = api_administrator.post("/manage/modules/add", {"module_name": PLAYED})
    assert_refused(answer, "Unable to register module: Module already exists in Iris")


# --- parameters


def test_a_parameter_is_set_by_its_encoded_address(
    api_administrator: ApiClient, row: Module
) -> None:
    body = {"parameter_value": "https://y"}
    data_of(api_administrator.post(address(row.pk, "url"), body), "Saved")
    assert row.parameters.get(name="url").value == "https://y"


@pytest.mark.parametrize("name", ["ab?", "ab??", "ü~"])
def test_an_address_may_hold_every_letter_of_base64(
    api_administrator: ApiClient, row: Module, name: str
) -> None:
    add_parameter(row, name)
    data_of(api_administrator.post(address(row.pk, name), {"parameter_value": "1"}), "Saved")
    unpadded = address(row.pk, name).rstrip("=").replace("+", "-")
    data_of(api_administrator.post(unpadded, {"parameter_value": "2"}), "Saved")
    assert row.parameters.get(name=name).value == "2"


@pytest.mark.parametrize(
    "path",
    [
        "/manage/modules/set-parameter/%25%25%25",
        "/manage/modules/set-parameter/ü",
        "/manage/modules/set-parameter/AAAA",
        "/manage/modules/set-parameter//w==",
        address(987, "url"),
        address("x", "url"),
        address("", "url"),
        address("²", "url"),
        address("9" * 99, "url"),
        address("1", "planet"),
        address("1", "a\x00b"),
    ],
)
def test_an_address_of_nothing_is_refused(
    api_administrator: ApiClient, row: Module, path: str
) -> None:
    answer = api_administrator.post(path, {"parameter_value": "x"})
    assert_refused(answer, "Invalid parameter")


def test_a_body_without_a_value_is_refused(api_administrator: ApiClient, row: Module) -> None:
    assert_refused(api_administrator.post(address(row.pk, "url"), {}), "Malformed request")


def test_a_wrong_value_is_refused_by_name(api_administrator: ApiClient, row: Module) -> None:
    add_parameter(row, "wait", "integer")
    answer = api_administrator.post(address(row.pk, "wait"), {"parameter_value": "soon"})
    assert_data_error(answer, parameter_value="Must be a whole number")


def test_a_module_that_cannot_register_its_hooks_is_told(
    api_administrator: ApiClient, row: Module, modules_by_script: ScriptedRunner
) -> None:
    modules_by_script.parts[PLAYED] = Part(problem="ValueError: url")
    answer = api_administrator.post(address(row.pk, "url"), {"parameter_value": "x"})
    data = ["ValueError: url", "ERROR line of the log"]
    assert_refused(answer, "Unable to update hooks", data=data)
    assert row.parameters.get(name="url").value == "x"


@pytest.mark.parametrize("as_text", [True, False])
def test_a_configuration_is_imported(
    api_administrator: ApiClient, with_secrets: Module, as_text: bool
) -> None:
    path = f"/manage/modules/export-config/{with_secrets.pk}"
    entries = data_of(api_administrator.get(path))["module_configuration"]
    entries[0]["value"] = "https://z"
    body = {"module_configuration": json.dumps(entries) if as_text else entries}
    path = f"/manage/modules/import-config/{with_secrets.pk}"
    data_of(api_administrator.post(path, body), "Successfully imported data.")
    assert with_secrets.parameters.get(name="url").value == "https://z"
    assert with_secrets.parameters.filter(name="key", is_set=True).exists()


def test_a_partial_import_names_what_failed(api_administrator: ApiClient, row: Module) -> None:
    entries = [{"param_name": "url", "value": "u"}, {"param_name": "planet", "value": "x"}]
    path = f"/manage/modules/import-config/{row.pk}"
    assert_refused(
        api_administrator.post(path, {"module_configuration": entries}),
        "Configuration is partially imported, we got errors with the followings:\n"
        "- Unable to save parameter planet",
        data=["planet: There is no such parameter"],
    )
    assert row.parameters.get(name="url").value == "u"


@pytest.mark.parametrize("value", [None, "", "{", "{}", {}, 5, ["x"], "[" * 100_000])
def test_what_is_no_configuration_is_refused(
    api_administrator: ApiClient, row: Module, value: Any
) -> None:
    path = f"/manage/modules/import-config/{row.pk}"
    answer = api_administrator.post(path, {"module_configuration": value})
    assert_refused(answer, "Invalid data")


@pytest.mark.parametrize("verb", ["export-config", "import-config"])
def test_a_configuration_of_nothing_is_not_found(
    api_administrator: ApiClient, row: Module, verb: str
) -> None:
    send = api_administrator.get if verb == "export-config" else api_administrator.post
    body = {} if verb == "export-config" else {"body": {"module_configuration": []}}
    answer = send(f"/manage/modules/{verb}/987", **body)
    assert_refused(answer, "Module ID 987 not found")


# --- enabling and removing


def test_a_module_is_disabled_enabled_and_removed(
    api_administrator: ApiClient, row: Module
) -> None:
    for verb, text, is_active in (
        ("disable", "Module disabled", False),
        ("enable", "Module enabled", True),
    ):
        data_of(api_administrator.post(f"/manage/modules/{verb}/{row.pk}"), text)
        row.refresh_from_db()
        assert row.is_active is is_active
    data_of(api_administrator.post(f"/manage/modules/remove/{row.pk}"), "Deleted")
    assert not Module.objects.exists()


@pytest.mark.parametrize("verb", ["enable", "disable", "remove"])
def test_an_unknown_module_is_told(api_administrator: ApiClient, verb: str) -> None:
    answer = api_administrator.post(f"/manage/modules/{verb}/987")
    assert_refused(answer, "Invalid module ID")


def test_an_unconfigured_module_is_not_enabled(api_administrator: ApiClient, row: Module) -> None:
    row.parameters.filter(name="key").update(is_mandatory=True)
    assert_refused(
        api_administrator.post(f"/manage/modules/enable/{row.pk}"),
        "Unable to enable module",
        data=["Mandatory parameters are not set: key"],
    )


# --- hooks


def test_the_registered_hooks_are_listed(api_administrator: ApiClient, row: Module) -> None:
    automatic, manual = data_of(api_administrator.get("/manage/modules/hooks/list"))
    expected = {
        "module_name": PLAYED,
        "is_active": True,
        "hook_name": "on_manual_trigger_ioc",
        "hook_description": "When chosen by hand for an IOC",
        "is_manual_hook": True,
        "manual_hook_ui_name": "Look it up",
        "run_asynchronously": True,
    }
    assert manual.items() >= expected.items()
    assert (automatic["hook_name"], automatic["is_manual_hook"]) == (
        "on_postload_ioc_create",
        False,
    )


@pytest.mark.parametrize("path", ["list", "hooks/list", "export-config/1"])
def test_only_administrators_look_at_modules(
    api_analyst: ApiClient, row: Module, path: str
) -> None:
    assert_refused(api_analyst.get(f"/manage/modules/{path}"), "Permission denied", code=403)
