"""The sample modules: what each behaviour of contract §6.2 comes out as."""

from typing import Any

import pytest

from tests.modules.runner.jobs import (
    CASE_ID,
    failure_of,
    ioc,
    result_of,
    sample,
    success_of,
    texts,
)

MANUAL = "on_manual_trigger_ioc"


def enriched(name: str | None = None, **changes: Any) -> dict[str, Any]:
    """Return the one difference a run of the enricher makes."""
    hook = MANUAL if name else "on_postload_ioc_create"
    result = success_of(sample("iris_sample_enricher", hook=hook, ui_name=name, **changes))
    assert len(result["diffs"]) == 1
    diff: dict[str, Any] = result["diffs"][0]
    return diff


def test_tags_and_an_html_tab_are_the_difference(is_forked: bool) -> None:
    diff = enriched(is_forked=is_forked)
    assert (diff["kind"], diff["index"], diff["id"]) == ("ioc", 0, 5)
    assert diff["changes"] == {"ioc_tags": ["", ",sample:seen"]}
    field = diff["attributes"]["Sample report"]["HTML report"]
    assert (field["type"], field["mandatory"]) == ("html", False)
    assert "<script>" in field["value"]


def test_the_configuration_reaches_the_module() -> None:
    chosen = [{"param_name": "sample_tag", "value": "chosen", "type": "string"}]
    assert enriched(configuration=chosen)["changes"]["ioc_tags"][1] == ",chosen"


def test_a_description_is_reported_with_what_it_was() -> None:
    diff = enriched("Describe", data=[ioc(ioc_description="mine")])
    assert diff["changes"] == {"ioc_description": ["mine", "mine (described)"]}
    assert diff["attributes"] == {}


def test_a_changed_identity_is_reported_like_anything_else() -> None:
    changes = enriched("Rename")["changes"]
    assert changes == {
        "ioc_value": ["198.51.100.7", "198.51.100.7.renamed"],
        "ioc_type_id": [76, 1],
    }


def test_each_of_many_objects_has_its_difference() -> None:
    data = [ioc(5), ioc(6), ioc(7)]
    result = success_of(sample("iris_sample_enricher", hook=MANUAL, ui_name="Enrich", data=data))
    assert [(diff["index"], diff["id"]) for diff in result["diffs"]] == [(0, 5), (1, 6), (2, 7)]


def test_a_report_that_is_there_already_is_no_difference() -> None:
    attributes = enriched()["attributes"]
    diff = enriched(data=[ioc(custom_attributes=attributes)])
    assert diff["attributes"] == {}


def test_a_note_comes_with_its_new_directory(is_forked: bool) -> None:
    result = success_of(
        sample("iris_sample_notes", hook=MANUAL, ui_name="Write a note", is_forked=is_forked)
    )
    directory, note = result["creations"]
    assert (directory["kind"], directory["ref"]) == ("note_directory", -1)
    assert directory["fields"] == {"name": "Sample findings", "case_id": CASE_ID}
    assert (note["kind"], note["ref"], note["fields"]["directory_id"]) == ("note", -2, -1)
    assert note["fields"]["note_content"] == "ip-any 198.51.100.7"
    assert result["data"] == {"notes": 1}


def test_notes_of_one_run_share_the_directory() -> None:
    data = [ioc(5), ioc(6)]
    result = success_of(sample("iris_sample_notes", hook=MANUAL, ui_name="x", data=data))
    assert [one["kind"] for one in result["creations"]] == ["note_directory", "note", "note"]


def test_a_directory_that_is_there_is_found() -> None:
    known = {"id": 9, "name": "Sample findings", "parent_id": None, "case_id": CASE_ID}
    places = {"note_directories": [known | {"id": 8, "name": "Other"}, known]}
    result = success_of(sample("iris_sample_notes", hook=MANUAL, ui_name="x", surroundings=places))
    assert [one["fields"]["directory_id"] for one in result["creations"]] == [9]


def test_indicators_and_evidence_are_proposed() -> None:
    types = {"ioc_types": [{"type_id": 20, "type_name": "domain"}]}
    result = success_of(
        sample("iris_sample_notes", hook=MANUAL, ui_name="Propose the rest", surroundings=types)
    )
    found, evidence = result["creations"]
    assert (found["kind"], found["fields"]["ioc_type_id"]) == ("ioc", 20)
    assert found["fields"]["case_id"] == CASE_ID
    assert (evidence["kind"], evidence["fields"]["file_hash"]) == ("evidence", "ab" * 32)


def test_evidence_that_is_there_is_not_proposed_again() -> None:
    places = {
        "ioc_types": [{"type_id": 20, "type_name": "domain"}],
        "evidences": [{"id": 1, "filename": "a", "file_hash": "AB" * 32}],
    }
    result = success_of(
        sample("iris_sample_notes", hook=MANUAL, ui_name="Propose the rest", surroundings=places)
    )
    assert [one["kind"] for one in result["creations"]] == ["ioc"]


def test_a_preload_answer_replaces_the_request(is_forked: bool) -> None:
    request = {"ioc_value": "a", "ioc_tags": None, "custom": {"a": [1]}}
    outcome = sample(
        "iris_sample_preload", hook="on_preload_ioc_create", data=[request], is_forked=is_forked
    )
    result = success_of(outcome)
    assert result["data"] == [request | {"ioc_tags": ",preloaded"}]
    assert (result["diffs"], result["creations"]) == ([], [])


def test_a_crash_in_a_preload_hook_is_a_failure() -> None:
    outcome = sample("iris_sample_preload", hook="on_preload_note_create", data=[{}])
    assert failure_of(outcome) == "ValueError: this module cannot read notes"


def test_a_refusal_in_a_preload_hook_is_a_failure_with_its_words() -> None:
    outcome = sample("iris_sample_preload", hook="on_preload_event_create", data=[{}])
    assert failure_of(outcome) == "events are not welcome"
    assert result_of(outcome)["code"] == 0xFFFE


def test_manual_names_and_whether_they_wait_are_registered() -> None:
    result = success_of(sample("iris_sample_enricher", kind="register"))
    found = {(one["hook"], one["ui_name"]): one for one in result["subscriptions"]}
    assert len(found) == 6
    assert found[MANUAL, "Enrich"]["run_asynchronously"] is True
    assert found[MANUAL, "Enrich now"]["run_asynchronously"] is False
    assert found[MANUAL, "Enrich now"]["is_manual"] is True
    assert found["on_postload_ioc_create", ""]["is_manual"] is False
    assert result["problems"] == []


def test_an_unknown_hook_is_a_problem_and_the_rest_is_registered(is_forked: bool) -> None:
    result = success_of(sample("iris_sample_answers", kind="register", is_forked=is_forked))
    assert result["problems"] == ["Hook on_postload_ioc_created is unknown"]
    assert "['Hook on_postload_ioc_created is unknown']" in texts(result)
    names = {(one["hook"], one["ui_name"]) for one in result["subscriptions"]}
    unnamed = "on_manual_trigger_case"
    assert (unnamed, f"iris_sample_answers::{unnamed}") in names
    assert len(names) == 9
    assert not any(hook.startswith("on_postload_task") for hook, _ in names)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("uncalled", "Error"),
        ("msg", "Error"),
        ("positional", "plain words"),
        ("exception", "ValueError: the reason"),
        ("code", "by code"),
        ("merged", "Success - odd"),
    ],
)
def test_every_way_to_say_no_is_understood(name: str, message: str) -> None:
    outcome = sample("iris_sample_answers", hook=MANUAL, ui_name=name)
    assert failure_of(outcome) == message


def test_the_old_name_of_a_hook_registers_the_new_one() -> None:
    result = success_of(sample("iris_sample_old_name", kind="register"))
    assert [one["hook"] for one in result["subscriptions"]] == ["on_postload_case_update"]
    assert any("is called on_postload_case_update now" in line for line in texts(result))


def test_a_module_is_called_by_the_name_it_knows(is_forked: bool) -> None:
    case = {"__kind__": "case", "case_id": CASE_ID, "name": "Phishing"}
    outcome = sample(
        "iris_sample_old_name", hook="on_postload_case_update", data=[case], is_forked=is_forked
    )
    assert texts(success_of(outcome)) == ["case Phishing changed"]
