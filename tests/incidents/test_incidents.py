"""Services on incidents: what they refuse to whom, what they record, and two at once."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection

from cases.models import Case, CaseState, UserCaseAccess
from incidents.models import (
    FavoriteIncident,
    Incident,
    IncidentRelation,
    IncidentTemplate,
    Investigator,
)
from incidents.selectors import get_incident, with_custom_value, with_tag
from incidents.services.bulk import for_each_incident
from incidents.services.cloning import clone_incident
from incidents.services.closing import close_incident, reopen_incident
from incidents.services.deleting import delete_incident, erase_incident, restore_incident
from incidents.services.editing import change_incident, move_to_folder, set_owner
from incidents.services.favorites import add_favorite, remove_favorite
from incidents.services.incidents import open_incident
from incidents.services.investigators import (
    add_investigator,
    add_investigators,
    remove_investigators,
)
from incidents.services.opening import Extras, Origin, first_customer, open_from_fields
from incidents.services.parties import Party, find_party
from incidents.services.relations import add_relation, remove_relation
from soar.core.actor import Actor
from soar.core.errors import Conflict, Forbidden, Invalid, NotFound
from soar.core.models import AuditLog, User
from soar.core.permissions import AccessLevel
from tests.racing import at_once, errors

ROUNDS = 4
Call = Callable[[Actor, int], Any]
# Every service that changes an incident, and the last part of what it records.
WRITES: dict[str, Call] = {
    "change": lambda actor, pk: change_incident(actor, pk, {"tags": "x"}),
    "close": lambda actor, pk: close_incident(actor, pk),
    "reopen": lambda actor, pk: reopen_incident(actor, pk),
    "delete": lambda actor, pk: delete_incident(actor, pk),
    "restore": lambda actor, pk: restore_incident(actor, pk),
    "move": lambda actor, pk: move_to_folder(actor, pk, folder_id=1),
    "give": lambda actor, pk: set_owner(actor, pk, owner=find_party(1, "owner")),
    "investigate": lambda actor, pk: add_investigators(actor, pk, [{"user": 1}]),
    "leave": lambda actor, pk: remove_investigators(actor, pk, [{"user": 1}]),
    "relate": lambda actor, pk: add_relation(actor, pk, other_id=pk, relation="related"),
    "unrelate": lambda actor, pk: remove_relation(actor, pk, 1),
}
READS: dict[str, Call] = {
    "get": get_incident,
    "favorite": add_favorite,
    "no favorite": remove_favorite,
    "clone": clone_incident,
}


@pytest.fixture
def opened(as_analyst: Actor) -> int:
    """An incident of the analyst's."""
    return int(open_incident(as_analyst, name="Phish", customer_id=1).pk)


@pytest.mark.parametrize("name", [*WRITES, *READS])
def test_what_is_hidden_is_missing(as_analyst: Actor, outsider_case: Case, name: str) -> None:
    call = {**WRITES, **READS}[name]
    texts = []
    for pk in (outsider_case.pk, 999, 2**70):
        with pytest.raises(NotFound) as refusal:
            call(as_analyst, pk)
        texts.append(refusal.value.message)
    assert len(set(texts)) == 1


@pytest.mark.parametrize("name", WRITES)
def test_a_reader_changes_nothing(as_reader: Actor, name: str) -> None:
    lines = AuditLog.objects.count()
    with pytest.raises(Forbidden):
        WRITES[name](as_reader, 1)
    assert AuditLog.objects.count() == lines


@pytest.mark.parametrize("name", READS)
def test_a_reader_reads(as_reader: Actor, name: str) -> None:
    READS[name](as_reader, 1)
    assert get_incident(as_reader, 1).reference == "soc_id_demo"


@pytest.mark.parametrize("name", [*WRITES, "favorite"])
def test_who_may_not_work_on_cases_changes_nothing(as_guest: Actor, name: str) -> None:
    with pytest.raises(Forbidden):
        {**WRITES, **READS}[name](as_guest, 1)
    with pytest.raises(Forbidden):
        open_from_fields(as_guest, {}, Origin())


@pytest.mark.parametrize(
    ("call", "action"),
    [
        (lambda actor, pk: close_incident(actor, pk, closing_note="Done"), "case.closed"),
        (delete_incident, "case.hidden"),
        (lambda actor, pk: change_incident(actor, pk, {"phase": "Containment"}), "case.updated"),
        (lambda actor, pk: move_to_folder(actor, pk, folder_id=1), "case.created"),
        (lambda actor, pk: add_investigators(actor, pk, [{"user": 1}]), "investigator.added"),
        (lambda actor, pk: add_relation(actor, pk, other_id=1, relation="child"), "relation.added"),
        (add_favorite, "favorite.added"),
    ],
)
def test_every_change_is_in_the_trail_of_its_incident(
    as_analyst: Actor, opened: int, call: Call, action: str
) -> None:
    call(as_analyst, opened)
    line = AuditLog.objects.filter(action=action, case_id=opened).latest("id")
    assert (line.actor_login, line.channel) == ("analyst", "iris")


def test_what_is_added_and_taken_back_is_recorded_both_times(
    as_analyst: Actor, opened: int
) -> None:
    add_favorite(as_analyst, opened)
    remove_favorite(as_analyst, opened)
    remove_favorite(as_analyst, opened)
    row = add_relation(as_analyst, opened, other_id=1, relation="parent")
    remove_relation(as_analyst, 1, row.pk)
    actions = AuditLog.objects.filter(action__regex="^(favorite|relation)").order_by("id")
    assert list(actions.values_list("action", "case_id")) == [
        ("favorite.added", opened),
        ("favorite.removed", opened),
        ("relation.added", opened),
        ("relation.removed", 1),
    ]
    assert not IncidentRelation.objects.exists()
    assert not FavoriteIncident.objects.exists()


def test_a_refused_opening_leaves_nothing(as_analyst: Actor) -> None:
    before = AuditLog.objects.count(), Case.objects.count()
    with pytest.raises(Invalid):
        open_from_fields(as_analyst, {}, Origin(), Extras(parent_id=999))
    assert (AuditLog.objects.count(), Case.objects.count()) == before


def test_a_templates_investigators_who_are_gone_stop_no_opening(
    as_analyst: Actor, colleague: User
) -> None:
    entries = [{"user": 999}, {"user": colleague.pk, "role": "Viewer"}, {"group": 999}]
    template = IncidentTemplate.objects.create(name="Phish", investigators=entries)
    incident = open_from_fields(as_analyst, {}, Origin(template_id=template.pk))
    assert [row.user for row in Investigator.objects.filter(incident=incident)] == [colleague]


def test_given_fields_win_over_those_of_the_template(as_analyst: Actor) -> None:
    fields = {"restriction": "HIGH", "tags": ["a"], "description": "Template"}
    template = IncidentTemplate.objects.create(name="Phish", tags=["t"], fields=fields)
    given = {"description": "Mine", "restriction": "LOW"}
    incident = open_from_fields(as_analyst, given, Origin(template_id=template.pk))
    assert (incident.case.name, incident.case.severity_id, incident.case.tags) == ("Mine", 4, "a")


def test_a_template_with_a_wrong_field_says_which(as_analyst: Actor) -> None:
    template = IncidentTemplate.objects.create(name="Odd", fields={"starttime": "x", "odd": 1})
    with pytest.raises(Invalid) as refusal:
        open_from_fields(as_analyst, {}, Origin(template_id=template.pk))
    assert set(refusal.value.fields) == {"starttime", "odd"}


def test_one_who_knows_no_customer_opens_nothing(enrol: Callable[..., User]) -> None:
    group = Group.objects.create(name="Nobody's analysts")
    lonely = Actor.of(enrol("lonely", group.pk), "cloudsoar")
    with pytest.raises(Invalid):
        first_customer(lonely)


def test_deleting_for_good_takes_everything_along(
    as_administrator: Actor, as_analyst: Actor, opened: int
) -> None:
    add_favorite(as_analyst, opened)
    delete_incident(as_analyst, opened)
    with pytest.raises(Forbidden):
        erase_incident(as_analyst, opened)
    erase_incident(as_administrator, opened)
    assert not Incident.objects.filter(pk=opened).exists()
    assert AuditLog.objects.filter(action="case.deleted", case_id=opened).exists()


def test_the_initial_incident_is_never_deleted(as_administrator: Actor) -> None:
    for service in (delete_incident, erase_incident):
        with pytest.raises(Conflict):
            service(as_administrator, Case.INITIAL)
    assert Case.objects.get(pk=Case.INITIAL).deleted_at is None


def test_bulk_work_takes_back_only_what_failed(as_analyst: Actor, opened: int) -> None:
    def spoil(pk: int) -> None:
        change_incident(as_analyst, pk, {"tags": "spoilt"})
        if pk != opened:
            raise Conflict("No")

    done, failed = for_each_incident([opened, 1, opened], spoil)
    assert (done, [pk for pk, _ in failed]) == ([opened], [1])
    assert list(Case.objects.order_by("pk").values_list("tags", flat=True)) == ["", "spoilt"]


def test_conditions_on_tags_and_custom_fields_mean_whole_values(
    as_analyst: Actor, opened: int
) -> None:
    Case.objects.filter(pk=opened).update(tags="Mail, VIP,c++")
    Incident.objects.filter(pk=opened).update(custom={"opt_1": "x", "opt_2": ["a", "b"]})
    custom = with_custom_value("opt_1", "x"), with_custom_value("opt_2", ["b"])
    tags = [with_tag(tag, "case__tags") for tag in ("vip", "C++", "ma", "c")]
    for condition in (*tags[:2], *custom):
        assert [row.pk for row in Incident.objects.filter(condition)] == [opened]
    for condition in (*tags[2:], with_custom_value("opt_2", ["c"])):
        assert not Incident.objects.filter(condition).exists()
        assert Incident.objects.filter(~condition).count() == 2


@pytest.mark.parametrize(
    "given",
    [None, "", True, 0, 2**70, "x" * 500, {}, {"user": 1, "group": 1}, {"role": 1}, [1], 1.5],
)
def test_who_is_nobody_is_named(db: None, given: Any) -> None:
    with pytest.raises(Invalid) as refusal:
        find_party(given, "owner")
    assert set(refusal.value.fields) == {"owner"}


def test_a_deactivated_user_becomes_no_owner_but_can_leave(
    as_analyst: Actor, opened: int, colleague: User
) -> None:
    add_investigator(as_analyst, opened, party=Party(user=colleague))
    User.objects.filter(pk=colleague.pk).update(is_active=False)
    with pytest.raises(Invalid):
        find_party("colleague", "owner")
    remove_investigators(as_analyst, opened, [{"user": "colleague"}])
    assert not UserCaseAccess.objects.filter(case=opened, user=colleague).exists()


def test_a_following_group_keeps_its_level(as_analyst: Actor, opened: int) -> None:
    party = find_party({"group": "Administrators"}, "group")
    add_investigator(as_analyst, opened, party=party, role="Viewer")
    record = party.group.case_access.get(case=opened) if party.group else None
    assert record is not None
    assert record.level == AccessLevel.FULL_ACCESS


# --- two at once


def open_for_race(actor: Actor) -> int:
    """Open an incident outside the transaction of any fixture."""
    return int(open_incident(actor, name="Race", customer_id=1).pk)


@pytest.mark.django_db(transaction=True)
def test_an_incident_is_closed_once(as_administrator: Actor) -> None:
    for _ in range(ROUNDS):
        pk = open_for_race(as_administrator)
        results = at_once(*[partial(close_incident, as_administrator, pk)] * 2)
        assert [type(one) for one in errors(results)] == [Conflict]
        assert AuditLog.objects.filter(action="case.closed", case_id=pk).count() == 1
        assert Case.objects.get(pk=pk).state_id == CaseState.CLOSED


@pytest.mark.django_db(transaction=True)
def test_two_relations_at_once_never_close_a_circle(as_administrator: Actor) -> None:
    for _ in range(ROUNDS):
        first, second = open_for_race(as_administrator), open_for_race(as_administrator)
        add = partial(add_relation, as_administrator, relation="child")
        results = at_once(
            partial(add, first, other_id=second), partial(add, second, other_id=first)
        )
        assert [type(one) for one in errors(results)] == [Invalid]


@pytest.mark.django_db(transaction=True)
def test_two_who_want_the_same_incident_id_get_two(as_administrator: Actor) -> None:
    for number in range(ROUNDS):
        fields = {"incidentid": f"RACE-{number}"}
        results = at_once(*[partial(open_from_fields, as_administrator, fields, Origin())] * 2)
        references = sorted(one.reference for one in results)
        assert references == [f"RACE-{number}", f"RACE-{number}-2"]


# --- what lists are filtered by


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("cases_case", "name state_id severity_id owner_id owner_group_id opened_by_id"),
        ("cases_case", "opened_at closed_at deleted_at"),
        ("incidents_incident", "reference folder_id kind_id category_id purpose_id phase_id"),
        ("incidents_incident", "started_at ended_at"),
        ("incidents_incidenttype", "value_id incident_id"),
        ("incidents_investigator", "user_id group_id incident_id"),
        ("incidents_favoriteincident", "user_id"),
    ],
)
def test_every_column_lists_are_filtered_by_has_an_index(
    db: None, table: str, columns: str
) -> None:
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, table).values()
    indexes = [one["columns"] for one in found if one["index"] or one["unique"]]
    indexed = {column for names in indexes for column in names[:1]}
    assert set(columns.split()) <= indexed
