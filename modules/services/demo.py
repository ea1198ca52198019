"""Enriching the demonstration: the shipped reputation module asks a service on this machine.

The service lives as long as this takes and answers from a file; everything else is as in real work:
the module, its runs, what they write. Afterwards the module is as it was before.
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

from django.conf import settings

from cases.models import CaseIoc
from modules.models import Module, ModuleRun
from modules.services.execution import execute
from modules.services.parameters import set_parameters
from modules.services.registry import add_shipped, disable_module, enable_module
from modules.services.runs import request_runs
from soar.core.actor import Actor

PACKAGE = "watchfloor_reputation"
ANSWERS: Path = settings.BASE_DIR / "modules" / "demo" / "reputation.json"
TITLE = "Demo reputation"
SLOWEST_SECONDS = 120.0
LOOK_SECONDS = 0.1
BEFORE = {
    "reputation_url": None,
    "reputation_service": "Reputation",
    "reputation_allowed_addresses": "",
}


def enrich_demo(actor: Actor) -> int:
    """Have every IOC of the demonstration that can be looked up looked up; return how many were.

    0 when that was done before, or when the reputation module is in use for something else.
    Raise Forbidden.
    """
    add_shipped(actor)
    module = Module.objects.get(package=PACKAGE)
    if module.state != Module.State.UNCONFIGURED or module.runs.exists():
        return 0
    known = json.loads(ANSWERS.read_text(encoding="utf-8"))
    with _service(known) as port:
        set_parameters(
            actor,
            module.pk,
            {
                "reputation_url": f"http://127.0.0.1:{port}/{{type}}/{{value}}",
                "reputation_service": TITLE,
                "reputation_allowed_addresses": "127.0.0.1/32",
            },
        )
        try:
            enable_module(actor, module.pk)
            runs = _look_up(actor, list(known))
        finally:
            disable_module(actor, module.pk)
            set_parameters(actor, module.pk, BEFORE)
    return ModuleRun.objects.filter(pk__in=runs, status=ModuleRun.Status.SUCCESS).count()


def _look_up(actor: Actor, values: list[str]) -> list[int]:
    """Request a run for each of the IOCs and see it through; a worker may be faster, which is as well."""
    rows = CaseIoc.objects.filter(ioc__value__in=values).order_by("pk")
    runs = [
        run.pk
        for case_id, ioc_id in rows.values_list("case_id", "ioc_id")
        for run in request_runs(
            actor, case_id, object_type="ioc", target_ids=[ioc_id], module_name=PACKAGE
        )
    ]
    for run_id in runs:
        execute(run_id)
    deadline = time.monotonic() + SLOWEST_SECONDS
    unfinished = ModuleRun.objects.filter(pk__in=runs, status__in=ModuleRun.OPEN)
    while unfinished.exists() and time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS)
    return runs


@contextmanager
def _service(known: dict[str, object]) -> Iterator[int]:
    """Answer look-ups on a port of the loopback interface."""

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = known.get(unquote(self.path.rpartition("/")[2]))
            body = json.dumps(answer).encode()
            self.send_response(200 if answer else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: the runs tell what was asked."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
