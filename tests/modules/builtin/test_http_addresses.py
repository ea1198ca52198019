"""SEC-30: no request reaches an address that was not opened for it."""

import socket
from typing import Any

import pytest

from modules.builtin.watchfloor_http import (
    AllowList,
    HttpClient,
    Policy,
    RequestFailed,
    RequestRefused,
)
from modules.builtin.watchfloor_http import addresses as addresses_file
from modules.builtin.watchfloor_http import connection as connection_file
from modules.builtin.watchfloor_http.addresses import permitted_addresses

NOTHING = AllowList()


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Refuse every connection and remember its address."""
    tried: list[str] = []

    def connect(address: tuple[str, int], timeout: float) -> socket.socket:
        tried.append(address[0])
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(connection_file.socket, "create_connection", connect)
    return tried


def names(monkeypatch: pytest.MonkeyPatch, *rounds: list[str]) -> None:
    """Answer the first look-up with the first list of addresses, the next one with the next."""
    left = [*rounds]

    def look_up(host: str, port: int, **options: Any) -> list[Any]:
        found = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port)) for a in found]

    monkeypatch.setattr(addresses_file.socket, "getaddrinfo", look_up)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.8.9.10",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "100.100.100.200",
        "169.254.169.254",
        "168.63.129.16",
        "192.0.0.192",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "[::]",
        "[::1]",
        "[::127.0.0.1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[0:0:0:0:0:ffff:a9fe:a9fe]",
        "[64:ff9b::127.0.0.1]",
        "[64:ff9b::a9fe:a9fe]",
        "[64:ff9b:1::1]",
        "[2002:7f00:1::]",
        "[2001:0:7f00:1::]",
        "[2001:db8::1]",
        "[fc00::1]",
        "[fd00:ec2::254]",
        "[fe80::1]",
        "[fec0::1]",
        "[ff02::1]",
        "0x7f.1",
        "0x7f000001",
        "0X7F.0.0.1",
        "0177.0.0.1",
        "2130706433",
        "127.1",
        "127.0.0.1.",
        "①②⑦.⓪.⓪.①",
        "[fe80::1%25eth0]",
    ],
)
def test_an_address_that_is_not_public_is_refused(host: str, connections: list[str]) -> None:
    with pytest.raises(RequestRefused):
        HttpClient(Policy()).request("GET", f"http://{host}/")
    assert connections == []


@pytest.mark.parametrize("host", ["8.8.8.8", "[2606:4700::1111]", "[64:ff9b::8.8.8.8]"])
def test_a_public_address_is_tried(host: str, connections: list[str]) -> None:
    with pytest.raises(RequestFailed, match="Connection refused"):
        HttpClient(Policy()).request("GET", f"http://{host}/")
    assert len(connections) == 1


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("file:///etc/passwd", "only http and https"),
        ("gopher://8.8.8.8/", "only http and https"),
        ("//8.8.8.8/", "only http and https"),
        ("http:/8.8.8.8/", "no valid host"),
        ("http://user:password@8.8.8.8/", "credentials"),
        ("http://8.8.8.8@127.0.0.1/", "credentials"),
        ("http://8.8.8.8\\@127.0.0.1/", "backslashes"),
        ("http://8.8.8.8/a b", "blanks"),
        ("http://8.8.8.8/\r\nX-Evil: 1", "control characters"),
        ("http://8.8.8.8:99999/", "cannot be read"),
        ("http://[8.8.8.8", "cannot be read"),
        ("http://a..example/", "no valid host"),
        (f"http://{'a' * 64}.example/", "no valid host"),
        ("http://a,b.example/", "no valid host"),
    ],
)
def test_a_url_that_is_not_plain_is_refused(url: str, message: str, connections: list[str]) -> None:
    with pytest.raises(RequestRefused, match=message):
        HttpClient(Policy()).request("GET", url)
    assert connections == []


def test_a_name_at_a_private_address_is_refused(
    monkeypatch: pytest.MonkeyPatch, connections: list[str]
) -> None:
    names(monkeypatch, ["10.0.0.7"])
    with pytest.raises(
        RequestRefused, match=r"hooks\.example is at 10\.0\.0\.7, a private address"
    ):
        HttpClient(Policy()).request("GET", "http://hooks.example/")
    assert connections == []


def test_one_private_address_among_public_ones_refuses_the_name(
    monkeypatch: pytest.MonkeyPatch, connections: list[str]
) -> None:
    names(monkeypatch, ["8.8.8.8", "127.0.0.1"])
    with pytest.raises(RequestRefused):
        HttpClient(Policy()).request("GET", "http://hooks.example/")
    assert connections == []


def test_a_name_that_changes_its_address_gains_nothing(
    monkeypatch: pytest.MonkeyPatch, connections: list[str]
) -> None:
    names(monkeypatch, ["8.8.8.8"], ["127.0.0.1"])
    with pytest.raises(RequestFailed):
        HttpClient(Policy()).request("GET", "http://hooks.example/")
    assert connections == ["8.8.8.8"]
    with pytest.raises(RequestRefused):
        HttpClient(Policy()).request("GET", "http://hooks.example/")


def test_the_next_address_is_tried_when_one_does_not_answer(
    monkeypatch: pytest.MonkeyPatch, connections: list[str]
) -> None:
    names(monkeypatch, ["8.8.8.8", "8.8.4.4", "8.8.8.8"])
    with pytest.raises(RequestFailed):
        HttpClient(Policy()).request("GET", "http://hooks.example/")
    assert connections == ["8.8.8.8", "8.8.4.4"]


@pytest.mark.parametrize(
    ("entries", "address"),
    [
        ("10.0.0.0/8", "10.9.9.9"),
        ("::1, 10.0.0.1", "::1"),
        ("127.0.0.1", "::ffff:7f00:1"),
        ("169.254.169.254", "169.254.169.254"),
        ("fd00::/8", "fd12::1"),
    ],
)
def test_a_written_network_opens_its_addresses(entries: str, address: str) -> None:
    assert permitted_addresses(address, 80, AllowList.parse(entries)) == [address]


def test_a_written_name_opens_its_private_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    names(monkeypatch, ["10.0.0.7"])
    allowed = AllowList.parse("SIEM.corp.example. other.example")
    assert permitted_addresses("siem.corp.example", 80, allowed) == ["10.0.0.7"]
    with pytest.raises(RequestRefused):
        permitted_addresses("evil.siem.corp.example", 80, allowed)


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1", "168.63.129.16", "0.0.0.0"])
def test_a_written_name_never_opens_metadata_services(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    names(monkeypatch, [address])
    with pytest.raises(RequestRefused):
        permitted_addresses("siem.example", 80, AllowList.parse("siem.example"))


@pytest.mark.parametrize(
    "entry", ["10.0.0.1/8", "10.0.0", "*.example", "http://a", "a@b", "999.1.1.1"]
)
def test_an_entry_that_is_neither_name_nor_network_is_named(entry: str) -> None:
    with pytest.raises(ValueError, match="is not a host name") as error:
        AllowList.parse(f"127.0.0.1, {entry}")
    assert f"'{entry}'" in str(error.value)


def test_nothing_is_open_by_default() -> None:
    assert AllowList.parse(" , ") == NOTHING
