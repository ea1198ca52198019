"""What set-up is called: a name without blanks around it, not empty and not too long."""

from typing import Any

from soar.core.errors import Invalid


def strip_name(changes: dict[str, Any], *, length: int, field: str = "name") -> None:
    """Take the blanks off the name among changes, if there is one. Raise Invalid for none or a long one."""
    if field not in changes:
        return
    name = str(changes[field] or "").strip()
    if not name or len(name) > length:
        raise Invalid.field(field, f"Between 1 and {length} characters.")
    changes[field] = name


def check_length(changes: dict[str, Any], *, length: int, field: str) -> None:
    """Raise Invalid when a text among changes is too long."""
    if len(changes.get(field) or "") > length:
        raise Invalid.field(field, f"At most {length} characters.")
