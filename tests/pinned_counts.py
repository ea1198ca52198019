"""Numbers of queries that are pinned in a file: one per route, or one per database where they differ.

UPDATE_QUERY_COUNTS=1 writes the file for the database at hand instead of comparing.
"""

import json
import os
from pathlib import Path
from typing import Any

from django.db import connection

Counts = dict[str, int]


class PinnedCounts:
    """The counts of one file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def is_updating(self) -> bool:
        """Tell whether the file is written and not compared."""
        return bool(os.environ.get("UPDATE_QUERY_COUNTS"))

    def read(self) -> dict[str, Any]:
        """Return what the file holds."""
        text = self.path.read_text(encoding="utf-8") if self.path.exists() else "{}"
        return json.loads(text)  # type: ignore[no-any-return]

    def here(self) -> Counts:
        """Return the counts of the database at hand."""
        return {
            route: one if isinstance(one, int) else one.get(connection.vendor, -1)
            for route, one in self.read().items()
        }

    def update(self, counts: Counts) -> None:
        """Write the counts of the database at hand, and keep those of the other; nothing unless asked to."""
        if not self.is_updating:
            return
        text = json.dumps(self._merged(counts), indent=2, sort_keys=True)
        self.path.write_text(f"{text}\n", encoding="utf-8")

    def _merged(self, new: Counts) -> dict[str, Any]:
        old, result = self.read(), {}
        for route, count in new.items():
            before = old.get(route, count)
            by_vendor = (
                dict(before)
                if isinstance(before, dict)
                else dict.fromkeys(("postgresql", "sqlite"), before)
            )
            by_vendor[connection.vendor] = count
            result[route] = count if len(set(by_vendor.values())) == 1 else by_vendor
        return result
