"""The module and the receiver that the author's guide shows do what it says."""

import re
import sys
from typing import Any

from django.conf import settings

from modules.runner.host import Environment, Limits, run_job
from modules.services.jobs import job_of_package
from tests.modules.builtin.receiver import Receiver, receiving
from tests.modules.builtin.running import run

DOCS = settings.BASE_DIR / "docs"
EXAMPLE = Environment(sys.executable, "example_module", "test", (str(DOCS / "example_module"),))


def result_of(kind: str, **job: Any) -> dict[str, Any]:
    """Let the example do a job."""
    outcome = run_job(EXAMPLE, {**job_of_package("example_module", kind), **job}, Limits())
    assert outcome.result is not None, outcome
    return outcome.result


def test_the_example_is_healthy_and_registers() -> None:
    assert result_of("describe")["description"]["is_healthy"]
    hooks = [one["hook"] for one in result_of("register")["subscriptions"]]
    assert hooks == ["on_postload_ioc_create", "on_manual_trigger_ioc"]


def test_the_example_tags_what_looks_like_another() -> None:
    values = ("xn--pple-43d.com", "apple.com")
    data = [
        {"__kind__": "ioc", "ioc_id": number, "ioc_value": value, "ioc_tags": "a"}
        for number, value in enumerate(values, start=1)
    ]
    [diff] = result_of("run", hook="on_postload_ioc_create", data=data)["diffs"]
    assert (diff["id"], diff["changes"]["ioc_tags"]) == (1, ["a", "a,look-alike"])
    assert diff["attributes"]["Look-alike"]["Looks like"]["value"] == "<p>\u0430pple.com</p>"


def delivered(receiver: Receiver, secret: str) -> None:
    """Send a webhook to the receiver."""
    hook = "on_postload_ioc_create"
    webhook = {"name": "siem", "url": receiver.url, "secret": secret, "hooks": [hook]}
    parameters = {"webhooks_list": [webhook], "webhooks_allowed_addresses": "127.0.0.1"}
    run("watchfloor_webhooks", hook, [{"__kind__": "ioc", "ioc_value": "é"}], parameters)


def test_the_receiver_of_the_guide_knows_what_is_genuine() -> None:
    guide = (DOCS / "modules.md").read_text(encoding="utf-8")
    [code] = [
        code for code in re.findall(r"```python\n(.*?)```", guide, re.S) if "is_genuine" in code
    ]
    names: dict[str, Any] = {}
    exec(code, names)
    secret = "sixteen characters"
    with receiving() as receiver:
        delivered(receiver, secret)
    [request] = receiver.requests
    is_genuine = names["is_genuine"]
    assert is_genuine(request.headers, request.body, secret)
    assert not is_genuine(request.headers, request.body + b" ", secret)
    assert not is_genuine(request.headers, request.body, "another secret, as long")
    assert not is_genuine(request.headers, request.body, secret, now=9_999_999_999)
