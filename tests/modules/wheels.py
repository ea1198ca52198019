"""Wheels of modules: made from the samples, or the published ones, fetched once."""

import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from tests.clients.published import KEPT

SAMPLES = Path(__file__).parent / "samples"
WEBHOOKS = "iris-webhooks-module==1.0.1"
FETCH_SECONDS = 300


def wheel_of(place: Path, package: str, *, version: str = "1.0.0", **files: str) -> Path:
    """Return a wheel of a sample, or of the files given by their names without suffix."""
    source = SAMPLES / package
    texts = files or {path.stem: path.read_text("utf-8") for path in sorted(source.glob("*.py"))}
    information = f"{package}-{version}.dist-info"
    parts = {f"{package}/{name}.py": text for name, text in texts.items()} | {
        f"{information}/METADATA": f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n",
        f"{information}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},,\n" for name in [*parts, f"{information}/RECORD"])
    wheel = place / f"{package}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in {**parts, f"{information}/RECORD": record}.items():
            archive.writestr(name, text)
    return wheel


def published(requirement: str, *also: str) -> Path:
    """Return a folder with the wheels of a published module and what it needs, fetched the first time."""
    target = KEPT / f"wheels-{requirement}"
    if not target.exists():
        KEPT.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=KEPT) as place:
            wheels = Path(place) / "wheels"
            pip = [sys.executable, "-m", "pip", "download", "--quiet", "--dest", str(wheels)]
            online = {name: text for name, text in os.environ.items() if name != "PIP_NO_INDEX"}
            subprocess.run(
                [*pip, requirement, *also], check=True, timeout=FETCH_SECONDS, env=online
            )
            try:
                wheels.rename(target)
            except OSError:  # another process was first
                assert target.exists()
    return target
