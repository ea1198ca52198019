"""Tasks of an incident, and everybody's tasks (contract §4.3)."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cases.models import Task
from cases.selectors import find
from cases.services.rich_texts import shown_as_html
from cases.services.tasks import delete_task
from incidents.models import CustomField, ListField
from incidents.selectors import (
    custom_fields_of,
    given_to,
    overdue,
    task_status_ids,
    visible_incident_tasks,
)
from incidents.services.calculations import values_as_shown
from incidents.services.lists import find_value
from incidents.services.parties import GROUP_MARK
from incidents.services.task_details import (
    SECTION,
    add_incident_task,
    approve_task,
    assignee_of,
    close_task,
    decline_task,
    details_of,
    reassign_task,
    update_incident_task,
    user_id_of,
)
from soar.api.base import represent
from soar.api.cloudsoar.fields import Integer, Moment, Text
from soar.api.cloudsoar.filters import (
    Choices,
    FilterField,
    FilterTable,
    Moments,
    Numbers,
    Texts,
)
from soar.api.cloudsoar.incident_parts import (
    LONGEST_HTML,
    WORKERS,
    CustomValuesIn,
    PartViewSet,
    Reference,
)
from soar.api.cloudsoar.paging import ListingIn, Page
from soar.api.cloudsoar.views import FailureOut, endpoint
from soar.core.errors import Invalid
from soar.core.rich_text import sanitised_html

UNKNOWN = "No such task in this incident"
LONGEST_TITLE, LONGEST_NOTE, LARGEST_PERCENTAGE = 400, 10_000, 100
ME = "me"
TABLE = FilterTable(
    FilterField("id", "ID", Numbers(), "pk"),
    FilterField("incident", "Incident", Numbers(), "case_id"),
    FilterField("title", "Title", Texts(), "title"),
    FilterField("status", "Status", Choices(task_status_ids), "status"),
    FilterField("due_date", "Due date", Moments(), "details__due_at"),
    FilterField("opened_at", "Opened at", Moments(), "opened_at"),
    FilterField("closed_at", "Closed at", Moments(), "closed_at"),
    free_text=("title", "description"),
)
EXAMPLE = {
    "id": 91,
    "incident": 8508,
    "title": "Reset the password of j.doe",
    "description": "<p>And end all sessions.</p>",
    "status": "To do",
    "assigned_to": "SOC tier 2 (group)",
    "authorizer": "mrossi",
    "priority": "High",
    "percentage": 0,
    "effort_hours": 1.5,
    "due_date": "2025-03-05T12:00:00Z",
    "opened_at": "2025-03-04T09:50:00Z",
    "closed_at": None,
    "mandatory": True,
    "source": "manual",
    "playbook_run": None,
}


class TaskChangeIn(CustomValuesIn):
    """What changes of a task; its status changes by the actions. Custom fields go by opt_<number>."""

    title = Text(max_length=LONGEST_TITLE, allow_blank=False, required=False)
    description = Text(source="description_html", max_length=LONGEST_HTML, required=False)
    assigned_to = Reference()
    authorizer = Reference()
    due_date = Moment(source="due_at", required=False, allow_null=True)
    priority = Reference()
    effort_hours = serializers.DecimalField(
        max_digits=8, decimal_places=2, min_value=0, required=False, allow_null=True
    )
    percentage = Integer(min_value=0, max_value=LARGEST_PERCENTAGE, required=False)
    mandatory = serializers.BooleanField(source="is_mandatory", required=False)


class TaskIn(TaskChangeIn):
    """A new task. Custom fields go by opt_<number>."""

    title = Text(max_length=LONGEST_TITLE, allow_blank=False)


class DecisionIn(serializers.Serializer[Any]):
    """A decision on a task."""

    note = Text(default="", max_length=LONGEST_NOTE, help_text="Kept in the war room.")


class ReassignmentIn(DecisionIn):
    """Who gets a task."""

    assigned_to = Reference(required=True, allow_null=False)


class TasksIn(ListingIn):
    """Which tasks are asked for."""

    assigned_to = Text(
        required=False, max_length=18, help_text="`me` or the id of a user; those of groups count."
    )
    status = Text(required=False, max_length=100, help_text="Its name or id.")
    incident = Integer(required=False)
    overdue = serializers.BooleanField(required=False, allow_null=True)


class TaskOut(serializers.Serializer[Any]):
    """A task, with its custom values as opt_<number>."""

    id = Integer()
    incident = Integer(source="case_id")
    title = Text()
    description = serializers.SerializerMethodField()
    status = Text(source="status.name")
    assigned_to = serializers.SerializerMethodField()
    authorizer = serializers.SerializerMethodField()
    priority = serializers.SerializerMethodField()
    percentage = serializers.SerializerMethodField()
    effort_hours = serializers.SerializerMethodField()
    due_date = serializers.SerializerMethodField()
    opened_at = Moment()
    closed_at = Moment(allow_null=True)
    mandatory = serializers.SerializerMethodField()
    source = serializers.SerializerMethodField()  # type: ignore[assignment]
    playbook_run = serializers.SerializerMethodField()

    def get_description(self, task: Task) -> str:
        """Return the text as HTML."""
        return str(sanitised_html(shown_as_html(task.description, task.description_html)))

    def get_assigned_to(self, task: Task) -> str | None:
        """Return the user name of the first who has it, or the group."""
        people = task.assignments.all()
        group = details_of(task).group
        return people[0].user.login if people else f"{group.name}{GROUP_MARK}" if group else None

    def get_authorizer(self, task: Task) -> str | None:
        """Return who decides on it."""
        authorizer = details_of(task).authorizer
        return authorizer.login if authorizer else None

    def get_priority(self, task: Task) -> str | None:
        """Return its priority."""
        priority = details_of(task).priority
        return priority.label if priority else None

    def get_percentage(self, task: Task) -> int:
        """Return how much of it is done."""
        return details_of(task).percentage

    def get_effort_hours(self, task: Task) -> float | None:
        """Return how long it takes."""
        hours = details_of(task).effort_hours
        return None if hours is None else float(hours)

    def get_due_date(self, task: Task) -> str | None:
        """Return when it should have ended."""
        due_at = details_of(task).due_at
        return Moment().to_representation(due_at) if due_at else None

    def get_mandatory(self, task: Task) -> bool:
        """Tell whether it cannot be left out."""
        return details_of(task).is_mandatory

    def get_source(self, task: Task) -> str:
        """Return who made it."""
        return str(details_of(task).source)

    def get_playbook_run(self, task: Task) -> int | None:
        """Return the run that waits for it."""
        return None


def shown(task: Task, custom_fields: list[CustomField]) -> dict[str, Any]:
    """Return a task as this door shows it."""
    values = represent(TaskOut, task)
    return values | values_as_shown(custom_fields, details_of(task).custom, values)


class TasksViewSet(PartViewSet):
    """Tasks."""

    @endpoint(WORKERS, summary="List tasks", query=ListingIn, gives=TaskOut(many=True))
    def list(self, request: Request, incident: int) -> Response:
        """Answer the tasks of an incident."""
        self.find_incident(incident)
        rows = visible_incident_tasks(self.actor).filter(case_id=incident)
        page = Page.of(rows, TABLE, self.query(ListingIn), default_order="id")
        fields = custom_fields_of(self.actor, SECTION)
        return page.answer(request, [shown(row, fields) for row in page.rows])

    @endpoint(
        WORKERS, summary="List tasks of all incidents", query=TasksIn, gives=TaskOut(many=True)
    )
    def everywhere(self, request: Request) -> Response:
        """Answer the tasks of all visible incidents."""
        asked = self.query(TasksIn)
        rows = visible_incident_tasks(self.actor)
        if asked.get("assigned_to"):
            rows = given_to(self._user_id(asked["assigned_to"]), rows)
        if asked.get("status"):
            rows = rows.filter(status=_status_id(asked["status"]))
        if asked.get("incident") is not None:
            rows = rows.filter(case_id=asked["incident"])
        if asked.get("overdue") is not None:
            rows = overdue(rows, is_overdue=asked["overdue"])
        page = Page.of(rows, TABLE, asked, default_order="id")
        fields = custom_fields_of(self.actor, SECTION)
        return page.answer(request, [shown(row, fields) for row in page.rows])

    @endpoint(
        WORKERS,
        summary="Add a task",
        takes=TaskIn,
        gives=TaskOut,
        code=201,
        examples={"A task": EXAMPLE},
    )
    def create(self, request: Request, incident: int) -> Response:
        """Add a task."""
        self.admit_writer(incident)
        made = add_incident_task(self.actor, incident, **_known(self.read(TaskIn)))
        return self._answer(incident, made.pk, 201)

    @endpoint(WORKERS, summary="Fetch a task", gives=TaskOut, examples={"A task": EXAMPLE})
    def retrieve(self, request: Request, incident: int, task: int) -> Response:
        """Answer a task."""
        self.find_incident(incident)
        return self._answer(incident, task)

    @endpoint(WORKERS, summary="Change a task", takes=TaskChangeIn, gives=TaskOut)
    def update(self, request: Request, incident: int, task: int) -> Response:
        """Change what is given of a task."""
        self.admit_writer(incident)
        update_incident_task(self.actor, incident, task, **_known(self.read(TaskChangeIn)))
        return self._answer(incident, task)

    @endpoint(WORKERS, summary="Delete a task", code=204)
    def destroy(self, request: Request, incident: int, task: int) -> Response:
        """Delete a task."""
        self.admit_writer(incident)
        delete_task(self.actor, incident, task)
        return Response(status=204)

    @endpoint(
        WORKERS, summary="Approve a task", takes=DecisionIn, gives=TaskOut, also={409: FailureOut}
    )
    def approve(self, request: Request, incident: int, task: int) -> Response:
        """Let a task begin."""
        self.admit_writer(incident)
        approve_task(self.actor, incident, task, **self.read(DecisionIn))
        return self._answer(incident, task)

    @endpoint(
        WORKERS,
        summary="Approve and close a task",
        takes=DecisionIn,
        gives=TaskOut,
        also={409: FailureOut},
    )
    def approve_close(self, request: Request, incident: int, task: int) -> Response:
        """Approve a task and end it as done."""
        self.admit_writer(incident)
        approve_task(self.actor, incident, task, closes=True, **self.read(DecisionIn))
        return self._answer(incident, task)

    @endpoint(
        WORKERS, summary="Decline a task", takes=DecisionIn, gives=TaskOut, also={409: FailureOut}
    )
    def decline(self, request: Request, incident: int, task: int) -> Response:
        """Cancel a task."""
        self.admit_writer(incident)
        decline_task(self.actor, incident, task, **self.read(DecisionIn))
        return self._answer(incident, task)

    @endpoint(
        WORKERS, summary="Close a task", takes=DecisionIn, gives=TaskOut, also={409: FailureOut}
    )
    def close(self, request: Request, incident: int, task: int) -> Response:
        """End a task as done."""
        self.admit_writer(incident)
        close_task(self.actor, incident, task, **self.read(DecisionIn))
        return self._answer(incident, task)

    @endpoint(
        WORKERS,
        summary="Reassign a task",
        takes=ReassignmentIn,
        gives=TaskOut,
        also={409: FailureOut},
    )
    def reassign(self, request: Request, incident: int, task: int) -> Response:
        """Give a task to somebody else."""
        self.admit_writer(incident)
        asked = self.read(ReassignmentIn)
        assignee = assignee_of(asked["assigned_to"], "assigned_to")
        reassign_task(self.actor, incident, task, assignee=assignee, note=asked["note"])
        return self._answer(incident, task)

    def _answer(self, incident: int, task: int, code: int = 200) -> Response:
        rows = visible_incident_tasks(self.actor).filter(case_id=incident)
        fields = custom_fields_of(self.actor, SECTION)
        return Response(shown(find(rows, task, UNKNOWN), fields), status=code)

    def _user_id(self, given: str) -> int:
        if given == ME:
            return self.actor.user_id
        if not (given.isascii() and given.isdigit()):
            raise Invalid.field("assigned_to", "This is me or the id of a user.")
        return int(given)


def _known(asked: dict[str, Any]) -> dict[str, Any]:
    """Return the values of a body with the users, groups and priorities that were meant."""
    if "assigned_to" in asked:
        asked["assignee"] = assignee_of(asked.pop("assigned_to"), "assigned_to")
    if "authorizer" in asked:
        asked["authorizer_id"] = user_id_of(asked.pop("authorizer"), "authorizer")
    if "priority" in asked:
        priority = find_value(ListField.TASK_PRIORITY, asked.pop("priority"), "priority")
        asked["priority_id"] = priority and priority.pk
    return asked


def _status_id(given: str) -> int:
    ids = {name.lower(): pk for name, pk in task_status_ids().items()}
    found = int(given) if given.isascii() and given.isdigit() else ids.get(given.lower())
    if found not in ids.values():
        raise Invalid.field("status", "There is no such status.")
    return int(found or 0)
