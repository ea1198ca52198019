"""What touches others asks for a permission of its own: verdicts and locks of entities, and investigators."""

from collections.abc import Callable
from typing import Any

import pytest

from cases.models import Case
from incidents.models import IncidentTemplate, Investigator
from incidents.services.editing import set_owner
from incidents.services.entities import (
    catalogue_entity,
    delete_entity,
    lock_entity,
    restore_entity,
    set_verdict,
    unlock_entity,
    update_entity,
)
from incidents.services.entity_facts import facts_of
from incidents.services.investigators import add_investigators, remove_investigators
from incidents.services.opening import Extras, Origin, open_from_fields
from incidents.services.parties import Party
from incidents.services.templates import add_template, update_template
from soar.core.actor import Actor
from soar.core.errors import Forbidden
from soar.core.models import AuditLog, User
from soar.core.permissions import Permission
from soar.core.services.groups import add_group
from soar.core.services.users import set_groups
from tests.incidents.entity_cast import IP, VALUE, put, the

pytestmark = pytest.mark.django_db
RED = "\N{LARGE RED CIRCLE}"
FOR_EVERYBODY: dict[str, Callable[[Actor, int], Any]] = {
    "lock": lock_entity,
    "unlock": unlock_entity,
    "delete": delete_entity,
    "restore": restore_entity,
    "verdict": lambda actor, pk: set_verdict(actor, pk, verdict="malicious"),
    "verdict taken back": lambda actor, pk: set_verdict(actor, pk, verdict="none"),
    "reserved tags": lambda actor, pk: update_entity(actor, pk, tags=["mine", RED]),
    "replaced away": lambda actor, pk: update_entity(actor, pk, tags=["mine"], replaces_tags=True),
    "among others": lambda actor, pk: update_entity(
        actor, pk, tags=["mine"], is_favorite=True, is_locked=True
    ),
    "new": lambda actor, pk: catalogue_entity(actor, type_id=IP, value="192.0.2.9", tags=[RED]),
}


@pytest.mark.parametrize("deed", FOR_EVERYBODY)
def test_without_the_permission_nothing_is_done_for_everybody(
    as_limited: Actor, as_analyst: Actor, deed: str
) -> None:
    row = put(as_limited, 1, tags="a")
    set_verdict(as_analyst, row.ioc_id, verdict="suspicious")
    count = AuditLog.objects.count()
    with pytest.raises(Forbidden):
        FOR_EVERYBODY[deed](as_limited, row.ioc_id)
    row.refresh_from_db()
    assert (row.tags, the().verdict, the().locked_at) == ("a", "suspicious", None)
    assert AuditLog.objects.count() == count


def test_without_the_permission_one_says_what_one_has_to_say(
    as_limited: Actor, as_analyst: Actor
) -> None:
    row = put(as_limited, 1, tags="a")
    set_verdict(as_analyst, row.ioc_id, verdict="malicious")
    update_entity(as_limited, row.ioc_id, tags=["a"], description="Seen", is_favorite=True)
    update_entity(as_limited, row.ioc_id, tags=[RED, "MALICIOUS", "b"], replaces_tags=True)
    row.refresh_from_db()
    assert (row.tags, row.description, the().verdict) == ("b", "Seen", "malicious")
    assert facts_of(as_limited, [the(VALUE)])[0].is_favorite


def test_without_the_permission_nobody_is_invited_or_removed(
    as_limited: Actor, as_analyst: Actor, colleague: User
) -> None:
    named = [{"user": colleague.pk}]
    with pytest.raises(Forbidden):
        add_investigators(as_limited, 1, named)
    add_investigators(as_analyst, 1, named)
    with pytest.raises(Forbidden):
        remove_investigators(as_limited, 1, named)
    assert Investigator.objects.get().user == colleague


def test_an_incident_with_investigators_is_opened_with_the_permission_or_by_a_template(
    as_limited: Actor, as_administrator: Actor, colleague: User
) -> None:
    named = [{"user": colleague.pk}]
    cases = Case.objects.count()
    with pytest.raises(Forbidden):
        open_from_fields(as_limited, {"description": "x"}, Origin(), Extras(investigators=named))
    assert Case.objects.count() == cases
    template = add_template(as_administrator, name="Phish", investigators=named)
    made = open_from_fields(as_limited, {"description": "x"}, Origin(template_id=template.pk))
    assert Investigator.objects.get().incident == made


def test_who_may_invite_nobody_gives_incidents_to_those_who_are_in_already(
    as_limited: Actor, as_administrator: Actor, analyst: User, outsider: User
) -> None:
    set_owner(as_limited, 1, owner=Party(user=analyst))
    with pytest.raises(Forbidden):
        set_owner(as_limited, 1, owner=Party(user=outsider))
    given = {"description": "x", "owner": outsider.pk}
    with pytest.raises(Forbidden):
        open_from_fields(as_limited, given, Origin())
    template = add_template(as_administrator, name="Theirs", fields={"owner": outsider.pk})
    made = open_from_fields(as_limited, {"description": "x"}, Origin(template_id=template.pk))
    assert (Case.objects.get(pk=1).owner, made.case.owner) == (analyst, outsider)


def test_who_may_invite_nobody_writes_no_template_that_does(
    as_administrator: Actor, guest: User, colleague: User
) -> None:
    bits = Permission.SERVER_ADMINISTRATOR
    group = add_group(as_administrator, name="Keepers", permissions=bits)
    keeper = Actor.of(set_groups(as_administrator, guest.pk, group_ids=[group.pk]), "admin")
    named = [{"user": colleague.pk}]
    for people in ({"investigators": named}, {"fields": {"owner": colleague.pk}}):
        with pytest.raises(Forbidden):
            add_template(keeper, name="Phish", **people)
    template = add_template(as_administrator, name="Phish", investigators=named)
    update_template(keeper, template.pk, description="Mail", investigators=named)
    with pytest.raises(Forbidden):
        update_template(keeper, template.pk, investigators=[{"user": 1}])
    assert IncidentTemplate.objects.get().investigators == [{"user": colleague.pk, "role": ""}]
