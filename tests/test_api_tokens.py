"""API tokens as rows: who may issue, see and end them, what is recorded, and what their text is."""

import base64
import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from soar.core.actor import Actor
from soar.core.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from soar.core.models import ApiToken, AuditLog, User
from soar.core.permissions import Permission
from soar.core.selectors import visible_api_tokens
from soar.core.services import api_tokens
from soar.core.services.api_tokens import (
    issue_token,
    may_see_text,
    note_use,
    revoke_token,
    show_token,
)
from soar.core.services.groups import add_group
from soar.core.services.users import set_active, set_groups
from soar.core.token_texts import claims_of, text_of
from tests.racing import at_once, errors


@pytest.fixture
def token(as_administrator: Actor, analyst: User) -> ApiToken:
    """A token of the analyst's."""
    return issue_token(as_administrator, analyst.pk, description="Scripts")


@pytest.fixture
def as_issuer(as_administrator: Actor, enrol: Callable[..., User]) -> Actor:
    """Somebody who may issue tokens and does not administer the server."""
    rights = Permission.API_ADMIN | Permission.API_USE | Permission.STANDARD_USER
    group = add_group(as_administrator, name="Issuers", permissions=rights)
    return Actor.of(enrol("issuer", group.pk), "iris")


def last(action: str) -> AuditLog:
    """Return the newest audit row of an action."""
    return AuditLog.objects.filter(action=action).latest("id")


# --- the text


def parts_of(text: str) -> list[Any]:
    """Return header and claims of a JWT."""
    return [json.loads(base64.urlsafe_b64decode(f"{p}==")) for p in text.split(".")[:2]]


def test_the_text_has_the_claims_of_the_contract_and_nothing_personal(token: ApiToken) -> None:
    assert parts_of(text_of(token)) == [
        {"alg": "HS256", "typ": "JWT"},
        {
            "iat": int(token.created_at.timestamp()),
            "iss": "watchfloor",
            "jti": str(token.jti),
            "sub": str(token.user_id),
            "typ": "csoar-api",
        },
    ]


def test_the_text_is_the_same_whenever_it_is_asked_for(token: ApiToken) -> None:
    first = text_of(token)
    note_use(token.pk, "192.0.2.1")
    assert text_of(ApiToken.objects.get()) == first
    assert len(first) < 300


def test_an_end_is_in_the_text(as_administrator: Actor, analyst: User) -> None:
    row = issue_token(as_administrator, analyst.pk, days=1)
    claims = parts_of(text_of(row))[1]
    assert claims["exp"] - claims["iat"] == 24 * 60 * 60
    assert claims_of(text_of(row)).user_id == analyst.pk  # type: ignore[union-attr]


def test_a_text_that_was_good_is_good_no_longer_than_its_end(
    as_administrator: Actor, analyst: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = issue_token(as_administrator, analyst.pk, days=1)
    text, end = text_of(row), parts_of(text_of(row))[1]["exp"]
    assert claims_of(text) is not None
    monkeypatch.setattr("soar.core.token_texts.time.time", lambda: end - 1)
    assert claims_of(text) is not None
    monkeypatch.setattr("soar.core.token_texts.time.time", lambda: end)
    assert claims_of(text) is None


def test_a_new_signing_key_keeps_old_texts_good_until_its_key_goes(
    token: ApiToken, settings: Any
) -> None:
    old, keys = text_of(token), settings.SOAR_JWT_KEYS
    settings.SOAR_JWT_KEYS = ["n" * 40, *keys]
    new = text_of(token)
    assert new != old
    assert claims_of(new) == claims_of(old) is not None
    settings.SOAR_JWT_KEYS = ["n" * 40]
    assert (claims_of(old), claims_of(new) is not None) == (None, True)


# --- issuing


def test_issuing_is_recorded_without_the_text(as_administrator: Actor, token: ApiToken) -> None:
    line = last("api_token.issued")
    assert (line.object_type, line.object_id, line.actor_id) == ("core.apitoken", token.pk, 1)
    assert line.details["after"] == {
        "user": token.user_id,
        "description": "Scripts",
        "expires_at": None,
    }
    assert token.created_by_id == as_administrator.user_id


def test_nobody_issues_without_the_permission(as_analyst: Actor) -> None:
    with pytest.raises(Forbidden):
        issue_token(as_analyst, as_analyst.user_id)
    assert not ApiToken.objects.exists()
    assert last("api_token.refused").object_id == as_analyst.user_id


@pytest.mark.parametrize(
    ("fields", "culprit"),
    [
        ({"days": 0}, "days"),
        ({"days": -1}, "days"),
        ({"days": 10**9}, "days"),
        ({"description": "x" * 201}, "description"),
    ],
)
def test_odd_values_are_refused(
    as_administrator: Actor, analyst: User, fields: dict[str, Any], culprit: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        issue_token(as_administrator, analyst.pk, **fields)
    assert set(refusal.value.fields) == {culprit}


def test_no_token_is_issued_to_who_may_not_use_it(
    as_administrator: Actor, analyst: User, guest: User
) -> None:
    set_active(as_administrator, analyst.pk, active=False)
    for user in (analyst, guest):
        with pytest.raises(Invalid):
            issue_token(as_administrator, user.pk)
    for unknown in (987654, -1, 2**70):
        with pytest.raises(NotFound):
            issue_token(as_administrator, unknown)


def test_a_user_has_a_bounded_number_of_tokens(
    as_administrator: Actor, token: ApiToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_tokens, "MAXIMUM_TOKENS", 1)
    with pytest.raises(Conflict):
        issue_token(as_administrator, token.user_id)
    revoke_token(as_administrator, token.pk)
    assert issue_token(as_administrator, token.user_id).pk != token.pk


@pytest.mark.django_db(transaction=True)
def test_the_bound_holds_against_two_at_once(
    as_administrator: Actor, analyst: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_tokens, "MAXIMUM_TOKENS", 1)
    results = at_once(*[lambda: issue_token(as_administrator, analyst.pk)] * 2)
    assert [type(error) for error in errors(results)] == [Conflict]
    assert ApiToken.objects.count() == 1


# --- showing


def test_the_owner_sees_his_token_and_that_is_not_recorded(
    as_analyst: Actor, token: ApiToken
) -> None:
    assert show_token(as_analyst, token.pk) == text_of(token)
    assert not AuditLog.objects.filter(action="api_token.viewed").exists()


def test_a_look_at_anothers_token_is_recorded(as_administrator: Actor, token: ApiToken) -> None:
    assert show_token(as_administrator, token.pk) == text_of(token)
    line = last("api_token.viewed")
    assert (line.actor_id, line.object_id) == (as_administrator.user_id, token.pk)


def test_a_revoked_token_is_shown_no_more(as_analyst: Actor, token: ApiToken) -> None:
    revoke_token(as_analyst, token.pk)
    with pytest.raises(Conflict):
        show_token(as_analyst, token.pk)


@pytest.mark.parametrize("service", [show_token, revoke_token])
def test_sec_18_the_token_of_another_is_refused_and_recorded(
    enrol: Callable[..., User], token: ApiToken, service: Callable[..., Any]
) -> None:
    with pytest.raises(Forbidden):
        service(Actor.of(enrol("stranger", 2), "iris"), token.pk)
    line = last("api_token.refused")
    assert (line.actor_login, line.object_id) == ("stranger", token.user_id)
    assert ApiToken.objects.get().revoked_at is None


@pytest.mark.parametrize("service", [show_token, revoke_token])
@pytest.mark.parametrize("token_id", [987654, 0, 2**70])
def test_a_missing_token_is_forbidden_to_all_but_who_may_know(
    as_administrator: Actor, as_analyst: Actor, service: Callable[..., Any], token_id: int
) -> None:
    for actor, refusal in ((as_administrator, NotFound), (as_analyst, Forbidden)):
        with pytest.raises(refusal):
            service(actor, token_id)


# --- ending


def test_revoking_is_recorded_once(as_administrator: Actor, token: ApiToken) -> None:
    first = revoke_token(as_administrator, token.pk).revoked_at
    assert revoke_token(as_administrator, token.pk).revoked_at == first
    assert AuditLog.objects.filter(action="api_token.revoked").count() == 1
    row = ApiToken.objects.get()
    assert (row.revoked_by_id, row.state) == (as_administrator.user_id, "revoked")


def test_a_user_ends_his_own_token(as_analyst: Actor, token: ApiToken) -> None:
    assert revoke_token(as_analyst, token.pk).revoked_by_id == as_analyst.user_id


@pytest.mark.django_db(transaction=True)
def test_two_who_revoke_at_once_both_succeed_and_one_is_recorded(
    as_administrator: Actor, token: ApiToken
) -> None:
    results = at_once(*[lambda: revoke_token(as_administrator, token.pk)] * 2)
    assert not [one for one in results if isinstance(one, DomainError)]
    assert AuditLog.objects.filter(action="api_token.revoked").count() == 1


# --- whoever may issue, but does not administer


def test_sec_19_an_issuer_gets_no_token_of_who_may_do_more(
    as_issuer: Actor, token: ApiToken
) -> None:
    for service, pk in ((issue_token, token.user_id), (show_token, token.pk)):
        with pytest.raises(Forbidden, match="may do what you may not"):
            service(as_issuer, pk)
        assert last("api_token.refused").object_id == token.user_id
    assert (may_see_text(as_issuer, token.user_id), ApiToken.objects.count()) == (False, 1)
    assert revoke_token(as_issuer, token.pk).state == "revoked"


def test_sec_19_an_issuer_issues_and_sees_tokens_of_who_may_do_no_more(
    as_administrator: Actor, as_issuer: Actor, guest: User
) -> None:
    group = add_group(as_administrator, name="Scripts", permissions=Permission.API_USE)
    set_groups(as_administrator, guest.pk, group_ids=[group.pk])
    for user_id in (guest.pk, as_issuer.user_id):
        row = issue_token(as_issuer, user_id)
        assert show_token(as_issuer, row.pk) == text_of(row)
    assert last("api_token.viewed").actor_id == as_issuer.user_id
    User.objects.filter(pk=guest.pk).update(is_superuser=True)
    assert not may_see_text(as_issuer, guest.pk)


def test_sec_19_an_administrator_without_the_permission_sees_no_text(
    as_administrator: Actor, enrol: Callable[..., User], token: ApiToken
) -> None:
    rights = Permission.SERVER_ADMINISTRATOR | Permission.STANDARD_USER
    group = add_group(as_administrator, name="Server", permissions=rights)
    with pytest.raises(Forbidden):
        show_token(Actor.of(enrol("server", group.pk), "iris"), token.pk)


def test_everybody_lists_his_own_and_issuers_all(
    as_issuer: Actor, as_analyst: Actor, token: ApiToken
) -> None:
    issue_token(as_issuer, as_issuer.user_id)
    counts = [visible_api_tokens(actor).count() for actor in (as_issuer, as_analyst)]
    assert counts == [2, 1]


# --- use


def test_use_is_noted_at_most_once_a_minute(token: ApiToken) -> None:
    note_use(token.pk, "192.0.2.1")
    first = ApiToken.objects.get().last_used_at
    note_use(token.pk, "192.0.2.2")
    row = ApiToken.objects.get()
    assert (row.last_used_at, row.last_used_ip) == (first, "192.0.2.1")
    ApiToken.objects.update(last_used_at=timezone.now() - dt.timedelta(seconds=61))
    note_use(token.pk, "192.0.2.2")
    assert ApiToken.objects.get().last_used_ip == "192.0.2.2"


def test_noting_a_use_is_one_statement_and_no_fact(token: ApiToken) -> None:
    before = AuditLog.objects.count()
    with CaptureQueriesContext(connection) as queries:
        note_use(token.pk, "192.0.2.1")
    assert (len(queries), AuditLog.objects.count()) == (1, before)


def test_the_state_of_a_token(as_administrator: Actor, token: ApiToken) -> None:
    assert token.state == "active"
    token.expires_at = timezone.now() - dt.timedelta(seconds=1)
    assert token.state == "expired"


def test_a_deleted_user_takes_his_tokens_along(
    as_administrator: Actor, guest: User, token: ApiToken
) -> None:
    set_groups(as_administrator, guest.pk, group_ids=[2])
    row = issue_token(as_administrator, guest.pk)
    User.objects.filter(pk=guest.pk).delete()
    assert list(ApiToken.objects.all()) == [token] != [row]
