"""The pages of runs: what they tell, to whom, and steering runs from them."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from modules.models import Module, ModuleRun, ModuleRunLog
from soar.core.actor import Actor
from soar.core.models import AuditLog, User
from tests.admin.conftest import World, add_run, fill_case, last_audit, shown, url
from tests.modules.rows import add_row

LIST = reverse("admin:modules_modulerun_changelist")
Status = ModuleRun.Status


def listed(client: Client, **query: Any) -> list[int]:
    """Return the ids of the runs a list shows."""
    answer = client.get(LIST, query)
    assert answer.status_code == 200
    return [run.pk for run in answer.context["cl"].result_list]


def steer(client: Client, run: ModuleRun, verb: str) -> Any:
    address = reverse(f"admin:modules_modulerun_{verb}", args=[run.pk])
    return client.post(address, follow=True)


# --- the list


def test_the_list_tells_what_ran_on_what_and_how_it_went(browser: Client, world: World) -> None:
    module = add_row()
    run = add_run(
        module,
        targets=[{"type": "ioc", "id": world.case_ioc.ioc_id}],
        message="Found nothing",
        has_errors=True,
    )
    page = browser.get(LIST).content.decode()
    told = ("with errors", "played", "on_postload_ioc_create", "evil-0.example", "#1", "2.00 s")
    assert all(text in page for text in (*told, "administrator", "Found nothing"))
    assert url(world.case_ioc) in page
    assert url(run) in page


def test_a_manual_run_is_listed_by_its_name_and_its_first_objects(
    browser: Client, world: World
) -> None:
    targets = [{"type": "asset", "id": pk} for pk in (world.asset.pk, 424242, 424243, 424244)]
    add_run(object_kind="asset", targets=targets, ui_name="Scan it", hook_name="on_manual_x")
    text = shown(browser.get(LIST))
    assert "Scan it" in text
    assert "Asset host-0 , Asset 424242, Asset 424243 and 1 more" in text


def test_the_list_takes_a_constant_number_of_queries(
    browser: Client, as_administrator: Actor
) -> None:
    def grow(*suffixes: str) -> None:
        for suffix in suffixes:
            things = fill_case(as_administrator, suffix)
            for kind, pk in (
                ("ioc", things.case_ioc.ioc_id),
                ("asset", things.asset.pk),
                ("note", things.note.pk),
                ("event", things.event.pk),
                ("task", things.task.pk),
                ("evidence", things.evidence.pk),
                ("case", 1),
            ):
                add_run(object_kind=kind, targets=[{"type": kind, "id": pk}])

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(LIST).status_code == 200
        return len(captured)

    grow("1")
    few = queries()
    grow("2", "3")
    assert queries() == few


def test_the_list_leaves_what_is_long_to_the_pages_of_runs(browser: Client, db: None) -> None:
    add_run(snapshot={"a": 1}, traceback="T")
    row = browser.get(LIST).context["cl"].result_list[0]
    assert {"snapshot", "payload", "traceback", "applied"} <= row.get_deferred_fields()


def test_runs_are_filtered(browser: Client, world: World) -> None:
    one = add_run(add_row("first"), status=Status.FAILURE, user_login="ann")
    two = add_run(add_row("second"), hook_name="on_postload_ioc_update", case_id=None)
    assert listed(browser, package="first") == [one.pk]
    assert listed(browser, status__exact="failure") == [one.pk]
    assert listed(browser, hook="on_postload_ioc_update") == [two.pk]
    assert two.pk not in listed(browser, case="1")
    assert one.pk in listed(browser, case="#1")
    assert listed(browser, user_login__icontains="ANN") == [one.pk]
    assert listed(browser, q="first") == [one.pk]
    today = f"{timezone.now():%Y-%m-%d}"
    dates = {"queued_at_from_0": "2020-01-01", "queued_at_from_1": "00:00:00"}
    assert one.pk in listed(browser, **dates)
    late = {"queued_at_from_0": today, "queued_at_from_1": "23:59:59"}
    assert one.pk not in listed(browser, **late)


def test_what_is_no_choice_filters_nothing(browser: Client, world: World) -> None:
    run = add_run(add_row())
    for query in ({"package": "x"}, {"hook": "x"}, {"case": "x"}, {"case": "9" * 30}):
        assert run.pk in listed(browser, **query)


def test_analysts_choose_among_modules_that_ran_for_them(
    console: Any, analyst: User, outsider_case: Any, world: World
) -> None:
    add_run(add_row("ours"))
    add_run(add_row("theirs"), case_id=outsider_case.pk)
    spec = console(analyst).get(LIST).context["cl"].filter_specs[0]
    assert [package for package, _ in spec.lookup_choices] == ["ours"]


# --- one run


@pytest.fixture
def run(world: World) -> ModuleRun:
    """A run with everything in it."""
    pk = world.case_ioc.ioc_id
    change = {"kind": "ioc", "id": pk, "old": "first", "new": "first,second"}
    made = add_run(
        add_row(),
        targets=[{"type": "ioc", "id": pk}],
        message="It <b>ended</b>",
        traceback="Traceback: <i>here</i>",
        snapshot={"ioc_value": "</pre><script>alert(1)</script>"},
        applied=[{**change, "field": "ioc_tags"}],
        conflicts=[{**change, "field": "ioc_description"}],
        refused=[{**change, "field": "ioc_value", "reason": "modules may not write this field"}],
        created=[{"kind": "note", "id": world.note.pk, "title": "Note 0"}],
    )
    ModuleRunLog.objects.create(
        run=made, position=0, level="ERROR", logged_at=timezone.now(), text="HTTP 500 <u>from</u>"
    )
    return made


def test_a_run_tells_everything(browser: Client, run: ModuleRun, world: World) -> None:
    text = shown(browser.get(url(run)))
    parts = ("success", "on_postload_ioc_create", "IOC evil-0.example", "administrator", "2.00 s")
    assert all(part in text for part in parts)
    tables = ("Applied", "ioc_tags", "Conflicts", "ioc_description", "Refused", "ioc_value")
    assert all(part in text for part in (*tables, "modules may not write this field"))
    page = browser.get(url(run)).content.decode()
    assert url(world.note) in page
    assert url(run.module) in page


def test_what_modules_wrote_is_text(browser: Client, run: ModuleRun) -> None:
    page = browser.get(url(run)).content.decode()
    for hostile in ("<b>ended", "<i>here", "<u>from", "<script>alert"):
        assert hostile not in page
    assert "It &lt;b&gt;ended&lt;/b&gt;" in page


def test_a_run_whose_rows_are_odd_is_shown_all_the_same(browser: Client, world: World) -> None:
    run = add_run(targets=["x", {"id": "x"}, {"id": None}, {}], applied=["x"], created=[{}])
    assert browser.get(url(run)).status_code == 200
    assert browser.get(LIST).status_code == 200


def test_a_run_that_goes_on_is_fetched_again(browser: Client, run: ModuleRun) -> None:
    assert "data-refresh" not in browser.get(url(run)).content.decode()
    waiting = add_run(run.module, status=Status.PENDING, started_at=None, done_at=None)
    page = browser.get(url(waiting))
    assert "data-refresh" in page.content.decode()
    assert "It waits for a worker" in shown(page)


# --- who sees and steers what


def test_analysts_see_the_runs_of_their_cases_only(
    console: Any, analyst: User, outsider: User, guest: User, outsider_case: Any, run: ModuleRun
) -> None:
    theirs = add_run(case_id=outsider_case.pk, message="Theirs alone")
    hers, his = console(analyst), console(outsider)
    assert run.pk in listed(hers)
    assert theirs.pk not in listed(hers)
    assert listed(his) == [theirs.pk]
    assert "Theirs alone" not in shown(hers.get(url(theirs), follow=True))
    assert hers.get(url(theirs)).status_code == 302
    assert url(run.module) not in hers.get(url(run)).content.decode()
    assert console(guest).get(url(run)).status_code in {302, 403}


def test_runs_outside_cases_are_seen_by_their_users_and_administrators(
    browser: Client, console: Any, analyst: User, colleague: User
) -> None:
    run = add_run(object_kind="global_task", case_id=None, user_login=analyst.login)
    assert run.pk in listed(browser)
    assert run.pk in listed(console(analyst))
    assert run.pk not in listed(console(colleague))


def test_a_run_is_repeated(console: Any, analyst: User, run: ModuleRun) -> None:
    answer = steer(console(analyst), run, "repeat")
    again = ModuleRun.objects.latest("pk")
    assert answer.redirect_chain[-1][0] == url(again)
    assert (again.status, again.user_login, again.targets) == ("pending", "analyst", run.targets)
    assert last_audit("hook.requested").object_id == again.pk


def test_a_run_that_waits_is_cancelled(console: Any, analyst: User, world: World) -> None:
    run = add_run(status=Status.PENDING, started_at=None, done_at=None)
    assert "Cancel" in shown(console(analyst).get(url(run)))
    steer(console(analyst), run, "cancel")
    run.refresh_from_db()
    assert run.status == Status.CANCELLED
    assert last_audit("run.cancelled").object_id == run.pk


@pytest.mark.parametrize(
    ("status", "verb", "told"),
    [
        (Status.SUCCESS, "cancel", "The run has ended"),
        (Status.RUNNING, "repeat", "The run has not ended"),
        (Status.FAILURE, "repeat", "not registered and active"),
    ],
)
def test_what_a_run_does_not_allow_is_explained(
    browser: Client, world: World, status: str, verb: str, told: str
) -> None:
    assert told in shown(steer(browser, add_run(status=status), verb))


@pytest.mark.parametrize("who", ["reader", "outsider", "guest"])
@pytest.mark.parametrize("verb", ["cancel", "repeat"])
def test_others_steer_nothing(
    request: pytest.FixtureRequest, console: Any, run: ModuleRun, who: str, verb: str
) -> None:
    client = console(request.getfixturevalue(who))
    waiting = add_run(run.module, status=Status.PENDING, started_at=None, done_at=None)
    audits, statuses = AuditLog.objects.count(), statuses_now()
    for one in (run, waiting):
        page = shown(client.get(url(one), follow=True))
        assert "Run again" not in page
        assert steer(client, one, verb).status_code in {200, 403}
    assert (AuditLog.objects.count(), statuses_now()) == (audits, statuses)


def statuses_now() -> list[str]:
    return list(ModuleRun.objects.order_by("pk").values_list("status", flat=True))


def test_steering_needs_the_token_of_a_page(administrator: User, run: ModuleRun) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(administrator, "soar.core.backends.ConsoleBackend")
    pages = [
        reverse(f"admin:modules_modulerun_{verb}", args=[run.pk]) for verb in ("cancel", "repeat")
    ]
    pages.append(reverse("admin:modules_modulerun_request"))
    assert {client.post(page).status_code for page in pages} == {403}


def test_a_module_page_links_its_runs(browser: Client, run: ModuleRun) -> None:
    module: Module | None = run.module
    page = browser.get(url(module)).content.decode()
    assert f"{LIST}?package=played" in page
    assert url(run) in page
