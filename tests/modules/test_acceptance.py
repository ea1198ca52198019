"""An unmodified published module, installed as its users do: one POST per IOC, through every door there is."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client

from cases.models import CaseIoc
from iocs.models import IocType
from modules.models import Module, ModuleRun
from modules.services import environments
from modules.services.delivery import deliver_due
from modules.services.execution import execute
from modules.services.installing import install_module
from modules.services.parameters import set_parameter
from soar.core.actor import Actor
from soar.core.models import User
from tests.admin.conftest import form_data, url
from tests.http import ApiClient, bearer, token_of
from tests.modules.builtin.receiver import Receiver, receiving
from tests.modules.wheels import WEBHOOKS, published

pytestmark = pytest.mark.slow


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Where the module sends to."""
    with receiving() as open_receiver:
        yield open_receiver


@pytest.fixture
def webhooks(
    as_administrator: Actor,
    module_folders: Path,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> Module:
    """The published webhooks module with one webhook on new IOCs."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    wheels = published(WEBHOOKS, *environments.HOST_PACKAGES)
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    deliver_due()
    module = install_module(as_administrator, WEBHOOKS)
    hook = {
        "name": "One",
        "active": True,
        "trigger_on": ["on_postload_ioc_create"],
        "request_url": receiver.url,
        "use_rendering": True,
        "request_rendering": "markdown",
        "request_body": {"text": "%TITLE% %DESCRIPTION%"},
    }
    configuration = json.dumps({"instance_url": "https://iris.example", "webhooks": [hook]})
    set_parameter(as_administrator, module.pk, "wh_configuration", configuration)
    return module


def run_all() -> list[ModuleRun]:
    """Do what relay and worker do, and return the runs."""
    deliver_due()
    for run in ModuleRun.objects.filter(status="pending"):
        execute(run.pk)
    return list(ModuleRun.objects.order_by("pk"))


def add_in_console(user: User, **values: object) -> None:
    """Add an IOC to case 1 by the form of the console."""
    client = Client()
    client.force_login(user, backend="soar.core.backends.ConsoleBackend")
    address = url(CaseIoc, "add")
    answer = client.post(address, form_data(client, address, case=1, tlp=2, **values))
    assert answer.status_code == 302


def add_by_script(user: User, value: str) -> None:
    """Add an IOC to case 1 as a script of Cloud SOAR adds an entity."""
    client = Client(headers=bearer(token_of(user)))
    body = json.dumps({"type": "ipaddress", "value": value})
    address = "/incmansuite_ng/api/v3/incidents/1/entities"
    assert client.post(address, body, content_type="application/json").status_code == 201


def test_one_post_per_ioc_through_every_door(
    webhooks: Module, receiver: Receiver, api_administrator: ApiClient, administrator: User
) -> None:
    kind = IocType.objects.get(name="ip-any").pk
    body = {"ioc_type_id": kind, "ioc_tlp_id": 2, "ioc_value": "198.51.100.41"}
    answer = api_administrator.post("/case/ioc/add", body | {"ioc_description": "", "ioc_tags": ""})
    assert answer.status_code == 200
    assert [(run.status, run.log.count() >= 3) for run in run_all()] == [("success", True)]
    add_in_console(administrator, type=kind, value="198.51.100.42")
    runs = run_all()
    assert [run.status for run in runs] == ["success", "success"]
    add_by_script(administrator, "198.51.100.43")
    assert [run.status for run in run_all()] == ["success"] * 3
    texts = [json.loads(request.body)["text"] for request in receiver.requests]
    assert len(texts) == 3
    for text, value in zip(texts, ("41", "42", "43"), strict=True):
        assert f"198.51.100.{value}" in text
