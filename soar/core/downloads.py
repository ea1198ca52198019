"""Serving files: saved by a browser, never shown or run (SEC-04)."""

import re
from typing import IO, Any
from urllib.parse import quote

from django.core.files import File
from django.http import FileResponse

# Of what others uploaded, never what the file says it is: nothing a browser would show or run.
SERVED_TYPE = "application/octet-stream"
_POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'"
_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f"\\/:*?<>|\u200e\u200f\u2028-\u202e\u2066-\u2069]')
_UNSAFE_IN_ASCII = re.compile(r"[^ -~]|[%;,']")


def download_of(
    file_name: str,
    size_bytes: int,
    content: "File[bytes] | IO[Any]",
    *,
    media_type: str = SERVED_TYPE,
) -> FileResponse:
    """Return bytes as an answer that no browser shows or runs, in pieces; it closes the file.

    Only what we made ourselves has another media type.
    """
    answer = FileResponse(content, content_type=media_type)
    answer["Content-Length"] = str(size_bytes)
    answer["Content-Disposition"] = disposition_of(file_name)
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = _POLICY
    answer["Cross-Origin-Resource-Policy"] = "same-origin"
    answer["Cache-Control"] = "private, no-store"
    return answer


def disposition_of(file_name: str) -> str:
    """Return the header that has a file saved, under what of its name no system mistakes for a path."""
    safe = _UNSAFE.sub("_", file_name).strip(" .") or "attachment"
    plain = _UNSAFE_IN_ASCII.sub("_", safe)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(safe, safe='')}"
