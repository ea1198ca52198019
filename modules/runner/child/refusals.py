"""What modules ask for and cannot have: each refusal names what to use instead. Contract iris-modules §3.2."""

from types import ModuleType
from typing import Any


class NotOffered(RuntimeError):
    """The module uses something of the IRIS server that does not exist here."""


class NoSuchAttribute(NotOffered, AttributeError):
    """The same for an attribute, so that hasattr() and getattr() with a default work."""


CONTEXT = (
    "There is no web request in a module run. Use self.current_user (id, name, login, email), "
    "self.case_id, self.module_id and self.hook_run_id of your module, or case_id and user of the objects."
)
SQL = (
    "Raw SQL is not offered: modules have no connection to the database. Change the objects you are "
    "given, use app.models queries over them, add_note(), add_tab_attribute_field(), "
    "or the REST API with an API key of your own."
)
REPORTER = (
    "Reports are not made inside a module run. Use GET /case/report/generate-investigation/<id> or "
    "/case/report/generate-activities/<id> of the REST API."
)
UTIL = (
    "The helpers of app.util belong to the IRIS web server. Change the attributes of the objects you are "
    "given (their history is written for you), or use the REST API."
)
DELETE = "Modules do not delete. Use the delete routes of the REST API with an API key of your own."
# What may be imported, but not used.
REFUSED = {
    "flask": CONTEXT,
    "flask_login": CONTEXT,
    "app.util": UTIL,
    "app.iris_engine.reporter": REPORTER,
}


class Refusal:
    """Stands for something that is not offered; every use of it says why."""

    def __init__(self, name: str, reason: str) -> None:
        self.__dict__.update(_name=name, _reason=reason)

    def _refuse(self) -> NotOffered:
        return NotOffered(f"{self._name} is not offered. {self._reason}")

    def __call__(self, *_given: Any, **_named: Any) -> Any:
        """Refuse."""
        raise self._refuse()

    def __getitem__(self, _key: Any) -> Any:
        raise self._refuse()

    def __setitem__(self, _key: Any, _value: Any) -> None:
        raise self._refuse()

    def __iter__(self) -> Any:
        raise self._refuse()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NoSuchAttribute(f"{self._name}.{name} is not offered. {self._reason}")

    def __setattr__(self, name: str, _value: Any) -> None:
        raise NoSuchAttribute(f"{self._name}.{name} is not offered. {self._reason}")

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return f"<{self._name}, not offered>"


class RefusingModule(ModuleType):
    """A namespace that can be imported, but whose contents refuse to be used."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name)
        self.__dict__.update(__path__=[], _reason=reason)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Refusal(f"{self.__name__}.{name}", self._reason)
