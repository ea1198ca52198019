"""Where modules live: shipped ones with us, each installed one in a virtual environment of its own.

An installation never changes an existing environment: it makes a new folder, and the old one is left for
the runs that still use it until it is old enough to be removed.
"""

import hashlib
import importlib.metadata
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from modules.models import Module
from modules.runner.host import Environment
from soar.core.errors import Invalid

BUILTIN = Path(__file__).resolve().parents[1] / "builtin"
STAMPS = uuid.UUID("6c8f1a2e-0f0b-4a57-9f5e-6a1c1e3f7d10")
DECLARATION = "__iris_module_interface"
MARK = "module.json"
# What DFIR-IRIS brings along, and modules therefore use without asking for it.
HOST_PACKAGES = ("requests", "jinja2")
INSTALL_SECONDS = 1200
ABANDONED_SECONDS = 3600
SHOWN_OUTPUT = 2000
OURS = re.compile(r"SOAR_|DJANGO_|CELERY_|(DATABASE|REDIS)_URL|PYTHONPATH$")


@dataclass(frozen=True, slots=True)
class Installation:
    """A new environment, and the packages in it that may be the module."""

    folder: str
    candidates: list[str]


def environment_of(module: Module) -> Environment:
    """Return what a module runs in."""
    return environment_in(module.environment, module.package, str(module.stamp))


def environment_in(folder: str, package: str, stamp: str) -> Environment:
    """Return a package in an environment; an empty folder is our own interpreter."""
    if not folder:
        return Environment(sys.executable, package, stamp, (str(BUILTIN),))
    return Environment(str(_place(folder) / "bin" / "python"), package, stamp)


def shipped_packages() -> list[str]:
    """Return the packages of the modules shipped with Watchfloor."""
    return [path.name for path in sorted(BUILTIN.iterdir()) if _declares_module(path)]


def shipped_stamp() -> uuid.UUID:
    """Return the stamp of shipped modules: another one when any of their files is another."""
    digest = hashlib.sha256()
    for path in sorted(BUILTIN.rglob("*.py")):
        digest.update(f"{path.relative_to(BUILTIN)}\n".encode() + path.read_bytes())
    return uuid.uuid5(STAMPS, digest.hexdigest())


def install(requirement: str, *, also: Sequence[str] = HOST_PACKAGES) -> Installation:
    """Install a requirement, wheel or source folder into a new environment.

    Raise Invalid with pip's complaint, leaving nothing behind. pip runs code of packages that are no
    wheels, so it gets an environment without our settings.
    """
    target = _as_pip_takes_it(requirement)
    folder = f"{_slug(requirement)}-{secrets.token_hex(4)}"
    place = _place(folder)
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    is_whole = False
    try:
        _run([sys.executable, "-m", "venv", "--without-pip", str(place)])
        report = place / "report.json"
        pip = [sys.executable, "-m", "pip", "--python", str(place / "bin" / "python"), "install"]
        quiet = ["--quiet", "--no-input", "--disable-pip-version-check", "--report", str(report)]
        _run([*pip, *quiet, target, *also])
        installation = Installation(folder, _candidates(place, report, also))
        is_whole = True
    finally:
        if not is_whole:
            shutil.rmtree(place, ignore_errors=True)
    return installation


def keep(folder: str, package: str) -> None:
    """Note which module an environment holds, so that it is found again."""
    (_place(folder) / MARK).write_text(json.dumps({"package": package}), encoding="utf-8")


def folder_of(package: str) -> str | None:
    """Return the folder of the newest environment that holds a module, None without any."""
    found = [
        mark for mark in _place("").glob(f"*/{MARK}") if _reads(mark).get("package") == package
    ]
    newest = max(found, key=lambda mark: mark.stat().st_mtime, default=None)
    return newest.parent.name if newest else None


def installed_packages() -> list[str]:
    """Return the modules that have an environment, registered or not."""
    found = {_reads(mark).get("package", "") for mark in _place("").glob(f"*/{MARK}")}
    return sorted(found - {""})


def retire(folder: str) -> None:
    """Let an environment that was replaced live until runs that use it have ended."""
    if folder:
        (_place(folder) / MARK).unlink(missing_ok=True)
        if _place(folder).is_dir():
            os.utime(_place(folder))


def remove(folder: str) -> None:
    """Delete an environment now."""
    if folder:
        shutil.rmtree(_place(folder), ignore_errors=True)


def remove_abandoned(used: Iterable[str]) -> None:
    """Delete the environments that no module uses and no installation is still making."""
    kept, long_ago = set(used), time.time() - ABANDONED_SECONDS
    for place in _place("").glob("*/"):
        is_held = place.name in kept or (place / MARK).exists()
        if not is_held and place.stat().st_mtime < long_ago:
            shutil.rmtree(place, ignore_errors=True)


def _place(folder: str) -> Path:
    return Path(settings.SOAR_DATA_DIR) / "modules" / folder


def _reads(mark: Path) -> dict[str, str]:
    try:
        return dict(json.loads(mark.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def _as_pip_takes_it(requirement: str) -> str:
    """Return the absolute path of what exists, else the text; nothing that pip takes for an option."""
    if not requirement.strip() or requirement.startswith("-") or not requirement.isprintable():
        raise Invalid(f"{requirement!r} is neither a package nor a wheel")
    path = Path(requirement)
    is_path = path.exists() and (path.suffix == ".whl" or path.is_dir() or path.is_file())
    return str(path.resolve()) if is_path else requirement


def _slug(requirement: str) -> str:
    name = re.split(r"[<>=!~\[;@ ]", Path(requirement).name)[0].removesuffix(".whl")
    return re.sub(r"[^A-Za-z0-9_]+", "_", name)[:100].strip("_").lower() or "module"


def _run(command: list[str]) -> None:
    environment = {name: text for name, text in os.environ.items() if not OURS.match(name)}
    try:
        done = subprocess.run(  # noqa: S603  (a list of ours; the target is no option)
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=INSTALL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Invalid(f"The installation took longer than {INSTALL_SECONDS} s") from error
    if done.returncode:
        raise Invalid(done.stdout.strip()[-SHOWN_OUTPUT:] or f"{command[2]} failed")


def _candidates(place: Path, report: Path, also: Sequence[str]) -> list[str]:
    """Return the top-level packages of what was asked for, those that declare a module first.

    Only names and texts of files are read: nothing of a module is ever imported here.
    """
    listed = json.loads(report.read_text(encoding="utf-8"))["install"]
    others = {_canonical(re.split(r"[^\w.-]", name)[0]) for name in also}
    names = [_canonical(one["metadata"]["name"]) for one in listed if one.get("requested")]
    wanted = [name for name in names if name not in others] or names
    site_packages = next(place.glob("lib/python*/site-packages"))
    packages = {
        path.parts[0]
        for distribution in importlib.metadata.distributions(path=[str(site_packages)])
        if _canonical(distribution.metadata["Name"]) in wanted
        for path in distribution.files or []
        if len(path.parts) == 2 and path.name.strip() == "__init__.py"
    }
    declaring = [name for name in sorted(packages) if _declares_module(site_packages / name)]
    return declaring or sorted(packages)


def _declares_module(path: Path) -> bool:
    try:
        return DECLARATION in (path / "__init__.py").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
