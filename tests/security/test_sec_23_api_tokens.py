"""SEC-23: a token is good by one pinned algorithm, our signature, every claim, and a row that stands."""

import base64
import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from soar.core import throttling
from soar.core.actor import Actor
from soar.core.models import ApiToken, User
from soar.core.permissions import Permission
from soar.core.services.api_tokens import issue_token, revoke_token
from soar.core.services.groups import add_group, update_group
from soar.core.services.users import set_active, set_groups
from soar.core.token_texts import SHAPE, claims_of, text_of
from tests.api.cloudsoar.answers import assert_shape, assert_unauthorised
from tests.http import basic, bearer, token_of

WHOAMI = "/api/csoar/v3/whoami/"
LIMIT = 5
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
Forge = Callable[[ApiToken], str]


@pytest.fixture
def row(as_administrator: Actor, analyst: User) -> ApiToken:
    """A token of the analyst's."""
    return issue_token(as_administrator, analyst.pk)


def ask(text: str, path: str = WHOAMI, **options: Any) -> Any:
    """Return the answer to a request with a token."""
    return Client(**options).get(path, headers=bearer(text))


def encoded(value: Any) -> str:
    """Return a part of a JWT."""
    data = value if isinstance(value, bytes) else json.dumps(value, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def claims(row: ApiToken, **changes: Any) -> dict[str, Any]:
    """Return the claims of a token with some changed; None takes one away."""
    text = text_of(row)
    found = jwt.decode(text, options={"verify_signature": False}) | changes
    return {name: value for name, value in found.items() if value is not None}


def forged(
    row: ApiToken, key: str = "", header: Any = None, digest: str = "sha256", **changes: Any
) -> str:
    """Return a text signed by hand, under our own key unless another is given."""
    top = {"alg": "HS256", "typ": "JWT"} if header is None else header
    signed = f"{encoded(top)}.{encoded(claims(row, **changes))}"
    secret = (key or settings.SOAR_JWT_KEYS[0]).encode()
    return f"{signed}.{encoded(hmac.new(secret, signed.encode(), digest).digest())}"


def with_signature(row: ApiToken, change: Callable[[str], str]) -> str:
    """Return the text of a token with another signature."""
    signed, _, signature = text_of(row).rpartition(".")
    return f"{signed}.{change(signature)}"


def next_letter(letter: str, steps: int = 1) -> str:
    """Return a letter further on in the alphabet of base64."""
    return ALPHABET[(ALPHABET.index(letter) + steps) % 64]


UNSIGNED = {"alg": "none", "typ": "JWT"}
ATTACKS: dict[str, Forge] = {
    "no algorithm, no signature": lambda row: f"{encoded(UNSIGNED)}.{encoded(claims(row))}.",
    "no algorithm, our signature": lambda row: forged(row, header=UNSIGNED),
    "None in capitals": lambda row: forged(row, header={"alg": "NONE"}),
    "HS512, signed so": lambda row: forged(row, header={"alg": "HS512"}, digest="sha512"),
    "HS384 named, HS256 signed": lambda row: forged(row, header={"alg": "HS384"}),
    "RS256 named": lambda row: forged(row, header={"alg": "RS256", "typ": "JWT"}),
    "lower case algorithm": lambda row: forged(row, header={"alg": "hs256"}),
    "algorithm missing": lambda row: forged(row, header={"typ": "JWT"}),
    "algorithm a list": lambda row: forged(row, header={"alg": ["HS256"]}),
    "header a list": lambda row: forged(row, header=["HS256"]),
    "header no JSON": lambda row: f"{encoded(b'x')}.{encoded(claims(row))}.{'A' * 43}",
    "critical extension": lambda row: forged(row, header={"alg": "HS256", "crit": ["x"], "x": 1}),
    "unencoded payload": lambda row: forged(row, header={"alg": "HS256", "b64": False}),
    "key in the header": lambda row: forged(
        row, "a" * 40, {"alg": "HS256", "jwk": {"kty": "oct", "k": encoded(b"a" * 40)}}
    ),
    "kid a path": lambda row: forged(
        row, "", {"alg": "HS256", "kid": "../../../../dev/null"}, "md5"
    ),
    "signed with nothing": lambda row: forged(row, "\0" * 40),
    "signed with the key of sessions": lambda row: forged(row, settings.SECRET_KEY),
    "signed with the key of IRIS keys": lambda row: forged(row, settings.SOAR_TOKEN_KEY),
    "foreign key": lambda row: forged(row, "f" * 64),
    "signature cut off": lambda row: with_signature(row, lambda text: ""),
    "signature truncated": lambda row: with_signature(row, lambda text: text[:-1]),
    "half a signature": lambda row: with_signature(row, lambda text: text[:22]),
    "signature padded": lambda row: with_signature(row, lambda text: f"{text}="),
    "signature spelt otherwise": lambda row: with_signature(
        row, lambda text: text[:-1] + next_letter(text[-1])
    ),
    "signature changed": lambda row: with_signature(
        row, lambda text: next_letter(text[0], 9) + text[1:]
    ),
    "a part more": lambda row: f"{text_of(row)}.x",
    "a part less": lambda row: text_of(row).partition(".")[2],
    "two in one": lambda row: f"{text_of(row)},{text_of(row)}",
    "a blank inside": lambda row: text_of(row).replace(".", ". ", 1),
    "another typ": lambda row: forged(row, typ="session"),
    "no typ": lambda row: forged(row, typ=None),
    "another issuer": lambda row: forged(row, iss="somebody"),
    "no issuer": lambda row: forged(row, iss=None),
    "an audience": lambda row: forged(row, aud="other-api"),
    "not yet": lambda row: forged(row, nbf=4_000_000_000),
    "expired": lambda row: forged(row, exp=1),
    "end no number": lambda row: forged(row, exp="never"),
    "no jti": lambda row: forged(row, jti=None),
    "jti no UUID": lambda row: forged(row, jti="1"),
    "jti a number": lambda row: forged(row, jti=1),
    "jti of nobody": lambda row: forged(row, jti="00000000-0000-4000-8000-000000000000"),
    "no subject": lambda row: forged(row, sub=None),
    "subject no number": lambda row: forged(row, sub="administrator"),
    "subject a number": lambda row: forged(row, sub=1),
    "somebody else's subject": lambda row: forged(row, sub="1"),
    "no time of issue": lambda row: forged(row, iat=None),
    "very long": lambda row: forged(row, more="x" * 100_000),
}


def test_sec_23_a_text_made_by_hand_like_ours_is_good(row: ApiToken) -> None:
    assert forged(row) == text_of(row)
    assert ask(forged(row)).status_code == 200


@pytest.mark.parametrize("attack", ATTACKS)
def test_sec_23_a_forged_token_is_refused(row: ApiToken, attack: str) -> None:
    assert_unauthorised(ask(ATTACKS[attack](row)))


@pytest.mark.parametrize("attack", ATTACKS)
def test_sec_23_a_forged_token_is_refused_as_an_access_key(row: ApiToken, attack: str) -> None:
    headers = basic(str(row.jti), ATTACKS[attack](row))
    assert_unauthorised(Client().get(WHOAMI, headers=headers))


def test_sec_23_a_token_of_another_installation_is_refused(row: ApiToken, settings: Any) -> None:
    text = text_of(row)
    settings.SOAR_JWT_KEYS = ["another-installation-" + "x" * 32]
    assert_unauthorised(ask(text))


def test_sec_23_a_revoked_token_is_refused_on_the_next_request(
    as_administrator: Actor, row: ApiToken
) -> None:
    assert ask(text_of(row)).status_code == 200
    revoke_token(as_administrator, row.pk)
    assert_unauthorised(ask(text_of(row)))


def test_sec_23_a_token_without_its_row_is_refused(row: ApiToken) -> None:
    text = text_of(row)
    ApiToken.objects.all().delete()
    assert_unauthorised(ask(text))


def test_sec_23_an_expired_token_is_refused(row: ApiToken) -> None:
    ApiToken.objects.update(expires_at=timezone.now() - dt.timedelta(seconds=1))
    assert_unauthorised(ask(text_of(ApiToken.objects.get())))


def test_sec_23_the_token_of_an_inactive_user_is_refused(
    as_administrator: Actor, row: ApiToken
) -> None:
    set_active(as_administrator, row.user_id, active=False)
    assert_unauthorised(ask(text_of(row)))
    set_active(as_administrator, row.user_id, active=True)
    assert ask(text_of(row)).status_code == 200


def test_sec_23_a_user_without_the_capability_is_refused_on_the_next_request(
    as_administrator: Actor, row: ApiToken
) -> None:
    group = add_group(as_administrator, name="Users of the API", permissions=Permission.API_USE)
    set_groups(as_administrator, row.user_id, group_ids=[group.pk])
    assert ask(text_of(row)).status_code == 200
    update_group(as_administrator, group.pk, permissions=Permission.STANDARD_USER)
    assert_shape(ask(text_of(row)), 403, "Forbidden")


@pytest.mark.parametrize("name", ["token", "access_token", "api_key", "Authorization", "jwt"])
def test_sec_23_a_token_in_the_query_is_ignored(row: ApiToken, name: str) -> None:
    assert_unauthorised(Client().get(WHOAMI, {name: text_of(row)}))
    assert ask(text_of(row), f"{WHOAMI}?{name}=wrong").status_code == 200


@pytest.mark.parametrize("name", ["token", "jwt", "sessionid", "authorization"])
def test_sec_29_a_token_in_a_cookie_is_ignored(row: ApiToken, name: str) -> None:
    browser = Client()
    browser.cookies[name] = text_of(row)
    assert_unauthorised(browser.get(WHOAMI))


def test_sec_23_the_scheme_is_read_without_regard_to_case_and_blanks(row: ApiToken) -> None:
    for header in (f"bearer {text_of(row)}", f"BEARER   {text_of(row)} "):
        assert Client().get(WHOAMI, headers={"authorization": header}).status_code == 200


def test_sec_23_only_one_spelling_of_a_signature_is_taken(row: ApiToken) -> None:
    text = text_of(row)
    spellings = [text[:-1] + letter for letter in ALPHABET]
    same_bytes = [
        other
        for other in spellings
        if base64.urlsafe_b64decode(other.rpartition(".")[2] + "=")
        == base64.urlsafe_b64decode(text.rpartition(".")[2] + "=")
    ]
    assert len(same_bytes) == 4
    assert [other for other in spellings if claims_of(other)] == [text]


def test_sec_23_an_end_without_change_of_the_row_is_in_the_signature(
    as_administrator: Actor, row: ApiToken
) -> None:
    ending = issue_token(as_administrator, row.user_id, days=1)
    assert ask(text_of(ending)).status_code == 200
    assert_unauthorised(ask(with_signature(ending, lambda _: text_of(row).rpartition(".")[2])))


# --- guessing (SEC-27, SEC-28)


def test_sec_27_wrong_tokens_and_wrong_keys_are_counted_together(
    row: ApiToken, settings: Any
) -> None:
    settings.SOAR_BEARER_FAILURES = LIMIT
    wrong = forged(row, "f" * 64)
    paths = ["/api/ping", WHOAMI, "/incmansuite_ng/api/v3/whoami/"] * LIMIT
    answers = [ask(wrong, path, REMOTE_ADDR="192.0.2.10") for path in paths]
    assert [answer.status_code for answer in answers[: LIMIT + 1]] == [401] * LIMIT + [429]
    body = assert_shape(answers[LIMIT + 2], 429, "Too many requests")
    assert "Retry-After" in body["description"]
    assert 1 <= int(answers[LIMIT + 2]["Retry-After"]) <= throttling.WINDOW_SECONDS
    assert ask(text_of(row), REMOTE_ADDR="192.0.2.10").status_code == 200
    assert ask(wrong, REMOTE_ADDR="192.0.2.11").status_code == 401


def test_sec_27_a_request_without_credentials_does_not_count(db: None, settings: Any) -> None:
    settings.SOAR_BEARER_FAILURES = LIMIT
    statuses = {Client(REMOTE_ADDR="192.0.2.10").get(WHOAMI).status_code for _ in range(LIMIT + 2)}
    assert statuses == {401}


def test_sec_28_everything_refused_is_refused_alike(row: ApiToken) -> None:
    answers = [Client().get(WHOAMI), ask("x"), ask(forged(row, "f" * 64)), ask(forged(row, exp=1))]
    assert len({(answer.status_code, answer.content) for answer in answers}) == 1
    assert len({answer["WWW-Authenticate"] for answer in answers}) == 1


# --- what the texts are made of


def test_sec_20_no_column_of_a_token_opens_the_door(row: ApiToken) -> None:
    values = [str(value) for value in ApiToken.objects.values().get().values()]
    for value in values:
        assert_unauthorised(ask(value))
        assert_unauthorised(Client().get(WHOAMI, headers=basic(str(row.jti), value)))


def test_sec_21_the_signature_is_compared_in_constant_time(
    row: ApiToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[Any] = []
    compare = hmac.compare_digest

    def noted(one: Any, other: Any) -> bool:
        compared.append(one)
        return compare(one, other)

    monkeypatch.setattr(hmac, "compare_digest", noted)
    text = text_of(row)
    assert claims_of(text) is not None
    signature = base64.urlsafe_b64decode(text.rpartition(".")[2] + "=")
    assert compared == [signature]


def test_sec_23_a_text_of_odd_shape_costs_no_signature_and_no_query(
    analyst: User, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **options: Any) -> None:
        raise AssertionError("decoded")

    monkeypatch.setattr(jwt, "decode", fail)
    with django_assert_num_queries(0):
        for text in ("x", "a.b.c", "." * 50_000, "a" * 50_000, f"{'a' * 60_000}.b.{'A' * 43}"):
            assert not SHAPE.fullmatch(text)
            assert_unauthorised(ask(text))


def test_sec_23_a_token_names_its_row_by_a_random_uuid(analyst: User) -> None:
    rows = [ApiToken.objects.create(user=analyst) for _ in range(20)]
    assert {row.jti.version for row in rows} == {4}
    assert len({hashlib.sha256(text_of(row).encode()).hexdigest() for row in rows}) == 20


def test_sec_23_tokens_of_one_user_are_revoked_one_by_one(
    as_administrator: Actor, row: ApiToken, analyst: User
) -> None:
    other = issue_token(as_administrator, analyst.pk)
    revoke_token(as_administrator, row.pk)
    assert [ask(text_of(one)).status_code for one in (row, other)] == [401, 200]
    assert token_of(analyst) == text_of(row)
