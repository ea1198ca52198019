"""Models of the core: users, credentials, audit, outbox."""

from soar.core.models.audit import AuditLog, AuditSeal
from soar.core.models.base import TrackedModel
from soar.core.models.credentials import ApiToken, IrisApiKey
from soar.core.models.outbox import ChangeCounter, OutboxEvent
from soar.core.models.users import GroupProfile, User

__all__ = [
    "ApiToken",
    "AuditLog",
    "AuditSeal",
    "ChangeCounter",
    "GroupProfile",
    "IrisApiKey",
    "OutboxEvent",
    "TrackedModel",
    "User",
]
