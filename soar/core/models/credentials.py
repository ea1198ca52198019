"""Credentials at rest: nothing in these rows opens a door."""

import secrets
import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone


def new_nonce() -> str:
    """Return a random part that makes each generation of a key unlike any other."""
    return secrets.token_hex(16)


class IrisApiKey(models.Model):
    """The IRIS API key of a user.

    `key_hash` is the keyed hash used for look-up. A derived key can be computed again from `nonce` and
    `generation` under SOAR_TOKEN_KEY; a key given from outside cannot, only its hash is kept. `given_hash`
    remembers the last one given, so that giving it again after a renewal does not bring it back.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="iris_key",
    )
    key_hash = models.CharField(max_length=64, unique=True, editable=False)
    given_hash = models.CharField(max_length=64, blank=True, editable=False)
    nonce = models.CharField(max_length=32, default=new_nonce, editable=False)
    generation = models.PositiveIntegerField(default=1, editable=False)
    is_derived = models.BooleanField(default=True, editable=False)
    renewed_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return f"IRIS API key of user {self.pk}"


class ApiToken(models.Model):
    """One token of a user for the Cloud SOAR API.

    The token is a JWT computed from this row under SOAR_JWT_KEYS (soar.core.token_texts); its text is
    stored nowhere. `jti` is what the text names the row by.
    """

    jti = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens"
    )
    description = models.CharField(max_length=200, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    last_used_ip = models.CharField(max_length=45, blank=True)
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        ordering = ["-id"]
        verbose_name = "API token"

    def __str__(self) -> str:
        return f"API token {self.jti}"

    @property
    def state(self) -> str:
        """Return whether it opens the door: active, expired or revoked."""
        if self.revoked_at is not None:
            return "revoked"
        is_over = self.expires_at is not None and self.expires_at <= timezone.now()
        return "expired" if is_over else "active"
