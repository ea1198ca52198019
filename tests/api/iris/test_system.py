"""What every route shares: keys, the envelope, the context case, URLs (contract §1)."""

import json
from typing import Any

import pytest
from django.test import Client

from cases.models import Asset, Case, Note
from soar.core.models import User
from soar.core.services.users import set_active
from tests.api.iris.answers import assert_data_error, assert_denied, assert_refused, data_of
from tests.http import ApiClient, key_of

ADD = "/case/notes/groups/add"
LIST = "/case/ioc/list"
PING = "/api/ping"
HUGE = 111155551111


def case_of(response: Any) -> int:
    """Return the case a new notes group went into."""
    return int(Case.objects.get(note_directories=data_of(response)["group_id"]).pk)


# --- keys (§1.1)


def test_ping_answers_pong(api_administrator: ApiClient) -> None:
    assert data_of(api_administrator.get(PING), "pong") == []


def test_versions_admit_clients_from_1_0_2_to_2_0_4(api_administrator: ApiClient) -> None:
    versions = {"api_min": "1.0.2", "api_current": "2.0.4", "iris_current": "v2.4.20"}
    assert data_of(api_administrator.get("/api/versions", cid=1)) == versions


@pytest.mark.parametrize(
    "header", ["Bearer {}", "bearer {}", "BEARER {}", "{}", "Bearer  {} "], ids=repr
)
def test_the_key_is_read_from_the_authorization_header(
    client: Any, administrator: User, header: str
) -> None:
    value = header.format(key_of(administrator))
    assert data_of(client.get(PING, headers={"authorization": value}), "pong") == []


def test_the_key_is_read_from_x_iris_auth(client: Any, administrator: User) -> None:
    answer = client.get(PING, headers={"x-iris-auth": key_of(administrator)})
    assert data_of(answer, "pong") == []


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer x", "Token {}", "Basic {}"], ids=repr)
def test_anything_else_is_no_key(client: Any, administrator: User, header: str) -> None:
    headers = {"authorization": header.format(key_of(administrator))}
    response = client.get(PING, headers=headers)
    assert_refused(response, "Authentication required", code=401)
    assert response["WWW-Authenticate"] == "Bearer"


def test_a_session_is_no_key(client: Any, administrator: User) -> None:
    client.force_login(administrator, "soar.core.backends.ConsoleBackend")
    assert_refused(client.get(PING), "Authentication required", code=401)


def test_a_key_needs_no_csrf_token_and_sets_no_cookie(administrator: User) -> None:
    api = ApiClient(key_of(administrator))
    api.client = Client(enforce_csrf_checks=True)
    assert not api.post(ADD, {"group_title": "x"}).cookies


def test_a_deactivated_users_key_is_refused(
    api_analyst: ApiClient, analyst: User, as_administrator: Any
) -> None:
    set_active(as_administrator, analyst.pk, active=False)
    assert_refused(api_analyst.get(PING), "Authentication required", code=401)


def test_a_key_has_86_url_safe_characters(administrator: User) -> None:
    key = key_of(administrator)
    assert len(key) == 86
    assert set(key) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


# --- URLs (§1.3)


def test_runs_of_slashes_count_as_one(api_administrator: ApiClient) -> None:
    answer = api_administrator.client.get(
        "/", headers=api_administrator.headers, PATH_INFO="//manage///customers//list"
    )
    assert data_of(answer)[0]["customer_name"] == "IrisInitialClient"


def test_a_body_sent_to_a_double_slash_arrives(api_administrator: ApiClient) -> None:
    answer = api_administrator.client.post(
        "/", {"group_title": "Doubled"}, headers=api_administrator.headers, PATH_INFO=f"/{ADD}"
    )
    assert data_of(answer)["group_title"] == "Doubled"


@pytest.mark.parametrize(
    "path",
    [
        "/api/ping/",
        "/no/such/route",
        "/case/ioc/abc",
        "/case/ioc/-1",
        "/manage/users/1.5",
        "/case/ioc/",
        "/case/notes/directories/filter",
        "/alerts/filter",
    ],
)
def test_an_unknown_url_is_answered_in_the_envelope(
    api_administrator: ApiClient, path: str
) -> None:
    assert_refused(api_administrator.get(path), "Resource not found", code=404)


def test_any_accept_header_gets_json(api_administrator: ApiClient) -> None:
    headers = api_administrator.headers | {"accept": "text/html"}
    assert data_of(api_administrator.client.get(PING, headers=headers), "pong") == []


def test_every_answer_carries_the_request_id(api_administrator: ApiClient) -> None:
    headers = api_administrator.headers | {"x-request-id": "from-the-client.1"}
    response = api_administrator.client.get(PING, headers=headers)
    assert response["X-Request-ID"] == "from-the-client.1"


# --- the context case (§1.4)


def test_cid_is_read_from_the_query(api_administrator: ApiClient, second_case: Case) -> None:
    answer = api_administrator.post(f"{ADD}?cid={second_case.pk}", {"group_title": "x"})
    assert case_of(answer) == second_case.pk


@pytest.mark.parametrize("as_text", [False, True])
def test_cid_is_read_from_the_body(
    api_administrator: ApiClient, second_case: Case, as_text: bool
) -> None:
    cid = str(second_case.pk) if as_text else second_case.pk
    assert case_of(api_administrator.post(ADD, {"group_title": "x", "cid": cid})) == second_case.pk


def test_the_query_wins_over_the_body(api_administrator: ApiClient, second_case: Case) -> None:
    answer = api_administrator.post(f"{ADD}?cid={second_case.pk}", {"group_title": "x", "cid": 1})
    assert case_of(answer) == second_case.pk


@pytest.mark.parametrize(
    "kind", ["application/json; charset=utf-8", "application/json;charset=UTF-8"]
)
def test_cid_is_read_from_json_with_a_charset(
    api_administrator: ApiClient, second_case: Case, kind: str
) -> None:
    body = json.dumps({"group_title": "x", "cid": second_case.pk})
    headers = api_administrator.headers
    answer = api_administrator.client.post(ADD, body, content_type=kind, headers=headers)
    assert case_of(answer) == second_case.pk


def test_cid_is_read_from_a_form(api_administrator: ApiClient, second_case: Case) -> None:
    body = {"group_title": "x", "cid": second_case.pk}
    answer = api_administrator.client.post(ADD, body, headers=api_administrator.headers)
    assert case_of(answer) == second_case.pk


def test_a_parameter_literally_named_question_mark_cid_is_cid(
    api_administrator: ApiClient, second_case: Case
) -> None:
    answer = api_administrator.post(f"{ADD}?q=%7B%7D&?cid={second_case.pk}", {"group_title": "x"})
    assert case_of(answer) == second_case.pk


@pytest.mark.parametrize("query", ["", "?cid=", "?cid=0", "?cid=abc", "?cid=1.5", "?cid=+1"])
def test_without_a_number_in_the_query_it_is_case_1(
    api_administrator: ApiClient, second_case: Case, query: str
) -> None:
    assert case_of(api_administrator.post(f"{ADD}{query}", {"group_title": "x"})) == 1


@pytest.mark.parametrize("cid", [0, "0", "abc", "", True, False, 1.5, [2], {"a": 1}], ids=repr)
def test_without_a_number_in_the_body_it_is_case_1(
    api_administrator: ApiClient, second_case: Case, cid: Any
) -> None:
    assert case_of(api_administrator.post(ADD, {"group_title": "x", "cid": cid})) == 1


def test_a_null_cid_names_no_case(api_administrator: ApiClient) -> None:
    answer = api_administrator.post(ADD, {"group_title": "x", "cid": None})
    assert_refused(answer, "Invalid case ID", code=404)


def test_a_null_cid_is_told_to_those_without_case_1_alike(api_guest: ApiClient) -> None:
    answer = api_guest.post(ADD, {"group_title": "x", "cid": None})
    assert_refused(answer, "Invalid case ID", code=404)


def test_the_query_wins_over_a_null_cid(api_administrator: ApiClient) -> None:
    assert case_of(api_administrator.post(f"{ADD}?cid=1", {"group_title": "x", "cid": None})) == 1


@pytest.mark.parametrize("cid", [HUGE, 10**18, 2**63, 10**30, -4])
def test_a_missing_case_is_denied(api_administrator: ApiClient, cid: int) -> None:
    assert_denied(api_administrator.get(LIST, cid=cid), cid)


@pytest.mark.parametrize("cid", [HUGE, str(HUGE), 2**63, str(10**30), -4], ids=repr)
def test_a_missing_case_in_the_body_is_denied(api_administrator: ApiClient, cid: Any) -> None:
    assert_denied(api_administrator.post(ADD, {"group_title": "x", "cid": cid}), int(cid))


def test_a_hidden_case_is_denied_like_a_missing_one(
    api_analyst: ApiClient, outsider_case: Case
) -> None:
    assert_denied(api_analyst.get(LIST, cid=outsider_case.pk), outsider_case.pk)


def test_a_reader_may_read_but_not_write(api_reader: ApiClient) -> None:
    data_of(api_reader.get(LIST, cid=1))
    assert_denied(api_reader.post(ADD, {"group_title": "x", "cid": 1}), 1)


def test_a_denied_administrator_is_denied(api_denied_administrator: ApiClient) -> None:
    assert_denied(api_denied_administrator.get(LIST, cid=1), 1)


@pytest.mark.parametrize("path", ["/manage/cases/list", "/global/tasks/list", "/api/ping"])
def test_routes_beyond_cases_accept_any_cid(api_administrator: ApiClient, path: str) -> None:
    for query in ("cid=1", f"cid={HUGE}", "cid=abc", "?cid=7"):
        assert api_administrator.get(f"{path}?{query}").json()["status"] == "success"


def test_a_body_beyond_cases_may_carry_any_cid(api_administrator: ApiClient) -> None:
    body = {"customer_name": "With cid", "cid": HUGE}
    added = data_of(api_administrator.post("/manage/customers/add", body), "Customer added")
    assert added["customer_name"] == "With cid"


# --- bodies (§1.5, §1.7, §7.6.8)


@pytest.mark.parametrize("body", ["[]", '"text"', "7", "null", "[{}]", "true"])
def test_a_body_that_is_no_object_is_a_data_error(api_administrator: ApiClient, body: str) -> None:
    answer = api_administrator.client.post(
        "/case/notes/groups/add",
        body,
        content_type="application/json",
        headers=api_administrator.headers,
    )
    assert (answer.status_code, answer.json()["message"]) == (400, "Data error")


@pytest.mark.parametrize(
    "body", ["{", "{'a': 1}", '{"a": NaN}', '{"a": 1e999}', "\xff", "[" * 50_000]
)
def test_a_body_that_is_no_json_is_a_data_error(api_administrator: ApiClient, body: str) -> None:
    answer = api_administrator.client.post(
        ADD, body, content_type="application/json", headers=api_administrator.headers
    )
    assert (answer.status_code, answer.json()["message"]) == (400, "Data error")


def test_an_unsupported_content_type_is_a_data_error(api_administrator: ApiClient) -> None:
    answer = api_administrator.client.post(
        ADD, "<a/>", content_type="application/xml", headers=api_administrator.headers
    )
    assert (answer.status_code, answer.json()["message"]) == (400, "Data error")


@pytest.mark.parametrize("body", ["", "{}", " "], ids=repr)
def test_a_delete_needs_no_body(api_administrator: ApiClient, filled: Any, body: str) -> None:
    path = f"/case/notes/delete/{filled['note']}?cid={filled['case']}"
    headers = api_administrator.headers
    answer = api_administrator.client.post(
        path, body, content_type="application/json", headers=headers
    )
    data_of(answer, "Deleted")
    assert not Note.objects.filter(pk=filled["note"]).exists()


def test_a_delete_without_content_type_is_understood(
    api_administrator: ApiClient, filled: Any
) -> None:
    path = f"/case/assets/delete/{filled['asset']}?cid={filled['case']}"
    answer = api_administrator.client.generic("POST", path, headers=api_administrator.headers)
    data_of(answer, "Deleted")
    assert not Asset.objects.filter(pk=filled["asset"]).exists()


def test_a_get_with_a_json_content_type_and_no_body_is_understood(
    api_administrator: ApiClient,
) -> None:
    headers = api_administrator.headers | {"content-type": "application/json"}
    assert data_of(api_administrator.client.get(f"{LIST}?cid=1", headers=headers))["ioc"]


@pytest.mark.parametrize("text", ["a\x00b", "\ud800"], ids=["NUL", "surrogate"])
def test_a_text_nobody_can_store_names_its_field(api_administrator: ApiClient, text: str) -> None:
    answer = api_administrator.post(ADD, {"group_title": text}).json()
    assert (answer["message"], list(answer["data"])) == ("Data error", ["group_title"])


def test_a_text_longer_than_its_column_is_refused_not_cut(api_administrator: ApiClient) -> None:
    answer = api_administrator.post(ADD, {"group_title": "x" * 201})
    assert_data_error(answer, group_title="Longer than maximum length 200.")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "Field may not be null."),
        ("", "Shorter than minimum length 1."),
        (7, "Not a valid string."),
        ({}, "Not a valid string."),
        ([], "Not a valid string."),
    ],
)
def test_refusals_are_worded_as_clients_know_them(
    api_administrator: ApiClient, value: Any, text: str
) -> None:
    assert_data_error(api_administrator.post(ADD, {"group_title": value}), group_title=text)
