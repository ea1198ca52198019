"""The store of files: bytes are kept once, named by their SHA-256, and go with the last that names them.

Bytes are written before the row that names them and removed after it, both under the lock of their name, so
a row never names bytes that are not there.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, BinaryIO, TypeAlias

from django.core.files import File
from django.core.files.storage import storages
from django.db import transaction

from incidents.models import Attachment, StoredFile
from incidents.services.media_types import HEAD_BYTES, media_type_of
from soar.core.errors import Conflict
from soar.core.locking import lock_for_transaction

Content: TypeAlias = "BinaryIO | File[bytes]"
CHUNK_BYTES = 1 << 20
GONE = "The bytes of this file are gone from the store"
SWEPT_AT_ONCE = 500


def described(content: Content) -> StoredFile:
    """Return what a file is as a row that is not saved yet, reading it from its beginning to its end."""
    content.seek(0)
    digests = [hashlib.new(name, usedforsecurity=False) for name in ("sha256", "sha1", "md5")]
    head, size = b"", 0
    while chunk := content.read(CHUNK_BYTES):
        head = head or chunk[:HEAD_BYTES]
        size += len(chunk)
        for digest in digests:
            digest.update(chunk)
    sha256, sha1, md5 = (digest.hexdigest() for digest in digests)
    kind = media_type_of(head)
    return StoredFile(sha256=sha256, sha1=sha1, md5=md5, size_bytes=size, media_type=kind)


@contextmanager
def bytes_kept(content: Content, wanted: StoredFile) -> Iterator[None]:
    """Put the bytes into the store ahead of the transaction within; take them out again if it fails."""
    is_kept = False
    try:
        _write(content, wanted.sha256)
        yield
        is_kept = True
    finally:
        if not is_kept:
            _remove(wanted.sha256)


def hold(content: Content, wanted: StoredFile) -> StoredFile:
    """Return the row of bytes that are in the store, for the open transaction to refer to."""
    _lock(wanted.sha256)
    _write(content, wanted.sha256)  # nothing to do unless somebody else removed them meanwhile
    row = StoredFile.objects.filter(sha256=wanted.sha256).first()
    if row is None:
        wanted.save()
        row = wanted
    return row


def release(file: StoredFile) -> bool:
    """Forget bytes that no attachment names any more; tell whether they were forgotten.

    Runs in the caller's transaction; the bytes go when it is committed.
    """
    _lock(file.sha256)
    if Attachment.objects.filter(file=file).exists():
        return False
    StoredFile.objects.filter(pk=file.pk).delete()
    transaction.on_commit(partial(_remove, file.sha256), robust=True)
    return True


def release_unreferenced() -> int:
    """Forget all bytes that no attachment names, some at a time, and return how many they were."""
    released = 0
    for file in StoredFile.objects.filter(attachments=None).order_by("pk")[:SWEPT_AT_ONCE]:
        with transaction.atomic():
            released += release(file)
    return released


def open_bytes(file: StoredFile) -> "File[bytes]":
    """Open stored bytes for reading. Raise Conflict when the store lost them."""
    try:
        found: File[bytes] = _storage().open(_name(file.sha256), "rb")
    except FileNotFoundError as error:
        raise Conflict(GONE) from error
    return found


def _storage() -> Any:
    return storages["files"]


def _name(sha256: str) -> str:
    return f"{sha256[:2]}/{sha256}"


def _lock(sha256: str) -> None:
    lock_for_transaction(f"stored file {sha256}")


def _write(content: Content, sha256: str) -> None:
    if not _storage().exists(_name(sha256)):
        content.seek(0)
        _storage().save(_name(sha256), File(content))


def _remove(sha256: str) -> None:
    """Remove bytes that no row names."""
    with transaction.atomic():
        _lock(sha256)
        if not StoredFile.objects.filter(sha256=sha256).exists():
            _storage().delete(_name(sha256))
