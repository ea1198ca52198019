"""Files as curl sends and gets them over real HTTP (contract §5, example 8)."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from soar.api.cloudsoar.mounts import MOUNTS
from soar.core.models import User
from tests.http import token_of
from tests.incidents.stored import store

__all__ = ["store"]
pytestmark = pytest.mark.slow
NAME = "Attachment 04-03-2025 09:40:12.png"
LARGE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20_000


@pytest.mark.parametrize("mount", MOUNTS, ids=["legacy", "current"])
def test_the_documented_upload_comes_back_as_it_was(
    live_server: Any, store: Path, tmp_path: Path, mount: str
) -> None:
    files = f"{live_server.url}{mount}incidents/1/attachments/"
    given, got = tmp_path / "page.png", tmp_path / "got.png"
    given.write_bytes(LARGE)
    token = ("-H", f"Authorization: Bearer {token_of(User.objects.get(pk=1))}")
    kind = "type=application/octet-stream"
    made = curl(
        *("--fail", files, *token, "-H", "Accept: application/json;charset=UTF-8"),
        *("-F", f'attachment=@{given};filename="{NAME}";{kind}', "-F", f"file_name={NAME}"),
        *("-F", "additional_info=Add attachment from API", "-F", "reference=00"),
    )
    told = json.loads(made)
    assert (told["file_name"], told["file_size"]) == (NAME, len(LARGE))
    assert (told["file_type"], told["description"]) == ("image/png", "Add attachment from API")
    curl("--fail", f"{files}{told['id']}/download/", *token, "--output", str(got))
    assert got.read_bytes() == LARGE
    head = curl("--head", f"{files}{told['id']}/download/", *token)
    assert f"content-length: {len(LARGE)}" in head.lower()


def curl(*words: str) -> str:
    """Return what curl prints."""
    command = ["curl", "--silent", "--show-error", *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
