"""Every route of the Cloud SOAR door x both mounts x every credential there is, own and others'."""

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import resolve
from django.utils import timezone

from soar.api.cloudsoar.mounts import CURRENT, MOUNTS
from soar.api.cloudsoar.urls import doors
from soar.core import throttling
from soar.core.models import ApiToken, User
from soar.core.permissions import Permission
from tests.api.cloudsoar.answers import assert_unauthorised
from tests.api.cloudsoar.lines.line import Line
from tests.api.cloudsoar.permission_table import TABLE, route_table, shape_of
from tests.cast import PASSWORD
from tests.http import basic, bearer, key_of, token_of

pytestmark = pytest.mark.django_db
DOCUMENT = Path(settings.BASE_DIR) / "docs" / "permissions.md"
ANALYST = Permission.STANDARD_USER | Permission.API_USE
SERVED = {200, 503}
Headers = dict[str, str]
PLAIN = [line for line in TABLE if line.method == "GET" and "{" not in line.path]
PATHS = [f"{mount}{line.path}" for mount in MOUNTS for line in PLAIN] + [
    f"{mount}no/such/endpoint/" for mount in MOUNTS
]
LINES = {f"{mount}{line.path}": line for mount in MOUNTS for line in PLAIN}


def ended(user: User, **fields: Any) -> str:
    """Return the text of a token that was good until its row changed."""
    text = token_of(user)
    ApiToken.objects.filter(user=user).update(**fields)
    return text


def deactivated(user: User) -> Headers:
    """Return the token of a user who was kept out since."""
    text = token_of(user)
    User.objects.filter(pk=user.pk).update(is_active=False)
    return bearer(text)


def deleted(user: User) -> Headers:
    """Return a token whose row is gone."""
    text = token_of(user)
    ApiToken.objects.all().delete()
    return bearer(text)


def expired(user: User) -> Headers:
    """Return a token that has ended."""
    past = timezone.now() - dt.timedelta(seconds=1)
    ApiToken.objects.create(user=user, expires_at=past)
    return bearer(token_of(user))


# What opens nothing, in whatever way it is presented.
REFUSED: dict[str, Callable[[User], Headers]] = {
    "nothing": lambda user: {},
    "nonsense": lambda user: bearer("x" * 86),
    "iris key": lambda user: bearer(key_of(user)),
    "iris key alone": lambda user: {"authorization": key_of(user)},
    "iris key in its header": lambda user: {"x-iris-auth": key_of(user)},
    "bare token": lambda user: {"authorization": token_of(user)},
    "token in the header of IRIS": lambda user: {"x-iris-auth": token_of(user)},
    "log-in and password": lambda user: basic(user.login, PASSWORD),
    "log-in and token": lambda user: basic(user.login, token_of(user)),
    "token twice": lambda user: basic(token_of(user), token_of(user)),
    "id of another token": lambda user: basic("0" * 36, token_of(user)),
    "token without id": lambda user: basic("", token_of(user)),
    "id without token": lambda user: basic(str(ApiToken.objects.create(user=user).jti), ""),
    "revoked": lambda user: bearer(ended(user, revoked_at=timezone.now())),
    "revoked as a pair": lambda user: pair_of(ended(user, revoked_at=timezone.now())),
    "token of nobody's": deleted,
    "expired": expired,
    "deactivated user": deactivated,
}


def pair_of(text: str) -> Headers:
    """Return a token as access id and access key."""
    return basic(str(ApiToken.objects.latest("pk").jti), text)


def test_both_mounts_are_the_same_views() -> None:
    for line in TABLE:
        path = re.sub(r"\{\w+\}", "1", line.path)
        views = {resolve(mount + path).func for mount in MOUNTS}
        assert len(views) == 1, line


@pytest.mark.parametrize("credential", REFUSED)
def test_what_is_no_token_opens_nothing(analyst: User, credential: str) -> None:
    client = Client(headers=REFUSED[credential](analyst))
    for path in PATHS:
        answer = client.get(path)
        if path in LINES and LINES[path].is_public:
            assert answer.status_code in SERVED
        else:
            assert_unauthorised(answer)


@pytest.mark.parametrize("credential", REFUSED)
def test_what_is_no_token_is_refused_on_every_route(analyst: User, credential: str) -> None:
    client = Client(headers=REFUSED[credential](analyst))
    for line in TABLE:
        throttling.forget_failures()
        path = CURRENT + re.sub(r"\{\w+\}", "1", line.path)
        if not line.is_public:
            assert_unauthorised(client.generic(line.method, path))


@pytest.mark.parametrize("who", ["guest", "analyst", "outsider", "administrator"])
@pytest.mark.parametrize("present", [bearer, pair_of], ids=["bearer", "basic"])
def test_a_token_opens_what_the_table_says(
    request: pytest.FixtureRequest, who: str, present: Callable[[str], Headers]
) -> None:
    user = request.getfixturevalue(who)
    client = Client(headers=present(token_of(user)))
    for path in PATHS:
        is_accepted = present is bearer or path.startswith(CURRENT)
        statuses = expected(LINES.get(path), user, is_accepted=is_accepted)
        assert client.get(path).status_code in statuses, path


def expected(line: Line | None, user: User, *, is_accepted: bool) -> set[int]:
    """Return the statuses the table allows."""
    if line is not None and line.is_public:
        return SERVED
    if not is_accepted:
        return {401}
    if not is_permitted(line, user):
        return {403}
    return {404} if line is None else {200}


def is_permitted(line: Line | None, user: User) -> bool:
    """Tell whether a user's permissions are what a line asks for."""
    user.refresh_from_db()
    held = Permission(user.permission_mask)
    any_of = line is None or not line.any_of or any(one in held for one in line.any_of)
    also = line is None or line.also is None or line.also in held
    return Permission.API_USE in held and any_of and also


def test_a_session_opens_nothing(analyst: User) -> None:
    browser, stranger = Client(), Client()
    browser.force_login(analyst, "soar.core.backends.ConsoleBackend")
    for path in PATHS:
        assert browser.get(path).status_code == stranger.get(path).status_code


@pytest.mark.parametrize("path", ["/api/ping", "/case/ioc/list?cid=1", "/metrics"])
@pytest.mark.parametrize("present", [bearer, pair_of], ids=["bearer", "basic"])
def test_a_token_opens_no_other_door(
    administrator: User, path: str, present: Callable[[str], Headers]
) -> None:
    text = token_of(administrator)
    for headers in (present(text), {"authorization": text}, {"x-iris-auth": text}):
        assert Client().get(path, headers=headers).status_code == 401


def test_a_token_does_not_log_in_to_the_console(administrator: User) -> None:
    text = token_of(administrator)
    assert Client().get("/admin/", headers=bearer(text)).status_code == 302
    data = {"username": administrator.login, "password": text}
    assert Client().post("/admin/login/", data).status_code == 200


def test_every_route_has_a_line() -> None:
    routes = [
        (method.upper(), shape_of(str(door.pattern)))
        for door in doors
        for method in door.callback.actions
        if method != "head"
    ]
    assert sorted(routes) == sorted((line.method, shape_of(line.path)) for line in TABLE)


def test_the_document_shows_the_table() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    section = text[text.index("## Routes of the Cloud SOAR door") :]
    shown = re.findall(r"^\| (?:GET|POST|PUT|PATCH|DELETE|Method).*\|$", section, re.MULTILINE)
    assert shown == [row for row in route_table() if not row.startswith("|---")]
