"""Wheels of small modules, made without a build program, so that they are installed like any other."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

VERSION = "1.0"
TAGGER = Path(__file__).parent / "tagger.py"


def make_wheel(package: str, files: Mapping[str, str], folder: Path) -> Path:
    """Write a wheel of one package, its files by name, into a folder and return its path."""
    information = f"{package}-{VERSION}.dist-info"
    texts = {f"{package}/{name}": text for name, text in files.items()}
    texts |= {
        f"{information}/METADATA": f"Metadata-Version: 2.1\nName: {package}\nVersion: {VERSION}\n",
        f"{information}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},,\n" for name in [*texts, f"{information}/RECORD"])
    path = folder / f"{package}-{VERSION}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for name, text in (texts | {f"{information}/RECORD": record}).items():
            wheel.writestr(name, text)
    return path


def tagger_wheel(package: str, folder: Path) -> Path:
    """Write a wheel of the tagging module under a name and return its path."""
    files = {
        "__init__.py": '"""Tags new IOCs."""\n\n__iris_module_interface = "Tagger"\n',
        "Tagger.py": TAGGER.read_text(encoding="utf-8"),
    }
    return make_wheel(package, files, folder)
