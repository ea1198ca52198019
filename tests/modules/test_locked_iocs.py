"""A locked indicator takes no action by hand, and no enrichment from a run that was under way."""

import pytest
from django.utils import timezone

from cases.models import CaseIoc
from iocs.models import Ioc
from modules.models import HookSubscription, ModuleRun
from modules.services.runs import request_runs
from soar.core.actor import Actor
from soar.core.errors import Conflict
from soar.core.models import User
from tests.http import ApiClient, key_of
from tests.incidents.entity_cast import VALUE, put
from tests.modules.results import apply, diff, fields_of, make_module, make_run

HOOK = "on_manual_trigger_ioc"


@pytest.fixture
def locked(as_analyst: Actor) -> CaseIoc:
    """A locked address in case 1."""
    row = put(as_analyst, 1)
    Ioc.objects.filter(pk=row.ioc_id).update(locked_at=timezone.now())
    return row


@pytest.fixture
def run(as_analyst: Actor, locked: CaseIoc) -> ModuleRun:
    """A run the analyst caused on it."""
    return make_run(make_module(), as_analyst, "ioc", locked.ioc_id, 1)


def test_the_shared_enrichment_of_a_locked_indicator_is_not_written(
    run: ModuleRun, locked: CaseIoc
) -> None:
    changes = {"ioc_enrichment": (None, {"vt": 7}), "ioc_tags": ("", "vt")}
    apply(run, diff(run, **changes))
    assert Ioc.objects.get(pk=locked.ioc_id).enrichment is None
    assert fields_of(run.applied) == ["ioc_tags"]
    assert [(entry["field"], entry["reason"]) for entry in run.conflicts] == [
        ("ioc_enrichment", "the IOC is locked")
    ]


def test_an_unlocked_indicator_takes_it(run: ModuleRun, locked: CaseIoc) -> None:
    Ioc.objects.filter(pk=locked.ioc_id).update(locked_at=None)
    apply(run, diff(run, ioc_enrichment=(None, {"vt": 7})))
    assert Ioc.objects.get(pk=locked.ioc_id).enrichment == {"vt": 7}


def test_a_locked_indicator_takes_no_action(as_analyst: Actor, locked: CaseIoc) -> None:
    free = put(as_analyst, 1, "203.0.113.8")
    HookSubscription.objects.create(
        module=make_module(), hook_name=HOOK, ui_name="Ask", is_manual=True
    )
    ids = [free.ioc_id, locked.ioc_id]
    with pytest.raises(Conflict) as refusal:
        request_runs(as_analyst, 1, object_type="ioc", target_ids=ids, ui_name="Ask")
    assert refusal.value.details == [f"Object ID {locked.ioc_id} is locked"]
    assert not ModuleRun.objects.exists()


def test_clients_of_iris_are_told(analyst: User, locked: CaseIoc) -> None:
    HookSubscription.objects.create(
        module=make_module(), hook_name=HOOK, ui_name="Ask", is_manual=True
    )
    body = {"hook_name": HOOK, "hook_ui_name": "Ask", "targets": [locked.ioc_id], "type": "ioc"}
    answer = ApiClient(key_of(analyst)).post("/dim/hooks/call?cid=1", body)
    assert answer.status_code == 400
    assert answer.json()["message"] == "A locked IOC takes no action"
    assert not ModuleRun.objects.exists()
    assert VALUE not in answer.content.decode()
