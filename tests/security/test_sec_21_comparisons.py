"""SEC-21: secrets are looked up by keyed hash or compared in constant time, never with ==."""

import ast
import re
from pathlib import Path

import pytest
from django.conf import settings

from soar.core.actor import Actor
from soar.core.models import User
from soar.core.services.api_keys import hash_of_key, set_key
from tests.http import ApiClient, key_of

PACKAGES = ("soar", "cases", "iocs", "incidents", "modules")
SECRET = re.compile(
    r"(^|_)(secret|token|password|passwd|digest|signature|nonce|hmac|api_key)(_|$)", re.I
)
KEY = re.compile(r"(^|_)(key|key_hash|presented_key)$")
GUARDED = {"api_keys.py", "authentication.py", "own_account.py", "backends.py"}
FILES = [path for name in PACKAGES for path in sorted((settings.BASE_DIR / name).rglob("*.py"))]


def names_in(node: ast.AST) -> set[str]:
    """Return the names a side of a comparison reads, but not what only measures or types them."""
    if isinstance(node, ast.Name):
        return {node.id}
    if isinstance(node, ast.Attribute):
        return {node.attr}
    if isinstance(node, ast.Call):
        return names_in(node.func) - {"len"}
    if isinstance(node, ast.Subscript):
        return names_in(node.value)
    return set()


def plain_comparisons(path: Path) -> list[int]:
    """Return the lines of a file that compare a secret with ==, != or in."""
    kinds = (ast.Eq, ast.NotEq, ast.In, ast.NotIn)
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], kinds):
            names = names_in(node.left).union(*(names_in(side) for side in node.comparators))
            pattern = KEY if path.name in GUARDED else SECRET
            if any(SECRET.search(name) or pattern.search(name) for name in names):
                found.append(node.lineno)
    return found


def test_sec_21_no_secret_is_compared_in_variable_time() -> None:
    found = {str(path): plain_comparisons(path) for path in FILES}
    assert {path: lines for path, lines in found.items() if lines} == {}
    assert len(found) > 400


@pytest.mark.parametrize("text", ["key == other", "row.key_hash != x", "digest() in (a, b)"])
def test_sec_21_the_check_finds_a_plain_comparison(tmp_path: Path, text: str) -> None:
    path = tmp_path / "api_keys.py"
    path.write_text(text, encoding="utf-8")
    assert plain_comparisons(path) == [1]


@pytest.mark.parametrize("cut", [0, 1, 40, 85])
def test_sec_21_a_part_of_a_key_is_no_key(analyst: User, cut: int) -> None:
    assert ApiClient(key_of(analyst)[:cut] or " ").get("/api/ping").status_code == 401


@pytest.mark.parametrize("more", ["a", "=", "\t=", "a" * 1000, "\xe9"])
def test_sec_21_a_key_with_more_behind_it_is_no_key(analyst: User, more: str) -> None:
    assert ApiClient(key_of(analyst) + more).get("/api/ping").status_code == 401


@pytest.mark.parametrize("swap", [str.upper, str.lower, str.swapcase])
def test_sec_21_a_key_of_another_case_is_no_key(analyst: User, swap: object) -> None:
    assert ApiClient(swap(key_of(analyst))).get("/api/ping").status_code == 401  # type: ignore[operator]


def test_sec_21_a_key_is_not_found_by_its_hash(analyst: User) -> None:
    assert ApiClient(hash_of_key(key_of(analyst))).get("/api/ping").status_code == 401


def test_sec_21_setting_the_same_key_again_changes_nothing(
    as_administrator: Actor, analyst: User
) -> None:
    key = key_of(analyst)
    set_key(as_administrator, analyst.pk, key=key)
    assert ApiClient(key).get("/api/ping").status_code == 200
