"""What files may be called: the bounds of every name, and the extensions an installation accepts (contract §3.1)."""

import re
from collections.abc import Iterable
from typing import Any

from incidents.services.incidents import incident_settings
from soar.core.errors import Invalid

LONGEST_NAME = 255
MOST_EXTENSIONS = 200
EXTENSION = re.compile(r"[^\s./\\,]{1,32}")
SEPARATORS = re.compile(r"[/\\]")
LEFT_OUT = ". "  # what some systems leave out at the end of a name: `a.exe.` is run as `a.exe`


def check_file_name(file_name: str, *, field: str = "file_name") -> None:
    """Raise Invalid for a name that is blank, too long, or of an extension that is not accepted."""
    if not file_name.strip():
        raise Invalid.field(field, "This field may not be blank.")
    if len(file_name) > LONGEST_NAME:
        raise Invalid.field(field, f"Ensure this field has no more than {LONGEST_NAME} characters.")
    allowed = incident_settings().allowed_extensions
    if allowed and extension_of(file_name) not in allowed:
        raise Invalid.field(
            field, f"Files of this extension are not accepted. Accepted are: {', '.join(allowed)}."
        )


def extension_of(file_name: str) -> str:
    """Return the last extension of a name in lower case, "" without one: that of `a.pdf.EXE` is exe."""
    name = SEPARATORS.split(file_name)[-1].rstrip(LEFT_OUT)
    stem, dot, extension = name.rpartition(".")
    return extension.lower() if dot and stem else ""


def checked_extensions(given: Any) -> list[str]:
    """Return extensions as they are kept: in lower case, without a dot before them, each once. Raise Invalid."""
    if not isinstance(given, Iterable) or isinstance(given, str):
        raise Invalid.field("allowed_extensions", "A list of extensions.")
    kept = [str(one).strip().lower().removeprefix("*").removeprefix(".") for one in given]
    kept = list(dict.fromkeys(one for one in kept if one))
    wrong = [one for one in kept if not EXTENSION.fullmatch(one)]
    if wrong:
        raise Invalid.field(
            "allowed_extensions", f'"{wrong[0]}" is no extension: name the last part, such as pdf.'
        )
    if len(kept) > MOST_EXTENSIONS:
        raise Invalid.field("allowed_extensions", f"At most {MOST_EXTENSIONS} extensions.")
    return kept
