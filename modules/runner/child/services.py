"""The functions of the IRIS server that modules call, with their names and parameters. Contract iris-modules §3.2."""

import logging
from types import SimpleNamespace
from typing import Any

from . import context, hooks
from .models import MODELS
from .records import DeletedObject, Record, plain
from .status import I2Error, I2Success, IIStatus

PROXIES = (("http_proxy", "HTTP_PROXY"), ("https_proxy", "HTTPS_PROXY"))
SETTINGS = {
    "http_proxy": "",
    "https_proxy": "",
    "prevent_post_mod_repush": False,
    "prevent_post_objects_repush": False,
}


def module_list_available_hooks() -> list[SimpleNamespace]:
    """Return every hook there is: id, hook_name, hook_description."""
    return [SimpleNamespace(**hook) for hook in context.current().job.get("hooks") or []]


def get_server_settings_as_dict() -> dict[str, Any]:
    """Return the settings of the server; the proxies in the spelling that is asked for and the one that is read."""
    settings = SETTINGS | (context.current().job.get("server_settings") or {})
    for small, great in PROXIES:
        found = settings.get(small) or settings.get(great)
        settings[small] = settings[great] = found or ""
    return settings


def add_tab_attribute_field(
    obj: Any,
    tab_name: str,
    field_name: str,
    field_type: str,
    field_value: Any,
    mandatory: bool | None = None,  # noqa: FBT001 - the published parameter
    field_options: Any = None,
) -> bool:
    """Set a custom attribute of an object; return False when there is no object."""
    tab = _tab_of(obj, tab_name)
    if tab is None:
        return False
    field = {"mandatory": bool(mandatory), "type": field_type, "value": plain(field_value)}
    if field_options is not None:
        field["options"] = plain(field_options)
    tab[field_name] = field
    return True


def add_tab_attribute(obj: Any, tab_name: str) -> bool:
    """Give an object a tab of custom attributes; return False when there is no object."""
    return _tab_of(obj, tab_name) is not None


def _tab_of(obj: Any, name: str) -> dict[str, Any] | None:
    if not isinstance(obj, Record | DeletedObject):
        if obj:
            context.current().log.warning(
                "Custom attributes need an object, not %s", type(obj).__name__
            )
        return None
    attributes = getattr(obj, "custom_attributes", None)
    if not isinstance(attributes, dict):
        attributes = {}
        obj.custom_attributes = attributes  # type: ignore[union-attr]
    tab = attributes.get(name)
    if not isinstance(tab, dict):
        tab = attributes[name] = {}
    return tab


def add_note(
    note_title: str,
    creation_date: Any = None,
    user_id: Any = None,
    caseid: Any = None,
    directory_id: Any = None,
    note_content: str = "",
    **named: Any,
) -> Record:
    """Propose a note; directory_id may be the id of a directory proposed before."""
    directory = directory_id if directory_id is not None else named.get("group_id")
    return context.current().add(
        MODELS["Notes"](
            note_title=note_title,
            note_content=note_content,
            note_creationdate=creation_date,
            note_user=user_id,
            note_case_id=caseid,
            directory_id=directory,
        )
    )


def add_note_group(
    group_title: str, caseid: Any = None, userid: Any = None, creationdate: Any = None
) -> Record:
    """Propose a directory of notes, which IRIS once called groups."""
    group = context.current().add(MODELS["NoteDirectory"](name=group_title, case_id=caseid))
    vars(group).update(group_id=group.id, group_title=group_title)
    return group


def track_activity(message: Any, *_given: Any, **_named: Any) -> None:
    """Write a line into the log of the run."""
    context.current().log.info("Activity: %s", message)


class EvidenceStorage:
    """Registers evidences of a case: they become proposed creations."""

    def is_evidence_registered(self, case_id: Any = None, sha256: Any = None) -> bool:
        """Tell whether the case has a file of this hash."""
        rows = context.current().rows(MODELS["CaseReceivedFile"])
        wanted = str(sha256).lower()
        return any(str(vars(row).get("file_hash")).lower() == wanted for row in rows)

    def add_evidence(
        self,
        case_id: Any = None,
        filename: Any = None,
        description: Any = None,
        size: Any = None,
        sha256: Any = None,
        date_added: Any = None,
        user_id: Any = None,
        **_named: Any,
    ) -> Record:
        """Propose an evidence."""
        return context.current().add(
            MODELS["CaseReceivedFile"](
                filename=filename,
                file_description=description,
                file_size=size,
                file_hash=sha256,
                date_added=date_added,
                user_id=user_id,
                case_id=case_id,
            )
        )


def register_hook(
    module_id: Any,
    iris_hook_name: str,
    manual_hook_name: str | None = None,
    run_asynchronously: bool = True,  # noqa: FBT001, FBT002 - the published parameter
) -> tuple[bool, list[str]]:
    """Subscribe the module to a hook; return whether there is such a hook, and the words for it."""
    return hooks.subscribe(
        context.current(),
        iris_hook_name,
        manual_hook_name,
        is_asynchronous=bool(run_asynchronously),
    )


def deregister_from_hook(module_id: Any, iris_hook_name: str) -> tuple[bool, list[str]]:
    """Take the module off a hook, if it was on it."""
    return hooks.unsubscribe(context.current(), iris_hook_name)


def get_mod_config_by_name(module_name: str) -> IIStatus:
    """Return a status with the parameters of the module of this run."""
    found = context.current().job.get("configuration")
    return (
        I2Success(data=found) if found else I2Error(message=f"{module_name} has no configuration")
    )


class _Logger:
    """The logger of whichever run is going on."""

    def __getattr__(self, name: str) -> Any:
        return getattr(context.current().log, name)


class _Task:
    """Stands for `app.celery`: its decorator leaves functions as they are."""

    def task(self, *given: Any, **_named: Any) -> Any:
        """Return the function that is decorated."""
        return given[0] if given and callable(given[0]) else lambda function: function


class _Application:
    """Stands for `app.app`: a logger and an empty configuration."""

    def __init__(self) -> None:
        self.logger = _Logger()
        self.config: dict[str, Any] = {}
        self.__path__: list[str] = []

    @property
    def app(self) -> "_Application":
        """Return it: `from app.app import app`."""
        return self


app = _Application()
celery = _Task()
logger = logging.getLogger("app")
