"""Two at once: nothing lost, nothing doubled, no error that is not the caller's.

Each race is run several times, on both databases; what only a real row lock can show names PostgreSQL.
"""

import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import Group

from cases.models import Asset, Case, CaseIoc, Customer, Event, Evidence, Note, Task
from cases.services.assets import add_asset, update_asset
from cases.services.cases import close_case, delete_case, update_case, update_summary
from cases.services.customers import add_customer
from cases.services.evidences import add_evidence, update_evidence
from cases.services.iocs import Added, add_ioc, remove_ioc, update_ioc
from cases.services.lookups import add_asset_type, delete_asset_type
from cases.services.notes import add_note, add_note_directory, delete_note_directory, update_note
from cases.services.tasks import add_task, update_task
from cases.services.timeline import add_event, update_event
from incidents.services.incidents import open_incident
from iocs.models import Ioc
from modules.services.delivery import claim_due
from soar.core.actor import Actor
from soar.core.errors import Conflict, Forbidden, Invalid, NotFound
from soar.core.models import AuditLog, ChangeCounter, OutboxEvent, User
from soar.core.services.users import add_user, is_administrator, update_user
from tests.cast import PASSWORD
from tests.racing import at_once, errors

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 4
NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
ASSET = {"type_id": 1, "analysis_status_id": 1}
IOC = {"type_id": 1, "tlp_id": 1}


@pytest.fixture
def cases(as_administrator: Actor) -> list[int]:
    """Two cases of customer 1."""
    text = {"name": "Race", "description": "Race", "customer_id": 1}
    return [open_incident(as_administrator, **text).case.pk for _ in range(2)]  # type: ignore[arg-type]


# --- two writers on one object


def _asset(actor: Actor) -> tuple[Any, Callable[..., Any], int]:
    return Asset, update_asset, add_asset(actor, 1, name="race", **ASSET).pk


def _note(actor: Actor) -> tuple[Any, Callable[..., Any], int]:
    group = add_note_directory(actor, 1, name="race").pk
    return Note, update_note, add_note(actor, 1, title="race", directory_id=group).pk


def _task(actor: Actor) -> tuple[Any, Callable[..., Any], int]:
    return Task, update_task, add_task(actor, 1, title="race", status_id=1, assignee_ids=[]).pk


def _evidence(actor: Actor) -> tuple[Any, Callable[..., Any], int]:
    return Evidence, update_evidence, add_evidence(actor, 1, filename="race").pk


def _event(actor: Actor) -> tuple[Any, Callable[..., Any], int]:
    when = {"date": NOW, "local_date": NOW, "tz": "+00:00", "category_id": 1, "asset_ids": []}
    return Event, update_event, add_event(actor, 1, title="race", **when).pk  # type: ignore[arg-type]


KINDS = {
    _asset: ({"description": "first"}, {"tags": "second"}),
    _note: ({"title": "first"}, {"content": "second"}),
    _task: ({"description": "first"}, {"tags": "second"}),
    _evidence: ({"file_hash": "first"}, {"description": "second"}),
    _event: ({"content": "first"}, {"tags": "second"}),
}


@pytest.mark.parametrize("make", KINDS, ids=lambda make: make.__name__)
def test_two_changes_of_one_object_both_survive(as_administrator: Actor, make: Any) -> None:
    for _ in range(ROUNDS):
        model, update, pk = make(as_administrator)
        first, second = KINDS[make]
        change = partial(update, as_administrator, 1, pk)
        assert not errors(at_once(partial(change, **first), partial(change, **second)))
        row = model.objects.get(pk=pk)
        assert {name: getattr(row, name) for name in first | second} == first | second
        assert len(row.history) == 3
        row.delete()


def test_two_changes_of_one_ioc_both_survive(as_administrator: Actor) -> None:
    for number in range(ROUNDS):
        ioc = add_ioc(as_administrator, 1, value=f"race{number}", **IOC)[0].ioc_id
        change = partial(update_ioc, as_administrator, 1, ioc)
        results = at_once(partial(change, description="first"), partial(change, tags="second"))
        assert not errors(results)
        row = CaseIoc.objects.get(case=1, ioc=ioc)
        assert (row.description, row.tags) == ("first", "second")


def test_closing_renaming_and_summarising_a_case_at_once_all_survive(
    as_administrator: Actor, cases: list[int]
) -> None:
    pk = cases[0]
    results = at_once(
        partial(close_case, as_administrator, pk),
        partial(update_case, as_administrator, pk, name="Renamed"),
        partial(update_summary, as_administrator, pk, description="Summary"),
    )
    assert not errors(results)
    case = Case.objects.get(pk=pk)
    assert (case.name, case.description, case.state_id) == ("Renamed", "Summary", 9)
    assert len(case.history) == 4


def test_counters_are_exact_after_parallel_writes(
    as_administrator: Actor, cases: list[int]
) -> None:
    def add_some(name: str) -> None:
        for number in range(5):
            add_asset(as_administrator, cases[0], name=f"{name}{number}", **ASSET)

    assert not errors(at_once(*[partial(add_some, name) for name in "abcdef"]))
    assert ChangeCounter.objects.get(case_id=cases[0], family="assets").value == 30
    assert AuditLog.objects.filter(case_id=cases[0], action="asset.created").count() == 30


def test_the_same_asset_twice_at_once_is_refused_once(as_administrator: Actor) -> None:
    for number in range(ROUNDS):
        add = partial(add_asset, as_administrator, 1, name=f"race{number}", **ASSET)
        refused = errors(at_once(add, add))
        assert [type(one) for one in refused] == [Invalid]
        assert Asset.objects.filter(name=f"race{number}").count() == 1


# --- one indicator, several cases


def test_one_ioc_added_to_two_cases_at_once_is_one_row(
    as_administrator: Actor, cases: list[int]
) -> None:
    for number in range(ROUNDS):
        value = f"race{number}"
        adds = [partial(add_ioc, as_administrator, pk, value=value, **IOC) for pk in cases]
        assert not errors(at_once(*adds))
        assert Ioc.objects.filter(value=value).count() == 1
        assert CaseIoc.objects.filter(ioc__value=value).count() == 2


def test_one_ioc_twice_into_one_case_is_linked_once(as_administrator: Actor) -> None:
    for number in range(ROUNDS):
        add = partial(add_ioc, as_administrator, 1, value=f"race{number}", **IOC)
        results = at_once(add, add)
        assert sorted(how for _, how in results) == [Added.ALREADY_HERE, Added.NEW]
        assert CaseIoc.objects.filter(ioc__value=f"race{number}").count() == 1
        assert len({row.pk for row, _ in results}) == 1


def test_adding_while_the_last_case_unlinks_loses_nothing(
    as_administrator: Actor, cases: list[int]
) -> None:
    for number in range(ROUNDS):
        value = f"race{number}"
        old = add_ioc(as_administrator, cases[0], value=value, **IOC)[0].ioc_id
        results = at_once(
            partial(remove_ioc, as_administrator, cases[0], old),
            partial(add_ioc, as_administrator, cases[1], value=value, **IOC),
        )
        assert not errors(results)
        assert CaseIoc.objects.get(ioc__value=value).case_id == cases[1]


def test_two_cases_unlinking_at_once_leave_no_orphan(
    as_administrator: Actor, cases: list[int]
) -> None:
    for number in range(ROUNDS):
        pks = {
            add_ioc(as_administrator, pk, value=f"race{number}", **IOC)[0].ioc_id for pk in cases
        }
        removes = [partial(remove_ioc, as_administrator, pk, max(pks)) for pk in cases]
        assert not errors(at_once(*removes))
        assert not Ioc.objects.filter(pk__in=pks).exists()


def test_correcting_two_iocs_to_one_value_at_once_ends_with_one_row(
    as_administrator: Actor, cases: list[int]
) -> None:
    for number in range(ROUNDS):
        corrections = []
        for pk in cases:
            ioc = add_ioc(as_administrator, pk, value=f"wrong{number}-{pk}", **IOC)[0].ioc_id
            corrections.append(
                partial(update_ioc, as_administrator, pk, ioc, value=f"right{number}")
            )
        assert not errors(at_once(*corrections))
        assert Ioc.objects.filter(value=f"right{number}").count() == 1
        assert not Ioc.objects.filter(value__startswith=f"wrong{number}-").exists()


# --- deleting under a writer


def test_adding_to_a_case_while_it_is_deleted_ends_cleanly(as_administrator: Actor) -> None:
    for _ in range(ROUNDS):
        text = {"name": "Race", "description": "Race", "customer_id": 1}
        pk = open_incident(as_administrator, **text).case.pk  # type: ignore[arg-type]
        results = at_once(
            partial(delete_case, as_administrator, pk),
            partial(add_task, as_administrator, pk, title="x", status_id=1, assignee_ids=[]),
            partial(add_asset, as_administrator, pk, name="x", **ASSET),
            partial(add_ioc, as_administrator, pk, value="race", **IOC),
        )
        assert {type(one) for one in errors(results)} <= {Conflict, Forbidden, NotFound}
        if not Case.objects.filter(pk=pk).exists():
            assert not Asset.objects.filter(case_id=pk).exists()
        assert not Ioc.objects.filter(case_iocs=None).exists()


def test_adding_a_note_while_its_group_is_deleted_ends_cleanly(as_administrator: Actor) -> None:
    for _ in range(ROUNDS):
        group = add_note_directory(as_administrator, 1, name="race").pk
        results = at_once(
            partial(delete_note_directory, as_administrator, 1, group),
            partial(add_note, as_administrator, 1, title="x", directory_id=group),
        )
        assert {type(one) for one in errors(results)} <= {Conflict, Invalid}
        assert not Note.objects.filter(directory=group).exists()


def test_using_a_type_while_it_is_deleted_ends_cleanly(as_administrator: Actor) -> None:
    for number in range(ROUNDS):
        kind = add_asset_type(as_administrator, name=f"race{number}", description="x").pk
        results = at_once(
            partial(delete_asset_type, as_administrator, kind),
            partial(add_asset, as_administrator, 1, name="x", type_id=kind, analysis_status_id=1),
        )
        assert len(errors(results)) == 1
        assert {type(one) for one in errors(results)} <= {Conflict, Invalid}


# --- accounts


def test_of_two_administrators_who_demote_each_other_one_remains(as_administrator: Actor) -> None:
    other, _ = add_user(
        as_administrator,
        login="other",
        name="Other",
        email="other@example.org",
        password=PASSWORD,
        is_administrator=True,
    )
    as_other = Actor.of(other, "iris")
    results = at_once(
        partial(update_user, as_administrator, other.pk, is_administrator=False),
        partial(update_user, as_other, 1, is_administrator=False),
    )
    assert [type(one) for one in errors(results)] == [Conflict]
    assert [is_administrator(user) for user in User.objects.all()].count(True) == 1
    assert Group.objects.get(name="Administrators").user_set.count() == 1


def test_one_login_twice_at_once_is_refused_once(as_administrator: Actor) -> None:
    for number in range(ROUNDS):
        who = {"login": f"race{number}", "name": "x", "email": f"race{number}@example.org"}
        add = partial(add_user, as_administrator, **who, password=PASSWORD)
        refused = errors(at_once(add, add))
        assert [type(one) for one in refused] == [Invalid]
        assert refused[0].fields.keys() <= {"login", "email"}


def test_one_email_twice_at_once_is_refused_by_its_name(as_administrator: Actor) -> None:
    for number in range(ROUNDS):
        who = {"name": "x", "email": f"race{number}@example.org", "password": PASSWORD}
        adds = [partial(add_user, as_administrator, login=f"{a}{number}", **who) for a in "ab"]
        assert [list(one.fields) for one in errors(at_once(*adds))] == [["email"]]


def test_one_customer_name_twice_at_once_is_refused_once(as_administrator: Actor) -> None:
    for number in range(ROUNDS):
        adds = [
            partial(add_customer, as_administrator, name=name)
            for name in (f"race{number}", f"RACE{number}")
        ]
        assert [type(one) for one in errors(at_once(*adds))] == [Invalid]
        assert Customer.objects.filter(name__iexact=f"race{number}").count() == 1


# --- the outbox


def test_two_relays_never_claim_one_event_twice(as_administrator: Actor) -> None:
    OutboxEvent.objects.update(delivered_at=NOW)
    for number in range(30):
        update_summary(as_administrator, 1, description=str(number))
    claimed = [pk for ids in at_once(*[partial(claim_due, limit=10)] * 4) for pk in ids]
    assert len(claimed) == len(set(claimed)) == 30
