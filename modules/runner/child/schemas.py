"""What `app.schema.marshables` offers: objects as the REST API shows them."""

from typing import Any

from .models import MODELS
from .records import DeletedObject, Record, plain
from .refusals import NoSuchAttribute, NotOffered

LOADING = (
    "Schemas only dump here. Change the objects you are given, propose new ones with db.session.add(), "
    "or use the REST API."
)


class Schema:
    """Turns objects, dicts and ids into dicts."""

    _model = MODELS["Related"]

    def __init__(self, *_given: Any, many: bool = False, **_named: Any) -> None:
        self.many = many

    def dump(self, obj: Any, *, many: bool | None = None) -> Any:
        """Return the REST form of an object or of a list of them."""
        is_list = isinstance(obj, list | tuple | set)
        if (self.many if many is None else many) or is_list:
            return [self._one(one) for one in (obj if is_list else [obj]) if one is not None]
        return self._one(obj)

    def _one(self, obj: Any) -> Any:
        if isinstance(obj, Record):
            return plain(obj)
        if isinstance(obj, DeletedObject):
            return plain(vars(obj))
        if isinstance(obj, dict):
            return plain({name: one for name, one in obj.items() if name != "__kind__"})
        if isinstance(obj, int | str):
            return {self._model._identity: plain(obj)}
        return plain(vars(obj)) if hasattr(obj, "__dict__") else {}

    def load(self, *_given: Any, **_named: Any) -> Any:
        """Refuse."""
        raise NotOffered(LOADING)

    validate = loads = load


def _schema(name: str, model: str) -> type[Schema]:
    members = {"_model": MODELS[model], "__module__": "app.schema.marshables"}
    return type(name, (Schema,), members)


SCHEMAS: dict[str, type[Schema]] = {
    name: _schema(name, model)
    for name, model in {
        "AlertSchema": "Alert",
        "CaseDetailsSchema": "Cases",
        "CaseSchema": "Cases",
        "CaseAssetsSchema": "CaseAssets",
        "CaseNoteSchema": "Notes",
        "CaseNoteDirectorySchema": "NoteDirectory",
        "IocSchema": "Ioc",
        "EventSchema": "CasesEvent",
        "CaseEvidenceSchema": "CaseReceivedFile",
        "CaseTaskSchema": "CaseTasks",
        "GlobalTasksSchema": "GlobalTasks",
        "CommentSchema": "Comments",
        "UserSchema": "User",
        "CustomerSchema": "Client",
        "IocTypeSchema": "IocType",
        "TlpSchema": "Tlp",
    }.items()
}


def any_schema(name: str) -> type[Schema]:
    """Return a schema nobody has listed: all of them do the same."""
    if name.endswith("Schema") and not name.startswith("_"):
        return SCHEMAS.setdefault(name, _schema(name, "Related"))
    raise NoSuchAttribute(f"app.schema.marshables has no {name}. {LOADING}")
