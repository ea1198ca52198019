"""The webhooks module: one signed POST for each webhook that waits for the hook."""

import datetime as dt
import json
import re
import time
import uuid
from typing import Any

import iris_interface.IrisInterfaceStatus as InterfaceStatus
from app.datamgmt.iris_engine.modules_db import module_list_available_hooks
from app.schema.marshables import (
    AlertSchema,
    CaseAssetsSchema,
    CaseDetailsSchema,
    CaseEvidenceSchema,
    CaseNoteSchema,
    CaseTaskSchema,
    EventSchema,
    IocSchema,
)
from iris_interface.IrisModuleInterface import IrisModuleInterface, IrisModuleTypes
from watchfloor_http import AllowList, HttpClient, Policy, RequestRefused

from .configuration import ConfigurationError, Webhook, read_webhooks
from .deliveries import Attempts, DeliveryFailed, deliver, delivery_id
from .parameters import PARAMETERS
from .templates import TemplateError, filled

HOOK_NAME = re.compile(r"on_(?:postload|manual_trigger)_(global_task|[a-z]+)")
# What turns an object of a hook into the JSON of the API.
SCHEMAS = {
    "alert": AlertSchema,
    "asset": CaseAssetsSchema,
    "case": CaseDetailsSchema,
    "event": EventSchema,
    "evidence": CaseEvidenceSchema,
    "ioc": IocSchema,
    "note": CaseNoteSchema,
    "task": CaseTaskSchema,
}


class WatchfloorWebhooksInterface(IrisModuleInterface):
    """Tells other systems what happened, in a way they can trust and that shows when it failed."""

    _module_name = "Watchfloor Webhooks"
    _module_description = "Signed, retried and logged deliveries of hooks to other systems"
    _interface_version = "1.2.0"
    _module_version = "1.0.0"
    _module_type = IrisModuleTypes.module_processor
    _pipeline_support = False
    _pipeline_info: dict[str, Any] = {}
    _module_configuration = PARAMETERS

    def is_ready(self) -> bool:
        """Tell that the configuration can be used. Raise ConfigurationError, which the check shows."""
        self._webhooks()
        self._client()
        return True

    def register_hooks(self, module_id: int) -> None:
        """Subscribe to the hooks of the active webhooks. Raise ConfigurationError."""
        webhooks = [webhook for webhook in self._webhooks() if webhook.is_active]
        for hook_name in sorted({name for webhook in webhooks for name in webhook.hooks}):
            if not hook_name.startswith("on_manual_trigger_"):
                self.register_to_hook(module_id, iris_hook_name=hook_name)
                continue
            for webhook in webhooks:
                if hook_name in webhook.hooks:
                    self.register_to_hook(
                        module_id, iris_hook_name=hook_name, manual_hook_name=webhook.name
                    )

    def hooks_handler(
        self, hook_name: str, hook_ui_name: str | None, data: list[Any]
    ) -> InterfaceStatus.IIStatus:
        """Deliver to every webhook that waits for the hook; one that fails does not stop the others."""
        try:
            webhooks = [webhook for webhook in self._webhooks() if webhook.is_active]
            client = self._client()
        except ConfigurationError as error:
            return self._failed(data, str(error))
        values = self._values(hook_name, hook_ui_name, data)
        failures = []
        for webhook in webhooks:
            is_meant = hook_ui_name is None or webhook.name == hook_ui_name
            if hook_name in webhook.hooks and is_meant:
                problem = self._deliver(client, webhook, values)
                failures += [f"{webhook.name}: {problem}"] if problem else []
        if failures:
            return self._failed(data, "; ".join(failures))
        return InterfaceStatus.I2Success(data=data, logs=list(self.message_queue))

    def _failed(self, data: list[Any], message: str) -> InterfaceStatus.IIStatus:
        self.log.error(message)
        return InterfaceStatus.I2Error(message=message, data=data, logs=list(self.message_queue))

    def _webhooks(self) -> list[Webhook]:
        known = [hook.hook_name for hook in module_list_available_hooks()]
        return read_webhooks(self.module_dict_conf.get("webhooks_list") or "[]", known)

    def _client(self) -> HttpClient:
        parameters = self.module_dict_conf
        try:
            allowed = AllowList.parse(parameters.get("webhooks_allowed_addresses") or "")
        except ValueError as error:
            raise ConfigurationError([f"allowed addresses: {error}"]) from None
        policy = Policy(
            allowed=allowed,
            seconds=self._number("webhooks_timeout", 1, 60),
            maximum_bytes=64 * 1024,
            ca_file=parameters.get("webhooks_ca_file") or "",
        )
        return HttpClient(policy, self.log.info)

    def _attempts(self) -> Attempts:
        return Attempts(
            number=int(self._number("webhooks_attempts", 1, 10)),
            pause_seconds=self._number("webhooks_pause", 0, 60),
            until=time.monotonic() + self._number("webhooks_budget", 0, 240),
        )

    def _number(self, name: str, least: float, most: float) -> float:
        """Return a parameter within bounds; one that is not set is its default."""
        value = self.module_dict_conf.get(name)
        if value is None or value == "":
            value = next(p["default"] for p in PARAMETERS if p["param_name"] == name)
        return min(max(float(value), least), most)

    def _values(self, hook_name: str, ui_name: str | None, data: list[Any]) -> dict[str, Any]:
        """Return what a delivery may tell: the default body and the names templates use."""
        match = HOOK_NAME.match(hook_name)
        kind = match[1] if match else ""
        schema = SCHEMAS.get(kind)
        objects = schema(many=True).dump(data) if schema else data
        return {
            "hook": hook_name,
            "timestamp": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            "kind": kind,
            "manual_name": ui_name,
            "case_id": getattr(self, "case_id", None),
            "user": getattr(self, "current_user", None),
            "objects": objects,
            "object": objects[0] if objects else None,
        }

    def _deliver(self, client: HttpClient, webhook: Webhook, values: dict[str, Any]) -> str:
        """Deliver to one webhook and return what went wrong, empty when nothing did."""
        identifier = delivery_id(self._cause(), webhook)
        self.log.info(f"webhook {webhook.name}: delivery {identifier}")
        try:
            content = self._content(webhook, {**values, "delivery": identifier})
            body = json.dumps(content, ensure_ascii=False, default=str).encode()
            deliver(client, webhook, identifier, values["hook"], body, self._attempts())
        except (RequestRefused, DeliveryFailed, TemplateError) as error:
            return str(error)
        return ""

    def _cause(self) -> str:
        """Return what a repeated run has in common with the one it repeats; a trial stands alone."""
        return str(self.hook_cause_id or uuid.uuid4())

    @staticmethod
    def _content(webhook: Webhook, values: dict[str, Any]) -> Any:
        if webhook.template is not None:
            return filled(webhook.template, values)
        told = ("kind", "manual_name", "case_id", "user", "objects")
        return {
            "type": values["hook"],
            "timestamp": values["timestamp"],
            "data": {name: values[name] for name in told},
        }
