"""SEC-04: what others uploaded is saved by a browser, never shown or run, whatever it is or says it is."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from soar.core.downloads import disposition_of
from soar.core.models import User
from tests.api.cloudsoar.asking import Asking
from tests.incidents.stored import store

__all__ = ["store"]
FILES = "incidents/1/attachments/"
PAGE = b"<!doctype html><script>alert(document.cookie)</script>"
ACTIVE = [
    ("a.html", PAGE, "text/html"),
    ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "image/svg+xml"),
    ("a.xml", b"<?xml version='1.0'?><?xml-stylesheet href='x'?><a/>", "text/xml"),
    ("a.png", PAGE, "image/png"),
    ("a.js", b"alert(1)", "text/javascript"),
    ("a.pdf", b"%PDF-1.7", "application/pdf"),
    ("a", PAGE, "text/html; charset=utf-7"),
]


@pytest.mark.parametrize(("name", "content", "kind"), ACTIVE)
def test_sec_04_a_download_is_never_shown(
    analyst: User, store: Path, name: str, content: bytes, kind: str
) -> None:
    ask = Asking(analyst)
    made = ask.upload(FILES, attachment=SimpleUploadedFile(name, content, kind)).json()
    answer = ask("GET", f"{FILES}{made['id']}/download/")
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment; ")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert answer.getvalue() == content


@pytest.mark.parametrize(
    "name",
    [
        'a"; filename="b.html',
        "a\r\nX-Injected: 1",
        "../../etc/passwd",
        "C:\\Windows\\a.exe",
        "a\u202etxt.exe",
        "ä\N{CHECK MARK}.txt",
        "a;b%20c'd.txt",
        "...",
        "\x7f",
    ],
)
def test_sec_04_a_name_cannot_leave_its_header(name: str) -> None:
    header = disposition_of(name)
    assert header.isascii()
    assert header.isprintable()
    assert header.count('"') == 2
    plain, encoded = header.removeprefix("attachment; ").split("; ")
    assert plain.startswith('filename="')
    assert encoded.startswith("filename*=UTF-8''")
    assert not set('/\\"') & set(plain.removeprefix('filename="').removesuffix('"'))


def test_sec_04_the_console_serves_files_alike(
    administrator: User, store: Path, client: Any
) -> None:
    ask = Asking(administrator)
    made = ask.upload(FILES, attachment=SimpleUploadedFile("a.html", PAGE, "text/html")).json()
    client.force_login(administrator, "soar.core.backends.ConsoleBackend")
    answer = client.get(f"/admin/incidents/attachment/{made['id']}/download/")
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment; ")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"].startswith("sandbox; ")
