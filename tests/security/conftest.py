"""What the security tests share: both customers' world, seeded once per module."""

from tests.api.iris.conftest import modules_by_script, world

__all__ = ["modules_by_script", "world"]
