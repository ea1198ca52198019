"""What every test may ask for: a seeded database, the cast (tests/cast.py), and their HTTP clients."""

import gc
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import TransactionTestCase

from modules.services import preload
from soar.core import throttling
from soar.core.actor import Actor
from soar.core.models import User
from tests.database import seeded_database, undone
from tests.http import ApiClient, key_of
from tests.settings import BASE

pytest_plugins = ["tests.cast", "tests.triage_cast"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer to leave out what no database can change."""
    text = "only tests that use the database of this run"
    parser.addoption("--on-the-database", action="store_true", help=text)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Start with the slow ones and with large files, so that no process is left alone with them at the end.

    Leave out tests without the database of this run, if asked: a second run would show nothing new.
    """
    sizes = Counter(item.path for item in items)
    items.sort(key=lambda item: (item.get_closest_marker("slow") is None, -sizes[item.path]))
    if not config.getoption("--on-the-database"):
        return
    others = [item for item in items if not _uses_database(item)]
    items[:] = [item for item in items if _uses_database(item)]
    config.hook.pytest_deselected(items=others)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Look for garbage less often, and not in what is loaded: that took an eighth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


def _uses_database(item: pytest.Item) -> bool:
    fixtures = getattr(item, "fixturenames", ())
    return "django_db_setup" in fixtures or item.get_closest_marker("django_db") is not None


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: Any) -> Iterator[None]:
    """Make a seeded database, and make it what it was whenever a transactional test has changed it."""
    with (
        pytest.MonkeyPatch.context() as patch,
        django_db_blocker.unblock(),
        seeded_database(BASE) as restore,
    ):

        def restored(case: TransactionTestCase) -> None:
            restore()
            ContentType.objects.clear_cache()

        patch.setattr(TransactionTestCase, "_fixture_teardown", restored)
        with django_db_blocker.block():
            yield


@pytest.fixture(autouse=True)
def _no_remembered_failures() -> None:
    """Forget wrong keys other tests have sent."""
    throttling.forget_failures()


@pytest.fixture(autouse=True)
def _no_synchronous_hooks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no request look for modules to wait for; a test of such modules has it look at once."""
    monkeypatch.setattr(preload, "_known", preload.Known(seen_at=float("inf")))


@pytest.fixture(scope="module")
def kept_connection() -> Iterator[list[str]]:
    """Keep our application from closing the connection of the test; it notes when it would have looked."""
    looked: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            BaseDatabaseWrapper,
            "close_if_unusable_or_obsolete",
            lambda connection: looked.append(connection.alias),
        )
        yield looked


@pytest.fixture(scope="module")
def for_module(django_db_setup: None, django_db_blocker: Any) -> Iterator[Actor]:
    """Let fixtures of a module write, as the administrator; all of it is rolled back after its tests.

    Not for modules with tests that commit.
    """
    with django_db_blocker.unblock(), undone():
        yield Actor.of(User.objects.get(pk=1), "iris")


@pytest.fixture
def api(db: None) -> Callable[[User | None], ApiClient]:
    """Make the HTTP client of a user, or of nobody."""
    return lambda user: ApiClient(key_of(user) if user else "")


@pytest.fixture
def api_administrator(administrator: User) -> ApiClient:
    """The administrator's HTTP client."""
    return ApiClient(key_of(administrator))


@pytest.fixture
def api_analyst(analyst: User) -> ApiClient:
    """The analyst's HTTP client."""
    return ApiClient(key_of(analyst))


@pytest.fixture
def api_guest(guest: User) -> ApiClient:
    """The guest's HTTP client."""
    return ApiClient(key_of(guest))


@pytest.fixture
def api_reader(reader: User) -> ApiClient:
    """The reader's HTTP client."""
    return ApiClient(key_of(reader))


@pytest.fixture
def api_outsider(outsider: User) -> ApiClient:
    """The outsider's HTTP client."""
    return ApiClient(key_of(outsider))


@pytest.fixture
def api_denied_administrator(denied_administrator: User) -> ApiClient:
    """The denied administrator's HTTP client."""
    return ApiClient(key_of(denied_administrator))
