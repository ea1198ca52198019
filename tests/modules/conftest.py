"""What tests of modules may ask for."""

from collections.abc import Callable
from pathlib import Path

import pytest

from modules.models import Module
from modules.services import describing, environments, registry
from soar.core.actor import Actor
from tests.modules.scripted import Part, ScriptedRunner


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> ScriptedRunner:
    """A runner that plays modules from a script instead of starting processes."""
    runner = ScriptedRunner()
    monkeypatch.setattr(describing, "run_job", runner)
    return runner


@pytest.fixture
def ship(monkeypatch: pytest.MonkeyPatch, scripted: ScriptedRunner) -> Callable[..., None]:
    """Make packages of the script the shipped ones."""

    def make(**parts: Part) -> None:
        scripted.parts.update(parts)
        for place in (environments, registry):
            monkeypatch.setattr(place, "shipped_packages", lambda: sorted(scripted.parts))

    return make


@pytest.fixture
def module(as_administrator: Actor, ship: Callable[..., None]) -> Callable[..., Module]:
    """Register a module that plays a part; the package is `played`."""

    def make(part: Part, package: str = "played") -> Module:
        ship(**{package: part})
        return registry.add_module(as_administrator, package)

    return make


@pytest.fixture
def module_folders(tmp_path: Path, settings: object) -> Path:
    """An empty data directory, for environments made by a test."""
    settings.SOAR_DATA_DIR = tmp_path  # type: ignore[attr-defined]
    return tmp_path / "modules"
