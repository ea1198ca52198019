"""`/api/*`: what clients ask first."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from soar.api.iris.envelope import success
from soar.api.iris.views import ANY_KEY, IrisViewSet, endpoint

# Accepted by the clients published as 1.0.2 to 2.0.4 (contract §1.2).
VERSIONS = {"api_min": "1.0.2", "api_current": "2.0.4", "iris_current": "v2.4.20"}


class VersionsOut(serializers.Serializer[Any]):
    """The span of client versions served."""

    api_min = serializers.CharField()
    api_current = serializers.CharField()
    iris_current = serializers.CharField()


class SystemViewSet(IrisViewSet):
    """Liveness and versions."""

    @endpoint(ANY_KEY, summary="Tell whether the key is valid")
    def ping(self, request: Request) -> Response:
        """Answer pong."""
        return success("pong")

    @endpoint(ANY_KEY, summary="Tell the versions served", gives=VersionsOut)
    def versions(self, request: Request) -> Response:
        """Answer the span of versions."""
        return success(data=VERSIONS)
