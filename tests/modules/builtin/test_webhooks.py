"""The webhooks module in the runner: what arrives, what fails the run, what is never shown."""

import json
from typing import Any

import pytest

from tests.modules.builtin.receiver import Answer, Receiver
from tests.modules.builtin.running import describe, hooks_of, lines_of, register, run

WEBHOOKS = "watchfloor_webhooks"
CREATE, MANUAL = "on_postload_ioc_create", "on_manual_trigger_ioc"
SECRET = "s3cret-s3cret-s3cret"
IOC = {
    "__kind__": "ioc",
    "ioc_id": 12,
    "ioc_value": "evil.com",
    "ioc_type": {"type_id": 20, "type_name": "domain"},
    "case_id": 3,
}


def webhook(receiver: Receiver | None = None, **changes: Any) -> dict[str, Any]:
    """Write a webhook to the receiver."""
    url = f"{receiver.url}/t0ken" if receiver else "https://siem.example/t0ken"
    return {"name": "siem", "url": url, "secret": SECRET, "hooks": [CREATE], **changes}


def parameters(*webhooks: dict[str, Any], **others: Any) -> dict[str, Any]:
    """Set these webhooks, on loopback, with no pause between attempts."""
    return {
        "webhooks_list": json.dumps(webhooks),
        "webhooks_allowed_addresses": "127.0.0.1",
        "webhooks_pause": 0,
        **others,
    }


def send(*webhooks: dict[str, Any], hook: str = CREATE, **job: Any) -> dict[str, Any]:
    """Run the module on an IOC."""
    return run(WEBHOOKS, hook, [IOC], parameters(*webhooks), **job)


def test_it_waits_for_the_hooks_of_active_webhooks() -> None:
    chat = webhook(name="chat", hooks=[MANUAL, "on_postload_note_*"])
    ticket = webhook(name="ticket", hooks=[MANUAL])
    off = webhook(name="off", hooks=["on_postload_case_create"], active=False)
    assert hooks_of(WEBHOOKS, **parameters(webhook(), chat, ticket, off)) == {
        (CREATE, ""),
        (MANUAL, "chat"),
        (MANUAL, "ticket"),
        *((f"on_postload_note_{verb}", "") for verb in ("create", "update", "delete")),
        *(
            (f"on_postload_note_{verb}", "")
            for verb in ("commented", "comment_update", "comment_delete")
        ),
    }


def test_malformed_webhooks_are_told_where_hooks_are_registered_and_checked() -> None:
    wrong = parameters(webhook(hooks=["on_postload_ioc_creat"]))
    told = 'webhook 1 ("siem"): hook "on_postload_ioc_creat" is unknown, did you mean'
    result = register(WEBHOOKS, **wrong)
    assert result["status"] == "failure"
    assert told in result["message"]
    described = describe(WEBHOOKS, **wrong)
    assert not described["is_healthy"]
    assert told in described["health"][0]


def test_an_object_arrives_with_who_and_where(receiver: Receiver) -> None:
    result = send(webhook(receiver))
    [request] = receiver.requests
    body = json.loads(request.body)
    assert (result["status"], body["type"]) == ("success", CREATE)
    assert (body["data"]["kind"], body["data"]["case_id"]) == ("ioc", 3)
    assert body["data"]["user"]["login"] == "mara"
    [ioc] = body["data"]["objects"]
    assert (ioc["ioc_value"], ioc["ioc_type"]["type_name"]) == ("evil.com", "domain")


def test_a_deleted_object_arrives_with_what_was_known(receiver: Receiver) -> None:
    hook = "on_postload_ioc_delete"
    gone = {**IOC, "__deleted__": True, "id": 12}
    run(WEBHOOKS, hook, [gone], parameters(webhook(receiver, hooks=[hook])))
    [ioc] = json.loads(receiver.requests[0].body)["data"]["objects"]
    assert (ioc["ioc_id"], ioc["ioc_value"]) == (12, "evil.com")


def test_a_template_makes_the_body(receiver: Receiver) -> None:
    text = "{user.name} added {object.ioc_value} ({object.ioc_type.type_name}) to case {case_id}"
    send(webhook(receiver, template={"text": text, "id": "{delivery}"}))
    body = json.loads(receiver.requests[0].body)
    assert body["text"] == "Mara Lindqvist added evil.com (domain) to case 3"
    assert body["id"] == receiver.requests[0].headers["webhook-id"]


def test_a_template_that_asks_for_what_is_not_there_fails_the_run(receiver: Receiver) -> None:
    result = send(webhook(receiver, template="{object.ioc_valu}"))
    assert result["status"] == "failure"
    assert 'siem: the template asks for {object.ioc_valu}: no "ioc_valu"' in result["message"]
    assert receiver.requests == []


def test_a_manual_run_goes_only_to_the_webhook_that_was_chosen(receiver: Receiver) -> None:
    one, other = webhook(receiver, hooks=[MANUAL]), webhook(receiver, hooks=[MANUAL], name="chat")
    send(one, {**other, "url": f"{receiver.url}/chat"}, hook=MANUAL, ui_name="chat")
    assert [request.path for request in receiver.requests] == ["/chat"]


def test_webhooks_that_are_off_or_wait_for_another_hook_get_nothing(receiver: Receiver) -> None:
    result = send(
        webhook(receiver, active=False),
        webhook(receiver, name="b", hooks=["on_postload_note_create"]),
    )
    assert (result["status"], receiver.requests) == ("success", [])


def test_a_refusal_of_the_receiver_fails_the_run_but_not_the_other_webhooks(
    receiver: Receiver,
) -> None:
    receiver.answers = [Answer(403), Answer(200)]
    result = send(webhook(receiver), webhook(receiver, name="chat"))
    assert (result["status"], len(receiver.requests)) == ("failure", 2)
    assert result["message"] == "siem: answered 403, attempt 1 of 4"


def test_a_failure_that_passes_is_a_success(receiver: Receiver) -> None:
    receiver.answers = [Answer(503), Answer(200)]
    result = send(webhook(receiver))
    assert (result["status"], len(receiver.requests)) == ("success", 2)


def test_a_repeated_run_carries_the_same_ids(receiver: Receiver) -> None:
    for run_id, cause_id in ((11, 11), (12, 11), (13, 13)):
        send(webhook(receiver), run_id=run_id, cause_id=cause_id)
    ids = [request.headers["webhook-id"] for request in receiver.requests]
    assert (ids[0] == ids[1], ids[0] == ids[2]) == (True, False)


def test_an_internal_address_is_refused_unless_it_is_allowed(receiver: Receiver) -> None:
    result = run(
        WEBHOOKS, CREATE, [IOC], parameters(webhook(receiver), webhooks_allowed_addresses="")
    )
    assert result["status"] == "failure"
    assert "127.0.0.1 is at 127.0.0.1, a loopback address" in result["message"]
    assert receiver.requests == []


@pytest.mark.parametrize("status", [200, 500])
def test_every_attempt_is_logged_and_no_secret_is(receiver: Receiver, status: int) -> None:
    receiver.answers = [Answer(status, b"s3cret answer")]
    result = send(webhook(receiver, headers={"X-Key": "s3cret-header"}))
    attempts = [line for line in lines_of(result) if line.startswith("POST 127.0.0.1 answered ")]
    assert len(attempts) == (1 if status == 200 else 4)
    told = json.dumps({name: value for name, value in result.items() if name != "data"})
    assert "s3cret" not in told
    assert "t0ken" not in told
