"""What operators write about webhooks is either understood or answered with what is wrong."""

import json
from typing import Any

import pytest
from watchfloor_webhooks.configuration import ConfigurationError, Webhook, read_webhooks

HOOKS = (
    "on_preload_ioc_create",
    "on_postload_ioc_create",
    "on_postload_ioc_update",
    "on_postload_case_update",
    "on_manual_trigger_ioc",
)
GOOD: dict[str, Any] = {
    "name": "siem",
    "url": "https://siem.example/hook/t0ken",
    "secret": "s3cret-s3cret-s3cret",
    "hooks": ["on_postload_ioc_create"],
}


def read(**changes: Any) -> Webhook:
    """Read one webhook that differs from the good one."""
    [webhook] = read_webhooks(json.dumps([{**GOOD, **changes}]), HOOKS)
    return webhook


def problems_of(text: Any) -> list[str]:
    """Return what is said about a configuration that is not accepted."""
    with pytest.raises(ConfigurationError) as error:
        read_webhooks(text, HOOKS)
    return error.value.problems


def test_a_webhook_is_read() -> None:
    webhook = read(headers={"X-Tenant": "north"}, template={"text": "{hook}"}, active=False)
    assert (webhook.name, webhook.url, webhook.secret) == ("siem", GOOD["url"], GOOD["secret"])
    assert (webhook.hooks, webhook.headers) == ({"on_postload_ioc_create"}, {"X-Tenant": "north"})
    assert (webhook.template, webhook.is_active) == ({"text": "{hook}"}, False)


def test_nothing_secret_shows_in_what_a_webhook_prints() -> None:
    printed = repr(read(headers={"Authorization": "Bearer abcdef"}))
    assert "t0ken" not in printed
    assert "s3cret" not in printed
    assert "abcdef" not in printed


def test_an_empty_list_is_fine() -> None:
    assert read_webhooks("[]", HOOKS) == []


def test_a_pattern_stands_for_all_hooks_it_matches_but_preload_ones() -> None:
    assert read(hooks=["on_*_ioc_*", "on_manual_*"]).hooks == {
        "on_postload_ioc_create",
        "on_postload_ioc_update",
        "on_manual_trigger_ioc",
    }


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[{"name": "a",}]', "the webhooks are not valid JSON: "),
        ('{"name": "a"}', "the webhooks must be a JSON list: "),
        ('["a"]', "webhook 1: must be an object { ... }"),
    ],
)
def test_what_is_no_list_of_objects_is_told(text: str, problem: str) -> None:
    assert problems_of(text)[0].startswith(problem)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"name": ""}, 'webhook 1: "name" is missing or not a text'),
        ({"url": None}, '"url" is missing or not a text'),
        ({"url": "siem.example/hook"}, '"url": only http and https URLs are allowed'),
        ({"url": "https://a:b@siem.example/"}, '"url": the URL holds credentials'),
        ({"secret": "short"}, '"secret" must have at least 16 characters'),
        ({"hooks": []}, '"hooks" must be a list of names of hooks'),
        ({"hooks": "on_postload_ioc_create"}, '"hooks" must be a list of names of hooks'),
        (
            {"hooks": ["on_postload_ioc_creat"]},
            'hook "on_postload_ioc_creat" is unknown, did you mean "on_postload_ioc_create"?',
        ),
        ({"hooks": ["on_preload_ioc_create"]}, "so preload hooks have none"),
        ({"hooks": [7]}, 'hook "7" is unknown'),
        ({"hook": ["a"]}, '"hook" is unknown, did you mean "hooks"?'),
        ({"active": "yes"}, '"active" must be true or false'),
        ({"headers": ["X-A: b"]}, '"headers" must be an object of names and values'),
        ({"headers": {"X A": "b"}}, '"X A" is not the name of a header'),
        ({"headers": {"Webhook-Id": "b"}}, 'header "Webhook-Id" is set by Watchfloor'),
        ({"headers": {"X-A": "b\r\nX-B: c"}}, 'header "X-A" must have a text of printable'),
        ({"headers": {"X-A": 5}}, 'header "X-A" must have a text of printable'),
    ],
)
def test_what_is_wrong_is_told_with_the_webhook(changes: dict[str, Any], problem: str) -> None:
    problems = problems_of(json.dumps([{**GOOD, **changes}]))
    assert len(problems) == 1
    assert problems[0].startswith("webhook 1")
    assert problem in problems[0]


def test_every_problem_is_told_at_once() -> None:
    second = {**GOOD, "secret": "", "hooks": ["x"]}
    problems = problems_of(json.dumps([GOOD, second]))
    assert [text.partition(": ")[0] for text in problems[:2]] == ['webhook 2 ("siem")'] * 2
    assert problems[2] == 'the name "siem" is used more than once'
