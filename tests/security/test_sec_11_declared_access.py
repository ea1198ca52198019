"""SEC-11: every route declares who may call it; one that does not is refused."""

from typing import Any

import pytest
from django.test import RequestFactory
from rest_framework.response import Response

from soar.api.base import DenyUndeclared
from soar.api.cloudsoar import views as cloudsoar
from soar.api.cloudsoar.urls import doors as cloudsoar_doors
from soar.api.cloudsoar.urls import unknown
from soar.api.iris.urls import doors
from soar.api.iris.views import Access, DeclaredAccess, IrisViewSet
from soar.core.models import User
from tests.http import key_of

ACTIONS = [
    pytest.param(door.callback.cls, action, id=f"{method} {door.pattern._route}")
    for door in doors
    for method, action in door.callback.actions.items()
]
CLOUDSOAR_ACTIONS = [
    pytest.param(door.callback.cls, action, id=f"{method} {door.pattern}")
    for door in [*cloudsoar_doors, *unknown]
    for method, action in door.callback.actions.items()
]


class Careless(IrisViewSet):
    """A viewset whose author forgot the access."""

    def list(self, request: Any) -> Response:
        """Answer what must not get out."""
        return Response({"leak": True})


@pytest.mark.parametrize(("viewset", "action"), ACTIONS)
def test_sec_11_every_route_declares_its_access(viewset: Any, action: str) -> None:
    assert isinstance(getattr(viewset, action).access, Access)


@pytest.mark.parametrize(("viewset", "action"), ACTIONS)
def test_sec_11_no_route_replaces_the_check(viewset: Any, action: str) -> None:
    assert viewset.permission_classes == [DeclaredAccess]
    assert viewset.authentication_classes == IrisViewSet.authentication_classes


@pytest.mark.parametrize(("viewset", "action"), CLOUDSOAR_ACTIONS)
def test_sec_11_every_route_of_the_second_door_declares_its_access(
    viewset: Any, action: str
) -> None:
    assert isinstance(getattr(viewset, action).access, cloudsoar.Access)
    assert viewset.permission_classes == [cloudsoar.DeclaredAccess]
    base = cloudsoar.CloudSoarViewSet
    assert viewset.authentication_classes == base.authentication_classes
    assert viewset.perform_authentication is base.perform_authentication


def test_sec_11_a_route_without_declaration_is_refused_to_administrators(
    administrator: User,
) -> None:
    request = RequestFactory().get(
        "/", headers={"authorization": f"Bearer {key_of(administrator)}"}
    )
    answer = Careless.as_view({"get": "list"})(request)
    assert answer.status_code == 403
    assert "leak" not in answer.data


def test_sec_11_a_view_outside_every_door_is_refused_by_default(settings: Any) -> None:
    assert settings.REST_FRAMEWORK["DEFAULT_PERMISSION_CLASSES"] == ["soar.api.base.DenyUndeclared"]
    assert not DenyUndeclared().has_permission(None, None)
