"""`/case/timeline/*`: events of a case."""

from typing import Any

import pytest

from cases.models import Case, Event, EventAsset
from cases.services.lookups import define_attributes
from soar.core.actor import Actor
from soar.core.models import AuditLog, User
from tests.api.iris import shapes
from tests.api.iris.answers import assert_data_error, assert_denied, assert_refused, data_of
from tests.api.iris.shapes import assert_fits
from tests.http import ApiClient

HUGE = 111155551111
BASE = "/case/timeline/events"
NEW = {
    "event_title": "Logon",
    "event_assets": [],
    "event_category_id": "1",
    "event_date": "2022-01-20T05:45:46.123000",
    "event_tz": "+02:00",
}
NO_CATEGORY = "Invalid event category ID"


def add(client: ApiClient, cid: int = 1, **changes: Any) -> Any:
    """Return the answer to adding an event."""
    return client.post(f"{BASE}/add", NEW | changes | {"cid": cid})


def timeline(client: ApiClient, case_id: int = 1, asset: int | None = None) -> list[dict[str, Any]]:
    """Return the rows of the timeline, whose every member must fit."""
    suffix = "" if asset is None else f"/filter/{asset}"
    data = data_of(client.get(f"{BASE}/list{suffix}", cid=case_id))
    assert_fits(data, {"timeline": [shapes.TIMELINE_ROW], "state": shapes.STATE})
    return data["timeline"]  # type: ignore[no-any-return]


# --- add


def test_a_new_event_is_answered_whole(api_analyst: ApiClient, analyst: User) -> None:
    given = {
        "event_content": "Text",
        "event_raw": "raw",
        "event_source": "EDR",
        "event_in_summary": True,
        "event_in_graph": False,
        "event_color": "#1572E899",
        "event_tags": "a,b",
    }
    data = data_of(add(api_analyst, **given), "Event added")
    assert_fits(data, shapes.EVENT)
    expected = given | {
        "case_id": 1,
        "user_id": analyst.pk,
        "event_title": "Logon",
        "event_category_id": 1,
        "event_assets": [],
        "event_iocs": [],
        "children": [],
        "parent_event_id": None,
        "custom_attributes": None,
    }
    assert data.items() >= expected.items()


@pytest.mark.parametrize(
    ("reading", "offset", "instant", "local"),
    [
        ("05:45:46.123", "+02:00", "2022-01-20T03:45:46.123000", "05:45:46.123000"),
        ("05:45:46", "+00:00", "2022-01-20T05:45:46.000000", "05:45:46.000000"),
        ("01:00:00.5", "+05:30", "2022-01-19T19:30:00.500000", "01:00:00.500000"),
        ("23:30:00.0", "-03:00", "2022-01-21T02:30:00.000000", "23:30:00.000000"),
        ("05:45:46.123456", "-0330", "2022-01-20T09:15:46.123456", "05:45:46.123456"),
    ],
)
def test_a_clock_reading_and_its_offset_give_the_instant(
    api_analyst: ApiClient, reading: str, offset: str, instant: str, local: str
) -> None:
    answer = add(api_analyst, event_date=f"2022-01-20T{reading}", event_tz=offset)
    data = data_of(answer, "Event added")
    assert (data["event_date"], data["event_tz"]) == (instant, offset)
    assert data["event_date_wtz"] == f"2022-01-20T{local}"


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"event_title": "x"}, {"event_title": "Shorter than minimum length 2."}),
        ({"event_title": None}, {"event_title": "Field may not be null."}),
        ({"event_category_id": HUGE}, {"event_category_id": NO_CATEGORY}),
        ({"event_category_id": 0}, {"event_category_id": NO_CATEGORY}),
        ({"event_category_id": "x"}, {"event_category_id": "Not a valid integer."}),
        ({"event_assets": None}, {"event_assets": "Field may not be null."}),
        ({"event_assets": [HUGE]}, {"event_assets": "Invalid assets ID"}),
        ({"event_assets": 1}, {"event_assets": "Not a valid list."}),
        ({"event_iocs": [HUGE]}, {"event_iocs": "Invalid IOC ID"}),
        ({"event_date": "yesterday"}, {"event_date": "Not a valid datetime."}),
        ({"event_date": "2022-13-41T00:00:00.0"}, {"event_date": "Not a valid datetime."}),
        ({"event_date": "2022-01-20"}, {"event_date": "Not a valid datetime."}),
        ({"event_date": "9999-12-31T23:59:59.9"}, {"event_date": "Not a valid datetime."}),
        ({"event_date": 5}, {"event_date": "Not a valid string."}),
        ({"event_tz": "Europe"}, {"event_tz": "Not a valid timezone."}),
        ({"event_tz": "+99:00"}, {"event_tz": "Not a valid timezone."}),
        ({"event_in_graph": "perhaps"}, {"event_in_graph": "Not a valid boolean."}),
    ],
)
def test_a_faulty_event_is_refused_and_nothing_written(
    api_analyst: ApiClient, changes: dict[str, Any], errors: dict[str, str]
) -> None:
    assert_data_error(add(api_analyst, **changes), **errors)
    assert not Event.objects.filter(case=1).exists()


@pytest.mark.parametrize("color", ["", "red", "#123456", "#F2596199"])
def test_an_unknown_colour_becomes_empty(api_analyst: ApiClient, color: str) -> None:
    data = data_of(add(api_analyst, event_color=color), "Event added")
    assert data["event_color"] == (color if color == "#F2596199" else "")


def test_null_members_take_their_defaults(api_analyst: ApiClient) -> None:
    names = (
        "event_content",
        "event_raw",
        "event_source",
        "event_color",
        "event_tags",
        "event_iocs",
    )
    data = data_of(add(api_analyst, **dict.fromkeys(names)), "Event added")
    assert (data["event_content"], data["event_color"], data["event_iocs"]) == ("", "", [])


def test_an_event_links_assets_and_iocs_of_its_case(
    api_administrator: ApiClient, filled: dict[str, int]
) -> None:
    links = {"event_assets": [filled["asset"]] * 2, "event_iocs": [str(filled["ioc"])]}
    data = data_of(add(api_administrator, filled["case"], **links), "Event added")
    assert (data["event_assets"], data["event_iocs"]) == ([filled["asset"]], [filled["ioc"]])


@pytest.mark.parametrize(
    ("member", "noun", "text"),
    [("event_assets", "asset", "Invalid assets ID"), ("event_iocs", "ioc", "Invalid IOC ID")],
)
def test_objects_of_a_hidden_case_are_refused_like_missing_ones(
    api_analyst: ApiClient, hidden: dict[str, int], member: str, noun: str, text: str
) -> None:
    for pk in (hidden[noun], HUGE):
        assert_data_error(add(api_analyst, **{member: [pk]}), **{member: text})
    assert not Event.objects.filter(case=1).exists()


def test_adding_is_counted_and_audited(api_analyst: ApiClient) -> None:
    event_id = data_of(add(api_analyst), "Event added")["event_id"]
    assert data_of(api_analyst.get("/case/timeline/state", cid=1))["object_state"] == 1
    assert AuditLog.objects.get(action="event.created", case_id=1).object_id == event_id


def test_attributes_of_an_event_are_filled(api_analyst: ApiClient, as_administrator: Actor) -> None:
    field = {"type": "input_date", "mandatory": False, "value": ""}
    define_attributes(as_administrator, 2, content={"Tab": {"a": field}})
    data = data_of(add(api_analyst, custom_attributes={"Tab": {"a": "1"}, "x": {}}), "Event added")
    assert data["custom_attributes"] == {"Tab": {"a": field | {"value": "1"}}}


# --- list and fetch


def test_a_row_names_category_assets_and_iocs(
    api_administrator: ApiClient, filled: dict[str, int]
) -> None:
    row = timeline(api_administrator, filled["case"])[0]
    event = filled["event"]
    asset = {"asset_id": filled["asset"], "asset_name": "Full laptop", "event_id": event}
    ioc = {"ioc_id": filled["ioc"], "ioc_value": "full.example.org", "event_id": event}
    assert (row["category_name"], row["assets"], row["iocs"]) == ("Unspecified", [asset], [ioc])


def test_the_timeline_is_sorted_by_instant(api_analyst: ApiClient) -> None:
    readings = [
        ("third", "12:00:00.0", "+00:00"),
        ("first", "13:00:00.0", "+04:00"),
        ("second", "10:00:00.0", "+00:00"),
    ]
    for title, reading, offset in readings:
        add(api_analyst, event_title=title, event_date=f"2022-01-20T{reading}", event_tz=offset)
    assert [row["event_title"] for row in timeline(api_analyst)] == ["first", "second", "third"]


def test_the_filter_keeps_the_events_of_an_asset(
    api_administrator: ApiClient, filled: dict[str, int]
) -> None:
    case_id = filled["case"]
    data_of(add(api_administrator, case_id), "Event added")
    of_asset = timeline(api_administrator, case_id, filled["asset"])
    assert [row["event_title"] for row in of_asset] == ["Full event"]
    assert of_asset[0]["assets"][0]["asset_id"] == filled["asset"]
    assert len(timeline(api_administrator, case_id, 0)) == 2


@pytest.mark.parametrize("asset", [HUGE, 10**25])
def test_an_unknown_asset_has_no_events(
    api_administrator: ApiClient, filled: dict[str, int], asset: int
) -> None:
    assert timeline(api_administrator, filled["case"], asset) == []


def test_the_filter_shows_no_event_of_another_case(
    api_administrator: ApiClient, filled: dict[str, int]
) -> None:
    assert timeline(api_administrator, 1, filled["asset"]) == []


def test_the_state_of_an_untouched_timeline_is_zero(api_analyst: ApiClient) -> None:
    data = data_of(api_analyst.get("/case/timeline/state", cid=1))
    assert_fits(data, shapes.STATE)
    assert data["object_state"] == 0


def test_an_event_is_fetched_whole(api_administrator: ApiClient, filled: dict[str, int]) -> None:
    data = data_of(api_administrator.get(f"{BASE}/{filled['event']}", cid=filled["case"]))
    assert_fits(data, shapes.EVENT)
    assert (data["event_assets"], data["event_iocs"]) == ([filled["asset"]], [filled["ioc"]])


@pytest.mark.parametrize("pk", [0, HUGE, 10**25])
def test_an_unknown_event_is_refused(api_analyst: ApiClient, pk: int) -> None:
    unknown = "Invalid event ID for this case"
    assert_refused(api_analyst.get(f"{BASE}/{pk}", cid=1), unknown)
    assert_refused(api_analyst.post(f"{BASE}/update/{pk}", NEW), unknown)
    answer = api_analyst.post(f"{BASE}/delete/{pk}")
    assert_refused(answer, "Not a valid event ID for this case")


def test_an_event_of_another_case_is_unknown(
    api_administrator: ApiClient, filled: dict[str, int]
) -> None:
    pk, unknown = filled["event"], "Invalid event ID for this case"
    assert_refused(api_administrator.get(f"{BASE}/{pk}", cid=1), unknown)
    assert_refused(api_administrator.post(f"{BASE}/update/{pk}?cid=1", NEW), unknown)
    answer = api_administrator.get(f"{BASE}/delete/{pk}", cid=1)
    assert_refused(answer, "Not a valid event ID for this case")


# --- update and delete


def update(client: ApiClient, filled: dict[str, int], **changes: Any) -> Any:
    """Return the answer to updating the event of the filled case."""
    return client.post(f"{BASE}/update/{filled['event']}?cid={filled['case']}", NEW | changes)


def test_an_updated_event_is_answered_whole(
    api_administrator: ApiClient, filled: dict[str, int]
) -> None:
    links = {"event_assets": [filled["asset"]], "event_category_id": "5"}
    data = data_of(update(api_administrator, filled, **links), "Event updated")
    assert_fits(data, shapes.EVENT)
    expected = {"event_title": "Logon", "event_category_id": 5, "event_tz": "+02:00"}
    assert data.items() >= expected.items()
    assert data["event_date"] == "2022-01-20T03:45:46.123000"
    actions = [line["action"] for _, line in sorted(data["modification_history"].items())]
    assert actions == ["created", "updated"]


def test_absent_iocs_are_kept_and_a_list_replaces_them(
    api_administrator: ApiClient, filled: dict[str, int]
) -> None:
    kept = data_of(update(api_administrator, filled), "Event updated")
    assert (kept["event_iocs"], kept["event_assets"]) == ([filled["ioc"]], [])
    gone = data_of(update(api_administrator, filled, event_iocs=[]), "Event updated")
    assert gone["event_iocs"] == []


def test_a_faulty_update_changes_nothing(
    api_administrator: ApiClient, filled: dict[str, int]
) -> None:
    answer = update(api_administrator, filled, event_assets=[HUGE])
    assert_data_error(answer, event_assets="Invalid assets ID")
    answer = update(api_administrator, filled, event_category_id=HUGE)
    assert_data_error(answer, event_category_id=NO_CATEGORY)
    assert Event.objects.get(pk=filled["event"]).title == "Full event"


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_deleted_event_leaves_its_assets_alone(
    api_administrator: ApiClient, filled: dict[str, int], method: str
) -> None:
    path = f"{BASE}/delete/{filled['event']}?cid={filled['case']}"
    answer = getattr(api_administrator, method)(path)
    assert data_of(answer, f"Event ID {filled['event']} deleted") == []
    assert not EventAsset.objects.exists()
    assert timeline(api_administrator, filled["case"]) == []


def test_a_reader_adds_no_event(api_reader: ApiClient, case: Case) -> None:
    assert_denied(add(api_reader), case.pk)
    assert not Event.objects.filter(case=1).exists()
