"""What touches others, at the door: refused without its capability, and told by `whoami/`."""

from typing import Any

import pytest

from cases.models import Case
from incidents.models import Investigator
from soar.core.actor import Actor
from soar.core.models import User
from tests.api.cloudsoar.callers import Caller
from tests.api.cloudsoar.permission_table import TABLE
from tests.incidents.entity_cast import put, the

pytestmark = pytest.mark.django_db
MANAGING = {"cloudSoarEntitiesManage", "cloudSoarIncidentManageInvestigators"}


@pytest.fixture
def call(limited: User) -> Caller:
    """Ask as an analyst without the two capabilities."""
    return Caller(limited)


def test_a_route_for_everybody_is_refused_without_its_capability(
    call: Caller, as_limited: Actor
) -> None:
    ids = {"incident": 1, "entity": put(as_limited, 1).ioc_id}
    lines = [line for line in TABLE if line.also is not None]
    answers = [call(line.method, line.path.format(**ids), dict(line.body)) for line in lines]  # type: ignore[call-overload]
    assert [answer.status_code for answer in answers] == [403] * 5
    assert the().verdict == "none"


def test_a_request_that_judges_or_locks_among_others_does_nothing(
    call: Caller, as_limited: Actor
) -> None:
    row = put(as_limited, 1, tags="a")
    for more in ({"tag": "b,MALICIOUS"}, {"locked": True}, {"threat_indicator": "malicious"}):
        body = {"tag": "b", "additional_info": "x", "favorite": True, **more}
        assert call("PATCH", f"entities/{row.ioc_id}/", body).status_code == 403
    shown = call.get(f"entities/{row.ioc_id}/")
    assert (shown["tag"], shown["favorite"]) == ([{"value": "a"}], False)
    judged = {"type": "host", "value": "web-1", "tag": "MALICIOUS"}
    assert call("POST", "entities/", judged).status_code == 403
    plain = {"tag": "b", "favorite": True}
    assert call("PATCH", f"entities/{row.ioc_id}/", plain).json()["tag"][-1] == {"value": "b"}


def test_nobody_is_invited_on_the_way(call: Caller, colleague: User) -> None:
    named = [{"user": colleague.pk}]
    count = Case.objects.count()
    opened = call("POST", "incidents/", {"description": "x", "investigators": named})
    assert (opened.status_code, Case.objects.count()) == (403, count)
    bulk = {"ids": [1], "action": "add_investigator", "params": named[0]}
    assert call("POST", "incidents/bulk/", bulk).json()["failed"][0]["id"] == 1
    assert not Investigator.objects.exists()


@pytest.mark.parametrize(("who", "held"), [("limited", set()), ("analyst", MANAGING)])
def test_a_caller_is_told_the_capabilities(
    request: pytest.FixtureRequest, who: str, held: set[str]
) -> None:
    told: dict[str, Any] = Caller(request.getfixturevalue(who)).get("whoami/")
    assert MANAGING & set(told["capabilities"]) == held
