"""`/dim/*`: module hooks and their runs."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from modules.models import ModuleRun
from modules.selectors import visible_runs
from modules.services.runs import request_run
from soar.api.iris.envelope import success
from soar.api.iris.fields import IdList, Integer, Text, iso
from soar.api.iris.views import ANY_KEY, CASE_WRITE, IrisViewSet, endpoint
from soar.core.errors import Invalid

LIMITED, MAXIMUM = 40, 5000


class RunOut(serializers.Serializer[Any]):
    """A run of a module hook."""

    task_id = serializers.UUIDField()
    case = serializers.SerializerMethodField()
    module = serializers.SerializerMethodField()
    state = serializers.CharField()
    user = serializers.CharField(source="user_login")
    date_done = serializers.SerializerMethodField()

    def get_case(self, run: ModuleRun) -> str | None:
        """Return `Case #18`."""
        return f"Case #{run.case_id}" if run.case_id else None

    def get_module(self, run: ModuleRun) -> str:
        """Return `module::hook`."""
        return f"{run.module_name}::{run.hook_name}"

    def get_date_done(self, run: ModuleRun) -> str | None:
        """Return when it ended."""
        return iso(run.done_at) if run.done_at else None


class HookOptionOut(serializers.Serializer[Any]):
    """A hook an analyst may call by hand."""

    hook_name = serializers.CharField()
    manual_hook_ui_name = serializers.CharField()
    module_name = serializers.CharField()


class HookCallIn(serializers.Serializer[Any]):
    """Which hook to call on which objects."""

    hook_name = Text(required=False, allow_null=True, max_length=200)
    hook_ui_name = Text(required=False, allow_null=True, max_length=200)
    module_name = Text(required=False, allow_null=True, max_length=200)
    type = Text(required=False, allow_null=True, max_length=50)
    targets = IdList(required=False, allow_null=True, child=Integer(min_value=0), max_length=1000)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Complain of what is missing in the words IRIS uses (contract §2.1, dim/hooks/call)."""
        for name, text in (
            ("hook_name", "Missing hook_name"),
            ("targets", "Missing targets"),
            ("type", "Missing data type"),
        ):
            if not attrs.get(name):
                raise Invalid(text)
        return attrs


class ModuleViewSet(IrisViewSet):
    """Module hooks."""

    @endpoint(ANY_KEY, summary="List the module runs, newest first", gives=RunOut, many=True)
    def runs(self, request: Request) -> Response:
        """Answer the runs the caller may see."""
        return success(data=RunOut(self._runs()[:MAXIMUM], many=True).data)

    @endpoint(ANY_KEY, summary="List the last 40 module runs", gives=RunOut, many=True)
    def latest_runs(self, request: Request) -> Response:
        """Answer the last of them."""
        return success(data=RunOut(self._runs()[:LIMITED], many=True).data)

    @endpoint(ANY_KEY, summary="List the manual hooks of a type", gives=HookOptionOut, many=True)
    def manual_hooks(self, request: Request, object_type: str) -> Response:
        """Answer the hooks active modules offer."""
        return success(data=[])

    @endpoint(CASE_WRITE, summary="Call a manual hook", takes=HookCallIn)
    def call(self, request: Request) -> Response:
        """Queue a run."""
        fields = self.read(HookCallIn)
        run = request_run(
            self.actor,
            self.case_id,
            hook_name=f"on_manual_trigger_{fields['type']}",
            object_type=fields["type"],
            target_ids=fields["targets"],
            module_name=fields.get("module_name") or "",
        )
        return success(f"Queued task with {len(run.targets)} objects")

    def _runs(self) -> QuerySet[ModuleRun]:
        return visible_runs(self.actor).order_by("-id")
