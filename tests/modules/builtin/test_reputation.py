"""The reputation module in the runner: what it asks, and what it writes on an IOC."""

import json
from typing import Any

import pytest

from tests.modules.builtin.receiver import Answer, Receiver
from tests.modules.builtin.running import describe, hooks_of, lines_of, run

REPUTATION = "watchfloor_reputation"
CREATE = "on_postload_ioc_create"
KEY = "Bearer s3cret"


def ioc(**changes: Any) -> dict[str, Any]:
    """Make the snapshot of an IOC."""
    kind = {"type_id": 20, "type_name": changes.pop("type_name", "domain")}
    base = {"__kind__": "ioc", "ioc_id": 12, "ioc_value": "evil.com", "ioc_tags": ""}
    return {**base, "ioc_type": kind, "custom_attributes": {}, **changes}


def parameters(receiver: Receiver, **changes: Any) -> dict[str, Any]:
    """Set a service on loopback."""
    values = {
        "url": f"{receiver.url}/{{type}}/{{value}}",
        "key": KEY,
        "verdict_path": "verdict",
        "score_path": "score",
        "tags_path": "tags",
        "malicious_from": 70,
        "allowed_addresses": "127.0.0.1",
        **changes,
    }
    return {f"reputation_{name}": value for name, value in values.items()}


def answer(receiver: Receiver, **said: Any) -> None:
    """Let the service say this."""
    receiver.answers = [Answer(200, json.dumps(said).encode())]


def look_up(receiver: Receiver, *iocs: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Run the module on IOCs."""
    return run(REPUTATION, CREATE, list(iocs), parameters(receiver, **changes))


def changed(result: dict[str, Any], field: str) -> Any:
    """Return the new value of a field of the only IOC that changed."""
    assert result["status"] == "success", result["message"]
    [diff] = result["diffs"]
    return diff["changes"][field][1]


def test_it_waits_for_new_iocs_and_for_analysts() -> None:
    manual, automatic = ("on_manual_trigger_ioc", "Ask Reputation"), (CREATE, "")
    assert hooks_of(REPUTATION) == {manual, automatic}
    assert hooks_of(REPUTATION, reputation_on_create=False) == {manual}
    named = hooks_of(REPUTATION, reputation_on_manual=False, reputation_service="Intel")
    assert named == {automatic}


def test_the_service_is_asked_for_the_ioc_with_the_key(receiver: Receiver) -> None:
    answer(receiver, verdict="malicious")
    look_up(receiver, ioc(ioc_value="http://evil.com/a b", type_name="url"))
    [request] = receiver.requests
    assert request.path == "/url/http%3A%2F%2Fevil.com%2Fa%20b"
    assert request.headers["authorization"] == KEY


def test_verdict_and_tags_become_tags(receiver: Receiver) -> None:
    answer(receiver, score=90, tags=["c2", "botnet"])
    tags = changed(look_up(receiver, ioc(ioc_tags="mine, reputation:harmless")), "ioc_tags")
    assert tags == "mine,reputation:malicious,reputation:c2,reputation:botnet"


def test_a_report_is_attached_and_holds_no_markup_of_the_service(receiver: Receiver) -> None:
    answer(receiver, verdict="malicious", tags=["<script>alert(1)</script>"])
    [diff] = look_up(receiver, ioc(), service="Intel")["diffs"]
    field = diff["attributes"]["Intel"]["HTML report"]
    assert field["type"] == "html"
    assert "&lt;script&gt;" in field["value"]
    assert "<script" not in field["value"]


def test_the_report_can_be_left_out(receiver: Receiver) -> None:
    answer(receiver, verdict="malicious")
    [diff] = look_up(receiver, ioc(), report=False)["diffs"]
    assert not diff.get("attributes")


def test_other_types_and_unknown_iocs_are_left_alone(receiver: Receiver) -> None:
    receiver.answers = [Answer(404)]
    result = look_up(receiver, ioc(type_name="yara"), ioc(ioc_id=13))
    assert (result["status"], result["diffs"], len(receiver.requests)) == ("success", [], 1)
    assert "IOC 12: type yara is not asked about" in lines_of(result)
    assert "IOC 13: unknown to the service" in lines_of(result)


def test_a_failure_of_the_service_fails_the_run_but_not_the_other_iocs(
    receiver: Receiver,
) -> None:
    receiver.answers = [Answer(500), Answer(200, b'{"verdict": "fine"}')]
    result = look_up(receiver, ioc(), ioc(ioc_id=13))
    assert (result["status"], result["message"]) == (
        "failure",
        "IOC 12: the service answered 500",
    )
    assert [diff["id"] for diff in result["diffs"]] == [13]


def test_an_internal_service_must_be_allowed(receiver: Receiver) -> None:
    result = look_up(receiver, ioc(), allowed_addresses="")
    assert result["status"] == "failure"
    assert "a loopback address" in result["message"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"url": "https://service.example/{ioc}"}, "the URL must have {value}"),
        ({"url": "service.example/{value}"}, "the URL must name its host"),
        ({"verdict_path": "a["}, "path of the verdict"),
        ({"verdict_path": "", "score_path": ""}, "either the path of the verdict or of the score"),
        ({"allowed_addresses": "10.0.0"}, "'10.0.0' is not a host name"),
    ],
)
def test_what_cannot_work_is_told_by_check_and_run(
    receiver: Receiver, changes: dict[str, Any], message: str
) -> None:
    described = describe(REPUTATION, **parameters(receiver, **changes))
    assert not described["is_healthy"]
    assert message in described["health"][0]
    result = look_up(receiver, ioc(), **changes)
    assert (result["status"], receiver.requests) == ("failure", [])
    assert message in result["message"]


def test_the_key_is_in_no_part_of_the_result(receiver: Receiver) -> None:
    answer(receiver, verdict="malicious")
    assert "s3cret" not in json.dumps(look_up(receiver, ioc()))
