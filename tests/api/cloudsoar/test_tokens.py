"""Tokens over the wire: issued by whoever may, shown to whoever may see them, revoked at once (contract §4.7)."""

import re
from collections.abc import Callable

import pytest
from django.test import Client

from soar.api.cloudsoar.mounts import CURRENT
from soar.core.actor import Actor
from soar.core.models import ApiToken, AuditLog, User
from soar.core.permissions import Permission
from soar.core.services.groups import add_group
from soar.core.services.users import set_groups
from tests.api.cloudsoar.answers import assert_shape, assert_unauthorised
from tests.api.cloudsoar.callers import Caller
from tests.http import bearer

pytestmark = pytest.mark.django_db
MEMBERS = ["jti", "name", "created_at", "expires_at", "last_used_at", "revoked_at"]
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@pytest.fixture
def issuer(as_administrator: Actor, guest: User) -> User:
    """Somebody who may issue tokens and work on cases."""
    bits = Permission.API_USE | Permission.API_ADMIN | Permission.STANDARD_USER
    group = add_group(as_administrator, name="Issuers", permissions=bits)
    return set_groups(as_administrator, guest.pk, group_ids=[group.pk])


def test_an_administrator_issues_a_token_that_works(administrator: User, analyst: User) -> None:
    body = {"name": "export", "expires_in_days": 7}
    answer = Caller(administrator)("POST", f"users/{analyst.pk}/tokens/", body)
    made = answer.json()
    assert (answer.status_code, list(made)) == (201, [*MEMBERS, "token"])
    assert (made["name"], made["revoked_at"], made["last_used_at"]) == ("export", None, None)
    assert all(MOMENT.fullmatch(made[name]) for name in ("created_at", "expires_at"))
    who = Client().get(f"{CURRENT}whoami/", headers=bearer(made["token"]))
    assert who.json()["token"]["jti"] == made["jti"]


def test_an_issuer_gets_tokens_of_who_may_do_no_more(
    as_administrator: Actor, issuer: User, enrol: Callable[..., User]
) -> None:
    group = add_group(as_administrator, name="Scripts", permissions=Permission.API_USE)
    for pk in (enrol("script", group.pk).pk, issuer.pk):
        made = Caller(issuer)("POST", f"users/{pk}/tokens/", {}).json()
        assert Client().get(f"{CURRENT}whoami/", headers=bearer(made["token"])).json()["id"] == pk


def test_an_issuer_gets_no_token_of_who_may_do_more_but_revokes_it(
    issuer: User, analyst: User
) -> None:
    call, path = Caller(issuer), f"users/{analyst.pk}/tokens/"
    row = ApiToken.objects.create(user=analyst)
    refusal = assert_shape(call("POST", path, {}), 403, "Forbidden")
    assert refusal["description"].startswith("This user may do what you may not")
    assert AuditLog.objects.latest("id").action == "api_token.refused"
    assert call("DELETE", f"{path}{row.jti}/").status_code == 204
    assert [one["revoked_at"] is None for one in call.get(path)] == [False]


@pytest.mark.parametrize(
    ("body", "culprit"),
    [
        ({"expires_in_days": 0}, "expires_in_days"),
        ({"expires_in_days": 3651}, "expires_in_days"),
        ({"name": "x" * 201}, "name"),
    ],
)
def test_odd_tokens_are_refused(administrator: User, body: object, culprit: str) -> None:
    answer = Caller(administrator)("POST", "users/1/tokens/", body)
    assert set(assert_shape(answer, 400, "Invalid request")["fields"]) == {culprit}


def test_tokens_of_a_missing_user_are_404(administrator: User) -> None:
    caller = Caller(administrator)
    for method in ("GET", "POST"):
        assert_shape(caller(method, "users/999999/tokens/", {}), 404, "Not found")


def test_others_are_refused_and_that_is_recorded(analyst: User, administrator: User) -> None:
    caller = Caller(analyst)
    for method, path in (("GET", "users/1/tokens/"), ("POST", "users/1/tokens/")):
        assert_shape(caller(method, path, {}), 403, "Forbidden")
        line = AuditLog.objects.latest("id")
        assert (line.action, line.actor_login) == ("api_token.refused", "analyst")
    assert_shape(caller("POST", f"users/{analyst.pk}/tokens/", {}), 403, "Forbidden")


def test_everybody_lists_his_own_tokens(analyst: User, administrator: User) -> None:
    caller = Caller(analyst)
    ApiToken.objects.create(user=administrator)
    rows = caller.get("tokens/")
    assert [list(row) for row in rows] == [MEMBERS]
    assert rows == caller.get(f"users/{analyst.pk}/tokens/")
    assert caller.get("tokens/current/") == rows[0]


def test_a_revoked_token_fails_at_once_and_revoking_repeats(
    administrator: User, analyst: User
) -> None:
    victim, caller = Caller(analyst), Caller(administrator)
    path = f"users/{analyst.pk}/tokens/{victim.get('tokens/current/')['jti']}/"
    assert [caller("DELETE", path).status_code for _ in range(2)] == [204, 204]
    assert_unauthorised(victim("GET", "tokens/"))
    assert AuditLog.objects.filter(action="api_token.revoked").count() == 1
    assert caller.get(f"users/{analyst.pk}/tokens/")[0]["revoked_at"] is not None


def test_a_token_of_another_user_is_missing_below_this_one(
    administrator: User, analyst: User
) -> None:
    caller = Caller(administrator)
    jti = caller.get("tokens/current/")["jti"]
    assert_shape(caller("DELETE", f"users/{analyst.pk}/tokens/{jti}/"), 404, "Not found")
    assert_shape(Caller(analyst)("DELETE", f"users/1/tokens/{jti}/"), 403, "Forbidden")


def test_the_current_token_can_be_ended(analyst: User) -> None:
    caller = Caller(analyst)
    answer = caller("DELETE", "tokens/current/")
    assert (answer.status_code, answer.content) == (204, b"")
    assert_unauthorised(caller("GET", "tokens/current/"))


def test_no_answer_but_that_of_issuing_holds_a_token(analyst: User) -> None:
    caller = Caller(analyst)
    for path in ("tokens/", "tokens/current/", f"users/{analyst.pk}/tokens/"):
        text = caller("GET", path).content.decode()
        assert "eyJ" not in text
