"""The text of an API token: a JWT computed from its row, and what a text that came in claims.

Source: contract §1.3 (claims, life cycle); RFC 8725 (one algorithm, never the one the token names).
"""

import re
import time
import uuid
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jwt
from django.conf import settings

from soar.core.models import ApiToken

ISSUER = "watchfloor"
PURPOSE = "csoar-api"
ALGORITHM = "HS256"
# 32 bytes of signature end in one of sixteen letters: any other spells the same bytes a second time.
SHAPE = re.compile(
    r"[A-Za-z0-9_-]{1,200}\.[A-Za-z0-9_-]{1,1000}\.[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]", re.ASCII
)
# The row decides whether a token exists yet: the clock of the host that issued it may be ahead.
OPTIONS: Any = {"require": ["iat", "iss", "jti", "sub", "typ"], "verify_iat": False}


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token with a good signature says of itself."""

    jti: uuid.UUID
    user_id: int
    expires_at: int | None = None  # in seconds since 1970


def text_of(row: ApiToken) -> str:
    """Return the text of a token, the same whenever it is asked for."""
    claims: dict[str, Any] = {
        "iat": int(row.created_at.timestamp()),
        "iss": ISSUER,
        "jti": str(row.jti),
        "sub": str(row.user_id),
        "typ": PURPOSE,
    }
    if row.expires_at is not None:
        claims = {"exp": int(row.expires_at.timestamp()), **claims}
    return jwt.encode(claims, settings.SOAR_JWT_KEYS[0], algorithm=ALGORITHM)


def claims_of(text: str) -> Claims | None:
    """Return what a text claims if one of our keys signed it for this API and it has not expired.

    Whether the token was revoked, and who its user is today, only its row tells.
    """
    if not SHAPE.fullmatch(text):
        return None
    claims = _signed(text, tuple(settings.SOAR_JWT_KEYS))
    if claims is None or (claims.expires_at is not None and claims.expires_at <= time.time()):
        return None
    return claims


@lru_cache(maxsize=1024)
def _signed(text: str, keys: tuple[str, ...]) -> Claims | None:
    """Return what a text claims; reading a token again and again was a twelfth of a small request (bench/)."""
    for key in keys:
        try:
            claims = jwt.decode(text, key, algorithms=[ALGORITHM], issuer=ISSUER, options=OPTIONS)
        except jwt.InvalidSignatureError:
            continue
        except jwt.InvalidTokenError:
            return None
        return _checked(claims)
    return None


def _checked(claims: dict[str, Any]) -> Claims | None:
    if claims["typ"] != PURPOSE:
        return None
    try:
        expires_at = int(claims["exp"]) if "exp" in claims else None
        return Claims(uuid.UUID(claims["jti"]), int(claims["sub"]), expires_at)
    except ValueError:
        return None
