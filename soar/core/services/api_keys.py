"""IRIS API keys: issue, show, renew. Nothing in the database opens a door."""

import base64
import hashlib
import hmac
from typing import NoReturn

from django.conf import settings
from django.utils import timezone

from soar.core.actor import Actor
from soar.core.errors import Forbidden, Invalid, NotFound
from soar.core.history import is_possible_id
from soar.core.models import IrisApiKey, User
from soar.core.models.credentials import new_nonce
from soar.core.permissions import Permission
from soar.core.recording import recording

MINIMUM_LENGTH = 32


def hash_of_key(key: str) -> str:
    """Return the keyed hash a key is looked up by."""
    secret = f"iris-key-hash:{settings.SOAR_TOKEN_KEY}".encode()
    return hmac.new(secret, key.encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()


def derived_key(row: IrisApiKey) -> str:
    """Return the 86-character key of a derived row."""
    secret = f"iris-key:{settings.SOAR_TOKEN_KEY}".encode()
    message = f"{row.user_id}:{row.generation}:{row.nonce}".encode()
    digest = hmac.new(secret, message, hashlib.sha512).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def issue_key(user: User) -> str:
    """Give a new user his first key and return it; part of the caller's transaction and audit row."""
    row = IrisApiKey(user=user)
    key = derived_key(row)
    row.key_hash = hash_of_key(key)
    row.save(force_insert=True)
    return key


def renew_key(actor: Actor, user_id: int) -> str:
    """Replace a user's key; the old one fails from the next request on, in every process.

    Everybody may renew his own, an administrator anybody's. Raise Forbidden, which is recorded, or
    NotFound.
    """
    require_key_access(actor, user_id)
    with recording(actor) as record:
        row = _locked(user_id)
        row.nonce, row.generation = new_nonce(), row.generation + 1
        row.is_derived, row.renewed_at = True, timezone.now()
        key = derived_key(row)
        row.key_hash = hash_of_key(key)
        row.save()
        summary = f"renewed the API key of user {row.user.login}"
        record("api_key.renewed", row, summary=summary, after={"generation": row.generation})
    return key


def set_key(actor: Actor, user_id: int, *, key: str) -> None:
    """Make a key given from outside the user's key; only its hash is kept.

    The key given last changes nothing when it is given again: it is in force, or was renewed since and
    must not come back. Raise Forbidden, NotFound, or Invalid for a key too short to be one.
    """
    actor.require(Permission.SERVER_ADMINISTRATOR)
    if len(key) < MINIMUM_LENGTH or key.split() != [key]:
        raise Invalid.field("key", f"An API key needs {MINIMUM_LENGTH} characters without spaces")
    with recording(actor) as record:
        row = _locked(user_id)
        if hmac.compare_digest(row.given_hash, hash_of_key(key)):
            return
        row.key_hash = row.given_hash = hash_of_key(key)
        row.is_derived = False
        row.generation, row.renewed_at = row.generation + 1, timezone.now()
        row.save()
        summary = f"set the API key of user {row.user.login}"
        record("api_key.set", row, summary=summary, after={"generation": row.generation})


def reveal_key(actor: Actor, user_id: int) -> str | None:
    """Return a user's key to himself or an administrator; None for a key only its giver knows.

    Raise Forbidden or NotFound. A look at somebody else's key is recorded.
    """
    require_key_access(actor, user_id)
    row = IrisApiKey.objects.select_related("user").filter(pk=user_id).first()
    if row is None:
        raise NotFound("Invalid user ID")
    if actor.user_id != user_id:
        with recording(actor) as record:
            record("api_key.viewed", row, summary=f"viewed the API key of user {row.user.login}")
    return derived_key(row) if row.is_derived else None


def require_key_access(actor: Actor, user_id: int) -> None:
    """Raise Forbidden for anybody but the owner and administrators, and record who tried (SEC-18)."""
    if actor.user_id != user_id and not actor.is_administrator:
        _refuse(actor, user_id)


def renew_key_as_administrator(actor: Actor, user_id: int) -> str:
    """Replace anybody's key like renew_key, but for administrators alone, even for the own key."""
    if not actor.is_administrator:
        _refuse(actor, user_id)
    return renew_key(actor, user_id)


def _refuse(actor: Actor, user_id: int) -> NoReturn:
    rows = IrisApiKey.objects.select_related("user").filter(pk=user_id)
    row = rows.first() if is_possible_id(user_id) else None
    if row is not None:
        with recording(actor) as record:
            record(
                "api_key.refused", row, summary=f"was refused the API key of user {row.user.login}"
            )
    raise Forbidden()


def _locked(user_id: int) -> IrisApiKey:
    rows = IrisApiKey.objects.select_for_update(of=("self",)).select_related("user")
    row = rows.filter(pk=user_id).first() if is_possible_id(user_id) else None
    if row is None:
        raise NotFound("Invalid user ID")
    return row
