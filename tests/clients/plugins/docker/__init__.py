"""Stands in for the Docker SDK, which client 2.0.4 imports and its tests never use here."""


def from_env() -> None:
    """Refuse: no test may start containers."""
    raise RuntimeError("tests do not start containers")
