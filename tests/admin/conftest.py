"""The console's clients, and a case with one of everything in it."""

import datetime as dt
import json
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, sync_playwright

from cases.models import Case
from cases.services.assets import add_asset
from cases.services.evidences import add_evidence
from cases.services.global_tasks import add_global_task
from cases.services.iocs import add_ioc
from cases.services.notes import add_note, add_note_directory
from cases.services.tasks import add_task
from cases.services.timeline import add_event
from incidents.services.incidents import open_incident
from modules.models import Module, ModuleRun
from modules.services import describing
from modules.services.parameters import set_parameters
from soar.core.actor import Actor
from soar.core.models import AuditLog, User
from tests.cast import PASSWORD
from tests.http import Browser
from tests.incidents.stored import make_parts
from tests.modules.rows import PLAYED, add_parameter, add_row
from tests.modules.scripted import Part, ScriptedRunner, wish

BACKEND = "soar.core.backends.ConsoleBackend"
CHROMIUM = "/usr/bin/chromium"
SECRET = "s3cret-value-of-the-key"
HOOKS = json.dumps({"url": "https://h.example", "token": SECRET}, indent=4)
PARAMETERS = {
    "url": "string",
    "key": "sensitive_string",
    "hooks": "textfield_json",
    "wait": "int",
    "share": "float",
    "on": "bool",
    "page": "textfield_html",
}


def logged_in(user: User) -> Client:
    """Return the browser of a user who is logged in to the console."""
    client = Browser()
    client.force_login(user, BACKEND)
    return client


@pytest.fixture
def console(db: None) -> Callable[[User], Client]:
    """Make the browser of a user who is logged in to the console."""

    return logged_in


@pytest.fixture
def browser(console: Callable[[User], Client], administrator: User) -> Client:
    """The administrator's browser."""
    return console(administrator)


@dataclass
class World:
    """One object of each kind, in case 1."""

    asset: Any
    case_ioc: Any
    directory: Any
    note: Any
    event: Any
    task: Any
    global_task: Any
    evidence: Any


def fill_case(actor: Actor, suffix: str) -> World:
    """Put one of everything into case 1, named with a suffix."""
    now = timezone.now()
    make_parts(actor, suffix)
    case_ioc, _ = add_ioc(actor, 1, type_id=1, tlp_id=1, value=f"evil-{suffix}.example")
    directory = add_note_directory(actor, 1, name=f"Folder {suffix}")
    common = {"title": f"Event {suffix}", "tz": "+00:00", "category_id": 1, "asset_ids": []}
    return World(
        asset=add_asset(actor, 1, name=f"host-{suffix}", type_id=1, analysis_status_id=1),
        case_ioc=case_ioc,
        directory=directory,
        note=add_note(actor, 1, title=f"Note {suffix}", directory_id=directory.pk),
        event=add_event(actor, 1, date=now, local_date=now, **common),
        task=add_task(actor, 1, title=f"Task {suffix}", status_id=1, assignee_ids=[1]),
        global_task=add_global_task(actor, title=f"Team {suffix}", status_id=1, assignee_id=1),
        evidence=add_evidence(actor, 1, filename=f"disk-{suffix}.img"),
    )


@pytest.fixture(scope="module")
def _world(for_module: Actor) -> World:
    return fill_case(for_module, "0")


@pytest.fixture
def world(db: None, _world: World) -> World:
    """One of everything in case 1."""
    return deepcopy(_world)  # tests change objects


def url(obj: Any, page: str = "change") -> str:
    """Return the address of an object's page, or of its model's list or add page."""
    meta = obj._meta
    pk = [obj.pk] if page not in {"changelist", "add"} else []
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_{page}", args=pk)


def form_data(client: Client, address: str, **changes: Any) -> dict[str, Any]:
    """Return what a browser would post from the form at an address, with some fields changed."""
    form = client.get(address).context["adminform"].form
    data: dict[str, Any] = {}
    for bound in form:
        value = bound.value()
        widgets = getattr(bound.field.widget, "widgets", None)
        if widgets:
            parts = bound.field.widget.decompress(value)
            data |= {f"{bound.html_name}_{n}": part or "" for n, part in enumerate(parts)}
        elif value is not None and value is not False:
            data[bound.html_name] = value
    return {**data, **changes}


def last_audit(action: str) -> AuditLog:
    """Return the newest audit row of an action, which must be the console's."""
    row = AuditLog.objects.filter(action=action).latest("id")
    assert row.channel == "admin"
    return row


def add_case(actor: Actor, name: str) -> Case:
    """Open another case of customer 1."""
    return open_incident(actor, name=name, description="", customer_id=1).case


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> ScriptedRunner:
    """A runner that plays modules from a script instead of starting processes."""
    runner = ScriptedRunner()
    runner.parts[PLAYED] = Part(wishes=lambda values: [wish("on_manual_trigger_ioc", "Look it up")])
    monkeypatch.setattr(describing, "run_job", runner)
    return runner


@pytest.fixture
def played(scripted: ScriptedRunner, as_administrator: Actor) -> Module:
    """A module with parameters of several types, its secrets set, that analysts may call on IOCs."""
    module = add_row(PLAYED, human_name="Lookup")
    for name, kind in PARAMETERS.items():
        add_parameter(module, name, kind)
    values = {"url": "https://x.example", "key": SECRET, "hooks": HOOKS}
    set_parameters(as_administrator, module.pk, values)
    module.refresh_from_db()
    return module


def add_run(module: Module | None = None, **fields: Any) -> ModuleRun:
    """Return a new run of a module, ended well on IOC 1 of case 1 unless said otherwise."""
    now = timezone.now()
    base = {
        "module": module,
        "module_name": module.package if module else "",
        "hook_name": "on_postload_ioc_create",
        "object_kind": "ioc",
        "targets": [{"type": "ioc", "id": 1}],
        "case_id": 1,
        "user_id": 1,
        "user_login": "administrator",
        "status": ModuleRun.Status.SUCCESS,
        "started_at": now,
        "done_at": now + dt.timedelta(seconds=2),
    }
    return ModuleRun.objects.create(**base | fields)


def shown(answer: Any) -> str:
    """Return the text of a page as people read it, without tags and with entities resolved."""
    text = re.sub(r"<(script|style)\b.*?</\1>", "", answer.content.decode(), flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", text)).split())


# --- a real browser


@pytest.fixture
def complaints() -> list[str]:
    """What the browser complained about: refused scripts, errors, requests to other hosts."""
    return []


@pytest.fixture
def page(
    complaints: list[str], monkeypatch: pytest.MonkeyPatch, live_server: Any
) -> Iterator[Page]:
    """A page of a headless Chromium that notes its complaints."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright runs a loop in this thread
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        page.on("console", lambda line: line.type == "error" and complaints.append(line.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "response",
            lambda answer: answer.ok or answer.status < 400 or complaints.append(answer.url),
        )
        page.on(
            "request",
            lambda request: (
                request.url.startswith((live_server.url, "data:", "blob:"))
                or complaints.append(request.url)
            ),
        )
        yield page
        browser.close()
        connection.close()  # the one of Playwright's loop; Django opens another outside it


@pytest.fixture
def live_administrator(live_server: Any) -> User:
    """The administrator, with a password the browser can type."""
    user = User.objects.get(pk=1)
    user.set_password(PASSWORD)
    user.save()
    return user


def log_in(page: Page, user: User) -> None:
    """Fill in the form to log in."""
    page.fill("input[name=username]", user.login)
    page.fill("input[name=password]", PASSWORD)
    page.click("button[type=submit]")
