"""The published clients: fetched once, run in a process of their own against a live server.

The two versions cannot be installed together, and their licence (LGPL) keeps them out of this
repository: each goes into a directory of its own under `.clients/`, which git ignores.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

from soar.core.models import User
from tests.http import key_of

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / ".clients"
PLUGINS = Path(__file__).parent / "plugins"
# What each imports beyond the requests and dotenv of requirements-dev.lock.
PACKAGES = {
    "1.0.2": ["dfir-iris-client==1.0.2"],
    "2.0.4": ["dfir-iris-client==2.0.4", "Deprecated==1.3.1", "wrapt==2.5.2"],
}
LONGEST_SECONDS = 300


def installed(version: str) -> Path:
    """Return the directory to import a version of the client from, fetching it the first time."""
    target = KEPT / version
    if not target.exists():
        KEPT.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=KEPT) as place:
            tree = Path(place) / "tree"
            pip = [
                sys.executable,
                "-m",
                "pip",
                "install",
                "--quiet",
                "--no-deps",
                "--target",
                str(tree),
            ]
            subprocess.run([*pip, *PACKAGES[version]], check=True, timeout=LONGEST_SECONDS)
            _keep(tree, target)
    return target


def _keep(tree: Path, target: Path) -> None:
    """Move the new directory to its place, unless another process has filled that meanwhile."""
    try:
        tree.rename(target)
    except OSError:
        if not target.exists():
            raise


def environment(tree: Path, url: str) -> dict[str, str]:
    """Return the environment in which a client finds itself, the server and the first user's key."""
    key = key_of(User.objects.get(pk=1))
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    keys = dict.fromkeys(("APIKEY", "IRIS_ADM_API_KEY", "IRIS_KEY"), key)
    paths = os.pathsep.join([str(tree), str(PLUGINS)])
    return kept | keys | {"PYTHONPATH": paths, "IRIS_URL": url, "PYTHONDONTWRITEBYTECODE": "1"}


def run_suite(version: str, url: str, place: Path) -> dict[str, str]:
    """Run the suite inside a client; return `passed` or the complaint of each test by `module.name`."""
    tree = shutil.copytree(installed(version), place / version)
    env = environment(tree, url)
    _write_resources(tree, env)
    report = place / "report.xml"
    options = ["-q", "--tb=native", "-c", os.devnull, f"--rootdir={tree}", f"--junitxml={report}"]
    for plugin in ("redirect_host", "no:django", "no:cacheprovider"):
        options += ["-p", plugin]
    command = [sys.executable, "-m", "pytest", *options, "dfir_iris_client/tests"]
    subprocess.run(
        command, cwd=tree, env=env, check=False, timeout=LONGEST_SECONDS, capture_output=True
    )
    return _outcomes(report)


def run_script(version: str, script: Path, url: str) -> subprocess.CompletedProcess[str]:
    """Run a script with a version of the client."""
    return subprocess.run(
        [sys.executable, "-W", "ignore", str(script)],
        env=environment(installed(version), url),
        check=False,
        timeout=LONGEST_SECONDS,
        capture_output=True,
        text=True,
    )


def _write_resources(tree: Path, env: dict[str, str]) -> None:
    """Write the settings the suite of 2.0.4 reads; its wheel lacks the folder (contract §7.4)."""
    resources = tree / "dfir_iris_client" / "tests" / "resources"
    resources.mkdir(exist_ok=True)
    lines = [f"{name}={env[name]}" for name in ("IRIS_ADM_API_KEY", "IRIS_URL")]
    (resources / ".env").write_text("\n".join(lines), encoding="utf-8")


def _outcomes(report: Path) -> dict[str, str]:
    found = {}
    for one in ElementTree.parse(report).iter("testcase"):
        module = one.get("classname", "").removeprefix("dfir_iris_client.tests.").split(".")[0]
        problem = next(iter(one), None)
        text = "passed" if problem is None else f"{problem.tag}: {problem.get('message', '')[:200]}"
        name = f"{module}.{one.get('name')}"
        if found.get(name, "passed") == "passed":
            found[name] = text
    return found
