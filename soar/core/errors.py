"""Errors of the domain; each door translates them into its own dialect."""

from collections.abc import Iterable, Mapping, Sequence

PERMISSION_DENIED = "Permission denied"
FieldErrors = Mapping[str, Sequence[str]]


class DomainError(Exception):
    """Base of what a service may refuse. The message is fit to be shown to the caller.

    `details` are lines that say more, such as the log of a check.
    """

    def __init__(
        self, message: str, fields: FieldErrors | None = None, *, details: Iterable[str] = ()
    ) -> None:
        super().__init__(message)
        self.message = message
        self.fields = dict(fields or {})
        self.details = list(details)


class Invalid(DomainError):
    """The values are not acceptable; `fields` names the culprits."""

    @classmethod
    def field(cls, name: str, message: str) -> "Invalid":
        """Return the error for one field."""
        return cls("Data error", {name: [message]})


class NotFound(DomainError):
    """The object does not exist, or the actor may not know that it does."""


class Forbidden(DomainError):
    """The actor lacks a permission. `case_id` is set when a case refused him."""

    def __init__(self, message: str = PERMISSION_DENIED, *, case_id: int | None = None) -> None:
        super().__init__(message)
        self.case_id = case_id


class Conflict(DomainError):
    """The state of the object does not allow it."""
