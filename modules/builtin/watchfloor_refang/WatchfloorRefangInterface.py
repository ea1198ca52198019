"""The refang module: proposes what it finds in notes, events, alerts and cases as IOCs of the case."""

import ipaddress
import json
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
        known: set[tuple[int, str]] = set()
        for element in data:
            self._propose_from(kind, element, known)
        self.log.info(f"{len(known)} proposed")
        return InterfaceStatus.I2Success(data=data, logs=list(self.message_queue))

    def _propose_from(self, kind: str, element: Any, known: set[tuple[int, str]]) -> None:
        title = f"{kind} {getattr(element, f'{kind}_id', '')}".strip()
        case_id = getattr(element, "case_id", None) or getattr(self, "case_id", None)
        for found in indicators(self._text_of(kind, element, title)):
            reason = self._reason_against(found)
            if reason:
                self.log.debug(f"{title}: {found.kind} {found.value} left out: {reason}")
            elif case_id is None:
                self.log.info(
                    f"{title}: {found.kind} {found.value}, but there is no case to add it to"
                )
            elif len(known) >= self._maximum():
                self.log.warning(
                    f"{title}: more than {self._maximum()} indicators, the rest is left out"
                )
                return
            else:
                self._propose(found, title, known)

    def _propose(self, found: Indicator, title: str, known: set[tuple[int, str]]) -> None:
        type_id = self._type_id(found.kind)
        if type_id is None:
            self.log.warning(f"{title}: there is no IOC type for {found.kind}")
            return
        is_here = Ioc.query.filter(Ioc.ioc_value == found.value, Ioc.ioc_type_id == type_id).first()
        if is_here is None and (type_id, found.value) not in known:
            known.add((type_id, found.value))
            self.log.info(f"{title}: {found.kind} {found.value}")
            db.session.add(
                Ioc(
                    ioc_value=found.value,
                    ioc_type_id=type_id,
                    ioc_description=f"Found in {title}",
                    ioc_tags=TAGS,
                )
            )
            db.session.commit()

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

    def _type_id(self, kind: str) -> int | None:
        name = self.module_dict_conf.get("refang_ip_type") or "ip-dst" if kind == "ip" else kind
        ioc_type = IocType.query.filter(IocType.type_name == name).first()
        return ioc_type.type_id if ioc_type else None

    def _maximum(self) -> int:
        return min(max(int(self.module_dict_conf.get("refang_maximum") or 100), 1), 1000)

    def _reason_against(self, found: Indicator) -> str:
        """Return why an indicator is not wanted, empty when it is."""
        parameters = self.module_dict_conf
        host = found.value.rpartition("@")[2] if found.kind == "email" else found.value
        if (
            found.kind == "domain"
            and not found.is_meant
            and not parameters.get("refang_plain", True)
        ):
            return "not defanged"
        if found.kind == "ip" and not parameters.get("refang_internal"):
            return "" if ipaddress.ip_address(host).is_global else "not a public address"
        ignored = (parameters.get("refang_ignored") or "").lower().replace(",", " ").split()
        if found.kind in ("domain", "email") and any(f".{host}".endswith(f".{i}") for i in ignored):
            return "on the list of what is ignored"
        return ""
