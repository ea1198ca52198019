"""Credentials at rest: nothing in these rows opens a door."""

import secrets

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
