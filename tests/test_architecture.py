"""The rules of the tree that no linter knows: who writes, how long things are, where imports stand."""

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
PACKAGES = ("soar", "cases", "iocs", "incidents", "modules")
MAXIMUM_LINES, MAXIMUM_FUNCTION = 400, 40
# Published clients and generated migrations are not ours to shape.
FOREIGN = ("migrations", "clients", "node_modules", "static")
PRODUCTION = [
    path
    for name in PACKAGES
    for path in sorted((ROOT / name).rglob("*.py"))
    if not set(FOREIGN) & set(path.parts)
]
TESTS = [p for p in sorted((ROOT / "tests").rglob("*.py")) if not set(FOREIGN) & set(p.parts)]
BENCH = [p for p in sorted((ROOT / "bench").rglob("*.py")) if not set(FOREIGN) & set(p.parts)]
TREE = [*PRODUCTION, *TESTS, *BENCH]
# Only what lies here may write rows; beside the services the two primitives they are made of.
WRITERS = re.compile(
    r"(^|/)services(/|\.py$)|^soar/core/(recording|inserting|locking|audit_triggers)\.py$|/models/"
)
WRITES = {
    "save",
    "bulk_create",
    "bulk_update",
    "get_or_create",
    "update_or_create",
    "select_for_update",
}
CREATES = {"create", "bulk_create", "get_or_create", "update_or_create"}
QUERY_WRITES = {"create", "update", "delete", "add", "remove", "set", "clear"}
MACHINE = re.compile(r"(?<![\w.])/(?:home|root|work|Users)/\w|(?<![\w.])/tmp/\w+/|[A-Z]:\\\\Users")
FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef


def relative(path: Path) -> str:
    """Return a path as the reports show it."""
    return path.relative_to(ROOT).as_posix()


@lru_cache(maxsize=1)
def nodes_of(path: Path) -> list[ast.AST]:
    """Return the nodes of a file's syntax tree, the module first; rules ask for one file in a row."""
    return list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def functions(path: Path) -> Iterator[FUNCTIONS]:
    """Yield every function and method of a file."""
    return (node for node in nodes_of(path) if isinstance(node, FUNCTIONS))


def length_of(function: FUNCTIONS) -> int:
    """Return the lines of a function's body without its docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (function.end_lineno or 0) - body[0].lineno + 1 if body else 0


def names_manager(node: ast.expr) -> bool:
    """Tell whether an expression starts at a manager or a selector of rows."""
    if isinstance(node, ast.Attribute):
        return node.attr in ("objects", "_default_manager") or names_manager(node.value)
    if isinstance(node, ast.Call):
        is_selector = isinstance(node.func, ast.Name) and node.func.id.startswith("visible_")
        return is_selector or names_manager(node.func)
    return False


def writes(path: Path) -> list[str]:
    """Return the calls of a file that write rows."""
    found = []
    for node in nodes_of(path):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            name, owner = node.func.attr, node.func.value
            is_super = isinstance(owner, ast.Call) and getattr(owner.func, "id", "") == "super"
            if (name in WRITES and not is_super) or (name in QUERY_WRITES and names_manager(owner)):
                found.append(f"{relative(path)}:{node.lineno} {name}")
    return found


def is_ready(function: FUNCTIONS, path: Path) -> bool:
    """Tell whether a function is the start-up hook of an application."""
    return function.name == "ready" and path.name in ("apps.py", "console.py")


def called_names(node: ast.AST) -> set[str]:
    """Return the names of everything a piece of code calls."""
    calls = [part.func for part in ast.walk(node) if isinstance(part, ast.Call)]
    return {getattr(call, "attr", getattr(call, "id", "")) for call in calls}


def asserts(node: ast.AST, checkers: set[str]) -> bool:
    """Tell whether code checks something: asserts, expects an error, or calls what does."""
    is_assert = any(isinstance(part, ast.Assert) for part in ast.walk(node))
    return is_assert or bool(called_names(node) & checkers)


def checkers() -> set[str]:
    """Return the names of all helpers that check something, themselves or through others."""
    helpers = [function for path in TESTS for function in functions(path)]
    known, size = {"raises", "django_assert_num_queries", "django_assert_max_num_queries"}, 0
    while len(known) > size:
        size = len(known)
        known |= {helper.name for helper in helpers if asserts(helper, known)}
    return known


def makes_one_of(called: ast.expr, models: set[str]) -> bool:
    """Tell whether a call is Model(...) or Model.objects.create(...) or the like of these models."""
    if isinstance(called, ast.Name):
        return called.id in models
    is_manager = isinstance(called, ast.Attribute) and called.attr in CREATES
    return is_manager and bool(models & {n.id for n in ast.walk(called) if isinstance(n, ast.Name)})


def is_too_long(path: Path) -> list[str]:
    """Return the length of a file of more than 400 lines."""
    lines = path.read_text(encoding="utf-8").count("\n")
    return [f"{relative(path)} has {lines} lines"] if lines > MAXIMUM_LINES else []


def long_functions(path: Path) -> list[str]:
    """Return the functions of more than 40 lines."""
    long = (found for found in functions(path) if length_of(found) > MAXIMUM_FUNCTION)
    return [f"{relative(path)}:{found.lineno} {found.name}" for found in long]


def hidden_imports(path: Path) -> list[str]:
    """Return the imports within functions."""
    return [
        f"{relative(path)}:{node.lineno}"
        for function in functions(path)
        if not is_ready(function, path)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]


def broad_excepts(path: Path) -> list[str]:
    """Return the handlers that catch everything, which only stand around the runs of modules."""
    return [
        f"{relative(path)}:{node.lineno}"
        for node in nodes_of(path)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or getattr(node.type, "id", "") in ("Exception", "BaseException"))
        and not relative(path).startswith("modules/runner")
    ]


def imports_of_tests(path: Path) -> list[str]:
    """Return the imports of tests and benchmarks."""
    imported = [node for node in nodes_of(path) if isinstance(node, ast.ImportFrom)]
    return [
        f"{relative(path)}:{node.lineno}"
        for node in imported
        if (node.module or "").split(".")[0] in ("tests", "bench")
    ]


def lacks_purpose(path: Path) -> list[str]:
    """Return the file if it has code and does not start with what it is for."""
    module = nodes_of(path)[0]
    assert isinstance(module, ast.Module)
    return [relative(path)] if module.body and not ast.get_docstring(module) else []


def sleeping_or_skipped(path: Path) -> list[str]:
    """Return the tests that sleep or are left out."""
    forbidden = re.compile(r"time\.sleep\(|mark\.(skip\b|xfail)|pytest\.(skip|xfail)\(")
    return [
        f"{relative(path)}:{test.lineno}"
        for test in written_tests(path)
        if forbidden.search(ast.unparse(test))
    ]


def written_tests(path: Path) -> list[FUNCTIONS]:
    """Return the tests of a file."""
    return [function for function in functions(path) if function.name.startswith("test_")]


READERS = [path for path in PRODUCTION if not WRITERS.search(relative(path))]
TEST_FILES = [path for path in TESTS if path.name.startswith("test_")]
Rule = Callable[[Path], list[str]]
RULES: list[tuple[Rule, list[Path]]] = [
    (writes, READERS),
    (is_too_long, TREE),
    (long_functions, TREE),
    (hidden_imports, PRODUCTION),
    (broad_excepts, PRODUCTION),
    (imports_of_tests, PRODUCTION),
    (lacks_purpose, PRODUCTION),
    (sleeping_or_skipped, TEST_FILES),
]


@pytest.fixture(scope="module")
def findings() -> dict[Rule, list[str]]:
    """What breaks each rule; every file is parsed once, for all of them."""
    found: dict[Rule, list[str]] = {rule: [] for rule, _ in RULES}
    covered = [(rule, set(paths)) for rule, paths in RULES]
    for path in TREE:
        for rule, paths in covered:
            found[rule] += rule(path) if path in paths else []
    return found


@pytest.mark.parametrize(("rule", "paths"), RULES, ids=lambda value: getattr(value, "__name__", ""))
def test_no_file_breaks_a_rule(
    findings: dict[Rule, list[str]], rule: Rule, paths: list[Path]
) -> None:
    assert len(paths) > 100
    assert findings[rule] == []


def test_only_open_incident_makes_cases_and_incidents() -> None:
    makers = {"Case", "Incident"}
    found = {
        relative(path)
        for path in PRODUCTION
        for node in nodes_of(path)
        if isinstance(node, ast.Call) and makes_one_of(node.func, makers)
    }
    assert found == {"incidents/services/incidents.py"}


def test_every_test_asserts_something() -> None:
    known = checkers()
    idle = [
        f"{relative(path)}:{test.lineno} {test.name}"
        for path in TEST_FILES
        for test in written_tests(path)
        if not asserts(test, known)
    ]
    assert idle == []


def tracked_files() -> list[Path]:
    """Return the text files that belong to the project."""
    kinds = {".py", ".md", ".toml", ".txt", ".html", ".json", ".cfg", ".yml", ".yaml", ".sh", ""}
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    return [
        ROOT / name for name in listed if Path(name).suffix in kinds and (ROOT / name).is_file()
    ]


def test_no_file_names_a_path_of_one_machine() -> None:
    found = []
    for path in tracked_files():
        text = path.read_text(encoding="utf-8", errors="replace")
        if path != Path(__file__) and path.parent.name != "demo" and MACHINE.search(text):
            found.append(relative(path))
    assert found == []


def test_layers_import_only_downwards() -> None:
    linter = Path(sys.executable).parent / "lint-imports"
    run = subprocess.run(
        [linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize(
    "text",
    ["row.save()", "Case.objects.create(a=1)", "visible_cases(actor).filter(a=1).delete()"],
)
def test_the_check_finds_a_write(
    tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    (tmp_path / "door.py").write_text(text, encoding="utf-8")
    assert len(writes(tmp_path / "door.py")) == 1
