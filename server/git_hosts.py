"""Which hosts the server asks for git commits: public ones, and those an operator named (SSRF)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from ipaddress import ip_address

from domain.errors import HostRefused
from server.reachable import Resolve, refuse_address, resolve


class GitHosts:
    """See ``application.ports.Hosts``. A name is judged by every address it has, and pinned to them."""

    def __init__(self, named: Collection[str] = (), resolve: Resolve = resolve) -> None:
        """``named`` may be anywhere, also in a private network."""
        self._named = frozenset(host.strip().lower() for host in named if host.strip())
        self._resolve = resolve

    def admit(self, host: str, port: int) -> Sequence[str]:
        if host.lower() in self._named:
            return ()
        try:
            found = [text.partition("%")[0] for text in self._resolve(host, port)]
        except (OSError, UnicodeError) as error:
            raise HostRefused(host=host, why="it has no address") from error
        if any(refuse_address(ip_address(text), local=False) for text in found):
            raise HostRefused(host=host, why="it is in a private network, or of the server itself")
        return found
