"""The refang module: proposes what it finds in notes, events, alerts and cases as IOCs of the case."""

import ipaddress
import json
from collections.abc import Iterator
from typing import Any

import iris_interface.IrisInterfaceStatus as InterfaceStatus
from app import db
from app.models import Ioc, IocType
from iris_interface.IrisModuleInterface import IrisModuleInterface, IrisModuleTypes

from .extraction import Indicator, indicators
from .parameters import PARAMETERS

MANUAL_NAME = "Extract IOCs"
HOOKS = (
    "on_postload_note_create",
    "on_postload_note_update",
    "on_postload_event_create",
    "on_postload_event_update",
    "on_postload_alert_escalate",
    "on_postload_alert_merge",
)
MANUAL_HOOKS = tuple(f"on_manual_trigger_{kind}" for kind in ("note", "event", "alert", "case"))
# Where the texts of an object are, its title first; the id attribute tells its kind.
TEXTS = {
    "note": ("note_title", "note_content"),
    "event": ("event_title", "event_content", "event_raw"),
    "alert": ("alert_title", "alert_description", "alert_note", "alert_source_content"),
    "case": ("name", "description"),
}
LONGEST_TEXT = 500_000
TAGS = "refang,proposed"


class WatchfloorRefangInterface(IrisModuleInterface):
    """Reads texts and adds IOCs; never changes what it read."""

    _module_name = "Watchfloor Refang"
    _module_description = "Finds indicators in notes, events and alerts, defanged or not"
    _interface_version = "1.2.0"
    _module_version = "1.0.0"
    _module_type = IrisModuleTypes.module_processor
    _pipeline_support = False
    _pipeline_info: dict[str, Any] = {}
    _module_configuration = PARAMETERS

    def register_hooks(self, module_id: int) -> None:
        """Subscribe to what writes texts, as far as wanted, and to the manual hooks."""
        if self.module_dict_conf.get("refang_automatic", True):
            for hook_name in HOOKS:
                self.register_to_hook(module_id, iris_hook_name=hook_name)
        for hook_name in MANUAL_HOOKS:
            self.register_to_hook(module_id, iris_hook_name=hook_name, manual_hook_name=MANUAL_NAME)

    def hooks_handler(
        self, hook_name: str, hook_ui_name: str | None, data: list[Any]
    ) -> InterfaceStatus.IIStatus:
        """Propose what stands in the texts and the case does not have yet."""
        kind = next((one for one in TEXTS if f"_{one}" in hook_name), "")
        # What the case has already is not always told; what is proposed twice is added once.
        known = {str(ioc.ioc_value).lower() for ioc in Ioc.query.all()}
        proposals: dict[Indicator, str] = {}
        for element in data:
            title = f"{kind} {getattr(element, f'{kind}_id', '')}".strip()
            for found in self._wanted(self._text_of(kind, element, title), title):
                if found.value.lower() not in known:
                    known.add(found.value.lower())
                    proposals[found] = title
        self._propose(proposals)
        return InterfaceStatus.I2Success(data=data, logs=list(self.message_queue))

    def _wanted(self, text: str, title: str) -> Iterator[Indicator]:
        """Yield the indicators of a text that the parameters do not leave out."""
        for found in indicators(text):
            reason = self._reason_against(found)
            if reason:
                self.log.debug(f"{title}: {found.kind} {found.value} left out: {reason}")
            else:
                yield found

    def _propose(self, proposals: dict[Indicator, str]) -> None:
        type_ids = {row.type_name: row.type_id for row in IocType.query.all()}
        maximum = min(max(int(self.module_dict_conf.get("refang_maximum") or 100), 1), 1000)
        for found, title in list(proposals.items())[:maximum]:
            type_id = type_ids.get(self._type_of(found))
            self.log.info(f"{title}: {found.kind} {found.value}")
            if type_id is None:
                self.log.warning(f"There is no IOC type {self._type_of(found)}")
            elif self.case_id is None:
                self.log.warning("There is no case to add it to")
            else:
                self._add(found, type_id, title)
        if len(proposals) > maximum:
            self.log.warning(f"{len(proposals) - maximum} more are left out, see refang_maximum")

    @staticmethod
    def _add(found: Indicator, type_id: int, title: str) -> None:
        db.session.add(
            Ioc(
                ioc_value=found.value,
                ioc_type_id=type_id,
                ioc_description=f"Found in {title}",
                ioc_tags=TAGS,
            )
        )
        db.session.commit()

    def _type_of(self, found: Indicator) -> str:
        name = self.module_dict_conf.get("refang_ip_type") or "ip-dst"
        return str(name) if found.kind == "ip" else found.kind

    def _text_of(self, kind: str, element: Any, title: str) -> str:
        """Return the texts of an object, the first half million letters of them."""
        values = [getattr(element, name, None) for name in TEXTS.get(kind, ())]
        parts = [
            value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            for value in values
            if value
        ]
        text = "\n".join(parts)
        if len(text) > LONGEST_TEXT:
            self.log.warning(f"{title}: only the first {LONGEST_TEXT} letters are read")
        return text[:LONGEST_TEXT]

    def _reason_against(self, found: Indicator) -> str:
        """Return why an indicator is not wanted, empty when it is."""
        parameters = self.module_dict_conf
        if found.kind == "domain" and not (found.is_meant or parameters.get("refang_plain", True)):
            return "not defanged"
        if is_internal(found.host) and not parameters.get("refang_internal"):
            return "not a public address"
        ignored = (parameters.get("refang_ignored") or "").lower().replace(",", " ").split()
        if any(f".{found.host}".endswith(f".{domain}") for domain in ignored):
            return "of an ignored domain"
        return ""


def is_internal(host: str) -> bool:
    """Tell whether a host is an address that is not of the public internet."""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return False
