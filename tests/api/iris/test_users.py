"""`/manage/users/*` and `/user/*`: users, their rights and their keys."""

from typing import Any

import pytest

from soar.core.actor import Actor
from soar.core.models import AuditLog, User
from soar.core.services.users import set_active
from tests.api.iris import shapes
from tests.api.iris.answers import assert_data_error, assert_refused, data_of
from tests.api.iris.shapes import assert_fits
from tests.http import ApiClient, key_of

HUGE = 111155551111
UNKNOWN = "Invalid user ID"
NO_KEY = "Authentication required"
NEW = {
    "user_name": "New Person",
    "user_login": "new",
    "user_email": "new@example.org",
    "user_password": "Long-Enough-1",
}
LAST = "The last administrator cannot lose his rights"
LOOKUP = {"user_id": int, "user_uuid": shapes.UUID, "user_login": str, "user_name": str}


def add(client: ApiClient, **changes: Any) -> Any:
    """Return the answer to adding a user."""
    return client.post("/manage/users/add", NEW | changes)


def update(client: ApiClient, user: User, **changes: Any) -> Any:
    """Return the answer to updating a user."""
    return client.post(f"/manage/users/update/{user.pk}", changes)


# --- add


def test_a_new_user_is_answered_whole_without_his_password(api_administrator: ApiClient) -> None:
    data = data_of(add(api_administrator, cid=1), "user created")
    assert_fits(data, shapes.USER_WRITTEN | {"user_api_key": str})
    expected = {
        "active": True,
        "user_login": "new",
        "user_name": "New Person",
        "user_email": "new@example.org",
        "user_isadmin": False,
    }
    assert data.items() >= expected.items()
    assert "user_password" not in data


def test_the_key_of_a_new_user_works_and_lets_him_nowhere(api_administrator: ApiClient) -> None:
    key = data_of(add(api_administrator), "user created")["user_api_key"]
    data_of(ApiClient(key).get("/api/ping"), "pong")
    assert_refused(ApiClient(key).get("/manage/cases/list"), "Permission denied", code=403)
    assert ApiClient(key).get("/case/ioc/list", cid=1).status_code == 403


def test_a_new_user_is_audited_without_his_password(api_administrator: ApiClient) -> None:
    add(api_administrator)
    line = AuditLog.objects.get(action="user.created", actor_id=1, summary="created user new")
    assert NEW["user_password"] not in str(line.details)


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"user_login": "administrator"}, {"user_login": "User name already taken"}),
        ({"user_login": "ADMINISTRATOR"}, {"user_login": "User name already taken"}),
        ({"user_email": "Administrator@IRIS.local"}, {"user_email": "User email already taken"}),
        ({"user_login": ""}, {"user_login": "Shorter than minimum length 1."}),
        ({"user_name": None}, {"user_name": "Field may not be null."}),
        ({"user_login": "x" * 151}, {"user_login": "Longer than maximum length 150."}),
    ],
)
def test_a_faulty_user_is_refused(
    api_administrator: ApiClient, changes: dict[str, Any], errors: dict[str, str]
) -> None:
    assert_data_error(add(api_administrator, **changes), **errors)
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    "password",
    ["Short-1", "nocapitals-12345", "NOLOWERCASE-1234", "No-digits-at-all", "", "x" * 300],
)
def test_a_password_needs_12_characters_upper_lower_and_digit(
    api_administrator: ApiClient, guest: User, password: str
) -> None:
    answer = add(api_administrator, user_password=password).json()
    assert (answer["message"], list(answer["data"])) == ("Data error", ["user_password"])
    if password:
        answer = update(api_administrator, guest, user_password=password).json()
        assert list(answer["data"]) == ["user_password"]


def test_a_weak_password_is_refused_in_the_words_of_v1(api_administrator: ApiClient) -> None:
    answer = add(api_administrator, user_password="weak").json()
    text = "Password must contain 1 capital letter and 1 number"
    assert text in answer["data"]["user_password"]


def test_a_service_account_needs_no_password(api_administrator: ApiClient) -> None:
    answer = add(api_administrator, user_password="", user_is_service_account=True)
    assert data_of(answer, "user created")["user_is_service_account"] is True
    assert not User.objects.get(login="new").has_usable_password()


# --- list and fetch


def test_the_list_shows_the_v1_roles(
    api_administrator: ApiClient, analyst: User, guest: User
) -> None:
    data = data_of(api_administrator.get("/manage/users/list", cid=1))
    assert_fits(data, [shapes.USER_ROW])
    roles = {row["user_login"]: [role["role_name"] for role in row["user_roles"]] for row in data}
    assert roles == {
        "administrator": ["administrator", "investigator", "viewer"],
        "analyst": ["investigator", "viewer"],
        "guest": ["viewer"],
    }


def test_a_user_is_fetched_with_what_both_generations_read(
    api_administrator: ApiClient, analyst: User
) -> None:
    data = data_of(api_administrator.get(f"/manage/users/{analyst.pk}"))
    lists = dict.fromkeys(("user_groups", "user_organisations", "user_cases_access"), list)
    assert_fits(data, shapes.USER_ROW | lists | {"user_permissions": dict})
    assert [group["group_name"] for group in data["user_groups"]] == ["Analysts"]
    assert data["user_permissions"]["1"]["inherited_from"] == ["Analysts"]


def test_a_fetched_user_shows_the_levels_given_to_him(
    api_administrator: ApiClient, reader: User
) -> None:
    access = data_of(api_administrator.get(f"/manage/users/{reader.pk}"))["user_cases_access"]
    assert [(row["case_id"], row["access_level"]) for row in access] == [(1, 2)]


@pytest.mark.parametrize("pk", [0, HUGE, 10**25])
def test_an_unknown_user_is_refused(api_administrator: ApiClient, pk: int) -> None:
    assert_refused(api_administrator.get(f"/manage/users/{pk}"), UNKNOWN)
    for verb in ("update", "delete", "activate", "deactivate", "renew-api-key"):
        method = api_administrator.get if "activate" in verb else api_administrator.post
        assert_refused(method(f"/manage/users/{verb}/{pk}"), UNKNOWN)


@pytest.mark.parametrize(
    "path",
    ["list", "1", "update/1", "add", "delete/1", "activate/1", "deactivate/1", "renew-api-key/1"],
)
def test_only_administrators_manage_users(api_analyst: ApiClient, path: str) -> None:
    method = "get" if path in {"list", "1", "activate/1", "deactivate/1"} else "post"
    answer = getattr(api_analyst, method)(f"/manage/users/{path}")
    assert_refused(answer, "Permission denied", code=403)


# --- update


def test_an_updated_user_is_answered_whole(api_administrator: ApiClient, guest: User) -> None:
    data = data_of(update(api_administrator, guest, user_name="Renamed", cid=1), "User updated")
    assert_fits(data, shapes.USER_WRITTEN)
    assert (data["user_name"], data["user_login"]) == ("Renamed", "guest")


@pytest.mark.parametrize("nothing", [{"user_login": None}, {"user_password": ""}, {}])
def test_null_and_an_empty_password_keep_what_is(
    api_administrator: ApiClient, guest: User, nothing: dict[str, Any]
) -> None:
    data_of(update(api_administrator, guest, **nothing), "User updated")
    kept = User.objects.get(pk=guest.pk)
    assert (kept.login, kept.password) == ("guest", guest.password)


def test_a_new_password_is_taken(api_administrator: ApiClient, guest: User) -> None:
    data_of(update(api_administrator, guest, user_password="Another-Long-1"), "User updated")
    assert User.objects.get(pk=guest.pk).check_password("Another-Long-1")


def test_a_taken_login_or_email_is_refused(
    api_administrator: ApiClient, guest: User, analyst: User
) -> None:
    answer = update(api_administrator, guest, user_login="Analyst")
    assert_data_error(answer, user_login="User name already taken")
    answer = update(api_administrator, guest, user_email=analyst.email)
    assert_data_error(answer, user_email="User email already taken")


def test_administrator_rights_are_granted_at_once_with_the_existing_key(
    api_administrator: ApiClient, api_guest: ApiClient, guest: User
) -> None:
    assert api_guest.get("/manage/users/list").status_code == 403
    data = data_of(update(api_administrator, guest, user_isadmin=True), "User updated")
    assert data["user_isadmin"] is True
    assert api_guest.get("/manage/users/list").status_code == 200
    assert api_guest.get("/case/ioc/list", cid=1).status_code == 200


def test_administrator_rights_are_taken_away_at_once_with_the_existing_key(
    api_administrator: ApiClient, api_guest: ApiClient, guest: User
) -> None:
    update(api_administrator, guest, user_isadmin=True)
    data = data_of(update(api_administrator, guest, user_isadmin=False), "User updated")
    assert data["user_isadmin"] is False
    assert api_guest.get("/manage/users/list").status_code == 403
    assert api_guest.get("/case/ioc/list", cid=1).status_code == 403


def test_a_user_may_be_added_as_administrator(api_administrator: ApiClient) -> None:
    data = data_of(add(api_administrator, user_isadmin=True), "user created")
    assert data["user_isadmin"] is True
    data_of(ApiClient(data["user_api_key"]).get("/manage/users/list"))


def test_the_last_administrator_keeps_his_rights(
    api_administrator: ApiClient, administrator: User
) -> None:
    assert_refused(update(api_administrator, administrator, user_isadmin=False), LAST)
    assert_refused(api_administrator.get("/manage/users/deactivate/1"), LAST)
    data_of(api_administrator.get("/manage/users/list"))


def test_a_deactivated_administrator_does_not_count(
    api_administrator: ApiClient, administrator: User, guest: User, as_administrator: Actor
) -> None:
    update(api_administrator, guest, user_isadmin=True)
    set_active(as_administrator, guest.pk, active=False)
    assert_refused(update(api_administrator, administrator, user_isadmin=False), LAST)


def test_the_last_but_one_may_step_down(
    api_administrator: ApiClient, administrator: User, guest: User
) -> None:
    update(api_administrator, guest, user_isadmin=True)
    data_of(update(api_administrator, administrator, user_isadmin=False), "User updated")
    assert api_administrator.get("/manage/users/list").status_code == 403


# --- activation and deletion


def test_a_deactivated_users_key_is_refused_until_he_is_activated(
    api_administrator: ApiClient, api_guest: ApiClient, guest: User
) -> None:
    data = data_of(
        api_administrator.get(f"/manage/users/deactivate/{guest.pk}"), "User deactivated"
    )
    assert_fits(data, shapes.USER_WRITTEN)
    assert data["active"] is False
    assert_refused(api_guest.get("/api/ping"), NO_KEY, code=401)
    data_of(api_administrator.get(f"/manage/users/activate/{guest.pk}"), "User activated")
    data_of(api_guest.get("/api/ping"), "pong")


@pytest.mark.parametrize("method", ["get", "post"])
def test_an_active_user_is_not_deleted(
    api_administrator: ApiClient, guest: User, method: str
) -> None:
    answer = getattr(api_administrator, method)(f"/manage/users/delete/{guest.pk}")
    assert_refused(answer, "Cannot delete active user")


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_deactivated_user_is_deleted(
    api_administrator: ApiClient, guest: User, method: str
) -> None:
    api_administrator.get(f"/manage/users/deactivate/{guest.pk}")
    answer = getattr(api_administrator, method)(f"/manage/users/delete/{guest.pk}")
    assert data_of(answer, f"Deleted user ID {guest.pk}") == []
    assert not User.objects.filter(pk=guest.pk).exists()


def test_a_user_who_owns_anything_is_not_deleted(
    api_administrator: ApiClient, api_analyst: ApiClient, analyst: User
) -> None:
    api_analyst.post("/case/notes/groups/add", {"group_title": "Mine", "cid": 1})
    api_administrator.get(f"/manage/users/deactivate/{analyst.pk}")
    answer = api_administrator.post(f"/manage/users/delete/{analyst.pk}")
    assert_refused(answer, "Cannot delete active user")
    assert User.objects.filter(pk=analyst.pk).exists()


def test_activity_lines_keep_the_login_of_a_deleted_user(
    api_administrator: ApiClient, api_analyst: ApiClient, analyst: User
) -> None:
    api_analyst.post("/case/tasklog/add", {"log_content": "Called them", "cid": 1})
    api_administrator.get(f"/manage/users/deactivate/{analyst.pk}")
    data_of(
        api_administrator.post(f"/manage/users/delete/{analyst.pk}"),
        f"Deleted user ID {analyst.pk}",
    )
    lines = data_of(api_administrator.get("/activities/list"))
    assert {"user_name": "analyst", "activity_desc": "Called them"}.items() <= lines[2].items()


# --- keys


def test_renewing_the_own_key_ends_the_old_one_with_the_next_request(
    api_guest: ApiClient, guest: User
) -> None:
    assert data_of(api_guest.get("/user/token/renew"), "Token renewed") == []
    assert_refused(api_guest.get("/api/ping"), NO_KEY, code=401)
    data_of(ApiClient(key_of(guest)).get("/api/ping"), "pong")


def test_an_administrator_renews_a_key_and_is_shown_the_new_one(
    api_administrator: ApiClient, api_guest: ApiClient, guest: User
) -> None:
    answer = api_administrator.post(f"/manage/users/renew-api-key/{guest.pk}")
    data = data_of(answer, "API key of user guest renewed")
    assert data["api_key"] == key_of(guest)
    assert_refused(api_guest.get("/api/ping"), NO_KEY, code=401)
    data_of(ApiClient(data["api_key"]).get("/api/ping"), "pong")


def test_no_key_is_in_the_audit(api_administrator: ApiClient, guest: User) -> None:
    path = f"/manage/users/renew-api-key/{guest.pk}"
    key = data_of(api_administrator.post(path), "API key of user guest renewed")["api_key"]
    lines = AuditLog.objects.values_list("summary", "details")
    assert key not in str(list(lines))


# --- who is who


def test_a_login_is_looked_up_by_anyone(api_guest: ApiClient) -> None:
    data = data_of(api_guest.get("/manage/users/lookup/login/administrator"))
    assert_fits(data, LOOKUP | {"user_email": str, "user_active": bool})
    assert (data["user_id"], data["user_name"]) == (1, "administrator")


@pytest.mark.parametrize("login", ["nobody", "a%00b", "x" * 500, "%F0%9F%94%8E"])
def test_an_unknown_login_is_refused(api_guest: ApiClient, login: str) -> None:
    assert_refused(api_guest.get(f"/manage/users/lookup/login/{login}"), "Invalid login")


def test_an_id_is_looked_up_by_anyone(api_guest: ApiClient) -> None:
    data = data_of(api_guest.get("/manage/users/lookup/id/1"))
    assert_fits(data, LOOKUP)
    assert_refused(api_guest.get(f"/manage/users/lookup/id/{HUGE}"), UNKNOWN)


def test_who_can_be_given_work_is_listed_to_anyone(api_guest: ApiClient) -> None:
    data = data_of(api_guest.get("/manage/users/restricted/list"))
    assert_fits(data, [LOOKUP | {"user_active": bool}])
    assert [row["user_login"] for row in data] == ["administrator", "guest"]
    assert not {"user_email", "user_roles"} & set(data[0])


def test_the_caller_is_told_whether_he_is_an_administrator(
    api_administrator: ApiClient, api_analyst: ApiClient
) -> None:
    data_of(api_administrator.get("/user/is-admin"), "User is administrator")
    answer = api_analyst.get("/user/is-admin")
    assert (answer.status_code, answer.json()["status"]) == (403, "error")
