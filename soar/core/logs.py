"""Log lines: JSON, one line each whatever the content, secrets masked."""

import logging
import re
from typing import Any

import orjson
import structlog
from structlog.typing import EventDict

SECRET_PATTERN = re.compile(
    r"(?i)((?:x-iris-auth|authorization|password|api_key|token)\W+(?:(?:bearer|basic)\s+)?"
    r"|bearer\s+)([^\s,;&\"']{4,})"
)
# Control characters JSON lets through, and what some readers take for the end of a line.
UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029]")


def mask_secrets(text: str) -> str:
    """Return the text with whatever follows a secret-looking word masked."""
    return SECRET_PATTERN.sub(r"\1********", text)


def _mask(_logger: Any, _name: str, event: EventDict) -> EventDict:
    return {
        key: mask_secrets(value) if isinstance(value, str) else value
        for key, value in event.items()
    }


def _described(value: Any) -> str:
    """Return how an object describes itself: of a request that is its URL, query string included."""
    return mask_secrets(repr(value))


def _encode(event: dict[str, Any], **_options: Any) -> str:
    """Return one line of JSON; bytes no encoding can hold are replaced, never raised."""
    try:
        line = orjson.dumps(event, default=_described).decode()
    except (TypeError, ValueError):
        safe = {
            str(key).encode("utf-8", "replace").decode(): _described(value)
            .encode("utf-8", "replace")
            .decode()
            for key, value in event.items()
        }
        line = orjson.dumps(safe).decode()
    return UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", line)


def formatter() -> logging.Formatter:
    """Return the formatter of every handler."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.ExtraAdder(),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            _mask,
            structlog.processors.JSONRenderer(serializer=_encode),
        ],
    )
