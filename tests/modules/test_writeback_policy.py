"""Which fields modules may write, and what happens when somebody else wrote first."""

from typing import Any

import pytest

from cases.models import Case, CaseIoc, Event, Note
from cases.services.iocs import add_ioc, update_ioc
from iocs.models import Ioc
from modules.models import Module, ModuleRun
from soar.core.actor import Actor
from soar.core.models import AuditLog
from tests.api.iris.world import fill_case
from tests.modules.results import apply, diff, fields_of, html, make_module, make_run

VALUE = "198.51.100.7|443"


@pytest.fixture
def module(db: None) -> Module:
    """A module with the default field policy."""
    return make_module()


@pytest.fixture
def ioc(as_analyst: Actor) -> CaseIoc:
    """An indicator of case 1 with tags and a description."""
    given = {"type_id": 76, "tlp_id": 2, "value": VALUE, "tags": "seen,c2"}
    return add_ioc(as_analyst, 1, description="C2", **given)[0]  # type: ignore[arg-type]


@pytest.fixture
def run(module: Module, as_analyst: Actor, ioc: CaseIoc) -> ModuleRun:
    """A run the analyst caused on the indicator."""
    return make_run(module, as_analyst, "ioc", ioc.ioc_id, 1)


# --- identity and workflow


def test_a_change_of_identity_is_refused_and_told(run: ModuleRun, ioc: CaseIoc) -> None:
    apply(run, diff(run, ioc_value=(VALUE, "198.51.100.7"), ioc_description=("C2", "x")))
    assert Ioc.objects.get(pk=ioc.ioc_id).value == VALUE
    assert fields_of(run.applied) == ["ioc_description"]
    assert run.refused == [
        {
            "kind": "ioc",
            "id": ioc.ioc_id,
            "field": "ioc_value",
            "old": VALUE,
            "new": "198.51.100.7",
            "reason": "modules may not write this field",
        }
    ]


@pytest.mark.parametrize(
    "field",
    [
        "ioc_id",
        "ioc_type_id",
        "ioc_tlp_id",
        "user_id",
        "case_id",
        "ioc_misp",
        "case.name",
        "history",
    ],
)
def test_other_fields_are_refused_whatever_the_operator_allows(
    run: ModuleRun, module: Module, field: str
) -> None:
    Module.objects.filter(pk=module.pk).update(writable_fields=["*"])
    run.refresh_from_db()
    apply(run, diff(run, **{field: (1, 2)}))
    assert (fields_of(run.refused), run.applied) == ([field], [])
    assert run.refused[0]["reason"] == "modules cannot write this field"


def test_the_operators_list_replaces_the_default(
    run: ModuleRun, module: Module, ioc: CaseIoc
) -> None:
    Module.objects.filter(pk=module.pk).update(writable_fields=["ioc_desc*"])
    run.refresh_from_db()
    result = diff(
        run, {"T": {"f": html("x")}}, ioc_tags=("seen,c2", "x"), ioc_description=("C2", "x")
    )
    apply(run, result)
    assert fields_of(run.applied) == ["ioc_description"]
    assert fields_of(run.refused) == ["ioc_tags", "custom_attributes"]


def test_titles_and_contents_are_only_written_where_the_operator_says_so(
    module: Module, as_administrator: Actor
) -> None:
    ids = fill_case(as_administrator, 1, "Full")
    run = make_run(module, as_administrator, "note", int(ids["note"]), int(ids["case"]))
    result = diff(run, note_content=("Full", "better"), note_title=("Full note", "x" * 155))
    apply(run, result)
    assert Note.objects.get(pk=ids["note"]).content == "Full"
    Module.objects.filter(pk=module.pk).update(writable_fields=["note_*"])
    run.refresh_from_db()
    apply(run, result)
    assert Note.objects.get(pk=ids["note"]).content == "better"
    assert run.refused[0]["reason"] == "longer than 154 characters"


@pytest.fixture
def corrected(run: ModuleRun, module: Module) -> ModuleRun:
    """A run of a module that may correct values."""
    Module.objects.filter(pk=module.pk).update(writable_fields=["ioc_*"])
    run.refresh_from_db()
    return run


def test_an_allowed_correction_keeps_the_indicator(corrected: ModuleRun, ioc: CaseIoc) -> None:
    apply(corrected, diff(corrected, ioc_value=(VALUE, "198.51.100.7"), ioc_tags=("seen,c2", "c2")))
    row = CaseIoc.objects.get(pk=ioc.pk)
    assert (row.ioc.value, row.tags, row.ioc_id) == ("198.51.100.7", "c2", ioc.ioc_id)
    assert fields_of(corrected.applied) == ["ioc_value", "ioc_tags"]
    assert {row.channel for row in AuditLog.objects.order_by("-id")[:2]} == {"module"}


def test_a_correction_to_a_value_the_case_has_is_a_conflict(
    corrected: ModuleRun, ioc: CaseIoc, as_analyst: Actor
) -> None:
    add_ioc(as_analyst, 1, type_id=76, tlp_id=2, value="198.51.100.7")
    change = {"ioc_value": (VALUE, "198.51.100.7"), "ioc_description": ("C2", "x")}
    apply(corrected, diff(corrected, **change))
    ioc.refresh_from_db()
    assert (Ioc.objects.get(pk=ioc.ioc_id).value, ioc.description) == (VALUE, "x")
    assert corrected.conflicts[0]["reason"] == "IOC already exists in this case"


# --- somebody else wrote first


def test_an_analysts_text_is_kept(run: ModuleRun, ioc: CaseIoc, as_analyst: Actor) -> None:
    update_ioc(as_analyst, 1, ioc.ioc_id, description="C2 of the intruder")
    apply(run, diff(run, ioc_description=("C2", "C2\nWHOIS"), ioc_tags=("seen,c2", "seen,c2,x")))
    ioc.refresh_from_db()
    assert (ioc.description, ioc.tags) == ("C2 of the intruder", "seen,c2,x")
    assert run.conflicts == [
        {
            "kind": "ioc",
            "id": ioc.ioc_id,
            "field": "ioc_description",
            "old": "C2",
            "new": "C2\nWHOIS",
            "reason": "changed meanwhile",
        }
    ]


def test_the_same_text_by_both_is_no_conflict(
    run: ModuleRun, ioc: CaseIoc, as_analyst: Actor
) -> None:
    update_ioc(as_analyst, 1, ioc.ioc_id, description="same")
    apply(run, diff(run, ioc_description=("C2", "same")))
    assert (run.applied, run.conflicts) == ([], [])


def test_a_text_never_given_equals_an_empty_one(
    run: ModuleRun, ioc: CaseIoc, as_analyst: Actor
) -> None:
    update_ioc(as_analyst, 1, ioc.ioc_id, description=None)
    apply(run, diff(run, ioc_description=(None, "WHOIS")))
    ioc.refresh_from_db()
    assert ioc.description == "WHOIS"


@pytest.mark.parametrize("new", [5, ["x"], {"a": 1}, True])
@pytest.mark.parametrize("field", ["ioc_description", "ioc_tags"])
def test_only_texts_become_texts(run: ModuleRun, ioc: CaseIoc, field: str, new: Any) -> None:
    apply(run, diff(run, **{field: ("C2", new)}))
    ioc.refresh_from_db()
    assert (ioc.description, ioc.tags) == ("C2", "seen,c2")
    assert (run.refused[0]["reason"], run.applied) == ("not a text", [])


# --- tags are a set


@pytest.mark.parametrize(
    ("now", "old", "new", "stored"),
    [
        ("seen,c2", "seen,c2", "seen,c2,vt:bad", "seen,c2,vt:bad"),
        ("", "", ",vt:bad", "vt:bad"),
        (None, "", " vt:bad , vt:bad,", "vt:bad"),
        ("seen,c2,mine", "seen,c2", "seen,vt", "seen,mine,vt"),
        ("mine", "seen,c2", "seen", "mine"),
        ("seen , c2,", "seen , c2,", "c2,seen", "seen , c2,"),
        ("a,b", "a,b", "", ""),
        ("a", "", "a", "a"),
    ],
)
def test_tags_are_added_and_taken_away(
    run: ModuleRun, ioc: CaseIoc, now: str | None, old: str, new: str, stored: str
) -> None:
    CaseIoc.objects.filter(pk=ioc.pk).update(tags=now)
    apply(run, diff(run, ioc_tags=(old, new)))
    ioc.refresh_from_db()
    assert ioc.tags == stored
    assert run.conflicts == []


def test_tags_of_iocs_take_512_characters(run: ModuleRun, ioc: CaseIoc) -> None:
    many = [f"tag{number:03}" for number in range(100)]
    apply(run, diff(run, ioc_tags=("seen,c2", ",".join(["seen", "c2", *many]))))
    ioc.refresh_from_db()
    assert ioc.tags is not None
    assert 505 < len(ioc.tags) <= 512
    assert ioc.tags.startswith("seen,c2,tag000,")
    assert len(run.refused) == 100 - (ioc.tags.count(",") - 1)


def test_tags_an_analyst_made_longer_are_not_cut(run: ModuleRun, ioc: CaseIoc) -> None:
    long = ",".join(f"tag{number:03}" for number in range(100))
    CaseIoc.objects.filter(pk=ioc.pk).update(tags=long)
    apply(run, diff(run, ioc_tags=("seen,c2", "seen,c2,x")))
    ioc.refresh_from_db()
    assert (ioc.tags, run.applied) == (long, [])


def test_tags_of_other_objects_have_no_such_limit(module: Module, as_administrator: Actor) -> None:
    ids = fill_case(as_administrator, 1, "Full")
    run = make_run(module, as_administrator, "event", int(ids["event"]), int(ids["case"]))
    many = ",".join(f"tag{number:03}" for number in range(100))
    apply(run, diff(run, event_tags=("", many)))
    assert Event.objects.get(pk=ids["event"]).tags == many


# --- attributes go field by field


def test_tabs_and_fields_nobody_defined_are_stored(run: ModuleRun, ioc: CaseIoc) -> None:
    stored = {"Case notes": {"Owner": {"type": "input_string", "mandatory": True, "value": "Ann"}}}
    CaseIoc.objects.filter(pk=ioc.pk).update(custom_attributes=stored)
    options = {"type": "input_select", "value": "a", "options": ["a", "b"]}
    apply(run, diff(run, {"VT Report": {"HTML report": html("<b>"), "Verdict": options}}))
    ioc.refresh_from_db()
    assert ioc.custom_attributes == stored | {
        "VT Report": {"HTML report": html("<b>"), "Verdict": options | {"mandatory": False}}
    }


def test_a_later_report_replaces_the_earlier_and_leaves_the_rest(
    run: ModuleRun, ioc: CaseIoc
) -> None:
    apply(run, diff(run, {"VT Report": {"HTML report": html("1"), "JSON": html("{}")}}))
    apply(run, diff(run, {"VT Report": {"HTML report": html("2")}, "Empty": {}}))
    ioc.refresh_from_db()
    assert ioc.custom_attributes == {
        "VT Report": {"HTML report": html("2"), "JSON": html("{}")},
        "Empty": {},
    }
    assert [(one["old"], one["new"]) for one in run.applied] == [("1", "2"), (None, {})]


def test_attributes_assigned_as_a_whole_are_compared_field_by_field(
    run: ModuleRun, ioc: CaseIoc
) -> None:
    field = {"type": "raw", "mandatory": False}
    now = {"T": {"a": field | {"value": "analyst"}, "b": field | {"value": 1}}}
    CaseIoc.objects.filter(pk=ioc.pk).update(custom_attributes=now)
    old = {"T": {"a": field | {"value": ""}, "b": field | {"value": 1}}}
    new = {"T": {"a": field | {"value": "module"}, "c": field | {"value": 3}}}
    apply(run, diff(run, custom_attributes=(old, new)))
    ioc.refresh_from_db()
    assert ioc.custom_attributes == {"T": now["T"] | {"c": field | {"value": 3}}}
    assert fields_of(run.conflicts) == ["custom_attributes.T.a"]
    assert fields_of(run.refused) == ["custom_attributes.T.b"]


@pytest.mark.parametrize("attributes", ["x", ["x"], {"T": "x"}, {"T": None}])
def test_attributes_of_another_shape_are_left_alone(
    run: ModuleRun, ioc: CaseIoc, attributes: Any
) -> None:
    apply(run, diff(run, attributes, custom_attributes=({}, attributes)))
    ioc.refresh_from_db()
    assert (ioc.custom_attributes, run.applied) == (None, [])


def test_attributes_nested_without_end_are_refused(run: ModuleRun, ioc: CaseIoc) -> None:
    deep: Any = "x"
    for _ in range(100):
        deep = [deep]
    apply(run, diff(run, {"T": {"f": deep}}, ioc_description=("C2", "x")))
    ioc.refresh_from_db()
    assert (ioc.custom_attributes, ioc.description) == (None, "x")
    assert run.refused[0]["reason"] == "nested too deeply"


def test_a_long_report_is_stored_whole_and_logged_cut(run: ModuleRun, ioc: CaseIoc) -> None:
    apply(run, diff(run, {"T": {"f": html("x" * 100_000)}}))
    ioc.refresh_from_db()
    assert len(ioc.custom_attributes["T"]["f"]["value"]) == 100_000
    assert len(run.applied[0]["new"]) < 2100
    assert len(str(AuditLog.objects.latest("id").details)) < 3000


def test_a_module_with_endless_wishes_fills_no_log(run: ModuleRun) -> None:
    apply(run, diff(run, **{f"field{number}": (1, 2) for number in range(2000)}))
    assert len(run.refused) == 500


def test_the_case_itself_keeps_its_name(
    module: Module, as_administrator: Actor, case: Case
) -> None:
    run = make_run(module, as_administrator, "case", 1, 1)
    apply(run, diff(run, name=(str(case), "Owned"), owner_id=(1, 2), state_id=(3, 9)))
    case.refresh_from_db()
    assert (case.name, case.state_id) == ("Initial Demo", 3)
    assert fields_of(run.refused) == ["name", "owner_id", "state_id"]
