"""What kind of file some bytes are, told by the bytes alone; shown to people, never used to serve a file."""

import re

UNKNOWN = "application/octet-stream"
TEXT, HTML, XML, JSON, SVG = (
    "text/plain",
    "text/html",
    "application/xml",
    "application/json",
    "image/svg+xml",
)
HEAD_BYTES = 4096
# (offset, the bytes there, what they mean); the first that fits counts.
_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (0, b"BM", "image/bmp"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"PK\x05\x06", "application/zip"),
    (0, b"\x1f\x8b", "application/gzip"),
    (0, b"BZh", "application/x-bzip2"),
    (0, b"\xfd7zXZ\x00", "application/x-xz"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"Rar!\x1a\x07", "application/vnd.rar"),
    (257, b"ustar", "application/x-tar"),
    (0, b"MZ", "application/vnd.microsoft.portable-executable"),
    (0, b"\x7fELF", "application/x-executable"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (0, b"\xd4\xc3\xb2\xa1", "application/vnd.tcpdump.pcap"),
    (0, b"\xa1\xb2\xc3\xd4", "application/vnd.tcpdump.pcap"),
    (0, b"\x0a\x0d\x0d\x0a", "application/x-pcapng"),
    (0, b"SQLite format 3\x00", "application/vnd.sqlite3"),
)
_MAILED = re.compile(rb"(?:received|return-path|delivered-to|from|message-id): ?", re.IGNORECASE)
_PAGE = re.compile(rb"<(?:!doctype html|html|head|body|script)\b", re.IGNORECASE)


def media_type_of(head: bytes) -> str:
    """Return the media type of a file that begins with these bytes."""
    for offset, signature, kind in _SIGNATURES:
        if head.startswith(signature, offset):
            return kind
    return _kind_of_text(head[:HEAD_BYTES])


def _kind_of_text(head: bytes) -> str:
    if not _is_text(head):
        return UNKNOWN
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if _PAGE.match(start):
        return HTML
    if start.startswith(b"<svg") or (start.startswith(b"<?xml") and b"<svg" in head):
        return SVG
    if start.startswith(b"<?xml"):
        return XML
    if start[:1] in (b"{", b"["):
        return JSON
    return "message/rfc822" if _MAILED.match(start) else TEXT


def _is_text(head: bytes) -> bool:
    """Tell whether the bytes are UTF-8 without control characters; the last one may be cut off."""
    for cut in range(4):
        try:
            text = head[: len(head) - cut].decode()
        except UnicodeDecodeError:
            continue
        return bool(text) and all(sign >= " " or sign in "\t\r\n\f\x1b" for sign in text)
    return False
