"""The reputation module: look-up, tags and report for each IOC it is handed."""

import datetime as dt
from typing import Any

import iris_interface.IrisInterfaceStatus as InterfaceStatus
from app.datamgmt.manage.manage_attribute_db import add_tab_attribute_field
from iris_interface.IrisModuleInterface import IrisModuleInterface, IrisModuleTypes
from watchfloor_http import AllowList, HttpClient, Policy, RequestRefused, require_plain_url

from .lookup import (
    VERDICTS,
    ConfigurationError,
    LookupFailed,
    Paths,
    Reputation,
    Scale,
    check_template,
    look_up,
    url_of,
)
from .parameters import PARAMETERS
from .report import report_of

FIELD_NAME = "HTML report"
USER_AGENT = "Watchfloor-Reputation/1.0"


class WatchfloorReputationInterface(IrisModuleInterface):
    """Asks one service. Who needs several installs copies of it under other names."""

    _module_name = "Watchfloor Reputation"
    _module_description = "Asks an HTTP service that answers in JSON about IOCs"
    _interface_version = "1.2.0"
    _module_version = "1.0.0"
    _module_type = IrisModuleTypes.module_processor
    _pipeline_support = False
    _pipeline_info: dict[str, Any] = {}
    _module_configuration = PARAMETERS

    def is_ready(self) -> bool:
        """Tell that what is configured can be used. Raise ConfigurationError, which the check shows."""
        if self._text("url"):
            self._check()
        return True

    def register_hooks(self, module_id: int) -> None:
        """Subscribe to new IOCs and to the choice of an analyst, as wanted."""
        if self.module_dict_conf.get("reputation_on_create"):
            self.register_to_hook(module_id, iris_hook_name="on_postload_ioc_create")
        if self.module_dict_conf.get("reputation_on_manual"):
            self.register_to_hook(
                module_id,
                iris_hook_name="on_manual_trigger_ioc",
                manual_hook_name=f"Ask {self._text('service')}",
            )

    def hooks_handler(
        self, hook_name: str, hook_ui_name: str | None, data: list[Any]
    ) -> InterfaceStatus.IIStatus:
        """Look each IOC up; one that fails does not stop the others, but fails the run."""
        try:
            self._check()
        except ConfigurationError as error:
            return self._failed(data, str(error))
        failures = []
        for ioc in data:
            try:
                self._enrich(ioc)
            except (LookupFailed, RequestRefused) as error:
                failures.append(f"IOC {ioc.ioc_id}: {error}")
        if failures:
            return self._failed(data, "; ".join(failures))
        return InterfaceStatus.I2Success(data=data, logs=list(self.message_queue))

    def _failed(self, data: list[Any], message: str) -> InterfaceStatus.IIStatus:
        self.log.error(message)
        return InterfaceStatus.I2Error(message=message, data=data, logs=list(self.message_queue))

    def _enrich(self, ioc: Any) -> None:
        type_name = ioc.ioc_type.type_name
        if type_name not in self._words("types"):
            self.log.info(f"IOC {ioc.ioc_id}: type {type_name} is not asked about")
            return
        url = url_of(self._text("url"), ioc.ioc_value, type_name)
        found = look_up(self._client(), url, self._headers(), self._paths(), self._scale())
        if found is None:
            self.log.info(f"IOC {ioc.ioc_id}: unknown to the service")
            return
        self.log.info(f"IOC {ioc.ioc_id}: {found.verdict}")
        ioc.ioc_tags = ",".join(self._tags(ioc.ioc_tags, found))
        if self.module_dict_conf.get("reputation_report"):
            service = self._text("service")
            checked_at = dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M UTC")
            add_tab_attribute_field(
                ioc, service, FIELD_NAME, "html", report_of(service, checked_at, found)
            )

    def _tags(self, present: str | None, found: Reputation) -> list[str]:
        """Return the tags with our earlier verdict replaced."""
        prefix = self._text("service").lower().replace(",", " ")
        ours = {f"{prefix}:{verdict}" for verdict in VERDICTS}
        kept = [tag.strip() for tag in (present or "").split(",")]
        new = [f"{prefix}:{text}" for text in (found.verdict, *found.tags)]
        return list(dict.fromkeys([tag for tag in kept if tag and tag not in ours] + new))

    def _check(self) -> None:
        """Raise ConfigurationError when a parameter cannot be used."""
        template = self._text("url")
        check_template(template)
        try:
            require_plain_url(url_of(template, "a", "a"))
            self._client()
        except (RequestRefused, ValueError) as error:
            raise ConfigurationError(str(error)) from None
        self._paths().check()

    def _client(self) -> HttpClient:
        policy = Policy(
            allowed=AllowList.parse(self._text("allowed_addresses")),
            seconds=min(max(self._number("timeout") or 10, 1), 60),
            maximum_redirects=3,
            ca_file=self._text("ca_file"),
        )
        return HttpClient(policy, self.log.info)

    def _headers(self) -> dict[str, str]:
        key = self._text("key")
        return {"User-Agent": USER_AGENT} | ({self._text("header"): key} if key else {})

    def _paths(self) -> Paths:
        return Paths(self._text("verdict_path"), self._text("score_path"), self._text("tags_path"))

    def _scale(self) -> Scale:
        return Scale(
            frozenset(self._words("malicious_words")),
            frozenset(self._words("suspicious_words")),
            self._number("malicious_from"),
            self._number("suspicious_from"),
        )

    def _text(self, name: str) -> str:
        return str(self.module_dict_conf.get(f"reputation_{name}") or "").strip()

    def _words(self, name: str) -> list[str]:
        return [word.strip().lower() for word in self._text(name).split(",") if word.strip()]

    def _number(self, name: str) -> float | None:
        value = self.module_dict_conf.get(f"reputation_{name}")
        return None if value is None or value == "" else float(value)
