"""SEC-18: keys are the caller's own; renewing another's is for administrators, and refusals are recorded."""

import json
from typing import Any

import pytest

from soar.core.actor import Actor
from soar.core.errors import Forbidden
from soar.core.models import AuditLog, IrisApiKey, User
from soar.core.services.api_keys import (
    renew_key,
    renew_key_as_administrator,
    reveal_key,
)
from tests.http import ApiClient, key_of


def generations() -> dict[int, int]:
    """Return how often each user's key was renewed."""
    return dict(IrisApiKey.objects.values_list("pk", "generation"))


@pytest.mark.parametrize("name", ["user", "user_id", "user_login", "id"])
@pytest.mark.parametrize("how", ["query", "body"])
def test_sec_18_a_named_user_is_ignored_when_renewing_the_own_key(
    analyst: User, administrator: User, name: str, how: str
) -> None:
    client, named, before = ApiClient(key_of(analyst)), {name: administrator.pk}, generations()
    path, body = "/user/token/renew", ""
    if how == "query":
        path += f"?{name}={administrator.pk}"
    else:
        body = json.dumps(named)
    client.client.generic("GET", path, body, "application/json", headers=client.headers)
    assert generations() == before | {analyst.pk: before[analyst.pk] + 1}


def test_sec_18_the_path_alone_names_whose_key_an_administrator_renews(
    api_administrator: ApiClient, analyst: User, outsider: User
) -> None:
    before = generations()
    body = {"user": outsider.pk, "user_id": outsider.pk, "id": outsider.pk}
    api_administrator.post(f"/manage/users/renew-api-key/{analyst.pk}", body)
    assert generations() == before | {analyst.pk: before[analyst.pk] + 1}


def test_sec_18_nobody_but_an_administrator_renews_anothers_key(
    api_analyst: ApiClient, administrator: User
) -> None:
    before = generations()
    answer = api_analyst.post(f"/manage/users/renew-api-key/{administrator.pk}")
    assert answer.status_code == 403
    assert generations() == before
    assert "api_key" not in answer.content.decode()


def test_sec_18_a_refused_renewal_at_the_door_is_recorded(
    api_analyst: ApiClient, analyst: User, administrator: User
) -> None:
    api_analyst.post(f"/manage/users/renew-api-key/{administrator.pk}")
    line = AuditLog.objects.get(action="api_key.refused")
    assert (line.actor_id, line.object_id, line.channel) == (analyst.pk, administrator.pk, "iris")


@pytest.mark.parametrize("service", [renew_key, reveal_key, renew_key_as_administrator])
def test_sec_18_a_refusal_of_the_service_is_recorded(
    as_analyst: Actor, administrator: User, service: Any
) -> None:
    with pytest.raises(Forbidden):
        service(as_analyst, administrator.pk)
    line = AuditLog.objects.get(action="api_key.refused")
    assert (line.actor_id, line.object_id) == (as_analyst.user_id, administrator.pk)


def test_sec_18_a_renewal_is_recorded_with_who_and_whose(
    api_administrator: ApiClient, analyst: User
) -> None:
    api_administrator.post(f"/manage/users/renew-api-key/{analyst.pk}")
    line = AuditLog.objects.get(action="api_key.renewed")
    assert (line.actor_id, line.object_id) == (1, analyst.pk)


def test_sec_18_a_look_at_anothers_key_is_recorded(as_administrator: Actor, analyst: User) -> None:
    assert reveal_key(as_administrator, analyst.pk) == key_of(analyst)
    assert AuditLog.objects.get(action="api_key.viewed").object_id == analyst.pk


def test_sec_18_the_administrators_route_does_not_renew_the_own_key_of_others(
    api_analyst: ApiClient, analyst: User
) -> None:
    before = generations()
    answer = api_analyst.post(f"/manage/users/renew-api-key/{analyst.pk}")
    assert (answer.status_code, generations()) == (403, before)
