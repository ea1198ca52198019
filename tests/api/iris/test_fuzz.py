"""schemathesis over the door's own OpenAPI document: no 5xx, and an envelope on every answer."""

import pytest
import schemathesis
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case, GenerationMode

from soar.api.iris.urls import doors
from soar.core.actor import Actor
from soar.core.models import User
from soar.core.services.users import add_user
from soar.wsgi import application
from tests.api.iris.world import World
from tests.cast import PASSWORD
from tests.database import undone
from tests.http import key_of

pytestmark = pytest.mark.usefixtures("kept_connection")
EXAMPLES = 20
DOCUMENT = SchemaGenerator(patterns=doors).get_schema(request=None, public=True)
schema = schemathesis.openapi.from_dict(DOCUMENT)
schema.app = application
schema.config.generation.update(
    modes=[GenerationMode.POSITIVE, GenerationMode.NEGATIVE], with_security_parameters=False
)
bounded = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def fuzzer(world: World) -> User:
    """An administrator of the fuzzer's own, who must not lock himself out."""
    return add_user(
        Actor.of(User.objects.get(pk=1), "system"),
        login="fuzzer",
        name="Fuzzer",
        email="fuzzer@example.org",
        password=PASSWORD,
        is_administrator=True,
    )[0]


def aim(case: Case, world: World, fuzzer: User) -> None:
    """Let every other request hit what exists, so that more than the refusals is exercised."""
    for name, value in (case.path_parameters or {}).items():
        noun = name.removesuffix("_id")
        if value == fuzzer.pk:
            case.path_parameters[name] = fuzzer.pk + 1
        elif noun in world.here and len(str(value)) % 2:
            case.path_parameters[name] = world.here[noun]
    if isinstance((case.query or {}).get("cid"), int):
        case.query["cid"] = world.here["case"]


@pytest.mark.django_db
@schema.parametrize()
@bounded
def test_any_request_is_answered_in_the_envelope(case: Case, world: World, fuzzer: User) -> None:
    aim(case, world, fuzzer)
    with undone():
        answer = case.call(headers={"Authorization": f"Bearer {key_of(fuzzer)}"})
    assert answer.status_code in (200, 400, 403, 404, 405), answer.text[:300]
    assert set(answer.json()) == {"status", "message", "data"}
