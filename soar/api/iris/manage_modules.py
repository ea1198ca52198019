"""`/manage/modules/*`: which modules there are, their configuration and their hooks."""

import base64
import json
import re
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from modules.hooks import resolve
from modules.models import HookSubscription, Module
from modules.selectors import visible_modules, visible_subscriptions
from modules.services import parameters, registry
from soar.api.iris.envelope import success
from soar.api.iris.fields import NULL, REQUIRED, Text, Timestamp, refuse_bad_texts
from soar.api.iris.shapes import Empty
from soar.api.iris.views import IrisViewSet, endpoint, needs
from soar.core.errors import Invalid, NotFound
from soar.core.permissions import Permission

ADMINISTRATOR = needs(Permission.SERVER_ADMINISTRATOR)
SEPARATOR = "##"
MODULE_ID = re.compile("[0-9]{1,19}")
Row = dict[str, Any]


@extend_schema_field(OpenApiTypes.ANY)
class Anything(serializers.Field[Any, Any, Any, Any]):
    """A JSON value of any kind."""

    default_error_messages = {"required": REQUIRED, "null": NULL}

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"allow_null": True, "required": False} | options)

    def to_internal_value(self, data: Any) -> Any:
        """Return the value; refuse strings nobody can store."""
        refuse_bad_texts(data)
        return data


class ModuleOut(serializers.Serializer[Any]):
    """A module; secrets of its configuration only tell whether they are set."""

    id = serializers.IntegerField()
    module_name = serializers.CharField(source="package")
    module_human_name = serializers.CharField(source="human_name")
    module_description = serializers.CharField(source="description")
    module_version = serializers.CharField(source="version")
    module_type = serializers.CharField(source="kind")
    interface_version = serializers.CharField()
    has_pipeline = serializers.SerializerMethodField()
    pipeline_args = serializers.DictField(source="pipeline", allow_null=True)
    date_added = Timestamp(source="added_at")
    added_by_id = serializers.IntegerField()
    name = serializers.CharField(source="added_by.name")
    is_active = serializers.BooleanField()
    module_config = serializers.SerializerMethodField()
    configured = serializers.SerializerMethodField()
    state = serializers.CharField()
    state_reason = serializers.CharField()

    def get_has_pipeline(self, module: Module) -> bool:
        """Tell whether it imports files."""
        return module.pipeline is not None

    def get_module_config(self, module: Module) -> list[Row]:
        """Return its parameters."""
        return parameters.public_configuration(module)

    def get_configured(self, module: Module) -> bool:
        """Tell whether no mandatory parameter is missing."""
        return not parameters.missing_parameters(module.parameters.all())


class HookOut(serializers.Serializer[Any]):
    """A hook a module is registered on."""

    id = serializers.IntegerField()
    module_name = serializers.CharField(source="module.package")
    is_active = serializers.BooleanField(source="module.is_active")
    hook_name = serializers.CharField()
    hook_description = serializers.SerializerMethodField()
    is_manual_hook = serializers.BooleanField(source="is_manual")
    manual_hook_ui_name = serializers.CharField(source="ui_name")
    run_asynchronously = serializers.BooleanField(source="is_asynchronous")

    def get_hook_description(self, subscription: HookSubscription) -> str:
        """Return when the hook is called."""
        hook = resolve(subscription.hook_name)
        return hook.description if hook else ""


class ModuleIn(serializers.Serializer[Any]):
    """Which package to register."""

    module_name = Text(source="package", required=False, allow_null=True, max_length=100)


class ParameterIn(serializers.Serializer[Any]):
    """The new value of a parameter."""

    parameter_value = Anything(source="value")


class ConfigurationIn(serializers.Serializer[Any]):
    """An exported configuration: a list, or a JSON text of one."""

    module_configuration = Anything(source="entries")


class ConfigurationOut(serializers.Serializer[Any]):
    """The configuration of a module, without secrets."""

    module_name = serializers.CharField()
    module_configuration = serializers.ListField(child=serializers.DictField())


class ManageModuleViewSet(IrisViewSet):
    """The registry of modules."""

    @endpoint(ADMINISTRATOR, summary="List the modules", gives=ModuleOut, many=True)
    def list(self, request: Request) -> Response:
        """Answer the modules; nothing is deactivated by looking, unlike in IRIS."""
        rows = visible_modules(self.actor).select_related("added_by")
        rows = rows.prefetch_related("parameters").order_by("id")
        return success(data=ModuleOut(rows, many=True).data)

    @endpoint(ADMINISTRATOR, summary="Register a module", takes=ModuleIn, gives=ModuleOut)
    def add(self, request: Request) -> Response:
        """Register what is shipped or installed already; installing is done in a shell."""
        package = self.read(ModuleIn).get("package")
        if not package:
            raise Invalid("Invalid request")
        module = registry.add_module(self.actor, package)
        return success("Module registered", ModuleOut(module).data)

    @endpoint(ADMINISTRATOR, summary="Set a parameter", takes=ParameterIn)
    def set_parameter(self, request: Request, encoded: str) -> Response:
        """Save one value; the path names module and parameter."""
        module_id, name = _address(encoded)
        fields = self.read(ParameterIn)
        if "value" not in fields:
            raise Invalid("Malformed request")
        parameters.set_parameter(self.actor, module_id, name, fields["value"])
        return success("Saved")

    @endpoint(ADMINISTRATOR, summary="Enable a module", takes=Empty)
    def enable(self, request: Request, module_id: int) -> Response:
        """Let it take runs."""
        registry.enable_module(self.actor, module_id)
        return success("Module enabled")

    @endpoint(ADMINISTRATOR, summary="Disable a module", takes=Empty)
    def disable(self, request: Request, module_id: int) -> Response:
        """Keep it from taking runs."""
        registry.disable_module(self.actor, module_id)
        return success("Module disabled")

    @endpoint(ADMINISTRATOR, summary="Remove a module", takes=Empty)
    def remove(self, request: Request, module_id: int) -> Response:
        """Forget it; what was installed in a shell stays installed."""
        registry.remove_module(self.actor, module_id)
        return success("Deleted")

    @endpoint(ADMINISTRATOR, summary="Export a configuration", gives=ConfigurationOut)
    def export_config(self, request: Request, module_id: int) -> Response:
        """Answer all parameters."""
        return success(data=parameters.export_configuration(self.actor, module_id))

    @endpoint(ADMINISTRATOR, summary="Import a configuration", takes=ConfigurationIn)
    def import_config(self, request: Request, module_id: int) -> Response:
        """Take the values over."""
        entries = _entries(self.read(ConfigurationIn).get("entries"))
        parameters.import_configuration(self.actor, module_id, entries)
        return success("Successfully imported data.")

    @endpoint(ADMINISTRATOR, summary="List the registered hooks", gives=HookOut, many=True)
    def hooks(self, request: Request) -> Response:
        """Answer what the modules listen to."""
        rows = visible_subscriptions(self.actor).order_by("id")
        return success(data=HookOut(rows, many=True).data)


def _address(encoded: str) -> tuple[int, str]:
    """Return module id and parameter name of `<id>##<name>` in base64. Raise NotFound."""
    padded = encoded.replace("-", "+").replace("_", "/") + "=" * (-len(encoded) % 4)
    try:
        text = base64.b64decode(padded, validate=True).decode()
    except ValueError as error:
        raise NotFound(parameters.UNKNOWN) from error
    number, separator, name = text.partition(SEPARATOR)
    if not separator or not MODULE_ID.fullmatch(number) or "\x00" in name:
        raise NotFound(parameters.UNKNOWN)
    return int(number), name


def _entries(value: Any) -> list[Any]:
    """Return the list of an import, which may come as its text. Raise Invalid."""
    try:
        loaded = json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError) as error:
        raise Invalid(parameters.INVALID_DATA) from error
    if not isinstance(loaded, list):
        raise Invalid(parameters.INVALID_DATA)
    return loaded
