"""Files on a disk that are there whole or not at all, whatever dies while they are written."""

import os
import tempfile
from pathlib import Path
from typing import Any

from django.core.files.storage import FileSystemStorage


class DurableStorage(FileSystemStorage):
    """A file system below `location`: a file is written beside its place, flushed, then moved there.

    A name is taken as it is and written over: whoever saves chooses names that say what the bytes are.
    """

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        """Return the name itself."""
        return name

    def _save(self, name: str, content: Any) -> str:
        place = Path(self.path(name))
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, draft = tempfile.mkstemp(prefix=".draft-", dir=place.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                for chunk in content.chunks():
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            Path(draft).replace(place)
        finally:
            Path(draft).unlink(missing_ok=True)
        _flush_directory(place.parent)
        return name


def _flush_directory(directory: Path) -> None:
    """Make the entries of a directory outlive a power cut."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
