"""Which addresses the server may be sent to by what people type: public ones alone (SSRF).

A name is resolved once and what it stands for is judged; who connects goes to that very address, so
an answer that changes changes nothing. Not here: the request (``server/posting.py``).
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from urllib.parse import SplitResult, urlsplit

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Sequence[str]]
"""Every address of a host, as text; ``OSError`` when there is none."""

LOW_PORTS = frozenset({80, 443})
FIRST_FREE_PORT = 1024
ADDRESS_CHARACTERS = 2_000
_MORE: tuple[IPv4Network | IPv6Network, ...] = tuple(
    ip_network(text)
    for text in (
        "168.63.129.16/32",  # https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
        "100.100.100.200/32",  # Alibaba's metadata
        "fd00:ec2::254/128",  # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
        "192.0.0.0/24",  # https://www.iana.org/assignments/iana-ipv4-special-registry
        "192.88.99.0/24",
        "::/96",  # IPv4-compatible, deprecated by RFC 4291
        "fec0::/10",  # site-local, deprecated by RFC 3879
    )
)
_NAT64 = ip_network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address


class Forbidden(Exception):
    """Nothing is sent there. The text says why."""


def resolve(host: str, port: int) -> list[str]:
    """As the system resolves it: every spelling of a number that ``connect`` would take is one here."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def refuse_url(url: str, *, local: bool) -> str:
    """Why nothing is sent to ``url``, as far as that can be told without asking; empty when it may be."""
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        return "Give a URL such as https://host/path."
    if len(url) > ADDRESS_CHARACTERS:
        return f"Give at most {ADDRESS_CHARACTERS} characters."
    wrong = _refuse_characters(url) or _refuse_parts(parts, local=local)
    if wrong:
        return wrong
    if port is not None and port not in LOW_PORTS and port < FIRST_FREE_PORT:
        return f"Use port 80, 443 or one from {FIRST_FREE_PORT} on."
    try:
        return refuse_address(ip_address(host), local=local)
    except ValueError:
        return ""


def reachable(url: str, *, local: bool, resolve: Resolve = resolve) -> tuple[str, int, list[str]]:
    """``(host, port, addresses)`` to connect to, resolved once.

    ``Forbidden`` when any address is not for us: a name with a private one among them is a trick.
    ``OSError`` when the name has none; worth another try.
    """
    wrong = refuse_url(url, local=local)
    if wrong:
        raise Forbidden(wrong)
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    addresses = [text.partition("%")[0] for text in resolve(host, port)]
    for text in addresses:
        wrong = refuse_address(ip_address(text), local=local)
        if wrong:
            raise Forbidden(wrong)
    return host, port, addresses


def refuse_address(address: Address, *, local: bool) -> str:
    """Why nothing is sent to ``address``; ``local`` lets private networks and this machine pass."""
    for inner in _inside(address):
        if inner.is_link_local or inner.is_multicast or inner.is_unspecified or _is_more(inner):
            return "This address is not for webhooks (link-local, metadata, multicast, reserved)."
        if not local and (not inner.is_global or inner.is_reserved):
            return "This address is of a private network or of the server itself."
    return ""


def _refuse_characters(url: str) -> str:
    if url.isascii() and url.isprintable() and not {" ", "\\"} & set(url):
        return ""
    return "Use plain ASCII without blanks; write other names as xn--…."


def _refuse_parts(parts: SplitResult, *, local: bool) -> str:
    if parts.scheme != "https" and not (local and parts.scheme == "http"):
        return "Use https."
    if "@" in parts.netloc:
        return "Leave user and password out of the address."
    return "" if parts.hostname else "Give a URL such as https://host/path."


def _is_more(address: Address) -> bool:
    if address == IPv6Address(1):  # ::1 lies in ::/96 and is judged as this machine
        return False
    return any(address in network for network in _MORE if network.version == address.version)


def _inside(address: Address) -> list[Address]:
    """The address, or the IPv4 addresses that it carries, which routers would unpack."""
    if isinstance(address, IPv4Address):
        return [address]
    if address.ipv4_mapped:
        return [address.ipv4_mapped]
    found: list[Address] = [address]
    if address.sixtofour:
        found.append(address.sixtofour)
    if address.teredo:
        found += address.teredo
    if address in _NAT64:
        found.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return found
