"""`/dim/*`: manual module hooks, and the runs of all."""

import uuid
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.http import http_date
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from modules.models import ModuleRun
from modules.selectors import manual_subscriptions, visible_runs
from modules.services.runs import QUEUED, request_runs
from modules.services.waiting import wait_for_runs
from soar.api.iris.envelope import success
from soar.api.iris.fields import IdList, Integer, Text
from soar.api.iris.views import ANY_KEY, CASE_WRITE, IrisViewSet, endpoint
from soar.core.errors import Invalid, NotFound
from soar.core.models import User

LIMITED, MAXIMUM, MAXIMUM_LINES = 40, 5000, 1000
NOBODY = "Shadow Iris"
LISTED = (
    "task_id",
    "case_id",
    "module_name",
    "hook_name",
    "status",
    "message",
    "user_login",
    "done_at",
)
Row = dict[str, Any]


class RunOut(serializers.Serializer[Any]):
    """A run of a module hook."""

    task_id = serializers.UUIDField()
    case = serializers.SerializerMethodField()
    module = serializers.SerializerMethodField()
    state = serializers.SerializerMethodField()
    user = serializers.SerializerMethodField()
    date_done = serializers.SerializerMethodField()

    def get_case(self, run: ModuleRun) -> str:
        """Return `Case #18`, or nothing for a run about no case."""
        return f"Case #{run.case_id}" if run.case_id else ""

    def get_module(self, run: ModuleRun) -> str:
        """Return `package::hook`."""
        return f"{run.module_name}::{run.hook_name}"

    def get_state(self, run: ModuleRun) -> str:
        """Return `success`, or how far it came and why not further."""
        if run.status == ModuleRun.Status.SUCCESS or not run.message:
            return str(run.status)
        return f"{run.status}: {run.message}"

    def get_user(self, run: Any) -> str:
        """Return the display name of whoever caused it."""
        return str(run.user_name or run.user_login or NOBODY)

    def get_date_done(self, run: ModuleRun) -> str | None:
        """Return when it ended, in the form of HTTP dates."""
        return http_date(run.done_at.timestamp()) if run.done_at else None


class LogLineOut(serializers.Serializer[Any]):
    """A line a module logged."""

    level = serializers.CharField()
    time = serializers.DateTimeField(source="logged_at")
    text = serializers.CharField()


class RunStatusOut(RunOut):
    """Everything about a run: the facts IRIS shows on a page."""

    case_id = serializers.IntegerField(allow_null=True)
    module_name = serializers.CharField()
    hook_name = serializers.CharField()
    hook_ui_name = serializers.CharField(source="ui_name")
    success = serializers.SerializerMethodField()
    has_errors = serializers.BooleanField()
    message = serializers.CharField()
    duration_seconds = serializers.FloatField(allow_null=True)
    logs = serializers.SerializerMethodField()
    traceback = serializers.CharField()
    applied = serializers.ListField(child=serializers.DictField())
    conflicts = serializers.ListField(child=serializers.DictField())
    refused = serializers.ListField(child=serializers.DictField())
    created = serializers.ListField(child=serializers.DictField())

    def get_success(self, run: ModuleRun) -> bool:
        """Tell whether it ended well."""
        return run.status == ModuleRun.Status.SUCCESS

    def get_logs(self, run: ModuleRun) -> list[Row]:
        """Return what it logged."""
        lines = run.log.order_by("position")[:MAXIMUM_LINES]
        return [dict(line) for line in LogLineOut(lines, many=True).data]


class HookOptionOut(serializers.Serializer[Any]):
    """A hook an analyst may call by hand."""

    hook_name = serializers.CharField()
    manual_hook_ui_name = serializers.CharField(source="ui_name")
    module_name = serializers.CharField(source="module.package")


class QueuedRunOut(serializers.Serializer[Any]):
    """A run that was queued; IRIS answers nothing here."""

    task_id = serializers.UUIDField()
    hook_name = serializers.CharField()
    hook_ui_name = serializers.CharField(source="ui_name")
    module_name = serializers.CharField()


class Targets(IdList):
    """The ids of the objects to call a hook on."""

    def to_internal_value(self, data: Any) -> list[int]:
        """Return the ids; complain of what is none in the words of IRIS."""
        try:
            return super().to_internal_value(data)
        except serializers.ValidationError as error:
            if isinstance(data, list):
                raise Invalid("Invalid target") from error
            raise


class HookCallIn(serializers.Serializer[Any]):
    """Which hook to call on which objects."""

    hook_name = Text(required=False, allow_null=True, max_length=200)
    hook_ui_name = Text(required=False, allow_null=True, max_length=300)
    module_name = Text(required=False, allow_null=True, max_length=200)
    type = Text(required=False, allow_null=True, max_length=50)
    targets = Targets(required=False, allow_null=True, child=Integer(min_value=0), max_length=1000)

    def validate(self, attrs: Row) -> Row:
        """Complain of what is missing in the words IRIS uses (contract §2.1, dim/hooks/call)."""
        for name, text in (
            ("hook_name", "Missing hook_name"),
            ("targets", "Missing targets"),
            ("type", "Missing data type"),
        ):
            if not attrs.get(name):
                raise Invalid(text)
        return attrs


class DimViewSet(IrisViewSet):
    """Module hooks called by hand, and how the runs of hooks ended."""

    @endpoint(ANY_KEY, summary="List the module runs, newest first", gives=RunOut, many=True)
    def runs(self, request: Request) -> Response:
        """Answer the runs the caller may see."""
        return self._latest(MAXIMUM)

    @endpoint(ANY_KEY, summary="List the last 40 module runs", gives=RunOut, many=True)
    def latest_runs(self, request: Request) -> Response:
        """Answer the last of them."""
        return self._latest(LIMITED)

    @endpoint(ANY_KEY, summary="List the last N module runs", gives=RunOut, many=True)
    def last_runs(self, request: Request, count: int) -> Response:
        """Answer as many of them as asked for."""
        return self._latest(min(count, MAXIMUM))

    @endpoint(ANY_KEY, summary="Tell how a module run ended", gives=RunStatusOut)
    def status(self, request: Request, run: str) -> Response:
        """Answer one run with its log."""
        try:
            found = self._runs().filter(task_id=uuid.UUID(run)).first()
        except ValueError:
            found = None
        if found is None:
            raise NotFound("Invalid task ID")
        return success(data=RunStatusOut(found).data)

    @endpoint(ANY_KEY, summary="List the manual hooks of a type", gives=HookOptionOut, many=True)
    def manual_hooks(self, request: Request, object_type: str) -> Response:
        """Answer the hooks active modules offer."""
        rows = manual_subscriptions(object_type)
        return success(data=HookOptionOut(rows, many=True).data)

    @endpoint(
        CASE_WRITE, summary="Call a manual hook", takes=HookCallIn, gives=QueuedRunOut, many=True
    )
    def call(self, request: Request) -> Response:
        """Queue the runs."""
        fields = self.read(HookCallIn)
        runs = request_runs(
            self.actor,
            self.case_id,
            object_type=fields["type"],
            target_ids=fields["targets"],
            module_name=fields.get("module_name") or "",
            ui_name=fields.get("hook_ui_name") or "",
        )
        wait_for_runs(runs)
        return success(QUEUED.format(len(runs[0].targets)), QueuedRunOut(runs, many=True).data)

    def _latest(self, count: int) -> Response:
        rows = self._runs().only(*LISTED)[:count]
        return success(data=RunOut(rows, many=True).data)

    def _runs(self) -> QuerySet[ModuleRun]:
        name = User.objects.filter(pk=OuterRef("user_id")).values("name")[:1]
        return visible_runs(self.actor).annotate(user_name=Subquery(name)).order_by("-id")
