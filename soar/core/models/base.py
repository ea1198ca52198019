"""What most domain models have in common."""

import uuid
from typing import Any

from django.db import models
from django.utils import timezone


class TrackedModel(models.Model):
    """A record with a public UUID, administrator-defined attributes and its own history.

    `history` maps the epoch second of a change, as text, to {user, user_id, action}: the shape IRIS
    clients read as modification_history. Services append through `note_change`.
    """

    uuid = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    custom_attributes = models.JSONField(null=True, blank=True)
    history = models.JSONField(default=dict, editable=False)

    class Meta:
        abstract = True

    def note_change(self, *, user_id: int, login: str, action: str) -> None:
        """Append a line to the history; the caller saves."""
        key = f"{timezone.now().timestamp():.6f}"
        entry: dict[str, Any] = {"user": login, "user_id": user_id, "action": action}
        self.history = {**self.history, key: entry}
