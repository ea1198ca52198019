"""The demonstration shows what modules do, made by a real module."""

import pytest

from cases.models import CaseIoc
from incidents.services.demo import load_demo
from modules.models import Module, ModuleRun
from modules.services.demo import PACKAGE, TITLE, enrich_demo
from soar.core.actor import Actor

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def test_the_demonstration_has_enriched_iocs_and_leaves_the_module_as_it_was(
    as_administrator: Actor,
) -> None:
    load_demo()
    enriched = enrich_demo(as_administrator)
    assert enriched >= 12
    assert (
        ModuleRun.objects.filter(status="success").count() == enriched == ModuleRun.objects.count()
    )
    rows = CaseIoc.objects.filter(ioc__value="203.0.113.45")
    assert {"demo reputation:malicious", "demo reputation:c2"} <= set(rows[0].tags.split(","))
    assert all(TITLE in row.custom_attributes for row in rows)
    module = Module.objects.get(package=PACKAGE)
    assert (module.is_active, module.state) == (False, "unconfigured")
    assert enrich_demo(as_administrator) == 0
