"""Every route of the IRIS door x nine callers x own, foreign and missing ids (SEC-12)."""

import itertools
import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from soar.api.iris.urls import doors
from soar.core.permissions import Permission
from tests.api.iris.calls import body_of, path_of, send
from tests.api.iris.permission_table import READ_CASE, TABLE, Line, route_table, shape_of
from tests.api.iris.world import CALLERS, Reach, World
from tests.database import undone

pytestmark = pytest.mark.django_db
OK, BAD, UNKNOWN, REFUSED = 200, 400, 401, 403
FOUND_BY_READERS = {"run"}  # of a case, yet on routes without a context case
DOCUMENT = Path(settings.BASE_DIR) / "docs" / "permissions.md"
CALLS = [(line, method) for line in TABLE for method in line.methods.split()]
MATRIX = [(*call, caller) for call, caller in itertools.product(CALLS, CALLERS)]
Target = tuple[str, str]  # the sides of the context case and of the object


def name_of(value: Any) -> str:
    """Return the path of a line, and any other parameter as it is."""
    return value.path if isinstance(value, Line) else value


def targets(line: Line, reach: Reach) -> list[Target]:
    """Return what to ask for: own, foreign and missing cases and objects."""
    asked = [(reach.own, reach.own)]
    if line.context:
        asked += [(reach.foreign, reach.foreign), ("missing", reach.own)]
    if line.noun:
        asked.append((reach.own, "missing"))
    if line.is_tenant:
        asked.append((reach.own, reach.foreign))
    return asked


def indistinguishable(line: Line, reach: Reach) -> list[tuple[Target, Target]]:
    """Return the pairs of a foreign and a missing target that must be answered alike."""
    pairs = []
    is_hidden = reach.level(reach.foreign) < READ_CASE
    if line.context and is_hidden:
        pairs.append(((reach.foreign, reach.foreign), ("missing", reach.foreign)))
    if line.is_tenant and (is_hidden or line.context):
        pairs.append(((reach.own, reach.foreign), (reach.own, "missing")))
    return pairs


HIDING = [part for part in MATRIX if indistinguishable(part[0], CALLERS[part[2]])]


@pytest.mark.parametrize(("line", "method", "caller"), MATRIX, ids=name_of)
def test_a_caller_gets_what_the_table_says(
    world: World, line: Line, method: str, caller: str
) -> None:
    for target in targets(line, CALLERS[caller]):
        status, _ = ask(world, line, method, caller, target)
        assert status == expected_status(line, world, caller, target), target


@pytest.mark.parametrize(("line", "method", "caller"), HIDING, ids=name_of)
def test_foreign_and_missing_are_answered_alike(
    world: World, line: Line, method: str, caller: str
) -> None:
    for foreign, missing in indistinguishable(line, CALLERS[caller]):
        answer = ask(world, line, method, caller, foreign)
        assert answer == ask(world, line, method, caller, missing), foreign


def test_every_route_has_a_line() -> None:
    routes = [
        (method.upper(), shape_of(str(door.pattern._route)))
        for door in doors
        for method in door.callback.actions
        if method != "head"
    ]
    lines = [(method, shape_of(line.path)) for line, method in CALLS]
    assert sorted(routes) == sorted(lines)


def test_the_document_shows_the_table() -> None:
    text = DOCUMENT.read_text(encoding="utf-8").partition("## Routes of the Cloud SOAR door")[0]
    shown = re.findall(r"^\| (?:GET|POST|Methods).*\|$\n?", text, re.MULTILINE)
    rows = [row.strip() for row in shown]
    assert rows == [row for row in route_table() if not row.startswith("|---")]


def expected_status(line: Line, world: World, caller: str, target: Target) -> int:
    """Return the status the table promises."""
    permissions, reach, (context, side) = world.callers[caller].permissions, CALLERS[caller], target
    if permissions is None:
        return UNKNOWN
    if line.any_of and not any(permission in permissions for permission in line.any_of):
        return REFUSED
    if line.named:
        is_told = Permission.SERVER_ADMINISTRATOR in permissions and reach.level(side) < READ_CASE
        return OK if reach.level(side) >= line.named else BAD if is_told else REFUSED
    if reach.level(context) < line.context:
        return REFUSED
    if line.noun in FOUND_BY_READERS:
        return OK if reach.level(side) >= READ_CASE else BAD
    knows_customer = "customer" in line.noun and reach.level(side) >= READ_CASE
    is_found = not line.noun or line.finds_nothing or side == context or knows_customer
    return OK if is_found else BAD


def ask(world: World, line: Line, method: str, caller: str, target: Target) -> tuple[int, str]:
    """Send the request, undo what it did, and return status and body without ids."""
    context, side = target
    path = path_of(world, line, context, side)
    refers_to = CALLERS[caller].own if context == "missing" else context
    body = body_of(world, line, refers_to, side)
    with undone():
        answer = send(world.callers[caller].client, method, path, body)
        text = answer.getvalue().decode()
    if answer.status_code == OK:
        return OK, text
    asked = [world.id_of(context, "case"), world.id_of(side, line.noun) if line.noun else ""]
    return answer.status_code, masked(text, asked)


def masked(text: str, ids: list[int | str]) -> str:
    """Return a refusal without the ids that were asked for, its caller and the number of the error."""
    body = json.loads(text)
    if isinstance(body["data"], dict):
        body["data"] = {k: v for k, v in body["data"].items() if k not in ("error_uuid", "user_id")}
    asked = "|".join(str(pk) for pk in ids if pk != "")
    return re.sub(rf"\b({asked})\b", "ID", json.dumps(body))
