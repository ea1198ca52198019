"""What scripts really send, over real HTTP: Python's requests and curl, as in the vendor's samples."""

import json
import subprocess
from typing import Any

import pytest
import requests

from soar.api.cloudsoar.mounts import CURRENT, MOUNTS
from soar.core.actor import Actor
from soar.core.models import ApiToken, User
from soar.core.services.api_tokens import revoke_token
from tests.api.cloudsoar.answers import CHALLENGE, INVALID_TOKEN
from tests.http import token_of

pytestmark = [pytest.mark.slow, pytest.mark.urls("tests.api.cloudsoar.echo")]


@pytest.fixture
def user(live_server: Any) -> User:
    """The administrator of the running server."""
    return User.objects.get(pk=1)


@pytest.fixture(params=MOUNTS, ids=["legacy", "current"])
def base(request: pytest.FixtureRequest, live_server: Any) -> str:
    """The address of each mount, as clients write it: without a slash at the end."""
    return f"{live_server.url}{request.param}".rstrip("/")


def curl(*words: str) -> tuple[int, Any]:
    """Return status and JSON of what curl gets."""
    command = ["curl", "--silent", "--show-error", "--write-out", "\n%{http_code}", *words]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    body, _, code = out.rpartition("\n")
    return int(code), json.loads(body)


def test_the_vendors_python_sample_reads(base: str, user: User) -> None:
    headers = {"Authorization": f"Bearer {token_of(user)}", "Accept": "application/json"}
    answer = requests.get(f"{base}/whoami", headers=headers, timeout=10, allow_redirects=False)
    assert json.loads(answer.text)["username"] == "administrator"


def test_the_vendors_curl_sample_reads(base: str, user: User) -> None:
    code, body = curl(
        *("-X", "GET", f"{base}/whoami"),
        *("--header", f"Authorization: Bearer {token_of(user)}"),
        *("--header", "Accept:application/json"),
    )
    assert (code, body["username"]) == (200, "administrator")


def test_the_vendors_python_sample_writes(base: str, user: User) -> None:
    headers = {
        "Authorization": f"Bearer {token_of(user)}",
        "Accept": "application/json",
        "Content-Type": "application/json",
    }
    data = {"title": "x", "number": 5}
    answer = requests.post(f"{base}/echo", data=json.dumps(data), headers=headers, timeout=10)
    assert answer.json() == {"name": "x", "number": 5}
    wrong = requests.post(f"{base}/echo", data=data, headers=headers, timeout=10)
    assert wrong.status_code == 400
    assert "looks form-encoded" in wrong.json()["description"]


def test_the_vendors_curl_sample_writes_and_its_curly_quotes_are_told(
    base: str, user: User
) -> None:
    words = ["-X", "POST", f"{base}/echo", "--header", f"Authorization: Bearer {token_of(user)}"]
    words += ["--header", "Accept:application/json", "--header", "Content-Type: application/json"]
    assert curl(*words, "-d", '{"title":"x"}') == (200, {"name": "x"})
    code, body = curl(*words, "-d", "“{”title”:”x”}”")
    assert code == 400
    assert "curly quotes" in body["description"]


def test_forms_as_curl_sends_them(base: str, user: User) -> None:
    token = f"Authorization: Bearer {token_of(user)}"
    form = "application/x-www-form-urlencoded"
    text = "note=<p>Login from two countries</p>&<br>"
    code, body = curl(
        *("-X", "PUT", f"{base}/echo", "-H", token, "-H", f"Content-Type: {form}"),
        *("-H", "Accept: application/json;charset=UTF-8", "--data-urlencode", text),
    )
    assert (code, body) == (200, {"note": "<p>Login from two countries</p>&<br>"})
    code, body = curl(
        *("-X", "POST", f"{base}/echo", "-H", token, "-H", f"Accept: {form}"),
        *("-F", "fields[description]=USB stick", "-F", "kind=Malware", "-F", "kind=Physical"),
    )
    assert body == {"fields": {"description": "USB stick"}, "kind": ["Malware", "Physical"]}


def test_headers_of_a_form_around_json(base: str, user: User) -> None:
    words = ["-X", "POST", f"{base}/echo/", "-H", f"Authorization: Bearer {token_of(user)}"]
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data format"):
        assert curl(*words, "-H", f"Content-Type: {kind}", "-d", '{"number": 5}') == (
            200,
            {"number": 5},
        )


def test_an_access_id_and_key_open_the_current_mount_only(
    base: str, user: User, live_server: Any
) -> None:
    text = token_of(user)
    pair = (str(ApiToken.objects.get().jti), text)
    answer = requests.get(f"{base}/whoami/", auth=pair, timeout=10)
    code, _ = curl("-u", ":".join(pair), f"{base}/whoami/")
    expected = 200 if f"{base}/" == f"{live_server.url}{CURRENT}" else 401
    assert (answer.status_code, code) == (expected, expected)


def test_a_revoked_token_is_refused_as_in_the_contract(base: str, user: User) -> None:
    text = token_of(user)
    revoke_token(Actor.of(user, "iris"), ApiToken.objects.get().pk)
    headers = {"Authorization": f"Bearer {text}"}
    for path in ("whoami", "echo", "no/such/endpoint/"):
        answer = requests.get(f"{base}/{path}", headers=headers, timeout=10)
        assert (answer.status_code, answer.json()) == (401, INVALID_TOKEN)
        assert answer.headers["WWW-Authenticate"] == CHALLENGE


def test_a_body_sent_in_chunks_is_refused_not_lost(base: str, user: User) -> None:
    headers = {"Authorization": f"Bearer {token_of(user)}", "Content-Type": "application/json"}
    body = iter([b'{"title":', b'"x"}'])
    answer = requests.post(f"{base}/echo", data=body, headers=headers, timeout=10)
    assert (answer.status_code, answer.json()["error"]) == (411, "Length required")
