"""Kinds of files, told by their bytes."""

import pytest

from incidents.services.media_types import media_type_of


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0", "image/png"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (b"%PDF-1.7", "application/pdf"),
        (b"PK\x03\x04", "application/zip"),
        (b"MZ\x90\0", "application/vnd.microsoft.portable-executable"),
        (b"\0" * 257 + b"ustar", "application/x-tar"),
        (b" <!DOCTYPE html><p>", "text/html"),
        (b"<svg onload=x>", "image/svg+xml"),
        (b"<?xml version='1.0'?><svg/>", "image/svg+xml"),
        (b"<?xml version='1.0'?><a/>", "application/xml"),
        (b'{"a": 1}', "application/json"),
        (b"Received: from x\r\n", "message/rfc822"),
        ("häufig".encode(), "text/plain"),
        ("ä".encode()[:1], "application/octet-stream"),
        (b"ab" + "ä".encode()[:1], "text/plain"),
        (b"a\0b", "application/octet-stream"),
        (b"", "application/octet-stream"),
    ],
)
def test_the_bytes_tell_the_kind(head: bytes, kind: str) -> None:
    assert media_type_of(head) == kind
