"""Setting a module up: its parameters, limits, configuration file, check, try, adding and removing."""

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from modules.models import Module, ModuleParameter, ModuleRun
from modules.services import environments, registry
from modules.services.configuration import stored_value
from modules.services.parameters import set_parameters
from soar.core.actor import Actor
from soar.core.models import AuditLog
from soar.core.recording import MASK
from tests.admin.conftest import HOOKS, SECRET, add_run, last_audit, shown, url
from tests.modules.rows import PLAYED
from tests.modules.scripted import Part, ScriptedRunner, wish


def action(module: Module, name: str) -> str:
    return reverse(f"admin:modules_module_{name}", args=[module.pk])


def typed(client: Client, module: Module, form: str, **changes: Any) -> dict[str, Any]:
    """Return what a browser posts from a form of the page, some fields changed, by their names."""
    bound = client.get(url(module)).context[form]
    ids = {row.name: key for key, row in getattr(bound, "parameters", {}).items()}
    data = {one.html_name: one.value() for one in bound if one.value() is not False}
    for name, value in changes.items():
        kind, _, rest = name.partition("__")
        key = f"forget-{ids[rest]}" if kind == "forget" else ids.get(name, name)
        data[bound.add_prefix(key)] = value
    return {name: value for name, value in data.items() if value is not None}


def save(client: Client, module: Module, **changes: Any) -> Any:
    """Post the form of the parameters."""
    data = typed(client, module, "parameter_form", **changes)
    return client.post(action(module, "parameters"), data)


def value(module: Module, name: str) -> Any:
    return stored_value(ModuleParameter.objects.get(module=module, name=name))


def errors_of(answer: Any, name: str) -> list[str]:
    """Return the errors beside the field of a parameter."""
    form = answer.context["parameter_form"]
    key = next(key for key, row in form.parameters.items() if row.name == name)
    return list(form[key].errors)


# --- parameters


def test_parameters_have_fields_of_their_types(browser: Client, played: Module) -> None:
    form = browser.get(url(played)).context["parameter_form"]
    kinds = {
        row.name: getattr(form[key].field.widget, "input_type", "textarea")
        for key, row in form.parameters.items()
    }
    assert kinds == {
        "url": "text",
        "key": "password",
        "hooks": "textarea",
        "wait": "number",
        "share": "number",
        "on": "checkbox",
        "page": "textarea",
    }


def test_parameters_stand_in_their_sections(browser: Client, played: Module) -> None:
    played.parameters.filter(name__in=["wait", "on"]).update(section="Triggers")
    sections = browser.get(url(played)).context["parameter_form"].sections()
    assert [title for title, _ in sections] == ["General", "Triggers"]
    assert [field.label for field in sections[1][1]] == ["wait", "on"]


def test_secrets_never_leave_the_server(browser: Client, played: Module) -> None:
    page = browser.get(url(played)).content.decode()
    assert SECRET not in page
    assert "It is set" in page
    assert MASK in page
    refused = save(browser, played, key="another-secret", wait="many").content.decode()
    assert "another-secret" not in refused


def test_only_what_was_changed_is_saved(
    browser: Client, played: Module, scripted: ScriptedRunner
) -> None:
    assert save(browser, played, wait="15", on="on").status_code == 302
    assert (value(played, "wait"), value(played, "on")) == (15, True)
    assert (value(played, "key"), value(played, "hooks")) == (SECRET, HOOKS)
    rows = AuditLog.objects.filter(action="module.parameter_set", channel="admin")
    assert {row.details["after"]["parameter"] for row in rows} == {"wait", "on"}
    assert scripted.kinds()[-1:] == ["register"]


def test_saving_without_a_change_asks_the_module_nothing(
    browser: Client, played: Module, scripted: ScriptedRunner
) -> None:
    jobs, before = len(scripted.jobs), AuditLog.objects.count()
    data = typed(browser, played, "parameter_form")
    ends = {name: str(text).replace("\n", "\r\n") for name, text in data.items()}  # as browsers do
    answer = browser.post(action(played, "parameters"), ends, follow=True)
    assert "Nothing was changed" in shown(answer)
    assert (len(scripted.jobs), AuditLog.objects.count()) == (jobs, before)


def test_a_secret_is_replaced_or_forgotten_on_purpose_only(browser: Client, played: Module) -> None:
    save(browser, played, key="")
    assert value(played, "key") == SECRET
    save(browser, played, key="new-secret-value")
    assert value(played, "key") == "new-secret-value"
    save(browser, played, forget__key="on")
    assert value(played, "key") is None
    assert "new-secret-value" not in str(last_audit("module.parameter_set").details)


def test_masked_members_of_json_keep_their_values(browser: Client, played: Module) -> None:
    text = json.dumps({"url": "https://other.example", "token": MASK})
    assert save(browser, played, hooks=text).status_code == 302
    assert json.loads(value(played, "hooks")) == {"url": "https://other.example", "token": SECRET}


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("hooks", "{no json", "Not valid JSON"),
        ("hooks", json.dumps({"password": MASK}), "has no stored value"),
        ("wait", "soon", "Must be a whole number"),
        ("share", "inf", "Must be a number"),
    ],
)
def test_a_wrong_value_is_told_at_its_field_and_nothing_is_saved(
    browser: Client, played: Module, name: str, text: str, reason: str
) -> None:
    answer = save(browser, played, **{"url": "https://new.example", name: text})
    assert answer.status_code == 200
    assert any(reason in error for error in errors_of(answer, name))
    assert reason in shown(answer)
    assert value(played, "url") == "https://x.example"


def test_a_mandatory_switch_that_was_never_set_is_saved_as_shown(
    browser: Client, played: Module
) -> None:
    played.parameters.filter(name="on").update(is_mandatory=True)
    save(browser, played, on=None)
    assert value(played, "on") is False


def test_a_module_that_cannot_register_its_hooks_is_told_after_saving(
    browser: Client, played: Module, scripted: ScriptedRunner
) -> None:
    scripted.parts[PLAYED].problem = "It fell over"
    save(browser, played, wait="15")
    text = shown(browser.get(url(played)))
    assert "Saved, but: Unable to update hooks" in text
    assert "It fell over" in text
    assert value(played, "wait") == 15


def test_what_a_module_says_of_itself_is_text(browser: Client, played: Module) -> None:
    hostile = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    played.parameters.update(description=hostile, human_name=hostile, section=hostile)
    Module.objects.update(human_name=hostile, description=hostile, state_reason=hostile)
    for page in (url(played), url(played, "changelist")):
        answer = browser.get(page)
        assert hostile in shown_with_tags(answer)
        assert hostile not in answer.content.decode()


def shown_with_tags(answer: Any) -> str:
    """Return a page with its entities resolved."""
    return answer.content.decode().replace("&lt;", "<").replace("&gt;", ">")


# --- limits


def test_limits_are_changed(browser: Client, played: Module) -> None:
    data = typed(browser, played, "limits_form", wall_seconds="20", maximum_tlp_id="2")
    data |= {"limit-queue": "mod.played", "limit-may_run_synchronously": "on"}
    assert browser.post(action(played, "limits"), data).status_code == 302
    played.refresh_from_db()
    assert (played.wall_seconds, played.maximum_tlp_id, played.queue) == (20, 2, "mod.played")
    assert played.may_run_synchronously
    assert set(last_audit("module.limits_changed").details["after"]) == {
        "wall_seconds",
        "maximum_tlp_id",
        "queue",
        "may_run_synchronously",
    }


@pytest.mark.parametrize(
    ("name", "text"),
    [("wall_seconds", "0"), ("memory_mb", "x"), ("queue", "celery"), ("writes", "")],
)
def test_a_wrong_limit_is_told_at_its_field(
    browser: Client, played: Module, name: str, text: str
) -> None:
    data = typed(browser, played, "limits_form", concurrency="3", **{name: text})
    form = browser.post(action(played, "limits"), data).context["limits_form"]
    assert form.errors[name]
    played.refresh_from_db()
    assert played.concurrency != 3


def test_what_the_service_refuses_of_a_limit_is_told_at_its_field(
    browser: Client, played: Module
) -> None:
    data = typed(browser, played, "limits_form", writes="only", writable_fields="DROP TABLE")
    form = browser.post(action(played, "limits"), data).context["limits_form"]
    assert form.errors["writable_fields"] == ["Must be a list of names of fields"]


def test_the_writable_fields_are_the_usual_ones_some_or_none(
    browser: Client, played: Module
) -> None:
    for writes, text, expected in (
        ("only", "ioc_tags\r\n*_description", ["ioc_tags", "*_description"]),
        ("only", "", []),
        ("usual", "", None),
    ):
        data = typed(browser, played, "limits_form", writes=writes, writable_fields=text)
        browser.post(action(played, "limits"), data)
        played.refresh_from_db()
        assert played.writable_fields == expected


# --- the configuration as a file


def upload(client: Client, module: Module, content: bytes) -> Any:
    file = SimpleUploadedFile("configuration.json", content, "application/json")
    return client.post(action(module, "import"), {"file": file}, follow=True)


def test_the_configuration_is_handed_out_without_secrets(browser: Client, played: Module) -> None:
    answer = browser.post(action(played, "export"))
    assert answer["Content-Disposition"] == 'attachment; filename="played_configuration.json"'
    assert SECRET not in answer.content.decode()
    by_name = {one["param_name"]: one for one in answer.json()["module_configuration"]}
    assert by_name["url"]["value"] == "https://x.example"
    assert (by_name["key"]["value"], by_name["key"]["is_set"]) == (None, True)


def test_an_exported_configuration_is_taken_over_and_keeps_secrets(
    browser: Client, played: Module, as_administrator: Actor
) -> None:
    exported = browser.post(action(played, "export")).content
    set_parameters(as_administrator, played.pk, {"url": "https://other.example", "wait": 7})
    assert "was imported" in shown(upload(browser, played, exported))
    assert (value(played, "url"), value(played, "wait")) == ("https://x.example", None)
    assert (value(played, "key"), value(played, "hooks")) == (SECRET, HOOKS)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\xff{", "The file is not JSON."),
        (b"[" * 100_000, "The file is not JSON."),
        (b"{}", "The file holds no module_configuration."),
        (b'{"module_configuration": "{}"}', "The file holds no module_configuration."),
        (b'[{"param_name": "wait", "value": "soon"}]', "Unable to save parameter wait"),
        (b"[1]", "Invalid data"),
    ],
)
def test_a_file_that_is_no_configuration_is_explained(
    browser: Client, played: Module, content: bytes, told: str
) -> None:
    assert told in shown(upload(browser, played, content))


# --- checking, enabling, adding, removing


def test_a_check_shows_its_log(browser: Client, played: Module) -> None:
    text = shown(browser.post(action(played, "check")))
    assert "all is well" in text
    assert "fit to run" in text


def test_a_failed_check_says_why(browser: Client, played: Module, scripted: ScriptedRunner) -> None:
    scripted.parts[PLAYED] = Part(is_healthy=False, health=["the <b>key</b> is wrong"])
    answer = browser.post(action(played, "check"))
    assert "The health check did not pass" in shown(answer)
    assert "the &lt;b&gt;key&lt;/b&gt; is wrong" in answer.content.decode()


def test_a_module_is_disabled_and_enabled(browser: Client, played: Module) -> None:
    browser.post(action(played, "disable"))
    assert last_audit("module.disabled").object_id == played.pk
    assert "Enable" in shown(browser.get(url(played)))
    browser.post(action(played, "enable"))
    assert last_audit("module.enabled").object_id == played.pk
    assert Module.objects.get().is_active


def test_enabling_says_what_is_missing(browser: Client, played: Module) -> None:
    played.parameters.filter(name="wait").update(is_mandatory=True)
    text = shown(browser.post(action(played, "enable"), follow=True))
    assert "Unable to enable module Mandatory parameters are not set: wait" in text


def test_the_breaker_is_reset(browser: Client, played: Module) -> None:
    Module.objects.update(failures_in_a_row=5, state="broken", state_reason="5 failures in a row")
    assert "Reset breaker" in shown(browser.get(url(played)))
    browser.post(action(played, "reset"))
    assert (Module.objects.get().failures_in_a_row, Module.objects.get().state) == (0, "ready")
    assert "Reset breaker" not in shown(browser.get(url(played)))


@pytest.fixture
def packages(monkeypatch: pytest.MonkeyPatch, scripted: ScriptedRunner) -> ScriptedRunner:
    """Two shipped packages, `played` and `other`."""
    scripted.parts["other"] = Part(
        human_name="Other", wishes=lambda values: [wish("on_postload_ioc_create")]
    )
    for place in (environments, registry):
        monkeypatch.setattr(place, "shipped_packages", lambda: ["other", PLAYED])
    monkeypatch.setattr("modules.admin.modules.shipped_packages", lambda: ["other", PLAYED])
    return scripted


def test_a_package_that_is_here_is_registered(
    browser: Client, played: Module, packages: ScriptedRunner
) -> None:
    page = browser.get(url(played, "add"))
    assert [name for name, _ in page.context["form"].fields["package"].choices] == ["other"]
    assert "manage.py modules install" in shown(page)
    answer = browser.post(url(played, "add"), {"package": "other"})
    module = Module.objects.get(package="other")
    assert answer["Location"] == url(module)
    assert last_audit("module.registered").object_id == module.pk


def test_an_unhealthy_package_is_not_registered_and_says_why(
    browser: Client, played: Module, packages: ScriptedRunner
) -> None:
    packages.parts["other"] = Part(is_healthy=False, health=["interface 1.9 is too new"])
    text = shown(browser.post(url(played, "add"), {"package": "other"}))
    assert "interface 1.9 is too new" in text
    assert not Module.objects.filter(package="other").exists()


@pytest.mark.parametrize("name", ["requests", "../../etc", "", PLAYED])
def test_nothing_else_can_be_registered_or_installed(
    browser: Client, played: Module, packages: ScriptedRunner, name: str
) -> None:
    jobs = len(packages.jobs)
    assert browser.post(url(played, "add"), {"package": name}).status_code == 200
    assert (Module.objects.count(), len(packages.jobs)) == (1, jobs)


def test_a_module_is_removed_after_a_question_and_its_runs_stay(
    browser: Client, played: Module
) -> None:
    run = add_run(played)
    assert "Are you sure" in shown(browser.get(url(played, "delete")))
    browser.post(url(played, "delete"), {"post": "yes"})
    assert last_audit("module.removed").object_id == played.pk
    run.refresh_from_db()
    assert run.module is None
    assert browser.get(url(run)).status_code == 200
    assert ModuleRun.objects.count() == 1
