"""Results of modules and the work of people at the same moment: nothing lost, nothing doubled, no error."""

from functools import partial

import pytest

from cases.models import CaseIoc, Note, NoteDirectory
from cases.services.iocs import add_ioc, remove_ioc, update_ioc
from incidents.services.incidents import open_incident
from iocs.models import Ioc
from modules.models import Module
from soar.core.actor import Actor
from soar.core.models import AuditLog
from tests.modules.results import apply, creations, diff, html, make_module, make_run
from tests.racing import at_once, errors

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 4


@pytest.fixture
def module(db: None) -> Module:
    """A module with the default field policy."""
    return make_module()


def add(actor: Actor, number: int) -> CaseIoc:
    """Put one more indicator into case 1."""
    given = {"type_id": 1, "tlp_id": 1, "value": f"race{number}.example"}
    return add_ioc(actor, 1, description="old", tags="old", **given)[0]  # type: ignore[arg-type]


@pytest.mark.parametrize("number", range(ROUNDS))
def test_two_results_on_one_object_both_count(
    as_analyst: Actor, module: Module, number: int
) -> None:
    ioc = add(as_analyst, number)
    runs = [make_run(module, as_analyst, "ioc", ioc.ioc_id, 1) for _ in range(2)]
    results = at_once(
        *(
            partial(
                apply, run, diff(run, {f"T{n}": {"f": html("x")}}, ioc_tags=("old", f"old,t{n}"))
            )
            for n, run in enumerate(runs)
        )
    )
    ioc.refresh_from_db()
    assert results == [[], []]
    assert set((ioc.tags or "").split(",")) == {"old", "t0", "t1"}
    assert set(ioc.custom_attributes) == {"T0", "T1"}


@pytest.mark.parametrize("number", range(ROUNDS))
def test_an_analyst_who_writes_at_the_same_moment_keeps_his_text(
    as_analyst: Actor, module: Module, number: int
) -> None:
    ioc = add(as_analyst, number)
    run = make_run(module, as_analyst, "ioc", ioc.ioc_id, 1)
    results = at_once(
        partial(apply, run, diff(run, ioc_description=("old", "module"))),
        partial(update_ioc, as_analyst, 1, ioc.ioc_id, description="analyst"),
    )
    ioc.refresh_from_db()
    run.refresh_from_db()
    assert errors(results) == []
    assert ioc.description == "analyst"
    assert len(run.applied) + len(run.conflicts) == 1


@pytest.mark.parametrize("number", range(ROUNDS))
def test_an_object_deleted_at_the_same_moment_is_written_or_gone(
    as_analyst: Actor, module: Module, number: int
) -> None:
    ioc = add(as_analyst, number)
    run = make_run(module, as_analyst, "ioc", ioc.ioc_id, 1)
    change = diff(run, ioc_description=("old", "new"), ioc_enrichment=({}, {"a": 1}))
    gone, is_gone = at_once(
        partial(apply, run, change), partial(remove_ioc, as_analyst, 1, ioc.ioc_id)
    )
    run.refresh_from_db()
    assert is_gone is True
    assert (gone == []) == bool(run.applied)
    assert not Ioc.objects.filter(pk=ioc.ioc_id).exists()


@pytest.mark.parametrize("number", range(ROUNDS))
def test_two_runs_make_one_directory(as_analyst: Actor, module: Module, number: int) -> None:
    runs = [make_run(module, as_analyst, "case", 1, 1) for _ in range(2)]
    directory = ("note_directory", -1, {"name": f"Reports {number}"})
    calls = []
    for n, run in enumerate(runs):
        note = ("note", -2, {"note_title": f"Report {n}", "directory_id": -1})
        calls.append(partial(apply, run, creations(directory, note)))
    assert at_once(*calls) == [[], []]
    made = NoteDirectory.objects.get(name=f"Reports {number}")
    assert Note.objects.filter(directory=made).count() == 2


@pytest.mark.parametrize("number", range(ROUNDS))
def test_one_result_applied_twice_at_once_is_written_once(
    as_analyst: Actor, module: Module, number: int
) -> None:
    ioc = add(as_analyst, number)
    run = make_run(module, as_analyst, "ioc", ioc.ioc_id, 1)
    note = ("note_directory", -1, {"name": f"Once {number}"})
    result = diff(run, {"T": {"f": html("x")}}, ioc_tags=("old", "new")) | creations(note)
    assert at_once(partial(apply, run, result), partial(apply, run, result)) == [[], []]
    ioc.refresh_from_db()
    assert (ioc.tags, NoteDirectory.objects.filter(name=f"Once {number}").count()) == ("new", 1)
    enriched = AuditLog.objects.filter(action="ioc.enriched", object_id=ioc.pk)
    assert enriched.count() == 1


@pytest.mark.parametrize("number", range(ROUNDS))
def test_of_two_cases_dropping_an_ioc_at_once_one_says_it_is_gone(
    as_administrator: Actor, second_case_id: int, number: int
) -> None:
    ioc = add(as_administrator, number)
    add_ioc(as_administrator, second_case_id, type_id=1, tlp_id=1, value=ioc.ioc.value)
    results = at_once(
        partial(remove_ioc, as_administrator, 1, ioc.ioc_id),
        partial(remove_ioc, as_administrator, second_case_id, ioc.ioc_id),
    )
    rows = AuditLog.objects.filter(action="ioc.deleted").order_by("id")
    told = [row.details["after"]["is_gone"] for row in rows]
    assert errors(results) == []
    assert sorted(told) == [False, True]


@pytest.fixture
def second_case_id(as_administrator: Actor) -> int:
    """An empty case of customer 1."""
    text = {"name": "Race", "description": "Race", "customer_id": 1}
    return open_incident(as_administrator, **text).case.pk  # type: ignore[arg-type]
