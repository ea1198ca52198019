"""The shipped modules at work in a case: from the analyst's click to what stands in the case afterwards."""

import json
from collections.abc import Callable, Iterator

import pytest

from cases.models import CaseIoc, NoteDirectory
from cases.services.iocs import add_ioc
from cases.services.notes import add_note
from iocs.models import IocType
from modules.models import ModuleRun
from modules.runner.host import end_all
from modules.services.control import repeat_run
from modules.services.execution import execute
from modules.services.parameters import set_parameter
from modules.services.registry import add_module, enable_module
from modules.services.runs import request_runs
from soar.core.actor import Actor
from tests.modules.builtin.receiver import Answer, Receiver

CASE = 1
Click = Callable[[str, str, int], ModuleRun]


@pytest.fixture(autouse=True)
def _nobody_left() -> Iterator[None]:
    """End the interpreters that keep modules imported."""
    yield
    end_all()


@pytest.fixture
def install(as_administrator: Actor) -> Callable[..., None]:
    """Register a module with these parameters and enable it."""

    def make(package: str, **parameters: object) -> None:
        module = add_module(as_administrator, package)
        for name, value in parameters.items():
            set_parameter(as_administrator, module.pk, name, value)
        enable_module(as_administrator, module.pk)

    return make


@pytest.fixture
def click(as_administrator: Actor) -> Click:
    """Run a module on an object by hand, to its end."""

    def choose(package: str, kind: str, object_id: int) -> ModuleRun:
        [run] = request_runs(
            as_administrator, CASE, object_type=kind, target_ids=[object_id], module_name=package
        )
        assert execute(run.pk)
        run.refresh_from_db()
        return run

    return choose


def new_ioc(actor: Actor, value: str = "evil.com") -> CaseIoc:
    """Put a domain into the case."""
    type_id = IocType.objects.get(name="domain").pk
    return add_ioc(actor, CASE, type_id=type_id, tlp_id=2, value=value, tags="mine")[0]


def test_refang_adds_what_the_case_does_not_have(
    install: Callable[..., None], click: Click, as_administrator: Actor
) -> None:
    install("watchfloor_refang")
    known = new_ioc(as_administrator)
    directory = NoteDirectory.objects.filter(case_id=CASE).earliest("pk")
    text = "evil[.]com and hxxps://evil[.]org/a"
    note = add_note(as_administrator, CASE, directory_id=directory.pk, title="Mail", content=text)
    run = click("watchfloor_refang", "note", note.pk)
    assert (run.status, [one["title"] for one in run.created]) == (
        "success",
        ["https://evil.org/a"],
    )
    known.refresh_from_db()
    assert known.tags == "mine"
    added = CaseIoc.objects.select_related("ioc__type").get(ioc__value="https://evil.org/a")
    assert (added.ioc.type.name, added.tags) == ("url", "refang,proposed")
    assert added.description == f"Found in note {note.pk}"


def test_reputation_tags_and_reports(
    install: Callable[..., None], click: Click, as_administrator: Actor, receiver: Receiver
) -> None:
    install(
        "watchfloor_reputation",
        reputation_url=f"{receiver.url}/{{value}}",
        reputation_allowed_addresses="127.0.0.1",
        reputation_key="s3cret-key",
    )
    receiver.answers = [Answer(200, b'{"verdict": "malicious", "tags": ["c2"]}')]
    case_ioc = new_ioc(as_administrator)
    run = click("watchfloor_reputation", "ioc", case_ioc.ioc_id)
    case_ioc.refresh_from_db()
    assert (run.status, run.conflicts, run.refused) == ("success", [], [])
    assert case_ioc.tags == "mine,reputation:malicious,reputation:c2"
    assert case_ioc.custom_attributes["Reputation"]["HTML report"]["type"] == "html"
    assert receiver.requests[0].headers["authorization"] == "s3cret-key"


def test_run_again_replays_a_delivery_under_its_id(
    install: Callable[..., None], click: Click, as_administrator: Actor, receiver: Receiver
) -> None:
    webhook = {
        "name": "siem",
        "url": receiver.url,
        "secret": "s3cret-s3cret-s3cret",
        "hooks": ["on_manual_trigger_ioc"],
    }
    install(
        "watchfloor_webhooks",
        webhooks_allowed_addresses="127.0.0.1",
        webhooks_list=json.dumps([webhook]),
    )
    receiver.answers = [Answer(400), Answer(200)]
    run = click("watchfloor_webhooks", "ioc", new_ioc(as_administrator).ioc_id)
    assert (run.status, run.message) == ("failure", "siem: answered 400, attempt 1 of 4")
    again = repeat_run(as_administrator, run.pk)
    assert execute(again.pk)
    again.refresh_from_db()
    assert again.status == "success"
    assert len({request.headers["webhook-id"] for request in receiver.requests}) == 1
    assert not run.log.filter(text__contains="s3cret").exists()
