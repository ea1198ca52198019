"""API tokens: issue, show, revoke. Nothing in the database opens a door.

A token acts with all that its user may do. So who holds API_ADMIN issues and sees those of users who may do no
more than he; administrators of the server, who may give themselves everything, those of all (SEC-19). Revoking
gives nobody anything: API_ADMIN is enough.
"""

import datetime as dt
from typing import NoReturn

from django.db.models import Q, QuerySet
from django.utils import timezone

from soar.core.actor import Actor
from soar.core.errors import PERMISSION_DENIED, Conflict, Forbidden, Invalid, NotFound
from soar.core.history import is_possible_id
from soar.core.models import ApiToken, User
from soar.core.permissions import ALL_PERMISSIONS, Permission
from soar.core.recording import recording
from soar.core.token_texts import text_of

MAXIMUM_TOKENS = 50
UNKNOWN = "Invalid token ID"
UNKNOWN_USER = "Invalid user ID"
STRONGER = "This user may do what you may not: his tokens are issued and seen by administrators of the server only."
DESCRIPTION_LENGTH = 200
LONGEST_DAYS = 3650
USE_NOTED_EVERY = dt.timedelta(minutes=1)


def issue_token(
    actor: Actor,
    user_id: int,
    *,
    description: str = "",
    days: int | None = None,
) -> ApiToken:
    """Give a user another token, good for so many days or for ever; `show_token` tells its text.

    Raise Forbidden without API_ADMIN or for a user who may do more, which is recorded, NotFound, Invalid for
    odd values or a user who may not use the API, or Conflict when he has too many.
    """
    if not actor.may(Permission.API_ADMIN):
        _refuse(actor, user_id)
    _require_reach(actor, user_id)
    if days is not None and not 0 < days <= LONGEST_DAYS:
        raise Invalid.field("days", f"Between 1 and {LONGEST_DAYS} days.")
    if len(description) > DESCRIPTION_LENGTH:
        raise Invalid.field("description", f"At most {DESCRIPTION_LENGTH} characters.")
    with recording(actor) as record:
        user = _locked_user(user_id)
        if not _reaches(actor, user):  # he was given more meanwhile
            raise Forbidden(STRONGER)
        if user.api_tokens.filter(revoked_at=None).count() >= MAXIMUM_TOKENS:
            raise Conflict(f"A user has at most {MAXIMUM_TOKENS} tokens: revoke one first")
        row = ApiToken(user=user, description=description, created_by_id=actor.user_id)
        row.expires_at = row.created_at + dt.timedelta(days=days) if days else None
        row.save()
        after = {"user": user, "description": description, "expires_at": row.expires_at}
        summary = f"issued an API token to user {user.login}"
        record("api_token.issued", row, summary=summary, after=after)
    return row


def revoke_token(actor: Actor, token_id: int) -> ApiToken:
    """End a token: the next request with it is refused, in every process. Doing it again changes nothing.

    The owner may, and whoever holds API_ADMIN. Raise Forbidden, which is recorded, or NotFound.
    """
    _accessible(
        actor, token_id
    )  # outside the transaction, which would take the refusal's line with it
    with recording(actor) as record:
        row = _rows().select_for_update(of=("self",)).filter(pk=token_id).first()
        if row is None:
            raise NotFound(UNKNOWN)
        if row.revoked_at is None:
            row.revoked_at, row.revoked_by_id = timezone.now(), actor.user_id
            row.save(update_fields=["revoked_at", "revoked_by"])
            summary = f"revoked an API token of user {row.user.login}"
            record("api_token.revoked", row, summary=summary)
    return row


def show_token(actor: Actor, token_id: int) -> str:
    """Return the text of a token to its owner, or to who holds API_ADMIN and may do what its user may.

    Raise Forbidden, which is recorded, NotFound, or Conflict for a revoked one. A look at somebody
    else's token is recorded.
    """
    row = _accessible(actor, token_id)
    require_text_access(actor, row.user_id)
    if row.revoked_at is not None:
        raise Conflict("The token is revoked")
    if actor.user_id != row.user_id:
        with recording(actor) as record:
            summary = f"viewed an API token of user {row.user.login}"
            record("api_token.viewed", row, summary=summary)
    return text_of(row)


def may_see_text(actor: Actor, user_id: int) -> bool:
    """Tell whether the actor may see the texts of a user's tokens."""
    return actor.user_id == user_id or may_issue(actor, user_id)


def may_issue(actor: Actor, user_id: int) -> bool:
    """Tell whether the actor may give a user another token."""
    if not actor.may(Permission.API_ADMIN):
        return False
    if actor.is_administrator:
        return True
    user = User.objects.filter(pk=user_id).first()
    return user is not None and _reaches(actor, user)


def require_token_access(actor: Actor, user_id: int) -> None:
    """Raise Forbidden for anybody but the owner and holders of API_ADMIN, and record who tried (SEC-18)."""
    if actor.user_id != user_id and not actor.may(Permission.API_ADMIN):
        _refuse(actor, user_id)


def require_text_access(actor: Actor, user_id: int) -> None:
    """Raise Forbidden for who may not see the texts of a user's tokens, and record who tried (SEC-19)."""
    require_token_access(actor, user_id)
    if actor.user_id != user_id:
        _require_reach(actor, user_id)


def note_use(token_id: int, address: str) -> None:
    """Remember when and from where a token was used, at most once a minute; not a fact for the audit trail."""
    now = timezone.now()
    is_due = Q(last_used_at=None) | Q(last_used_at__lt=now - USE_NOTED_EVERY)
    rows = ApiToken.objects.filter(is_due, pk=token_id)
    rows.update(last_used_at=now, last_used_ip=address)


def _rows() -> QuerySet[ApiToken]:
    return ApiToken.objects.select_related("user")


def _accessible(actor: Actor, token_id: int) -> ApiToken:
    row = _rows().filter(pk=token_id).first() if is_possible_id(token_id) else None
    if row is None:
        actor.require(Permission.API_ADMIN)  # nobody else learns which tokens there are
        raise NotFound(UNKNOWN)
    require_token_access(actor, row.user_id)
    return row


def _require_reach(actor: Actor, user_id: int) -> None:
    """Raise NotFound, or Forbidden for a user who may do more than the actor, which is recorded."""
    user = User.objects.filter(pk=user_id).first() if is_possible_id(user_id) else None
    if user is None:
        raise NotFound(UNKNOWN_USER)
    if not _reaches(actor, user):
        _refuse(actor, user_id, STRONGER)


def _reaches(actor: Actor, user: User) -> bool:
    """Tell whether the actor may do all that a user may do."""
    if actor.is_administrator:
        return True
    return not user.is_superuser and _mask_of(user) in actor.permissions


def _mask_of(user: User) -> Permission:
    return ALL_PERMISSIONS if user.is_superuser else Permission(user.permission_mask)


def _locked_user(user_id: int) -> User:
    rows = User.objects.select_for_update().filter(pk=user_id)
    user = rows.first() if is_possible_id(user_id) else None
    if user is None:
        raise NotFound(UNKNOWN_USER)
    if not user.is_active or Permission.API_USE not in _mask_of(user):
        raise Invalid.field(
            "user", "This user may not use the API: activate him, or grant it first."
        )
    return user


def _refuse(actor: Actor, user_id: int, text: str = PERMISSION_DENIED) -> NoReturn:
    user = User.objects.filter(pk=user_id).first() if is_possible_id(user_id) else None
    if user is not None:
        with recording(actor) as record:
            summary = f"was refused the API tokens of user {user.login}"
            record("api_token.refused", user, summary=summary)
    raise Forbidden(text)
