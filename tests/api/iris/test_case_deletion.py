"""Deleting cases: nothing of one is left or reachable, and what others share stays."""

import pytest

from cases.models import Asset, Case, CaseIoc, Event, Evidence, Note, NoteDirectory, Task
from cases.services.iocs import add_ioc
from incidents.models import Incident
from iocs.models import Ioc
from soar.core.actor import Actor
from soar.core.models import AuditLog, ChangeCounter
from tests.api.iris.answers import assert_denied, assert_refused, data_of
from tests.http import ApiClient


@pytest.mark.parametrize("method", ["get", "post"])
def test_nothing_of_a_deleted_case_is_left(
    api_administrator: ApiClient, filled: dict[str, int], method: str
) -> None:
    case_id = filled["case"]
    answer = getattr(api_administrator, method)(f"/manage/cases/delete/{case_id}")
    assert data_of(answer, "Case successfully deleted") == []
    for model in (Asset, CaseIoc, Event, Evidence, Note, NoteDirectory, Task):
        assert not model.objects.filter(case_id=case_id).exists()
    assert not Incident.objects.filter(pk=case_id).exists()
    assert not ChangeCounter.objects.filter(case_id=case_id).exists()
    assert not Ioc.objects.filter(pk=filled["ioc"]).exists()


def test_nothing_of_a_deleted_case_is_reachable(
    api_administrator: ApiClient, filled: dict[str, int]
) -> None:
    case_id = filled["case"]
    data_of(api_administrator.post(f"/manage/cases/delete/{case_id}"), "Case successfully deleted")
    for route in ("ioc", "assets", "tasks", "evidences", "notes/groups", "timeline/events"):
        assert_denied(api_administrator.get(f"/case/{route}/list", cid=case_id), case_id)
    for noun, route in (("ioc", "ioc"), ("asset", "assets"), ("note", "notes"), ("task", "tasks")):
        assert api_administrator.get(f"/case/{route}/{filled[noun]}", cid=1).status_code == 400
    assert_refused(
        api_administrator.get(f"/manage/cases/{case_id}"), f"Case ID {case_id} not found"
    )


def test_a_deleted_case_is_not_found_by_a_search(
    api_administrator: ApiClient, filled: dict[str, int]
) -> None:
    api_administrator.post(f"/manage/cases/delete/{filled['case']}")
    for kind in ("ioc", "notes"):
        body = {"search_value": "%full%", "search_type": kind}
        assert data_of(api_administrator.post("/search", body), "Results fetched") == []


def test_an_ioc_another_case_holds_survives(
    api_administrator: ApiClient, as_administrator: Actor, filled: dict[str, int]
) -> None:
    shared = Ioc.objects.get(pk=filled["ioc"])
    add_ioc(as_administrator, 1, type_id=shared.type_id, tlp_id=2, value=shared.value)
    api_administrator.post(f"/manage/cases/delete/{filled['case']}")
    data = data_of(api_administrator.get(f"/case/ioc/{shared.pk}", cid=1))
    assert (data["ioc_value"], data["link"]) == (shared.value, [])


def test_the_deletion_of_a_case_stays_in_the_audit(
    api_administrator: ApiClient, second_case: Case
) -> None:
    api_administrator.post(f"/manage/cases/delete/{second_case.pk}")
    line = AuditLog.objects.get(action="case.deleted", object_id=second_case.pk)
    assert line.details["before"]["name"] == "Second case"


@pytest.mark.parametrize("method", ["get", "post"])
def test_case_1_cannot_be_deleted(api_administrator: ApiClient, method: str) -> None:
    answer = getattr(api_administrator, method)("/manage/cases/delete/1")
    assert_refused(answer, "Cannot delete a primary case to keep consistency")
    assert Case.objects.filter(pk=1).exists()
