"""The refang module in the runner: what it proposes, and what it leaves alone."""

from typing import Any

import pytest

from tests.modules.builtin.running import hooks_of, lines_of, run

REFANG = "watchfloor_refang"
UPDATE = "on_postload_note_update"
TYPES = [
    {"type_id": number, "type_name": name}
    for number, name in enumerate(
        ("domain", "email", "ip-any", "ip-dst", "md5", "sha1", "sha256", "url"), start=20
    )
]
NAMES = {row["type_id"]: row["type_name"] for row in TYPES}


def note(content: str, **others: Any) -> dict[str, Any]:
    """Make the snapshot of a note."""
    base = {"__kind__": "note", "note_id": 7, "note_title": "Report", "case_id": 3}
    return {**base, "note_content": content, **others}


def result_of(*data: Any, hook: str = UPDATE, **parameters: Any) -> dict[str, Any]:
    """Run the module on objects."""
    return run(REFANG, hook, list(data), parameters, surroundings={"ioc_types": TYPES})


def proposed(result: dict[str, Any]) -> list[tuple[str, str]]:
    """Return types and values of the proposed IOCs."""
    assert result["status"] == "success"
    assert {one["kind"] for one in result["creations"]} <= {"ioc"}
    fields = [one["fields"] for one in result["creations"]]
    return [(NAMES[one["ioc_type_id"]], one["ioc_value"]) for one in fields]


def test_it_reads_texts_when_they_are_saved_and_when_asked() -> None:
    manual = {
        (f"on_manual_trigger_{kind}", "Extract IOCs") for kind in ("note", "event", "alert", "case")
    }
    automatic = {
        (f"on_postload_{kind}_{verb}", "")
        for kind, verbs in {
            "note": ("create", "update"),
            "event": ("create", "update"),
            "alert": ("escalate", "merge"),
        }.items()
        for verb in verbs
    }
    assert hooks_of(REFANG) == manual | automatic
    assert hooks_of(REFANG, refang_automatic=False) == manual


def test_indicators_of_a_note_are_proposed_with_their_types() -> None:
    text = "C2 hxxps://evil[.]com/a at 8[.]8[.]8[.]8, bad[at]evil[.]ru, 44d88612fea8a8f36de82e1278abb02f, evil[.]org"
    result = result_of(note(text))
    assert proposed(result) == [
        ("url", "https://evil.com/a"),
        ("email", "bad@evil.ru"),
        ("ip-dst", "8.8.8.8"),
        ("md5", "44d88612fea8a8f36de82e1278abb02f"),
        ("domain", "evil.org"),
    ]
    fields = result["creations"][0]["fields"]
    assert (fields["ioc_tags"], fields["ioc_description"]) == ("refang,proposed", "Found in note 7")
    assert result["diffs"] == []


@pytest.mark.parametrize(
    ("hook", "element"),
    [
        ("on_postload_event_create", {"__kind__": "event", "event_raw": "evil[.]org"}),
        ("on_postload_event_update", {"__kind__": "event", "event_title": "evil[.]org"}),
        ("on_postload_alert_escalate", {"__kind__": "alert", "alert_description": "evil[.]org"}),
        (
            "on_postload_alert_merge",
            {"__kind__": "alert", "alert_source_content": {"a": ["evil[.]org"]}},
        ),
        ("on_manual_trigger_case", {"__kind__": "case", "description": "evil[.]org"}),
        ("on_manual_trigger_event", {"__kind__": "event", "event_content": "evil[.]org"}),
    ],
)
def test_every_text_is_read(hook: str, element: dict[str, Any]) -> None:
    assert proposed(result_of(element, hook=hook)) == [("domain", "evil.org")]


def test_what_is_there_already_is_not_proposed() -> None:
    result = run(
        REFANG,
        UPDATE,
        [note("evil[.]org evil[.]com")],
        surroundings={
            "ioc_types": TYPES,
            "iocs": [{"ioc_id": 1, "ioc_value": "EVIL.org", "ioc_type_id": 20}],
        },
    )
    assert proposed(result) == [("domain", "evil.com")]


def test_several_objects_propose_each_indicator_once() -> None:
    result = result_of(note("evil[.]org"), note("evil[.]org evil[.]com", note_id=8))
    assert proposed(result) == [("domain", "evil.org"), ("domain", "evil.com")]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, [("domain", "plain.com"), ("domain", "meant.com")]),
        ({"refang_plain": False}, [("domain", "meant.com")]),
        ({"refang_ignored": "com"}, []),
        ({"refang_ignored": "meant.com, lain.com"}, [("domain", "plain.com")]),
    ],
)
def test_domains_can_be_left_out(parameters: dict[str, Any], expected: list[Any]) -> None:
    assert proposed(result_of(note("plain.com meant[.]com"), **parameters)) == expected


def test_urls_and_addresses_of_ignored_domains_are_ignored() -> None:
    text = "hxxp://www[.]example[.]com/a bad@example.com hxxp://other.com"
    assert proposed(result_of(note(text))) == [("url", "http://other.com")]


def test_internal_addresses_are_left_out_unless_wanted() -> None:
    text = "10.0.0.1 http://192.168.0.1/a 8.8.8.8"
    assert proposed(result_of(note(text), refang_ip_type="ip-any")) == [("ip-any", "8.8.8.8")]
    assert len(proposed(result_of(note(text), refang_internal=True))) == 3


def test_proposals_are_bounded_and_the_rest_is_told() -> None:
    text = " ".join(f"host{n}[.]org" for n in range(30))
    result = result_of(note(text), refang_maximum=10)
    assert len(proposed(result)) == 10
    assert "20 more are left out, see refang_maximum" in lines_of(result)


def test_a_very_long_text_is_read_in_part() -> None:
    result = result_of(note("evil[.]org " + "x " * 300_000 + "late[.]org"))
    assert proposed(result) == [("domain", "evil.org")]
    assert "note 7: only the first 500000 letters are read" in lines_of(result)


def test_an_alert_without_a_case_proposes_nothing_but_tells_what_it_found() -> None:
    alert = {"__kind__": "alert", "alert_id": 5, "alert_title": "evil[.]org"}
    result = run(
        REFANG,
        "on_manual_trigger_alert",
        [alert],
        case_id=None,
        surroundings={"ioc_types": TYPES},
    )
    assert proposed(result) == []
    assert "alert 5: domain evil.org" in lines_of(result)
