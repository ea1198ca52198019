"""Which addresses an outgoing request may reach, and the look-up of a name that holds to it."""

import ipaddress
import re
import socket
from dataclasses import dataclass

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

HOST_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# Public by their number, yet never a server on the internet. The tables of `ipaddress` depend on the
# release of Python, so what older ones miss is here too.
_SPECIAL = tuple(
    ipaddress.ip_network(text)
    for text in (
        "168.63.129.16/32",  # Azure's platform service
        "192.0.0.0/24",  # protocol assignments; Oracle's metadata service
        "192.88.99.0/24",  # 6to4 relays
        "::/96",  # IPv4-compatible, abolished
        "64:ff9b:1::/48",  # local translation
        "2001::/32",  # Teredo: an IPv4 address in disguise
        "2001:20::/28",  # overlay identifiers
        "2002::/16",  # 6to4: an IPv4 address in disguise
        "3fff::/20",  # documentation
        "5f00::/16",  # segment routing
        "fec0::/10",  # site-local, abolished
    )
)
# What a name on the allow-list may not reach either: only a written network opens these.
_AZURE = ipaddress.IPv4Address("168.63.129.16")


class RequestRefused(Exception):
    """A request that must not be sent, now or later; the text says why and never holds the URL."""


@dataclass(frozen=True, slots=True)
class AllowList:
    """Networks and names that requests may reach although they are not on the public internet."""

    networks: tuple[Network, ...] = ()
    names: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, text: str) -> "AllowList":
        """Read entries separated by commas or blanks: 10.1.0.0/16, ::1, siem.corp.example.

        Raise ValueError naming the entry that is none of these.
        """
        networks, names = [], set()
        for entry in text.replace(",", " ").split():
            name = entry.rstrip(".").lower()
            if HOST_NAME.fullmatch(name) and not ends_in_number(name):
                names.add(name)
                continue
            try:
                networks.append(ipaddress.ip_network(entry.strip("[]")))
            except ValueError:
                raise ValueError(
                    f"'{entry}' is not a host name, an address or a network like 10.1.0.0/16"
                ) from None
        return cls(tuple(networks), frozenset(names))

    def permits(self, host: str, address: Address) -> bool:
        """Tell whether the operator opened this address, itself or through the host's name."""
        forms = (address, _plain(address))
        if any(form in network for network in self.networks for form in forms):
            return True
        return host in self.names and not _is_never_named(_plain(address))


def permitted_addresses(host: str, port: int, allowed: AllowList) -> list[str]:
    """Return the addresses of a host, all of which may be connected to.

    One look-up; whoever connects must use these and not the name, so that a name that changes its
    address in between changes nothing. The time of the look-up is bounded by the resolver's own
    settings. Raise RequestRefused when one of them is not permitted, OSError when there is none.
    """
    addresses = [ipaddress.ip_address(text) for text in _looked_up(host, port)]
    for address in addresses:
        reason = _reason_against(_plain(address))
        if reason and not allowed.permits(host, address):
            raise RequestRefused(
                f"{host} is at {address}, {reason}; if that is meant, add it to the allowed addresses"
            )
    return [str(address) for address in addresses]


def _looked_up(host: str, port: int) -> list[str]:
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        pass
    if ends_in_number(host):
        # 0x7f.1, 0177.0.0.1 and 2130706433 are 127.0.0.1 to the system, and nobody writes them in good faith.
        raise RequestRefused(f"{host} is not the usual form of an address")
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def ends_in_number(host: str) -> bool:
    """Tell whether the system may read a host as an IPv4 address of some form."""
    last = host.rsplit(".", 1)[-1].lower()
    return last.isdigit() or last.startswith("0x")


def _plain(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one stands for, if it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address


def _reason_against(address: Address) -> str:
    """Return what is wrong with an address, empty for one of the public internet."""
    kinds = {
        "a loopback address": address.is_loopback,
        "a link-local address": address.is_link_local,
        "a multicast address": address.is_multicast,
        "an unspecified address": address.is_unspecified,
        "a reserved address": any(address in network for network in _SPECIAL),
        "a private address": not address.is_global,
    }
    return next((kind for kind, applies in kinds.items() if applies), "")


def _is_never_named(address: Address) -> bool:
    is_metadata = address.is_link_local or address == _AZURE
    return is_metadata or address.is_multicast or address.is_unspecified
