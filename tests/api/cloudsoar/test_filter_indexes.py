"""An index stands behind every filter the door documents: the plan of each reads no table as a whole."""

import datetime as dt
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.db.models import QuerySet

from cases.models import Task
from incidents.models import Alert, CustomField, Incident, ListValue
from incidents.selectors import given_to, involving, overdue, with_marks
from iocs.models import Ioc
from soar.api.cloudsoar import audit, tasks
from soar.api.cloudsoar.audit import AuditIn
from soar.api.cloudsoar.entity_filters import PARAMETERS, entity_table
from soar.api.cloudsoar.filter_language import Clause
from soar.api.cloudsoar.filters import EQUAL, FilterTable
from soar.api.cloudsoar.incident_filters import EXACT, IncidentListIn, table_of
from soar.api.cloudsoar.paging import ListingIn
from soar.api.cloudsoar.tasks import TasksIn
from soar.api.cloudsoar.triage_filters import custom_fields, triage_table
from soar.api.cloudsoar.triage_shapes import TriageListIn
from soar.core.actor import Actor
from soar.core.models import AuditLog, User

pytestmark = pytest.mark.django_db
Rows = QuerySet[Any]
DAY = "2026-03-01"
MOMENT = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
# A value each field can have; those of list fields are the ids of the reference data.
VALUES = {
    **dict.fromkeys(("id", "incident", "object_id", "folder"), "1"),
    **dict.fromkeys(("closed", "is_deleted", "favorite", "locked", "deleted"), "true"),
    **dict.fromkeys(("starttime", "endtime", "openingtime", "closingtime", "due_date"), DAY),
    **dict.fromkeys(("created_at", "grabbed_at", "decided_at", "opened_at", "closed_at"), DAY),
    "threat": "malicious",
    "state": "pending",
    "restriction": "HIGH",
}
LISTED = {"status", "type", "incident_kind", "incident_category", "purpose", "phase", "restriction"}
# Long texts: an index over what nobody types as a whole would only cost.
LONG_TEXTS = {"additional_info", "summary"}
# What the embedded database compares row by row: tags, custom fields, and where it does not take the index.
ONLY_POSTGRESQL = {
    *("tags", "tag", "opt_1", "opt_2", "opt_3"),
    *("external_id", "threat", "favorite", "closed"),
}
PAGING = ListingIn().fields.keys()


@pytest.fixture
def marked(db: None) -> None:
    """Custom fields of incidents and events that are marked as filters: a text, a number, tags."""
    CustomField.objects.bulk_create(
        CustomField(section=section, number=number, label=kind, type=kind, use_as_filter=True)
        for section in ("incidents", "triage")
        for number, kind in enumerate(("Text", "Numeric Textbox", "Tags"), start=1)
    )


@pytest.fixture
def crowded(db: None) -> None:
    """So many members of so many groups that the planner has a choice; of few rows it reads all."""
    people = [User(login=f"u{n}", name=f"u{n}", email=f"u{n}@example.org") for n in range(500)]
    groups = Group.objects.bulk_create(Group(name=f"g{n}") for n in range(50))
    member = User.groups.through
    member.objects.bulk_create(
        member(user=user, group=groups[number % len(groups)])
        for number, user in enumerate(User.objects.bulk_create(people))
    )
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for model in (User, member, Group):
                cursor.execute(f"ANALYZE {model._meta.db_table}")


def value_of(field: Any) -> str:
    """Return a value that a field of a table can have."""
    if field.name in VALUES:
        return VALUES[field.name]
    options = getattr(field.kind, "options", None)
    return str(next(iter(options()))) if options is not None else "7"


def of_table(rows: Rows, table: FilterTable) -> Iterator[tuple[str, Rows]]:
    """Yield the rows of each field a filter may name, by its name."""
    for field in {one.name: one for one in table.fields.values()}.values():
        clause = Clause(field.name, EQUAL, value_of(field), is_quoted=True)
        yield field.name, rows.filter(field.kind.condition(field.lookup, clause))


def of_incidents(actor: Actor) -> Iterator[tuple[str, Rows]]:
    rows = with_marks(actor, Incident.objects.order_by())
    yield from of_table(rows, table_of(actor))
    yield "only_involved", involving(actor, rows)
    yield "opened_after", rows.filter(case__opened_at__gte=MOMENT)
    yield "opened_before", rows.filter(case__opened_at__lt=MOMENT)
    assert IncidentListIn().fields.keys() - PAGING <= EXACT.keys() | {
        "only_involved",
        "opened_after",
        "opened_before",
    }


def of_triage(actor: Actor) -> Iterator[tuple[str, Rows]]:
    table = triage_table(actor, custom_fields(actor))
    yield from of_table(Alert.objects.order_by(), table)
    assert TriageListIn().fields.keys() - PAGING <= table.fields.keys()


def of_entities(actor: Actor) -> Iterator[tuple[str, Rows]]:
    table = entity_table(actor)
    yield from of_table(Ioc.objects.order_by(), table)
    assert set(PARAMETERS) <= table.fields.keys()


def of_tasks(actor: Actor) -> Iterator[tuple[str, Rows]]:
    rows = Task.objects.order_by()
    yield from of_table(rows, tasks.TABLE)
    yield "assigned_to", given_to(actor.user_id, rows)
    yield "overdue", overdue(rows, is_overdue=True)
    known = {"assigned_to", "overdue", *tasks.TABLE.fields}
    assert TasksIn().fields.keys() - PAGING <= known


def of_audit(actor: Actor) -> Iterator[tuple[str, Rows]]:
    rows = AuditLog.objects.order_by()
    yield from of_table(rows, audit.TABLE)
    asked: dict[str, Any] = {
        "subsystem": "oarTasks",
        "event_name": "TaskUpdated",
        "operator": "1",
        "object_id": 1,
        "since": MOMENT,
        "until": MOMENT,
    }
    sources = {field.source for name, field in AuditIn().fields.items() if name not in PAGING}
    assert sources == asked.keys()
    for name, value in [*asked.items(), ("subsystem", audit.GENERAL)]:
        yield name, rows.filter(audit._condition({name: value}))


def of_set_up(actor: Actor) -> Iterator[tuple[str, Rows]]:
    yield "section", CustomField.objects.filter(section="triage", removed_at=None).order_by()
    yield "field", ListValue.objects.filter(field="status").order_by()
    yield "group", User.objects.filter(groups__name="Analysts").order_by()


LISTS: Mapping[str, Callable[[Actor], Iterator[tuple[str, Rows]]]] = {
    "incidents": of_incidents,
    "triage": of_triage,
    "entities": of_entities,
    "tasks": of_tasks,
    "audit": of_audit,
    "set-up": of_set_up,
}


@pytest.mark.parametrize("noun", LISTS)
def test_an_index_stands_behind_every_filter(
    as_administrator: Actor, marked: None, crowded: None, noun: str
) -> None:
    without = {name: found for name, rows in LISTS[noun](as_administrator) if (found := read(rows))}
    is_portable = connection.vendor != "postgresql"
    expected = LONG_TEXTS | (ONLY_POSTGRESQL if is_portable else set())
    assert without.keys() <= expected, without


def test_the_check_sees_what_has_no_index(crowded: None) -> None:
    assert read(Task.objects.order_by().filter(description="x"))
    assert read(User.objects.filter(groups__in=Group.objects.filter(name="x"))) == []


def read(rows: Rows) -> list[str]:
    """Return what of the plan of a query reads a table, or an index that is not partial, as a whole."""
    if connection.vendor != "postgresql":
        whole = re.compile(r"\bSCAN [a-z]")  # but of what access rules read under names such as V0
        return [line for line in rows.explain().splitlines() if whole.search(line)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexrelid::regclass::text FROM pg_index WHERE indpred IS NOT NULL")
        partial = {name for (name,) in cursor.fetchall()}
        _allow(cursor, "off")
        plan = json.loads(rows.explain(format="json"))
        _allow(cursor, "on")
    return list(_reading(plan[0]["Plan"], partial))


def _allow(cursor: Any, word: str) -> None:
    """Let the planner read only what an index leaves, or as it likes."""
    for way in ("seqscan", "indexscan", "indexonlyscan", "mergejoin", "hashjoin"):
        cursor.execute(f"SET LOCAL enable_{way} = {word}")


def _reading(node: dict[str, Any], partial: set[str]) -> Iterator[str]:
    is_of_index = "Index Name" in node and node["Index Name"] not in partial
    if node["Node Type"] == "Seq Scan" or (is_of_index and "Index Cond" not in node):
        yield f"{node['Node Type']} {node.get('Relation Name', node.get('Index Name'))}"
    for child in node.get("Plans", ()):
        yield from _reading(child, partial)
