"""schemathesis over the door's own OpenAPI document: no 5xx but that of health, and JSON on every answer."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from soar.api.cloudsoar.mounts import CURRENT, LEGACY
from soar.api.cloudsoar.openapi import document
from soar.core.models import User
from soar.wsgi import application
from tests.database import undone
from tests.http import token_of

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("kept_connection")]
EXAMPLES, FEW = 10, 2  # both mounts are the same views
CHECKS = [status_code_conformance, content_type_conformance, response_schema_conformance]
bounded = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def schema_of(mount: str) -> Any:
    """Return what schemathesis makes of a mount's document."""
    schema = schemathesis.openapi.from_dict(document(mount))
    schema.app = application
    schema.config.generation.update(
        modes=[GenerationMode.POSITIVE, GenerationMode.NEGATIVE], with_security_parameters=False
    )
    return schema


legacy, current = schema_of(LEGACY), schema_of(CURRENT)


def assert_told(case: Case, user: User) -> None:
    """Send the request and check that the answer is one the document has, in its shape."""
    with undone():
        answer = case.call(headers={"Authorization": f"Bearer {token_of(user)}"})
    is_health = answer.status_code == 503 and case.path.endswith("/health/")
    assert answer.status_code < 500 or is_health, answer.text[:300]
    if answer.status_code >= 400 and not is_health:
        assert set(answer.json()) - {"fields"} == {"error", "description"}
    if answer.status_code != 405:
        case.validate_response(answer, checks=CHECKS)


@pytest.mark.django_db
@legacy.parametrize()
@settings(bounded, max_examples=FEW)
def test_any_request_below_the_legacy_mount_is_answered_as_documented(
    case: Case, administrator: User
) -> None:
    assert_told(case, administrator)


@pytest.mark.django_db
@current.parametrize()
@bounded
def test_any_request_below_the_current_mount_is_answered_as_documented(
    case: Case, administrator: User
) -> None:
    assert_told(case, administrator)
