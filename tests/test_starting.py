"""What a process loads when it starts: workers, scheduler and relay nothing of console and doors."""

import subprocess
import sys

import pytest
from django.contrib import admin

from cases.models import Case
from soar.core import console, installation

SHOW = (
    "import sys; print(*sorted(name for name in sys.modules if '.admin' in name or '.api' in name))"
)


def loaded_by(*statements: str) -> str:
    """Return the modules of console and doors that a new process has after running statements."""
    done = subprocess.run(
        [sys.executable, "-c", "\n".join([*statements, SHOW])],
        env=installation.child_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    ours = ("soar.", "cases.", "iocs.", "incidents.", "modules.")
    return " ".join(name for name in done.stdout.split() if name.startswith(ours))


def test_a_worker_loads_neither_console_nor_doors() -> None:
    worker = [
        "from soar.celery import app",
        "from celery.fixups.django import DjangoWorkerFixup",
        "app.loader.import_default_modules()",
        "DjangoWorkerFixup(app).validate_models()",
        "import modules.relay",
    ]
    assert loaded_by(*worker) == ""


def test_the_application_loads_both() -> None:
    found = loaded_by("import soar.wsgi").split()
    assert {"cases.admin", "soar.api.iris.urls", "soar.api.cloudsoar.urls"} <= {*found}


def test_checks_look_at_every_page(monkeypatch: pytest.MonkeyPatch) -> None:
    assert admin.site.is_registered(Case)
    page = admin.site.get_model_admin(Case)
    monkeypatch.setattr(type(page), "list_display", ["no_such_column"])
    found = [message.id for message in console._check_pages(None)]
    assert "admin.E108" in found
