"""SEC-22 at the Cloud SOAR door: an error tells what the caller did wrong, and nothing of the server."""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from soar.api.cloudsoar.mounts import MOUNTS
from soar.core.models import User
from tests.api.cloudsoar.answers import assert_shape, assert_unauthorised
from tests.http import bearer, token_of
from tests.security.test_sec_22_errors import HEADERS, LEAK

pytestmark = pytest.mark.django_db
SECRETS = [settings.SECRET_KEY, settings.SOAR_TOKEN_KEY, *settings.SOAR_JWT_KEYS]
MORE = {
    "basic of a token's shape": "Basic YS5iLmM6YS5iLmM=",
    "basic of latin": "Basic /v8=",
    "basic with a line break": "Basic YTpi\r\n",
    "three dots": "Bearer ...",
    "empty parts": "Bearer ..AAAA",
    "only a signature": f"Bearer a.b.{'A' * 43}",
    "header of nested JSON": f"Bearer {'W1tb' * 40}.e30.{'A' * 43}",
}


@pytest.mark.parametrize("name", [*HEADERS, *MORE])
@pytest.mark.parametrize("mount", MOUNTS)
def test_sec_22_a_malformed_token_is_refused_blandly(name: str, mount: str) -> None:
    header = {**HEADERS, **MORE}[name]
    answer = Client().get(f"{mount}whoami/", HTTP_AUTHORIZATION=header)
    assert_unauthorised(answer)
    assert not LEAK.search(answer.content.decode())


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("soar.api.cloudsoar.authentication.claims_of", "whoami/"),
        ("soar.api.cloudsoar.authentication._CALLER", "whoami/"),
        ("soar.api.cloudsoar.authentication.note_use", "whoami/"),
        ("soar.api.cloudsoar.service._shown", "whoami/"),
        ("soar.api.cloudsoar.service.document", "openapi/"),
        ("soar.api.cloudsoar.service.mount_of", "version/"),
    ],
)
def test_sec_22_a_defect_of_ours_is_answered_blandly(
    administrator: User, monkeypatch: pytest.MonkeyPatch, target: str, path: str
) -> None:
    def fail(*args: Any, **options: Any) -> None:
        raise RuntimeError(f"SELECT secret FROM settings; {' '.join(SECRETS)}")

    fail.first = fail  # type: ignore[attr-defined]
    text = token_of(administrator)
    monkeypatch.setattr(target, fail)
    for mount in MOUNTS:
        client = Client(raise_request_exception=False, headers=bearer(text))
        answer = client.get(f"{mount}{path}")
        assert_shape(answer, 500, "Internal error")
        assert not LEAK.search(answer.content.decode())
        assert not any(secret in answer.content.decode() for secret in [*SECRETS, text])


def test_sec_22_a_key_that_cannot_verify_is_a_defect_not_a_hint(
    administrator: User, settings: Any
) -> None:
    text = token_of(administrator)
    settings.SOAR_JWT_KEYS = ['{"kty":"oct","k":"' + "a" * 40 + '"}']
    client = Client(raise_request_exception=False, headers=bearer(text))
    answer = client.get(f"{MOUNTS[0]}whoami/")
    assert_shape(answer, 500, "Internal error")
    assert "kty" not in answer.content.decode()
