"""Modules as published on PyPI, unmodified and unread, in a virtual environment of their own."""

import http.server
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from modules.runner.host import Environment, Limits, Outcome, run_job
from tests.modules.runner.jobs import failure_of, job, success_of, texts
from tests.modules.wheels import published

pytestmark = pytest.mark.slow
INTERFACE, PACKAGE = "iris-interface==1.2.0", "iris_webhooks_module"
INSTALLED = (INTERFACE, "iris-webhooks-module==1.0.1", "requests")
INSTALL_SECONDS = 300


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """A virtual environment with the published webhooks module and interface."""
    folder = tmp_path_factory.mktemp("published") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    python = folder / "bin" / "python"
    wheels = published(*INSTALLED)
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-index"]
    subprocess.run([*pip, "--find-links", wheels, *INSTALLED], check=True, timeout=INSTALL_SECONDS)
    return Environment(str(python), PACKAGE, "1")


class Receiver:
    """A service on loopback that keeps what is posted to it."""

    def __init__(self) -> None:
        self.posts: list[dict[str, Any]] = []
        self.status = 200
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                receiver.posts.append(json.loads(self.rfile.read(length)))
                self.send_response(receiver.status)
                self.end_headers()

            def log_message(self, *_given: Any) -> None:
                """Print nothing."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def configuration(self, **changes: Any) -> list[dict[str, Any]]:
        """Return the parameters of a module that posts here when an IOC is created."""
        webhook = {
            "name": "one",
            "active": True,
            "trigger_on": ["on_postload_ioc_create"],
            "request_url": f"http://127.0.0.1:{self.server.server_port}/hook?token=a-secret",
            "use_rendering": True,
            "request_rendering": "markdown",
            "request_body": {"title": "%TITLE%", "text": "%DESCRIPTION%"},
            **changes,
        }
        text = json.dumps({"instance_url": "https://iris.example.org", "webhooks": [webhook]})
        return [{"param_name": "wh_configuration", "type": "textfield_json", "value": text}]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A running service."""
    receiver = Receiver()
    thread = threading.Thread(target=receiver.server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()
    thread.join()


def do(place: Environment, *, is_forked: bool = False, **changes: Any) -> Outcome:
    """Let the module do a job."""
    return run_job(place, job(PACKAGE, **changes), Limits(60), is_preimported=is_forked)


def test_the_published_interface_is_installed_and_shadowed(place: Environment) -> None:
    libraries = next(Path(place.python).parents[1].glob("lib/python*/site-packages"))
    assert (libraries / "iris_interface" / "__init__.py").exists()
    said = success_of(do(place, kind="describe"))["description"]
    assert (said["module_name"], said["version"]) == ("IrisWebHooks", "1.0.0")
    assert (said["interface_version"], said["type"]) == ("1.1", "module_processor")
    assert (said["is_healthy"], said["health"]) == (True, [])
    (parameter,) = said["configuration"]
    assert (parameter["param_name"], parameter["type"]) == ("wh_configuration", "textfield_json")


def test_it_registers_without_any_configuration(place: Environment) -> None:
    result = success_of(do(place, kind="register"))
    assert (result["subscriptions"], result["problems"]) == ([], [])


def test_it_registers_what_its_json_asks_for(place: Environment, receiver: Receiver) -> None:
    result = success_of(do(place, kind="register", configuration=receiver.configuration()))
    assert [one["hook"] for one in result["subscriptions"]] == ["on_postload_ioc_create"]
    assert result["problems"] == []


def test_it_registers_all_postload_hooks_it_knows(place: Environment, receiver: Receiver) -> None:
    chosen = receiver.configuration(trigger_on=["all"])
    hooks = {
        one["hook"]
        for one in success_of(do(place, kind="register", configuration=chosen))["subscriptions"]
    }
    assert "on_postload_ioc_create" in hooks
    assert len(hooks) > 10


def test_a_new_ioc_is_posted_once(place: Environment, receiver: Receiver, is_forked: bool) -> None:
    outcome = do(place, configuration=receiver.configuration(), is_forked=is_forked)
    result = success_of(outcome)
    assert len(receiver.posts) == 1
    assert "Mara Lindqvist created ioc 198.51.100.7" in receiver.posts[0]["text"]
    assert len(texts(result)) >= 3
    assert any("HTTP POST 127.0.0.1 answered 200" in line for line in texts(result))
    assert (result["diffs"], result["creations"]) == ([], [])


def test_a_service_that_fails_is_in_the_log(place: Environment, receiver: Receiver) -> None:
    receiver.status = 500
    result = do(place, configuration=receiver.configuration()).result
    assert result is not None
    assert len(receiver.posts) == 1
    assert any(line["level"] in ("ERROR", "WARNING") for line in result["logs"])
    assert "a-secret" not in "".join(line for line in texts(result) if line.startswith("HTTP "))


def test_an_unreachable_service_is_a_failure_with_its_reason(place: Environment) -> None:
    unreachable = Receiver()
    unreachable.server.server_close()
    outcome = do(place, configuration=unreachable.configuration())
    assert "Connection refused" in failure_of(outcome)
