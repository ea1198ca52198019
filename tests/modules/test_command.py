"""`manage.py modules`: what operators do in a shell."""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from modules.management import texts
from modules.models import Module
from modules.runner.host import Ending, Outcome
from modules.services import registry
from modules.services.configuration import configuration_for_run
from tests.modules.scripted import Part, ScriptedRunner, parameter, wish

SECRET = "s3cret-value-of-the-key"
PARAMETERS = [
    parameter("url", mandatory=True),
    parameter("key", "sensitive_string"),
    parameter("wait", "integer", default=5),
]
PART = Part(
    "My module",
    parameters=PARAMETERS,
    wishes=lambda values: [wish("on_manual_trigger_ioc", "Look it up")],
)


@pytest.fixture
def played(db: None, ship: Callable[..., None]) -> None:
    """One shipped module that nobody registered."""
    ship(played=PART)


def say(*words: str) -> str:
    """Run the command and return what it printed."""
    out = io.StringIO()
    call_command("modules", *words, stdout=out)
    return out.getvalue()


def values() -> dict[str, Any]:
    """Return the configuration in clear."""
    module = Module.objects.get()
    return {one["param_name"]: one["value"] for one in configuration_for_run(module)}


def test_a_module_is_added_configured_enabled_disabled_and_removed(played: None) -> None:
    assert "played 1.0: unconfigured, inactive" in say("add", "played")
    assert "played 1.0: ready, inactive" in say("configure", "played", "url=https://x=y", "wait=7")
    assert values() == {"url": "https://x=y", "key": None, "wait": 7}
    assert "ready, active" in say("enable", "played")
    assert "on_manual_trigger_ioc Look it up" in say("check", "My Module")
    assert "ready, inactive" in say("disable", "played")
    assert "Removed played" in say("remove", "played")
    assert not Module.objects.exists()


def test_the_list_shows_every_module_with_its_state(played: None) -> None:
    say("add", "played")
    header, line = say("list").splitlines()
    assert header.split() == ["package", "name", "version", "active", "state", "reason"]
    assert line.split()[:6] == ["played", "My", "module", "1.0", "no", "unconfigured"]


def test_secrets_come_from_files_and_standard_input_and_are_never_shown(
    played: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    say("add", "played")
    (tmp_path / "key").write_text(f"{SECRET}\n", encoding="utf-8")
    shown = say("configure", "played", f"key=@{tmp_path / 'key'}")
    assert values()["key"] == SECRET
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{SECRET}-2\n"))
    shown += say("configure", "played", "key=-")
    assert values()["key"] == f"{SECRET}-2"
    shown += say("configure", "played") + say("export", "played")
    assert SECRET not in shown
    assert "(set)" in shown


def test_a_wrong_value_changes_nothing_and_is_named(played: None) -> None:
    say("add", "played")
    with pytest.raises(CommandError, match="wait: Must be a whole number"):
        say("configure", "played", "url=https://x", "wait=soon")
    assert values()["url"] is None


def test_an_exported_configuration_is_imported(played: None, tmp_path: Path) -> None:
    say("add", "played")
    say("configure", "played", "url=https://x", f"key={SECRET}")
    file = tmp_path / "configuration.json"
    file.write_text(say("export", "played"), encoding="utf-8")
    say("configure", "played", "url=https://changed")
    say("import", "played", str(file))
    assert values() == {"url": "https://x", "key": SECRET, "wait": 5}


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["add", "planet"], "There is no module 'planet' here"),
        (["enable", "planet"], "There is no module planet"),
        (["configure", "played", "url"], "'url' is not PARAMETER=VALUE"),
        (["configure", "played", "planet=x"], "Invalid parameter"),
        (["configure", "played", "url=@/nowhere/at/all"], "cannot be read"),
        (["enable", "played"], "Mandatory parameters are not set: url"),
        (["import", "played", "/nowhere/at/all"], "cannot be read"),
        (["try", "played", "ioc"], "'ioc' is not KIND:ID"),
        (["try", "played", "ioc:987"], "There is no ioc 987"),
        (["try", "played", "planet:1"], "is not registered on"),
        (["install", "--", "-r"], "neither a package nor a wheel"),
        (["install", "./none/at/all.whl", "--bare"], "none"),
    ],
)
def test_what_is_wrong_is_said(
    played: None, words: list[str], text: str, module_folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    say("add", "played")
    with pytest.raises(CommandError, match=text):
        say(*words)


@pytest.mark.parametrize(("content", "text"), [("{", "is no JSON"), ('{"a": 1}', "holds no")])
def test_a_file_that_is_no_export_is_refused(
    played: None, tmp_path: Path, content: str, text: str
) -> None:
    say("add", "played")
    file = tmp_path / "x.json"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(CommandError, match=text):
        say("import", "played", str(file))


def test_a_dry_run_shows_log_diff_wishes_and_output() -> None:
    result = {
        "status": "success",
        "logs": [{"level": "INFO", "time": "", "text": "Looked it up"}],
        "diffs": [
            {
                "kind": "ioc",
                "id": 4,
                "changes": {"ioc_tags": ["a", "a,b"]},
                "attributes": {"Report": {"HTML": {"type": "html", "value": "<b>"}}, "Empty": {}},
            }
        ],
        "creations": [{"kind": "note", "ref": -1, "fields": {"note_title": "New"}}],
    }
    shown = texts.outcome_of(Outcome(Ending.FINISHED, result, "printed\n", "", 0.5))
    assert shown.splitlines() == [
        "success after 0.50 s, nothing was applied",
        "-- log",
        "   INFO Looked it up",
        "-- changes",
        '   ioc 4 ioc_tags: "a" -> "a,b"',
        '   ioc 4 attribute Report / HTML: {"type": "html", "value": "<b>"}',
        "   ioc 4 attribute tab Empty",
        "-- new objects",
        '   {"kind": "note", "ref": -1, "fields": {"note_title": "New"}}',
        "-- output",
        "   printed",
    ]


@pytest.mark.parametrize(
    ("outcome", "text"),
    [
        (Outcome(Ending.TIMEOUT, None, "", "longer than 4 s", 4.0), "timeout: longer than 4 s"),
        (
            Outcome(Ending.FINISHED, {"status": "failure", "message": "No key"}, "", "", 0.1),
            "failure: No key",
        ),
    ],
)
def test_a_dry_run_that_failed_says_why(outcome: Outcome, text: str) -> None:
    assert texts.outcome_of(outcome).startswith(text)


def test_the_shipped_modules_are_seeded_at_every_start(
    played: None, scripted: ScriptedRunner
) -> None:
    out = io.StringIO()
    call_command("seed_modules", stdout=out)
    assert out.getvalue() == "Module played 1.0: unconfigured\n"
    call_command("seed_modules", stdout=out, verbosity=0)
    assert scripted.kinds() == ["describe", "register"]
    assert json.loads(say("export", "played"))["module_name"] == "My module"
    assert not Module.objects.get().is_active
    assert registry.shipped_packages() == ["played"]
