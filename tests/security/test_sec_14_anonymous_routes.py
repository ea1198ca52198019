"""SEC-14: what answers without log-in is a frozen list over the whole URL table."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve

pytestmark = pytest.mark.django_db
# Whoever adds a route here says why in the review.
ANONYMOUS = frozenset(
    {
        "",  # a redirect to the console
        "healthz",
        "readyz",
        "api/iris/schema",
        "api/iris/docs",
        "api/csoar/schema",
        "api/csoar/docs",
        "api/csoar/v3/version/",
        "api/csoar/v3/health/",
        "incmansuite_ng/api/v3/version/",
        "incmansuite_ng/api/v3/health/",
        "admin/login/",
        "admin/logout/",
    }
)
OPEN = frozenset({200, 204, 503})
# What a converter's segment is replaced with.
EXAMPLES = {"id": "1", "int": "1", "str": "x", "slug": "x", "path": "1", "uuid": "0" * 32}


def routes(patterns: list[Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield every route of the URL table with an address that reaches it."""
    for pattern in patterns:
        text = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, text)
        elif isinstance(pattern, URLPattern):
            yield text, address_of(text)


def address_of(route: str) -> str:
    """Return an address that a route matches."""
    filled = re.sub(r"<(?:(\w+):)?\w+>", lambda found: EXAMPLES[found[1] or "str"], route)
    filled = re.sub(r"\(\?P<app_label>([\w]+)[^)]*\)", r"\1", filled)
    filled = re.sub(r"\(\?P<url>[^)]*\)\$?", "nothing/", filled)
    return "/" + filled.replace("^", "").replace("$", "").replace("\\", "")


ROUTES = sorted(set(routes(get_resolver().url_patterns)))


def answers_anonymously(address: str) -> bool:
    """Tell whether either method is served without log-in."""
    client = Client()
    return any(call(address).status_code in OPEN for call in (client.get, client.post))


def test_sec_14_the_url_table_is_read_in_full() -> None:
    assert len(ROUTES) > 150
    assert {"healthz", "metrics", "admin/core/user/", "case/ioc/list"} <= {r for r, _ in ROUTES}
    assert all(resolve(address) for _, address in ROUTES)


def test_sec_14_only_listed_routes_answer_without_log_in() -> None:
    assert {route for route, address in ROUTES if answers_anonymously(address)} <= ANONYMOUS


def test_sec_14_the_list_names_no_route_that_is_gone() -> None:
    assert {route for route, _ in ROUTES} >= ANONYMOUS
