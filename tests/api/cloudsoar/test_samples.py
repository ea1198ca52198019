"""The vendor's samples, as docs/ shows them, against a live server."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from incidents.models import Incident
from soar.core.models import User
from tests.http import token_of

pytestmark = pytest.mark.slow
DOCS = Path(settings.BASE_DIR) / "docs"


def run(command: str, script: str, address: str) -> str:
    """Run a script of the documentation and return what it prints."""
    token = token_of(User.objects.get(pk=1))
    variables = {**os.environ, "SOAR_URL": address, "SOAR_TOKEN": token}
    done = subprocess.run(
        [command, str(DOCS / script)], env=variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_python_samples_work(live_server: Any) -> None:
    printed = run(sys.executable, "cloud_soar_samples.py", live_server.url)
    incident = Incident.objects.latest("pk")
    assert printed.split(maxsplit=2) == [
        str(incident.pk),
        incident.reference,
        "Impossible travel\n",
    ]


def test_the_curl_samples_work(live_server: Any) -> None:
    printed = run("sh", "cloud_soar_samples.sh", live_server.url)
    case = Incident.objects.latest("pk").case
    assert case.name == "USB stick found"
    assert case.description_html == "In the car park, near the gate"
    assert printed.count(f'"id":{case.pk},') == 4
