"""Trying a module on an object: what it would do is shown, and nothing of it is done."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from cases.models import CaseIoc, Note
from modules.models import HookSubscription, Module, ModuleRun
from modules.runner.host import Ending, Outcome
from modules.services import dry_run
from tests.admin.conftest import SECRET, World, last_audit, shown, url
from tests.modules.rows import subscribe

HOSTILE = "<p>61 of 92</p><script>alert(1)</script><img src=x onerror=alert(2)>"


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch, world: World) -> list[Any]:
    """The jobs and limits a stand-in for the runner was given; it wishes for one change of each sort."""
    given: list[Any] = []
    pk = world.case_ioc.ioc_id

    def run_job(environment: Any, job: Any, limits: Any) -> Outcome:
        given.append((job, limits))
        field = {"type": "html", "value": HOSTILE}
        result = {
            "status": "success",
            "message": "Looked up",
            "logs": [{"level": "INFO", "time": "", "text": f"GET /?key={SECRET}"}],
            "traceback": "",
            "diffs": [
                {
                    "kind": "ioc",
                    "id": pk,
                    "changes": {"ioc_tags": ["", "vt:bad"]},
                    "attributes": {"Report": {"HTML": field}},
                }
            ],
            "creations": [{"kind": "note", "ref": -1, "fields": {"note_title": "Found"}}],
        }
        return Outcome(Ending.FINISHED, result, "printed <b>", "", 0.5)

    monkeypatch.setattr(dry_run, "run_job", run_job)
    return given


@pytest.fixture
def listening(played: Module) -> HookSubscription:
    """What the module may be tried as: by hand on an IOC."""
    subscribe(played, "on_postload_comment_create")  # nothing that can be tried
    return HookSubscription.objects.get(ui_name="Look it up")


def attempt(client: Client, way: HookSubscription, **fields: Any) -> Any:
    address = reverse("admin:modules_module_try", args=[way.module_id])
    return client.post(address, {f"try-{name}": value for name, value in fields.items()})


def test_a_try_shows_what_the_module_would_do(
    browser: Client, listening: HookSubscription, jobs: list[Any], world: World
) -> None:
    pk = world.case_ioc.ioc_id
    answer = attempt(browser, listening, called=listening.pk, object_id=pk, case_id=1)
    text = shown(answer)
    expected = ("Nothing of this was applied", "ioc_tags", "vt:bad", "Report / HTML", "Found")
    assert all(part in text for part in (*expected, "Looked up", "printed <b>", "GET /?key="))
    assert SECRET not in answer.content.decode()
    job, limits = jobs[0]
    assert (job["hook"], job["ui_name"]) == ("on_manual_trigger_ioc", "Look it up")
    assert limits.wall_seconds == 60


def test_a_try_applies_nothing(
    browser: Client, listening: HookSubscription, jobs: list[Any], world: World
) -> None:
    runs, notes = ModuleRun.objects.count(), Note.objects.count()
    attempt(browser, listening, called=listening.pk, object_id=world.case_ioc.ioc_id)
    case_ioc = CaseIoc.objects.get(pk=world.case_ioc.pk)
    assert "vt:bad" not in (case_ioc.tags or "")
    assert not case_ioc.custom_attributes
    assert (ModuleRun.objects.count(), Note.objects.count()) == (runs, notes)
    assert last_audit("module.tried").object_id == listening.module_id


def test_a_report_is_harmless_already_in_a_try(
    browser: Client, listening: HookSubscription, jobs: list[Any], world: World
) -> None:
    pk = world.case_ioc.ioc_id
    page = attempt(browser, listening, called=listening.pk, object_id=pk).content.decode()
    assert "<p>61 of 92</p>" in page
    assert "alert(" not in page
    assert "onerror" not in page


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"called": "", "object_id": 1}, "called"),
        ({"called": 424242, "object_id": 1}, "called"),
        ({"object_id": "x"}, "object_id"),
        ({"object_id": 9**30}, "object_id"),
        ({"object_id": 1, "case_id": -1}, "case_id"),
        ({"object_id": 424242}, "__all__"),
        ({"object_id": 1, "case_id": 424242}, "__all__"),
    ],
)
def test_what_cannot_be_tried_is_told_in_the_form(
    browser: Client, listening: HookSubscription, jobs: list[Any], fields: Any, name: str
) -> None:
    answer = attempt(browser, listening, **{"called": listening.pk} | fields)
    assert answer.context["try_form"].errors[name]
    assert jobs == []


def test_only_hooks_about_objects_are_offered(browser: Client, listening: HookSubscription) -> None:
    subscribe(listening.module, "on_postload_asset_create")
    subscribe(listening.module, "on_preload_asset_create")
    form = browser.get(url(listening.module)).context["try_form"]
    labels = [label for _, label in form.fields["called"].choices]
    assert labels == ["IOC: Look it up", "Asset: as when it is created"]


def test_a_module_that_listens_to_nothing_cannot_be_tried(browser: Client, played: Module) -> None:
    HookSubscription.objects.all().delete()
    assert "nothing that can be tried" in shown(browser.get(url(played)))
