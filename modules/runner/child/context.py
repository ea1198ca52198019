"""What one run knows and leaves behind: its job, the objects of it, log, effects.

A process does one run, so there is one, `current()`. It is replaced before the module is imported.
"""

import logging
from typing import Any

from .changes import Tracked, changes_of, custom_attributes_of
from .logs import Collector, run_logger
from .models import BY_KIND, CREATABLE, MODELS, Related, deleted_object, record_of, walk
from .queries import Query
from .records import DeletedObject, ModelType, Record, fields_of, identity_of, plain
from .refusals import NotOffered

# Lists of `surroundings` and the models of their elements.
SURROUNDINGS = {
    "case": "Cases",
    "note_directories": "NoteDirectory",
    "ioc_types": "IocType",
    "iocs": "Ioc",
    "assets": "CaseAssets",
    "notes": "Notes",
    "events": "CasesEvent",
    "tasks": "CaseTasks",
    "evidences": "CaseReceivedFile",
    "alerts": "Alert",
    "tlps": "Tlp",
    "clients": "Client",
    "users": "User",
}


class Run:
    """One run of a module."""

    def __init__(self, job: dict[str, Any]) -> None:
        self.job = job
        self.case_id: Any = job.get("case_id")
        self.user: dict[str, Any] = job.get("user") or {}
        self.collector = Collector()
        self.log: logging.Logger = run_logger(str(job.get("run_id", "")), self.collector)
        self.tracked: list[Tracked] = []
        self.additions: list[Record] = []
        self.committed = 0
        self.last_reference = 0
        self.subscriptions: list[dict[str, Any]] = []
        self.problems: list[str] = []
        self.surroundings: list[Record] = []
        for name, model in SURROUNDINGS.items():
            given = (job.get("surroundings") or {}).get(name) or []
            for snapshot in given if isinstance(given, list) else [given]:
                self.surroundings.append(self._track(MODELS[model], snapshot, None))

    # --- objects handed to the module

    def data(self) -> list[Any]:
        """Return the objects the handler is called with."""
        return [self._element(one, index) for index, one in enumerate(self.job.get("data") or [])]

    def _element(self, given: Any, index: int) -> Any:
        if not isinstance(given, dict) or "__kind__" not in given:
            return given
        model = BY_KIND.get(str(given["__kind__"]), Related)
        if given.get("__deleted__"):
            gone = deleted_object(model, given)
            self._place(gone)
            return gone
        return self._track(model, given, index)

    def _track(self, model: type[Record], snapshot: dict[str, Any], index: int | None) -> Record:
        record = record_of(model, snapshot)
        self.tracked.append(Tracked(record, index, fields_of(snapshot)))
        if model._kind in ("case", "alert") or "case_id" in model._columns:
            self._place(record)
        return record

    def _place(self, found: Record | DeletedObject) -> None:
        """Say on an object which case it is of and who acts, when it does not itself."""
        fields = vars(found)
        if fields.get("case_id") is None:
            fields["case_id"] = self.case_id
        if fields.get("user") is None and self.user:
            fields["user"] = record_of(MODELS["User"], self.user)

    # --- what the module wants to create

    def add(self, record: Any) -> Record:
        """Note an object as a proposed creation under a negative id."""
        if not isinstance(record, Record):
            raise NotOffered(f"{type(record).__name__} is no object of app.models")
        model = type(record)
        if any(record is known for known in self._known()):
            return record
        if model.__name__ == "IocLink":
            self.log.debug("IocLink: a created IOC is always linked to the case of the run")
            return record
        if model._kind not in CREATABLE:
            raise NotOffered(
                f"Creating {model.__name__} is not offered; {', '.join(sorted(CREATABLE))} are. "
                "Use the REST API with an API key of your own."
            )
        self.last_reference -= 1
        setattr(record, model._identity, self.last_reference)
        self._settle(record)
        self.additions.append(record)
        return record

    def _settle(self, record: Record) -> None:
        """Put a new object into the case of the run, wherever the module believed to be."""
        for name in ("case_id", "note_case_id"):
            if name in type(record)._columns:
                given = vars(record).get(name)
                if given not in (None, self.case_id):
                    self.log.warning(
                        "%s is created in case %s, the case of the run, not in case %s",
                        type(record).__name__,
                        self.case_id,
                        given,
                    )
                setattr(record, name, self.case_id)

    def creations(self) -> list[dict[str, Any]]:
        """Return the proposed creations, in order; `ref` is the negative id others may refer to."""
        found = []
        for record in self.additions:
            self._settle(record)
            identity = type(record)._identity
            fields = {
                name: value
                for name, value in plain(record).items()
                if name != identity and name in type(record)._columns and value is not None
            }
            found.append({"kind": type(record)._kind, "ref": identity_of(record), "fields": fields})
        return found

    # --- what there is

    def query(self, model: Any, *columns: Any) -> Query:
        """Return a query over a model."""
        return Query(model, self.rows, *columns)

    def rows(self, model: type[Record]) -> list[Any]:
        """Return every object of a model there is, each id once."""
        if model is MODELS["IocLink"]:
            return [
                model(ioc_id=ioc.ioc_id, case_id=self.case_id, ioc=ioc)
                for ioc in self.rows(MODELS["Ioc"])
            ]
        found: dict[Any, Record] = {}
        for record in walk(list(self._known())):
            if isinstance(record, model):
                found.setdefault(identity_of(record), record)
        return list(found.values())

    def _known(self) -> list[Record]:
        return [*(one.record for one in self.tracked), *self.additions]

    # --- the end

    def diffs(self) -> list[dict[str, Any]]:
        """Return what the module changed, per object."""
        found = []
        for one in self.tracked:
            changes, attributes = changes_of(one), custom_attributes_of(one, self.log)
            if changes or attributes is not None:
                record = one.record
                found.append(
                    {
                        "kind": type(record)._kind,
                        "index": one.index,
                        "id": one.before.get("id", one.before.get(type(record)._identity)),
                        "changes": changes,
                        "attributes": attributes or {},
                    }
                )
        return found


class _Store:
    """Finds the run of this process for `Model.query`."""

    run = Run({})

    def query(self, model: Any) -> Query:
        return self.run.query(model)


STORE = _Store()
ModelType._store = STORE


def begin(job: dict[str, Any]) -> Run:
    """Start the run of this process."""
    STORE.run = Run(job)
    return STORE.run


def current() -> Run:
    """Return the run of this process."""
    return STORE.run
