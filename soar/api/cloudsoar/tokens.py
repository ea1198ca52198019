"""`tokens/` and `users/{id}/tokens/`: issued and revoked; a revoked one fails at once (contract §1.3, §4.7)."""

import uuid
from typing import Any, cast

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cases.selectors import find
from soar.api.base import represent
from soar.api.cloudsoar.fields import Integer, Moment, Text
from soar.api.cloudsoar.set_up import CONFLICT
from soar.api.cloudsoar.users import UNKNOWN
from soar.api.cloudsoar.views import ANY_TOKEN, CloudSoarViewSet, endpoint
from soar.core.errors import NotFound
from soar.core.selectors import visible_api_tokens, visible_users
from soar.core.services.api_tokens import (
    DESCRIPTION_LENGTH,
    LONGEST_DAYS,
    issue_token,
    require_token_access,
    revoke_token,
    show_token,
)

LISTED = 500  # revoked ones stay; nobody looks further back
NEEDS = (
    "For others than oneself this needs the capability cloudSoarAPIAdmin; a refusal is recorded."
)
EXAMPLE = {
    "jti": "0b7d5c1e-3b1a-4c57-9d0e-0f6a3c1d9a11",
    "name": "Nightly export",
    "created_at": "2025-01-01T00:00:00Z",
    "expires_at": None,
    "last_used_at": "2025-03-04T09:12:44Z",
    "revoked_at": None,
}


class TokenRowOut(serializers.Serializer[Any]):
    """A token; never its text."""

    jti = serializers.UUIDField()
    name = Text(source="description")
    created_at = Moment()
    expires_at = Moment(allow_null=True)
    last_used_at = Moment(allow_null=True)
    revoked_at = Moment(allow_null=True)


class NewTokenOut(TokenRowOut):
    """A new token with its text: whoever may issue it may see it."""

    token = serializers.CharField(read_only=True)


class TokenIn(serializers.Serializer[Any]):
    """What is said of a token to be."""

    name = Text(source="description", default="", max_length=DESCRIPTION_LENGTH)
    expires_in_days = Integer(
        source="days",
        required=False,
        allow_null=True,
        min_value=1,
        max_value=LONGEST_DAYS,
        help_text="Until it is revoked, unless given.",
    )


class TokenViewSet(CloudSoarViewSet):
    """API tokens."""

    @endpoint(
        ANY_TOKEN,
        summary="List the tokens of a user",
        description=NEEDS,
        gives=TokenRowOut(many=True),
        also=CONFLICT,
        examples={"One": [EXAMPLE]},
    )
    def of_user(self, request: Request, user_id: int) -> Response:
        """Answer them, the newest first."""
        require_token_access(self.actor, user_id)
        user = find(visible_users(self.actor), user_id, UNKNOWN)
        rows = visible_api_tokens(self.actor).filter(user=user)[:LISTED]
        return Response([represent(TokenRowOut, row) for row in rows])

    @endpoint(
        ANY_TOKEN,
        summary="Issue a token to a user",
        description="Needs the capability cloudSoarAPIAdmin. To a user who may do what the caller may not, only "
        "administrators of the server issue one. A refusal is recorded.",
        takes=TokenIn,
        gives=NewTokenOut,
        code=201,
        also=CONFLICT,
        examples={
            "Issued": EXAMPLE | {"last_used_at": None, "token": "eyJhbGciOiJIUzI1NiJ9.e30.x"}
        },
    )
    def issue(self, request: Request, user_id: int) -> Response:
        """Answer the token with its text."""
        row = issue_token(self.actor, user_id, **self.read(TokenIn))
        text = show_token(self.actor, row.pk)
        return Response(represent(TokenRowOut, row) | {"token": text}, status=201)

    @endpoint(
        ANY_TOKEN, summary="Revoke a token of a user", description=NEEDS, code=204, also=CONFLICT
    )
    def revoke(self, request: Request, user_id: int, jti: uuid.UUID) -> Response:
        """Answer nothing, however often it is revoked."""
        require_token_access(self.actor, user_id)
        row = visible_api_tokens(self.actor).filter(user=user_id, jti=jti).first()
        if row is None:
            raise NotFound("There is no such token.")
        revoke_token(self.actor, row.pk)
        return Response(status=204)

    @endpoint(
        ANY_TOKEN,
        summary="List your own tokens",
        gives=TokenRowOut(many=True),
        examples={"One": [EXAMPLE]},
    )
    def own(self, request: Request) -> Response:
        """Answer the caller's, the newest first."""
        rows = visible_api_tokens(self.actor).filter(user=self.actor.user_id)[:LISTED]
        return Response([represent(TokenRowOut, row) for row in rows])

    @endpoint(
        ANY_TOKEN,
        summary="Fetch the token of this request",
        gives=TokenRowOut,
        examples={"One": EXAMPLE},
    )
    def current(self, request: Request) -> Response:
        """Answer it."""
        row = visible_api_tokens(self.actor).get(pk=cast(int, request.auth))
        return Response(represent(TokenRowOut, row))

    @endpoint(ANY_TOKEN, summary="End the token of this request", code=204, also=CONFLICT)
    def end_current(self, request: Request) -> Response:
        """Answer nothing; the next request with it is refused."""
        revoke_token(self.actor, cast(int, request.auth))
        return Response(status=204)
