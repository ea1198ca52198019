"""Lists of secrets from the environment: given, read from a file, or made once and kept."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from soar.core import environment

NAME = "SOAR_JWT_KEYS"
FIRST, SECOND = "a" * 40, "b" * 40


@pytest.mark.parametrize("between", [",", ", ", "\n", " \n,"])
def test_several_secrets_are_separated(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, between: str
) -> None:
    monkeypatch.setenv(NAME, f"{FIRST}{between}{SECOND}\n")
    assert environment.secrets_in(NAME, tmp_path) == [FIRST, SECOND]


def test_they_are_read_from_the_named_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "keys").write_text(f"{FIRST}\n{SECOND}\n", encoding="utf-8")
    monkeypatch.setenv(f"{NAME}_FILE", str(tmp_path / "keys"))
    assert environment.secrets_in(NAME, tmp_path) == [FIRST, SECOND]


def test_without_any_one_is_made_and_kept_to_its_owner(tmp_path: Path) -> None:
    made = environment.secrets_in(NAME, tmp_path)
    assert environment.secrets_in(NAME, tmp_path) == made
    assert (len(made), len(made[0]) >= 64) == (1, True)
    assert (tmp_path / "secrets" / NAME.lower()).stat().st_mode & 0o077 == 0


def test_a_list_without_a_secret_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(NAME, " , ")
    with pytest.raises(ImproperlyConfigured):
        environment.secrets_in(NAME, tmp_path)


@pytest.mark.parametrize(
    ("keys", "refusal"),
    [
        ("", "SOAR_PRODUCTION needs"),
        (f"{FIRST},short", "need 32 characters"),
        (f"{FIRST},{SECOND}", ""),
    ],
)
def test_production_starts_with_strong_signing_keys_only(
    tmp_path: Path, keys: str, refusal: str
) -> None:
    given = {"SOAR_SECRET_KEY": FIRST, "SOAR_TOKEN_KEY": FIRST, NAME: keys}
    started = subprocess.run(
        [sys.executable, "-c", "import soar.settings"],
        env={"SOAR_PRODUCTION": "1", "SOAR_DATA_DIR": str(tmp_path), **given},
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (started.returncode != 0, refusal in started.stderr) == (bool(refusal), True)
