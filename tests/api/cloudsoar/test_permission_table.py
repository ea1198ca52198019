"""Every line of the permission table x every caller x own, foreign and missing things, below both mounts."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from cases.models import Case
from soar.api.cloudsoar.mounts import MOUNTS
from soar.core.actor import Actor
from soar.core.models import User
from tests.api.cloudsoar.lines.line import READ, WRITE, Line
from tests.api.cloudsoar.permission_table import MAKERS, TABLE
from tests.api.cloudsoar.test_permissions import is_permitted
from tests.database import undone
from tests.http import bearer, token_of

pytestmark = pytest.mark.django_db
MISSING = {"incident": 999_999_999}
NOUN = re.compile(r"\{(\w+)\}")
# Who has which level on the case of customer 1 and on the other customer's.
LEVELS = {
    "administrator": (WRITE, WRITE),
    "analyst": (WRITE, 0),
    "reader": (READ, 0),
    "outsider": (0, WRITE),
    "denied_administrator": (0, WRITE),
    "guest": (0, 0),
}
ASKED = [line for line in TABLE if not line.is_public]
Ids = dict[str, int | str]


@pytest.fixture
def places(case: Case, outsider_case: Case, as_administrator: Actor) -> tuple[Ids, Ids]:
    """Return one of everything there is, in both cases."""
    return tuple(  # type: ignore[return-value]
        {"incident": pk} | {noun: make(as_administrator, pk) for noun, make in MAKERS.items()}
        for pk in (case.pk, outsider_case.pk)
    )


@pytest.mark.parametrize("who", LEVELS)
def test_a_caller_gets_what_the_table_says(
    request: pytest.FixtureRequest, places: tuple[Ids, Ids], who: str
) -> None:
    user = request.getfixturevalue(who)
    client = Client(headers=bearer(token_of(user)))
    # Each place below one mount, and below the other for the next line and the next caller; that both
    # mounts are the same views is shown in test_permissions.py.
    for number, line in enumerate(ASKED, start=list(LEVELS).index(who)):
        mounts = MOUNTS if number % 2 else MOUNTS[::-1]
        for ids, level, mount in zip(places, LEVELS[who], mounts, strict=True):
            status, _ = ask(client, mount, line, ids)
            assert status in expected(line, user, level), (mount, line, level)


@pytest.mark.parametrize("who", ["analyst", "outsider"])
def test_what_is_hidden_is_answered_like_what_is_missing(
    request: pytest.FixtureRequest, places: tuple[Ids, Ids], who: str
) -> None:
    client = Client(headers=bearer(token_of(request.getfixturevalue(who))))
    hidden = places[LEVELS[who].index(0)]
    for line in ASKED:
        if "{incident}" in line.path:
            answer = ask(client, MOUNTS[0], line, hidden)
            missing = ask(client, MOUNTS[0], line, hidden | MISSING)
            assert answer == missing, line


def test_a_thing_of_another_incident_is_missing(
    administrator: User, places: tuple[Ids, Ids]
) -> None:
    client = Client(headers=bearer(token_of(administrator)))
    here, there = places
    for line in ASKED:
        nouns = [noun for noun in NOUN.findall(line.path) if noun != "incident"]
        if "{incident}" in line.path and nouns:
            mixed = here | {noun: there[noun] for noun in nouns}
            assert ask(client, MOUNTS[0], line, mixed)[0] == 404, line


def expected(line: Line, user: User, level: int) -> set[int]:
    """Return the statuses the table allows to a caller of this level."""
    if not is_permitted(line, user):
        return {403}
    if "{incident}" in line.path and level < READ:
        return {404}
    return {403} if level < line.level else set(line.ok)


def ask(client: Client, mount: str, line: Line, ids: Ids) -> tuple[int, str]:
    """Send a request, undo what it did, and return status and body."""
    path = mount + NOUN.sub(lambda found: str(ids[found[1]]), line.path)
    body = line.body(ids) if callable(line.body) else line.body
    with undone():
        call: Callable[..., Any] = getattr(client, line.method.lower())
        with_body = line.method in ("POST", "PUT", "PATCH", "DELETE")
        sent = {"data": json.dumps(body), "content_type": "application/json"} if with_body else {}
        answer = call(path, **sent)
        return answer.status_code, b"".join(answer).decode(errors="replace")
