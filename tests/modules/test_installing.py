"""Installing modules into environments of their own: real ones, made by pip without a network."""

import importlib.util
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cases.models import CaseIoc
from modules.models import Module, ModuleRun
from modules.services import environments
from modules.services.dry_run import dry_run
from modules.services.environments import environment_of
from modules.services.installing import install_module, uninstall_module
from modules.services.parameters import set_parameter
from modules.services.registry import add_module, remove_module
from soar.core.actor import Actor
from soar.core.errors import Conflict, Forbidden, Invalid, NotFound
from soar.core.models import AuditLog
from tests.modules.wheels import WEBHOOKS, published, wheel_of

pytestmark = pytest.mark.slow
SECRET = "s3cret-value-of-the-key"
ENRICHER = "iris_sample_enricher"
FIRST_START = """
from iris_interface.IrisModuleInterface import IrisModuleInterface

class Main(IrisModuleInterface):
    _module_name = "{name}"
    _interface_version = "{interface}"
    _module_type = "module_processor"
    _pipeline_support = False

    def register_hooks(self, module_id):
        pass

    def hooks_handler(self, hook_name, hook_ui_name, data):
        pass
"""
DECLARES = '__iris_module_interface = "Main"\n'


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep pip from asking an index."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)


@pytest.fixture
def install(as_administrator: Actor, module_folders: Path, tmp_path: Path) -> Callable[..., Module]:
    """Install a sample, or a package made of files, from a wheel."""

    def make(package: str = ENRICHER, *, version: str = "1.0.0", **files: str) -> Module:
        wheel = wheel_of(tmp_path, package, version=version, **files)
        return install_module(as_administrator, str(wheel), also=())

    return make


@pytest.fixture
def case_ioc(db: None) -> CaseIoc:
    """The IOC of the initial case."""
    return CaseIoc.objects.get(case_id=1)


def folders(place: Path) -> set[str]:
    """Return the environments there are."""
    return {one.name for one in place.iterdir()} if place.exists() else set()


def test_a_module_gets_an_environment_of_its_own(
    install: Callable[..., Module], module_folders: Path
) -> None:
    module = install()
    assert (module.package, module.human_name, module.state) == (
        ENRICHER,
        "Sample enricher",
        "ready",
    )
    assert folders(module_folders) == {module.environment}
    environment = environment_of(module)
    assert environment.python == str(module_folders / module.environment / "bin" / "python")
    assert (environment.stamp, environment.paths) == (str(module.stamp), ())
    names = list(module.subscriptions.values_list("hook_name", "ui_name"))
    assert names[:3] == [
        ("on_postload_ioc_create", ""),
        ("on_postload_ioc_update", ""),
        ("on_manual_trigger_ioc", "Enrich"),
    ]


def test_nothing_of_a_module_enters_our_process(install: Callable[..., Module]) -> None:
    install()
    assert not [name for name in sys.modules if name.startswith((ENRICHER, "iris_interface"))]
    assert importlib.util.find_spec(ENRICHER) is None


def test_a_module_can_be_tried_and_nothing_is_applied(
    install: Callable[..., Module], as_administrator: Actor, case_ioc: CaseIoc
) -> None:
    module = install()
    pk = case_ioc.ioc_id
    outcome = dry_run(as_administrator, module.pk, "ioc", pk)
    assert outcome.result is not None
    assert outcome.result["status"] == "success"
    (diff,) = outcome.result["diffs"]
    assert diff["id"] == pk
    assert "sample:seen" in diff["changes"]["ioc_tags"][1]
    again = dry_run(as_administrator, module.pk, "ioc", pk, case_ioc.case_id, called="Describe")
    assert again.result is not None
    assert list(again.result["diffs"][0]["changes"]) == ["ioc_description"]
    before = (case_ioc.tags, case_ioc.description)
    case_ioc.refresh_from_db()
    assert (case_ioc.tags, case_ioc.description) == before
    assert not ModuleRun.objects.exists()
    assert AuditLog.objects.filter(action="module.tried").count() == 2


@pytest.mark.parametrize(
    ("kind", "called", "error"),
    [("case", "", Invalid), ("ioc", "Nonsense", Invalid), ("planet", "", Invalid)],
)
def test_a_module_is_tried_only_on_what_it_listens_to(
    install: Callable[..., Module], as_administrator: Actor, kind: str, called: str, error: Any
) -> None:
    module = install()
    with pytest.raises(error, match="is not registered on"):
        dry_run(as_administrator, module.pk, kind, 1, called=called)
    with pytest.raises(NotFound):
        dry_run(as_administrator, module.pk, "ioc", 987)


def test_a_new_version_keeps_the_configuration_and_leaves_the_old_one_for_its_runs(
    install: Callable[..., Module], as_administrator: Actor, module_folders: Path
) -> None:
    old = install()
    set_parameter(as_administrator, old.pk, "sample_key", SECRET)
    set_parameter(as_administrator, old.pk, "sample_tag", "mine")
    new = install(version="2.0.0")
    assert (new.pk, new.is_active) == (old.pk, True)
    assert new.environment != old.environment
    assert new.stamp != old.stamp
    assert folders(module_folders) == {old.environment, new.environment}
    assert environments.folder_of(ENRICHER) == new.environment
    values = {row.name: row.is_set for row in new.parameters.all()}
    assert values == {"sample_tag": True, "sample_key": True}
    assert new.parameters.get(name="sample_tag").value == "mine"


def test_what_was_replaced_is_removed_when_it_is_old(
    install: Callable[..., Module], module_folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install()
    monkeypatch.setattr(environments, "ABANDONED_SECONDS", -10)
    new = install(version="2.0.0")
    assert folders(module_folders) == {new.environment}


@pytest.mark.parametrize(
    ("files", "text"),
    [
        ({"__init__": ""}, "__iris_module_interface"),
        ({"__init__": DECLARES}, "Main"),
        ({"__init__": DECLARES, "Main": "import nowhere_to_be_found"}, "nowhere_to_be_found"),
        (
            {"__init__": DECLARES, "Main": FIRST_START.format(name="Too new", interface="1.2.1")},
            "Health check didn't pass",
        ),
    ],
)
def test_what_is_no_module_is_refused_with_the_reason_and_leaves_nothing(
    install: Callable[..., Module], module_folders: Path, files: dict[str, str], text: str
) -> None:
    with pytest.raises(Invalid) as caught:
        install("some_package", **files)
    assert text in caught.value.message
    assert folders(module_folders) == set()
    assert not Module.objects.exists()


def test_a_new_version_that_does_not_work_leaves_the_old_one(
    install: Callable[..., Module], module_folders: Path
) -> None:
    old = install()
    with pytest.raises(Invalid):
        install(version="2.0.0", __init__=DECLARES, Main="1/0")
    kept = Module.objects.get()
    assert (kept.environment, kept.stamp, kept.state) == (old.environment, old.stamp, "ready")
    assert folders(module_folders) == {old.environment}


@pytest.mark.parametrize(
    "requirement", ["no-such-module==1.0", "--index-url=http://evil", "", " ", "a\nb", "./none.whl"]
)
def test_what_pip_cannot_install_is_refused(
    as_administrator: Actor, module_folders: Path, requirement: str
) -> None:
    with pytest.raises(Invalid):
        install_module(as_administrator, requirement, also=())
    assert folders(module_folders) == set()


def test_the_name_of_a_shipped_module_is_taken(
    install: Callable[..., Module], module_folders: Path
) -> None:
    with pytest.raises(Conflict, match="shipped with Watchfloor"):
        install("watchfloor_check", __init__=DECLARES)
    assert folders(module_folders) == set()


def test_the_installer_sees_none_of_our_settings(
    as_administrator: Actor, module_folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dict[str, str]] = []

    def run(command: list[str], **options: Any) -> Any:
        seen.append(options["env"])
        raise environments.subprocess.TimeoutExpired(command, 1)

    for name in ("SOAR_TOKEN_KEY", "DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE"):
        monkeypatch.setenv(name, SECRET)
    monkeypatch.setattr(environments.subprocess, "run", run)
    with pytest.raises(Invalid, match="took longer than"):
        install_module(as_administrator, "anything")
    assert SECRET not in json.dumps(seen)
    assert "PATH" in seen[0]


def test_a_removed_module_is_registered_again_from_what_is_installed(
    install: Callable[..., Module], as_administrator: Actor, module_folders: Path
) -> None:
    old = install()
    remove_module(as_administrator, old.pk)
    new = add_module(as_administrator, ENRICHER)
    assert (new.environment, new.is_active) == (old.environment, True)
    assert uninstall_module(as_administrator, new.pk) == ENRICHER
    assert folders(module_folders) == set()
    with pytest.raises(Invalid, match="There is no module"):
        add_module(as_administrator, ENRICHER)


def test_only_administrators_install(as_analyst: Actor, module_folders: Path) -> None:
    with pytest.raises(Forbidden):
        install_module(as_analyst, "anything")
    assert folders(module_folders) == set()


def test_the_published_webhooks_module_runs_unmodified(
    as_administrator: Actor,
    module_folders: Path,
    monkeypatch: pytest.MonkeyPatch,
    case_ioc: CaseIoc,
) -> None:
    wheels = published(WEBHOOKS, *environments.HOST_PACKAGES)
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    module = install_module(as_administrator, WEBHOOKS)
    assert (module.package, module.human_name, module.version) == (
        "iris_webhooks_module",
        "IrisWebHooks",
        "1.0.0",
    )
    hook = {
        "name": "One",
        "active": True,
        "trigger_on": ["on_postload_ioc_create"],
        "request_url": f"http://127.0.0.1:1/?token={SECRET}",
        "use_rendering": True,
        "request_rendering": "markdown",
        "request_body": {"text": "{title}"},
    }
    configuration = json.dumps({"instance_url": "https://iris.example", "webhooks": [hook]})
    set_parameter(as_administrator, module.pk, "wh_configuration", configuration)
    assert list(module.subscriptions.values_list("hook_name", flat=True)) == [
        "on_postload_ioc_create"
    ]
    outcome = dry_run(as_administrator, module.pk, "ioc", case_ioc.ioc_id)
    assert outcome.result is not None
    assert "Connection refused" in outcome.result["message"]
    assert SECRET not in json.dumps(outcome.result) + outcome.output
