"""How this installation handles incidents: one row that administrators change."""

import pytest

from incidents.models import IncidentSettings
from incidents.services.incidents import incident_settings
from incidents.services.settings import update_settings
from soar.core.actor import Actor
from soar.core.errors import Forbidden, Invalid, NotFound
from soar.core.models import AuditLog

pytestmark = pytest.mark.django_db


def test_a_setting_counts_from_the_next_request_on(as_administrator: Actor) -> None:
    update_settings(as_administrator, IncidentSettings.ONLY, prohibits_duplicates=True)
    assert incident_settings().prohibits_duplicates
    line = AuditLog.objects.latest("id")
    assert (line.action, line.details["after"]) == (
        "incident_settings.updated",
        {"prohibits_duplicates": True},
    )


def test_only_known_settings_of_the_one_row_change(as_administrator: Actor) -> None:
    with pytest.raises(NotFound):
        update_settings(as_administrator, 2, prohibits_duplicates=True)
    with pytest.raises(Invalid):
        update_settings(as_administrator, IncidentSettings.ONLY, nonsense=True)


def test_only_administrators_change_settings(as_analyst: Actor) -> None:
    with pytest.raises(Forbidden):
        update_settings(as_analyst, IncidentSettings.ONLY, prohibits_duplicates=True)
    assert not incident_settings().prohibits_duplicates
